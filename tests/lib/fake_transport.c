/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport in memory. Every change schedules one pass on a defer; a pass visits the wires in
 * the order they came to be and takes each one step: connect, hand over the frames that were
 * queued when the step began, or say the last word. A wire is freed in its own step only, so that
 * callbacks may do anything to any wire.
 *
 *	DIALLING ─► OPEN ─► FLUSHING ─► DEAD      any ─error─► DEAD
 *
 * With weather (fake_transport_weather) each frame has a time at which it arrives, never before
 * the one sent earlier on the same wire; a pass takes what is due, one timer waits for the rest.
 */
#include "fake_network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tepui/list.h"
#include "tepui/map.h"

#define FRAME_OVERHEAD 8
#define FIRST_PORT 20001

static void die(struct tp_wire *wire, int code, const char *text)
{
	struct tp_wire *peer = wire->peer;

	if (wire->state == DEAD)
		return;
	wire->state = DEAD;
	wire->peer = NULL;
	tp_fail(&wire->why, code, "%s", text);
	network_schedule(wire->net);
	if (peer == NULL)
		return;
	peer->peer = NULL;
	if (network_blocked(wire->owner, peer->owner))
		peer->lost_to = wire->owner;
	else
		die(peer, ECONNRESET, "the peer closed the connection");
}

static void on_flush_timer(struct tp_timer *timer)
{
	die(tp_container_of(timer, struct tp_wire, flush_timer), ETIMEDOUT,
		"closed here, not everything could be sent");
}

static struct tp_wire *wire_create(
	struct fake_node *owner, const char *url, const struct tp_wire_limits *limits)
{
	struct tp_wire *wire = tp_alloc(sizeof *wire);
	struct fake_transport *self = owner->net;

	wire->net = self;
	wire->owner = owner;
	wire->url = tp_strdup(url);
	wire->limits = *limits;
	wire->flush_timer.fire = on_flush_timer;
	wire->told_peer.local = true;
	wire->told_peer.uid = geteuid();
	wire->told_peer.pid = getpid();
	snprintf(wire->told_peer.address, sizeof wire->told_peer.address, "%s", url);
	tp_list_init(&wire->out);
	tp_list_append(&self->wires, &wire->node);
	network_schedule(self);
	return wire;
}

static void wire_free(struct tp_wire *wire)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &wire->out)
		tp_free(tp_container_of(node, struct frame, node));
	tp_timer_disarm(wire->net->loop, &wire->flush_timer);
	tp_list_remove(&wire->node);
	tp_free(wire->url);
	tp_free(wire);
}

/* --- the steps -------------------------------------------------------------------------- */

static struct tp_listener *find_listener(struct fake_transport *self, const char *url)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->listeners) {
		struct tp_listener *listener =
			tp_container_of(node, struct tp_listener, node);

		if (strcmp(listener->url, url) == 0)
			return listener;
	}
	return NULL;
}

/* The listener's side hears first: its answer may be under way when opened() comes. */
static void connect_wire(struct tp_wire *wire)
{
	struct fake_transport *self = wire->net;
	struct tp_listener *listener = find_listener(self, wire->url);
	struct tp_wire *peer;

	if (network_not_due(self, wire->last_due_ns))
		return;
	if (listener != NULL &&
		(network_blocked(wire->owner, listener->owner) ||
			network_blocked(listener->owner, wire->owner)))
		return; /* whoever dialled loses patience, or the way is free again */
	if (listener == NULL || tp_map_find(&self->refused, wire->url) != NULL) {
		die(wire, ECONNREFUSED, "connection refused");
		return;
	}
	peer = wire_create(listener->owner, wire->url, &listener->spec.limits);
	peer->state = wire->state = OPEN;
	peer->peer = wire;
	wire->peer = peer;
	listener->spec.accept(listener->spec.user, peer);
	if (peer->handler == NULL)
		die(peer, ECANCELED, "nobody took the connection");
	if (wire->state == OPEN && wire->handler->opened != NULL)
		wire->handler->opened(wire->user, wire);
}

static bool is_dropped(const struct fake_transport *self, const struct frame *frame)
{
	return self->drops != NULL &&
		self->drops(self->spy_user, frame->data, frame->len);
}

/* A peer that closes with a flush reads on and throws away. */
static void hand_over(struct tp_wire *wire, struct tp_wire *peer)
{
	struct frame *frame = tp_list_first(&wire->out, struct frame, node);

	tp_list_remove(&frame->node);
	wire->n_out--;
	wire->out_bytes -= frame->len + FRAME_OVERHEAD;
	if (frame->len > peer->limits.frame_max_bytes)
		die(peer, EMSGSIZE, "the peer sent a frame that is too long");
	else if (peer->state == OPEN && !is_dropped(wire->net, frame))
		peer->handler->frame(peer->user, peer, frame->data, frame->len);
	tp_free(frame);
}

static void deliver(struct tp_wire *wire)
{
	for (size_t n = wire->n_out; n > 0; n--) {
		struct tp_wire *peer = wire->peer;

		if (peer == NULL || peer->paused || wire->stalled ||
			network_blocked(wire->owner, peer->owner) ||
			network_not_due(wire->net,
				tp_list_first(&wire->out, struct frame, node)->due_ns))
			break;
		hand_over(wire, peer);
	}
	if (wire->state == FLUSHING && wire->n_out == 0)
		die(wire, ECANCELED, "closed here");
	if (!wire->over_soft || wire->out_bytes >= wire->limits.out_soft_bytes)
		return;
	wire->over_soft = false;
	if (wire->state == OPEN && wire->handler->drained != NULL)
		wire->handler->drained(wire->user, wire);
}

static void step(struct tp_wire *wire)
{
	if (wire->lost_to != NULL && !network_blocked(wire->lost_to, wire->owner))
		die(wire, ECONNRESET, "the peer closed the connection");
	if (wire->state == DIALLING)
		connect_wire(wire);
	else if (wire->state != DEAD)
		deliver(wire);
	if (wire->state != DEAD)
		return;
	if (wire->handler != NULL && wire->handler->closed != NULL)
		wire->handler->closed(wire->user, wire, &wire->why);
	wire_free(wire);
}

static void on_defer(struct tp_defer *defer)
{
	struct fake_transport *self =
		tp_container_of(defer, struct fake_transport, defer);
	struct tp_list *node, *tmp;

	/* Only the wire that is visited may go: the next one stays what it was. */
	tp_list_foreach (node, tmp, &self->wires)
		step(tp_container_of(node, struct tp_wire, node));
}

/* --- the operations --------------------------------------------------------------------- */

static char *bound_url(struct fake_transport *self, const char *url)
{
	size_t len = strlen(url);

	if (len < 2 || strcmp(url + len - 2, ":0") != 0)
		return tp_strdup(url);
	return tp_asprintf("%.*s:%u", (int)len - 2, url, self->next_port++);
}

static int fake_listen(void *impl, const struct tp_listen *spec, struct tp_listener **ret,
	struct tp_error *err)
{
	struct fake_node *owner = impl;
	struct fake_transport *self = owner->net;
	struct tp_listener *listener;

	if (find_listener(self, spec->url) != NULL)
		return tp_fail_errno(err, EADDRINUSE, "listen on '%s'", spec->url);
	listener = tp_alloc(sizeof *listener);
	listener->owner = owner;
	listener->spec = *spec;
	listener->url = bound_url(self, spec->url);
	tp_list_append(&self->listeners, &listener->node);
	*ret = listener;
	return 0;
}

static const char *fake_listener_url(void *impl, struct tp_listener *listener)
{
	(void)impl;
	return listener->url;
}

static void fake_unlisten(void *impl, struct tp_listener *listener)
{
	(void)impl;
	tp_list_remove(&listener->node);
	tp_free(listener->url);
	tp_free(listener);
}

static int fake_dial(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
	struct tp_error *err)
{
	struct tp_wire *wire = wire_create(impl, url, limits);

	(void)err;
	wire->handler = handler;
	wire->user = user;
	network_draw_due_ns(wire);
	*ret = wire;
	return 0;
}

static void fake_set_handler(void *impl, struct tp_wire *wire,
	const struct tp_wire_handler *handler, void *user)
{
	(void)impl;
	wire->handler = handler;
	wire->user = user;
}

static void fake_set_limits(
	void *impl, struct tp_wire *wire, const struct tp_wire_limits *limits)
{
	(void)impl;
	wire->limits = *limits;
}

/* Whoever reads slowly has room for something all the same. */
static bool is_narrow(const struct tp_wire *wire, size_t bytes)
{
	size_t max = wire->peer == NULL ? 0 : wire->peer->owner->queue_max_bytes;

	return max > 0 && wire->out_bytes > 0 && bytes > max;
}

static int fake_send(void *impl, struct tp_wire *wire, const void *data, size_t len)
{
	size_t cost = len + FRAME_OVERHEAD;
	struct frame *frame;

	(void)impl;
	if (wire->state != OPEN)
		return -EPIPE;
	if (wire->out_bytes + cost > wire->limits.out_hard_bytes ||
		is_narrow(wire, wire->out_bytes + cost))
		return -ENOBUFS;
	if (wire->owner->failing_sends > 0) {
		wire->owner->failing_sends--;
		return -ENOBUFS;
	}
	if (wire->owner->dead)
		return 0;
	if (wire->net->sent != NULL)
		wire->net->sent(wire->net->watch_user, data, len);
	frame = tp_alloc(sizeof *frame + len);
	frame->len = len;
	frame->due_ns = network_draw_due_ns(wire);
	if (len > 0)
		memcpy(frame->data, data, len);
	tp_list_append(&wire->out, &frame->node);
	wire->n_out++;
	wire->out_bytes += cost;
	if (wire->out_bytes >= wire->limits.out_soft_bytes)
		wire->over_soft = true;
	network_schedule(wire->net);
	return 0;
}

static size_t fake_queued_bytes(void *impl, struct tp_wire *wire)
{
	(void)impl;
	return wire->out_bytes;
}

static void fake_peer(void *impl, struct tp_wire *wire, struct tp_wire_peer *ret)
{
	(void)impl;
	*ret = wire->told_peer;
}

static void fake_pause(void *impl, struct tp_wire *wire, bool paused)
{
	(void)impl;
	wire->paused = paused;
	network_schedule(wire->net);
}

static void fake_close(void *impl, struct tp_wire *wire, bool flush)
{
	(void)impl;
	if (wire->state == FLUSHING && flush)
		return;
	if (!flush || wire->state != OPEN || wire->n_out == 0) {
		die(wire, ECANCELED, "closed here");
		return;
	}
	wire->state = FLUSHING;
	wire->paused = false;
	tp_timer_arm(wire->net->loop, &wire->flush_timer, TP_SEC);
	network_schedule(wire->net);
}

static const struct tp_transport_ops fake_ops = {
	.listen = fake_listen,
	.listener_url = fake_listener_url,
	.unlisten = fake_unlisten,
	.dial = fake_dial,
	.set_handler = fake_set_handler,
	.set_limits = fake_set_limits,
	.send = fake_send,
	.queued_bytes = fake_queued_bytes,
	.peer = fake_peer,
	.pause = fake_pause,
	.close = fake_close,
};

/* --- what tests do to it ---------------------------------------------------------------- */

struct fake_transport *fake_transport_create(struct tp_loop *loop)
{
	struct fake_transport *self = tp_alloc(sizeof *self);

	tp_list_init(&self->nodes);
	self->first = network_node_create(self, &fake_ops);
	self->loop = loop;
	self->defer.run = on_defer;
	self->arrival.fire = network_arrival;
	self->next_port = FIRST_PORT;
	tp_list_init(&self->wires);
	tp_list_init(&self->listeners);
	tp_map_init(&self->refused);
	return self;
}

static void refusal_free(struct fake_transport *self, struct refusal *refusal)
{
	tp_map_remove(&self->refused, &refusal->node);
	tp_free(refusal->url);
	tp_free(refusal);
}

void fake_transport_destroy(struct fake_transport *self)
{
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_loop_undefer(self->loop, &self->defer);
	tp_timer_disarm(self->loop, &self->arrival);
	tp_list_foreach (node, tmp, &self->wires)
		wire_free(tp_container_of(node, struct tp_wire, node));
	tp_list_foreach (node, tmp, &self->listeners)
		fake_unlisten(self, tp_container_of(node, struct tp_listener, node));
	tp_map_foreach (node, tmp, &self->refused)
		refusal_free(self, tp_map_entry(node, struct refusal, node));
	tp_map_fini(&self->refused);
	tp_list_foreach (node, tmp, &self->nodes)
		tp_free(tp_container_of(node, struct fake_node, node));
	tp_free(self);
}

const struct tp_transport *fake_transport_get(struct fake_transport *self)
{
	return &self->first->transport;
}

void fake_transport_refuse(struct fake_transport *self, const char *url, bool refused)
{
	struct refusal *refusal = tp_map_get(&self->refused, url, struct refusal, node);

	if (refusal != NULL && !refused)
		refusal_free(self, refusal);
	if (refusal != NULL || !refused)
		return;
	refusal = tp_alloc(sizeof *refusal);
	refusal->url = tp_strdup(url);
	tp_map_add(&self->refused, &refusal->node, refusal->url);
}

void fake_wire_cut(struct tp_wire *wire)
{
	struct tp_wire *peer = wire->peer;

	die(wire, ECONNRESET, "the connection broke");
	if (peer != NULL)
		tp_fail(&peer->why, ECONNRESET, "the connection broke");
}

void fake_wire_stall(struct tp_wire *wire, bool stalled)
{
	wire->stalled = stalled;
	network_schedule(wire->net);
}

void fake_wire_set_peer(struct tp_wire *wire, const struct tp_wire_peer *peer)
{
	wire->told_peer = *peer;
}

static bool concerns(const struct tp_wire *wire, const char *url)
{
	return url == NULL || strcmp(wire->url, url) == 0;
}

void fake_transport_cut(struct fake_transport *self, const char *url)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->wires) {
		struct tp_wire *wire = tp_container_of(node, struct tp_wire, node);

		if (concerns(wire, url))
			fake_wire_cut(wire);
	}
}

void fake_transport_stall(struct fake_transport *self, const char *url, bool stalled)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->wires) {
		struct tp_wire *wire = tp_container_of(node, struct tp_wire, node);

		if (concerns(wire, url))
			fake_wire_stall(wire, stalled);
	}
}

size_t fake_transport_wires(const struct fake_transport *self)
{
	size_t n = 0;

	for (struct tp_list *node = self->wires.next; node != &self->wires;
		node = node->next)
		n++;
	return n;
}
