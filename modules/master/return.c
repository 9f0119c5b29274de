/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The return of an agent. Its message is the truth about what runs there: unknown tasks and
 * executors are taken in, with their frameworks if need be; what only the master knows was lost
 * on the way and is asked for, so that the agent answers with an update that has to be
 * acknowledged.
 */
#include "return.h"

#include <string.h>

#include "changes.h"
#include "executors.h"
#include "frameworks.h"
#include "idrecord.h"
#include "kill.h"
#include "subscribe.h"
#include "tasks.h"
#include "updates.h"
#include "use.h"

#include "tepui/record.h"

/* The framework, known from now on; NULL when it is over. */
static struct framework *framework_of(
	struct master *m, const struct tp_agent_reregister *message, const char *id)
{
	struct framework *f = frameworks_find(m, id);

	if (f != NULL || frameworks_find_completed(m, id) != NULL)
		return f;
	for (size_t i = 0; i < message->n_frameworks; i++) {
		const struct tp_framework_info *info = message->frameworks[i];

		if (info->id != NULL && strcmp(info->id->value, id) == 0)
			return frameworks_recover(m, info);
	}
	return NULL;
}

static void take_executor(struct agent *a, const struct tp_agent_reregister *message,
	const struct tp_executor_info *info)
{
	tp_cleanup(resources) struct tp_resources resources = TP_RESOURCES_INIT;
	struct framework *f = info->framework_id == NULL
		? NULL
		: framework_of(a->master, message, info->framework_id->value);
	struct tp_error err = { 0 };

	if (f == NULL || executors_find(a, f, info->executor_id->value) != NULL)
		return;
	if (tp_resources_from_records(
		    &resources, info->resources, info->n_resources, &err) < 0) {
		tp_warn(a->master, "an agent's executor has bad resources, ignoring it",
			"agent=%s executor=%s why=%s", a->id, info->executor_id->value,
			err.text);
		return;
	}
	agent_deallocate(a);
	executors_add(f, a, info, &resources);
}

/*
 * Was the framework told that it is lost, when the session broke? What is told as over stays so: the
 * task is taken in, for it uses what it uses, and killed.
 */
static bool was_lost(const struct framework *f, const char *id)
{
	const struct task *task = tasks_find_completed(f, id);

	return !framework_checkpoints(f) && task != NULL &&
		(task->disowned || task->state == TP_TASK_LOST);
}

static void take_task(struct agent *a, const struct tp_agent_reregister *message,
	const struct tp_task *record)
{
	tp_cleanup(resources) struct tp_resources resources = TP_RESOURCES_INIT;
	struct master *m = a->master;
	struct framework *f = framework_of(m, message, record->framework_id->value);
	bool uses = !tp_task_state_is_terminal(record->state);
	struct tp_error err = { 0 };
	struct task *task;

	if (f == NULL || tasks_find(f, record->task_id->value) != NULL)
		return;
	if (tp_resources_from_records(
		    &resources, record->resources, record->n_resources, &err) < 0) {
		tp_warn(m, "an agent's task has bad resources, ignoring it",
			"agent=%s task=%s why=%s", a->id, record->task_id->value,
			err.text);
		return;
	}
	task = tasks_find_unreachable(f, record->task_id->value);
	if (task != NULL) {
		uses = (tp_task_transition(
				task->state, TP_TASK_EVENT_AGENT_BACK, record->state)
				       ->actions &
			       TP_TASK_ACTION_TAKE) != 0;
		tasks_forget(m, task);
	}
	if (uses) {
		agent_deallocate(a);
		use_take(f, a, &resources);
	}
	task = tasks_add(m, f, a, record, &resources);
	changes_task_added(m, task);
	if (was_lost(f, task->id)) {
		task->disowned = true;
		kill_remember(a, f, task->id, NULL);
	}
}

/* --- what only the master knows -------------------------------------------------------- */

static bool mentions_task(
	const struct tp_agent_reregister *message, const struct task *task)
{
	for (size_t i = 0; i < message->n_tasks; i++) {
		const struct tp_task *record = message->tasks[i];

		if (strcmp(record->task_id->value, task->id) == 0 &&
			strcmp(record->framework_id->value, task->framework->id) == 0)
			return true;
	}
	return false;
}

static bool mentions_executor(
	const struct tp_agent_reregister *message, const struct executor *e)
{
	for (size_t i = 0; i < message->n_executor_infos; i++) {
		const struct tp_executor_info *info = message->executor_infos[i];

		if (strcmp(info->executor_id->value, e->id) == 0 &&
			info->framework_id != NULL &&
			strcmp(info->framework_id->value, e->framework->id) == 0)
			return true;
	}
	return false;
}

static struct tp_reconcile_tasks *list_of(const struct framework *f,
	struct tp_agent_registered *answer, struct tp_arena *arena)
{
	struct tp_reconcile_tasks *list;

	for (size_t i = 0; i < answer->n_reconciliations; i++) {
		list = answer->reconciliations[i];
		if (strcmp(list->framework_id->value, f->id) == 0)
			return list;
	}
	list = tp_record_new(&tp_reconcile_tasks_desc, arena);
	list->framework_id = framework_id_record(arena, f->id);
	list->framework = f->info;
	tp_arena_push(arena, &answer->reconciliations, &answer->n_reconciliations, list);
	return list;
}

static void ask_for(struct agent *a, const struct task *task,
	struct tp_agent_registered *answer, struct tp_arena *arena)
{
	const struct update update = {
		.task_id = task->id,
		.agent_id = a->id,
		.executor_id = task->executor_id,
		.state = task->state,
		.reason = TP_REASON_RECONCILIATION,
		.message = "Reconciliation request",
	};
	struct tp_reconcile_tasks *list = list_of(task->framework, answer, arena);

	tp_arena_push(arena, &list->statuses, &list->n_statuses,
		updates_status(a->master, &update, arena));
}

static void reconcile_tasks(struct agent *a, const struct tp_agent_reregister *message,
	struct tp_agent_registered *answer, struct tp_arena *arena)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->tasks) {
		struct task *task = tp_container_of(node, struct task, list);

		if (mentions_task(message, task))
			continue;
		if (tp_task_state_is_terminal(task->state))
			tasks_complete(
				a->master, task); /* its acknowledgement got through */
		else
			ask_for(a, task, answer, arena);
	}
}

void return_reconcile(struct agent *a, const struct tp_agent_reregister *message,
	struct tp_agent_registered *answer, struct tp_arena *arena)
{
	struct tp_list *node, *tmp;

	reconcile_tasks(a, message, answer, arena);
	tp_list_foreach (node, tmp, &a->executors) {
		struct executor *e = tp_container_of(node, struct executor, node);

		if (mentions_executor(message, e))
			e->awaited = false;
		else
			executors_missing(e);
	}
	for (size_t i = 0; i < message->n_executor_infos; i++)
		take_executor(a, message, message->executor_infos[i]);
	for (size_t i = 0; i < message->n_tasks; i++)
		take_task(a, message, message->tasks[i]);
}

static void shut_down(struct agent *a, const char *framework_id)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_shutdown_framework *body =
		tp_record_new(&tp_shutdown_framework_desc, arena);

	body->framework_id = framework_id_record(arena, framework_id);
	agent_send(a, TP_MESSAGE_SHUTDOWN_FRAMEWORK, &tp_shutdown_framework_desc, body);
}

void return_refused(struct agent *a, const struct tp_agent_reregister *message)
{
	for (size_t i = 0; i < message->n_frameworks; i++) {
		const struct tp_framework_info *info = message->frameworks[i];

		if (info->id != NULL &&
			frameworks_find_completed(a->master, info->id->value) != NULL)
			shut_down(a, info->id->value);
	}
}

void return_tell_changed(struct agent *a, const struct tp_agent_reregister *message)
{
	for (size_t i = 0; i < message->n_frameworks; i++) {
		const struct tp_framework_info *info = message->frameworks[i];
		struct framework *f = info->id == NULL
			? NULL
			: frameworks_find(a->master, info->id->value);

		/* What one agent knows is not better than what another one does. */
		if (f != NULL && !f->recovered &&
			!tp_record_equal(&tp_framework_info_desc, info, f->info))
			subscribe_tell_agent(f, a);
	}
}

/*
 * The state that the framework knows last or hears next: the end of a task is told by the update
 * that waits at the agent, after those before it; of an unknown one that is all.
 */
void return_tell_reachable(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->tasks) {
		const struct task *task = tp_container_of(node, struct task, list);
		const struct update update = {
			.task_id = task->id,
			.agent_id = a->id,
			.executor_id = task->executor_id,
			.state =
				task->has_status_state ? task->status_state : task->state,
			.reason = TP_REASON_AGENT_REREGISTERED,
			.message = "Unreachable agent re-registered",
		};

		if (task->disowned ||
			(!task->has_status_state &&
				(task->state == TP_TASK_UNKNOWN ||
					tp_task_state_is_terminal(task->state))))
			continue;
		updates_send_answer(task->framework, &update);
	}
}
