/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What executors say. SUBSCRIBE makes an executor RUNNING, replays what it could not deliver and
 * brings it its queued tasks; a second SUBSCRIBE closes the first stream. After the agent was
 * away, tasks that the executor never got are dropped: the framework launches them again.
 */
#include "executor_api.h"

#include <string.h>

#include "tepui/record.h"
#include "tepui/wire/executor.h"
#include "tepui/wire/internal.h"

#include "calls.h"
#include "executors.h"
#include "frameworks.h"
#include "kill.h"
#include "metrics.h"
#include "recover.h"
#include "registration.h"
#include "shutdown.h"
#include "status.h"
#include "tasks.h"

static void send_subscribed(struct executor *executor)
{
	struct tp_container_id container = { .value = executor->container_id };
	struct tp_executor_event_subscribed subscribed = {
		.executor_info = executor->info,
		.framework_info = executor->framework->info,
		.agent_info = executor->framework->agent->info,
		.container_id = &container,
	};

	executor_event(executor,
		&(struct tp_executor_event){
			.has_type = true,
			.type = TP_EXECUTOR_EVENT_SUBSCRIBED,
			.subscribed = &subscribed,
		});
}

static const char *check_status(const struct tp_task_status *status)
{
	if (status->uuid.data == NULL || status->uuid.len != 16)
		return "Expecting 'uuid' of 16 bytes to be present";
	if (!status->has_source || status->source != TP_SOURCE_EXECUTOR)
		return "Expecting 'source' to be SOURCE_EXECUTOR";
	if (!status->has_state || status->state == TP_TASK_STAGING)
		return "TASK_STAGING is not a state that executors report";
	return NULL;
}

static bool is_unacknowledged(
	const struct tp_executor_call_subscribe *subscribe, const char *task_id)
{
	for (size_t i = 0; subscribe != NULL && i < subscribe->n_unacknowledged_tasks;
		i++) {
		if (tp_streq(subscribe->unacknowledged_tasks[i]->task_id->value, task_id))
			return true;
	}
	return false;
}

/* Tasks that were sent, or may have been, and never arrived. */
static void drop_lost_tasks(
	struct executor *executor, const struct tp_executor_call_subscribe *subscribe)
{
	const struct status_reason why = {
		.state = status_pick(executor->framework, TP_TASK_DROPPED),
		.reason = TP_REASON_AGENT_RESTARTED,
		.message = "Task unknown to its executor after a reconnection",
	};
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		struct task *task = tp_map_entry(node, struct task, node);

		if (task->place == TASK_LAUNCHED && task->state == TP_TASK_STAGING &&
			!is_unacknowledged(subscribe, task->id))
			status_end_task(task, &why);
	}
}

static void replay_updates(
	struct executor *executor, const struct tp_executor_call_subscribe *subscribe)
{
	for (size_t i = 0; i < subscribe->n_unacknowledged_updates; i++) {
		const struct tp_task_status *status =
			subscribe->unacknowledged_updates[i]->status;

		if (check_status(status) == NULL)
			status_from_executor(executor, status, NULL);
	}
}

/* The stream stands: what was missed goes both ways. */
static void begin_stream(struct agent *agent, struct executor *executor,
	const struct tp_executor_call_subscribe *subscribe)
{
	bool first = executor->state == EXECUTOR_REGISTERING && !executor->recovered;

	tp_timer_disarm(agent->instance.loop, &executor->timer);
	executor->state = EXECUTOR_RUNNING;
	tp_debug(agent, "executor subscribed", "framework=%s executor=%s",
		executor->framework->id, executor->id);
	send_subscribed(executor);
	if (subscribe != NULL)
		replay_updates(executor, subscribe);
	if (!first)
		drop_lost_tasks(executor, subscribe);
	executor_flush(executor);
	kill_resume(executor);
	if (executor->command && !first && executor_is_idle(executor))
		shutdown_executor(executor);
	recover_check(agent);
}

static void on_subscribe(struct agent *agent, struct executor *executor,
	const struct tp_executor_call *call, struct tp_submission *submission)
{
	/* The call is gone once it is answered, and events come after the answer. */
	struct tp_arena *arena = tp_arena_create(0);
	const struct tp_executor_call_subscribe *subscribe =
		tp_record_copy(&tp_executor_call_subscribe_desc, call->subscribe, arena);
	struct tp_sink *old = executor->sink;

	executor->sink = submission->sink;
	executor->sink->subject = executor;
	submission->done(submission, 200, NULL, NULL, NULL);
	if (old != NULL && old != executor->sink)
		old->ops->close(old);
	if (executor->state == EXECUTOR_REGISTERING ||
		executor->state == EXECUTOR_RUNNING)
		begin_stream(agent, executor, subscribe);
	else
		shutdown_tell(executor);
	tp_arena_destroy(arena);
}

static void on_update(struct executor *executor, const struct tp_executor_call *call,
	struct tp_submission *submission)
{
	struct tp_error err;
	const char *wrong = call->update == NULL ? "Expecting 'update' to be present"
						 : check_status(call->update->status);

	if (wrong != NULL) {
		executor->framework->agent->metrics->invalid_status_updates.value++;
		calls_refuse(submission, 400, wrong);
		return;
	}
	if (status_from_executor(executor, call->update->status, &err) < 0) {
		calls_refuse(submission, 503, err.text);
		return;
	}
	submission->done(submission, 202, NULL, NULL, NULL);
}

static void on_message(struct agent *agent, struct executor *executor,
	const struct tp_executor_call *call, struct tp_submission *submission)
{
	struct tp_executor_to_framework message = {
		.agent_id = agent->info->id,
		.framework_id = executor->framework->info->id,
		.executor_id = executor->info->executor_id,
	};

	if (call->message == NULL) {
		agent->metrics->invalid_framework_messages.value++;
		calls_refuse(submission, 400, "Expecting 'message' to be present");
		return;
	}
	message.data = call->message->data;
	registration_send(agent, TP_MESSAGE_EXECUTOR_TO_FRAMEWORK,
		&tp_executor_to_framework_desc, &message);
	agent->metrics->valid_framework_messages.value++;
	submission->done(submission, 202, NULL, NULL, NULL);
}

void executor_api_submit(struct agent *agent, struct tp_submission *submission)
{
	const struct tp_executor_call *call = submission->call;
	int type = call->has_type ? call->type : TP_EXECUTOR_CALL_UNKNOWN;
	struct framework *framework = framework_find(agent, call->framework_id->value);
	struct executor *executor =
		executor_find(agent, call->framework_id->value, call->executor_id->value);

	if (framework == NULL) {
		calls_refuse(submission, 400, "Framework cannot be found");
		return;
	}
	if (executor == NULL) {
		calls_refuse(submission, 400, "Executor cannot be found");
		return;
	}
	if (type == TP_EXECUTOR_CALL_SUBSCRIBE && submission->sink != NULL) {
		on_subscribe(agent, executor, call, submission);
		return;
	}
	if (executor->sink == NULL || executor->sink != submission->sink) {
		calls_refuse(submission, 403, "Executor is not subscribed");
		return;
	}
	switch (type) {
	case TP_EXECUTOR_CALL_UPDATE:
		on_update(executor, call, submission);
		return;
	case TP_EXECUTOR_CALL_MESSAGE:
		on_message(agent, executor, call, submission);
		return;
	case TP_EXECUTOR_CALL_HEARTBEAT:
		submission->done(submission, 202, NULL, NULL, NULL);
		return;
	default:
		calls_refuse(submission, 501, "Unknown or missing 'type' of call");
	}
}

void executor_api_gone(struct agent *agent, struct tp_sink *sink)
{
	struct executor *executor = sink->subject;

	if (executor == NULL || executor->sink != sink)
		return;
	executor->sink = NULL;
	tp_debug(agent, "executor disconnected", "framework=%s executor=%s",
		executor->framework->id, executor->id);
}
