/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds what of which agent, offered or in use. Every change goes to the sums of the client,
 * its role and the role at the top of it, and to both sorters.
 */
#ifndef ALLOCATION_HOLD_H
#define ALLOCATION_HOLD_H

#include "core/cluster/allocation/agent.h"
#include "tepui/quantities.h"

/* Of one bundle, by what counts where. */
struct alloc_amount {
	struct tp_quantities all;        /* scalars, whatever their reservation */
	struct tp_quantities unreserved; /* and not revocable: what quota counts */
	uint64_t mass;                   /* everything, as one number that adds up */
	bool shared;                     /* has something shared, which is not in it */
};
/* What sorters count; the two differ by what is shared. */
struct alloc_gift {
	uint32_t client;
	struct tp_quantities of_client, of_role;
};

uint64_t alloc_mass_of(const struct tp_resource_item *item);
/* Of items first..n; what is shared is only told of. */
void alloc_amount_of(const struct tp_allotment *self,
	const struct tp_resource_item *items, uint32_t n, struct alloc_amount *ret);

/* Books resources, each allocated to a role, for or from a framework. */
void alloc_hold(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources);
void alloc_unhold(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources);
/* A conversion: no gift. */
void alloc_hold_convert(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *from, const struct tp_resources *to);
/* One client is offered resources whose amount is known, in a run. */
void alloc_hold_client(struct tp_allotment *self, uint32_t client, uint32_t agent,
	const struct tp_resources *resources, const struct alloc_amount *amount);
/* Tells the sorters, who were not told, of all that was offered of this agent. */
void alloc_gifts_tell(struct tp_allotment *self, uint32_t agent);

struct alloc_hold *alloc_hold_find(const struct alloc_agent *agent, uint32_t client);
bool alloc_framework_holds(const struct tp_allotment *self,
	const struct alloc_agent *agent, uint32_t framework);
/* Forgets entries, not sums. */
void alloc_holds_drop_client(struct tp_allotment *self, uint32_t client);
void alloc_holds_drop_agent(struct tp_allotment *self, uint32_t agent);

#endif
