/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a task, and where its output is, by asking the master. */
#include "find.h"

#include <errno.h>

static int look(struct tp_task *const *tasks, size_t n, const char *task_id,
	const char *framework_id, const struct tp_task **ret)
{
	int found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!tp_streq(tasks[i]->task_id->value, task_id) ||
			(framework_id != NULL &&
				!tp_streq(tasks[i]->framework_id->value, framework_id)))
			continue;
		*ret = tasks[i];
		found++;
	}
	return found;
}

int find_task(struct client *client, const char *task_id, const char *framework_id,
	struct tp_arena *arena, const struct tp_task **ret, struct tp_error *err)
{
	const struct tp_master_call call = {
		.has_type = true,
		.type = TP_MASTER_CALL_GET_TASKS,
	};
	struct tp_master_response *response;
	const struct tp_master_response_get_tasks *all;
	int r = client_call_master(client, &call, arena, &response, err);

	if (r < 0)
		return r;
	all = response != NULL ? response->get_tasks : NULL;
	r = all == NULL ? 0 : look(all->tasks, all->n_tasks, task_id, framework_id, ret);
	if (r == 0 && all != NULL)
		r = look(all->unreachable_tasks, all->n_unreachable_tasks, task_id,
			framework_id, ret);
	if (r == 0 && all != NULL)
		r = look(all->completed_tasks, all->n_completed_tasks, task_id,
			framework_id, ret);
	if (r == 0)
		return tp_fail(err, ENOENT, "the master knows no task '%s'", task_id);
	if (r > 1)
		return tp_fail(err, ENOTUNIQ,
			"several frameworks have a task '%s'; say --framework", task_id);
	return 0;
}

int find_agent_address(struct client *client, const char *agent_id,
	struct tp_arena *arena, const char **ret, struct tp_error *err)
{
	const struct tp_master_call call = {
		.has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS,
	};
	struct tp_master_response *response;
	int r = client_call_master(client, &call, arena, &response, err);

	if (r < 0)
		return r;
	for (size_t i = 0; response != NULL && response->get_agents != NULL &&
		i < response->get_agents->n_agents;
		i++) {
		const struct tp_master_response_get_agents_agent *agent =
			response->get_agents->agents[i];

		if (agent->agent_info->id == NULL || agent->address == NULL ||
			!tp_streq(agent->agent_info->id->value, agent_id))
			continue;
		*ret = agent->address;
		return 0;
	}
	return tp_fail(
		err, ENOENT, "the master knows no address of agent '%s'", agent_id);
}

const char *find_sandbox(
	struct tp_arena *arena, const char *framework_id, const char *executor_id)
{
	return tp_arena_printf(
		arena, "/frameworks/%s/executors/%s/latest", framework_id, executor_id);
}
