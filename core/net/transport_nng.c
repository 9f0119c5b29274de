/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nng's byte streams, and the only file of the project that sees nng and threads not ours. The
 * threads do two things: they push an event to a lock-free stack, waking the loop when the stack
 * was empty, and they mark a send as done. Everything else happens on the loop.
 *
 * Who owns what: between nng_stream_recv() and its event the receive buffer is nng's, then the
 * loop's; the loop itself receives again, after it has handled what came, so a wire never has
 * more than one buffer unread and back-pressure needs no counting. `sending` is nng's while
 * send_state is not SEND_IDLE.
 *
 * A wire is freed after nng_aio_stop() of its aios (no event can be pushed any more) and one
 * drain of the stack (none is left there), in this order, for many wires at once.
 */
#include "core/net/transport_nng.h"

#include <errno.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/net/address.h"
#include "core/net/descriptors.h"
#include "core/net/inbox.h"
#include "core/net/pem.h"
#include "core/net/wire.h"

#define RECV_MIN_BYTES 512
#define RECV_MAX_BYTES 65536
#define SENDING_KEEP_BYTES 1024
#define ACCEPT_PAUSE_NS (100 * TP_MSEC)
#define DIAL_TIMEOUT_MS 10000

struct nng {
	struct tp_loop *loop;
	struct tp_list wires;
	struct tp_list listeners;
	struct tp_list graves; /* of wires and listeners to be freed */
	struct tp_defer bury;
	struct inbox inbox;
};

/* Something that dies in two steps: stop() the aios, and after a drain free(). */
struct grave {
	struct tp_list node;
	void (*stop)(struct grave *grave);
	void (*free)(struct grave *grave);
};

enum send_state {
	SEND_IDLE,
	SEND_BUSY,   /* nobody waits for the end */
	SEND_NOTIFY, /* the loop does: an event follows */
};

/* Only while dialling. */
struct dial {
	nng_stream_dialer *dialer;
	nng_aio *aio;
	struct inbox_event event;
	struct nng_wire *wire;
};

struct nng_wire {
	struct tp_wire wire;
	struct nng *transport;
	struct grave grave;
	struct dial *dial;
	nng_stream *stream;
	nng_aio *recv, *send;
	struct inbox_event received, sent;
	uint8_t *buf;
	uint32_t buf_size;
	bool receiving; /* buf is nng's */
	bool reading;   /* receive again after the present buffer */
	_Atomic(int) send_state;
	int send_result;          /* set before the event */
	size_t sent_bytes;        /* of `sending`, when the event comes */
	size_t in_flight;         /* bytes of `sending` when it was submitted */
	struct tp_strbuf sending; /* nng's while not SEND_IDLE */
};

struct tp_listener {
	struct wire_listener base;
	struct nng *transport;
	struct grave grave;
	struct tp_list node;
	nng_stream_listener *listener;
	nng_aio *aio;
	struct inbox_event accepted;
	struct tp_timer timer; /* while accepting fails */
	bool marked;
	bool closing;
};

static struct nng_wire *nng_of(struct tp_wire *wire)
{
	return tp_container_of(wire, struct nng_wire, wire);
}

static int code_of(int nng_error)
{
	switch (nng_error) {
	case NNG_ECLOSED:
	case NNG_ECONNSHUT:
	case NNG_ECONNRESET:
		return ECONNRESET;
	case NNG_ECONNREFUSED:
	case NNG_ENOENT:
		return ECONNREFUSED;
	case NNG_ETIMEDOUT:
		return ETIMEDOUT;
	case NNG_EADDRINUSE:
		return EADDRINUSE;
	case NNG_EADDRINVAL:
	case NNG_EINVAL:
		return EINVAL;
	case NNG_EPERM:
		return EPERM;
	case NNG_ENOMEM:
		return ENOMEM;
	case NNG_ENOFILES:
		return EMFILE;
	case NNG_EUNREACHABLE:
		return EHOSTUNREACH;
	case NNG_ENOTSUP:
		return ENOTSUP;
	default:
		return nng_error & NNG_ESYSERR ? nng_error & ~NNG_ESYSERR : EIO;
	}
}

/* --- graves ---------------------------------------------------------------------------- */

static void bury_all(struct nng *self)
{
	struct tp_list now, *node, *tmp;

	tp_list_init(&now);
	tp_list_foreach (node, tmp, &self->graves)
		tp_container_of(node, struct grave, node)
			->stop(tp_container_of(node, struct grave, node));
	while (!tp_list_empty(&self->graves)) {
		node = self->graves.next;
		tp_list_remove(node);
		tp_list_append(&now, node);
	}
	/* What events kill meanwhile goes to the next burial. */
	inbox_drain(&self->inbox);
	tp_list_foreach (node, tmp, &now)
		tp_container_of(node, struct grave, node)
			->free(tp_container_of(node, struct grave, node));
}

static void on_bury(struct tp_defer *defer)
{
	bury_all(tp_container_of(defer, struct nng, bury));
}

static void dig(struct nng *self, struct grave *grave)
{
	tp_list_init(&grave->node);
	tp_list_append(&self->graves, &grave->node);
	tp_loop_defer(self->loop, &self->bury);
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
		wire_fail(&self->wire, code_of(r), "%s",
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
		wire_fail(&self->wire, code_of(self->send_result), "%s",
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

/* --- wires ----------------------------------------------------------------------------- */

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

	if (self->dial != NULL) {
		nng_stream_dialer_close(self->dial->dialer);
		nng_aio_stop(self->dial->aio);
	}
	if (self->stream != NULL)
		nng_stream_close(self->stream);
	if (self->recv != NULL)
		nng_aio_stop(self->recv);
	if (self->send != NULL)
		nng_aio_stop(self->send);
}

static void dial_free(struct dial *self)
{
	nng_stream_dialer_free(self->dialer);
	nng_aio_free(self->aio);
	tp_free(self);
}

static void wire_bury(struct grave *grave)
{
	struct nng_wire *self = tp_container_of(grave, struct nng_wire, grave);

	if (self->dial != NULL) {
		if (nng_aio_result(self->dial->aio) == 0)
			self->stream = nng_aio_get_output(self->dial->aio, 0);
		dial_free(self->dial);
	}
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
	dig(self->transport, &self->grave);
}

static const struct wire_io nng_io = {
	.flush = nng_flush,
	.read = nng_read,
	.in_flight = nng_in_flight,
	.peer = nng_peer,
	.free = nng_free_wire,
};

static struct nng_wire *wire_new(struct nng *self, struct wire_listener *listener,
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

/* --- tls ------------------------------------------------------------------------------- */

static bool is_tls(const char *url)
{
	return strncmp(url, "tls+tcp://", 10) == 0;
}

static int add_ca(nng_tls_config *config, const struct tp_tls *tls, struct tp_error *err)
{
	tp_cleanup(ptr) char *ca = NULL;
	int r = pem_read(tls->ca, "ca", &ca, err);

	if (r < 0)
		return r;
	r = nng_tls_config_ca_chain(config, ca, NULL);
	if (r == 0)
		r = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
	return r == 0 ? 0
		      : tp_fail(err, EINVAL, "tls: ca '%s' holds no certificate: %s",
				tls->ca, nng_strerror(r));
}

static int add_own(nng_tls_config *config, const struct tp_tls *tls, struct tp_error *err)
{
	tp_cleanup(ptr) char *certificate = NULL, *key = NULL;
	int r = pem_read(tls->certificate, "certificate", &certificate, err);

	if (r >= 0)
		r = pem_read(tls->key, "key", &key, err);
	if (r < 0)
		return r;
	r = nng_tls_config_own_cert(config, certificate, key, NULL);
	explicit_bzero(key, strlen(key));
	return r == 0 ? 0
		      : tp_fail(err, EINVAL,
				"tls: certificate '%s' and key '%s' do not serve: %s",
				tls->certificate, tls->key, nng_strerror(r));
}

static bool is_set(const char *path)
{
	return path != NULL && path[0] != '\0';
}

/* What both ends need for this URL; *ret is held once, NULL without tls. */
static int tls_config(nng_tls_mode mode, const char *url, const struct tp_tls *tls,
	nng_tls_config **ret, struct tp_error *err)
{
	static const struct tp_tls none;
	bool dials = mode == NNG_TLS_MODE_CLIENT;
	int r = 0;

	*ret = NULL;
	if (!is_tls(url))
		return 0;
	tls = tls == NULL ? &none : tls;
	if (dials && !is_set(tls->ca))
		return tp_fail(err, EINVAL,
			"'%s' needs tls_ca: the file that its certificate is checked "
			"with",
			url);
	if (is_set(tls->certificate) != is_set(tls->key) ||
		(!dials && !is_set(tls->certificate)))
		return tp_fail(
			err, EINVAL, "'%s' needs tls_certificate and tls_key", url);
	if (nng_tls_config_alloc(ret, mode) != 0)
		return tp_fail(err, ENOMEM, "'%s': no memory for tls", url);
	if (is_set(tls->ca))
		r = add_ca(*ret, tls, err);
	if (r >= 0 && is_set(tls->certificate))
		r = add_own(*ret, tls, err);
	if (r < 0) {
		nng_tls_config_free(*ret);
		*ret = NULL;
	}
	return r;
}

/* The host of tls+tcp://HOST:PORT is who the certificate must be for. */
static void set_server_name(nng_tls_config *config, const char *url)
{
	const char *host = url + strlen("tls+tcp://");
	const char *colon = strrchr(host, ':');
	tp_cleanup(ptr) char *name =
		tp_strndup(host, colon == NULL ? strlen(host) : (size_t)(colon - host));

	nng_tls_config_server_name(config, name);
}

/* --- dialling -------------------------------------------------------------------------- */

/* Foreign thread. */
static void dial_done(void *arg)
{
	struct dial *self = arg;

	inbox_push(&self->wire->transport->inbox, &self->event);
}

static void on_dialled(struct inbox_event *event)
{
	struct dial *self = tp_container_of(event, struct dial, event);
	struct nng_wire *wire = self->wire;
	int r = nng_aio_result(self->aio);

	/* A dead wire takes its stream to the grave. */
	if (wire->wire.state == WIRE_DEAD)
		return;
	if (r == 0)
		wire->stream = nng_aio_get_output(self->aio, 0);
	wire->dial = NULL;
	dial_free(self);
	if (r != 0) {
		wire_fail(&wire->wire, code_of(r), "connecting: %s", nng_strerror(r));
		return;
	}
	wire_connected(&wire->wire);
}

static bool is_marked(const char *url)
{
	return strncmp(url, "ipc://", 6) == 0 || strncmp(url, "abstract://", 11) == 0;
}

static int nng_dial_tls(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_tls *tls, const struct tp_wire_handler *handler, void *user,
	struct tp_wire **ret, struct tp_error *err)
{
	nng_tls_config *config;
	struct dial *dial;
	int r = tls_config(NNG_TLS_MODE_CLIENT, url, tls, &config, err);

	if (r < 0)
		return r;
	dial = tp_alloc(sizeof *dial);
	r = nng_stream_dialer_alloc(&dial->dialer, url);
	if (r == 0 && config != NULL) {
		set_server_name(config, url);
		r = nng_stream_dialer_set_ptr(dial->dialer, NNG_OPT_TLS_CONFIG, config);
	}
	if (config != NULL)
		nng_tls_config_free(config);
	if (r == 0)
		r = nng_aio_alloc(&dial->aio, dial_done, dial);
	if (r != 0) {
		if (dial->dialer != NULL)
			nng_stream_dialer_free(dial->dialer);
		tp_free(dial);
		return tp_fail(err, code_of(r), "'%s': %s", url, nng_strerror(r));
	}
	nng_stream_dialer_set_bool(dial->dialer, NNG_OPT_TCP_NODELAY, true);
	dial->event.run = on_dialled;
	dial->wire = wire_new(impl, NULL, limits, is_marked(url));
	dial->wire->dial = dial;
	dial->wire->wire.handler = handler;
	dial->wire->wire.user = user;
	*ret = &dial->wire->wire;
	nng_aio_set_timeout(dial->aio, DIAL_TIMEOUT_MS);
	nng_stream_dialer_dial(dial->dialer, dial->aio);
	return 0;
}

static int nng_dial_url(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
	struct tp_error *err)
{
	return nng_dial_tls(impl, url, limits, NULL, handler, user, ret, err);
}

/* --- listening ------------------------------------------------------------------------- */

/* Foreign thread. */
static void accept_done(void *arg)
{
	struct tp_listener *self = arg;

	inbox_push(&self->transport->inbox, &self->accepted);
}

/* The next one, or a pause: who dials waits in the backlog meanwhile. */
static void accept_next(struct tp_listener *self)
{
	if (descriptors_are_short())
		tp_timer_arm(self->transport->loop, &self->timer, ACCEPT_PAUSE_NS);
	else
		nng_stream_listener_accept(self->listener, self->aio);
}

static void accept_again(struct tp_timer *timer)
{
	accept_next(tp_container_of(timer, struct tp_listener, timer));
}

static void on_accepted(struct inbox_event *event)
{
	struct tp_listener *self = tp_container_of(event, struct tp_listener, accepted);
	int r = nng_aio_result(self->aio);
	struct nng_wire *wire;

	if (self->closing)
		return;
	if (r != 0) {
		/* Out of descriptors or memory: it would fail again at once. */
		tp_timer_arm(self->transport->loop, &self->timer, ACCEPT_PAUSE_NS);
		return;
	}
	wire = wire_new(
		self->transport, &self->base, &self->base.spec.limits, self->marked);
	wire->stream = nng_aio_get_output(self->aio, 0);
	nng_aio_set_output(self->aio, 0, NULL); /* it is not the listener's any more */
	accept_next(self);
	if (wire->wire.state != WIRE_DEAD)
		wire_connected(&wire->wire);
}

static void listener_stop(struct grave *grave)
{
	struct tp_listener *self = tp_container_of(grave, struct tp_listener, grave);

	nng_stream_listener_close(self->listener);
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
	int r = tls_config(NNG_TLS_MODE_SERVER, spec->url, spec->tls, &config, err);

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
		return tp_fail(err, code_of(r), "listening on '%s': %s", spec->url,
			nng_strerror(r));
	return 0;
}

static int nng_listen_url(void *impl, const struct tp_listen *spec,
	struct tp_listener **ret, struct tp_error *err)
{
	struct nng *self = impl;
	struct tp_listener *listener = tp_alloc(sizeof *listener);
	int r;

	listener->transport = self;
	listener->marked = is_marked(spec->url);
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
	wire_listener_init(&listener->base, &transport_nng_ops, self, spec,
		bound_url(listener, spec->url));
	tp_list_init(&listener->node);
	tp_list_append(&self->listeners, &listener->node);
	nng_stream_listener_accept(listener->listener, listener->aio);
	*ret = listener;
	return 0;
}

static const char *nng_listener_url(void *impl, struct tp_listener *listener)
{
	(void)impl;
	return listener->base.url;
}

static void nng_unlisten(void *impl, struct tp_listener *listener)
{
	struct nng *self = impl;

	listener->closing = true;
	tp_timer_disarm(self->loop, &listener->timer);
	tp_list_remove(&listener->node);
	wire_listener_fini(&listener->base);
	nng_stream_listener_close(listener->listener);
	dig(self, &listener->grave);
}

/* --- the transport --------------------------------------------------------------------- */

/* nng's threads inherit the mask of who starts them: signals belong to the loop. */
static int start_threads(struct tp_error *err)
{
	sigset_t all, old;
	nng_aio *aio;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = nng_aio_alloc(&aio, NULL, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return tp_fail(err, code_of(r), "starting nng: %s", nng_strerror(r));
	nng_aio_free(aio);
	return 0;
}

int transport_nng_create(struct tp_loop *loop, void **ret, struct tp_error *err)
{
	struct nng *self;
	int r = start_threads(err);

	if (r < 0)
		return r;
	self = tp_alloc(sizeof *self);
	self->loop = loop;
	self->bury.run = on_bury;
	tp_list_init(&self->wires);
	tp_list_init(&self->listeners);
	tp_list_init(&self->graves);
	r = inbox_init(&self->inbox, loop, err);
	if (r < 0) {
		tp_free(self);
		return r;
	}
	*ret = self;
	return 0;
}

static void nng_destroy(void *impl)
{
	struct nng *self = impl;
	struct tp_listener *listener;
	struct tp_wire *wire;

	while ((listener = tp_list_first(&self->listeners, struct tp_listener, node)) !=
		NULL)
		nng_unlisten(self, listener);
	while ((wire = tp_list_first(&self->wires, struct tp_wire, node)) != NULL)
		wire_abandon(wire);
	bury_all(self);
	tp_loop_undefer(self->loop, &self->bury);
	inbox_fini(&self->inbox);
	tp_free(self);
}

const struct tp_transport_ops transport_nng_ops = {
	.listen = nng_listen_url,
	.listener_url = nng_listener_url,
	.unlisten = nng_unlisten,
	.dial = nng_dial_url,
	WIRE_OPS,
	.destroy = nng_destroy,
	.dial_tls = nng_dial_tls,
};
