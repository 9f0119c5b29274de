/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: who refused what of which agent, until when. */
#ifndef ALLOCATION_FILTER_H
#define ALLOCATION_FILTER_H

#include "core/cluster/allocation/alloc.h"
#include "tepui/loop.h"

void alloc_filter_add(struct tp_allotment *self, uint32_t client, uint32_t agent,
	const struct tp_resources *refused, int64_t refuse_ns);
void alloc_filters_clear_client(struct tp_allotment *self, uint32_t client);
/* The client begins anew: what its slot refused so far is dead, whoever had it. */
void alloc_filters_renew(struct tp_allotment *self, uint32_t client);
void alloc_filters_clear_agent(struct tp_allotment *self, uint32_t agent);
void alloc_filters_expired(struct tp_timer *timer);

/* Before the agent is shared out: marks who refused what of it, if that is many. Returns how many
 * of the listed clients are known to refuse all that they could get. */
uint32_t alloc_filters_mark(struct tp_allotment *self, uint32_t agent);
/* After the marks: does a live filter of the client contain all that its role may have? */
bool alloc_covered(struct tp_allotment *self, uint32_t agent, uint32_t client,
	const struct alloc_role *role);
/* After the marks: does a live filter of the client contain the offer? */
bool alloc_filtered(const struct tp_allotment *self, uint32_t agent, uint32_t client,
	const struct tp_resources *offer);
/* How long the client's last filter on the agent lives; 0 without one. */
int64_t alloc_filter_left_ns(
	const struct tp_allotment *self, uint32_t agent, uint32_t client);
/* Which of the portions other than plain the role may have. */
uint64_t alloc_others_visible(
	const struct tp_allotment *self, const struct alloc_agent *agent, uint32_t role);

/* wake.c: agents by the end of their first filter; INT64_MAX = none. */
void alloc_wake_set(struct tp_allotment *self, uint32_t agent, int64_t wake_ns);
uint32_t alloc_wake_first(const struct tp_allotment *self); /* or ALLOC_NONE */

/* The role, with `visible` and `covered` of this agent. */
static inline struct alloc_role *alloc_role_look(
	struct tp_allotment *self, const struct alloc_agent *agent, uint32_t index)
{
	struct alloc_role *role = self->roles[index];

	if (role->mark == self->mark)
		return role;
	role->mark = self->mark;
	role->covered = 0;
	role->visible = agent->plain.n > 0;
	if (agent->n_others > 0)
		role->visible |= alloc_others_visible(self, agent, index);
	return role;
}

/* Two bits, of which one alone says nothing (Bloom, 1970). */
static inline uint64_t alloc_sieve_bits(uint32_t client)
{
	return UINT64_C(1) << client % 64 |
		UINT64_C(1) << (client * UINT32_C(0x9e3779b1) >> 26);
}

/* After the marks. False: the client surely has no live filter there, what the two above ask. */
static inline bool alloc_may_refuse(
	const struct tp_allotment *self, const struct alloc_agent *agent, uint32_t client)
{
	return self->marked ? self->clients[client].mark == self->mark
			    : (alloc_sieve_bits(client) & ~agent->sieve) == 0;
}

#endif
