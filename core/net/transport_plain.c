/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain nonblocking sockets on the loop: what executors, launchers and their agent use. One
 * thread, level-triggered, one read per wake-up and wire so that nobody starves the others;
 * sends are collected until the end of the turn. It resolves no names and knows no TLS.
 */
#include "core/net/transport_plain.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net/address.h"
#include "core/net/descriptors.h"
#include "core/net/wire.h"

#define READ_BYTES 16384
#define OUT_KEEP_BYTES 4096
#define ACCEPT_PAUSE_NS (100 * TP_MSEC)

struct plain {
	struct tp_loop *loop;
	struct tp_list wires;
	struct tp_list listeners;
	uint8_t *buf; /* READ_BYTES, shared: nothing stays in it */
};

struct plain_wire {
	struct tp_wire wire;
	struct plain *transport;
	struct tp_fd watch;
	int fd;
	uint32_t events; /* wanted now */
	size_t sent;     /* of wire.out */
};

struct tp_listener {
	struct wire_listener base;
	struct plain *transport;
	struct tp_list node;
	struct tp_fd watch;
	struct tp_timer timer; /* while out of descriptors */
	int fd;
	bool unix_file;
};

static struct plain_wire *plain_of(struct tp_wire *wire)
{
	return tp_container_of(wire, struct plain_wire, wire);
}

/* --- wires ----------------------------------------------------------------------------- */

static void want(struct plain_wire *self, uint32_t events)
{
	struct tp_error err;

	if (self->events == events)
		return;
	self->events = events;
	/* With nothing asked for epoll still reports hang-ups, over and over. */
	if (events == 0)
		tp_fd_unwatch(self->transport->loop, &self->watch);
	else if (tp_fd_watch(
			 self->transport->loop, &self->watch, self->fd, events, &err) < 0)
		wire_fail(&self->wire, err.code, "%s", err.text);
}

static void plain_flush(struct tp_wire *wire)
{
	struct plain_wire *self = plain_of(wire);
	struct tp_strbuf *out = &wire->out;
	ssize_t n;

	while (self->sent < out->len) {
		n = send(self->fd, out->data + self->sent, out->len - self->sent,
			MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			want(self, self->events | EPOLLOUT);
			break;
		}
		if (n < 0) {
			wire_fail(wire, errno, "sending: %s", strerror(errno));
			return;
		}
		self->sent += (size_t)n;
	}
	if (self->sent == out->len) {
		want(self, self->events & ~(uint32_t)EPOLLOUT);
		self->sent = 0;
		if (out->size > OUT_KEEP_BYTES)
			tp_strbuf_fini(out);
		else
			tp_strbuf_clear(out);
	} else if (self->sent > READ_BYTES && self->sent > out->len / 2) {
		memmove(out->data, out->data + self->sent, out->len - self->sent);
		out->len -= self->sent;
		self->sent = 0;
	}
	wire_sent(wire);
}

static void plain_read(struct tp_wire *wire, bool on)
{
	struct plain_wire *self = plain_of(wire);

	want(self, on ? self->events | EPOLLIN : self->events & ~(uint32_t)EPOLLIN);
}

/* Sent bytes at the head of `out` are not queued any more: a negative number of others. */
static size_t plain_in_flight(struct tp_wire *wire)
{
	return 0 - plain_of(wire)->sent;
}

static void plain_peer(struct tp_wire *wire, struct tp_wire_peer *ret)
{
	struct plain_wire *self = plain_of(wire);
	struct address address = { .len = sizeof(struct sockaddr_un) };
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct ucred cred;
	socklen_t len = sizeof cred;

	memset(ret, 0, sizeof *ret);
	if (getpeername(self->fd, &address.any, &address.len) < 0)
		return;
	if (address.any.sa_family == AF_UNIX &&
		getsockopt(self->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
		ret->local = true;
		ret->uid = cred.uid;
		ret->pid = cred.pid;
		tp_strbuf_printf(&text, "unix:uid=%u,pid=%d", cred.uid, (int)cred.pid);
	} else {
		address_print(&address, &text);
	}
	memcpy(ret->address, tp_strbuf_text(&text),
		text.len < sizeof ret->address ? text.len : sizeof ret->address - 1);
}

static void plain_free(struct tp_wire *wire)
{
	struct plain_wire *self = plain_of(wire);

	tp_fd_unwatch(self->transport->loop, &self->watch);
	if (self->fd >= 0)
		close(self->fd);
	wire_fini(wire);
	tp_free(self);
}

static const struct wire_io plain_io = {
	.flush = plain_flush,
	.read = plain_read,
	.in_flight = plain_in_flight,
	.peer = plain_peer,
	.free = plain_free,
};

static void read_some(struct plain_wire *self)
{
	uint8_t *buf = self->transport->buf;
	ssize_t n = recv(self->fd, buf, READ_BYTES, 0);

	if (n > 0)
		wire_input(&self->wire, buf, (size_t)n);
	else if (n == 0)
		wire_fail(&self->wire, ECONNRESET, "peer closed the connection");
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		wire_fail(&self->wire, errno, "receiving: %s", strerror(errno));
}

static void on_ready(struct tp_fd *watch, uint32_t events)
{
	struct plain_wire *self = tp_container_of(watch, struct plain_wire, watch);
	int error = 0;
	socklen_t len = sizeof error;

	if (self->wire.state == WIRE_DEAD)
		return;
	if (self->wire.state == WIRE_DIALLING) {
		getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		want(self, 0);
		if (error != 0)
			wire_fail(&self->wire, error, "connecting: %s", strerror(error));
		else
			wire_connected(&self->wire);
		return;
	}
	if (events & EPOLLOUT)
		plain_flush(&self->wire);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && self->wire.state != WIRE_DEAD)
		read_some(self);
}

static struct plain_wire *wire_new(struct plain *self, struct wire_listener *listener,
	const struct tp_wire_limits *limits, int fd, bool marked)
{
	struct plain_wire *wire = tp_alloc(sizeof *wire);
	int on = 1;

	wire->transport = self;
	wire->fd = fd;
	wire->watch.ready = on_ready;
	if (!marked)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	wire_init(&wire->wire, &plain_io, self->loop, &self->wires, listener, limits,
		marked);
	return wire;
}

static int plain_dial(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
	struct tp_error *err)
{
	struct plain *self = impl;
	struct plain_wire *wire;
	struct address address;
	int fd, r = address_parse(url, &address, err);

	if (r < 0)
		return r;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tp_fail_errno(err, errno, "socket for '%s'", url);
	wire = wire_new(self, NULL, limits, fd, address.any.sa_family == AF_UNIX);
	wire->wire.handler = handler;
	wire->wire.user = user;
	if (connect(fd, &address.any, address.len) == 0 || errno == EINPROGRESS)
		want(wire, EPOLLOUT); /* also when connected: opened() comes later */
	else
		wire_fail(&wire->wire, errno, "connecting to '%s': %s", url,
			strerror(errno));
	*ret = &wire->wire;
	return 0;
}

/* --- listeners ------------------------------------------------------------------------- */

static void listen_on(struct tp_listener *self)
{
	/* Fails only when epoll is out of memory: try again later. */
	if (tp_fd_watch(self->transport->loop, &self->watch, self->fd, EPOLLIN, NULL) < 0)
		tp_timer_arm(self->transport->loop, &self->timer, ACCEPT_PAUSE_NS);
}

static void on_accept_timer(struct tp_timer *timer)
{
	listen_on(tp_container_of(timer, struct tp_listener, timer));
}

/*
 * Whoever is let in says at once who he is: among the others the one that waited longest gives way
 * to the next, so that nobody keeps the others out by waiting. False when there is none.
 */
static bool give_way(struct tp_listener *self)
{
	struct tp_wire *wire = tp_list_first(&self->base.wires, struct tp_wire, node);
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->transport->wires) {
		if (wire == NULL && !tp_container_of(node, struct tp_wire, node)->known)
			wire = tp_container_of(node, struct tp_wire, node);
	}
	if (wire != NULL)
		wire_fail(wire, EMFILE, "made room for others, descriptors are short");
	return wire != NULL;
}

static void on_accept(struct tp_fd *watch, uint32_t events)
{
	struct tp_listener *self = tp_container_of(watch, struct tp_listener, watch);
	struct plain *transport = self->transport;
	struct plain_wire *wire;
	int fd, i;

	(void)events;
	for (i = 0; i < 64; i++) {
		errno = EMFILE;
		fd = descriptors_are_short()
			? -1
			: accept4(self->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		wire = wire_new(transport, &self->base, &self->base.spec.limits, fd,
			self->unix_file);
		wire_connected(&wire->wire);
	}
	if (fd < 0 && i == 0 && errno != EAGAIN && errno != EINTR &&
		errno != ECONNABORTED && !give_way(self)) {
		/* The queue stays readable: without a pause this would spin. */
		tp_fd_unwatch(transport->loop, &self->watch);
		tp_timer_arm(transport->loop, &self->timer, ACCEPT_PAUSE_NS);
	}
}

/* Removes a socket file that nobody listens on any more. */
static void remove_stale(const struct address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (lstat(address->un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		connect(fd, &address->any, address->len) < 0 && errno == ECONNREFUSED)
		unlink(address->un.sun_path);
	close(fd);
}

static int bind_socket(
	int fd, struct address *address, unsigned mode, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	bool unix_file = address->any.sa_family == AF_UNIX;
	int on = 1;

	address_print(address, &text);
	if (unix_file) {
		remove_stale(address);
		fchmod(fd, mode); /* of the file that bind() makes: never wider */
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	}
	if (bind(fd, &address->any, address->len) < 0)
		return tp_fail_errno(err, errno, "binding '%s'", tp_strbuf_text(&text));
	if (unix_file && chmod(address->un.sun_path, mode) < 0)
		return tp_fail_errno(err, errno, "chmod '%s'", tp_strbuf_text(&text));
	if (listen(fd, 4096) < 0)
		return tp_fail_errno(
			err, errno, "listening on '%s'", tp_strbuf_text(&text));
	return 0;
}

static int plain_listen(void *impl, const struct tp_listen *spec,
	struct tp_listener **ret, struct tp_error *err)
{
	struct plain *self = impl;
	tp_cleanup(strbuf) struct tp_strbuf url = TP_STRBUF_INIT;
	struct tp_listener *listener;
	struct address address;
	int fd, r = address_parse(spec->url, &address, err);

	if (r < 0)
		return r;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tp_fail_errno(err, errno, "socket for '%s'", spec->url);
	r = bind_socket(fd, &address, spec->mode != 0 ? spec->mode : 0600, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	address.len = sizeof(struct sockaddr_un);
	getsockname(fd, &address.any, &address.len);
	listener = tp_alloc(sizeof *listener);
	listener->unix_file = address.any.sa_family == AF_UNIX;
	tp_strbuf_puts(&url, listener->unix_file ? "unix://" : "plain+tcp://");
	address_print(&address, &url);
	wire_listener_init(
		&listener->base, &transport_plain_ops, self, spec, tp_strbuf_steal(&url));
	listener->transport = self;
	listener->fd = fd;
	listener->watch.ready = on_accept;
	listener->timer.fire = on_accept_timer;
	tp_list_init(&listener->node);
	tp_list_append(&self->listeners, &listener->node);
	listen_on(listener);
	*ret = listener;
	return 0;
}

static void plain_unlisten(void *impl, struct tp_listener *listener)
{
	struct plain *self = impl;

	tp_fd_unwatch(self->loop, &listener->watch);
	tp_timer_disarm(self->loop, &listener->timer);
	if (listener->unix_file)
		unlink(listener->base.url + strlen("unix://"));
	close(listener->fd);
	tp_list_remove(&listener->node);
	wire_listener_fini(&listener->base);
	tp_free(listener);
}

/* --- the transport --------------------------------------------------------------------- */

void *transport_plain_create(struct tp_loop *loop)
{
	struct plain *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->buf = tp_alloc(READ_BYTES);
	tp_list_init(&self->wires);
	tp_list_init(&self->listeners);
	return self;
}

static void plain_destroy(void *impl)
{
	struct plain *self = impl;
	struct tp_listener *listener;
	struct tp_wire *wire;

	while ((listener = tp_list_first(&self->listeners, struct tp_listener, node)) !=
		NULL)
		plain_unlisten(self, listener);
	while ((wire = tp_list_first(&self->wires, struct tp_wire, node)) != NULL)
		wire_abandon(wire);
	tp_free(self->buf);
	tp_free(self);
}

const struct tp_transport_ops transport_plain_ops = {
	.listen = plain_listen,
	.unlisten = plain_unlisten,
	.dial = plain_dial,
	WIRE_OPS,
	.destroy = plain_destroy,
};
