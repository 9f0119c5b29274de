/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciliation. Answers carry the state of the last forwarded update and no uuid, so they are
 * never acknowledged. While the agent in question may still come back after a restart of the
 * master there is no answer at all: a wrong one would cost a running task. Nor is there for a task
 * of which its agent has but updates: they are on the way.
 */
#include "reconcile.h"

#include "absent.h"
#include "agents.h"
#include "counters.h"
#include "frameworks.h"
#include "idrecord.h"
#include "tasks.h"
#include "updates.h"

/* What its framework was told last. */
static int known_state(const struct task *task)
{
	if (task->disowned)
		return TP_TASK_LOST;
	return task->has_status_state ? task->status_state : task->state;
}

static void send_known(struct framework *f, const struct task *task)
{
	if (task->state == TP_TASK_UNKNOWN && !task->has_status_state)
		return;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_task_status *last = task_last_status(task, arena);
	const struct update update = {
		.task_id = task->id,
		.agent_id = task->agent->id,
		.executor_id = task->executor_id,
		.state = known_state(task),
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

/* What the place of its agent says about a task that the master does not have. */
static void judge(const struct framework *f, struct update *update)
{
	const struct master *m = f->master;
	const char *id = update->agent_id;

	if (id == NULL) {
		update->message = "Reconciliation: Task is unknown";
		update->state = TP_TASK_UNKNOWN;
	} else if (agents_find(m, id) != NULL) {
		update->message = "Reconciliation: Task is unknown to the agent";
		update->state = TP_TASK_GONE;
	} else if (absent_is(m, TP_REGISTRY_UNREACHABLE, id)) {
		update->message = "Reconciliation: Task is unreachable";
		update->state = TP_TASK_UNREACHABLE;
		update->unreachable_ns = absent_since(m, TP_REGISTRY_UNREACHABLE, id);
	} else if (absent_is(m, TP_REGISTRY_GONE, id)) {
		update->message = "Reconciliation: Task is gone";
		update->state =
			absent_is_down(m, id) ? TP_TASK_GONE : TP_TASK_GONE_BY_OPERATOR;
	} else {
		update->message = "Reconciliation: Task is unknown";
		update->state = TP_TASK_UNKNOWN;
	}
	update->state = updates_state_for(f, update->state);
}

/* May the answer still change by itself, as an agent returns or is being removed? */
static bool is_undecided(const struct master *m, const char *agent_id)
{
	const struct agent *a;

	if (agent_id == NULL)
		return absent_n(m, TP_REGISTRY_AGENT) > 0;
	a = agents_find(m, agent_id);
	return absent_is(m, TP_REGISTRY_AGENT, agent_id) || (a != NULL && a->leaving) ||
		absent_is_changing(m, agent_id);
}

/* Its agent cannot say any more how it ended, but the master heard it. */
static bool ended_before_its_agent(const struct task *task, const char *agent_id)
{
	return task != NULL && tp_task_state_is_terminal(task->state) &&
		(agent_id == NULL ||
			agents_find(task->framework->master, agent_id) == NULL);
}

void reconcile_one(
	struct master *m, struct framework *f, const char *task_id, const char *agent_id)
{
	const struct task *task = tasks_find(f, task_id);
	struct update update = { .task_id = task_id,
		.agent_id = agent_id,
		.reason = TP_REASON_RECONCILIATION };
	tp_cleanup(arena) struct tp_arena *arena = NULL;

	if (task != NULL) {
		send_known(f, task);
		return;
	}
	/* Its scheduler may have forgotten where it ran; the master has not. */
	task = agent_id == NULL ? tasks_find_unreachable(f, task_id) : NULL;
	if (task != NULL) {
		arena = tp_arena_create(0);
		update.agent_id = agent_id = task_agent_id(task, arena);
	}
	if (is_undecided(m, agent_id))
		return;
	task = tasks_find_completed(f, task_id);
	if (ended_before_its_agent(task, agent_id)) {
		update.message = "Reconciliation: Task has ended";
		update.state = task->state;
	} else {
		judge(f, &update);
	}
	updates_send_answer(f, &update);
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
