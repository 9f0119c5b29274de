/* SPDX-License-Identifier: Apache-2.0 */
/* Hostname, resources, attributes and domain, from the config or detected; set once per run. */
#include "identity.h"

#include "tepui/attributes.h"
#include "tepui/domain.h"
#include "tepui/listen.h"
#include "tepui/machine.h"
#include "tepui/record.h"
#include "tepui/wire/machine.h"

#include "native.h"

static int add_resources(struct agent *agent, struct tp_error *err)
{
	struct tp_resources resources = TP_RESOURCES_INIT;
	struct tp_machine_size machine;
	int r;

	tp_machine_measure(agent->config.work_dir, &machine);
	r = tp_machine_resources(&machine, agent->config.resources,
		agent->config.default_role, &resources, err);
	if (r < 0)
		return tp_wrap(err, r, "resources");
	tp_resources_to_records(&resources, TP_RESOURCE_POST, agent->arena,
		&agent->info->resources, &agent->info->n_resources);
	tp_resources_fini(&resources);
	return 0;
}

/* By the address that others reach; loopback says nothing about this machine. */
static const char *own_name(const struct agent *agent)
{
	const struct agent_config *config = &agent->config;
	const char *ip = config->advertise_ip;
	char host[256];

	if (ip == NULL && !tp_listen_is_local(config->listen) &&
		tp_listen_host(config->listen, host, sizeof(host)))
		ip = host;
	return tp_machine_hostname(ip, config->hostname_lookup, agent->arena);
}

int identity_create(struct agent *agent, struct tp_error *err)
{
	const struct agent_config *config = &agent->config;
	int r;

	agent->arena = tp_arena_create(0);
	agent->info = tp_record_new(&tp_agent_info_desc, agent->arena);
	agent->info->has_port = config->advertise_port != 0;
	agent->info->port = (int32_t)config->advertise_port;
	agent->info->hostname = config->hostname;
	r = native_choose_address(agent, err);
	if (r >= 0 && (config->hostname == NULL || config->hostname[0] == '\0'))
		agent->info->hostname = own_name(agent);
	if (r >= 0)
		r = add_resources(agent, err);
	if (r >= 0)
		r = tp_domain_parse(
			config->domain, agent->arena, &agent->info->domain, err);
	if (r < 0)
		return r;
	if (config->attributes == NULL || config->attributes[0] == '\0')
		return 0;
	r = tp_attributes_parse(config->attributes, agent->arena,
		&agent->info->attributes, &agent->info->n_attributes, err);
	return r < 0 ? tp_wrap(err, r, "attributes") : 0;
}

void identity_destroy(struct agent *agent)
{
	tp_arena_destroy(agent->arena);
	agent->arena = NULL;
	agent->info = NULL;
	agent->id = "";
}

void agent_set_id(struct agent *agent, const char *id)
{
	agent->info->id = tp_record_new(&tp_agent_id_desc, agent->arena);
	agent->info->id->value = tp_arena_strdup(agent->arena, id);
	agent->id = agent->info->id->value;
}
