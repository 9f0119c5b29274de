/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui reserve, unreserve: resources of an agent for a role. Both take the resources as they are
 * without the reservation; it is put on top here, so that refinements of static ones work too.
 */
#include <errno.h>

#include "cli.h"
#include "client.h"
#include "tepui/record.h"
#include "tepui/resources.h"

struct reserve {
	struct cli_options options;
	const char *agent, *resources, *role, *principal;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct reserve *reserve = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &reserve->options;
		return 0;
	case 'r':
		reserve->role = arg;
		return 0;
	case 'p':
		reserve->principal = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			reserve->agent = arg;
		else if (state->arg_num == 1)
			reserve->resources = arg;
		else
			argp_error(state, "an agent's id and resources, please");
		return 0;
	case ARGP_KEY_END:
		if (reserve->resources == NULL)
			argp_error(state, "an agent's id and resources, please");
		if (reserve->role == NULL)
			argp_error(state, "for which role? --role");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The resources with the reservation on top, as records. */
static int reserved_records(const struct reserve *reserve, const char *principal,
	struct tp_arena *arena, struct tp_resource ***ret, size_t *ret_n,
	struct tp_error *err)
{
	const struct tp_resource_reservation_info reservation = {
		.has_type = true,
		.type = TP_RESOURCE_RESERVATION_INFO_DYNAMIC,
		.role = reserve->role,
		.principal = principal,
	};
	tp_cleanup(resources) struct tp_resources resources = TP_RESOURCES_INIT;
	int r = tp_resources_parse(&resources, reserve->resources, NULL, err);

	if (r < 0)
		return r;
	tp_resources_reserve(&resources, &reservation);
	tp_resources_to_records(&resources, TP_RESOURCE_POST, arena, ret, ret_n);
	return 0;
}

static int call_reserve(struct client *client, const struct reserve *reserve,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_agent_id agent_id = { .value = reserve->agent };
	struct tp_master_call_reserve_resources body = { .agent_id = &agent_id };
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_RESERVE_RESOURCES,
		.reserve_resources = &body };
	struct tp_master_response *response;
	int r = reserved_records(reserve, client_principal(client, reserve->principal),
		arena, &body.resources, &body.n_resources, err);

	return r < 0 ? r : client_call_master(client, &call, arena, &response, err);
}

static int call_unreserve(struct client *client, const struct reserve *reserve,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_agent_id agent_id = { .value = reserve->agent };
	struct tp_master_call_unreserve_resources body = { .agent_id = &agent_id };
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_UNRESERVE_RESOURCES,
		.unreserve_resources = &body };
	struct tp_master_response *response;
	int r = reserved_records(reserve, client_principal(client, reserve->principal),
		arena, &body.resources, &body.n_resources, err);

	return r < 0 ? r : client_call_master(client, &call, arena, &response, err);
}

static int reserve_run(int argc, char **argv, const char *doc,
	int (*act)(struct client *client, const struct reserve *reserve,
		struct tp_arena *arena, struct tp_error *err))
{
	static const struct argp_option options[] = {
		{ "role", 'r', "ROLE", 0, "the role that has or gets them", 0 },
		{ "principal", 'p', "NAME", 0,
			"who reserved them; default: the credential's principal", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "AGENT RESOURCES", doc,
		cli_children, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct reserve reserve = { .role = NULL };
	struct tp_error err = { 0 };
	struct client client;
	int r;

	cli_options_init(&reserve.options);
	if (cli_parse(&argp, argc, argv, &reserve) < 0)
		return CLI_USAGE;
	r = client_open(&client, reserve.options.master, &err);
	if (r == 0)
		r = act(&client, &reserve, arena, &err);
	client_close(&client);
	return r < 0 ? cli_error(&err) : CLI_OK;
}

int cli_reserve(int argc, char **argv)
{
	return reserve_run(argc, argv,
		"Reserves free resources of an agent for a role: "
		"tepui reserve AGENT 'cpus:2;mem:512' --role eng. Offers are taken back "
		"if "
		"need be; what tasks use is not touched.",
		call_reserve);
}

int cli_unreserve(int argc, char **argv)
{
	return reserve_run(argc, argv,
		"Undoes a reservation: tepui unreserve AGENT 'cpus:2;mem:512' --role "
		"eng. "
		"Role and principal must be those it was made with.",
		call_unreserve);
}
