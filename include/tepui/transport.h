/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transports carry frames: whole byte strings, in order, lossless until the connection ends.
 * They know nothing of what is inside. One ops table, three implementations: nng (daemons, CLI,
 * schedulers), plain sockets (executors, launchers: one thread, no nng) and simulated (tests).
 *
 * URLs: tcp://HOST:PORT, tls+tcp://HOST:PORT, ipc:///PATH, abstract://NAME go to nng;
 * unix:///PATH and plain+tcp://HOST:PORT to plain sockets. On the wire all of them are SP PAIR0.
 *
 * Loop thread only. No callback comes from inside a call. A wire that was opened or dialled gets
 * exactly one closed(), after which it is gone.
 */
#ifndef TEPUI_TRANSPORT_H
#define TEPUI_TRANSPORT_H

#include <stdlib.h>
#include <sys/types.h>

#include "tepui/error.h"

#define TP_TRANSPORT_ABI 1

struct tp_wire;     /* one connection; the implementation's */
struct tp_listener; /* one listening address; the implementation's */

struct tp_wire_handler {
	/* Dialled wires only: connected and greeted. */
	void (*opened)(void *user, struct tp_wire *wire);
	/* Borrowed bytes, gone when this returns. */
	void (*frame)(void *user, struct tp_wire *wire, const uint8_t *data, size_t len);
	/* The out queue, once at or over the soft limit, is under it again. */
	void (*drained)(void *user, struct tp_wire *wire);
	/* The last word. `why` says what happened: peer closed, refused, our own close. */
	void (*closed)(void *user, struct tp_wire *wire, const struct tp_error *why);
};

struct tp_wire_limits {
	size_t frame_max_bytes; /* a longer frame ends the wire */
	size_t out_soft_bytes;  /* drained() is told about this mark */
	size_t out_hard_bytes;  /* send beyond it fails with -ENOBUFS */
	size_t in_max_bytes;    /* unread backlog at which reading stops */
};

struct tp_wire_peer {
	char address[128]; /* for people */
	bool local;        /* a unix socket: uid and pid are known */
	uid_t uid;
	pid_t pid;
};

/*
 * What tls+tcp needs: PEM files, read when an address is dialled or listened at. Who listens needs
 * a certificate and its key, who dials the ca that signed it. A listener with a ca demands
 * certificates from those who dial.
 */
struct tp_tls {
	const char *certificate, *key, *ca; /* NULL or "" = none */
};

/* What TEPUI_TLS_CA, TEPUI_TLS_CERTIFICATE and TEPUI_TLS_KEY say, for schedulers and tools. */
static inline struct tp_tls tp_tls_environment(void)
{
	return (struct tp_tls){ getenv("TEPUI_TLS_CERTIFICATE"), getenv("TEPUI_TLS_KEY"),
		getenv("TEPUI_TLS_CA") };
}

struct tp_listen {
	const char *url;
	unsigned mode; /* of a unix socket's file; 0 = 0600 */
	/* A greeted connection arrived: set its handler with set_handler(), or close it. */
	void (*accept)(void *user, struct tp_wire *wire);
	/* Somebody connected who does not speak the protocol; for the log. May be NULL. */
	void (*refused)(void *user, const char *address, const struct tp_error *why);
	void *user;
	struct tp_wire_limits limits; /* of accepted wires, until set_limits() */
	const struct tp_tls *tls;     /* for tls+tcp; NULL = none */
};

struct tp_transport_ops {
	int (*listen)(void *impl, const struct tp_listen *spec, struct tp_listener **ret,
		struct tp_error *err);
	/* The address with the port the kernel chose; borrowed from the listener. */
	const char *(*listener_url)(void *impl, struct tp_listener *listener);
	void (*unlisten)(void *impl, struct tp_listener *listener);
	int (*dial)(void *impl, const char *url, const struct tp_wire_limits *limits,
		const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
		struct tp_error *err);
	/* NULL: nobody listens any more. Who accepts a wire gives it one at once. */
	void (*set_handler)(void *impl, struct tp_wire *wire,
		const struct tp_wire_handler *handler, void *user);
	/*
	 * Who gives limits to an accepted wire knows whose it is: until then it is a stranger, and
	 * what strangers send may wait for what the others send.
	 */
	void (*set_limits)(
		void *impl, struct tp_wire *wire, const struct tp_wire_limits *limits);
	/* Copies the frame into the out queue, never drops: 0, or -ENOBUFS, or -EPIPE when closing. */
	int (*send)(void *impl, struct tp_wire *wire, const void *data, size_t len);
	size_t (*queued_bytes)(void *impl, struct tp_wire *wire);
	void (*peer)(void *impl, struct tp_wire *wire, struct tp_wire_peer *ret);
	/* Stop and go on reading: back-pressure. */
	void (*pause)(void *impl, struct tp_wire *wire, bool paused);
	/* Sends what is queued for at most a second if `flush`, then closes. closed() follows. */
	void (*close)(void *impl, struct tp_wire *wire, bool flush);
	/* Frees the transport and what is left of its wires, without closed(). */
	void (*destroy)(void *impl);
	/* dial() with what tls+tcp needs; other addresses ignore it. May be NULL. */
	int (*dial_tls)(void *impl, const char *url, const struct tp_wire_limits *limits,
		const struct tp_tls *tls, const struct tp_wire_handler *handler,
		void *user, struct tp_wire **ret, struct tp_error *err);
};

struct tp_transport {
	const struct tp_transport_ops *ops;
	void *impl;
};

struct tp_loop;

/*
 * All URLs above, on this loop. tp_transport_create_plain() knows the plain sockets only: what
 * links it alone starts no thread and needs no nng. Destroying ends what is left without
 * closed(); NULL is fine.
 */
TP_EXPORT int tp_transport_create(
	struct tp_loop *loop, struct tp_transport **ret, struct tp_error *err);
TP_EXPORT int tp_transport_create_plain(
	struct tp_loop *loop, struct tp_transport **ret, struct tp_error *err);
TP_EXPORT void tp_transport_destroy(struct tp_transport *transport);

#endif
