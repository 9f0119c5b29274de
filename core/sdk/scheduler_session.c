/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session with the leading master. Where that is say the addresses of the options, or an
 * election; while no leader is known there is no link, so that nobody's messages are heard.
 *
 *	no leader ─known─► link dials ─up─► SUBSCRIBE ─SUBSCRIBED─► subscribed
 *	   ▲                 ▲  └───────────────┴ "later" ─retry─┘    │
 *	   └── unknown ──────┴──────────── down ──────────────────────┘
 *
 * A scheduler never introduces itself by its id in HELLO: who may speak for a framework is
 * decided by its subscription, which also tells the scheduler that was replaced.
 */
#include <errno.h>
#include <string.h>

#include "core/sdk/scheduler.h"

#define SUBSCRIBE_TIMEOUT_NS (15 * TP_SEC)
#define RETRY_SLOW_AFTER_NS TP_MIN
#define RETRY_MAX_NS TP_MIN
/* Nobody dials more often for the sake of a short failover_timeout. */
#define REDIAL_MIN_NS (2 * TP_SEC)

/* --- when to try again ----------------------------------------------------------------- */

/* xorshift: spreads the schedulers of a cluster, no more. */
static int64_t jitter(struct tp_scheduler_driver *self, int64_t spread_ns)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 7;
	self->random ^= self->random << 17;
	return (int64_t)(self->random % (uint64_t)(spread_ns + 1));
}

/* The framework must not end because its scheduler was too polite. INT64_MAX: no haste. */
static int64_t haste_ns(const struct tp_scheduler_driver *self)
{
	int64_t ns = self->framework->failover_timeout_ns;

	if (!self->framework->has_failover_timeout_ns || ns <= 0)
		return INT64_MAX;
	return ns / 10 > REDIAL_MIN_NS ? ns / 10 : REDIAL_MIN_NS;
}

/* In haste for a minute, then twice as long each time. */
static void retry_later(struct tp_scheduler_driver *self)
{
	int64_t now = tp_loop_now_ns(self->instance.loop);
	int64_t base = self->registration_backoff_ns;
	int64_t haste = haste_ns(self);

	if (self->refused_since_ns < 0)
		self->refused_since_ns = now;
	if (self->retry_ns == 0)
		self->retry_ns = base;
	else if (now - self->refused_since_ns >= RETRY_SLOW_AFTER_NS)
		self->retry_ns *= 2;
	if (self->retry_ns > RETRY_MAX_NS)
		self->retry_ns = RETRY_MAX_NS;
	if (self->retry_ns > haste)
		self->retry_ns = haste;
	tp_timer_arm(self->instance.loop, &self->retry,
		self->retry_ns / 3 + jitter(self, self->retry_ns * 2 / 3));
}

static void on_retry(struct tp_timer *timer)
{
	struct tp_scheduler_driver *self =
		tp_container_of(timer, struct tp_scheduler_driver, retry);

	if (self->link != NULL && !self->subscribed)
		tp_link_reconnect(self->link);
}

/* --- subscription ---------------------------------------------------------------------- */

int scheduler_send(
	struct tp_scheduler_driver *self, struct tp_scheduler_call *call, int type)
{
	struct tp_framework_id id = { .value = self->framework_id };

	if (self->link == NULL || !self->subscribed)
		return -ENOTCONN;
	call->framework_id = &id;
	call->has_type = true;
	call->type = type;
	return tp_link_send(
		self->link, TP_MESSAGE_SCHEDULER_CALL, &tp_scheduler_call_desc, call);
}

static void on_subscribe_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct tp_scheduler_driver *self =
		tp_container_of(call, struct tp_scheduler_driver, subscribe);

	/* A session that is over is dialled again by the link. */
	if (reply->status == 0 || reply->status == -ENOTCONN ||
		reply->status == -ECANCELED)
		return;
	if (scheduler_is_later(reply->status))
		retry_later(self);
	else
		scheduler_fail(self, reply->text);
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct tp_scheduler_driver *self = user;
	struct tp_framework_id id = { .value = self->framework_id };
	struct tp_scheduler_call_subscribe subscribe = {
		.framework_info = self->framework,
		.suppressed_roles = self->suppressed_roles,
		.n_suppressed_roles = self->n_suppressed_roles,
		.scheduler = self->own_name,
		.has_returns = self->was_registered,
		.returns = self->was_registered,
	};
	struct tp_scheduler_call call = {
		.framework_id = self->framework_id == NULL ? NULL : &id,
		.has_type = true,
		.type = TP_SCHEDULER_CALL_SUBSCRIBE,
		.subscribe = &subscribe,
	};
	struct tp_error err;

	(void)server;
	tp_timer_disarm(self->instance.loop, &self->retry);
	self->framework->id = call.framework_id;
	self->subscribe = (struct tp_call){ .done = on_subscribe_answer };
	if (tp_link_call(self->link, &self->subscribe, TP_MESSAGE_SCHEDULER_CALL,
		    &tp_scheduler_call_desc, &call, SUBSCRIBE_TIMEOUT_NS, &err) < 0)
		retry_later(self);
	self->framework->id = NULL;
}

static void went_down(struct tp_scheduler_driver *self)
{
	bool was_subscribed = self->subscribed;

	self->subscribed = false;
	scheduler_reconcile_end(self);
	if (was_subscribed && scheduler_running(self) &&
		self->scheduler->disconnected != NULL)
		self->scheduler->disconnected(self, self->user);
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct tp_scheduler_driver *self = user;
	int64_t haste = haste_ns(self);

	(void)was_up;
	if (why->code == EACCES) {
		self->subscribed = false;
		scheduler_fail(self, why->text);
		return;
	}
	if (haste < INT64_MAX && !tp_timer_armed(&self->retry))
		tp_timer_arm(self->instance.loop, &self->retry, haste);
	went_down(self);
}

/* --- the link -------------------------------------------------------------------------- */

static void link_open(struct tp_scheduler_driver *self, const char *urls)
{
	static const struct tp_handler handlers[] = {
		{ TP_MESSAGE_SCHEDULER_EVENT, 0, &tp_scheduler_event_desc,
			scheduler_on_event },
	};
	const struct tp_link_config config = {
		.instance = &self->instance,
		.transport = self->transport,
		.self = { .kind = "scheduler", .id = "" },
		.urls = urls,
		.handlers = handlers,
		.n_handlers = TP_COUNT(handlers),
		.user = self,
		.up = on_up,
		.down = on_down,
		.authenticatees = &self->authenticatees,
		.times = self->times,
		.tls = &self->tls,
	};
	struct tp_error err;

	self->retry_ns = 0;
	self->refused_since_ns = -1;
	if (tp_link_create(&config, &self->link, &err) < 0)
		scheduler_fail(self, err.text);
}

/* The calls under way are told from inside: ours do nothing then. */
static void link_close(struct tp_scheduler_driver *self)
{
	struct tp_link *link = self->link;

	self->link = NULL;
	tp_timer_disarm(self->instance.loop, &self->retry);
	tp_link_destroy(link);
}

/* --- who leads ------------------------------------------------------------------------- */

static char *leader_url(
	const struct tp_scheduler_driver *self, const struct tp_master_info *leader)
{
	const struct tp_address *address = leader->address;
	bool tls = self->tls.ca != NULL && self->tls.ca[0] != '\0';
	const char *host = leader->hostname;
	unsigned port = leader->port;

	if (address != NULL) {
		host = address->ip != NULL ? address->ip : address->hostname;
		port = address->has_port ? (unsigned)address->port : port;
	}
	if (host == NULL)
		return NULL;
	return tp_asprintf(
		strchr(host, ':') != NULL && host[0] != '[' ? "%s[%s]:%u" : "%s%s:%u",
		tls ? "tls+tcp://" : "tcp://", host, port);
}

static void on_leader(struct tp_detector *detector, const struct tp_master_info *leader)
{
	struct tp_scheduler_driver *self =
		tp_container_of(detector, struct tp_scheduler_driver, detector);
	char *url = leader == NULL ? NULL : leader_url(self, leader);
	bool is_same = url != NULL && tp_streq(url, self->leader);

	if (!scheduler_running(self) || is_same) {
		tp_free(url);
		return;
	}
	tp_free(self->leader);
	self->leader = url;
	link_close(self);
	went_down(self);
	/* disconnected() may have ended the driver. */
	if (scheduler_running(self) && self->leader != NULL)
		link_open(self, self->leader);
}

/* --- all of it ------------------------------------------------------------------------- */

void scheduler_session_begin(struct tp_scheduler_driver *self)
{
	self->retry.fire = on_retry;
	self->detector.changed = on_leader;
	if (self->election.ops != NULL)
		self->election.ops->detect(self->election.impl, &self->detector);
	else
		link_open(self, self->master);
}

void scheduler_session_end(struct tp_scheduler_driver *self)
{
	if (self->election.ops != NULL && self->detector.changed != NULL)
		self->election.ops->ignore(self->election.impl, &self->detector);
	self->detector.changed = NULL;
	self->subscribed = false;
	scheduler_reconcile_end(self);
	link_close(self);
	tp_free(self->leader);
	self->leader = NULL;
}
