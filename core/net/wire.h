/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every connection over a real socket has in common: greeting, splitting, limits, the out
 * queue, pausing and the way to the end. How bytes move is the business of a struct wire_io:
 * transport_plain.c and nng_wire.c have one each and embed struct tp_wire as first member.
 *
 *	DIALLING ─► GREETING ─► OPEN ─► FLUSHING ─► DEAD      any ─error─► DEAD
 *
 * A wire is freed from its defer only, after closed(), so that callbacks may do anything to it.
 */
#ifndef CORE_NET_WIRE_H
#define CORE_NET_WIRE_H

#include "core/net/frame.h"
#include "tepui/list.h"
#include "tepui/loop.h"
#include "tepui/transport.h"

enum wire_state { WIRE_DIALLING, WIRE_GREETING, WIRE_OPEN, WIRE_FLUSHING, WIRE_DEAD };

struct wire_io {
	/* Sends from `out` as much as goes now and goes on by itself; may call wire_fail(). */
	void (*flush)(struct tp_wire *wire);
	/* Reads on, or not. */
	void (*read)(struct tp_wire *wire, bool on);
	/* Bytes taken from `out` that are not sent yet. */
	size_t (*in_flight)(struct tp_wire *wire);
	void (*peer)(struct tp_wire *wire, struct tp_wire_peer *ret);
	/* Closes and frees it all, the wire too, at once or soon. */
	void (*free)(struct tp_wire *wire);
};

/* What both transports keep of a listening address: first member of struct tp_listener. */
struct wire_listener {
	const struct tp_transport_ops *ops; /* of the transport it belongs to */
	void *impl;
	struct tp_listen spec; /* its url is `url` */
	char *url;             /* as bound */
	struct tp_list wires;  /* accepted, not yet greeted */
};

static inline struct wire_listener *wire_listener_of(struct tp_listener *listener)
{
	return (struct wire_listener *)(void *)listener;
}

struct tp_wire {
	const struct wire_io *io;
	struct tp_loop *loop;
	const struct tp_wire_handler *handler;
	void *user;
	struct wire_listener *listener; /* while it has not greeted */
	struct tp_list node;            /* of the transport's or the listener's wires */
	struct tp_list *home;           /* the transport's wires */
	struct tp_wire_limits limits;
	struct frame_splitter in;
	struct tp_strbuf backlog; /* came while paused */
	struct tp_strbuf out;
	struct tp_timer timer; /* until greeted, until flushed */
	struct tp_defer defer;
	struct tp_error *why; /* once DEAD */
	uint8_t state;
	bool paused;
	bool over_soft; /* drained() is owed */
	bool known;     /* dialled, or its user knows whose it is */
};

/* `home` is the transport's list of wires; `listener` NULL for dialled wires. */
void wire_init(struct tp_wire *self, const struct wire_io *io, struct tp_loop *loop,
	struct tp_list *home, struct wire_listener *listener,
	const struct tp_wire_limits *limits, bool marked);
/* Frees what wire_init() and traffic allocated: for io->free(). */
void wire_fini(struct tp_wire *self);
/* The connection stands: greets, and gives the peer ten seconds to do so. */
void wire_connected(struct tp_wire *self);
/* Bytes came in. */
void wire_input(struct tp_wire *self, const uint8_t *data, size_t len);
/* Bytes went out: call whenever the queue got shorter. */
void wire_sent(struct tp_wire *self);
/* The connection is over; closed() follows from the loop. */
void wire_fail(struct tp_wire *self, int code, const char *fmt, ...) TP_PRINTF(3, 4);
/* Without closed(), for the end of a transport: a last flush, then everything is freed. */
void wire_abandon(struct tp_wire *self);

void wire_listener_init(struct wire_listener *self, const struct tp_transport_ops *ops,
	void *impl, const struct tp_listen *spec, char *take_url);
/* Ends the wires that have not greeted yet. */
void wire_listener_fini(struct wire_listener *self);

/* The members of struct tp_transport_ops that are the same for all; `impl` is not used. */
const char *wire_listener_url(void *impl, struct tp_listener *listener);
void wire_set_handler(void *impl, struct tp_wire *wire,
	const struct tp_wire_handler *handler, void *user);
void wire_set_limits(
	void *impl, struct tp_wire *wire, const struct tp_wire_limits *limits);
int wire_send(void *impl, struct tp_wire *wire, const void *data, size_t len);
size_t wire_queued_bytes(void *impl, struct tp_wire *wire);
void wire_peer(void *impl, struct tp_wire *wire, struct tp_wire_peer *ret);
void wire_pause(void *impl, struct tp_wire *wire, bool paused);
void wire_close(void *impl, struct tp_wire *wire, bool flush);

#define WIRE_OPS \
	.listener_url = wire_listener_url, .set_handler = wire_set_handler, \
	.set_limits = wire_set_limits, .send = wire_send, \
	.queued_bytes = wire_queued_bytes, .peer = wire_peer, .pause = wire_pause, \
	.close = wire_close

#endif
