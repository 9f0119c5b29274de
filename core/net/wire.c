/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a connection, whatever moves its bytes. Invariants: callbacks come from the loop
 * only, never from inside a call of the user; frames are delivered in OPEN only; while paused
 * nothing is delivered and what had arrived waits in `backlog`; whoever got a wire gets exactly
 * one closed().
 */
#include "core/net/wire.h"

#include <errno.h>
#include <string.h>

#define GREETING_NS (10 * TP_SEC)
#define FLUSHING_NS (1 * TP_SEC)

static void on_timer(struct tp_timer *timer)
{
	struct tp_wire *self = tp_container_of(timer, struct tp_wire, timer);

	if (self->state == WIRE_FLUSHING)
		wire_fail(self, ETIMEDOUT, "closed here, the peer did not read the rest");
	else
		wire_fail(self, ETIMEDOUT, "no connection or greeting within %d s",
			(int)(GREETING_NS / TP_SEC));
}

/* Tells whoever is concerned that it is over, and frees the wire. */
static void finish(struct tp_wire *self)
{
	struct wire_listener *listener = self->listener;
	struct tp_wire_peer peer;

	tp_timer_disarm(self->loop, &self->timer);
	if (listener != NULL && listener->spec.refused != NULL) {
		self->io->peer(self, &peer);
		listener->spec.refused(listener->spec.user, peer.address, self->why);
	}
	if (self->handler != NULL)
		self->handler->closed(self->user, self, self->why);
	self->handler = NULL;
	tp_list_remove(&self->node);
	self->io->free(self);
}

static void on_defer(struct tp_defer *defer)
{
	struct tp_wire *self = tp_container_of(defer, struct tp_wire, defer);
	struct tp_strbuf backlog = self->backlog;

	if (self->state == WIRE_DEAD) {
		finish(self);
		return;
	}
	if (!self->paused && self->state <= WIRE_OPEN && backlog.len > 0) {
		self->backlog = (struct tp_strbuf)TP_STRBUF_INIT;
		wire_input(self, (const uint8_t *)backlog.data, backlog.len);
		tp_strbuf_fini(&backlog);
		if (self->state <= WIRE_OPEN)
			self->io->read(self, !self->paused);
	}
	if (self->state == WIRE_GREETING || self->state == WIRE_OPEN ||
		self->state == WIRE_FLUSHING)
		self->io->flush(self);
}

void wire_init(struct tp_wire *self, const struct wire_io *io, struct tp_loop *loop,
	struct tp_list *home, struct wire_listener *listener,
	const struct tp_wire_limits *limits, bool marked)
{
	self->io = io;
	self->loop = loop;
	self->home = home;
	self->listener = listener;
	self->limits = *limits;
	self->in.marked = marked;
	self->timer.fire = on_timer;
	self->defer.run = on_defer;
	self->state = WIRE_DIALLING;
	self->known = listener == NULL;
	tp_list_init(&self->node);
	tp_list_append(listener != NULL ? &listener->wires : home, &self->node);
	tp_timer_arm(loop, &self->timer, GREETING_NS);
}

void wire_fini(struct tp_wire *self)
{
	tp_timer_disarm(self->loop, &self->timer);
	tp_loop_undefer(self->loop, &self->defer);
	tp_list_remove(&self->node);
	frame_splitter_fini(&self->in);
	tp_strbuf_fini(&self->backlog);
	tp_strbuf_fini(&self->out);
	tp_free(self->why);
}

/* Who dials greets first: whoever dials an HTTP port by habit can be told so in HTTP. */
void wire_connected(struct tp_wire *self)
{
	self->state = WIRE_GREETING;
	if (self->listener == NULL)
		tp_strbuf_add(&self->out, frame_hello, sizeof frame_hello);
	self->io->flush(self);
	if (self->state == WIRE_GREETING)
		self->io->read(self, true);
}

static void greeted(struct tp_wire *self)
{
	struct wire_listener *listener = self->listener;

	self->state = WIRE_OPEN;
	tp_timer_disarm(self->loop, &self->timer);
	if (listener == NULL) {
		if (self->handler != NULL)
			self->handler->opened(self->user, self);
		return;
	}
	tp_strbuf_add(&self->out, frame_hello, sizeof frame_hello);
	self->io->flush(self);
	if (self->state != WIRE_OPEN)
		return;
	tp_list_remove(&self->node);
	tp_list_append(self->home, &self->node);
	self->listener = NULL;
	listener->spec.accept(listener->spec.user, self);
	if (self->handler == NULL && self->state == WIRE_OPEN)
		wire_fail(self, ECANCELED, "nobody took the connection");
}

/* As far as it goes at once: the connection is over. */
static void answer_http(struct tp_wire *self)
{
	static const char text[] =
		"This port speaks Tepui's native protocol, not HTTP: use `tepui`.\n";

	tp_strbuf_printf(&self->out,
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		sizeof text - 1, text);
	self->io->flush(self);
}

void wire_input(struct tp_wire *self, const uint8_t *data, size_t len)
{
	struct tp_error err = { 0 };
	const uint8_t *frame;
	size_t frame_len;
	int r;

	if (self->backlog.len > 0) {
		tp_strbuf_add(&self->backlog, data, len);
		return;
	}
	while (self->state <= WIRE_OPEN && !self->paused) {
		r = frame_next(&self->in, &data, &len, self->limits.frame_max_bytes,
			&frame, &frame_len, &err);
		if (r == -EPROTOTYPE && self->listener != NULL)
			answer_http(self);
		if (r < 0)
			wire_fail(self, -r, "%s", err.text);
		else if (r == FRAME_HELLO)
			greeted(self);
		else if (r == FRAME_MORE)
			return;
		else if (self->handler != NULL)
			self->handler->frame(self->user, self, frame, frame_len);
	}
	if (self->state <= WIRE_OPEN && len > 0)
		tp_strbuf_add(&self->backlog, data, len);
}

static size_t queued(struct tp_wire *self)
{
	return self->out.len + self->io->in_flight(self);
}

void wire_sent(struct tp_wire *self)
{
	size_t left = queued(self);

	if (self->state == WIRE_FLUSHING && left == 0)
		wire_fail(self, ECANCELED, "closed here");
	if (!self->over_soft || left >= self->limits.out_soft_bytes)
		return;
	self->over_soft = false;
	if (self->state == WIRE_OPEN && self->handler != NULL &&
		self->handler->drained != NULL)
		self->handler->drained(self->user, self);
}

void wire_fail(struct tp_wire *self, int code, const char *fmt, ...)
{
	va_list args;

	if (self->state == WIRE_DEAD)
		return;
	self->state = WIRE_DEAD;
	self->why = tp_alloc(sizeof *self->why);
	va_start(args, fmt);
	tp_vfail(self->why, code, fmt, args);
	va_end(args);
	tp_loop_defer(self->loop, &self->defer);
}

void wire_abandon(struct tp_wire *self)
{
	self->handler = NULL;
	self->listener = NULL;
	if (self->state >= WIRE_GREETING && self->state <= WIRE_FLUSHING) {
		self->state = WIRE_FLUSHING;
		self->io->flush(self);
	}
	self->state = WIRE_DEAD;
	tp_list_remove(&self->node);
	self->io->free(self);
}

void wire_listener_init(struct wire_listener *self, const struct tp_transport_ops *ops,
	void *impl, const struct tp_listen *spec, char *take_url)
{
	self->ops = ops;
	self->impl = impl;
	self->spec = *spec;
	self->spec.url = self->url = take_url;
	tp_list_init(&self->wires);
}

void wire_listener_fini(struct wire_listener *self)
{
	struct tp_wire *wire;

	while ((wire = tp_list_first(&self->wires, struct tp_wire, node)) != NULL) {
		wire->listener = NULL;
		tp_list_remove(&wire->node);
		tp_list_append(wire->home, &wire->node);
		wire_fail(wire, ECANCELED, "no longer listening");
	}
	tp_free(self->url);
}

const char *wire_listener_url(void *impl, struct tp_listener *listener)
{
	(void)impl;
	return wire_listener_of(listener)->url;
}

void wire_set_handler(void *impl, struct tp_wire *wire,
	const struct tp_wire_handler *handler, void *user)
{
	(void)impl;
	wire->handler = handler;
	wire->user = user;
}

void wire_set_limits(
	void *impl, struct tp_wire *wire, const struct tp_wire_limits *limits)
{
	(void)impl;
	wire->limits = *limits;
	wire->known = true;
}

int wire_send(void *impl, struct tp_wire *wire, const void *data, size_t len)
{
	uint8_t header[FRAME_HEADER_MAX];
	size_t n = frame_header(header, wire->in.marked, len), before;

	(void)impl;
	if (wire->state != WIRE_OPEN)
		return -EPIPE;
	before = queued(wire);
	if (before + n + len > wire->limits.out_hard_bytes)
		return -ENOBUFS;
	tp_strbuf_add(&wire->out, header, n);
	tp_strbuf_add(&wire->out, data, len);
	if (before + n + len >= wire->limits.out_soft_bytes)
		wire->over_soft = true;
	tp_loop_defer(wire->loop, &wire->defer);
	return 0;
}

size_t wire_queued_bytes(void *impl, struct tp_wire *wire)
{
	(void)impl;
	return queued(wire);
}

void wire_peer(void *impl, struct tp_wire *wire, struct tp_wire_peer *ret)
{
	(void)impl;
	wire->io->peer(wire, ret);
}

void wire_pause(void *impl, struct tp_wire *wire, bool paused)
{
	(void)impl;
	if (wire->state != WIRE_OPEN || wire->paused == paused)
		return;
	wire->paused = paused;
	if (!paused && wire->backlog.len > 0)
		tp_loop_defer(wire->loop, &wire->defer);
	else
		wire->io->read(wire, !paused);
}

void wire_close(void *impl, struct tp_wire *wire, bool flush)
{
	(void)impl;
	if (wire->state == WIRE_FLUSHING && flush)
		return;
	if (!flush || wire->state != WIRE_OPEN || queued(wire) == 0) {
		wire_fail(wire, ECANCELED, "closed here");
		return;
	}
	wire->state = WIRE_FLUSHING;
	tp_strbuf_fini(&wire->backlog);
	tp_timer_arm(wire->loop, &wire->timer, FLUSHING_NS);
	wire->io->read(
		wire, true); /* and thrown away: what is unread would reset the peer */
	wire->io->flush(wire);
}
