/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent tells an executor, as callbacks: one at a time, the next when it returned. */
#include <string.h>

#include "core/sdk/executor.h"
#include "tepui/record.h"

static void on_subscribed(
	struct tp_executor_driver *self, const struct tp_executor_event_subscribed *event)
{
	bool first = !self->was_registered;

	self->was_registered = self->subscribed = true;
	self->agent_lost = false;
	self->away_since_ns = -1;
	tp_timer_disarm(self->instance.loop, &self->recovery);
	tp_timer_disarm(self->instance.loop, &self->suicide);
	if (first && self->executor->registered != NULL)
		self->executor->registered(self, self->user, event->executor_info,
			event->framework_info, event->agent_info);
	else if (!first && self->executor->reregistered != NULL)
		self->executor->reregistered(self, self->user, event->agent_info);
}

/* --- tasks ----------------------------------------------------------------------------- */

static void task_remember(
	struct tp_executor_driver *self, const struct tp_task_info *info)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct executor_task *task = tp_arena_alloc(arena, sizeof(*task));

	task->arena = arena;
	task->info = tp_record_copy(&tp_task_info_desc, info, arena);
	tp_list_append(&self->tasks, &task->node);
}

static void launch_task(struct tp_executor_driver *self, const struct tp_task_info *task)
{
	if (self->status == TP_DRIVER_RUNNING && self->executor->launch_task != NULL)
		self->executor->launch_task(self, self->user, task);
}

static void on_launch_group(
	struct tp_executor_driver *self, const struct tp_task_group_info *group)
{
	for (size_t i = 0; i < group->n_tasks; i++)
		task_remember(self, group->tasks[i]);
	if (self->executor->launch_task_group != NULL) {
		self->executor->launch_task_group(self, self->user, group);
		return;
	}
	for (size_t i = 0; i < group->n_tasks; i++)
		launch_task(self, group->tasks[i]);
}

/* --- acknowledgements ------------------------------------------------------------------ */

static void task_acknowledged(struct tp_executor_driver *self, const char *task_id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->tasks) {
		struct executor_task *task =
			tp_container_of(node, struct executor_task, node);

		if (tp_streq(task->info->task_id->value, task_id))
			executor_task_free(task);
	}
}

static void on_acknowledged(struct tp_executor_driver *self,
	const struct tp_executor_event_acknowledged *event)
{
	struct tp_list *node, *tmp;

	task_acknowledged(self, event->task_id->value);
	tp_list_foreach (node, tmp, &self->updates) {
		struct executor_update *update =
			tp_container_of(node, struct executor_update, node);
		const struct tp_bytes *uuid = &update->call->status->uuid;

		if (uuid->len == event->uuid.len &&
			memcmp(uuid->data, event->uuid.data, uuid->len) == 0)
			executor_update_free(update);
	}
	if (self->stopping && tp_list_empty(&self->updates))
		executor_end(self, TP_DRIVER_STOPPED);
}

/* --- all of them ----------------------------------------------------------------------- */

void executor_on_event(void *user, struct tp_message *message)
{
	struct tp_executor_driver *self = user;
	const struct tp_executor_event *event = message->body;

	if (self->status != TP_DRIVER_RUNNING)
		return;
	switch (event->has_type ? event->type : TP_EXECUTOR_EVENT_UNKNOWN) {
	case TP_EXECUTOR_EVENT_SUBSCRIBED:
		if (event->subscribed != NULL)
			on_subscribed(self, event->subscribed);
		break;
	case TP_EXECUTOR_EVENT_LAUNCH:
		if (event->launch != NULL) {
			task_remember(self, event->launch->task);
			launch_task(self, event->launch->task);
		}
		break;
	case TP_EXECUTOR_EVENT_LAUNCH_GROUP:
		if (event->launch_group != NULL)
			on_launch_group(self, event->launch_group->task_group);
		break;
	case TP_EXECUTOR_EVENT_KILL:
		if (event->kill != NULL && self->executor->kill_task != NULL)
			self->executor->kill_task(self, self->user, event->kill->task_id,
				event->kill->kill_policy);
		break;
	case TP_EXECUTOR_EVENT_ACKNOWLEDGED:
		if (event->acknowledged != NULL)
			on_acknowledged(self, event->acknowledged);
		break;
	case TP_EXECUTOR_EVENT_MESSAGE:
		if (event->message != NULL && self->executor->framework_message != NULL)
			self->executor->framework_message(self, self->user,
				event->message->data.data, event->message->data.len);
		break;
	case TP_EXECUTOR_EVENT_SHUTDOWN:
		executor_shutdown(self);
		break;
	case TP_EXECUTOR_EVENT_ERROR:
		executor_fail(self, event->error != NULL ? event->error->message : "");
		break;
	default:
		break; /* HEARTBEAT, and what later agents may say */
	}
}
