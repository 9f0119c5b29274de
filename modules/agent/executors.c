/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of executors. Every way an executor can end comes together in executor_terminated():
 * the container is gone, so every task of it that is not terminal gets its last update there.
 *
 * Invariants: an executor that is not completed is in its framework's map, and found by its
 * container from create to TERMINATED; LAUNCH is sent only in RUNNING, after the container's
 * limits cover the task.
 *
 * Not the executor protocol: that is executor_api.c.
 */
#include "executors.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "tepui/record.h"
#include "tepui/wire/internal.h"

#include "checkpoint.h"
#include "containers.h"
#include "frameworks.h"
#include "gc.h"
#include "metrics.h"
#include "recover.h"
#include "registration.h"
#include "sandbox.h"
#include "shutdown.h"
#include "status.h"
#include "tasks.h"
#include "volumes.h"

static void executor_late(struct tp_timer *timer);
static void executor_settled(struct operations_waiter *waiter);

struct executor *executor_create(struct framework *framework,
	struct tp_executor_info *info, const char *container_id, struct tp_arena *arena)
{
	struct executor *executor = tp_alloc(sizeof(*executor));

	executor->framework = framework;
	executor->serial = ++framework->agent->next_serial;
	executor->arena = arena;
	executor->info = info;
	executor->id = info->executor_id->value;
	executor->container_id = tp_arena_strdup(arena, container_id);
	executor->directory = sandbox_path(executor, arena);
	executor->uid = (uid_t)-1;
	executor->timer.fire = executor_late;
	executor->settled.settled = executor_settled;
	tp_list_init(&executor->completed);
	tp_list_init(&executor->completed_tasks);
	tp_map_init(&executor->tasks);
	tp_map_add(&framework->executors, &executor->node, executor->id);
	containers_add(executor);
	return executor;
}

static void executor_close_sink(struct executor *executor)
{
	struct tp_sink *sink = executor->sink;

	executor->sink = NULL;
	if (sink != NULL)
		sink->ops->close(sink);
}

void executor_destroy(struct executor *executor)
{
	struct tp_list *node, *tmp;

	tp_timer_disarm(executor->framework->agent->instance.loop, &executor->timer);
	operations_forget(&executor->settled);
	executor_close_sink(executor);
	containers_remove(executor);
	tp_map_foreach (node, tmp, &executor->tasks) {
		task_destroy(tp_map_entry(node, struct task, node));
	}
	tp_list_foreach (node, tmp, &executor->completed_tasks) {
		task_destroy(tp_container_of(node, struct task, completed));
	}
	tp_map_fini(&executor->tasks);
	if (tp_list_empty(&executor->completed))
		tp_map_remove(&executor->framework->executors, &executor->node);
	else
		tp_list_remove(&executor->completed);
	tp_arena_destroy(executor->arena);
	tp_free(executor);
}

struct executor *executor_find(
	struct agent *agent, const char *framework_id, const char *executor_id)
{
	struct framework *framework = framework_find(agent, framework_id);

	if (framework == NULL)
		return NULL;
	return tp_map_get(&framework->executors, executor_id, struct executor, node);
}

struct executor *executor_by_container(struct agent *agent, const char *container_id)
{
	return tp_map_get(
		&agent->containers->executors, container_id, struct executor, container);
}

static void push_all(struct tp_arena *arena, struct tp_resource ***to, size_t *n_to,
	struct tp_resource *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tp_arena_push(arena, to, n_to, items[i]);
}

void executor_resources(const struct executor *executor, struct tp_arena *arena,
	struct tp_resource ***ret, size_t *ret_n)
{
	struct tp_list *node, *tmp;

	push_all(arena, ret, ret_n, executor->info->resources,
		executor->info->n_resources);
	tp_map_foreach (node, tmp, &executor->tasks) {
		const struct task *task = tp_map_entry(node, struct task, node);

		if (task->place != TASK_TERMINATED)
			push_all(arena, ret, ret_n, task->info->resources,
				task->info->n_resources);
	}
}

/* Reservations and volumes that its tasks use must outlive a crash of the agent, as they do. */
static bool executor_waits(struct executor *executor)
{
	const struct tp_executor_info *info = executor->info;
	bool needed = operations_are_needed(info->resources, info->n_resources);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		const struct task *task = tp_map_entry(node, struct task, node);

		needed |= task->place == TASK_QUEUED &&
			operations_are_needed(
				task->info->resources, task->info->n_resources);
	}
	return needed &&
		!operations_settled(executor->framework->agent, &executor->settled);
}

static void executor_settled(struct operations_waiter *waiter)
{
	struct executor *executor = tp_container_of(waiter, struct executor, settled);
	const struct tp_list *first = executor->tasks.order.next;

	if (executor->begun)
		executor_flush(executor);
	else if (executor->destroy_wanted)
		executor_terminated(executor, &(struct tp_container_termination){ 0 });
	else
		executor_launch(executor,
			tp_map_entry((struct tp_list *)first, struct task, node)->info);
}

void executor_launch(struct executor *executor, const struct tp_task_info *first)
{
	struct agent *agent = executor->framework->agent;
	struct tp_error err = { 0 };
	int r;

	if (executor_waits(executor))
		return;
	executor->begun = true;
	r = sandbox_create(executor, first, &err);
	if (r >= 0)
		r = volumes_link(executor, executor->info->resources,
			executor->info->n_resources, &err);
	if (r >= 0)
		r = volumes_link(executor, first->resources, first->n_resources, &err);
	if (r >= 0)
		r = checkpoint_framework(executor->framework, &err);
	if (r >= 0)
		r = checkpoint_executor(executor, &err);
	if (r < 0) {
		executor_launched(executor, r, &err);
		return;
	}
	tp_timer_arm(agent->instance.loop, &executor->timer,
		agent->config.executor_registration_timeout_ns);
	containers_launch(executor);
}

void executor_launched(struct executor *executor, int status, const struct tp_error *err)
{
	struct agent *agent = executor->framework->agent;

	if (status < 0) {
		agent->metrics->container_launch_errors.value++;
		tp_warn(agent, "a container cannot be launched, its tasks fail",
			"framework=%s executor=%s container=%s error=%s",
			executor->framework->id, executor->id, executor->container_id,
			err->text);
		executor_set_end(executor, TP_TASK_FAILED,
			TP_REASON_CONTAINER_LAUNCH_FAILED,
			tp_arena_printf(executor->arena, "Failed to launch container: %s",
				err->text));
		executor_terminated(executor, &(struct tp_container_termination){ 0 });
		return;
	}
	executor->launched = true;
	if (executor->containerizer->ops->process != NULL)
		executor->containerizer->ops->process(executor->containerizer->impl,
			executor->container_id, &executor->pid, &executor->start_ticks);
	checkpoint_container(executor);
	tp_debug(agent, "executor launched",
		"framework=%s executor=%s container=%s pid=%lld", executor->framework->id,
		executor->id, executor->container_id, (long long)executor->pid);
	if (executor->destroy_wanted)
		executor_destroy_container(executor);
}

void executor_set_end(
	struct executor *executor, int state, int reason, const char *message)
{
	if (executor->has_end_reason)
		return;
	executor->has_end_reason = true;
	executor->end_state = state;
	executor->end_reason = reason;
	executor->end_message = tp_arena_strdup(executor->arena, message);
}

void executor_destroy_container(struct executor *executor)
{
	if (executor->state == EXECUTOR_TERMINATED)
		return;
	executor->state = EXECUTOR_TERMINATING;
	if (!executor->launched) {
		executor->destroy_wanted = true;
		return;
	}
	executor->destroy_wanted = false;
	containers_destroy(executor);
}

/* The timer: too late for SUBSCRIBE, or the time to end by itself is over. */
static void executor_late(struct tp_timer *timer)
{
	struct executor *executor = tp_container_of(timer, struct executor, timer);
	struct agent *agent = executor->framework->agent;
	int64_t period_ns = agent->config.executor_registration_timeout_ns;

	switch (executor->state) {
	case EXECUTOR_REGISTERING:
		if (tp_timer_overslept(agent->instance.loop, timer, period_ns)) {
			tp_timer_arm(agent->instance.loop, timer, period_ns);
			return; /* it may have called while this agent stood still */
		}
		tp_warn(agent, "an executor did not subscribe in time, ending it",
			"framework=%s executor=%s", executor->framework->id,
			executor->id);
		executor_set_end(executor, TP_TASK_FAILED,
			TP_REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			"Executor did not register within the timeout");
		break;
	case EXECUTOR_TERMINATING:
		tp_info(agent, "an executor did not end in time, killing it",
			"framework=%s executor=%s", executor->framework->id,
			executor->id);
		break;
	case EXECUTOR_RUNNING:
	case EXECUTOR_TERMINATED:
		return;
	}
	executor_destroy_container(executor);
}

static const char *end_text(struct executor *executor,
	const struct tp_container_termination *end, struct tp_arena *arena)
{
	if (executor->end_message != NULL && end->message != NULL)
		return tp_arena_printf(
			arena, "%s: %s", executor->end_message, end->message);
	if (executor->end_message != NULL)
		return executor->end_message;
	if (end->message != NULL)
		return end->message;
	if (end->has_status && WIFSIGNALED(end->status))
		return tp_arena_printf(arena, "Executor terminated with signal %s",
			strsignal(WTERMSIG(end->status)));
	if (end->has_status)
		return tp_arena_printf(arena, "Executor exited with status %d",
			WEXITSTATUS(end->status));
	return "Executor terminated";
}

/* The last word on every task that did not have one itself. */
static void executor_end_tasks(
	struct executor *executor, const struct tp_container_termination *end)
{
	bool silent = executor->framework->state == FRAMEWORK_TERMINATING;
	struct tp_arena *arena = tp_arena_create(0);
	struct status_reason why = {
		.state = TP_TASK_FAILED,
		.reason = TP_REASON_EXECUTOR_TERMINATED,
		.message = end_text(executor, end, arena),
		.limited = end->limited_resources,
		.n_limited = end->n_limited_resources,
	};
	struct tp_list *node, *tmp;

	if (end->has_state)
		why.state = end->state;
	if (end->has_reason)
		why.reason = end->reason;
	if (executor->has_end_reason) {
		why.state = executor->end_state;
		why.reason = executor->end_reason;
	}
	tp_map_foreach (node, tmp, &executor->tasks) {
		struct task *task = tp_map_entry(node, struct task, node);

		if (silent)
			task_happened(task, TASK_EVENT_ABANDONED, NULL);
		else
			status_end_task(task, &why);
	}
	tp_arena_destroy(arena);
}

static void executor_tell_exit(
	struct executor *executor, const struct tp_container_termination *end)
{
	struct agent *agent = executor->framework->agent;
	const struct tp_exited_executor exited = {
		.agent_id = agent->info->id,
		.framework_id = executor->framework->info->id,
		.executor_id = executor->info->executor_id,
		.has_status = true,
		.status = end->has_status ? end->status : -1,
	};

	if (executor->command || executor->framework->state == FRAMEWORK_TERMINATING)
		return;
	registration_send(
		agent, TP_MESSAGE_EXITED_EXECUTOR, &tp_exited_executor_desc, &exited);
}

void executor_terminated(
	struct executor *executor, const struct tp_container_termination *termination)
{
	struct agent *agent = executor->framework->agent;

	if (executor->state == EXECUTOR_TERMINATED)
		return;
	executor->state = EXECUTOR_TERMINATED;
	agent->metrics->executors_terminated.value++;
	tp_timer_disarm(agent->instance.loop, &executor->timer);
	containers_remove(executor);
	executor_close_sink(executor);
	tp_debug(agent, "executor is gone", "framework=%s executor=%s container=%s",
		executor->framework->id, executor->id, executor->container_id);
	executor_end_tasks(executor, termination);
	executor_tell_exit(executor, termination);
	executor_check_finished(executor);
	recover_check(agent);
}

/* Completed executors beyond the limit are forgotten, oldest first. */
static void framework_trim_completed(struct framework *framework)
{
	uint32_t max = framework->agent->config.max_completed_executors_per_framework;

	while (framework->n_completed_executors > max) {
		framework->n_completed_executors--;
		executor_destroy(tp_list_first(
			&framework->completed_executors, struct executor, completed));
	}
}

void executor_check_finished(struct executor *executor)
{
	struct framework *framework = executor->framework;

	if (executor->state != EXECUTOR_TERMINATED || executor->tasks.n > 0 ||
		!tp_list_empty(&executor->completed))
		return;
	checkpoint_remove_executor(executor);
	gc_add(framework->agent, executor->directory);
	tp_map_remove(&framework->executors, &executor->node);
	tp_list_append(&framework->completed_executors, &executor->completed);
	framework->n_completed_executors++;
	framework_trim_completed(framework);
	framework_check_finished(framework);
}

bool executor_is_idle(const struct executor *executor)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		if (tp_map_entry(node, struct task, node)->place != TASK_TERMINATED)
			return false;
	}
	return true;
}

bool executor_event(struct executor *executor, const struct tp_executor_event *event)
{
	struct tp_sink *sink = executor->sink;

	return sink != NULL &&
		sink->ops->event(sink, &tp_executor_event_desc, event) >= 0;
}

static bool executor_show_volumes(struct executor *executor, struct task *task)
{
	struct tp_error err = { 0 };

	if (volumes_link(
		    executor, task->info->resources, task->info->n_resources, &err) >= 0)
		return true;
	status_end_task(task,
		&(struct status_reason){
			.state = TP_TASK_FAILED,
			.reason = TP_REASON_CONTAINER_UPDATE_FAILED,
			.message = err.text,
		});
	return false;
}

static void executor_send_queued(struct executor *executor)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		struct task *task = tp_map_entry(node, struct task, node);
		struct tp_executor_event_launch launch = {
			.task = (struct tp_task_info *)task->info,
		};

		if (task->place != TASK_QUEUED)
			continue;
		if (!executor_show_volumes(executor, task))
			return; /* with its end the executor is flushed again */
		if (!executor_event(executor,
			    &(struct tp_executor_event){
				    .has_type = true,
				    .type = TP_EXECUTOR_EVENT_LAUNCH,
				    .launch = &launch,
			    }))
			return; /* it goes with the next subscription */
		task_happened(task, TASK_EVENT_SENT, NULL);
	}
}

void executor_flush(struct executor *executor)
{
	if (executor->state != EXECUTOR_RUNNING || executor->limits_updating ||
		executor_waits(executor))
		return;
	if (executor->limits_stale) {
		executor->limits_stale = false;
		executor->limits_updating = true;
		containers_update(executor);
		return;
	}
	executor_send_queued(executor);
}

void executor_limits_updated(
	struct executor *executor, int status, const struct tp_error *err)
{
	struct agent *agent = executor->framework->agent;

	executor->limits_updating = false;
	if (executor->state != EXECUTOR_RUNNING)
		return;
	if (status < 0) {
		tp_warn(agent, "a container's limits cannot be changed, ending it",
			"framework=%s executor=%s container=%s error=%s",
			executor->framework->id, executor->id, executor->container_id,
			err->text);
		executor_set_end(executor, status_pick(executor->framework, TP_TASK_GONE),
			TP_REASON_CONTAINER_UPDATE_FAILED, err->text);
		executor_destroy_container(executor);
		return;
	}
	executor_flush(executor);
}
