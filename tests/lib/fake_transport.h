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

/* One wire, or one direction of it. */
void fake_wire_cut(struct tp_wire *wire);
void fake_wire_stall(struct tp_wire *wire, bool stalled);
/* Who seems to be on the other side; without this it is this process. */
void fake_wire_set_peer(struct tp_wire *wire, const struct tp_wire_peer *peer);

#endif
