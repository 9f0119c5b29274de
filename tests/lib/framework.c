/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See framework.h. Calls are written as JSON with ' for ": they read like the documentation.
 */
#include "framework.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/strbuf.h"

bool framework_state_is_terminal(int state)
{
	switch (state) {
	case TP_TASK_FINISHED:
	case TP_TASK_FAILED:
	case TP_TASK_KILLED:
	case TP_TASK_ERROR:
	case TP_TASK_LOST:
	case TP_TASK_DROPPED:
	case TP_TASK_GONE:
	case TP_TASK_GONE_BY_OPERATOR:
		return true;
	default:
		return false;
	}
}

/* --- calls ----------------------------------------------------------------------------- */

static const void *parse(struct tp_arena *arena, const char *format, va_list args)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_error err = { 0 };
	void *call;

	tp_strbuf_vprintf(&text, format, args);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			text.data[i] = '"';
	}
	ck_assert_msg(tp_json_decode(&tp_scheduler_call_desc, tp_strbuf_text(&text),
			      text.len, arena, &call, &err) >= 0,
		"%s in %s", err.text, tp_strbuf_text(&text));
	return call;
}

/* What is said without a session is lost, as in life. */
static void send_call(struct framework *f, const char *json, ...)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const void *call;
	va_list args;

	va_start(args, json);
	call = parse(arena, json, args);
	va_end(args);
	if (f->link != NULL && f->subscribed)
		tp_link_send(f->link, TP_MESSAGE_SCHEDULER_CALL, &tp_scheduler_call_desc,
			call);
}

static void offer_forget(struct framework *f, const char *id)
{
	for (size_t i = 0; i < f->n_offers; i++) {
		if (strcmp(f->offers[i].id, id) != 0)
			continue;
		f->n_offers--;
		memmove(&f->offers[i], &f->offers[i + 1],
			(f->n_offers - i) * sizeof f->offers[0]);
		return;
	}
}

void framework_decline(
	struct framework *f, const struct framework_offer *offer, int64_t refuse_ms)
{
	tp_cleanup(ptr) char *filters = refuse_ms < 0
		? tp_strdup("")
		: tp_asprintf(",'filters':{'refuse_seconds':%" PRId64 ".%03" PRId64 "}",
			  refuse_ms / 1000, refuse_ms % 1000);
	char id[sizeof offer->id];

	ck_assert_ptr_nonnull(offer);
	snprintf(id, sizeof id, "%s", offer->id);
	offer_forget(f, id);
	send_call(f,
		"{'type':'DECLINE','framework_id':{'value':'%s'},"
		"'decline':{'offer_ids':[{'value':'%s'}]%s}}",
		f->id, id, filters);
}

static struct framework_task *task_make(struct framework *f, const char *task_id)
{
	struct framework_task *task = framework_task(f, task_id);

	if (task != NULL)
		return task;
	ck_assert_uint_lt(f->n_tasks, FRAMEWORK_TASKS_MAX);
	task = &f->tasks[f->n_tasks++];
	snprintf(task->id, sizeof task->id, "%s", task_id);
	task->state = task->ended = task->contradiction = -1;
	return task;
}

void framework_accept(struct framework *f, const struct framework_offer *given,
	const char *task_id, int64_t cpus_milli, const char *command)
{
	const struct framework_offer offer = *given;
	struct framework_task *task = task_make(f, task_id);

	snprintf(task->hostname, sizeof task->hostname, "%s", offer.hostname);
	task->cpus_milli = cpus_milli;
	offer_forget(f, offer.id);
	send_call(f,
		"{'type':'ACCEPT','framework_id':{'value':'%s'},'accept':{"
		"'offer_ids':[{'value':'%s'}],'filters':{'refuse_seconds':0},"
		"'operations':[{'type':'LAUNCH','launch':{'task_infos':[{'name':'%s',"
		"'task_id':{'value':'%s'},'agent_id':{'value':'%s'},"
		"'resources':[{'name':'cpus','type':'SCALAR','scalar':{'value':%" PRId64
		".%03" PRId64 "}}],'command':{'value':'%s'}}]}}]}}",
		f->id, offer.id, task_id, task_id, offer.agent_id, cpus_milli / 1000,
		cpus_milli % 1000, command);
}

void framework_kill(struct framework *f, const char *task_id)
{
	send_call(f,
		"{'type':'KILL','framework_id':{'value':'%s'},"
		"'kill':{'task_id':{'value':'%s'}}}",
		f->id, task_id);
}

void framework_revive(struct framework *f)
{
	send_call(f, "{'type':'REVIVE','framework_id':{'value':'%s'}}", f->id);
}

void framework_reconcile(struct framework *f, const char *task_id)
{
	tp_cleanup(ptr) char *task = task_id == NULL
		? tp_strdup("")
		: tp_asprintf("{'task_id':{'value':'%s'}}", task_id);

	send_call(f,
		"{'type':'RECONCILE','framework_id':{'value':'%s'},"
		"'reconcile':{'tasks':[%s]}}",
		f->id, task);
}

void framework_teardown(struct framework *f)
{
	send_call(f, "{'type':'TEARDOWN','framework_id':{'value':'%s'}}", f->id);
}

static const char *base64(const struct tp_bytes *uuid, char out[32])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < uuid->len; i += 3) {
		uint32_t three = (uint32_t)uuid->data[i] << 16;

		three |= i + 1 < uuid->len ? (uint32_t)uuid->data[i + 1] << 8 : 0;
		three |= i + 2 < uuid->len ? uuid->data[i + 2] : 0;
		out[n++] = digits[three >> 18 & 63];
		out[n++] = digits[three >> 12 & 63];
		out[n++] = i + 1 < uuid->len ? digits[three >> 6 & 63] : '=';
		out[n++] = i + 2 < uuid->len ? digits[three & 63] : '=';
	}
	out[n] = '\0';
	return out;
}

/* --- events ---------------------------------------------------------------------------- */

static int64_t amount(const struct tp_offer *offer, const char *name)
{
	int64_t sum = 0;

	for (size_t i = 0; i < offer->n_resources; i++) {
		const struct tp_resource *resource = offer->resources[i];

		if (strcmp(resource->name, name) == 0 && resource->scalar != NULL)
			sum += resource->scalar->value_milli;
	}
	return sum;
}

static void on_offers(struct framework *f, const struct tp_scheduler_event_offers *event)
{
	for (size_t i = 0; i < event->n_offers; i++) {
		const struct tp_offer *offer = event->offers[i];
		struct framework_offer *mine = &f->offers[f->n_offers++];

		ck_assert_uint_le(f->n_offers, FRAMEWORK_OFFERS_MAX);
		snprintf(mine->id, sizeof mine->id, "%s", offer->id->value);
		snprintf(mine->agent_id, sizeof mine->agent_id, "%s",
			offer->agent_id->value);
		snprintf(mine->hostname, sizeof mine->hostname, "%s", offer->hostname);
		mine->cpus_milli = amount(offer, "cpus");
		mine->mem_milli = amount(offer, "mem");
		mine->received_ms = cluster_now_ms(f->cluster);
	}
}

static void on_update(struct framework *f, const struct tp_task_status *status)
{
	struct framework_task *task = task_make(f, status->task_id->value);
	char uuid[32];

	tp_debug(f, "update", "task=%s state=%d reason=%d uuid=%zu ms=%lld", task->id,
		status->state, status->has_reason ? status->reason : -1, status->uuid.len,
		(long long)cluster_now_ms(f->cluster));
	/* Nobody remembers it any more: no news of one that is over. */
	if (task->ended >= 0 && status->state == TP_TASK_UNKNOWN)
		return;
	task->state = status->state;
	task->reason = status->has_reason ? status->reason : -1;
	task->n_updates++;
	if (task->ended >= 0 && task->ended != status->state &&
		framework_state_is_terminal(status->state))
		task->contradiction = status->state;
	if (task->ended < 0 && framework_state_is_terminal(status->state))
		task->ended = status->state;
	if (status->uuid.len == 0 || status->agent_id == NULL)
		return;
	send_call(f,
		"{'type':'ACKNOWLEDGE','framework_id':{'value':'%s'},'acknowledge':{"
		"'agent_id':{'value':'%s'},'task_id':{'value':'%s'},'uuid':'%s'}}",
		f->id, status->agent_id->value, status->task_id->value,
		base64(&status->uuid, uuid));
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
		on_offers(f, event->offers);
		break;
	case TP_SCHEDULER_EVENT_RESCIND:
		f->n_rescinded++;
		offer_forget(f, event->rescind->offer_id->value);
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

static void on_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct framework *f = tp_container_of(call, struct framework, call);

	if (reply->status == 0 || reply->status == -ENOTCONN ||
		reply->status == -ECANCELED)
		return;
	if (reply->status == -ETIMEDOUT || reply->status == -EAGAIN) {
		if (f->link != NULL)
			tp_link_reconnect(f->link);
		return;
	}
	f->failed = true;
	snprintf(f->error, sizeof f->error, "%s", reply->text);
}

static void subscribe(struct framework *f, const char *json, ...)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = { 0 };
	const void *call;
	va_list args;

	va_start(args, json);
	call = parse(arena, json, args);
	va_end(args);
	f->call = (struct tp_call){ .done = on_answer };
	if (tp_link_call(f->link, &f->call, TP_MESSAGE_SCHEDULER_CALL,
		    &tp_scheduler_call_desc, call, 15 * TP_SEC, &err) < 0)
		tp_link_reconnect(f->link);
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct framework *f = user;
	tp_cleanup(ptr) char *outer = f->id[0] == '\0'
		? tp_strdup("")
		: tp_asprintf("'framework_id':{'value':'%s'},", f->id);
	tp_cleanup(ptr) char *inner = f->id[0] == '\0'
		? tp_strdup("")
		: tp_asprintf("'id':{'value':'%s'},", f->id);

	(void)server;
	f->up = true;
	if (f->failed)
		return;
	subscribe(f,
		"{'type':'SUBSCRIBE',%s'subscribe':{'framework_info':{%s'user':'root',"
		"'name':'%s','checkpoint':true,'failover_timeout':604800,"
		"'capabilities':[{'type':'PARTITION_AWARE'}]}}}",
		outer, inner, f->name);
}

/* Offers are of a session. */
static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct framework *f = user;

	(void)was_up, (void)why;
	f->up = f->subscribed = false;
	f->n_offers = 0;
}

static const struct tp_handler rows[] = {
	{ TP_MESSAGE_SCHEDULER_EVENT, 0, &tp_scheduler_event_desc, on_event },
};

struct framework *framework_add(struct cluster *c, const char *name, const char *id)
{
	struct framework *f = tp_alloc(sizeof *f);
	const struct tp_link_config config = {
		.instance = &f->instance,
		.transport =
			c->real ? *c->real_transport : *fake_transport_get(c->network),
		.self = { .kind = "scheduler", .id = "" },
		.urls = c->master_url,
		.handlers = rows,
		.n_handlers = TP_COUNT(rows),
		.user = f,
		.up = on_up,
		.down = on_down,
	};
	struct tp_error err = { 0 };

	ck_assert_uint_lt(c->n_frameworks, CLUSTER_FRAMEWORKS_MAX);
	c->frameworks[c->n_frameworks++] = f;
	f->cluster = c;
	snprintf(f->name, sizeof f->name, "%s", name);
	snprintf(f->id, sizeof f->id, "%s", id == NULL ? "" : id);
	f->instance.topic.name = f->name;
	f->instance.loop = c->loop;
	ck_assert_msg(tp_link_create(&config, &f->link, &err) >= 0, "%s", err.text);
	return f;
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
	if (f->link == NULL)
		return;
	tp_link_destroy(f->link);
	f->link = NULL;
	f->up = f->subscribed = false;
	f->n_offers = 0;
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
	for (size_t i = 0; i < f->n_tasks; i++) {
		if (strcmp(f->tasks[i].id, task_id) == 0)
			return &f->tasks[i];
	}
	return NULL;
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
