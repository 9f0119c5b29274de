/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grace period is that of the ExecutorInfo, else `executor_shutdown_grace_period`; a command
 * executor gets its task's kill grace and two seconds for reaping and telling. Who is not
 * connected cannot be asked: its container is ended at once.
 */
#include "shutdown.h"

#include "tepui/wire/internal.h"

#include "checkpoint.h"
#include "executors.h"
#include "frameworks.h"
#include "tasks.h"
#include "updates.h"

#define KILL_GRACE_NS (3 * TP_SEC) /* of a task without a KillPolicy */
#define COMMAND_EXTRA_NS (2 * TP_SEC)

static int64_t command_grace_ns(const struct executor *executor)
{
	const struct tp_list *first = executor->tasks.order.next;
	const struct task *task;
	const struct tp_kill_policy *policy;

	if (first == &executor->tasks.order)
		return COMMAND_EXTRA_NS;
	task = tp_map_entry((struct tp_list *)first, struct task, node);
	policy = task->info->kill_policy;
	if (policy == NULL || policy->grace_period == NULL ||
		policy->grace_period->nanoseconds < 0 ||
		policy->grace_period->nanoseconds > TP_WEEK)
		return KILL_GRACE_NS + COMMAND_EXTRA_NS;
	return policy->grace_period->nanoseconds + COMMAND_EXTRA_NS;
}

static int64_t grace_ns(const struct executor *executor)
{
	const struct agent_config *config = &executor->framework->agent->config;
	const struct tp_duration_info *own = executor->info->shutdown_grace_period;
	int64_t ns = config->executor_shutdown_grace_period_ns;

	if (own != NULL && own->nanoseconds >= 0 && own->nanoseconds <= TP_WEEK)
		ns = own->nanoseconds;
	if (executor->command && command_grace_ns(executor) > ns)
		ns = command_grace_ns(executor);
	return ns;
}

void shutdown_tell(struct executor *executor)
{
	executor_event(executor,
		&(struct tp_executor_event){
			.has_type = true,
			.type = TP_EXECUTOR_EVENT_SHUTDOWN,
		});
}

void shutdown_executor(struct executor *executor)
{
	struct agent *agent = executor->framework->agent;

	if (executor->state >= EXECUTOR_TERMINATING)
		return;
	tp_info(agent, "shutting an executor down", "framework=%s executor=%s",
		executor->framework->id, executor->id);
	if (executor->sink == NULL) {
		executor_destroy_container(executor);
		return;
	}
	executor->state = EXECUTOR_TERMINATING;
	shutdown_tell(executor);
	tp_timer_arm(agent->instance.loop, &executor->timer, grace_ns(executor));
}

/* Executors that were gone already left nothing to wait for. */
static void finish_terminated(struct framework *framework)
{
	struct tp_list *node, *tmp;
	size_t n = framework->executors.n;

	tp_map_foreach (node, tmp, &framework->executors) {
		struct executor *executor = tp_map_entry(node, struct executor, node);

		if (executor->state != EXECUTOR_TERMINATED)
			continue;
		executor_check_finished(executor);
		if (--n == 0)
			return; /* with its last executor the framework went */
	}
}

void shutdown_framework(struct framework *framework)
{
	struct tp_list *node, *tmp;

	if (framework->state != FRAMEWORK_RUNNING)
		return;
	tp_info(framework->agent, "shutting a framework down", "framework=%s",
		framework->id);
	framework->state = FRAMEWORK_TERMINATING;
	updates_cleanup(framework->agent->updates, framework->id);
	tp_map_foreach (node, tmp, &framework->executors) {
		struct executor *executor = tp_map_entry(node, struct executor, node);
		struct tp_list *t, *tmp_t;

		/* Nobody will acknowledge what has ended already. */
		tp_map_foreach (t, tmp_t, &executor->tasks) {
			struct task *task = tp_map_entry(t, struct task, node);

			if (task->place == TASK_TERMINATED)
				task_happened(task, TASK_EVENT_ABANDONED, NULL);
		}
		shutdown_executor(executor);
	}
	finish_terminated(framework);
}

static void on_shutdown_framework(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	const struct tp_shutdown_framework *body = message->body;
	const char *id = body->framework_id->value;
	struct framework *framework = framework_find_any(agent, id);

	if (framework != NULL && framework->state != FRAMEWORK_COMPLETED) {
		shutdown_framework(framework);
		return;
	}
	updates_cleanup(agent->updates, id); /* nobody will acknowledge them */
	if (framework != NULL)
		checkpoint_remove_framework(framework);
}

static void on_shutdown_executor(void *user, struct tp_message *message)
{
	const struct tp_shutdown_executor *body = message->body;
	struct executor *executor = NULL;

	if (body->framework_id != NULL && body->executor_id != NULL)
		executor = executor_find(
			user, body->framework_id->value, body->executor_id->value);
	if (executor != NULL)
		shutdown_executor(executor);
}

struct handler_rows shutdown_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_SHUTDOWN_FRAMEWORK, 0, &tp_shutdown_framework_desc,
			on_shutdown_framework },
		{ TP_MESSAGE_SHUTDOWN_EXECUTOR, 0, &tp_shutdown_executor_desc,
			on_shutdown_executor },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
