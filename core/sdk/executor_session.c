/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session with the agent, and the time without one.
 *
 *	dialling ─up─► SUBSCRIBE ─SUBSCRIBED─► subscribed ─down─┬─ checkpoint ─► dialling, recovery runs
 *	                                                        └─ else ─► lost
 *	recovery is over ─► lost: shutdown(), and whoever has not ended when the grace is over is killed
 */
#include <errno.h>
#include <string.h>

#include "core/sdk/executor.h"
#include "tepui/record.h"

#define SUBSCRIBE_TIMEOUT_NS (15 * TP_SEC)
/* How long an executor without checkpoint looks for the agent that started it. */
#define FIRST_TIMEOUT_NS TP_MIN
#define PATIENT_AFTER_NS TP_MIN

/* --- without an agent ------------------------------------------------------------------ */

/* The grace begins also for who was told to end before. */
static void agent_is_lost(struct tp_executor_driver *self)
{
	tp_timer_disarm(self->instance.loop, &self->recovery);
	self->agent_lost = true;
	if (self->shutdown_grace_ns >= 0)
		tp_timer_arm(
			self->instance.loop, &self->suicide, self->shutdown_grace_ns);
	if (self->stopping)
		executor_end(self, TP_DRIVER_STOPPED);
	else
		executor_shutdown(self);
}

static void on_recovery_timeout(struct tp_timer *timer)
{
	agent_is_lost(tp_container_of(timer, struct tp_executor_driver, recovery));
}

static void on_suicide(struct tp_timer *timer)
{
	struct tp_executor_driver *self =
		tp_container_of(timer, struct tp_executor_driver, suicide);

	self->kill(self->user);
}

static void on_redial(struct tp_timer *timer)
{
	struct tp_executor_driver *self =
		tp_container_of(timer, struct tp_executor_driver, redial);

	if (!self->subscribed)
		tp_link_reconnect(self->link);
}

static void wait_for_agent(struct tp_executor_driver *self)
{
	int64_t ns = self->recovery_timeout_ns;

	if (!self->checkpoint && ns > FIRST_TIMEOUT_NS)
		ns = FIRST_TIMEOUT_NS;
	if (!tp_timer_armed(&self->recovery) && !self->agent_lost)
		tp_timer_arm(self->instance.loop, &self->recovery, ns);
}

/* After its first minute the link grows patient, but an agent that returns does not wait. */
static void dial_often(struct tp_executor_driver *self)
{
	int64_t now = tp_loop_now_ns(self->instance.loop);

	if (self->away_since_ns < 0)
		self->away_since_ns = now;
	if (now - self->away_since_ns >= PATIENT_AFTER_NS)
		tp_timer_arm(self->instance.loop, &self->redial, self->backoff_max_ns);
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct tp_executor_driver *self = user;
	bool was_subscribed = self->subscribed;

	(void)was_up;
	self->subscribed = false;
	if (self->status != TP_DRIVER_RUNNING)
		return;
	if (why->code == EACCES) {
		executor_fail(self, why->text);
		return;
	}
	if (was_subscribed && self->executor->disconnected != NULL)
		self->executor->disconnected(self, self->user);
	if (self->status != TP_DRIVER_RUNNING)
		return;
	if (was_subscribed && !self->checkpoint)
		agent_is_lost(self);
	if (self->status != TP_DRIVER_RUNNING)
		return;
	wait_for_agent(self);
	dial_often(self);
}

/* --- subscription ---------------------------------------------------------------------- */

/* Not now: again with another session, soon. */
static void subscribe_later(struct tp_executor_driver *self)
{
	wait_for_agent(self);
	tp_timer_arm(self->instance.loop, &self->redial, self->backoff_max_ns);
}

static void on_subscribe_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct tp_executor_driver *self =
		tp_container_of(call, struct tp_executor_driver, subscribe);

	switch (reply->status) {
	case 0:
	case -ENOTCONN: /* a lost session is dialled again */
	case -ECANCELED:
		break;
	case -ETIMEDOUT:
	case -EAGAIN: /* the agent recovers */
	case -ESHUTDOWN:
	case -EIO:
		subscribe_later(self);
		break;
	default:
		executor_fail(self, reply->text);
	}
}

static struct tp_executor_call *subscribe_call(
	struct tp_executor_driver *self, struct tp_arena *arena)
{
	struct tp_executor_call_subscribe *subscribe =
		tp_record_new(&tp_executor_call_subscribe_desc, arena);
	struct tp_executor_call *call = tp_record_new(&tp_executor_call_desc, arena);
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->tasks) {
		tp_arena_push(arena, &subscribe->unacknowledged_tasks,
			&subscribe->n_unacknowledged_tasks,
			tp_container_of(node, struct executor_task, node)->info);
	}
	tp_list_foreach (node, tmp, &self->updates) {
		tp_arena_push(arena, &subscribe->unacknowledged_updates,
			&subscribe->n_unacknowledged_updates,
			tp_container_of(node, struct executor_update, node)->call);
	}
	call->framework_id = &self->framework_id;
	call->executor_id = &self->executor_id;
	call->has_type = true;
	call->type = TP_EXECUTOR_CALL_SUBSCRIBE;
	call->subscribe = subscribe;
	return call;
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct tp_executor_driver *self = user;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err;

	(void)server;
	tp_timer_disarm(self->instance.loop, &self->redial);
	self->subscribe = (struct tp_call){ .done = on_subscribe_answer };
	if (tp_link_call(self->link, &self->subscribe, TP_MESSAGE_EXECUTOR_CALL,
		    &tp_executor_call_desc, subscribe_call(self, arena),
		    SUBSCRIBE_TIMEOUT_NS, &err) < 0)
		subscribe_later(self);
}

int executor_send(
	struct tp_executor_driver *self, struct tp_executor_call *call, int type)
{
	if (!self->subscribed)
		return -ENOTCONN;
	call->framework_id = &self->framework_id;
	call->executor_id = &self->executor_id;
	call->has_type = true;
	call->type = type;
	return tp_link_send(
		self->link, TP_MESSAGE_EXECUTOR_CALL, &tp_executor_call_desc, call);
}

/* --- all of it ------------------------------------------------------------------------- */

void executor_session_init(struct tp_executor_driver *self)
{
	self->recovery.fire = on_recovery_timeout;
	self->suicide.fire = on_suicide;
	self->redial.fire = on_redial;
	self->away_since_ns = -1;
}

int executor_session_begin(struct tp_executor_driver *self, struct tp_error *err)
{
	static const struct tp_handler handlers[] = {
		{ TP_MESSAGE_EXECUTOR_EVENT, 0, &tp_executor_event_desc,
			executor_on_event },
	};
	const struct tp_link_config config = {
		.instance = &self->instance,
		.transport = self->transport,
		.self = { .kind = "executor", .id = self->session_id },
		.urls = self->address,
		.handlers = handlers,
		.n_handlers = TP_COUNT(handlers),
		.user = self,
		.up = on_up,
		.down = on_down,
	};

	return tp_link_create(&config, &self->link, err);
}

void executor_session_end(struct tp_executor_driver *self)
{
	struct tp_link *link = self->link;

	self->link = NULL;
	self->subscribed = false;
	tp_timer_disarm(self->instance.loop, &self->recovery);
	tp_timer_disarm(self->instance.loop, &self->redial);
	tp_timer_disarm(self->instance.loop, &self->suicide);
	tp_link_destroy(link);
}
