/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the transport in memory: places, ways between them, and the weather, which is
 * drawn from a seed. It decides when a frame may arrive; fake_transport.c hands it over.
 */
#include "fake_network.h"

void network_schedule(struct fake_transport *self)
{
	tp_loop_defer(self->loop, &self->defer);
}

bool network_blocked(const struct fake_node *from, const struct fake_node *to)
{
	return from->frozen || to->frozen || (from->blocked >> to->index & 1) != 0;
}

static uint64_t next_random(struct fake_transport *self)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 7;
	self->random ^= self->random << 17;
	return self->random;
}

int64_t network_draw_due_ns(struct tp_wire *wire)
{
	struct fake_transport *self = wire->net;
	int64_t due_ns = tp_loop_now_ns(self->loop) + wire->owner->slow_ns;

	if (self->random != 0 && self->delay_max_ns > 0)
		due_ns +=
			(int64_t)(next_random(self) % (uint64_t)(self->delay_max_ns + 1));
	if (due_ns > wire->last_due_ns)
		wire->last_due_ns = due_ns;
	return wire->last_due_ns;
}

bool network_not_due(struct fake_transport *self, int64_t due_ns)
{
	if (due_ns <= tp_loop_now_ns(self->loop))
		return false;
	if (!tp_timer_armed(&self->arrival) || due_ns < self->arrival.due_ns)
		tp_timer_arm(
			self->loop, &self->arrival, due_ns - tp_loop_now_ns(self->loop));
	return true;
}

struct fake_node *network_node_create(
	struct fake_transport *self, const struct tp_transport_ops *ops)
{
	struct fake_node *node = tp_alloc(sizeof *node);

	tp_assert(self->n_nodes < 64);
	node->transport.ops = ops;
	node->transport.impl = node;
	node->net = self;
	node->index = self->n_nodes++;
	tp_list_append(&self->nodes, &node->node);
	return node;
}

void network_arrival(struct tp_timer *timer)
{
	network_schedule(tp_container_of(timer, struct fake_transport, arrival));
}

struct fake_node *fake_transport_node(struct fake_transport *self)
{
	return network_node_create(self, self->first->transport.ops);
}

const struct tp_transport *fake_node_get(struct fake_node *node)
{
	return &node->transport;
}

void fake_transport_weather(
	struct fake_transport *self, uint64_t seed, int64_t delay_max_ns)
{
	self->random = seed;
	self->delay_max_ns = delay_max_ns;
}

void fake_transport_set_spy(struct fake_transport *self, fake_spy_f *drops, void *user)
{
	self->drops = drops;
	self->spy_user = user;
}

void fake_transport_watch(struct fake_transport *self, fake_watch_f *sent, void *user)
{
	self->sent = sent;
	self->watch_user = user;
}

void fake_node_block(struct fake_node *from, struct fake_node *to, bool is_blocked)
{
	uint64_t bit = UINT64_C(1) << to->index;

	from->blocked = is_blocked ? from->blocked | bit : from->blocked & ~bit;
	network_schedule(from->net);
}

void fake_node_freeze(struct fake_node *node, bool frozen)
{
	node->frozen = frozen;
	network_schedule(node->net);
}

void fake_node_kill(struct fake_node *node, bool dead)
{
	node->dead = dead;
	fake_node_freeze(node, dead);
}

void fake_node_narrow(struct fake_node *node, size_t queue_max_bytes)
{
	node->queue_max_bytes = queue_max_bytes;
}

void fake_node_slow(struct fake_node *node, int64_t delay_ns)
{
	node->slow_ns = delay_ns;
}

void fake_node_fail_sends(struct fake_node *node, unsigned n)
{
	node->failing_sends = n;
}

void fake_node_cut(struct fake_node *node)
{
	struct tp_list *at, *tmp;

	tp_list_foreach (at, tmp, &node->net->wires) {
		struct tp_wire *wire = tp_container_of(at, struct tp_wire, node);

		if (wire->owner == node)
			fake_wire_cut(wire);
	}
}
