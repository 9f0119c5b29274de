/* SPDX-License-Identifier: Apache-2.0 */
/* Agents in a heap, by the time at which the first of their filters ends. */
#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"

static void put(struct tp_allotment *self, uint32_t at, uint32_t agent)
{
	self->wakes[at] = agent;
	self->agents[agent].wake_at = at + 1;
}

/* Of those that are due together the lower slot is first, so that order does not depend on the
 * past of the heap. */
static bool before(const struct tp_allotment *self, uint32_t a, uint32_t b)
{
	int64_t wake_a_ns = self->agents[a].wake_ns, wake_b_ns = self->agents[b].wake_ns;

	return wake_a_ns != wake_b_ns ? wake_a_ns < wake_b_ns : a < b;
}

static void sift_up(struct tp_allotment *self, uint32_t at)
{
	uint32_t agent = self->wakes[at];

	for (; at > 0 && before(self, agent, self->wakes[(at - 1) / 2]);
		at = (at - 1) / 2)
		put(self, at, self->wakes[(at - 1) / 2]);
	put(self, at, agent);
}

static void sift_down(struct tp_allotment *self, uint32_t at)
{
	uint32_t agent = self->wakes[at], child;

	for (; (child = 2 * at + 1) < self->n_wakes; at = child) {
		if (child + 1 < self->n_wakes &&
			before(self, self->wakes[child + 1], self->wakes[child]))
			child++;
		if (!before(self, self->wakes[child], agent))
			break;
		put(self, at, self->wakes[child]);
	}
	put(self, at, agent);
}

static void take_out(struct tp_allotment *self, struct alloc_agent *agent)
{
	uint32_t at = agent->wake_at - 1;

	agent->wake_at = 0;
	if (at == --self->n_wakes)
		return;
	put(self, at, self->wakes[self->n_wakes]);
	sift_up(self, at);
	sift_down(self, self->agents[self->wakes[at]].wake_at - 1);
}

void alloc_wake_set(struct tp_allotment *self, uint32_t slot, int64_t wake_ns)
{
	struct alloc_agent *agent = &self->agents[slot];

	if (agent->wake_at != 0)
		take_out(self, agent);
	agent->wake_ns = wake_ns;
	if (wake_ns == INT64_MAX)
		return;
	if (self->n_wakes == self->wakes_room) {
		self->wakes_room = self->wakes_room == 0 ? 16 : 2 * self->wakes_room;
		self->wakes =
			tp_realloc(self->wakes, self->wakes_room * sizeof *self->wakes);
	}
	put(self, self->n_wakes++, slot);
	sift_up(self, self->n_wakes - 1);
}

uint32_t alloc_wake_first(const struct tp_allotment *self)
{
	return self->n_wakes > 0 ? self->wakes[0] : ALLOC_NONE;
}
