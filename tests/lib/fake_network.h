/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the transport in memory: what its wires (fake_transport.c) and the network between
 * them (fake_network.c) share. Tests include fake_transport.h.
 */
#ifndef TESTS_LIB_FAKE_NETWORK_H
#define TESTS_LIB_FAKE_NETWORK_H

#include "fake_transport.h"
#include "tepui/list.h"
#include "tepui/map.h"

enum state { DIALLING, OPEN, FLUSHING, DEAD };

struct frame {
	struct tp_list node;
	int64_t due_ns;
	size_t len;
	uint8_t data[];
};

struct fake_node {
	struct tp_transport transport;
	struct fake_transport *net;
	struct tp_list node;
	unsigned index;
	uint64_t blocked; /* bit n: nothing from here arrives at node n */
	bool frozen;
	bool dead; /* and what it says is lost */
	int64_t slow_ns;
	size_t queue_max_bytes; /* of each wire; 0: what the wire's limits say */
	uint64_t failing_sends; /* so many are still to fail */
};

struct tp_wire {
	struct fake_transport *net;
	struct fake_node *owner;
	struct tp_list node;
	struct tp_wire *peer;      /* the other end, once connected and while both live */
	struct fake_node *lost_to; /* the peer closed, and the news is held up there */
	enum state state;
	char *url;
	const struct tp_wire_handler *handler;
	void *user;
	struct tp_wire_limits limits;
	struct tp_wire_peer told_peer;
	struct tp_list out;
	size_t n_out, out_bytes;
	int64_t last_due_ns; /* of the newest frame, or of the connection */
	bool over_soft;      /* drained() is owed */
	bool paused;         /* its owner reads nothing */
	bool stalled;        /* what it sends does not arrive */
	struct tp_timer flush_timer;
	struct tp_error why;
};

struct tp_listener {
	struct tp_list node;
	struct fake_node *owner;
	struct tp_listen spec;
	char *url;
};

struct refusal {
	struct tp_map_node node;
	char *url;
};

struct fake_transport {
	struct fake_node *first; /* whoever uses the transport itself */
	struct tp_list nodes;
	unsigned n_nodes;
	struct tp_loop *loop;
	struct tp_defer defer;
	struct tp_timer arrival; /* the next frame that is under way */
	uint64_t random;         /* 0: everything arrives at once */
	int64_t delay_max_ns;
	struct tp_list wires; /* oldest first */
	struct tp_list listeners;
	struct tp_map refused;
	unsigned next_port;
	fake_spy_f *drops;
	void *spy_user;
	fake_watch_f *sent;
	void *watch_user;
};

struct fake_node *network_node_create(
	struct fake_transport *self, const struct tp_transport_ops *ops);
/* A pass over all wires, soon. */
void network_schedule(struct fake_transport *self);
/* The timer's. */
void network_arrival(struct tp_timer *timer);
/* Nothing goes this way. */
bool network_blocked(const struct fake_node *from, const struct fake_node *to);
/* When what leaves the wire now arrives. */
int64_t network_draw_due_ns(struct tp_wire *wire);
/* True when the time has not come; the timer will. */
bool network_not_due(struct fake_transport *self, int64_t due_ns);

#endif
