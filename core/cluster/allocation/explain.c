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

/* What a client would have to be able to, to be offered any of what is free for its role. */
static uint32_t portions_lack(const struct tp_allotment *self,
	const struct alloc_agent *agent, const struct alloc_client *client)
{
	uint32_t lacks = 0, i;

	for (i = 0; i < agent->n_others; i++) {
		const struct alloc_portion *portion = &agent->others[i];

		if (portion->role == ALLOC_NONE ||
			alloc_role_within(self, client->role, portion->role))
			lacks |= portion->classes & ~(uint32_t)client->demands_met;
	}
	return lacks & ALLOC_CLASSES;
}

static uint32_t lacks_public(uint32_t lacks)
{
	static const struct {
		uint32_t ours, theirs;
	} rows[] = {
		{ ALLOC_GPUS, TP_ALLOCATOR_LACKS_GPUS },
		{ ALLOC_REGION, TP_ALLOCATOR_LACKS_REGION },
		{ ALLOC_REVOCABLE, TP_ALLOCATOR_LACKS_REVOCABLE },
		{ ALLOC_SHARED, TP_ALLOCATOR_LACKS_SHARED },
		{ ALLOC_REFINED, TP_ALLOCATOR_LACKS_REFINEMENT },
		{ ALLOC_SINGLE_ROLE, TP_ALLOCATOR_LACKS_AGENT_MULTI_ROLE },
		{ ALLOC_FLAT_ROLE, TP_ALLOCATOR_LACKS_AGENT_HIERARCHY },
	};
	uint32_t ret = 0;
	size_t i;

	for (i = 0; i < TP_COUNT(rows); i++)
		if ((lacks & rows[i].ours) != 0)
			ret |= rows[i].theirs;
	return ret;
}

static enum tp_allocator_reason judge(
	struct tp_allotment *self, uint32_t slot, uint32_t client_slot, uint32_t *lacks)
{
	alloc_filters_mark(self, slot);
	switch (alloc_judge(self, slot, client_slot)) {
	case ALLOC_NOTHING:
		*lacks = portions_lack(
			self, &self->agents[slot], &self->clients[client_slot]);
		return *lacks != 0 ? TP_ALLOCATOR_CAPABILITY : TP_ALLOCATOR_RESERVED;
	case ALLOC_HELD_BACK:
		return TP_ALLOCATOR_QUOTA;
	case ALLOC_SMALL:
		return TP_ALLOCATOR_TOO_SMALL;
	case ALLOC_REFUSED:
		return TP_ALLOCATOR_FILTERED;
	default:
		return TP_ALLOCATOR_FREE;
	}
}

/* The first reason that holds. */
static enum tp_allocator_reason agent_reason(
	struct tp_allotment *self, uint32_t slot, uint32_t client_slot, uint32_t *lacks)
{
	const struct alloc_client *client = &self->clients[client_slot];
	const struct alloc_agent *agent = &self->agents[slot];

	if (!agent->active)
		return TP_ALLOCATOR_INACTIVE;
	if (!agent->allowed)
		return TP_ALLOCATOR_NOT_WHITELISTED;
	if (agent->plain.n == 0 && agent->n_others == 0)
		return TP_ALLOCATOR_FULL;
	*lacks = agent->demands & ~(uint32_t)client->demands_met;
	if (*lacks != 0)
		return TP_ALLOCATOR_CAPABILITY;
	if (client->constraints != NULL &&
		alloc_constraints_exclude(client->constraints, slot))
		return TP_ALLOCATOR_CONSTRAINTS;
	return judge(self, slot, client_slot, lacks);
}

static void agent_count(struct tp_allotment *self, uint32_t slot, uint32_t client_slot,
	struct tp_allocator_explanation *why)
{
	uint32_t *const counts[] = {
		[TP_ALLOCATOR_FREE] = &why->agents_free,
		[TP_ALLOCATOR_INACTIVE] = &why->agents_inactive,
		[TP_ALLOCATOR_NOT_WHITELISTED] = &why->agents_not_whitelisted,
		[TP_ALLOCATOR_FULL] = &why->agents_full,
		[TP_ALLOCATOR_CAPABILITY] = &why->agents_capability,
		[TP_ALLOCATOR_CONSTRAINTS] = &why->agents_constraints,
		[TP_ALLOCATOR_RESERVED] = &why->agents_reserved,
		[TP_ALLOCATOR_QUOTA] = &why->agents_quota,
		[TP_ALLOCATOR_TOO_SMALL] = &why->agents_too_small,
		[TP_ALLOCATOR_FILTERED] = &why->agents_filtered,
	};
	uint32_t lacks = 0;

	++*counts[agent_reason(self, slot, client_slot, &lacks)];
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
		.paused = self->paused,
		.agents_awaited = self->n_awaited,
		.headroom_milli = self->headroom.milli,
		.required_milli = self->scratch->required.milli,
	};
	uint32_t i;

	why.role_place =
		place_in(&self->role_sorter, self->role_order, role->index, &why.n_roles);
	why.framework_place = place_in(
		&self->framework_sorter, role->frameworks, slot, &why.n_frameworks);
	if (self->n_awaited > 0)
		why.recovery_left_ns =
			self->recovery.due_ns - tp_loop_now_ns(self->instance->loop);
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

/* As a run begins: nothing shared was offered in it, and what guarantees need is known. */
static void look_begin(struct tp_allotment *self)
{
	alloc_roles_walk(self);
	self->run++;
	alloc_quota_required(self, &self->scratch->required);
	self->scratch->requires = !tp_quantities_empty(&self->scratch->required);
}

void alloc_explain(struct tp_allotment *self, uint32_t framework,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user)
{
	uint32_t i;

	if (alloc_framework_at(self, framework) == NULL)
		return;
	look_begin(self);
	for (i = 0; i < self->frameworks[framework].n_clients; i++)
		client_explain(self, self->frameworks[framework].clients[i], each, user);
}

void alloc_explain_agents(struct tp_allotment *self, uint32_t framework, const char *role,
	void (*each)(void *user, const struct tp_allocator_agent_reason *why), void *user)
{
	uint32_t client = alloc_framework_at(self, framework) == NULL
		? ALLOC_NONE
		: alloc_client_find(self, framework, role);
	uint32_t i;

	if (client == ALLOC_NONE)
		return;
	look_begin(self);
	for (i = 0; i < self->n_agents; i++) {
		struct tp_allocator_agent_reason why = { .agent = i };
		uint32_t lacks = 0;

		if (!self->agents[i].used)
			continue;
		why.reason = agent_reason(self, i, client, &lacks);
		if (why.reason == TP_ALLOCATOR_CAPABILITY)
			why.lacks = lacks_public(lacks);
		if (why.reason == TP_ALLOCATOR_FILTERED)
			why.left_ns = alloc_filter_left_ns(self, i, client);
		each(user, &why);
	}
}
