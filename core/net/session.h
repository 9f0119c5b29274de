/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session: what two ends say to each other over one wire. The server has one per peer, a
 * link has one at a time; both embed it and share its rules. docs/PROTOCOL.md is the other half
 * of this header.
 *
 *	HELLO ─► READY ─► OVER		HELLO, AUTH ─refused, late, strange─► OVER
 *	   └─► AUTH ─┘
 */
#ifndef CORE_NET_SESSION_H
#define CORE_NET_SESSION_H

#include "core/net/envelope.h"
#include "core/net/slots.h"
#include "tepui/net.h"

#define SESSION_EARLY_FRAME_BYTES 65536 /* longest frame before READY */

struct session;
struct authentication;

struct session_ops {
	/* Server: must this peer (session->peer) prove who it is? */
	bool (*must_authenticate)(struct session *self);
	/* Link: how long the exchange that begins now may take. */
	int64_t (*authentication_ns)(struct session *self);
	/* The other end said who it is (session->peer). 0 lets it in; an error refuses it. */
	int (*greeted)(struct session *self, struct tp_error *err);
	/* Messages may flow. */
	void (*ready)(struct session *self);
	void (*drained)(struct session *self);
	/* The last word; the wire and all calls are gone. The session may be freed. */
	void (*over)(struct session *self, bool was_ready, const struct tp_error *why);
};

/* What all sessions of one server or link share. */
struct session_env {
	const struct session_ops *ops;
	struct tp_instance *instance;
	struct tp_loop *loop;
	struct tp_transport transport;
	struct tp_net_limits limits; /* without zeros */
	struct tp_hello self;
	const struct tp_handler **handlers; /* sorted by type */
	size_t n_handlers;
	void *user;
	const struct tp_services *mechanisms; /* of the kind for this end; NULL = none */
	int64_t authentication_min_ns; /* link: the shortest an exchange may take */
	bool server;
	unsigned busy;          /* callbacks of the user that run: the env must not go */
	struct tp_arena *arena; /* of the message at hand */
	struct tp_strbuf scratch; /* of the frame that is being written */
};

struct session {
	struct session_env *env;
	struct tp_wire *wire;
	struct tp_hello peer; /* owned copies */
	char *principal;      /* NULL = none */
	uint64_t handle;      /* tp_message.peer */
	uint32_t version;
	uint32_t rights;
	uint8_t state; /* enum session_state */
	bool was_ready;
	bool refused; /* for good: by the other end, or because no try will help */
	bool wants_authentication; /* the peer has a credential */
	uint32_t strange;          /* one-way messages that nobody could handle */
	int64_t heard_ns, pinged_ns;
	int64_t handshake_end_ns;              /* READY must stand by then */
	struct authentication *authentication; /* the exchange, while state is AUTH */
	struct slots calls;                    /* ours: item is the struct tp_call */
	struct slots served;                   /* theirs: value is their id */
	struct tp_defer defer;
	struct tp_error *why; /* once OVER by session_end_later() */
};

enum session_state { SESSION_HELLO, SESSION_AUTH, SESSION_READY, SESSION_OVER };

/* Copies what the config says and fills in defaults. -EEXIST when a type has two handlers. */
int session_env_init(struct session_env *self, const struct session_ops *ops,
	const struct tp_handler *handlers, size_t n_handlers,
	const struct tp_net_limits *limits, struct tp_error *err);
void session_env_fini(struct session_env *self);
/* Limits of a wire before READY. */
struct tp_wire_limits session_early_limits(const struct session_env *self);

/* The handler to give to the wire, with the session as user. */
extern const struct tp_wire_handler session_wire_handler;

void session_init(struct session *self, struct session_env *env, struct tp_wire *wire);
/* Ends it without over(), tells the peer; calls get -ECANCELED from inside. */
void session_fini(struct session *self, int code, const char *text);
/* Ends it now, from the loop only: calls get -ENOTCONN, over() is called. */
void session_end(struct session *self, int code, const char *text);
/* Ends it from the loop; nothing is sent or received from now on. */
void session_end_later(struct session *self, int code, const char *text);
/*
 * Heartbeats and timeouts; to be called by `timer` every now and then. May end the session, but
 * not for a silence in which this process overslept.
 */
void session_check(struct session *self, const struct tp_timer *timer);
/* How often session_check() is worth calling. */
int64_t session_check_interval_ns(const struct session_env *env);

int session_send(struct session *self, uint16_t type, const struct tp_desc *desc,
	const void *body);
int session_call(struct session *self, struct tp_call *call, uint16_t type,
	const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err);
int session_reply(struct session *self, uint64_t call, const struct tp_desc *desc,
	const void *body, bool more);
int session_reply_error(struct session *self, uint64_t call, int code, const char *text);

/* --- between the files of the session -------------------------------------------------- */

/* Server, after HELLO or a proof: asks the user and answers READY, or refuses. */
void session_admit(struct session *self);

/* Sends the frame in env->scratch. */
int session_flush_scratch(struct session *self);
struct tp_strbuf *session_begin(struct session *self, enum envelope_kind kind,
	uint64_t id, uint64_t type, bool extra);
/* MESSAGE and CALL. */
void session_dispatch(struct session *self, const struct envelope *e);
/* REPLY, PART, ERROR: the call's owner hears of it. */
void session_answered(struct session *self, const struct envelope *e);
/* CANCEL of one of their calls. */
void session_cancelled(struct session *self, uint64_t id);
/* All our calls end with this status. */
void session_end_calls(struct session *self, int status, const char *text);

#endif
