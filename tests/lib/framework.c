/* SPDX-License-Identifier: Apache-2.0 */
/* See framework.h: what a scheduler hears, and its life. What it says is in framework_calls.c. */
#include "framework.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AGAIN_NS (200 * TP_MSEC)

/* --- events ---------------------------------------------------------------------------- */

static int64_t amount(const struct tp_offer *offer, const char *name, bool revocable)
{
	int64_t sum = 0;

	for (size_t i = 0; i < offer->n_resources; i++) {
		const struct tp_resource *resource = offer->resources[i];

		if (strcmp(resource->name, name) == 0 && resource->scalar != NULL &&
			(resource->revocable != NULL) == revocable)
			sum += resource->scalar->value_milli;
	}
	return sum;
}

void framework_offer_add(struct framework *f, const struct tp_offer *offer)
{
	struct framework_offer *mine = &f->offers[f->n_offers++];

	ck_assert_uint_le(f->n_offers, FRAMEWORK_OFFERS_MAX);
	snprintf(mine->id, sizeof mine->id, "%s", offer->id->value);
	snprintf(mine->agent_id, sizeof mine->agent_id, "%s", offer->agent_id->value);
	snprintf(mine->hostname, sizeof mine->hostname, "%s", offer->hostname);
	mine->cpus_milli = amount(offer, "cpus", false);
	mine->lent_milli = amount(offer, "cpus", true);
	mine->mem_milli = amount(offer, "mem", false);
	mine->received_ms = cluster_now_ms(f->cluster);
}

void framework_inverse_add(struct framework *f, const struct tp_inverse_offer *offer)
{
	struct framework_inverse_offer *mine = &f->inverse_offers[f->n_inverse_offers++];

	ck_assert_uint_le(f->n_inverse_offers, FRAMEWORK_INVERSE_OFFERS_MAX);
	snprintf(mine->id, sizeof mine->id, "%s", offer->id->value);
	snprintf(mine->agent_id, sizeof mine->agent_id, "%s", offer->agent_id->value);
	for (size_t i = 0; &f->inverse_offers[i] != mine; i++)
		ck_assert_msg(strcmp(f->inverse_offers[i].agent_id, mine->agent_id) != 0,
			"%s is asked twice to leave agent %s", f->name, mine->agent_id);
}

void framework_log_update(struct framework *f, const struct tp_task_status *status)
{
	tp_debug(f, "update", "task=%s state=%d reason=%d uuid=%zu ms=%lld",
		status->task_id->value, status->state,
		status->has_reason ? status->reason : -1, status->uuid.len,
		(long long)cluster_now_ms(f->cluster));
}

static void on_update(struct framework *f, const struct tp_task_status *status)
{
	framework_log_update(f, status);
	framework_book_update(f->book, status);
	if (status->uuid.len > 0 && status->agent_id != NULL)
		framework_acknowledge(f, status);
}

static void on_event(void *user, struct tp_message *message)
{
	const struct tp_scheduler_event *event = message->body;
	struct framework *f = user;

	switch (event->type) {
	case TP_SCHEDULER_EVENT_SUBSCRIBED:
		snprintf(f->id, sizeof f->id, "%s",
			event->subscribed->framework_id->value);
		f->subscribed = true;
		break;
	case TP_SCHEDULER_EVENT_OFFERS:
		for (size_t i = 0; i < event->offers->n_offers; i++)
			framework_offer_add(f, event->offers->offers[i]);
		break;
	case TP_SCHEDULER_EVENT_RESCIND:
		f->n_rescinded++;
		framework_offer_forget(f, event->rescind->offer_id->value);
		break;
	case TP_SCHEDULER_EVENT_INVERSE_OFFERS:
		for (size_t i = 0; i < event->inverse_offers->n_inverse_offers; i++)
			framework_inverse_add(
				f, event->inverse_offers->inverse_offers[i]);
		break;
	case TP_SCHEDULER_EVENT_RESCIND_INVERSE_OFFER:
		framework_inverse_forget(
			f, event->rescind_inverse_offer->inverse_offer_id->value);
		break;
	case TP_SCHEDULER_EVENT_UPDATE:
		on_update(f, event->update->status);
		break;
	case TP_SCHEDULER_EVENT_ERROR:
		f->failed = true;
		snprintf(f->error, sizeof f->error, "%s", event->error->message);
		break;
	default:
		break;
	}
}

/* --- the session ------------------------------------------------------------------------ */

static void subscribe(struct framework *f);

static void on_again(struct tp_timer *timer)
{
	struct framework *f = tp_container_of(timer, struct framework, again);

	if (f->up && !f->subscribed && !f->failed)
		subscribe(f);
}

static void on_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct framework *f = tp_container_of(call, struct framework, call);

	if (reply->status == 0 || reply->status == -ENOTCONN ||
		reply->status == -ECANCELED)
		return;
	if (reply->status == -ETIMEDOUT || reply->status == -EAGAIN) {
		tp_timer_arm(f->instance.loop, &f->again, AGAIN_NS);
		return;
	}
	f->failed = true;
	snprintf(f->error, sizeof f->error, "%s", reply->text);
}

const struct tp_scheduler_call *framework_subscription(
	struct framework *f, struct tp_arena *arena)
{
	const char *outer = f->id[0] == '\0'
		? ""
		: tp_arena_printf(arena, "'framework_id':{'value':'%s'},", f->id);
	const char *inner = f->id[0] == '\0'
		? ""
		: tp_arena_printf(arena, "'id':{'value':'%s'},", f->id);

	return framework_parse(arena,
		"{'type':'SUBSCRIBE',%s'subscribe':{'framework_info':{%s'user':'root',"
		"'name':'%s','checkpoint':true,'failover_timeout':604800,"
		"'capabilities':[{'type':'PARTITION_AWARE'}%s]}}}",
		outer, inner, f->name,
		f->borrows ? ",{'type':'REVOCABLE_RESOURCES'}" : "");
}

static void subscribe(struct framework *f)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = { 0 };

	f->call = (struct tp_call){ .done = on_answer };
	if (tp_link_call(f->link, &f->call, TP_MESSAGE_SCHEDULER_CALL,
		    &tp_scheduler_call_desc, framework_subscription(f, arena),
		    15 * TP_SEC, &err) < 0)
		tp_link_reconnect(f->link);
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct framework *f = user;

	(void)server;
	f->up = true;
	if (!f->failed)
		subscribe(f);
}

/* Offers are of a session. */
void framework_session_over(struct framework *f)
{
	f->n_disconnected += f->subscribed;
	f->up = f->subscribed = false;
	f->n_offers = f->n_inverse_offers = 0;
	tp_timer_disarm(f->instance.loop, &f->again);
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	(void)was_up, (void)why;
	framework_session_over(user);
}

static const struct tp_handler rows[] = {
	{ TP_MESSAGE_SCHEDULER_EVENT, 0, &tp_scheduler_event_desc, on_event },
};

static void connect_to(struct framework *f, const char *urls)
{
	struct cluster *c = f->cluster;
	const struct tp_link_config config = {
		.instance = &f->instance,
		.transport = c->real ? *c->real_transport : *fake_node_get(f->node),
		.self = { .kind = "scheduler", .id = "" },
		.urls = urls,
		.handlers = rows,
		.n_handlers = TP_COUNT(rows),
		.user = f,
		.up = on_up,
		.down = on_down,
	};
	struct tp_error err = { 0 };

	ck_assert_msg(tp_link_create(&config, &f->link, &err) >= 0, "%s", err.text);
}

static void hang_up(struct framework *f)
{
	tp_link_destroy(f->link);
	f->link = NULL;
	framework_session_over(f);
}

static void leader_changed(
	struct tp_detector *detector, const struct tp_master_info *leader)
{
	struct framework *f = tp_container_of(detector, struct framework, detector);
	char url[64];

	hang_up(f);
	if (leader == NULL)
		return;
	snprintf(url, sizeof url, "tcp://%s:%d", leader->address->ip,
		(int)leader->address->port);
	connect_to(f, url);
}

/* --- life ------------------------------------------------------------------------------ */

void framework_restart(struct framework *f)
{
	f->running = true;
	f->failed = false;
	if (f->node != NULL)
		fake_node_freeze(f->node, false);
	if (f->driven) {
		framework_driver_start(f);
		return;
	}
	if (f->party == NULL) {
		connect_to(f, f->cluster->master_urls);
		return;
	}
	struct tp_election election = sim_party_election(f->party);

	f->detector.changed = leader_changed;
	election.ops->detect(election.impl, &f->detector);
}

static struct framework *add(
	struct cluster *c, const char *name, const char *id, struct framework_book *book)
{
	struct framework *f = tp_alloc(sizeof *f);

	ck_assert_uint_lt(c->n_frameworks, CLUSTER_FRAMEWORKS_MAX);
	c->frameworks[c->n_frameworks++] = f;
	f->cluster = c;
	f->book = book;
	f->again.fire = on_again;
	f->driven = c->drives;
	f->borrows = c->borrows;
	tp_list_init(&f->detector.node);
	snprintf(f->name, sizeof f->name, "%s", name);
	snprintf(f->id, sizeof f->id, "%s", id == NULL ? "" : id);
	f->instance.topic.name = f->name;
	f->instance.loop = c->loop;
	if (!c->real) {
		f->clock = sim_clock_create(&c->time);
		f->instance.loop = f->clock->loop;
		f->node = fake_transport_node(c->network);
	}
	if (c->election != NULL)
		f->party = sim_party_create(c->election, f->instance.loop);
	framework_restart(f);
	return f;
}

struct framework *framework_add(struct cluster *c, const char *name, const char *id)
{
	return add(c, name, id, framework_book_create());
}

void framework_drive(struct cluster *c, bool driven)
{
	c->drives = driven;
}

void framework_borrow(struct cluster *c, bool borrows)
{
	c->borrows = borrows;
}

struct framework *framework_take_over(struct framework *old)
{
	old->cluster->drives = old->driven;
	old->cluster->borrows = old->borrows;
	return add(old->cluster, old->name, old->id, framework_book_share(old->book));
}

static void stop(struct framework *f, bool in_order)
{
	framework_driver_end(f, in_order);
	if (f->party != NULL)
		tp_list_remove(&f->detector.node);
	hang_up(f);
	f->running = false;
}

void framework_crash(struct framework *f)
{
	if (f->node != NULL)
		fake_node_cut(f->node);
	if (f->node != NULL)
		fake_node_freeze(f->node, true);
	stop(f, false);
	cluster_advance(f->cluster, 0);
}

void framework_destroy(struct framework *f)
{
	stop(f, false);
	cluster_advance(f->cluster, 0);
}

void framework_free(struct framework *f)
{
	framework_book_release(f->book);
	sim_clock_destroy(f->clock);
	tp_free(f);
}

static bool is_subscribed(void *arg)
{
	const struct framework *f = arg;

	return f->subscribed || f->failed;
}

struct framework *framework_subscribe(struct cluster *c, const char *name, const char *id)
{
	struct framework *f = framework_add(c, name, id);

	ck_assert(cluster_step_until(c, is_subscribed, f, 10000));
	ck_assert_msg(!f->failed, "%s", f->error);
	return f;
}

void framework_disconnect(struct framework *f)
{
	if (!f->running)
		return;
	stop(f, true);
	cluster_advance(f->cluster, 10);
}

/* --- what it knows ---------------------------------------------------------------------- */

const struct framework_offer *cluster_offer(struct cluster *c, struct framework *f)
{
	(void)c;
	return f->n_offers == 0 ? NULL : &f->offers[0];
}

static bool has_offer(void *arg)
{
	return ((struct framework *)arg)->n_offers > 0;
}

const struct framework_offer *framework_wait_offer(struct framework *f, int64_t max_ms)
{
	cluster_step_until(f->cluster, has_offer, f, max_ms);
	return cluster_offer(f->cluster, f);
}

struct framework_task *framework_task(struct framework *f, const char *task_id)
{
	return framework_book_find(f->book, task_id);
}

int framework_task_state(struct framework *f, const char *task_id)
{
	const struct framework_task *task = framework_task(f, task_id);

	return task == NULL ? -1 : task->state;
}

struct expectation {
	struct framework *framework;
	const char *task_id;
	int state;
};

static bool has_state(void *arg)
{
	const struct expectation *e = arg;

	return framework_task_state(e->framework, e->task_id) == e->state;
}

bool framework_wait_state(
	struct framework *f, const char *task_id, int state, int64_t max_ms)
{
	struct expectation e = { f, task_id, state };

	return cluster_step_until(f->cluster, has_state, &e, max_ms);
}
