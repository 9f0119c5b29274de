/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a failover of the master, offers wait while quotas could be broken because most agents, and
 * what is used of them, are not back yet. An agent that comes, goes and comes again in its slot is
 * back once.
 */
#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/run.h"
#include "tepui/log.h"

static void recovery_end(struct tp_allotment *self)
{
	self->n_awaited = 0;
	tp_timer_disarm(self->instance->loop, &self->recovery);
	alloc_want_all(self, true);
}

void alloc_recover(struct tp_allotment *self, size_t expected)
{
	self->n_awaited = self->n_quotas == 0
		? 0
		: (uint64_t)((double)expected * self->recovery_factor);
	for (uint32_t i = 0; i < self->n_agents; i++)
		self->agents[i].counted = false;
	if (self->n_awaited == 0)
		return;
	tp_info(self->instance,
		"offers wait until most agents are back, for there are quotas",
		"agents=%llu", (unsigned long long)self->n_awaited);
	tp_timer_arm(self->instance->loop, &self->recovery, self->recovery_timeout_ns);
}

void alloc_recovered_one(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_agent *agent = &self->agents[slot];

	if (self->n_awaited == 0 || agent->counted)
		return;
	agent->counted = true;
	if (--self->n_awaited == 0)
		recovery_end(self);
}

void alloc_recovery_timeout(struct tp_timer *timer)
{
	struct tp_allotment *self = tp_container_of(timer, struct tp_allotment, recovery);

	tp_warn(self->instance,
		"agents are not back in time after the failover, offers begin all the "
		"same",
		"missing=%llu", (unsigned long long)self->n_awaited);
	recovery_end(self);
}
