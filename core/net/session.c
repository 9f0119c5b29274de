/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beginning, life and end of a session. The dialling end says HELLO, the other refuses with BYE,
 * asks who that is (authentication.c) or answers READY; then messages and calls flow both ways (calls.c, dispatch.c) until either
 * end says BYE, falls silent or the wire ends. Every end comes through session_end() or
 * session_fini(), so calls are answered exactly once.
 */
#include "core/net/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/authentication.h"
#include "tepui/codec.h"

#define SCRATCH_KEEP_BYTES 65536

/* --- environment ----------------------------------------------------------------------- */

static void set_default(size_t *value, size_t dflt)
{
	if (*value == 0)
		*value = dflt;
}

static void set_default_ns(int64_t *value, int64_t dflt)
{
	if (*value <= 0)
		*value = dflt;
}

static int by_type(const void *a, const void *b)
{
	const struct tp_handler *const *x = a, *const *y = b;

	return (int)(*x)->type - (int)(*y)->type;
}

int session_env_init(struct session_env *self, const struct session_ops *ops,
	const struct tp_handler *handlers, size_t n_handlers,
	const struct tp_net_limits *limits, struct tp_error *err)
{
	self->ops = ops;
	self->limits = *limits;
	set_default(&self->limits.frame_max_bytes, 16 << 20);
	set_default(&self->limits.out_soft_bytes, 4 << 20);
	set_default(&self->limits.out_hard_bytes, 64 << 20);
	set_default(&self->limits.in_max_bytes, 4 << 20);
	set_default(&self->limits.calls_max, 1024);
	set_default_ns(&self->limits.heartbeat_ns, 15 * TP_SEC);
	set_default_ns(&self->limits.silence_ns, 75 * TP_SEC);
	set_default_ns(&self->limits.handshake_ns, 15 * TP_SEC);
	if (n_handlers > 0)
		self->handlers = tp_alloc(n_handlers * sizeof(struct tp_handler *));
	for (size_t i = 0; i < n_handlers; i++)
		self->handlers[i] = &handlers[i];
	self->n_handlers = n_handlers;
	if (n_handlers > 1)
		qsort(self->handlers, n_handlers, sizeof *self->handlers, by_type);
	for (size_t i = 1; i < n_handlers; i++) {
		if (self->handlers[i - 1]->type == self->handlers[i]->type)
			return tp_fail(err, EEXIST, "message type %u has two handlers",
				self->handlers[i]->type);
	}
	self->arena = tp_arena_create(0);
	return 0;
}

void session_env_fini(struct session_env *self)
{
	tp_free(self->handlers);
	tp_arena_destroy(self->arena);
	tp_strbuf_fini(&self->scratch);
}

static struct tp_wire_limits wire_limits(const struct session_env *self, size_t frame_max)
{
	return (struct tp_wire_limits){ frame_max, self->limits.out_soft_bytes,
		self->limits.out_hard_bytes, self->limits.in_max_bytes };
}

struct tp_wire_limits session_early_limits(const struct session_env *self)
{
	size_t max = self->limits.frame_max_bytes;

	return wire_limits(
		self, max < SESSION_EARLY_FRAME_BYTES ? max : SESSION_EARLY_FRAME_BYTES);
}

/* --- frames out ------------------------------------------------------------------------ */

struct tp_strbuf *session_begin(struct session *self, enum envelope_kind kind,
	uint64_t id, uint64_t type, bool extra)
{
	struct tp_strbuf *out = &self->env->scratch;

	tp_strbuf_clear(out);
	envelope_begin(out, kind, id, type, extra);
	return out;
}

int session_flush_scratch(struct session *self)
{
	struct session_env *env = self->env;
	struct tp_strbuf *out = &env->scratch;
	int r = -EMSGSIZE;

	if (out->len <= env->limits.frame_max_bytes)
		r = env->transport.ops->send(
			env->transport.impl, self->wire, out->data, out->len);
	if (out->size > SCRATCH_KEEP_BYTES)
		tp_strbuf_fini(out);
	if (r == -ENOBUFS)
		session_end_later(self, ENOBUFS,
			"it reads too slowly: the out queue reached its hard limit");
	return r == -EPIPE ? -ENOTCONN : r;
}

static void send_bare(struct session *self, enum envelope_kind kind)
{
	write_nil(session_begin(self, kind, 0, 0, false));
	session_flush_scratch(self);
}

static void send_bye(struct session *self, int code, const char *text)
{
	struct tp_strbuf *out =
		session_begin(self, ENVELOPE_BYE, 0, (uint64_t)code, false);

	write_text(out, text);
	self->env->transport.ops->send(
		self->env->transport.impl, self->wire, out->data, out->len);
}

/* HELLO of a dialler, READY of a server: who we are. */
static void send_hello(struct session *self)
{
	const struct session_env *env = self->env;
	bool proves = !env->server && authentication_possible(env);
	struct tp_strbuf *out;

	if (env->server)
		out = session_begin(self, ENVELOPE_READY, self->version, 0, false);
	else
		out = session_begin(self, ENVELOPE_HELLO, TP_NET_VERSION,
			TP_NET_VERSION_OLDEST, false);
	write_array(out, env->server || proves ? 4 : 3);
	write_text(out, env->self.kind != NULL ? env->self.kind : "");
	write_text(out, env->self.id != NULL ? env->self.id : "");
	write_uint(out, env->self.epoch);
	if (proves)
		write_uint(out, 1);
	else if (env->server && self->principal != NULL)
		write_text(out, self->principal);
	else if (env->server)
		write_nil(out);
	session_flush_scratch(self);
}

/* --- handshake ------------------------------------------------------------------------- */

static void become_ready(struct session *self)
{
	struct session_env *env = self->env;
	struct tp_wire_limits limits = wire_limits(env, env->limits.frame_max_bytes);

	authentication_end(self);
	env->transport.ops->set_limits(env->transport.impl, self->wire, &limits);
	self->state = SESSION_READY;
	self->was_ready = true;
	if (env->server)
		send_hello(self);
	env->ops->ready(self);
}

/* A name inside a HELLO goes to logs and keys: printable and short. */
static char *take_name(struct cursor *c)
{
	const char *text;
	size_t len;

	if (!cursor_text(c, &text, &len) || len > 255)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return NULL;
	}
	return tp_strndup(text, len);
}

static int read_hello(
	struct session *self, const struct envelope *e, struct tp_error *err)
{
	struct cursor c = { e->body, e->body == NULL ? NULL : e->body + e->body_len };
	uint64_t proves;
	uint32_t n;

	if (e->body == NULL || !cursor_array(&c, &n) || n < 3 ||
		(self->peer.kind = take_name(&c)) == NULL ||
		(self->peer.id = take_name(&c)) == NULL ||
		!cursor_uint(&c, &self->peer.epoch))
		return tp_fail(err, EPROTO, "greeting does not say [kind, id, epoch]");
	if (n < 4 || *c.at == 0xc0)
		return 0;
	if (self->env->server)
		self->wants_authentication = cursor_uint(&c, &proves) && proves != 0;
	else
		self->principal = take_name(&c);
	return 0;
}

static int agree_on_version(
	struct session *self, const struct envelope *e, struct tp_error *err)
{
	if (e->id < TP_NET_VERSION_OLDEST || e->type > TP_NET_VERSION || e->type > e->id)
		return tp_fail(err, EPROTONOSUPPORT,
			"peer speaks protocol versions %" PRIu64 " to %" PRIu64
			", this side %d to %d",
			e->type, e->id, TP_NET_VERSION_OLDEST, TP_NET_VERSION);
	self->version = e->id < TP_NET_VERSION ? (uint32_t)e->id : TP_NET_VERSION;
	return 0;
}

static void on_hello(struct session *self, const struct envelope *e)
{
	struct tp_error err = { 0 };
	int r = agree_on_version(self, e, &err);

	if (r >= 0)
		r = read_hello(self, e, &err);
	if (r >= 0)
		r = authentication_ask(self, &err);
	if (r < 0)
		session_end(self, -r, err.text);
	else if (r == 0)
		session_admit(self);
}

void session_admit(struct session *self)
{
	struct tp_error err = { 0 };
	int r = self->env->ops->greeted(self, &err);

	if (r < 0)
		session_end(self, -r, err.text);
	else if (self->state == SESSION_HELLO || self->state == SESSION_AUTH)
		become_ready(self);
}

static void on_ready(struct session *self, const struct envelope *e)
{
	struct tp_error err = { 0 };
	int r;

	if (e->id < TP_NET_VERSION_OLDEST || e->id > TP_NET_VERSION) {
		session_end(self, EPROTONOSUPPORT,
			"server chose a protocol version that was not offered");
		return;
	}
	self->version = (uint32_t)e->id;
	r = read_hello(self, e, &err);
	if (r < 0)
		session_end(self, -r, err.text);
	else
		become_ready(self);
}

static void on_bye(struct session *self, const struct envelope *e)
{
	struct cursor c = { e->body, e->body == NULL ? NULL : e->body + e->body_len };
	const char *text = "";
	char copy[512];
	size_t len = 0;

	if (e->body == NULL || !cursor_text(&c, &text, &len))
		len = 0;
	snprintf(copy, sizeof copy, "peer closed: %.*s", (int)(len < 400 ? len : 400),
		text);
	self->refused = e->type == EACCES;
	session_end(
		self, e->type > 0 && e->type < 4096 ? (int)e->type : ECONNRESET, copy);
}

/* --- frames in ------------------------------------------------------------------------- */

static void on_early(struct session *self, const struct envelope *e)
{
	if (e->kind == ENVELOPE_BYE)
		on_bye(self, e);
	else if (self->env->server && self->state == SESSION_HELLO &&
		e->kind == ENVELOPE_HELLO)
		on_hello(self, e);
	else if (!self->env->server && e->kind == ENVELOPE_READY)
		on_ready(self, e);
	else if (e->kind == ENVELOPE_AUTH &&
		(!self->env->server || self->state == SESSION_AUTH))
		authentication_frame(self, e);
	else if (self->state == SESSION_AUTH)
		session_end(self, EPROTO, "expected a step of authentication");
	else
		session_end(self, EPROTO, "expected a greeting, got another frame");
}

static void on_envelope(struct session *self, const struct envelope *e)
{
	switch (e->kind) {
	case ENVELOPE_MESSAGE:
	case ENVELOPE_CALL:
		session_dispatch(self, e);
		break;
	case ENVELOPE_REPLY:
	case ENVELOPE_PART:
	case ENVELOPE_ERROR:
		session_answered(self, e);
		break;
	case ENVELOPE_CANCEL:
		session_cancelled(self, e->id);
		break;
	case ENVELOPE_PING:
		send_bare(self, ENVELOPE_PONG);
		break;
	case ENVELOPE_PONG:
		break;
	case ENVELOPE_BYE:
		on_bye(self, e);
		break;
	case ENVELOPE_HELLO:
	case ENVELOPE_AUTH:
	case ENVELOPE_READY:
		session_end(self, EPROTO, "greeting in the middle of a session");
		break;
	default:
		session_end(self, EPROTO, "frame of an unknown kind");
		break;
	}
}

static void on_frame(void *user, struct tp_wire *wire, const uint8_t *data, size_t len)
{
	struct session *self = user;
	struct session_env *env = self->env;
	struct tp_error err = { 0 };
	struct envelope e;
	int r;

	(void)wire;
	if (self->state == SESSION_OVER)
		return;
	env->busy++;
	self->heard_ns = tp_loop_now_ns(env->loop);
	r = tp_msgpack_scan(data, len, &err);
	if (r >= 0)
		r = envelope_parse(data, len, &e, &err);
	if (r < 0)
		session_end(self, EPROTO, err.text);
	else if (self->state != SESSION_READY)
		on_early(self, &e);
	else
		on_envelope(self, &e);
	env->busy--;
}

static void on_opened(void *user, struct tp_wire *wire)
{
	struct session *self = user;

	(void)wire;
	if (self->state == SESSION_HELLO)
		send_hello(self);
}

static void on_drained(void *user, struct tp_wire *wire)
{
	struct session *self = user;

	(void)wire;
	if (self->state == SESSION_READY)
		self->env->ops->drained(self);
}

static void on_closed(void *user, struct tp_wire *wire, const struct tp_error *why)
{
	struct session *self = user;
	struct session_env *env = self->env;

	(void)wire;
	self->wire = NULL;
	if (self->why != NULL)
		why = self->why;
	env->busy++;
	session_end(self, why->code, why->text);
	env->busy--;
}

const struct tp_wire_handler session_wire_handler = {
	.opened = on_opened,
	.frame = on_frame,
	.drained = on_drained,
	.closed = on_closed,
};

/* --- the end --------------------------------------------------------------------------- */

static void on_defer(struct tp_defer *defer)
{
	struct session *self = tp_container_of(defer, struct session, defer);
	struct session_env *env = self->env;

	env->busy++;
	session_end(self, self->why->code, self->why->text);
	env->busy--;
}

void session_init(struct session *self, struct session_env *env, struct tp_wire *wire)
{
	memset(self, 0, sizeof *self);
	self->env = env;
	self->wire = wire;
	self->state = SESSION_HELLO;
	self->rights = env->server ? 0 : UINT32_MAX;
	self->defer.run = on_defer;
	self->heard_ns = self->pinged_ns = tp_loop_now_ns(env->loop);
	self->handshake_end_ns = self->heard_ns + env->limits.handshake_ns;
}

/* Says BYE once and lets the wire go. */
static void leave(struct session *self, int code, const char *text)
{
	const struct tp_transport *t = &self->env->transport;

	if (self->wire == NULL)
		return;
	if (self->why == NULL)
		send_bye(self, code, text);
	t->ops->set_handler(t->impl, self->wire, NULL, NULL);
	t->ops->close(t->impl, self->wire, true);
	self->wire = NULL;
}

static void release(struct session *self)
{
	authentication_end(self);
	tp_loop_undefer(self->env->loop, &self->defer);
	slots_fini(&self->calls);
	slots_fini(&self->served);
	tp_free((char *)self->peer.kind);
	tp_free((char *)self->peer.id);
	tp_free(self->principal);
	tp_free(self->why);
	self->peer = (struct tp_hello){ 0 };
	self->principal = NULL;
	self->why = NULL;
}

void session_fini(struct session *self, int code, const char *text)
{
	leave(self, code, text);
	self->state = SESSION_OVER;
	session_end_calls(self, -ECANCELED, text);
	release(self);
}

void session_end(struct session *self, int code, const char *text)
{
	struct tp_error err = { 0 };

	tp_fail(&err, code, "%s", text);
	leave(self, code, text);
	self->state = SESSION_OVER;
	session_end_calls(self, -ENOTCONN, err.text);
	tp_loop_undefer(self->env->loop, &self->defer);
	self->env->ops->over(self, self->was_ready, &err);
}

void session_end_later(struct session *self, int code, const char *text)
{
	if (self->state == SESSION_OVER)
		return;
	self->why = tp_alloc(sizeof *self->why);
	tp_fail(self->why, code, "%s", text);
	send_bye(self, code, text);
	self->state = SESSION_OVER;
	tp_loop_defer(self->env->loop, &self->defer);
}

void session_check(struct session *self, const struct tp_timer *timer)
{
	const struct tp_net_limits *limits = &self->env->limits;
	int64_t now = tp_loop_now_ns(self->env->loop);
	int64_t silent = now - self->heard_ns;
	char text[96];

	if (self->state == SESSION_OVER)
		return;
	if (tp_timer_overslept(self->env->loop, timer, limits->heartbeat_ns)) {
		self->heard_ns = now;
		self->handshake_end_ns = now + limits->handshake_ns;
		return;
	}
	if (self->state != SESSION_READY) {
		if (now >= self->handshake_end_ns)
			session_end(self, ETIMEDOUT,
				self->state == SESSION_HELLO
					? "no greeting in time"
					: "authentication took too long");
		return;
	}
	if (silent >= limits->silence_ns) {
		snprintf(
			text, sizeof text, "silent for %" PRId64 " ms", silent / TP_MSEC);
		session_end(self, ETIMEDOUT, text);
	} else if (silent >= limits->heartbeat_ns &&
		now - self->pinged_ns >= limits->heartbeat_ns) {
		self->pinged_ns = now;
		send_bare(self, ENVELOPE_PING);
	}
}

int64_t session_check_interval_ns(const struct session_env *env)
{
	int64_t ns = env->limits.heartbeat_ns;

	if (env->limits.silence_ns < ns)
		ns = env->limits.silence_ns;
	if (env->limits.handshake_ns < ns)
		ns = env->limits.handshake_ns;
	if (env->authentication_min_ns > 0 && env->authentication_min_ns < ns)
		ns = env->authentication_min_ns;
	ns /= 4;
	return ns < TP_MSEC ? TP_MSEC : ns;
}
