/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, taking and acknowledging status updates. A state that an executor reports is passed on
 * as it is; only what the agent says itself is chosen by the framework's capabilities. The
 * executor hears of an acknowledgement only when the framework's has come back.
 */
#include "status.h"

#include <errno.h>

#include "tepui/ids.h"
#include "tepui/record.h"
#include "tepui/wire/internal.h"

#include "changes.h"
#include "checkpoint.h"
#include "containers.h"
#include "executors.h"
#include "frameworks.h"
#include "hooks.h"
#include "metrics.h"
#include "registration.h"
#include "tasks.h"
#include "updates.h"

static void status_forward(void *user, const struct tp_status_update *update)
{
	registration_send(user, TP_MESSAGE_STATUS_UPDATE, &tp_status_update_desc, update);
}

static void status_acknowledged(
	void *user, const struct tp_status_update *update, bool last)
{
	struct agent *agent = user;
	const struct tp_task_status *status = update->status;
	struct executor *executor = update->executor_id == NULL
		? NULL
		: executor_find(
			  agent, update->framework_id->value, update->executor_id->value);
	struct task *task;

	if (executor == NULL)
		return;
	if (status->has_source && status->source == TP_SOURCE_EXECUTOR)
		status_acknowledge_executor(executor, status, update->uuid);
	task = task_find(executor, status->task_id->value);
	if (last && task != NULL)
		task_happened(task, TASK_EVENT_ACKNOWLEDGED, NULL);
	executor_check_finished(executor);
}

void status_init(struct agent *agent)
{
	const struct updates_user user = {
		.user = agent,
		.forward = status_forward,
		.acknowledged = status_acknowledged,
	};

	agent->updates = updates_create(&agent->instance, agent->journal, &user);
}

void status_fini(struct agent *agent)
{
	updates_destroy(agent->updates);
	agent->updates = NULL;
}

static void on_acknowledgement(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	const struct tp_status_update_ack *ack = message->body;
	struct tp_error err;

	if (!tp_streq(ack->agent_id->value, agent->id)) {
		tp_warn(agent, "an acknowledgement for another agent, ignoring it",
			"agent=%s", ack->agent_id->value);
		return;
	}
	if (updates_acknowledge(agent->updates, ack->framework_id->value,
		    ack->task_id->value, ack->uuid, &err) < 0)
		tp_info(agent, "an unexpected acknowledgement, ignoring it", "why=%s",
			err.text);
}

struct handler_rows status_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_STATUS_UPDATE_ACK, 0, &tp_status_update_ack_desc,
			on_acknowledgement },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}

int status_pick(const struct framework *framework, int state)
{
	if (framework != NULL &&
		framework_can(framework, TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE))
		return state;
	return TP_TASK_LOST;
}

/* The frame of any update; the caller adds the status. */
static struct tp_status_update *update_create(struct agent *agent,
	const char *framework_id, const char *executor_id, struct tp_arena *arena)
{
	struct tp_status_update *update = tp_record_new(&tp_status_update_desc, arena);

	update->framework_id = tp_record_new(&tp_framework_id_desc, arena);
	update->framework_id->value = framework_id;
	if (executor_id != NULL) {
		update->executor_id = tp_record_new(&tp_executor_id_desc, arena);
		update->executor_id->value = executor_id;
	}
	update->agent_id = agent->info->id;
	update->has_timestamp_ns = true;
	update->timestamp_ns = tp_loop_wall_ns(agent->instance.loop);
	return update;
}

static struct tp_bytes uuid_create(struct tp_arena *arena)
{
	uint8_t *uuid = tp_arena_alloc(arena, TP_UUID_BYTES);

	tp_uuid_generate(uuid);
	return (struct tp_bytes){ uuid, TP_UUID_BYTES };
}

static struct tp_task_status *status_create(struct agent *agent,
	struct tp_status_update *update, const char *task_id,
	const struct status_reason *why, struct tp_arena *arena)
{
	struct tp_task_status *status = tp_record_new(&tp_task_status_desc, arena);

	status->task_id = tp_record_new(&tp_task_id_desc, arena);
	status->task_id->value = task_id;
	status->has_state = true;
	status->state = why->state;
	status->message = why->message;
	status->has_source = true;
	status->source = TP_SOURCE_AGENT;
	status->has_reason = true;
	status->reason = why->reason;
	status->agent_id = agent->info->id;
	status->executor_id = update->executor_id;
	status->has_timestamp_ns = true;
	status->timestamp_ns = update->timestamp_ns;
	status->uuid = update->uuid = uuid_create(arena);
	if (why->n_limited > 0) {
		status->limitation =
			tp_record_new(&tp_task_resource_limitation_desc, arena);
		status->limitation->resources = (struct tp_resource **)why->limited;
		status->limitation->n_resources = why->n_limited;
	}
	update->status = status;
	return status;
}

/* The task has a new status: remembered, told, and counted when it is over. */
static void task_changed(
	struct task *task, enum task_event event, const struct tp_task_status *status)
{
	struct executor *executor = task->executor;
	struct agent *agent = executor->framework->agent;
	uint32_t actions = task_happened(task, event, status);

	changes_task_updated(task, status);
	if ((actions & TASK_ACTION_SHRINK) == 0)
		return;
	metrics_task_ended(agent, task->state);
	if (!executor->command && executor->state == EXECUTOR_RUNNING) {
		executor->limits_stale = true;
		executor_flush(executor);
	}
}

void status_end_task(struct task *task, const struct status_reason *why)
{
	struct executor *executor = task->executor;
	struct agent *agent = executor->framework->agent;
	struct tp_status_update *update;
	struct tp_task_status *status;
	struct tp_arena *arena;

	if ((task_transition(task->place, TASK_EVENT_ENDED, true)->actions &
		    TASK_ACTION_UPDATE) == 0)
		return;
	arena = tp_arena_create(0);
	update = update_create(agent, executor->framework->id, executor->id, arena);
	status = status_create(agent, update, task->id, why, arena);
	status->container_status = tp_record_new(&tp_container_status_desc, arena);
	status->container_status->container_id =
		tp_record_new(&tp_container_id_desc, arena);
	status->container_status->container_id->value = executor->container_id;
	tp_cleanup(ptr) char *path = checkpoint_updates_path(task);
	updates_add(agent->updates, update, path, NULL);
	task_changed(task, TASK_EVENT_ENDED, status);
	tp_arena_destroy(arena);
}

void status_refuse(struct agent *agent, const char *framework_id, const char *executor_id,
	const char *task_id, const struct status_reason *why)
{
	struct tp_arena *arena;
	struct tp_status_update *update;

	/* A task ends once: that update is on its way. */
	if (updates_ended(agent->updates, framework_id, task_id))
		return;
	arena = tp_arena_create(0);
	update = update_create(agent, framework_id, executor_id, arena);
	status_create(agent, update, task_id, why, arena);
	tp_info(agent, "a task is refused", "framework=%s task=%s state=%s why=%s",
		framework_id, task_id, tp_enum_name(&tp_task_state_enum, why->state),
		why->message);
	updates_add(agent->updates, update, NULL, NULL);
	tp_arena_destroy(arena);
}

void status_acknowledge_executor(struct executor *executor,
	const struct tp_task_status *status, struct tp_bytes uuid)
{
	struct tp_executor_event_acknowledged acknowledged = {
		.task_id = status->task_id,
		.uuid = uuid,
	};

	executor_event(executor,
		&(struct tp_executor_event){
			.has_type = true,
			.type = TP_EXECUTOR_EVENT_ACKNOWLEDGED,
			.acknowledged = &acknowledged,
		});
}

/* What the agent knows better than the executor, or may know besides. */
static struct tp_status_update *complete_status(struct executor *executor,
	const struct tp_task_status *from, struct tp_arena *arena)
{
	struct agent *agent = executor->framework->agent;
	struct tp_status_update *update =
		update_create(agent, executor->framework->id, executor->id, arena);
	struct tp_task_status *status = tp_arena_memdup(arena, from, sizeof(*from));

	status->has_source = true;
	status->source = TP_SOURCE_EXECUTOR;
	status->agent_id = agent->info->id;
	status->executor_id = update->executor_id;
	if (!status->has_timestamp_ns) {
		status->has_timestamp_ns = true;
		status->timestamp_ns = update->timestamp_ns;
	}
	if (status->container_status == NULL)
		status->container_status = containers_status(executor, arena);
	hooks_task_status(executor, status, arena);
	update->status = status;
	update->uuid = status->uuid;
	return update;
}

/* Its end was acknowledged, and so was all before. */
static bool is_completed(const struct executor *executor, const char *task_id)
{
	const struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &executor->completed_tasks) {
		if (tp_streq(tp_container_of(node, struct task, completed)->id, task_id))
			return true;
	}
	return false;
}

int status_from_executor(struct executor *executor, const struct tp_task_status *from,
	struct tp_error *err)
{
	struct agent *agent = executor->framework->agent;
	struct task *task = task_find(executor, from->task_id->value);
	struct tp_arena *arena;
	struct tp_status_update *update;
	int r;

	if (executor->framework->state == FRAMEWORK_TERMINATING) {
		/* Nobody is left to tell; the executor need not wait for anybody either. */
		agent->metrics->invalid_status_updates.value++;
		status_acknowledge_executor(executor, from, from->uuid);
		return 0;
	}
	/* The executor was away when the acknowledgement came. */
	if (task == NULL && is_completed(executor, from->task_id->value)) {
		status_acknowledge_executor(executor, from, from->uuid);
		return 0;
	}
	arena = tp_arena_create(0);
	update = complete_status(executor, from, arena);
	tp_cleanup(ptr) char *path = task == NULL ? NULL : checkpoint_updates_path(task);
	r = updates_add(agent->updates, update, path, err);
	if (r == UPDATES_ACKNOWLEDGED)
		status_acknowledge_executor(executor, from, from->uuid);
	if (r == UPDATES_NEW) {
		agent->metrics->valid_status_updates.value++;
		tp_debug(agent, "status update", "framework=%s task=%s state=%s",
			executor->framework->id, from->task_id->value,
			tp_enum_name(&tp_task_state_enum, from->state));
		if (task != NULL)
			task_changed(task, TASK_EVENT_REPORTED, update->status);
	}
	tp_arena_destroy(arena);
	return r < 0 ? r : 0;
}
