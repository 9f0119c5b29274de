/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of status updates. The master keeps no copy of what it forwards: when the scheduler
 * is away the agent sends again. A task's resources are free with its first terminal state; the
 * task itself stays until the update that says so was acknowledged.
 */
#include "updates.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "changes.h"
#include "counters.h"
#include "executors.h"
#include "frameworks.h"
#include "idrecord.h"
#include "native.h"
#include "tasks.h"
#include "use.h"

int updates_state_for(const struct framework *f, int state)
{
	return tp_task_state_for(
		state, framework_can(f, TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE));
}

struct tp_task_status *updates_status(
	const struct master *m, const struct update *update, struct tp_arena *arena)
{
	struct tp_task_status *status = tp_record_new(&tp_task_status_desc, arena);

	status->task_id = task_id_record(arena, update->task_id);
	if (update->agent_id != NULL)
		status->agent_id = agent_id_record(arena, update->agent_id);
	if (update->executor_id != NULL)
		status->executor_id = executor_id_record(arena, update->executor_id);
	status->has_state = true;
	status->state = update->state;
	status->has_source = true;
	status->source = TP_SOURCE_MASTER;
	status->has_reason = true;
	status->reason = update->reason;
	status->message = update->message;
	status->has_timestamp_ns = true;
	status->timestamp_ns = tp_loop_wall_ns(m->instance.loop);
	if (update->unreachable_ns != 0)
		status->unreachable_time = time_record(arena, update->unreachable_ns);
	return status;
}

int updates_forward(struct framework *f, struct tp_task_status *status)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_UPDATE;
	event->update = tp_record_new(&tp_scheduler_event_update_desc, arena);
	event->update->status = status;
	return framework_send(f, event);
}

void updates_send(struct framework *f, const struct update *update)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_task_status *status = updates_status(f->master, update, arena);

	counters_task_status(f->master, status);
	updates_forward(f, status);
}

void updates_send_answer(struct framework *f, const struct update *update)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);

	updates_forward(f, updates_status(f->master, update, arena));
}

/* --- what a status does to a task ------------------------------------------------------ */

/* The next state, and what the task used is free if the row says so. */
static void advance(struct master *m, struct task *task,
	const struct tp_task_transition *t, int brings)
{
	bool aware = framework_can(
		task->framework, TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE);

	task_set_state(m, task, tp_task_next(t, task->state, brings, aware));
	if (t->actions & TP_TASK_ACTION_RELEASE)
		use_release(task->framework, task->agent, &task->resources);
}

static void put_away(struct master *m, struct task *task, uint32_t actions)
{
	if (actions & TP_TASK_ACTION_SET_ASIDE)
		tasks_set_aside(m, task);
	else if (actions & TP_TASK_ACTION_BURY)
		tasks_complete(m, task);
}

void updates_happened(
	struct master *m, struct task *task, const struct happening *happening)
{
	const struct tp_task_transition *t =
		tp_task_transition(task->state, happening->event, task->state);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct update update = { .task_id = task->id,
		.agent_id = happening->agent_id,
		.executor_id = task->executor_id,
		.reason = t->reason,
		.message = happening->message,
		.unreachable_ns = happening->unreachable_ns };
	struct tp_task_status *status;

	advance(m, task, t, task->state);
	if (t->reason >= 0) {
		update.state = task->state;
		status = updates_status(m, &update, arena);
		counters_task_status(m, status);
		task_add_status(task, status);
		changes_task_updated(m, task, status);
		if ((t->actions & TP_TASK_ACTION_TELL) && !task->disowned)
			updates_forward(task->framework, status);
	}
	put_away(m, task, t->actions);
}

static void acknowledge(struct agent *a, const struct framework *f,
	struct tp_task_id *task_id, struct tp_bytes uuid)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_status_update_ack *body =
		tp_record_new(&tp_status_update_ack_desc, arena);

	body->agent_id = agent_id_record(arena, a->id);
	body->framework_id = framework_id_record(arena, f->id);
	body->task_id = task_id;
	body->uuid = uuid;
	agent_send(a, TP_MESSAGE_STATUS_UPDATE_ACK, &tp_status_update_ack_desc, body);
}

/* --- from agents ----------------------------------------------------------------------- */

static void apply(
	struct master *m, struct task *task, const struct tp_status_update *update)
{
	const struct tp_task_status *status = update->status;
	bool was_over = tp_task_state_is_terminal(task->state);
	int latest = update->has_latest_state ? update->latest_state : status->state;

	advance(m, task, tp_task_transition(task->state, TP_TASK_EVENT_REPORTED, latest),
		latest);
	task->has_status_state = true;
	task->status_state = (uint8_t)status->state;
	task->has_uuid = update->uuid.len == sizeof task->uuid;
	if (task->has_uuid)
		memcpy(task->uuid, update->uuid.data, sizeof task->uuid);
	task_add_status(task, status);
	if (!was_over && tp_task_state_is_terminal(task->state))
		counters_task_status(m, status);
	changes_task_updated(m, task, status);
	executors_heard(task);
	if (!task->has_uuid && tp_task_state_is_terminal(status->state))
		tasks_complete(m, task);
}

/* Its framework hears nothing of it any more: the acknowledgement is ours. */
static void apply_disowned(
	struct master *m, struct task *task, const struct tp_status_update *update)
{
	struct tp_status_update last_word = *update;

	if (update->uuid.len > 0)
		acknowledge(task->agent, task->framework, update->status->task_id,
			update->uuid);
	last_word.uuid = (struct tp_bytes){ NULL, 0 };
	apply(m, task, &last_word);
}

void updates_on_status_update(struct master *m, struct tp_message *message)
{
	const struct tp_status_update *update = message->body;
	struct tp_task_status *status = update->status;
	struct agent *a = native_agent(m, message->peer);
	struct framework *f = frameworks_find(m, update->framework_id->value);
	struct task *task;

	counter_add(m, COUNTER_MESSAGES_STATUS_UPDATE, 1);
	if (a == NULL || f == NULL) {
		counter_add(m, COUNTER_INVALID_STATUS_UPDATES, 1);
		tp_warn(m, "dropping an update of an unknown agent or framework",
			"framework=%s task=%s", update->framework_id->value,
			status->task_id->value);
		return;
	}
	if (status->uuid.len == 0 && update->uuid.len != 0)
		status->uuid = update->uuid;
	tp_debug(m, "status update", "framework=%s task=%s state=%d agent=%s", f->id,
		status->task_id->value, status->state, a->id);
	task = tasks_find(f, status->task_id->value);
	if (task != NULL && task->agent == a && task->disowned) {
		counter_add(m, COUNTER_VALID_STATUS_UPDATES, 1);
		apply_disowned(m, task, update);
		return;
	}
	updates_forward(f, status);
	if (task == NULL || task->agent != a) {
		counter_add(m, COUNTER_INVALID_STATUS_UPDATES, 1);
		return;
	}
	counter_add(m, COUNTER_VALID_STATUS_UPDATES, 1);
	apply(m, task, update);
}

/* --- acknowledgements ------------------------------------------------------------------ */

int updates_acknowledge(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_acknowledge *ack = call->acknowledge;
	struct agent *a = agents_find(m, ack->agent_id->value);
	struct task *task = tasks_find(f, ack->task_id->value);

	counter_add(m, COUNTER_MESSAGES_STATUS_UPDATE_ACKNOWLEDGEMENT, 1);
	if (ack->uuid.len != 16)
		return tp_fail(
			err, EINVAL, "Expecting 'acknowledge.uuid' to be 16 bytes");
	if (a == NULL || !agent_connected(a)) {
		/* The agent will send the update again when it is back. */
		counter_add(m, COUNTER_INVALID_STATUS_UPDATE_ACKNOWLEDGEMENTS, 1);
		return 0;
	}
	if (task != NULL && task->agent == a && task->has_uuid &&
		memcmp(task->uuid, ack->uuid.data, sizeof task->uuid) == 0 &&
		tp_task_state_is_terminal(task->status_state))
		put_away(m, task,
			tp_task_transition(task->state, TP_TASK_EVENT_ACKNOWLEDGED, 0)
				->actions);
	counter_add(m, COUNTER_VALID_STATUS_UPDATE_ACKNOWLEDGEMENTS, 1);
	acknowledge(a, f, ack->task_id, ack->uuid);
	return 0;
}
