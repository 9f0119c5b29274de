/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheduler of framework.h says. Calls read like the documentation: JSON with ' for ". */
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "framework.h"
#include "tepui/codec.h"
#include "tepui/strbuf.h"

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

const void *framework_parse(struct tp_arena *arena, const char *format, ...)
{
	const void *call;
	va_list args;

	va_start(args, format);
	call = parse(arena, format, args);
	va_end(args);
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
	if (f->driver != NULL)
		framework_driver_call(f, call);
	else if (f->link != NULL && f->subscribed)
		tp_link_send(f->link, TP_MESSAGE_SCHEDULER_CALL, &tp_scheduler_call_desc,
			call);
}

void framework_offer_forget(struct framework *f, const char *id)
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
	framework_offer_forget(f, id);
	send_call(f,
		"{'type':'DECLINE','framework_id':{'value':'%s'},"
		"'decline':{'offer_ids':[{'value':'%s'}]%s}}",
		f->id, id, filters);
}

/* `how`: the members of the task that say what runs it; `which`: more about its cpus. */
static void launch(struct framework *f, const struct framework_offer *given,
	const char *task_id, int64_t cpus_milli, const char *which, const char *name,
	const char *how)
{
	const struct framework_offer offer = *given;
	struct framework_task *task = framework_book_task(f->book, task_id);

	snprintf(task->agent_id, sizeof task->agent_id, "%s", offer.agent_id);
	snprintf(task->hostname, sizeof task->hostname, "%s", offer.hostname);
	task->cpus_milli = cpus_milli;
	framework_offer_forget(f, offer.id);
	send_call(f,
		"{'type':'ACCEPT','framework_id':{'value':'%s'},'accept':{"
		"'offer_ids':[{'value':'%s'}],'filters':{'refuse_seconds':0},"
		"'operations':[{'type':'LAUNCH','launch':{'task_infos':[{'name':'%s',"
		"'task_id':{'value':'%s'},'agent_id':{'value':'%s'},"
		"'resources':[{'name':'cpus','type':'SCALAR','scalar':{'value':%" PRId64
		".%03" PRId64 "}%s}],%s}]}}]}}",
		f->id, offer.id, name, task_id, offer.agent_id, cpus_milli / 1000,
		cpus_milli % 1000, which, how);
}

void framework_accept(struct framework *f, const struct framework_offer *offer,
	const char *task_id, int64_t cpus_milli, const char *command)
{
	tp_cleanup(ptr) char *how = tp_asprintf("'command':{'value':'%s'}", command);

	launch(f, offer, task_id, cpus_milli, "", task_id, how);
}

void framework_accept_lent(struct framework *f, const struct framework_offer *offer,
	const char *task_id, int64_t cpus_milli, const char *command)
{
	tp_cleanup(ptr) char *how = tp_asprintf("'command':{'value':'%s'}", command);

	launch(f, offer, task_id, cpus_milli, ",'revocable':{}", task_id, how);
}

void framework_accept_in(struct framework *f, const struct framework_offer *offer,
	const char *executor_id, const char *task_id, int64_t cpus_milli,
	const char *text)
{
	tp_cleanup(ptr) char *how = tp_asprintf(
		"'executor':{'type':'CUSTOM','executor_id':{'value':'%s'},"
		"'framework_id':{'value':'%s'},'command':{'value':'executor'},"
		"'resources':[{'name':'cpus','type':'SCALAR','scalar':{'value':0.%03d}}]"
		"}",
		executor_id, f->id, EXECUTOR_CPUS_MILLI);

	launch(f, offer, task_id, cpus_milli, "", text, how);
}

void framework_inverse_forget(struct framework *f, const char *id)
{
	for (size_t i = 0; i < f->n_inverse_offers; i++) {
		if (strcmp(f->inverse_offers[i].id, id) != 0)
			continue;
		f->n_inverse_offers--;
		memmove(&f->inverse_offers[i], &f->inverse_offers[i + 1],
			(f->n_inverse_offers - i) * sizeof f->inverse_offers[0]);
		return;
	}
}

void framework_answer_inverse(struct framework *f, bool accept, int64_t refuse_ms)
{
	const char *type = accept ? "ACCEPT_INVERSE_OFFERS" : "DECLINE_INVERSE_OFFERS";
	const char *member = accept ? "accept_inverse_offers" : "decline_inverse_offers";
	char id[sizeof f->inverse_offers[0].id];

	ck_assert_uint_gt(f->n_inverse_offers, 0);
	snprintf(id, sizeof id, "%s", f->inverse_offers[0].id);
	framework_inverse_forget(f, id);
	send_call(f,
		"{'type':'%s','framework_id':{'value':'%s'},'%s':{"
		"'inverse_offer_ids':[{'value':'%s'}],"
		"'filters':{'refuse_seconds':%" PRId64 ".%03" PRId64 "}}}",
		type, f->id, member, id, refuse_ms / 1000, refuse_ms % 1000);
}

void framework_kill(struct framework *f, const char *task_id)
{
	send_call(f,
		"{'type':'KILL','framework_id':{'value':'%s'},"
		"'kill':{'task_id':{'value':'%s'}}}",
		f->id, task_id);
}

void framework_kill_within(struct framework *f, const char *task_id, int64_t grace_ms)
{
	send_call(f,
		"{'type':'KILL','framework_id':{'value':'%s'},"
		"'kill':{'task_id':{'value':'%s'},"
		"'kill_policy':{'grace_period':{'nanoseconds':%" PRId64 "}}}}",
		f->id, task_id, grace_ms * TP_MSEC);
}

void framework_revive(struct framework *f)
{
	send_call(f, "{'type':'REVIVE','framework_id':{'value':'%s'}}", f->id);
}

void framework_reconcile(struct framework *f, const char *task_id)
{
	const struct framework_task *known =
		task_id == NULL ? NULL : framework_task(f, task_id);
	tp_cleanup(ptr) char *agent = known == NULL || known->agent_id[0] == '\0'
		? tp_strdup("")
		: tp_asprintf(",'agent_id':{'value':'%s'}", known->agent_id);
	tp_cleanup(ptr) char *task = task_id == NULL
		? tp_strdup("")
		: tp_asprintf("{'task_id':{'value':'%s'}%s}", task_id, agent);

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

void framework_acknowledge(struct framework *f, const struct tp_task_status *status)
{
	char uuid[32];

	send_call(f,
		"{'type':'ACKNOWLEDGE','framework_id':{'value':'%s'},'acknowledge':{"
		"'agent_id':{'value':'%s'},'task_id':{'value':'%s'},'uuid':'%s'}}",
		f->id, status->agent_id->value, status->task_id->value,
		base64(&status->uuid, uuid));
}
