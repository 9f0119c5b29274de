/* SPDX-License-Identifier: Apache-2.0 */
/* tepui volume create, destroy, list: persistent volumes on agents. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "table.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/units.h"

struct volume {
	struct cli_options options;
	const char *verb, *agent, *id;
	const char *role, *principal, *path;
	int64_t size_milli; /* megabytes */
	bool shared;
};

static void on_argument(struct volume *volume, char *arg, struct argp_state *state)
{
	switch (state->arg_num) {
	case 0:
		volume->verb = arg;
		break;
	case 1:
		volume->agent = arg;
		break;
	case 2:
		volume->id = arg;
		break;
	default:
		argp_error(state, "too many words; see --help");
	}
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct volume *volume = state->input;
	struct tp_error err;
	int64_t bytes;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &volume->options;
		return 0;
	case 'r':
		volume->role = arg;
		return 0;
	case 'p':
		volume->principal = arg;
		return 0;
	case 'P':
		volume->path = arg;
		return 0;
	case 'S':
		volume->shared = true;
		return 0;
	case 's':
		if (tp_size_parse(arg, &bytes, &err) < 0)
			argp_error(state, "--size: %s", err.text);
		volume->size_milli = bytes / 1024 * 1000 / 1024;
		return 0;
	case ARGP_KEY_ARG:
		on_argument(volume, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (volume->verb == NULL)
			argp_error(state, "create, destroy or list?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int get_agents(struct client *client, struct tp_arena *arena,
	const struct tp_master_response_get_agents **ret, struct tp_error *err)
{
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS };
	struct tp_master_response *response = NULL;
	int r = client_call_master(client, &call, arena, &response, err);

	if (r >= 0)
		*ret = response->get_agents;
	return r < 0 ? r : 0;
}

static const char *role_of(const struct tp_resource *resource)
{
	size_t n = resource->n_reservations;

	return n == 0 ? "*" : resource->reservations[n - 1]->role;
}

static bool is_volume(const struct tp_resource *resource)
{
	return resource->disk != NULL && resource->disk->persistence != NULL;
}

/* As a call takes it: answers to operators show reservations in both formats. */
static struct tp_resource *one_format(
	const struct tp_resource *resource, struct tp_arena *arena)
{
	struct tp_resource *copy = tp_record_copy(&tp_resource_desc, resource, arena);

	copy->role = NULL;
	copy->reservation = NULL;
	return copy;
}

/* The disk of the role that a volume of this size can be made of. */
static struct tp_resource *find_disk(const struct volume *volume,
	const struct tp_master_response_get_agents_agent *agent)
{
	for (size_t i = 0; i < agent->n_total_resources; i++) {
		struct tp_resource *resource = agent->total_resources[i];

		if (strcmp(resource->name, "disk") == 0 && !is_volume(resource) &&
			(resource->disk == NULL || resource->disk->source == NULL) &&
			strcmp(role_of(resource), volume->role) == 0 &&
			resource->scalar->value_milli >= volume->size_milli)
			return resource;
	}
	return NULL;
}

static struct tp_resource *find_volume(const struct volume *volume,
	const struct tp_master_response_get_agents_agent *agent)
{
	for (size_t i = 0; i < agent->n_total_resources; i++) {
		struct tp_resource *resource = agent->total_resources[i];

		if (is_volume(resource) &&
			strcmp(resource->disk->persistence->id, volume->id) == 0 &&
			(volume->role == NULL ||
				strcmp(role_of(resource), volume->role) == 0))
			return resource;
	}
	return NULL;
}

static int find_agent(const struct volume *volume, struct client *client,
	struct tp_arena *arena, const struct tp_master_response_get_agents_agent **ret,
	struct tp_error *err)
{
	const struct tp_master_response_get_agents *agents;
	int r = get_agents(client, arena, &agents, err);

	for (size_t i = 0; r >= 0 && i < agents->n_agents; i++) {
		const struct tp_agent_info *info = agents->agents[i]->agent_info;

		if (info->id != NULL && strcmp(info->id->value, volume->agent) == 0) {
			*ret = agents->agents[i];
			return 0;
		}
	}
	return r < 0 ? r : tp_fail(err, ENOENT, "there is no agent '%s'", volume->agent);
}

static struct tp_resource *make_volume(const struct volume *volume, const char *principal,
	const struct tp_resource *disk, struct tp_arena *arena)
{
	struct tp_resource *made = one_format(disk, arena);

	made->scalar->value_milli = volume->size_milli;
	made->disk = tp_record_new(&tp_resource_disk_info_desc, arena);
	made->disk->persistence =
		tp_record_new(&tp_resource_disk_info_persistence_desc, arena);
	made->disk->persistence->id = volume->id;
	made->disk->persistence->principal = principal;
	made->disk->volume = tp_record_new(&tp_volume_desc, arena);
	made->disk->volume->has_mode = true;
	made->disk->volume->mode = TP_VOLUME_MODE_RW;
	made->disk->volume->container_path = volume->path;
	if (volume->shared)
		made->shared = tp_record_new(&tp_resource_shared_info_desc, arena);
	return made;
}

static int create(const struct volume *volume, struct client *client,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_agent_id agent_id = { .value = volume->agent };
	const struct tp_master_response_get_agents_agent *agent;
	struct tp_master_response *response;
	struct tp_resource *made;
	int r = find_agent(volume, client, arena, &agent, err);

	if (r < 0)
		return r;
	made = find_disk(volume, agent);
	if (made == NULL)
		return tp_fail(err, ENOENT,
			"the agent has no disk of that size reserved for role '%s': "
			"tepui reserve %s disk:MEGABYTES --role %s",
			volume->role, volume->agent, volume->role);
	made = make_volume(
		volume, client_principal(client, volume->principal), made, arena);
	struct tp_master_call_create_volumes body = {
		.agent_id = &agent_id, .volumes = &made, .n_volumes = 1
	};
	return client_call_master(client,
		&(struct tp_master_call){ .has_type = true,
			.type = TP_MASTER_CALL_CREATE_VOLUMES,
			.create_volumes = &body },
		arena, &response, err);
}

static int destroy(const struct volume *volume, struct client *client,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_agent_id agent_id = { .value = volume->agent };
	const struct tp_master_response_get_agents_agent *agent;
	struct tp_master_response *response;
	struct tp_resource *gone;
	int r = find_agent(volume, client, arena, &agent, err);

	if (r < 0)
		return r;
	gone = find_volume(volume, agent);
	if (gone == NULL)
		return tp_fail(err, ENOENT, "the agent has no volume '%s'", volume->id);
	gone = one_format(gone, arena);
	struct tp_master_call_destroy_volumes body = {
		.agent_id = &agent_id, .volumes = &gone, .n_volumes = 1
	};
	return client_call_master(client,
		&(struct tp_master_call){ .has_type = true,
			.type = TP_MASTER_CALL_DESTROY_VOLUMES,
			.destroy_volumes = &body },
		arena, &response, err);
}

static void add_row(struct table *table, const struct tp_agent_info *info,
	const struct tp_resource *resource, struct tp_arena *arena)
{
	tp_cleanup(strbuf) struct tp_strbuf size = TP_STRBUF_INIT;
	const struct tp_resource_disk_info *disk = resource->disk;

	tp_milli_print(resource->scalar->value_milli, &size);
	tp_strbuf_puts(&size, "MB");
	const char *const cells[] = { disk->persistence->id, role_of(resource),
		tp_arena_strdup(arena, tp_strbuf_text(&size)),
		disk->volume == NULL ? NULL : disk->volume->container_path,
		resource->shared != NULL ? "shared" : "-", disk->persistence->principal,
		info->id == NULL ? NULL : info->id->value };
	table_row(table, cells);
}

static int list(const struct volume *volume, struct client *client,
	struct tp_arena *arena, struct tp_error *err)
{
	static const char *const headings[] = { "ID", "ROLE", "SIZE", "PATH", "SHARED",
		"PRINCIPAL", "AGENT", NULL };
	const struct tp_master_response_get_agents *agents;
	struct table table;
	int r = get_agents(client, arena, &agents, err);

	if (r < 0)
		return r;
	table_init(&table, arena, headings);
	for (size_t i = 0; i < agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			agents->agents[i];

		for (size_t k = 0; k < agent->n_total_resources; k++) {
			if (is_volume(agent->total_resources[k]) &&
				(volume->agent == NULL ||
					strcmp(agent->agent_info->id->value,
						volume->agent) == 0))
				add_row(&table, agent->agent_info,
					agent->total_resources[k], arena);
		}
	}
	table_print(&table);
	return 0;
}

static const struct verb {
	const char *name;
	bool needs_volume, needs_size;
	int (*act)(const struct volume *volume, struct client *client,
		struct tp_arena *arena, struct tp_error *err);
} verbs[] = {
	{ "create", true, true, create },
	{ "destroy", true, false, destroy },
	{ "list", false, false, list },
};

static int find_verb(
	const struct volume *volume, const struct verb **ret, struct tp_error *err)
{
	for (size_t i = 0; i < TP_COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, volume->verb) != 0)
			continue;
		*ret = &verbs[i];
		if (verbs[i].needs_volume && volume->id == NULL)
			return tp_fail(err, EINVAL,
				"volume %s: an agent's id and a volume's, please",
				volume->verb);
		if (verbs[i].needs_size &&
			(volume->size_milli <= 0 || volume->role == NULL ||
				volume->path == NULL))
			return tp_fail(err, EINVAL,
				"volume %s: --role, --size and --path are needed",
				volume->verb);
		return 0;
	}
	return tp_fail(
		err, EINVAL, "volume: create, destroy or list, not '%s'", volume->verb);
}

int cli_volume(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "role", 'r', "ROLE", 0, "the role whose disk it is made of", 0 },
		{ "size", 's', "SIZE", 0, "like 64MB", 0 },
		{ "path", 'P', "PATH", 0, "where tasks find it, below their sandbox", 0 },
		{ "shared", 'S', NULL, 0, "several tasks may use it at once", 0 },
		{ "principal", 'p', "NAME", 0,
			"who makes it; default: the credential's principal", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option,
		"create AGENT ID\ndestroy AGENT ID\nlist [AGENT]",
		"Makes, removes and lists persistent volumes: directories on an agent "
		"that "
		"outlive their tasks. Destroying one removes all that is on it.",
		cli_children, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct volume volume = { .size_milli = 0 };
	const struct verb *verb = NULL;
	struct tp_error err = { 0 };
	struct client client;
	int r;

	cli_options_init(&volume.options);
	if (cli_parse(&argp, argc, argv, &volume) < 0)
		return CLI_USAGE;
	if (find_verb(&volume, &verb, &err) < 0) {
		cli_error(&err);
		return CLI_USAGE;
	}
	r = client_open(&client, volume.options.master, &err);
	if (r == 0)
		r = verb->act(&volume, &client, arena, &err);
	client_close(&client);
	return r < 0 ? cli_error(&err) : CLI_OK;
}
