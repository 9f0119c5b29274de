/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of a session: ours, from the request to the final reply, timeout, cancellation or end of
 * the session; and the answers to theirs. A call is found by its handle, so a late reply finds
 * nothing and is dropped on purpose: its owner has heard -ETIMEDOUT or -ECANCELED already.
 */
#include <errno.h>
#include <string.h>

#include "core/net/session.h"
#include "tepui/codec.h"
#include "tepui/record.h"

#define CALLS_OUT_MAX 65536

static void write_body(
	struct tp_strbuf *out, const struct tp_desc *desc, const void *body)
{
	if (desc != NULL && body != NULL)
		tp_msgpack_encode(desc, body, out);
	else
		write_nil(out);
}

int session_send(
	struct session *self, uint16_t type, const struct tp_desc *desc, const void *body)
{
	if (self->state != SESSION_READY)
		return -ENOTCONN;
	write_body(session_begin(self, ENVELOPE_MESSAGE, 0, type, false), desc, body);
	return session_flush_scratch(self);
}

/* The final word: the call is its owner's again. */
static void finish(struct tp_call *call, const struct tp_reply *reply)
{
	struct session *session = call->session;

	tp_timer_disarm(session->env->loop, &call->timer);
	slots_remove(&session->calls, call->id);
	call->id = 0;
	call->session = NULL;
	call->done(call, reply);
}

static void tell_cancel(struct session *self, uint64_t id)
{
	if (self->state != SESSION_READY)
		return;
	write_nil(session_begin(self, ENVELOPE_CANCEL, id, 0, false));
	session_flush_scratch(self);
}

static void on_timer(struct tp_timer *timer)
{
	struct tp_call *call = tp_container_of(timer, struct tp_call, timer);
	struct session *session = call->session;
	struct session_env *env = session->env;
	struct tp_reply reply = { .status = -ETIMEDOUT, .text = "no reply in time" };

	if (call->cancelled) {
		reply.status = -ECANCELED;
		reply.text = "the call was cancelled";
	} else {
		tell_cancel(session, call->id);
	}
	env->busy++;
	finish(call, &reply);
	env->busy--;
}

int session_call(struct session *self, struct tp_call *call, uint16_t type,
	const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err)
{
	bool limited = timeout_ns < INT64_MAX;
	struct tp_strbuf *out;
	uint64_t ms;
	int r;

	tp_assert(call->id == 0 && call->done != NULL && timeout_ns > 0);
	if (self->state != SESSION_READY)
		return tp_fail(err, ENOTCONN, "call %u: not connected", type);
	if (self->calls.n >= CALLS_OUT_MAX)
		return tp_fail(err, EBUSY, "call %u: %u calls are unanswered", type,
			self->calls.n);
	call->id = slots_add(&self->calls, call, 0);
	out = session_begin(self, ENVELOPE_CALL, call->id, type, limited);
	write_body(out, desc, body);
	ms = ((uint64_t)timeout_ns + (uint64_t)TP_MSEC - 1) / (uint64_t)TP_MSEC;
	if (limited)
		write_uint(out, ms);
	r = session_flush_scratch(self);
	if (r < 0) {
		slots_remove(&self->calls, call->id);
		call->id = 0;
		return tp_fail_errno(err, -r, "call %u", type);
	}
	call->session = self;
	call->cancelled = false;
	call->timer.fire = on_timer;
	if (limited)
		tp_timer_arm(self->env->loop, &call->timer, timeout_ns);
	return 0;
}

void tp_call_cancel(struct tp_call *call)
{
	struct session *session = call->session;

	if (call->id == 0 || call->cancelled)
		return;
	call->cancelled = true;
	tell_cancel(session, call->id);
	tp_timer_arm(session->env->loop, &call->timer, 0);
}

void session_end_calls(struct session *self, int status, const char *text)
{
	struct tp_reply reply = { .status = status, .text = text };

	for (uint32_t i = 0; i < self->calls.size && self->calls.n > 0; i++) {
		if (self->calls.rows[i].item != NULL)
			finish(self->calls.rows[i].item, &reply);
	}
}

/* Decodes the body of a reply, or makes the reply an error. */
static void read_body(struct session *self, const struct tp_desc *desc,
	const struct envelope *e, struct tp_reply *reply, struct tp_error *err)
{
	void *body = NULL;
	int r;

	if (e->body == NULL || desc == NULL)
		return;
	r = tp_msgpack_decode(desc, e->body, e->body_len, self->env->arena, &body, err);
	if (r >= 0)
		r = tp_record_check(desc, body, err);
	reply->body = body;
	if (r >= 0)
		return;
	reply->body = NULL;
	reply->status = -EBADMSG;
	reply->text = err->text;
	reply->more = false;
}

static void read_error(
	const struct envelope *e, struct tp_reply *reply, struct tp_error *err)
{
	struct cursor c = { e->body, e->body == NULL ? NULL : e->body + e->body_len };
	const char *text;
	size_t len;

	reply->status = e->type > 0 && e->type < 4096 ? -(int)e->type : -EIO;
	reply->text = strerror(-reply->status);
	if (e->body == NULL || !cursor_text(&c, &text, &len))
		return;
	tp_fail(err, -reply->status, "%.*s", len < 900 ? (int)len : 900, text);
	reply->text = err->text;
}

void session_answered(struct session *self, const struct envelope *e)
{
	struct session_env *env = self->env;
	struct slots_row *row = slots_find(&self->calls, e->id);
	struct tp_reply reply = { .arena = env->arena, .more = e->kind == ENVELOPE_PART };
	struct tp_call *call;
	struct tp_error err = { 0 };

	if (row == NULL)
		return;
	call = row->item;
	if (call->cancelled)
		return;
	if (e->kind == ENVELOPE_ERROR)
		read_error(e, &reply, &err);
	else
		read_body(self, call->reply_desc, e, &reply, &err);
	if (reply.more) {
		call->done(call, &reply);
	} else {
		if (e->kind == ENVELOPE_PART)
			tell_cancel(self, e->id);
		finish(call, &reply);
	}
	tp_arena_reset(env->arena);
}

/* --- answers to their calls ------------------------------------------------------------ */

/* Their id of an open call; the row goes when this is the last word. */
static int answer_to(struct session *self, uint64_t call, bool last, uint64_t *ret_id)
{
	struct slots_row *row;

	if (self->state != SESSION_READY)
		return -ENOTCONN;
	row = slots_find(&self->served, call);
	if (row == NULL)
		return -ECANCELED;
	*ret_id = row->value;
	if (last)
		slots_remove(&self->served, call);
	return 0;
}

int session_reply(struct session *self, uint64_t call, const struct tp_desc *desc,
	const void *body, bool more)
{
	uint64_t id;
	int r = answer_to(self, call, !more, &id);

	if (r < 0)
		return r;
	write_body(
		session_begin(self, more ? ENVELOPE_PART : ENVELOPE_REPLY, id, 0, false),
		desc, body);
	r = session_flush_scratch(self);
	if (r == -EMSGSIZE) {
		write_text(session_begin(self, ENVELOPE_ERROR, id, EMSGSIZE, false),
			"the reply is longer than a frame may be");
		slots_remove(&self->served, call);
		session_flush_scratch(self);
	}
	return r;
}

int session_reply_error(struct session *self, uint64_t call, int code, const char *text)
{
	uint64_t id;
	int r = answer_to(self, call, true, &id);

	if (r < 0)
		return r;
	write_text(session_begin(self, ENVELOPE_ERROR, id,
			   (uint64_t)(code < 0 ? -code : code), false),
		text != NULL ? text : "");
	return session_flush_scratch(self);
}

void session_cancelled(struct session *self, uint64_t id)
{
	for (uint32_t i = 0; i < self->served.size; i++) {
		if (self->served.rows[i].item != NULL &&
			self->served.rows[i].value == id) {
			slots_remove(&self->served, slots_handle(&self->served, i));
			return;
		}
	}
}
