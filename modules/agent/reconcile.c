/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tasks that are not here the answer is DROPPED, or LOST for frameworks that are not
 * PARTITION_AWARE; it goes through the update manager, so it arrives. For tasks that are here
 * nothing is said: their own updates are on the way.
 */
#include "reconcile.h"

#include "tepui/wire/internal.h"

#include "executors.h"
#include "frameworks.h"
#include "status.h"
#include "tasks.h"
#include "updates.h"

static bool task_is_here(
	struct agent *agent, const char *framework_id, const char *task_id)
{
	struct framework *framework = framework_find(agent, framework_id);
	struct tp_list *node, *tmp;

	/* One that is waiting to be acknowledged was dropped or ended before. */
	if (updates_pending(agent->updates, framework_id, task_id) > 0)
		return true;
	if (framework == NULL)
		return false;
	tp_map_foreach (node, tmp, &framework->executors) {
		if (task_find(tp_map_entry(node, struct executor, node), task_id) != NULL)
			return true;
	}
	return false;
}

void reconcile_tasks(struct agent *agent, const struct tp_reconcile_tasks *request)
{
	const char *framework_id = request->framework_id->value;
	const struct framework as_told = { .info = request->framework };
	const struct framework *framework = request->framework != NULL
		? &as_told
		: framework_find(agent, framework_id);
	const struct status_reason why = {
		.state = status_pick(framework, TP_TASK_DROPPED),
		.reason = TP_REASON_RECONCILIATION,
		.message = "Reconciliation: task unknown to the agent",
	};

	for (size_t i = 0; i < request->n_statuses; i++) {
		const struct tp_task_status *status = request->statuses[i];
		const char *task_id = status->task_id->value;

		if (!task_is_here(agent, framework_id, task_id))
			status_refuse(agent, framework_id,
				status->executor_id == NULL ? NULL
							    : status->executor_id->value,
				task_id, &why);
	}
}

static void on_reconcile(void *user, struct tp_message *message)
{
	reconcile_tasks(user, message->body);
}

struct handler_rows reconcile_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_RECONCILE_TASKS, 0, &tp_reconcile_tasks_desc, on_reconcile },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
