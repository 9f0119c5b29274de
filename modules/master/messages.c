/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framework messages both ways: at most once, in no particular order, never stored. Executors
 * that exit are told to their framework as FAILURE and give back what they held.
 */
#include "messages.h"

#include "agents.h"
#include "counters.h"
#include "executors.h"
#include "frameworks.h"
#include "idrecord.h"
#include "native.h"

int messages_call(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_message *body = call->message;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct agent *a = agents_find(m, body->agent_id->value);
	struct tp_framework_to_executor *out =
		tp_record_new(&tp_framework_to_executor_desc, arena);

	(void)err;
	if (a == NULL || !agent_connected(a)) {
		counter_add(m, COUNTER_INVALID_FRAMEWORK_TO_EXECUTOR, 1);
		tp_debug(m, "dropping a message to an executor, its agent is away",
			"framework=%s executor=%s agent=%s", f->id,
			body->executor_id->value, body->agent_id->value);
		return 0;
	}
	out->agent_id = body->agent_id;
	out->framework_id = framework_id_record(arena, f->id);
	out->executor_id = body->executor_id;
	out->data = body->data;
	agent_send(
		a, TP_MESSAGE_FRAMEWORK_TO_EXECUTOR, &tp_framework_to_executor_desc, out);
	counter_add(m, COUNTER_VALID_FRAMEWORK_TO_EXECUTOR, 1);
	return 0;
}

int messages_shutdown(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_shutdown *body = call->shutdown;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct agent *a = agents_find(m, body->agent_id->value);
	struct tp_shutdown_executor *out =
		tp_record_new(&tp_shutdown_executor_desc, arena);

	(void)err;
	if (a == NULL) {
		tp_warn(m, "ignoring the shutdown of an executor on an unknown agent",
			"framework=%s executor=%s agent=%s", f->id,
			body->executor_id->value, body->agent_id->value);
		return 0;
	}
	out->framework_id = framework_id_record(arena, f->id);
	out->executor_id = body->executor_id;
	agent_send(a, TP_MESSAGE_SHUTDOWN_EXECUTOR, &tp_shutdown_executor_desc, out);
	return 0;
}

void messages_on_executor_to_framework(struct master *m, struct tp_message *message)
{
	const struct tp_executor_to_framework *body = message->body;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);
	struct framework *f = frameworks_find(m, body->framework_id->value);
	struct agent *a = native_agent(m, message->peer);

	counter_add(m, COUNTER_MESSAGES_EXECUTOR_TO_FRAMEWORK, 1);
	if (f == NULL || a == NULL || !framework_connected(f)) {
		counter_add(m, COUNTER_INVALID_EXECUTOR_TO_FRAMEWORK, 1);
		return;
	}
	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_MESSAGE;
	event->message = tp_record_new(&tp_scheduler_event_message_desc, arena);
	event->message->agent_id = body->agent_id;
	event->message->executor_id = body->executor_id;
	event->message->data = body->data;
	framework_send(f, event);
	counter_add(m, COUNTER_VALID_EXECUTOR_TO_FRAMEWORK, 1);
}

void messages_failure(
	struct framework *f, const char *agent_id, const char *executor_id, int status)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_FAILURE;
	event->failure = tp_record_new(&tp_scheduler_event_failure_desc, arena);
	event->failure->agent_id = agent_id_record(arena, agent_id);
	if (executor_id != NULL) {
		event->failure->executor_id = executor_id_record(arena, executor_id);
		event->failure->has_status = true;
		event->failure->status = status;
	}
	framework_send(f, event);
}

void messages_agent_lost(struct master *m, const char *agent_id)
{
	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		struct framework *f = frameworks_at(m, i);

		if (f != NULL && framework_connected(f))
			messages_failure(f, agent_id, NULL, 0);
	}
}

void messages_on_exited_executor(struct master *m, struct tp_message *message)
{
	const struct tp_exited_executor *body = message->body;
	struct framework *f = frameworks_find(m, body->framework_id->value);
	struct agent *a = native_agent(m, message->peer);
	struct executor *e;

	counter_add(m, COUNTER_MESSAGES_EXITED_EXECUTOR, 1);
	if (f == NULL || a == NULL)
		return;
	e = executors_find(a, f, body->executor_id->value);
	if (e == NULL)
		return; /* a command task's, or one that was removed before */
	tp_info(m, "executor exited", "framework=%s executor=%s agent=%s status=%d",
		f->id, e->id, a->id, body->status);
	messages_failure(f, a->id, e->id, body->status);
	executors_remove(e);
}
