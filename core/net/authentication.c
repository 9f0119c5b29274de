/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange per session, one frame at a time: while a mechanism thinks, or when it is the
 * other end's turn to wait, an AUTH frame ends the session. Refusal is final (EACCES); whatever
 * else goes wrong, time included, may be tried again in a new session. Bytes of mechanisms are
 * never logged.
 */
#include "core/net/authentication.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"

#define OUT_MAX 32768
#define NAME_MAX_BYTES 255
#define LIST_MAX 15

struct authentication {
	struct tp_authentication exchange;
	struct session *session;
	const struct tp_service_item *mechanism; /* NULL until it is chosen */
	bool thinking;                           /* done() is to come */
	bool spoke;                              /* dialler: START is out */
	unsigned steps;
};

/* --- mechanisms ------------------------------------------------------------------------ */

static bool usable(const struct session_env *env, const struct tp_service_item *item)
{
	const struct tp_authenticator_ops *asker = item->service.ops;
	const struct tp_authenticatee_ops *prover = item->service.ops;

	if (item->key == NULL)
		return false;
	return env->server ? asker->usable(item->service.impl)
			   : prover->usable(item->service.impl);
}

/* name NULL: any. */
static const struct tp_service_item *find(
	const struct session_env *env, const char *name, size_t len)
{
	const struct tp_service_item *item;

	for (size_t i = 0; env->mechanisms != NULL && i < env->mechanisms->n; i++) {
		item = &env->mechanisms->items[i];
		if (!usable(env, item))
			continue;
		if (name == NULL ||
			(strlen(item->key) == len && memcmp(item->key, name, len) == 0))
			return item;
	}
	return NULL;
}

bool authentication_possible(const struct session_env *env)
{
	return find(env, NULL, 0) != NULL;
}

/* --- frames out ------------------------------------------------------------------------ */

static void send_list(struct session *self)
{
	const struct tp_services *all = self->env->mechanisms;
	struct tp_strbuf *out;
	unsigned n = 0;

	for (size_t i = 0; i < all->n && n < LIST_MAX; i++)
		n += usable(self->env, &all->items[i]);
	out = session_begin(self, ENVELOPE_AUTH, 0, AUTH_LIST, false);
	write_array(out, n);
	for (size_t i = 0; i < all->n && n > 0; i++) {
		if (!usable(self->env, &all->items[i]))
			continue;
		write_text(out, all->items[i].key);
		n--;
	}
	session_flush_scratch(self);
}

static void send_step(struct authentication *a)
{
	struct session *self = a->session;
	const struct tp_authentication *x = &a->exchange;
	bool start = !self->env->server && !a->spoke;
	struct tp_strbuf *out = session_begin(
		self, ENVELOPE_AUTH, 0, start ? AUTH_START : AUTH_STEP, false);

	if (start) {
		write_array(out, 2);
		write_text(out, a->mechanism->key);
	}
	write_bytes(out, x->out, x->out == NULL ? 0 : x->out_len);
	a->spoke = true;
	session_flush_scratch(self);
}

/* --- what a mechanism says ------------------------------------------------------------- */

static void fail(struct session *self, int code, const char *text)
{
	/* On this side too there is nothing to be won by trying again. */
	if (code == EACCES)
		self->refused = true;
	session_end(self, code, text);
}

static void prove(struct authentication *a)
{
	struct session *self = a->session;
	const char *principal = a->exchange.principal;

	if (!self->env->server) {
		session_end(
			self, EPROTO, "the mechanism ended before the server said so");
		return;
	}
	if (principal == NULL || *principal == '\0' ||
		strlen(principal) > NAME_MAX_BYTES) {
		session_end(self, EACCES, "the mechanism gave no name to the peer");
		return;
	}
	self->principal = tp_strdup(principal);
	session_admit(self);
}

static void on_done(struct tp_authentication *exchange, int status)
{
	struct authentication *a =
		tp_container_of(exchange, struct authentication, exchange);
	struct session *self = a->session;
	struct session_env *env = self->env;
	struct tp_error err;

	tp_assert(a->thinking);
	a->thinking = false;
	if (self->state == SESSION_OVER)
		return;
	env->busy++;
	if (status < 0) {
		err = exchange->err;
		fail(self, -status, err.text);
	} else if (status == TP_AUTHENTICATION_DONE) {
		prove(a);
	} else if (exchange->out_len > OUT_MAX) {
		session_end(self, EMSGSIZE, "the mechanism has too much to say");
	} else {
		send_step(a);
	}
	env->busy--;
}

/* --- frames in ------------------------------------------------------------------------- */

static struct authentication *begin(struct session *self)
{
	struct authentication *a = tp_alloc(sizeof *a);

	a->exchange.done = on_done;
	a->session = self;
	self->authentication = a;
	self->state = SESSION_AUTH;
	return a;
}

int authentication_ask(struct session *self, struct tp_error *err)
{
	const struct session_env *env = self->env;
	bool must = env->ops->must_authenticate(self);

	if (!must && !self->wants_authentication)
		return 0;
	if (!authentication_possible(env))
		return !must ? 0
			     : tp_fail(err, EACCES,
				       "a peer of kind '%s' must authenticate here, but "
				       "this server has no authenticator",
				       self->peer.kind);
	begin(self);
	send_list(self);
	return 1;
}

/* Appends "A, B" of a list of names; for people. */
static void print_names(struct cursor c, uint32_t n, char *out, size_t size)
{
	const char *name;
	size_t len, used = 0;

	*out = '\0';
	for (uint32_t i = 0; i < n && cursor_text(&c, &name, &len); i++) {
		for (size_t k = 0; k < len; k++) {
			if ((unsigned char)name[k] <= 0x20 ||
				(unsigned char)name[k] >= 0x7f)
				return;
		}
		if (used + len + 3 > size)
			return;
		used += (size_t)snprintf(out + used, size - used, "%s%.*s",
			i == 0 ? "" : ", ", (int)len, name);
	}
}

/* The dialler takes the first of the server's mechanisms that it knows. */
static void on_list(struct session *self, struct cursor c)
{
	const struct tp_service_item *item = NULL;
	const struct tp_authenticatee_ops *ops;
	struct cursor names;
	struct authentication *a;
	char list[128], text[320];
	const char *name;
	size_t len;
	uint32_t n;

	if (!cursor_array(&c, &n)) {
		session_end(self, EPROTO, "expected a list of mechanisms");
		return;
	}
	names = c;
	for (uint32_t i = 0; i < n && item == NULL; i++) {
		if (!cursor_text(&c, &name, &len))
			break;
		item = find(self->env, name, len);
	}
	if (item == NULL) {
		print_names(names, n, list, sizeof list);
		snprintf(text, sizeof text,
			"the server asks for authentication by %s, and there is no "
			"credential for that here",
			list);
		fail(self, EACCES, text);
		return;
	}
	a = begin(self);
	a->mechanism = item;
	a->thinking = true;
	self->handshake_end_ns =
		tp_loop_now_ns(self->env->loop) + self->env->ops->authentication_ns(self);
	ops = item->service.ops;
	ops->start(item->service.impl, &a->exchange);
}

static void on_start(struct session *self, struct cursor c)
{
	struct authentication *a = self->authentication;
	const struct tp_authenticator_ops *ops;
	const char *name, *data = NULL;
	size_t name_len, len = 0;
	uint32_t n;

	if (a->mechanism != NULL) {
		session_end(self, EPROTO, "a session has one authentication");
		return;
	}
	if (!cursor_array(&c, &n) || n < 1 || !cursor_text(&c, &name, &name_len) ||
		(n > 1 && *c.at != 0xc0 && !cursor_text(&c, &data, &len))) {
		session_end(self, EPROTO, "expected [mechanism, data]");
		return;
	}
	a->mechanism = find(self->env, name, name_len);
	if (a->mechanism == NULL) {
		session_end(self, EACCES, "this mechanism is not on offer");
		return;
	}
	a->thinking = true;
	ops = a->mechanism->service.ops;
	ops->start(a->mechanism->service.impl, &a->exchange, data, len);
}

static void on_step(struct session *self, struct cursor c, bool has_body)
{
	struct authentication *a = self->authentication;
	const struct tp_authenticator_ops *asker;
	const struct tp_authenticatee_ops *prover;
	const char *data = NULL;
	size_t len = 0;

	if (a == NULL || a->mechanism == NULL || a->thinking) {
		session_end(self, EPROTO, "a step of authentication out of turn");
		return;
	}
	if ((has_body && !cursor_text(&c, &data, &len)) ||
		++a->steps > AUTHENTICATION_STEPS_MAX) {
		session_end(self, EPROTO, "malformed steps of authentication");
		return;
	}
	a->thinking = true;
	asker = a->mechanism->service.ops;
	prover = a->mechanism->service.ops;
	if (self->env->server)
		asker->step(a->mechanism->service.impl, &a->exchange, data, len);
	else
		prover->step(a->mechanism->service.impl, &a->exchange, data, len);
}

void authentication_frame(struct session *self, const struct envelope *e)
{
	struct cursor c = { e->body, e->body == NULL ? NULL : e->body + e->body_len };
	bool server = self->env->server;

	if (e->type == AUTH_STEP)
		on_step(self, c, e->body != NULL);
	else if (e->body == NULL)
		session_end(self, EPROTO, "a step of authentication without a body");
	else if (server && e->type == AUTH_START)
		on_start(self, c);
	else if (!server && e->type == AUTH_LIST && self->authentication == NULL)
		on_list(self, c);
	else
		session_end(self, EPROTO, "a step of authentication out of turn");
}

void authentication_end(struct session *self)
{
	struct authentication *a = self->authentication;
	const struct tp_authenticator_ops *asker;
	const struct tp_authenticatee_ops *prover;

	self->authentication = NULL;
	if (a == NULL)
		return;
	if (a->mechanism != NULL) {
		asker = a->mechanism->service.ops;
		prover = a->mechanism->service.ops;
		if (self->env->server)
			asker->finish(a->mechanism->service.impl, &a->exchange);
		else
			prover->finish(a->mechanism->service.impl, &a->exchange);
	}
	tp_free(a);
}
