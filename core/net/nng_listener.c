/* SPDX-License-Identifier: Apache-2.0 */
/* Listening: connections are accepted one by one, at a pace, and only while there are descriptors. */
#include <string.h>

#include "core/net/address.h"
#include "core/net/descriptors.h"
#include "core/net/nng_private.h"
#include "core/net/nng_transport.h"

#define ACCEPT_PAUSE_NS (100 * TP_MSEC)
#define PACE_NS (250 * TP_USEC) /* between two of a crowd */
#define AT_ONCE 32              /* come without a pace */

struct tp_listener {
	struct wire_listener base;
	struct nng *transport;
	struct grave grave;
	struct tp_list node;
	nng_stream_listener *listener;
	nng_aio *aio;
	struct tp_post accepted;
	struct tp_timer timer; /* while accepting pauses */
	int64_t due_ns;        /* when the next one may come */
	bool marked;
	bool accepting; /* a post is owed */
};

/* Foreign thread. */
static void accept_done(void *arg)
{
	struct tp_listener *self = arg;

	tp_loop_post(self->transport->loop, &self->accepted);
}

/* The next one, or a pause: who dials waits in the backlog meanwhile. */
static void accept_next(struct tp_listener *self)
{
	if (descriptors_are_short()) {
		tp_timer_arm(self->transport->loop, &self->timer, ACCEPT_PAUSE_NS);
		return;
	}
	self->accepting = true;
	nng_stream_listener_accept(self->listener, self->aio);
}

static void accept_again(struct tp_timer *timer)
{
	accept_next(tp_container_of(timer, struct tp_listener, timer));
}

/*
 * A few come in at once, a crowd at a pace: so there is time for those who are in, whoever the
 * crowd may be.
 */
static void accept_in_turn(struct tp_listener *self)
{
	int64_t now_ns = tp_loop_now_ns(self->transport->loop);

	self->due_ns += PACE_NS;
	if (self->due_ns < now_ns - AT_ONCE * PACE_NS)
		self->due_ns = now_ns - AT_ONCE * PACE_NS;
	if (self->due_ns <= now_ns)
		accept_next(self);
	else
		tp_timer_arm(self->transport->loop, &self->timer, self->due_ns - now_ns);
}

static void on_accepted(struct tp_post *post)
{
	struct tp_listener *self = tp_container_of(post, struct tp_listener, accepted);
	int r = nng_aio_result(self->aio);
	struct nng_wire *wire;

	self->accepting = false;
	if (self->grave.open) {
		grave_close(self->transport, &self->grave);
		return;
	}
	if (r != 0) {
		/* Out of descriptors or memory: it would fail again at once. */
		tp_timer_arm(self->transport->loop, &self->timer, ACCEPT_PAUSE_NS);
		return;
	}
	wire = nng_wire_new(
		self->transport, self->base.url, &self->base, &self->base.spec.limits);
	wire->stream = nng_aio_get_output(self->aio, 0);
	nng_aio_set_output(self->aio, 0, NULL); /* it is not the listener's any more */
	accept_in_turn(self);
	if (wire->wire.state != WIRE_DEAD)
		wire_connected(&wire->wire);
}

static void listener_stop(struct grave *grave)
{
	struct tp_listener *self = tp_container_of(grave, struct tp_listener, grave);

	nng_aio_stop(self->aio);
}

static void listener_bury(struct grave *grave)
{
	struct tp_listener *self = tp_container_of(grave, struct tp_listener, grave);
	nng_stream *stream;

	/* Accepted, but its event came too late. */
	if (nng_aio_result(self->aio) == 0 &&
		(stream = nng_aio_get_output(self->aio, 0)) != NULL)
		nng_stream_free(stream);
	nng_stream_listener_free(self->listener);
	nng_aio_free(self->aio);
	tp_free(self);
}

/* The address as bound, and more room for those who wait to be accepted than nng asks for. */
static char *bound_url(struct tp_listener *self, const char *url)
{
	const char *colon = strrchr(url, ':');
	nng_sockaddr sa;
	int port;

	if (self->marked || colon == NULL ||
		nng_stream_listener_get_int(
			self->listener, NNG_OPT_TCP_BOUND_PORT, &port) != 0)
		return tp_strdup(url);
	if (nng_stream_listener_get_addr(self->listener, NNG_OPT_LOCADDR, &sa) == 0)
		address_raise_backlog(
			sa.s_family == NNG_AF_INET6 ? AF_INET6 : AF_INET, (uint16_t)port);
	return tp_asprintf("%.*s:%d", (int)(colon - url), url, port);
}

static int start_listening(
	struct tp_listener *self, const struct tp_listen *spec, struct tp_error *err)
{
	int mode = (int)(spec->mode != 0 ? spec->mode : 0600);
	nng_tls_config *config;
	int r = nng_tls_make(NNG_TLS_MODE_SERVER, spec->url, spec->tls, &config, err);

	if (r < 0)
		return r;
	r = nng_stream_listener_alloc(&self->listener, spec->url);
	if (r == 0 && config != NULL)
		r = nng_stream_listener_set_ptr(
			self->listener, NNG_OPT_TLS_CONFIG, config);
	if (config != NULL)
		nng_tls_config_free(config);
	if (r == 0)
		r = nng_aio_alloc(&self->aio, accept_done, self);
	if (r == 0 && strncmp(spec->url, "ipc://", 6) == 0)
		r = nng_stream_listener_set_int(
			self->listener, NNG_OPT_IPC_PERMISSIONS, mode);
	if (r == 0 && !self->marked)
		r = nng_stream_listener_set_bool(
			self->listener, NNG_OPT_TCP_NODELAY, true);
	if (r == 0)
		r = nng_stream_listener_listen(self->listener);
	if (r != 0)
		return tp_fail(err, nng_code(r), "listening on '%s': %s", spec->url,
			nng_strerror(r));
	return 0;
}

int nng_listen_url(void *impl, const struct tp_listen *spec, struct tp_listener **ret,
	struct tp_error *err)
{
	struct nng *self = impl;
	struct tp_listener *listener = tp_alloc(sizeof *listener);
	int r;

	listener->transport = self;
	listener->marked = nng_is_marked(spec->url);
	listener->accepted.run = on_accepted;
	listener->timer.fire = accept_again;
	listener->grave.stop = listener_stop;
	listener->grave.free = listener_bury;
	r = start_listening(listener, spec, err);
	if (r < 0) {
		if (listener->aio != NULL)
			nng_aio_free(listener->aio);
		if (listener->listener != NULL)
			nng_stream_listener_free(listener->listener);
		tp_free(listener);
		return r;
	}
	wire_listener_init(&listener->base, &nng_transport_ops, self, spec,
		bound_url(listener, spec->url));
	tp_list_init(&listener->node);
	tp_list_append(&self->listeners, &listener->node);
	accept_next(listener);
	*ret = listener;
	return 0;
}

void nng_unlisten(void *impl, struct tp_listener *listener)
{
	struct nng *self = impl;

	tp_timer_disarm(self->loop, &listener->timer);
	tp_list_remove(&listener->node);
	wire_listener_fini(&listener->base);
	nng_stream_listener_close(listener->listener);
	grave_open(self, &listener->grave, listener->accepting);
}

void nng_unlisten_all(struct nng *self)
{
	struct tp_listener *listener;

	while ((listener = tp_list_first(&self->listeners, struct tp_listener, node)) !=
		NULL)
		nng_unlisten(self, listener);
}
