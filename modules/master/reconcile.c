/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciliation. Answers carry the state of the last forwarded update and no uuid, so they are
 * never acknowledged. While the agent in question may still come back after a restart of the
 * master there is no answer at all: a wrong one would cost a running task.
 */
#include "reconcile.h"

#include "agents.h"
#include "counters.h"
#include "frameworks.h"
#include "idrecord.h"
#include "tasks.h"
#include "updates.h"

static void send_known(struct framework *f, const struct task *task)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_task_status *last = task_last_status(task, arena);
	const struct update update = {
		.task_id = task->id,
		.agent_id = task->agent->id,
		.executor_id = task->executor_id,
		.state = task->has_status_state ? task->status_state : task->state,
		.reason = TP_REASON_RECONCILIATION,
		.message = "Reconciliation: Latest task state",
	};
	struct tp_task_status *status = updates_status(f->master, &update, arena);

	if (last != NULL) {
		status->has_healthy = last->has_healthy;
		status->healthy = last->healthy;
		status->check_status = last->check_status;
		status->container_status = last->container_status;
		status->labels = last->labels;
		if (status->executor_id == NULL)
			status->executor_id = last->executor_id;
	}
	updates_forward(f, status);
}

static void send_unknown(struct framework *f, struct update *update)
{
	struct master *m = f->master;
	const char *agent_id = update->agent_id;

	update->reason = TP_REASON_RECONCILIATION;
	update->message = "Reconciliation: Task is unknown";
	update->state = updates_state_for(f, TP_TASK_UNKNOWN);
	if (agent_id != NULL) {
		update->unreachable_ns = agents_unreachable_since(m, agent_id);
		if (update->unreachable_ns != 0) {
			update->message = "Reconciliation: Task is unreachable";
			update->state = updates_state_for(f, TP_TASK_UNREACHABLE);
		} else if (agents_find(m, agent_id) != NULL) {
			update->message = "Reconciliation: Task is unknown to the agent";
			update->state = updates_state_for(f, TP_TASK_GONE);
		}
	}
	updates_send_answer(f, update);
}

void reconcile_one(
	struct master *m, struct framework *f, const char *task_id, const char *agent_id)
{
	const struct task *task = tasks_find(f, task_id);
	struct update update = { .task_id = task_id, .agent_id = agent_id };
	const struct agent *a;

	if (task != NULL) {
		send_known(f, task);
		return;
	}
	if (agent_id == NULL ? agents_n_recovered(m) > 0
			     : agents_is_recovered(m, agent_id))
		return;
	a = agent_id == NULL ? NULL : agents_find(m, agent_id);
	if (a != NULL && a->leaving)
		return;
	send_unknown(f, &update);
}

int reconcile_call(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_reconcile *body = call->reconcile;
	struct tp_list *node, *tmp;

	(void)err;
	if (body->n_tasks == 0) {
		tp_map_foreach (node, tmp, &f->tasks)
			send_known(f, tp_map_entry(node, struct task, node));
		return 0;
	}
	for (size_t i = 0; i < body->n_tasks; i++) {
		const struct tp_scheduler_call_reconcile_task *task = body->tasks[i];

		reconcile_one(m, f, task->task_id->value,
			task->agent_id == NULL ? NULL : task->agent_id->value);
	}
	return 0;
}
