/* SPDX-License-Identifier: Apache-2.0 */
/* What the master tells a framework, as callbacks of its scheduler. */
#include <string.h>

#include "core/sdk/scheduler.h"

static void on_subscribed(struct tp_scheduler_driver *self,
	const struct tp_scheduler_event_subscribed *event)
{
	const struct tp_scheduler *scheduler = self->scheduler;
	bool first = !self->was_registered;

	tp_free(self->framework_id);
	self->framework_id = tp_strdup(event->framework_id->value);
	self->was_registered = self->subscribed = true;
	self->retry_ns = 0;
	self->refused_since_ns = -1;
	if (first && scheduler->registered != NULL)
		scheduler->registered(
			self, self->user, event->framework_id, event->master_info);
	else if (!first && scheduler->reregistered != NULL)
		scheduler->reregistered(self, self->user, event->master_info);
}

static void on_offers(
	struct tp_scheduler_driver *self, const struct tp_scheduler_event_offers *event)
{
	if (self->scheduler->resource_offers != NULL)
		self->scheduler->resource_offers(
			self, self->user, event->offers, event->n_offers);
}

static void on_inverse_offers(struct tp_scheduler_driver *self,
	const struct tp_scheduler_event_inverse_offers *event)
{
	if (self->scheduler->inverse_offers != NULL)
		self->scheduler->inverse_offers(
			self, self->user, event->inverse_offers, event->n_inverse_offers);
}

/* The agent keeps an update until it hears this; ours is sent when the callback has seen it. */
static void acknowledge(struct tp_scheduler_driver *self, struct tp_task_status *status)
{
	struct tp_scheduler_call_acknowledge acknowledge = {
		.agent_id = status->agent_id,
		.task_id = status->task_id,
		.uuid = status->uuid,
	};
	struct tp_scheduler_call call = { .acknowledge = &acknowledge };

	if (status->uuid.len > 0 && status->agent_id != NULL)
		scheduler_send(self, &call, TP_SCHEDULER_CALL_ACKNOWLEDGE);
}

static void on_update(
	struct tp_scheduler_driver *self, const struct tp_scheduler_event_update *event)
{
	if (scheduler_reconcile_hears(self, event->status))
		return;
	if (self->scheduler->status_update != NULL)
		self->scheduler->status_update(self, self->user, event->status);
	if (!self->explicit_acknowledgements && scheduler_running(self))
		acknowledge(self, event->status);
}

static void on_operation_update(
	struct tp_scheduler_driver *self, const struct tp_operation_status *status)
{
	if (self->scheduler->operation_status_update != NULL)
		self->scheduler->operation_status_update(self, self->user, status);
	if (!self->explicit_acknowledgements && scheduler_running(self))
		scheduler_acknowledge_operation(self, status);
}

static void on_message(
	struct tp_scheduler_driver *self, const struct tp_scheduler_event_message *event)
{
	if (self->scheduler->framework_message != NULL)
		self->scheduler->framework_message(self, self->user, event->executor_id,
			event->agent_id, event->data.data, event->data.len);
}

static void on_failure(
	struct tp_scheduler_driver *self, const struct tp_scheduler_event_failure *event)
{
	const struct tp_scheduler *scheduler = self->scheduler;

	if (event->agent_id == NULL)
		return;
	if (event->executor_id == NULL && scheduler->agent_lost != NULL)
		scheduler->agent_lost(self, self->user, event->agent_id);
	else if (event->executor_id != NULL && scheduler->executor_lost != NULL)
		scheduler->executor_lost(self, self->user, event->executor_id,
			event->agent_id, event->has_status ? event->status : -1);
}

static void on_rescind(
	struct tp_scheduler_driver *self, const struct tp_scheduler_event *event)
{
	const struct tp_scheduler *scheduler = self->scheduler;

	if (event->rescind != NULL && scheduler->offer_rescinded != NULL)
		scheduler->offer_rescinded(self, self->user, event->rescind->offer_id);
	if (event->rescind_inverse_offer != NULL &&
		scheduler->inverse_offer_rescinded != NULL)
		scheduler->inverse_offer_rescinded(
			self, self->user, event->rescind_inverse_offer->inverse_offer_id);
}

/* Before it is subscribed it hears of that alone. */
static bool may_hear(const struct tp_scheduler_driver *self, int type)
{
	return scheduler_running(self) &&
		(self->subscribed || type == TP_SCHEDULER_EVENT_SUBSCRIBED ||
			type == TP_SCHEDULER_EVENT_ERROR);
}

void scheduler_on_event(void *user, struct tp_message *message)
{
	struct tp_scheduler_driver *self = user;
	const struct tp_scheduler_event *event = message->body;
	int type = event->has_type ? event->type : TP_SCHEDULER_EVENT_UNKNOWN;

	if (!may_hear(self, type))
		return;
	switch (type) {
	case TP_SCHEDULER_EVENT_SUBSCRIBED:
		if (event->subscribed != NULL)
			on_subscribed(self, event->subscribed);
		break;
	case TP_SCHEDULER_EVENT_OFFERS:
		if (event->offers != NULL)
			on_offers(self, event->offers);
		break;
	case TP_SCHEDULER_EVENT_INVERSE_OFFERS:
		if (event->inverse_offers != NULL)
			on_inverse_offers(self, event->inverse_offers);
		break;
	case TP_SCHEDULER_EVENT_RESCIND:
	case TP_SCHEDULER_EVENT_RESCIND_INVERSE_OFFER:
		on_rescind(self, event);
		break;
	case TP_SCHEDULER_EVENT_UPDATE:
		if (event->update != NULL)
			on_update(self, event->update);
		break;
	case TP_SCHEDULER_EVENT_UPDATE_OPERATION_STATUS:
		if (event->update_operation_status != NULL)
			on_operation_update(self, event->update_operation_status->status);
		break;
	case TP_SCHEDULER_EVENT_MESSAGE:
		if (event->message != NULL)
			on_message(self, event->message);
		break;
	case TP_SCHEDULER_EVENT_FAILURE:
		if (event->failure != NULL)
			on_failure(self, event->failure);
		break;
	case TP_SCHEDULER_EVENT_ERROR:
		scheduler_fail(self, event->error != NULL ? event->error->message : "");
		break;
	default:
		break; /* HEARTBEAT, and what later masters may say */
	}
}
