/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a framework gets, or does not get, offers. Asks for every agent what a run would do now, and
 * counts the first reason that holds.
 */
#include <math.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/metric.h"
#include "core/cluster/allocation/run.h"
#include "tepui/kind/allocator_explanation.h"

static uint32_t place_in(
	const struct tp_sorter *sorter, void *order, uint32_t tag, uint32_t *ret_n)
{
	const uint32_t *tags = sorter->ops->sort(order, ret_n);
	uint32_t i;

	for (i = 0; i < *ret_n; i++)
		if (tags[i] == tag)
			return i;
	return UINT32_MAX;
}

static double share_in(const struct tp_sorter *sorter, void *order, uint32_t handle)
{
	return sorter->ops->share == NULL ? NAN : sorter->ops->share(order, handle);
}

static void agent_count(struct tp_allotment *self, uint32_t slot, uint32_t client_slot,
	struct tp_allocator_explanation *why)
{
	const struct alloc_client *client = &self->clients[client_slot];
	struct alloc_agent *agent = &self->agents[slot];

	if (!agent->active) {
		why->agents_inactive++;
		return;
	}
	if (!agent->allowed) {
		why->agents_not_whitelisted++;
		return;
	}
	if (agent->plain.n == 0 && agent->n_others == 0) {
		why->agents_full++;
		return;
	}
	if ((agent->demands & ~client->demands_met) != 0) {
		why->agents_capability++;
		return;
	}
	if (client->constraints != NULL &&
		alloc_constraints_exclude(client->constraints, slot)) {
		why->agents_constraints++;
		return;
	}
	alloc_filters_mark(self, slot);
	switch (alloc_judge(self, slot, client_slot)) {
	case ALLOC_NOTHING:
		why->agents_reserved++;
		break;
	case ALLOC_HELD_BACK:
		why->agents_quota++;
		break;
	case ALLOC_SMALL:
		why->agents_too_small++;
		break;
	case ALLOC_REFUSED:
		why->agents_filtered++;
		break;
	case ALLOC_GIVES:
		why->agents_free++;
		break;
	}
}

static void client_explain(struct tp_allotment *self, uint32_t slot,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user)
{
	const struct alloc_client *client = &self->clients[slot];
	const struct alloc_role *role = self->roles[client->role];
	const struct alloc_role *top = self->roles[role->top];
	struct tp_quantities consumed;
	struct tp_allocator_explanation why = {
		.role = role->text->text,
		.active = self->frameworks[client->framework].active,
		.suppressed = client->suppressed,
		.subscribed = client->subscribed,
		.role_weight = role->weight,
		.role_share =
			share_in(&self->role_sorter, self->role_order, role->handle),
		.framework_share = share_in(
			&self->framework_sorter, role->frameworks, client->handle),
		.names = self->names.names,
		.n_names = self->names.n,
	};
	uint32_t i;

	why.role_place =
		place_in(&self->role_sorter, self->role_order, role->index, &why.n_roles);
	why.framework_place = place_in(
		&self->framework_sorter, role->frameworks, slot, &why.n_frameworks);
	if (top->quota != NULL) {
		alloc_quota_consumed(top, &consumed);
		why.guarantee_milli = top->quota->guarantees.milli;
		why.limit_milli = top->quota->limits.milli;
		why.consumed_milli = consumed.milli;
	}
	for (i = 0; i < self->n_agents; i++)
		if (self->agents[i].used)
			agent_count(self, i, slot, &why);
	each(user, &why);
}

void alloc_explain(struct tp_allotment *self, uint32_t framework,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user)
{
	uint32_t i;

	if (alloc_framework_at(self, framework) == NULL)
		return;
	self->run++; /* nothing shared was offered in it */
	alloc_quota_required(self, &self->scratch->required);
	self->scratch->requires = !tp_quantities_empty(&self->scratch->required);
	for (i = 0; i < self->frameworks[framework].n_clients; i++)
		client_explain(self, self->frameworks[framework].clients[i], each, user);
}
