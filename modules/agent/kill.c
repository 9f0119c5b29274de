/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	unknown			DROPPED / LOST, unless its framework is unknown too
 *	queued			KILLED during launch; an executor left without work is ended
 *	launched		KILL to the executor, now or when it is back; it decides
 *	terminal, or its executor is going	nothing: the last update is on its way
 */
#include "kill.h"

#include "tepui/record.h"
#include "tepui/wire/internal.h"

#include "executors.h"
#include "frameworks.h"
#include "shutdown.h"
#include "status.h"
#include "tasks.h"

static struct task *find_task(struct framework *framework, const char *task_id)
{
	struct tp_list *node, *tmp;
	struct task *task = NULL;

	tp_map_foreach (node, tmp, &framework->executors) {
		task = task_find(tp_map_entry(node, struct executor, node), task_id);
		if (task != NULL)
			break;
	}
	return task;
}

static void kill_queued(struct task *task)
{
	struct executor *executor = task->executor;
	const struct status_reason why = {
		.state = TP_TASK_KILLED,
		.reason = TP_REASON_TASK_KILLED_DURING_LAUNCH,
		.message = "Killed before its executor had it",
	};

	status_end_task(task, &why);
	/* It may have other work later, but then the master starts a new one. */
	if (executor_is_idle(executor) && executor->state == EXECUTOR_REGISTERING)
		executor_destroy_container(executor);
	else if (executor_is_idle(executor) && executor->command)
		shutdown_executor(executor);
}

static bool send_kill(struct task *task, const struct tp_kill_policy *policy)
{
	struct tp_executor_event_kill kill = {
		.task_id = task->info->task_id,
		.kill_policy = (struct tp_kill_policy *)policy,
	};

	return executor_event(task->executor,
		&(struct tp_executor_event){
			.has_type = true,
			.type = TP_EXECUTOR_EVENT_KILL,
			.kill = &kill,
		});
}

static void kill_launched(struct task *task, const struct tp_kill_policy *policy)
{
	struct executor *executor = task->executor;

	if (send_kill(task, policy))
		return;
	tp_info(executor->framework->agent,
		"an executor is not connected, it is told when it is back to kill a task",
		"framework=%s task=%s", executor->framework->id, task->id);
	task->kill_waits = true;
	task->kill_policy = policy == NULL
		? NULL
		: tp_record_copy(&tp_kill_policy_desc, policy, task->arena);
}

void kill_resume(struct executor *executor)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		struct task *task = tp_map_entry(node, struct task, node);

		if (task->kill_waits && task->place == TASK_LAUNCHED)
			task->kill_waits = !send_kill(task, task->kill_policy);
	}
}

static void on_kill_task(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	const struct tp_kill_task *body = message->body;
	const char *task_id = body->task_id->value;
	struct framework *framework = framework_find(agent, body->framework_id->value);
	struct task *task;
	uint32_t actions;

	if (framework == NULL) {
		tp_info(agent, "a task to kill of an unknown framework, ignoring it",
			"framework=%s task=%s", body->framework_id->value, task_id);
		return;
	}
	task = find_task(framework, task_id);
	if (task == NULL) {
		const struct status_reason why = {
			.state = status_pick(framework, TP_TASK_DROPPED),
			.reason = TP_REASON_EXECUTOR_TERMINATED,
			.message = "There is no such task on this agent",
		};

		status_refuse(agent, framework->id, NULL, task_id, &why);
		return;
	}
	tp_info(agent, "killing a task", "framework=%s task=%s", framework->id, task_id);
	if (task->executor->state >= EXECUTOR_TERMINATING)
		return;
	actions = task_happened(task, TASK_EVENT_KILL, NULL);
	if (actions & TASK_ACTION_END)
		kill_queued(task);
	else if (actions & TASK_ACTION_ASK)
		kill_launched(task, body->kill_policy);
}

struct handler_rows kill_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_KILL_TASK, 0, &tp_kill_task_desc, on_kill_task },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
