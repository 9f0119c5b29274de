/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sharing out one agent. Stage one serves roles whose guarantees are not met, stage two all: roles
 * in the order of their sorter, and in each its frameworks in the order of theirs. Both orders
 * are those of the moment at which the list was begun, though gifts change them at once.
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

/* Keeps what comes after place i as it is now. */
static void turns_keep(struct alloc_turns *turns, uint32_t i)
{
	if (turns->items == turns->kept)
		return;
	if (turns->room < turns->n) {
		turns->room = turns->n * 2;
		turns->kept = tp_realloc(turns->kept, turns->room * sizeof *turns->kept);
	}
	memcpy(turns->kept + i + 1, turns->items + i + 1,
		(turns->n - i - 1) * sizeof *turns->items);
	turns->items = turns->kept;
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
	if (self->n_minimums > 0)
		return true;
	if (agent->n_others == 0)
		return alloc_minimum_met(self, &self->minimum, &plain->free_sum);
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
		alloc_covered(self, slot, client_slot, role))
		return false;
	if ((self->agents[slot].demands & ~client->demands_met) != 0)
		return false;
	return client->constraints == NULL ||
		!alloc_constraints_exclude(client->constraints, slot);
}

/* The role may not have enough of the agent. Nobody else may have more, unless its limit did it. */
static bool held_back_for_all(const struct tp_allotment *self,
	const struct alloc_agent *agent, const struct tp_quantities *missing)
{
	return missing == NULL && agent->n_others == 0 && self->n_minimums == 0 &&
		self->scratch->plain.limit_of == ALLOC_NONE;
}

/* True when nothing is left of the agent that is worth an offer. */
static bool role_share_out(struct tp_allotment *self, uint32_t slot, uint32_t index,
	uint32_t place, struct tp_quantities *missing)
{
	struct alloc_run *run = self->scratch;
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_role *role = self->roles[index];
	struct alloc_turns *clients = &run->clients;
	uint32_t i;

	alloc_plain_prepare(self, agent, role, missing);
	if (!role_worth(self, agent, role))
		return held_back_for_all(self, agent, missing);
	clients->items = self->framework_sorter.ops->sort(role->frameworks, &clients->n);
	for (i = 0; i < clients->n; i++) {
		uint32_t client = clients->items[i];

		if (missing != NULL && tp_quantities_empty(missing))
			return false;
		if (!client_fits(self, slot, client, role))
			continue;
		/* A gift changes the orders; one that takes all ends the agent anyway. */
		if (agent->n_others > 0 || missing != NULL || self->n_quotas > 0) {
			turns_keep(&run->roles, place);
			turns_keep(clients, i);
		}
		if (!alloc_offer(self, slot, client, missing))
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

/* Nothing plain is left: is anything of the rest for this role? */
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

/* When nothing but one portion is left that one role alone may have: that role, or ALLOC_NONE. */
static uint32_t last_role(
	const struct tp_allotment *self, const struct alloc_agent *agent)
{
	uint32_t role;

	if (agent->plain.n > 0 || agent->n_others != 1)
		return ALLOC_NONE;
	role = agent->others[0].role;
	return role != ALLOC_NONE && alloc_role_is_leaf(self, role) ? role : ALLOC_NONE;
}

/* True when nothing is left of the agent. */
static bool role_turn(struct tp_allotment *self, uint32_t slot, struct alloc_role *role,
	uint32_t place, bool guaranteed)
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
	return role_share_out(
		self, slot, role->index, place, guaranteed ? &missing : NULL);
}

static void agent_share_out(struct tp_allotment *self, uint32_t slot, bool guaranteed)
{
	struct alloc_run *run = self->scratch;
	const struct alloc_agent *agent = &self->agents[slot];
	struct alloc_role *role;
	uint32_t i, last;

	if (alloc_agent_exhausted(self, agent) || !agent_worth(self, agent) ||
		alloc_filters_mark(self, slot) == self->n_listed)
		return;
	self->share_out++;
	run->roles.items = self->role_sorter.ops->sort(self->role_order, &run->roles.n);
	for (i = 0; i < run->roles.n; i++) {
		last = last_role(self, agent);
		role = self->roles[last != ALLOC_NONE ? last : run->roles.items[i]];
		if (last == ALLOC_NONE && agent->plain.n == 0 &&
			!role_sees_others(self, agent, role->index))
			continue;
		/* The last one's turn may be over, or it wants nothing and has none. */
		if (last != ALLOC_NONE &&
			(role->share_out == self->share_out || role->n_listed == 0))
			return;
		if (role_turn(self, slot, role, i, guaranteed) || last != ALLOC_NONE)
			return;
	}
}

void alloc_stage_one(struct tp_allotment *self, uint32_t agent)
{
	agent_share_out(self, agent, true);
}

void alloc_stage_two(struct tp_allotment *self, uint32_t agent)
{
	agent_share_out(self, agent, false);
}
