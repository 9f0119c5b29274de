/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills. A task that nobody knows is answered as reconciliation would; a kill that names the
 * wrong agent is ignored. A kill never changes the task here: its end comes as an update.
 */
#include "kill.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "counters.h"
#include "frameworks.h"
#include "idrecord.h"
#include "reconcile.h"
#include "tasks.h"

struct remembered {
	struct tp_list node; /* agent->kills */
	struct tp_arena *arena;
	struct tp_kill_task *body;
};

static struct tp_kill_task *make(struct framework *f, const char *task_id,
	const struct tp_kill_policy *policy, struct tp_arena *arena)
{
	struct tp_kill_task *body = tp_record_new(&tp_kill_task_desc, arena);

	body->framework_id = framework_id_record(arena, tp_arena_strdup(arena, f->id));
	body->task_id = task_id_record(arena, tp_arena_strdup(arena, task_id));
	body->kill_policy = tp_record_copy(&tp_kill_policy_desc, policy, arena);
	return body;
}

static void forget(struct remembered *kill)
{
	tp_list_remove(&kill->node);
	tp_arena_destroy(kill->arena);
	tp_free(kill);
}

void kill_forget(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->kills)
		forget(tp_container_of(node, struct remembered, node));
}

/* The newest policy wins. */
void kill_remember(struct agent *a, struct framework *f, const char *task_id,
	const struct tp_kill_policy *policy)
{
	struct remembered *kill = tp_alloc(sizeof *kill);
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->kills) {
		struct remembered *old = tp_container_of(node, struct remembered, node);

		if (strcmp(old->body->task_id->value, task_id) == 0 &&
			strcmp(old->body->framework_id->value, f->id) == 0)
			forget(old);
	}
	kill->arena = tp_arena_create(0);
	kill->body = make(f, task_id, policy, kill->arena);
	tp_list_append(&a->kills, &kill->node);
}

/* Sends the kill, or keeps it until the agent is back. */
static void kill_send(struct master *m, struct framework *f, struct task *task,
	const struct tp_kill_policy *policy)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct agent *a = task->agent;

	if (agent_connected(a)) {
		agent_send(a, TP_MESSAGE_KILL_TASK, &tp_kill_task_desc,
			make(f, task->id, policy, arena));
		return;
	}
	tp_info(m, "agent is disconnected, remembering a kill",
		"framework=%s task=%s agent=%s", f->id, task->id, a->id);
	kill_remember(a, f, task->id, policy);
}

int kill_by_operator(struct master *m, const struct tp_master_call_kill_task *call,
	struct tp_error *err)
{
	struct framework *f = frameworks_find(m, call->framework_id->value);
	struct task *task = f == NULL ? NULL : tasks_find(f, call->task_id->value);

	if (task == NULL)
		return tp_fail(err, ENOENT, "framework '%s' has no task '%s'",
			call->framework_id->value, call->task_id->value);
	tp_info(m, "an operator ends a task", "framework=%s task=%s", f->id, task->id);
	kill_send(m, f, task, call->kill_policy);
	return 0;
}

int kill_call(struct master *m, struct framework *f, const struct tp_scheduler_call *call,
	struct tp_error *err)
{
	const struct tp_scheduler_call_kill *body = call->kill;
	const char *id = body->task_id->value;
	struct task *task = tasks_find(f, id);
	struct agent *a;

	(void)err;
	if (task == NULL) {
		reconcile_one(
			m, f, id, body->agent_id == NULL ? NULL : body->agent_id->value);
		return 0;
	}
	a = task->agent;
	if (body->agent_id != NULL && strcmp(body->agent_id->value, a->id) != 0) {
		tp_warn(m, "ignoring a kill that names the wrong agent",
			"framework=%s task=%s agent=%s named=%s", f->id, id, a->id,
			body->agent_id->value);
		return 0;
	}
	kill_send(m, f, task, body->kill_policy);
	return 0;
}

void kill_resend(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->kills) {
		struct remembered *kill = tp_container_of(node, struct remembered, node);
		struct framework *f =
			frameworks_find(a->master, kill->body->framework_id->value);
		struct task *task =
			f == NULL ? NULL : tasks_find(f, kill->body->task_id->value);

		if (task != NULL && task->agent == a &&
			!tp_task_state_is_terminal(task->state))
			agent_send(
				a, TP_MESSAGE_KILL_TASK, &tp_kill_task_desc, kill->body);
		forget(kill);
	}
}
