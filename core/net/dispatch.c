/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a MESSAGE or CALL to its handler: the row of the table, the right to call, the decoded and
 * checked body; in this order, so that strangers cost little. What cannot be handled is answered
 * with an error if it is a call; one-way messages are counted and logged once per session, and
 * one that does not even decode ends the session.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/session.h"
#include "tepui/codec.h"
#include "tepui/record.h"

struct tp_arena *tp_message_take_arena(struct tp_message *message)
{
	struct tp_arena *arena = message->arena;

	message->arena = NULL;
	return arena;
}

static int by_type(const void *key, const void *row)
{
	const uint64_t *type = key;
	const struct tp_handler *const *handler = row;

	return *type < (*handler)->type ? -1 : *type > (*handler)->type;
}

static const struct tp_handler *find_handler(const struct session_env *env, uint64_t type)
{
	const struct tp_handler **row = NULL;

	if (env->n_handlers > 0)
		row = bsearch(&type, env->handlers, env->n_handlers,
			sizeof *env->handlers, by_type);
	return row == NULL ? NULL : *row;
}

/* Answers a call; of one-way messages only the first of a session is worth a line. */
static void refuse(struct session *self, const struct envelope *e, uint64_t call,
	int code, const char *text)
{
	if (call != 0) {
		session_reply_error(self, call, code, text);
		return;
	}
	if (self->strange++ == 0)
		tp_warn(self->env->instance,
			"cannot handle a message, it and others like it are ignored",
			"kind=%s id=%s type=%llu reason=%s", self->peer.kind,
			self->peer.id, (unsigned long long)e->type, text);
}

static int decode(struct session *self, const struct tp_handler *handler,
	const struct envelope *e, const void **ret, struct tp_error *err)
{
	static const uint8_t empty = 0x90; /* a record without fields */
	void *body = NULL;
	int r;

	if (handler->desc == NULL)
		return 0;
	if (e->body != NULL)
		r = tp_msgpack_decode(handler->desc, e->body, e->body_len,
			self->env->arena, &body, err);
	else
		r = tp_msgpack_decode(
			handler->desc, &empty, 1, self->env->arena, &body, err);
	if (r >= 0)
		r = tp_record_check(handler->desc, body, err);
	*ret = body;
	return r;
}

static int64_t deadline(const struct session *self, const struct envelope *e)
{
	int64_t now = tp_loop_now_ns(self->env->loop);
	uint64_t left_ms = (uint64_t)(INT64_MAX - now) / (uint64_t)TP_MSEC;

	if (e->kind != ENVELOPE_CALL || e->extra == 0 || e->extra >= left_ms)
		return INT64_MAX;
	return now + (int64_t)e->extra * TP_MSEC;
}

static void handle(struct session *self, const struct tp_handler *handler,
	const struct envelope *e, uint64_t call, const void *body)
{
	struct session_env *env = self->env;
	struct tp_message message = {
		.peer = self->handle,
		.call = call,
		.type = handler->type,
		.body = body,
		.arena = env->arena,
		.deadline_ns = deadline(self, e),
	};

	handler->handle(env->user, &message);
	if (message.arena == NULL)
		env->arena = tp_arena_create(0);
	else
		tp_arena_reset(env->arena);
}

void session_dispatch(struct session *self, const struct envelope *e)
{
	const struct tp_handler *handler;
	const void *body = NULL;
	struct tp_error err = { 0 };
	uint64_t call = 0;

	if (e->kind == ENVELOPE_CALL) {
		call = slots_add(&self->served, self, e->id);
		if (self->served.n > self->env->limits.calls_max) {
			refuse(self, e, call, EBUSY, "too many unanswered calls");
			return;
		}
	}
	handler = find_handler(self->env, e->type);
	if (handler == NULL) {
		refuse(self, e, call, ENOSYS, "unknown message type");
		return;
	}
	if ((handler->rights & ~self->rights) != 0) {
		refuse(self, e, call, EPERM, "not allowed for this peer");
		return;
	}
	if (decode(self, handler, e, &body, &err) >= 0) {
		handle(self, handler, e, call, body);
		return;
	}
	tp_arena_reset(self->env->arena);
	if (call != 0)
		session_reply_error(self, call, EINVAL, err.text);
	else
		session_end(self, EBADMSG, err.text);
}
