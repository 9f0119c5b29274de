/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: who refused what of which agent, until when. */
#ifndef ALLOCATION_FILTER_H
#define ALLOCATION_FILTER_H

#include "core/cluster/allocation/agent.h"
#include "core/cluster/allocation/role.h"
#include "tepui/loop.h"

void alloc_filter_add(struct tp_allotment *self, uint32_t client, uint32_t agent,
	const struct tp_resources *refused, int64_t refuse_ns);
void alloc_filters_clear_client(struct tp_allotment *self, uint32_t client);
void alloc_filters_clear_agent(struct tp_allotment *self, uint32_t agent);
void alloc_filters_expired(struct tp_timer *timer);

/* Before the agent is shared out: marks who refused what of it, if that is many. Returns how many
 * of the listed clients are known to refuse all that they could get. */
uint32_t alloc_filters_mark(struct tp_allotment *self, uint32_t agent);
/* The role, with `visible` and `covered` of this agent. */
struct alloc_role *alloc_role_look(
	struct tp_allotment *self, const struct alloc_agent *agent, uint32_t role);
/* After the marks: does a live filter of the client contain all that its role may have? */
bool alloc_covered(struct tp_allotment *self, uint32_t agent, uint32_t client,
	const struct alloc_role *role);
/* After the marks: does a live filter of the client contain the offer? */
bool alloc_filtered(const struct tp_allotment *self, uint32_t agent, uint32_t client,
	const struct tp_resources *offer);
/* How long the client's last filter on the agent lives; 0 without one. */
int64_t alloc_filter_left_ns(
	const struct tp_allotment *self, uint32_t agent, uint32_t client);
/* Which portions the role may have. */
uint64_t alloc_visible(
	const struct tp_allotment *self, const struct alloc_agent *agent, uint32_t role);

/* wake.c: agents by the end of their first filter; INT64_MAX = none. */
void alloc_wake_set(struct tp_allotment *self, uint32_t agent, int64_t wake_ns);
uint32_t alloc_wake_first(const struct tp_allotment *self); /* or ALLOC_NONE */

#endif
