/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents that will be unavailable. In a run each active framework that holds something of such an
 * agent is asked, once, to leave it: until it answers nobody asks again, and after an answer not
 * before its time is over. Then a run is due, whether anything else happens or not.
 */
#include "core/cluster/allocation/maintenance.h"

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/hold.h"
#include "core/cluster/allocation/run.h"
#include "tepui/record.h"

static void maintenance_destroy(struct alloc_maintenance *maintenance)
{
	if (maintenance == NULL)
		return;
	tp_timer_disarm(maintenance->allotment->instance->loop, &maintenance->wake);
	tp_arena_destroy(maintenance->arena);
	tp_free(maintenance->asked);
	tp_free(maintenance->filters);
	tp_free(maintenance);
}

static void wake(struct tp_timer *timer);

void alloc_maintenance_set(
	struct tp_allotment *self, uint32_t slot, const struct tp_unavailability *when)
{
	struct alloc_host *host = &self->hosts[slot];
	struct alloc_maintenance *maintenance;

	self->n_maintained -= host->maintenance != NULL;
	maintenance_destroy(host->maintenance);
	host->maintenance = NULL;
	if (when == NULL)
		return;
	self->n_maintained++;
	maintenance = tp_alloc(sizeof *maintenance);
	maintenance->allotment = self;
	maintenance->agent = slot;
	maintenance->wake.fire = wake;
	maintenance->arena = tp_arena_create(0);
	maintenance->when =
		tp_record_copy(&tp_unavailability_desc, when, maintenance->arena);
	host->maintenance = maintenance;
}

static void asked_drop(struct alloc_maintenance *maintenance, uint32_t framework)
{
	uint32_t i;

	for (i = maintenance->n_asked; i-- > 0;)
		if (maintenance->asked[i] == framework)
			maintenance->asked[i] =
				maintenance->asked[--maintenance->n_asked];
}

static void filters_drop(
	struct alloc_maintenance *maintenance, uint32_t framework, int64_t now_ns)
{
	uint32_t i;

	for (i = maintenance->n_filters; i-- > 0;)
		if (maintenance->filters[i].framework == framework ||
			maintenance->filters[i].due_ns <= now_ns)
			maintenance->filters[i] =
				maintenance->filters[--maintenance->n_filters];
}

static void wake_plan(struct alloc_maintenance *maintenance)
{
	struct tp_loop *loop = maintenance->allotment->instance->loop;
	int64_t due_ns = INT64_MAX;
	uint32_t i;

	tp_timer_disarm(loop, &maintenance->wake);
	for (i = 0; i < maintenance->n_filters; i++)
		if (maintenance->filters[i].due_ns < due_ns)
			due_ns = maintenance->filters[i].due_ns;
	if (maintenance->n_filters > 0)
		tp_timer_arm(loop, &maintenance->wake, due_ns - tp_loop_now_ns(loop));
}

static void wake(struct tp_timer *timer)
{
	struct alloc_maintenance *maintenance =
		tp_container_of(timer, struct alloc_maintenance, wake);
	struct tp_allotment *self = maintenance->allotment;

	if (self->stopped)
		return;
	filters_drop(maintenance, ALLOC_NONE, tp_loop_now_ns(self->instance->loop));
	wake_plan(maintenance);
	alloc_want(self, maintenance->agent, true);
}

void alloc_maintenance_answer(struct tp_allotment *self, uint32_t slot,
	uint32_t framework, const struct tp_allocator_inverse_answer *answer)
{
	struct alloc_maintenance *maintenance = self->hosts[slot].maintenance;
	int64_t now_ns = tp_loop_now_ns(self->instance->loop);
	int64_t lives_ns = answer->refuse_ns > self->interval_ns ? answer->refuse_ns
								 : self->interval_ns;

	if (maintenance == NULL)
		return;
	asked_drop(maintenance, framework);
	if (answer->refuse_ns < 0) {
		alloc_want(self, slot, false);
		return;
	}
	filters_drop(maintenance, framework, now_ns);
	maintenance->filters = tp_realloc(maintenance->filters,
		(maintenance->n_filters + 1) * sizeof *maintenance->filters);
	maintenance->filters[maintenance->n_filters++] =
		(struct alloc_inverse_filter){ framework, now_ns + lives_ns };
	wake_plan(maintenance);
}

void alloc_maintenance_forget(
	struct tp_allotment *self, uint32_t framework, bool filters_only)
{
	int64_t now_ns = tp_loop_now_ns(self->instance->loop);
	uint32_t i;

	for (i = 0; self->n_maintained > 0 && i < self->n_agents; i++) {
		struct alloc_maintenance *maintenance = self->hosts[i].maintenance;

		if (maintenance == NULL)
			continue;
		filters_drop(maintenance, framework, now_ns);
		if (!filters_only)
			asked_drop(maintenance, framework);
	}
}

static bool may_ask(const struct tp_allotment *self,
	const struct alloc_maintenance *maintenance, uint32_t framework)
{
	int64_t now_ns = tp_loop_now_ns(self->instance->loop);
	uint32_t i;

	for (i = 0; i < maintenance->n_asked; i++)
		if (maintenance->asked[i] == framework)
			return false;
	for (i = 0; i < maintenance->n_filters; i++)
		if (maintenance->filters[i].framework == framework &&
			maintenance->filters[i].due_ns > now_ns)
			return false;
	return true;
}

static void ask(struct tp_allotment *self, uint32_t slot, uint32_t framework)
{
	struct alloc_maintenance *maintenance = self->hosts[slot].maintenance;

	if (!self->frameworks[framework].used || !self->frameworks[framework].active ||
		!may_ask(self, maintenance, framework))
		return;
	maintenance->asked = tp_realloc(maintenance->asked,
		(maintenance->n_asked + 1) * sizeof *maintenance->asked);
	maintenance->asked[maintenance->n_asked++] = framework;
	if (self->user.inverse_offer != NULL)
		self->user.inverse_offer(
			self->user.user, framework, slot, maintenance->when);
}

void alloc_maintenance_ask(struct tp_allotment *self, const uint32_t *agents, uint32_t n)
{
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		const struct alloc_agent *agent = &self->agents[agents[i]];

		/* Whoever was told of an offer before may have ended or silenced it. */
		if (self->hosts[agents[i]].maintenance == NULL ||
			(self->standing[agents[i]] & ALLOC_OPEN) == 0)
			continue;
		for (j = 0; j < agent->n_holds; j++)
			ask(self, agents[i],
				self->clients[alloc_holds_of(agent)[j].client].framework);
	}
}
