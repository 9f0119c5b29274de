/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections. Who owns what: between nng_stream_recv() and its event the receive buffer is nng's,
 * then the loop's; the loop itself receives again, after it has handled what came, so a wire never
 * has more than one buffer unread and back-pressure needs no counting. `sending` is nng's while
 * send_state is not SEND_IDLE.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/net/address.h"
#include "core/net/nng_private.h"

#define RECV_MIN_BYTES 512
#define RECV_MAX_BYTES 65536
#define SENDING_KEEP_BYTES 1024

enum send_state {
	SEND_IDLE,
	SEND_BUSY,   /* nobody waits for the end */
	SEND_NOTIFY, /* the loop does: an event follows */
};

static struct nng_wire *nng_of(struct tp_wire *wire)
{
	return tp_container_of(wire, struct nng_wire, wire);
}

/* --- receiving ------------------------------------------------------------------------- */

/* Foreign thread. */
static void recv_done(void *arg)
{
	struct nng_wire *self = arg;

	inbox_push(&self->transport->inbox, &self->received);
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

static void on_received(struct inbox_event *event)
{
	struct nng_wire *self = tp_container_of(event, struct nng_wire, received);
	int r = nng_aio_result(self->recv);
	size_t n;

	if (self->wire.state == WIRE_DEAD || r != 0)
		self->receiving = false;
	if (self->wire.state == WIRE_DEAD)
		return;
	if (r != 0) {
		wire_fail(&self->wire, nng_code(r), "%s",
			r == NNG_ECLOSED || r == NNG_ECONNSHUT
				? "peer closed the connection"
				: nng_strerror(r));
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

static void nng_read(struct tp_wire *wire, bool on)
{
	struct nng_wire *self = nng_of(wire);

	self->reading = on;
	if (on && !self->receiving)
		receive(self);
}

/* --- sending --------------------------------------------------------------------------- */

/* Foreign thread: the quick end of a send needs no event. */
static void send_done(void *arg)
{
	struct nng_wire *self = arg;
	int busy = SEND_BUSY;
	size_t len = self->sending.len;

	self->send_result = nng_aio_result(self->send);
	self->sent_bytes = nng_aio_count(self->send);
	if (self->send_result == 0 && self->sent_bytes == len) {
		if (self->sending.size > SENDING_KEEP_BYTES)
			tp_strbuf_fini(&self->sending);
		else
			tp_strbuf_clear(&self->sending);
		if (atomic_compare_exchange_strong_explicit(&self->send_state, &busy,
			    SEND_IDLE, memory_order_acq_rel, memory_order_acquire))
			return;
	}
	atomic_store_explicit(&self->send_state, SEND_NOTIFY, memory_order_release);
	inbox_push(&self->transport->inbox, &self->sent);
}

/* Is anybody interested in the end of the present send? */
static bool waits(const struct tp_wire *wire)
{
	return wire->out.len > 0 || wire->state == WIRE_FLUSHING || wire->over_soft;
}

static void submit(struct nng_wire *self)
{
	nng_iov iov = { self->sending.data, self->sending.len };
	bool notify = waits(&self->wire);

	self->in_flight = self->sending.len;
	atomic_store_explicit(&self->send_state, notify ? SEND_NOTIFY : SEND_BUSY,
		memory_order_release);
	nng_aio_set_iov(self->send, 1, &iov);
	nng_stream_send(self->stream, self->send);
}

static void nng_flush(struct tp_wire *wire)
{
	struct nng_wire *self = nng_of(wire);
	struct tp_strbuf empty;
	int state = atomic_load_explicit(&self->send_state, memory_order_acquire);

	/* Fails when the send ended just now: then it is idle. */
	if (state == SEND_BUSY &&
		(!waits(wire) ||
			atomic_compare_exchange_strong_explicit(&self->send_state, &state,
				SEND_NOTIFY, memory_order_acq_rel, memory_order_acquire)))
		return;
	if (state == SEND_NOTIFY)
		return;
	self->in_flight = 0;
	if (wire->out.len == 0) {
		wire_sent(wire);
		return;
	}
	empty = self->sending;
	self->sending = wire->out;
	wire->out = empty;
	submit(self);
}

static void on_sent(struct inbox_event *event)
{
	struct nng_wire *self = tp_container_of(event, struct nng_wire, sent);
	struct tp_strbuf *sending = &self->sending;

	if (self->wire.state == WIRE_DEAD)
		return;
	if (self->send_result != 0) {
		wire_fail(&self->wire, nng_code(self->send_result), "%s",
			nng_strerror(self->send_result));
		return;
	}
	if (sending->len > 0) {
		/* A short send: on with the rest. */
		memmove(sending->data, sending->data + self->sent_bytes,
			sending->len - self->sent_bytes);
		sending->len -= self->sent_bytes;
		submit(self);
		wire_sent(&self->wire);
		return;
	}
	self->in_flight = 0;
	atomic_store_explicit(&self->send_state, SEND_IDLE, memory_order_release);
	if (self->wire.out.len > 0)
		nng_flush(&self->wire);
	wire_sent(&self->wire);
}

static size_t nng_in_flight(struct tp_wire *wire)
{
	struct nng_wire *self = nng_of(wire);

	if (atomic_load_explicit(&self->send_state, memory_order_acquire) == SEND_IDLE)
		self->in_flight = 0;
	return self->in_flight;
}

/* --- life ------------------------------------------------------------------------------ */

static void nng_peer(struct tp_wire *wire, struct tp_wire_peer *ret)
{
	struct nng_wire *self = nng_of(wire);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct address address = { .len = 0 };
	uint64_t uid = 0, pid = 0;
	nng_sockaddr sa;

	memset(ret, 0, sizeof *ret);
	if (self->stream == NULL)
		return;
	if (wire->in.marked) {
		ret->local = nng_stream_get_uint64(
				     self->stream, NNG_OPT_IPC_PEER_UID, &uid) == 0 &&
			nng_stream_get_uint64(self->stream, NNG_OPT_IPC_PEER_PID, &pid) ==
				0;
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
	if (self->stream != NULL)
		nng_stream_close(self->stream);
	if (self->recv != NULL)
		nng_aio_stop(self->recv);
	if (self->send != NULL)
		nng_aio_stop(self->send);
}

static void wire_bury(struct grave *grave)
{
	struct nng_wire *self = tp_container_of(grave, struct nng_wire, grave);

	if (self->dial != NULL)
		self->stream = dial_end(self->dial);
	if (self->stream != NULL)
		nng_stream_free(self->stream);
	nng_aio_free(self->recv);
	nng_aio_free(self->send);
	tp_strbuf_fini(&self->sending);
	tp_free(self->buf);
	tp_free(self);
}

/* From now on only events find it, and they do nothing. */
static void nng_free_wire(struct tp_wire *wire)
{
	struct nng_wire *self = nng_of(wire);

	wire_fini(wire);
	wire->state = WIRE_DEAD;
	wire->why = NULL;
	if (self->stream != NULL)
		nng_stream_close(self->stream);
	grave_dig(self->transport, &self->grave);
}

static const struct wire_io nng_io = {
	.flush = nng_flush,
	.read = nng_read,
	.in_flight = nng_in_flight,
	.peer = nng_peer,
	.free = nng_free_wire,
};

struct nng_wire *nng_wire_new(struct nng *self, struct wire_listener *listener,
	const struct tp_wire_limits *limits, bool marked)
{
	struct nng_wire *wire = tp_alloc(sizeof *wire);

	wire->transport = self;
	wire->grave.stop = wire_stop;
	wire->grave.free = wire_bury;
	wire->received.run = on_received;
	wire->sent.run = on_sent;
	wire->buf = tp_alloc(RECV_MIN_BYTES);
	wire->buf_size = RECV_MIN_BYTES;
	atomic_init(&wire->send_state, SEND_IDLE);
	wire_init(
		&wire->wire, &nng_io, self->loop, &self->wires, listener, limits, marked);
	if (nng_aio_alloc(&wire->recv, recv_done, wire) != 0 ||
		nng_aio_alloc(&wire->send, send_done, wire) != 0)
		wire_fail(&wire->wire, ENOMEM, "no memory for a connection");
	return wire;
}
