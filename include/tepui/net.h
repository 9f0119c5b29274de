/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions over a transport: who is there (HELLO, authentication, READY), messages, calls with
 * replies, heartbeats and reconnection. Messages are numbers and field tables (PROTOCOL.md).
 *
 *	server   accepts peers; a peer is a handle (slot, generation), never a pointer: what was
 *	         sent to a peer that left fails with -ENOTCONN instead of reaching somebody else
 *	link     keeps one session to one of several addresses, for ever: reconnects every
 *	         0.1-0.3 s for the first minute, then doubling to 60 s
 *
 * "Sent" never means delivered. Queues are bounded: beyond the soft limit tp_server_busy() tells
 * senders to hold back, beyond the hard limit the peer is disconnected with a reason; nothing is
 * dropped silently. Any frame counts as life; a silent peer is pinged and then closed.
 *
 * Loop thread only. No callback comes from inside a call.
 */
#ifndef TEPUI_NET_H
#define TEPUI_NET_H

#include "tepui/arena.h"
#include "tepui/authentication.h"
#include "tepui/loop.h"
#include "tepui/module.h"
#include "tepui/transport.h"

#define TP_NET_VERSION 1        /* of the protocol */
#define TP_NET_VERSION_OLDEST 1 /* that is still spoken */

/* How a peer introduces itself. */
struct tp_hello {
	const char *kind; /* "agent", "scheduler", "executor", "operator", "master" */
	const char *id;   /* of the entity; "" while it has none */
	uint64_t epoch; /* a newer one of the same kind and id evicts the older session */
};

struct tp_peer_info {
	struct tp_hello hello;
	uint32_t version;      /* spoken by both sides */
	const char *principal; /* authenticated; NULL = none */
	struct tp_wire_peer wire;
	uint32_t rights; /* what admit() granted */
};

struct tp_net_limits {
	size_t frame_max_bytes; /* after READY; 64 KiB before. 0 = 16 MiB */
	size_t out_soft_bytes;  /* 0 = 4 MiB */
	size_t out_hard_bytes;  /* 0 = 64 MiB */
	size_t in_max_bytes;    /* 0 = 4 MiB */
	size_t calls_max;       /* unanswered calls of one peer; 0 = 1024 */
	int64_t heartbeat_ns;   /* ping after this silence; 0 = 15 s */
	int64_t silence_ns;     /* close after this silence; 0 = 75 s */
	int64_t handshake_ns;   /* from accept or dial to READY; 0 = 15 s */
};

/* A message that came in. Everything in it dies with the handler, unless the arena is taken. */
struct tp_message {
	uint64_t peer; /* who sent it; 0 on a link */
	uint64_t call; /* to answer with tp_*_reply(); 0 = one way */
	uint16_t type;
	const void
		*body; /* decoded by the handler row's table, required fields checked */
	struct tp_arena *arena;
	int64_t deadline_ns; /* of a call, loop time; INT64_MAX = none */
};
/* The message's memory becomes the caller's. */
TP_EXPORT struct tp_arena *tp_message_take_arena(struct tp_message *message);

/* Dispatch: decode, check and the right to call come before the handler. */
struct tp_handler {
	uint16_t type;
	uint32_t rights; /* all of these bits, or the call is refused with EPERM */
	const struct tp_desc *desc;
	void (*handle)(void *user, struct tp_message *message);
};

/* --- calls: a request and its reply ---------------------------------------------------- */

struct tp_reply {
	int status; /* 0, or negative errno: -ETIMEDOUT, -ENOTCONN, -ECANCELED, or the peer's */
	const char *text; /* of the error, for people */
	const void *body; /* NULL when there is none */
	struct tp_arena *arena;
	bool more; /* a part of a stream: further replies follow */
};

/* Yours until the final reply; zero it, fill desc and done, hand it to tp_*_call(). */
struct tp_call {
	const struct tp_desc *reply_desc; /* NULL: no body expected */
	void (*done)(struct tp_call *call, const struct tp_reply *reply);
	uint64_t id; /* private, as is the rest; 0 = not under way */
	struct tp_timer timer;
	void *session;
	bool cancelled;
};
/* done() comes with -ECANCELED, later; the peer is told. Nothing happens when it is over. */
TP_EXPORT void tp_call_cancel(struct tp_call *call);

/* --- server ---------------------------------------------------------------------------- */

struct tp_server;

struct tp_server_config {
	struct tp_instance *instance; /* whose loop, and whose name in logs */
	struct tp_transport transport;
	struct tp_net_limits limits;
	struct tp_hello self;              /* what we answer to HELLO */
	const struct tp_handler *handlers; /* sorted or not; borrowed */
	size_t n_handlers;
	void *user;
	/* Lets an authenticated peer in and says what it may do, or refuses it with an error. */
	int (*admit)(void *user, struct tp_peer_info *info, struct tp_error *err);
	void (*opened)(void *user, uint64_t peer);
	void (*closed)(void *user, uint64_t peer, const struct tp_error *why);
	void (*drained)(void *user, uint64_t peer); /* no longer busy; may be NULL */
	/* Of kind `authenticator`, by mechanism; borrowed. NULL or none usable: nobody can. */
	const struct tp_services *authenticators;
	/* Must this peer prove who it is before admit()? NULL: only who has a credential. */
	bool (*must_authenticate)(void *user, const struct tp_peer_info *info);
	const struct tp_tls *tls; /* for tls+tcp; borrowed */
};

TP_EXPORT int tp_server_create(const struct tp_server_config *config,
	struct tp_server **ret, struct tp_error *err);
/* Adds an address; may be called several times. `mode`: of a unix socket's file, 0 = 0600. */
TP_EXPORT int tp_server_listen(
	struct tp_server *server, const char *url, unsigned mode, struct tp_error *err);
/* Address i as bound, NULL when there are fewer. Borrowed. */
TP_EXPORT const char *tp_server_url(const struct tp_server *server, size_t i);
/* Stops listening, flushes and closes all peers without closed() callbacks, then reports. */
TP_EXPORT void tp_server_stop(struct tp_server *server, struct tp_done *done);
TP_EXPORT void tp_server_destroy(struct tp_server *server);

/* NULL when the peer is gone. Borrowed until the loop turns. */
TP_EXPORT const struct tp_peer_info *tp_server_peer(
	const struct tp_server *server, uint64_t peer);
TP_EXPORT int tp_server_send(struct tp_server *server, uint64_t peer, uint16_t type,
	const struct tp_desc *desc, const void *body);
TP_EXPORT int tp_server_call(struct tp_server *server, uint64_t peer,
	struct tp_call *call, uint16_t type, const struct tp_desc *desc, const void *body,
	int64_t timeout_ns, struct tp_error *err);
/* desc and body NULL: an empty answer. more: a part of a stream, not the last. */
TP_EXPORT int tp_server_reply(struct tp_server *server, uint64_t peer, uint64_t call,
	const struct tp_desc *desc, const void *body, bool more);
TP_EXPORT int tp_server_reply_error(struct tp_server *server, uint64_t peer,
	uint64_t call, int code, const char *text);
/* The out queue is over its soft limit: send nothing that can wait. */
TP_EXPORT bool tp_server_busy(const struct tp_server *server, uint64_t peer);
/* Sends what is queued, tells the peer why, closes. closed() follows. */
TP_EXPORT void tp_server_kick(
	struct tp_server *server, uint64_t peer, const char *reason);
TP_EXPORT size_t tp_server_peers(const struct tp_server *server);

/* --- link ------------------------------------------------------------------------------ */

struct tp_link;

struct tp_link_config {
	struct tp_instance *instance; /* whose loop, and whose name in logs */
	struct tp_transport transport;
	struct tp_net_limits limits;
	struct tp_hello self;
	const char *urls; /* comma list, tried in turn; HOST:PORT means tcp:// */
	const struct tp_handler *handlers;
	size_t n_handlers;
	void *user;
	/* A session stands; `server` is who answered. */
	void (*up)(void *user, const struct tp_hello *server);
	/*
	 * It ended (or an attempt failed: was_up false) and will be tried again, unless `why` is
	 * -EACCES: refused for good, the link has stopped.
	 */
	void (*down)(void *user, bool was_up, const struct tp_error *why);
	bool once; /* no reconnection: for short-lived tools */
	/* Of kind `authenticatee`, by mechanism; borrowed. NULL or none usable: no credential. */
	const struct tp_services *authenticatees;
	struct tp_authentication_times times;
	const struct tp_tls *tls; /* for tls+tcp; borrowed */
};

TP_EXPORT int tp_link_create(
	const struct tp_link_config *config, struct tp_link **ret, struct tp_error *err);
TP_EXPORT void tp_link_destroy(
	struct tp_link *link); /* flushes for a moment if it is up */
TP_EXPORT bool tp_link_is_up(const struct tp_link *link);
/* Changes the id that the next HELLO bears, e.g. once the master gave one. */
TP_EXPORT void tp_link_set_id(struct tp_link *link, const char *id);
/* Drops the session, if there is one, and dials again at once. */
TP_EXPORT void tp_link_reconnect(struct tp_link *link);
/* -ENOTCONN while it is down: nothing is queued across sessions. */
TP_EXPORT int tp_link_send(struct tp_link *link, uint16_t type,
	const struct tp_desc *desc, const void *body);
TP_EXPORT int tp_link_call(struct tp_link *link, struct tp_call *call, uint16_t type,
	const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err);
TP_EXPORT int tp_link_reply(struct tp_link *link, uint64_t call,
	const struct tp_desc *desc, const void *body, bool more);
TP_EXPORT int tp_link_reply_error(
	struct tp_link *link, uint64_t call, int code, const char *text);

#endif
