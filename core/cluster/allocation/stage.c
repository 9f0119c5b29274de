/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sharing out one agent. Stage one serves roles whose guarantees are not met, stage two all: roles
 * in the order of their sorter, and in each its frameworks in the order of theirs. The sorters are
 * told of gifts when the agent's turn is over: both orders are those at its begin.
 *
 * Nothing to give to a role ends the role, nothing left of the agent ends the agent; a framework
 * that cannot have it never ends anything.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/run.h"

bool alloc_agent_exhausted(
	const struct tp_allotment *self, const struct alloc_agent *agent)
{
	uint32_t i;

	if (agent->plain.n > 0)
		return false;
	for (i = 0; i < agent->n_others; i++)
		if (agent->others[i].offered_in != self->run)
			return false;
	return true;
}

/* With the plain part as it is prepared, and all others that the role may have. */
static bool role_worth(const struct tp_allotment *self, const struct alloc_agent *agent,
	const struct alloc_role *role)
{
	const struct alloc_plain *plain = &self->scratch->plain;
	struct tp_quantities sum;
	uint32_t i;

	if (role->n_minimums > 0)
		return true;
	if (agent->n_others == 0 || plain->worth)
		return plain->worth;
	sum = plain->sum;
	for (i = 0; i < agent->n_others; i++)
		if (agent->others[i].role == ALLOC_NONE ||
			alloc_role_within(self, role->index, agent->others[i].role))
			alloc_free_sum(self, &agent->others[i].free, &sum);
	return alloc_minimum_met(self, &self->minimum, &sum);
}

/* Would all of it make an offer by the config's minimum? Sums up the plain part on the way. */
static bool agent_worth(struct tp_allotment *self, const struct alloc_agent *agent)
{
	struct alloc_plain *plain = &self->scratch->plain;
	struct tp_quantities sum;
	uint32_t i;

	alloc_plain_sum(self, agent, &plain->free_sum);
	if (agent->enough || self->n_minimums > 0)
		return true;
	if (agent->n_others == 0)
		return false;
	sum = plain->free_sum;
	for (i = 0; i < agent->n_others; i++)
		alloc_free_sum(self, &agent->others[i].free, &sum);
	return alloc_minimum_met(self, &self->minimum, &sum);
}

static bool client_fits(struct tp_allotment *self, uint32_t slot, uint32_t client_slot,
	const struct alloc_role *role)
{
	const struct alloc_client *client = &self->clients[client_slot];

	if (self->agents[slot].n_filters > 0 &&
		alloc_may_refuse(self, &self->agents[slot], client_slot) &&
		alloc_covered(self, slot, client_slot, role))
		return false;
	if ((self->agents[slot].demands & ~client->demands_met) != 0)
		return false;
	return client->constraints == NULL ||
		!alloc_constraints_exclude(client->constraints, slot);
}

/* No role has enough of the plain part for an offer: nothing is left of it, or it is held back. */
static bool plain_is_moot(
	const struct tp_allotment *self, const struct alloc_agent *agent)
{
	return agent->plain.n == 0 || self->scratch->plain.moot == self->mark;
}

/* The role may not have enough of it. No other may have more, unless it was the role's own limit. */
static void plain_held_back(
	struct tp_allotment *self, const struct tp_quantities *missing)
{
	struct alloc_plain *plain = &self->scratch->plain;

	if (missing == NULL && self->n_minimums == 0 && plain->limit_of == ALLOC_NONE)
		plain->moot = self->mark;
}

/* True when nothing is left of the agent that is worth an offer. */
static bool role_share_out(struct tp_allotment *self, uint32_t slot, uint32_t index,
	struct tp_quantities *missing)
{
	struct alloc_run *run = self->scratch;
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_role *role = self->roles[index];
	const uint32_t *clients;
	uint32_t n, i;

	alloc_plain_prepare(self, agent, role, missing);
	if (!self->scratch->plain.worth)
		plain_held_back(self, missing);
	if (!role_worth(self, agent, role))
		return agent->n_others == 0 && plain_is_moot(self, agent);
	clients = self->framework_sorter.ops->sort(role->frameworks, &n);
	for (i = 0; i < n; i++) {
		if (missing != NULL && tp_quantities_empty(missing))
			return false;
		if (!client_fits(self, slot, clients[i], role) ||
			!alloc_offer(self, slot, clients[i], missing))
			continue;
		if (missing != NULL)
			run->n_missing = alloc_quota_hungry(self);
		if (alloc_agent_exhausted(self, agent))
			return true;
		if (!agent_worth(self, agent))
			return true;
		alloc_filters_mark(self, slot);
		if (alloc_role_look(self, agent, index)->visible == 0)
			return false;
		alloc_plain_prepare(self, agent, role, missing);
		if (!role_worth(self, agent, role))
			return false;
	}
	return false;
}

/* Is anything that is not plain for this role? */
static bool role_sees_others(
	const struct tp_allotment *self, const struct alloc_agent *agent, uint32_t role)
{
	uint32_t i;

	for (i = 0; i < agent->n_others; i++) {
		const struct alloc_portion *portion = &agent->others[i];

		if (portion->offered_in != self->run &&
			(portion->role == ALLOC_NONE ||
				alloc_role_within(self, role, portion->role)))
			return true;
	}
	return false;
}

/* When nothing but one portion is worth a look that one role alone may have: that role. */
static uint32_t last_role(
	const struct tp_allotment *self, const struct alloc_agent *agent)
{
	uint32_t role;

	if (agent->n_others != 1 || !plain_is_moot(self, agent))
		return ALLOC_NONE;
	role = agent->others[0].role;
	return role != ALLOC_NONE && alloc_role_is_leaf(self, role) ? role : ALLOC_NONE;
}

/* True when nothing is left of the agent. */
static bool role_turn(struct tp_allotment *self, uint32_t slot, struct alloc_role *role,
	bool guaranteed)
{
	struct tp_quantities missing;

	role->share_out = self->share_out;
	if (guaranteed) {
		if (role->quota == NULL || !role->quota->guaranteed)
			return false;
		alloc_quota_missing(role, &missing);
		if (tp_quantities_empty(&missing))
			return false;
	}
	alloc_role_look(self, &self->agents[slot], role->index);
	if (role->visible == 0 || role->covered == role->n_listed)
		return false;
	return role_share_out(self, slot, role->index, guaranteed ? &missing : NULL);
}

static void agent_share_out(struct tp_allotment *self, uint32_t slot, bool guaranteed)
{
	const struct alloc_agent *agent = &self->agents[slot];
	struct alloc_role *role;
	const uint32_t *roles;
	uint32_t n, i, last;

	if (alloc_agent_exhausted(self, agent) || !agent_worth(self, agent) ||
		alloc_filters_mark(self, slot) == self->n_listed)
		return;
	self->share_out++;
	roles = self->role_sorter.ops->sort(self->role_order, &n);
	for (i = 0; i < n; i++) {
		last = last_role(self, agent);
		role = self->roles[last != ALLOC_NONE ? last : roles[i]];
		if (last == ALLOC_NONE && plain_is_moot(self, agent) &&
			!role_sees_others(self, agent, role->index))
			continue;
		/* The last one's turn may be over, or it wants nothing and has none. */
		if (last != ALLOC_NONE &&
			(role->share_out == self->share_out || role->n_listed == 0))
			return;
		if (role_turn(self, slot, role, guaranteed) || last != ALLOC_NONE)
			return;
	}
}

void alloc_stage_one(struct tp_allotment *self, uint32_t agent)
{
	agent_share_out(self, agent, true);
	alloc_gifts_tell(self, agent);
}

void alloc_stage_two(struct tp_allotment *self, uint32_t agent)
{
	agent_share_out(self, agent, false);
	alloc_gifts_tell(self, agent);
}
