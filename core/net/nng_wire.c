/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections. Who owns what: between nng_stream_recv() and its event the receive buffer is nng's,
 * then the loop's; the loop itself receives again, after it has handled what came, so a wire never
 * has more than one buffer unread and back-pressure needs no counting. `sending` is nng's while it is not
 * empty.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/net/address.h"
#include "core/net/nng_private.h"
#include "core/net/url.h"

#define RECV_MIN_BYTES 512
#define RECV_MAX_BYTES 65536
#define OUT_KEEP_BYTES 1024
#define STRANGERS_MAX 4 /* served in a turn */

static struct nng_wire *nng_of(struct tp_wire *wire)
{
	return tp_container_of(wire, struct nng_wire, wire);
}

/* nng said so while sending or receiving. */
static void fail(struct nng_wire *self, int r)
{
	wire_fail(&self->wire, nng_code(r), "%s",
		nng_code(r) == ECONNRESET ? "peer closed the connection"
					  : nng_strerror(r));
}

/* Does nng hold on to it: will there be a post? */
static bool is_owed(struct nng_wire *self)
{
	return self->receiving || self->dial != NULL || self->sending.len > 0;
}

/* A dead wire is freed after its last post. */
static void rest(struct nng_wire *self)
{
	if (!is_owed(self))
		grave_close(self->transport, &self->grave);
}

/* --- receiving ------------------------------------------------------------------------- */

/* Foreign thread. */
static void recv_done(void *arg)
{
	struct nng_wire *self = arg;

	tp_loop_post(self->transport->loop, &self->received);
}

static void receive(struct nng_wire *self)
{
	nng_iov iov = { self->buf, self->buf_size };

	self->receiving = true;
	nng_aio_set_iov(self->recv, 1, &iov);
	nng_stream_recv(self->stream, self->recv);
}

/* Busy wires read in larger pieces, quiet ones give the memory back. */
static void resize(struct nng_wire *self, size_t n)
{
	uint32_t size = self->buf_size;

	if (n == size && size < RECV_MAX_BYTES)
		size *= 2;
	else if (n <= RECV_MIN_BYTES / 16)
		size = RECV_MIN_BYTES;
	if (size == self->buf_size)
		return;
	tp_free(self->buf);
	self->buf = tp_alloc(size);
	self->buf_size = size;
}

/* Hands on what was received. */
static void take(struct nng_wire *self)
{
	size_t n;

	if (self->wire.state == WIRE_DEAD) {
		self->receiving = false;
		rest(self);
		return;
	}
	n = nng_aio_count(self->recv);
	/* A handler that closes or resumes asks to read: that is for below, once. */
	wire_input(&self->wire, self->buf, n);
	resize(self, n);
	self->receiving = false;
	if (self->reading && self->wire.state != WIRE_DEAD)
		receive(self);
}

static void on_received(struct tp_post *post)
{
	struct nng_wire *self = tp_container_of(post, struct nng_wire, received);
	struct nng *transport = self->transport;
	int r = nng_aio_result(self->recv);

	if (r == 0 && !self->wire.known && self->wire.state != WIRE_DEAD) {
		tp_list_append(&transport->strangers, &self->waiting);
		tp_loop_defer(transport->loop, &transport->serve);
		return;
	}
	if (r == 0 || self->wire.state == WIRE_DEAD) {
		take(self);
		return;
	}
	self->receiving = false;
	fail(self, r);
}

/* A few of them, then whoever is known is heard again. */
void nng_serve(struct tp_defer *defer)
{
	struct nng *self = tp_container_of(defer, struct nng, serve);
	struct nng_wire *wire;

	for (int i = 0; i < STRANGERS_MAX; i++) {
		wire = tp_list_first(&self->strangers, struct nng_wire, waiting);
		if (wire == NULL)
			return;
		tp_list_remove(&wire->waiting);
		take(wire);
	}
	if (!tp_list_empty(&self->strangers))
		tp_loop_defer(self->loop, defer);
}

static void nng_read(struct tp_wire *wire, bool on)
{
	struct nng_wire *self = nng_of(wire);

	self->reading = on;
	if (on && !self->receiving)
		receive(self);
}

/* --- sending --------------------------------------------------------------------------- */

/* Foreign thread. */
static void send_done(void *arg)
{
	struct nng_wire *self = arg;

	tp_loop_post(self->transport->loop, &self->sent);
}

/* On with `sending`, through nng's threads. */
static void submit(struct nng_wire *self)
{
	nng_iov iov = { self->sending.data, self->sending.len };

	if (self->send == NULL && nng_aio_alloc(&self->send, send_done, self) != 0) {
		tp_strbuf_fini(&self->sending);
		wire_fail(&self->wire, ENOMEM, "no memory for sending");
		return;
	}
	nng_aio_set_iov(self->send, 1, &iov);
	nng_stream_send(self->stream, self->send);
}

/*
 * Sends as much as goes at once, which is nearly always all, and wakes no thread. How many bytes
 * went, or minus the error of nng.
 */
static int send_now(struct nng_wire *self, const char *data, size_t len)
{
	nng_aio *aio = self->transport->at_once;
	nng_iov iov = { (void *)data, len < INT_MAX ? len : INT_MAX };
	int r;

	nng_aio_set_iov(aio, 1, &iov);
	nng_stream_send(self->stream, aio);
	/* What is still pending has sent nothing. */
	nng_aio_cancel(aio);
	nng_aio_wait(aio);
	r = nng_aio_result(aio);
	if (r == NNG_ECANCELED)
		return 0;
	return r != 0 ? -r : (int)nng_aio_count(aio);
}

static void nng_flush(struct tp_wire *wire)
{
	struct nng_wire *self = nng_of(wire);
	struct tp_strbuf *out = &wire->out;
	size_t sent = 0;
	int n = 1;

	if (self->sending.len > 0)
		return;
	/* Taking back would break a TLS stream. */
	while (!self->tls && n > 0 && sent < out->len) {
		n = send_now(self, out->data + sent, out->len - sent);
		sent += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		fail(self, -n);
		return;
	}
	if (sent == 0 && out->len > 0) {
		self->sending = *out;
		*out = (struct tp_strbuf)TP_STRBUF_INIT;
	} else if (sent < out->len) {
		tp_strbuf_add(&self->sending, out->data + sent, out->len - sent);
	}
	if (out->size > OUT_KEEP_BYTES)
		tp_strbuf_fini(out);
	else
		tp_strbuf_clear(out);
	if (self->sending.len > 0)
		submit(self);
	wire_sent(wire);
}

static void on_sent(struct tp_post *post)
{
	struct nng_wire *self = tp_container_of(post, struct nng_wire, sent);
	struct tp_strbuf *sending = &self->sending;
	int r = nng_aio_result(self->send);
	size_t n = nng_aio_count(self->send);

	if (r == 0 && n < sending->len && self->wire.state != WIRE_DEAD) {
		/* A short send: on with the rest. */
		memmove(sending->data, sending->data + n, sending->len - n);
		sending->len -= n;
		submit(self);
		wire_sent(&self->wire);
		return;
	}
	tp_strbuf_fini(sending);
	if (self->wire.state == WIRE_DEAD)
		rest(self);
	else if (r != 0)
		fail(self, r);
	else
		nng_flush(&self->wire);
}

static size_t nng_in_flight(struct tp_wire *wire)
{
	return nng_of(wire)->sending.len;
}

/* --- life ------------------------------------------------------------------------------ */

static void nng_peer(struct tp_wire *wire, struct tp_wire_peer *ret)
{
	struct nng_wire *self = nng_of(wire);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct address address = { .len = 0 };
	uint64_t uid = (uid_t)-1, pid = 0;
	nng_sockaddr sa;

	memset(ret, 0, sizeof *ret);
	if (self->stream == NULL)
		return;
	if (wire->in.marked) {
		ret->local = true; /* whoever it is: nobody's uid is -1 */
		nng_stream_get_uint64(self->stream, NNG_OPT_IPC_PEER_UID, &uid);
		nng_stream_get_uint64(self->stream, NNG_OPT_IPC_PEER_PID, &pid);
		ret->uid = (uid_t)uid;
		ret->pid = (pid_t)pid;
		tp_strbuf_printf(&text, "ipc:uid=%u,pid=%d", ret->uid, (int)ret->pid);
	} else if (nng_stream_get_addr(self->stream, NNG_OPT_REMADDR, &sa) == 0) {
		if (sa.s_family == NNG_AF_INET) {
			address.in4.sin_family = AF_INET;
			address.in4.sin_addr.s_addr = sa.s_in.sa_addr;
			address.in4.sin_port = sa.s_in.sa_port;
		} else if (sa.s_family == NNG_AF_INET6) {
			address.in6.sin6_family = AF_INET6;
			memcpy(&address.in6.sin6_addr, sa.s_in6.sa_addr, 16);
			address.in6.sin6_port = sa.s_in6.sa_port;
		}
		address_print(&address, &text);
	}
	memcpy(ret->address, tp_strbuf_text(&text),
		text.len < sizeof ret->address ? text.len : sizeof ret->address - 1);
}

static void wire_stop(struct grave *grave)
{
	struct nng_wire *self = tp_container_of(grave, struct nng_wire, grave);

	if (self->dial != NULL)
		dial_stop(self->dial);
	if (self->recv != NULL)
		nng_aio_stop(self->recv);
	if (self->send != NULL)
		nng_aio_stop(self->send);
}

static void wire_bury(struct grave *grave)
{
	struct nng_wire *self = tp_container_of(grave, struct nng_wire, grave);

	if (self->stream != NULL)
		nng_stream_free(self->stream);
	nng_aio_free(self->recv);
	nng_aio_free(self->send);
	tp_strbuf_fini(&self->sending);
	tp_free(self->buf);
	tp_free(self);
}

/* From now on only posts find it. */
static void nng_free_wire(struct tp_wire *wire)
{
	struct nng_wire *self = nng_of(wire);

	wire_fini(wire);
	wire->state = WIRE_DEAD;
	wire->why = NULL;
	if (!tp_list_empty(&self->waiting)) {
		tp_list_remove(&self->waiting);
		self->receiving = false;
	}
	if (self->stream != NULL)
		nng_stream_close(self->stream);
	if (self->dial != NULL)
		dial_close(self->dial);
	grave_open(self->transport, &self->grave, is_owed(self));
}

static const struct wire_io nng_io = {
	.flush = nng_flush,
	.read = nng_read,
	.in_flight = nng_in_flight,
	.peer = nng_peer,
	.free = nng_free_wire,
};

struct nng_wire *nng_wire_new(struct nng *self, const char *url,
	struct wire_listener *listener, const struct tp_wire_limits *limits)
{
	struct nng_wire *wire = tp_alloc(sizeof *wire);

	bool marked = nng_is_marked(url);

	wire->transport = self;
	wire->tls = url_is_tls(url);
	wire->grave.stop = wire_stop;
	wire->grave.free = wire_bury;
	wire->received.run = on_received;
	wire->sent.run = on_sent;
	tp_list_init(&wire->waiting);
	wire->buf = tp_alloc(RECV_MIN_BYTES);
	wire->buf_size = RECV_MIN_BYTES;
	wire_init(
		&wire->wire, &nng_io, self->loop, &self->wires, listener, limits, marked);
	if (nng_aio_alloc(&wire->recv, recv_done, wire) != 0)
		wire_fail(&wire->wire, ENOMEM, "no memory for a connection");
	return wire;
}
