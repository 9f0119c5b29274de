/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport in memory: both ends of every wire in one process and on one loop. Frames arrive
 * on a defer, in an order that depends on nothing but the order of calls. It keeps the contract
 * of tepui/transport.h, limits and all, for any URL; a port of 0 is given a number. A frame
 * counts 8 bytes more than its length, as on a socket.
 *
 * Tests reach it by URL: what is said of an address holds for its listener and for both ends of
 * the wires that were dialled to it. URL NULL means all of them.
 */
#ifndef TESTS_LIB_FAKE_TRANSPORT_H
#define TESTS_LIB_FAKE_TRANSPORT_H

#include "tepui/loop.h"
#include "tepui/transport.h"

struct fake_transport;

struct fake_transport *fake_transport_create(struct tp_loop *loop);
/* Ends all that is left, without closed(). */
void fake_transport_destroy(struct fake_transport *self);
const struct tp_transport *fake_transport_get(struct fake_transport *self);

/* From now on dialling fails, or not, whether somebody listens or not. NULL is not an address. */
void fake_transport_refuse(struct fake_transport *self, const char *url, bool refused);
/* The connection breaks: what is queued is lost, both ends get closed(). */
void fake_transport_cut(struct fake_transport *self, const char *url);
/*
 * Nothing arrives any more, though the wires stand, until it is taken back: frames stay queued
 * with their senders. Wires that come later are not concerned.
 */
void fake_transport_stall(struct fake_transport *self, const char *url, bool stalled);
/* Wires that are not closed() yet: each connection counts twice. */
size_t fake_transport_wires(const struct fake_transport *self);

/*
 * Nodes: whoever shall have a place of its own in the network uses a node's transport instead of
 * the common one, at most 63 of them. They die with the transport.
 */
struct fake_node;

struct fake_node *fake_transport_node(struct fake_transport *self);
const struct tp_transport *fake_node_get(struct fake_node *node);
/* Each frame and each dialling takes up to so long, as the seed says. Seed 0: none does. */
void fake_transport_weather(
	struct fake_transport *self, uint64_t seed, int64_t delay_max_ns);
/*
 * One direction of the way between two nodes: frames wait, as in a partition nobody was told
 * of, until the way is free; dialling works when both directions do.
 */
void fake_node_block(struct fake_node *from, struct fake_node *to, bool is_blocked);
/* It stands still: nothing from it or to it goes anywhere, though nothing breaks. */
void fake_node_freeze(struct fake_node *node, bool frozen);
/* The same, and what it sends meanwhile is lost: so it is taken apart. */
void fake_node_kill(struct fake_node *node, bool dead);
/*
 * What peers may have queued for it on one wire before they find the queue full, as with a peer
 * that reads slowly. 0: what their own limits say.
 */
void fake_node_narrow(struct fake_node *node, size_t queue_max_bytes);
/* What it sends from now on takes so much longer. */
void fake_node_slow(struct fake_node *node, int64_t delay_ns);
/* Its next n sends fail with -ENOBUFS. */
void fake_node_fail_sends(struct fake_node *node, unsigned n);
/* All its connections break; both ends are told. */
void fake_node_cut(struct fake_node *node);

/* Sees each frame before it is handed over, and may drop it: for defects. NULL: nobody looks. */
typedef bool fake_spy_f(void *user, const void *data, size_t len);
void fake_transport_set_spy(struct fake_transport *self, fake_spy_f *drops, void *user);

/* Hears of each frame that somebody sends. */
typedef void fake_watch_f(void *user, const void *data, size_t len);
void fake_transport_watch(struct fake_transport *self, fake_watch_f *sent, void *user);

/* One wire, or one direction of it. */
void fake_wire_cut(struct tp_wire *wire);
void fake_wire_stall(struct tp_wire *wire, bool stalled);
/* Who seems to be on the other side; without this it is this process. */
void fake_wire_set_peer(struct tp_wire *wire, const struct tp_wire_peer *peer);

#endif
