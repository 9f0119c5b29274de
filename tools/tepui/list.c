/* SPDX-License-Identifier: Apache-2.0 */
/* tepui agents, frameworks, tasks: what the master knows, as tables or JSON. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "table.h"
#include "tepui/codec.h"
#include "tepui/resources.h"

struct list {
	struct cli_options options;
	bool all; /* completed ones too */
	struct tp_arena *arena;
	struct table table;
};

static const char *resources_text(struct tp_arena *arena,
	struct tp_resource *const *records, size_t n, bool reservations)
{
	struct tp_resources resources = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	if (tp_resources_from_records(&resources, records, n, NULL) == 0) {
		if (reservations)
			tp_resources_unallocate(&resources);
		else
			tp_resources_flatten(&resources);
		tp_resources_print(&resources, &text);
	}
	tp_resources_fini(&resources);
	return tp_arena_strdup(arena, tp_strbuf_text(&text));
}

/* --- agents ---------------------------------------------------------------------------- */

static void agents_table(struct list *list, const struct tp_master_response *response)
{
	static const char *const headings[] = { "ID", "HOSTNAME", "STATE", "RESOURCES",
		"ALLOCATED", "ADDRESS", "REGISTERED", NULL };
	const struct tp_master_response_get_agents *agents = response->get_agents;

	table_init(&list->table, list->arena, headings);
	for (size_t i = 0; agents != NULL && i < agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			agents->agents[i];
		const char *const cells[] = {
			agent->agent_info->id != NULL ? agent->agent_info->id->value
						      : NULL,
			agent->agent_info->hostname,
			agent->active ? "active" : "inactive",
			resources_text(list->arena, agent->total_resources,
				agent->n_total_resources, true),
			resources_text(list->arena, agent->allocated_resources,
				agent->n_allocated_resources, false),
			agent->address,
			table_time(agent->registered_time, list->arena),
		};

		table_row(&list->table, cells);
	}
	for (size_t i = 0; agents != NULL && i < agents->n_recovered_agents; i++) {
		const struct tp_agent_info *info = agents->recovered_agents[i];
		const char *const cells[] = { info->id != NULL ? info->id->value : NULL,
			info->hostname, "recovered", NULL, NULL, NULL, NULL };

		table_row(&list->table, cells);
	}
}

/* --- frameworks ------------------------------------------------------------------------ */

static void framework_row(struct list *list,
	const struct tp_master_response_get_frameworks_framework *framework,
	const char *state)
{
	const struct tp_framework_info *info = framework->framework_info;
	const char *const cells[] = {
		info->id != NULL ? info->id->value : NULL,
		info->name,
		info->user,
		info->n_roles > 0 ? info->roles[0]
				  : (info->role != NULL ? info->role : "*"),
		state,
		resources_text(list->arena, framework->allocated_resources,
			framework->n_allocated_resources, false),
		table_time(framework->registered_time, list->arena),
	};

	table_row(&list->table, cells);
}

static void frameworks_table(struct list *list, const struct tp_master_response *response)
{
	static const char *const headings[] = { "ID", "NAME", "USER", "ROLE", "STATE",
		"ALLOCATED", "REGISTERED", NULL };
	const struct tp_master_response_get_frameworks *all = response->get_frameworks;

	table_init(&list->table, list->arena, headings);
	for (size_t i = 0; all != NULL && i < all->n_frameworks; i++) {
		const struct tp_master_response_get_frameworks_framework *framework =
			all->frameworks[i];

		framework_row(list, framework,
			framework->recovered           ? "recovered"
				: framework->active    ? "active"
				: framework->connected ? "inactive"
						       : "disconnected");
	}
	for (size_t i = 0; list->all && all != NULL && i < all->n_completed_frameworks;
		i++)
		framework_row(list, all->completed_frameworks[i], "completed");
}

/* --- tasks ----------------------------------------------------------------------------- */

static void task_rows(struct list *list, struct tp_task *const *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct tp_task *task = tasks[i];
		const char *const cells[] = {
			task->task_id->value,
			task->name,
			tp_enum_name(&tp_task_state_enum, task->state),
			resources_text(
				list->arena, task->resources, task->n_resources, false),
			task->framework_id->value,
			task->agent_id->value,
		};

		table_row(&list->table, cells);
	}
}

static void tasks_table(struct list *list, const struct tp_master_response *response)
{
	static const char *const headings[] = { "ID", "NAME", "STATE", "RESOURCES",
		"FRAMEWORK", "AGENT", NULL };
	const struct tp_master_response_get_tasks *all = response->get_tasks;

	table_init(&list->table, list->arena, headings);
	if (all == NULL)
		return;
	task_rows(list, all->tasks, all->n_tasks);
	task_rows(list, all->unreachable_tasks, all->n_unreachable_tasks);
	if (list->all)
		task_rows(list, all->completed_tasks, all->n_completed_tasks);
}

/* --- the command ----------------------------------------------------------------------- */

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct list *list = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &list->options;
		return 0;
	case 'a':
		list->all = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int list_run(int argc, char **argv, const char *doc, enum tp_master_call_type type,
	void (*fill)(struct list *list, const struct tp_master_response *response))
{
	static const struct argp_option options[] = {
		{ "all", 'a', NULL, 0, "completed ones too", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, NULL, doc, cli_children, NULL,
		NULL };
	const struct tp_master_call call = { .has_type = true, .type = (int)type };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct list list = { .arena = arena };
	struct tp_master_response *response = NULL;
	struct tp_error err = { 0 };
	struct client client;
	int r;

	cli_options_init(&list.options);
	if (cli_parse(&argp, argc, argv, &list) < 0)
		return CLI_USAGE;
	r = client_open(&client, list.options.master, &err);
	if (r == 0)
		r = client_call_master(&client, &call, arena, &response, &err);
	client_close(&client);
	if (r < 0 || response == NULL)
		return cli_error(&err);
	if (list.options.json) {
		tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

		tp_json_encode(&tp_master_response_desc, response,
			TP_JSON_PRETTY | TP_JSON_NATIVE, &text);
		puts(tp_strbuf_text(&text));
		return CLI_OK;
	}
	fill(&list, response);
	table_print(&list.table);
	return CLI_OK;
}

int cli_agents(int argc, char **argv)
{
	return list_run(argc, argv, "Lists the agents that the master knows.",
		TP_MASTER_CALL_GET_AGENTS, agents_table);
}

int cli_frameworks(int argc, char **argv)
{
	return list_run(argc, argv, "Lists the frameworks that the master knows.",
		TP_MASTER_CALL_GET_FRAMEWORKS, frameworks_table);
}

int cli_tasks(int argc, char **argv)
{
	return list_run(argc, argv, "Lists the tasks that the master knows.",
		TP_MASTER_CALL_GET_TASKS, tasks_table);
}
