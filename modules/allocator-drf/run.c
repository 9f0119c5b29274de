/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocation run: for each agent that waits, roles in order of share, frameworks of the role
 * in order of share; the first that may have what is free gets all of it that is for the role.
 * Shares move at once, so the next agent sees another order.
 *
 * When: events ask for a run at the end of the loop's turn. A run that took long pushes the next
 * one away by as much as it took, so that allocation never takes more than half of the loop;
 * never by more than allocation_interval.
 */
#include <time.h>

#include "drf.h"

/* What one run gives to one framework. */
struct batch {
	struct tp_allocation *items;
	struct tp_resources *resources;
	size_t n, size;
};

struct run {
	struct drf *self;
	struct batch *batches; /* by framework slot */
	uint32_t *touched; /* frameworks with a batch, in order of their first offer */
	uint32_t n_touched;
	uint32_t *role_order, *member_order;
};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * TP_SEC + now.tv_nsec;
}

/* --- when ------------------------------------------------------------------------------ */

void drf_want(struct drf *self, uint32_t agent_slot, bool urgent)
{
	struct drf_agent *agent = &self->agents[agent_slot];
	int64_t wait_ns;

	if (!agent->waiting) {
		if (self->n_waiting == self->waiting_size) {
			self->waiting_size =
				self->waiting_size == 0 ? 64 : 2 * self->waiting_size;
			self->waiting = tp_realloc(self->waiting,
				self->waiting_size * sizeof(*self->waiting));
		}
		agent->waiting = true;
		self->waiting[self->n_waiting++] = agent_slot;
	}
	if (!tp_timer_armed(&self->run_later))
		tp_timer_arm(self->instance.loop, &self->run_later, self->interval_ns);
	if (!urgent)
		return;
	wait_ns = self->last_end_ns + self->last_cost_ns -
		tp_loop_now_ns(self->instance.loop);
	if (wait_ns <= 0)
		tp_loop_defer(self->instance.loop, &self->run_soon);
	else if (wait_ns < self->run_later.due_ns - tp_loop_now_ns(self->instance.loop))
		tp_timer_arm(self->instance.loop, &self->run_later, wait_ns);
}

void drf_want_all(struct drf *self, bool urgent)
{
	for (uint32_t i = 0; i < self->n_agents; i++) {
		if (self->agents[i].used)
			drf_want(self, i, urgent);
	}
}

void drf_run_soon(struct tp_defer *defer)
{
	drf_run(tp_container_of(defer, struct drf, run_soon));
}

void drf_run_later(struct tp_timer *timer)
{
	drf_run(tp_container_of(timer, struct drf, run_later));
}

/* --- what ------------------------------------------------------------------------------ */

/* What of the agent's free resources may go to this framework in this role; unallocated. */
static void offer_make(const struct drf_agent *agent,
	const struct drf_framework *framework, const char *role, struct tp_resources *ret)
{
	tp_resources_filter(ret, &agent->available, tp_resource_is_allocatable_to, role);
	for (uint32_t i = ret->n; i-- > 0;) {
		const struct tp_resource_item item = ret->items[i];

		if ((!framework->revocable && tp_resource_is_revocable(&item, NULL)) ||
			(!framework->shared && tp_resource_is_shared(&item, NULL)) ||
			(!framework->refinement && tp_resource_is_refined(&item, NULL)))
			tp_resources_subtract_item(ret, &item);
	}
}

/* At least one of the alternatives of min_allocatable_resources. */
static bool offer_worth(struct drf *self, const struct tp_resources *offer)
{
	struct tp_quantities quantities = { { 0 } };

	if (tp_resources_empty(offer))
		return false;
	if (self->n_min_allocatable == 0)
		return true;
	tp_quantities_add_resources(&quantities, &self->names, offer);
	for (size_t i = 0; i < self->n_min_allocatable; i++) {
		if (tp_quantities_contains(&quantities, &self->min_allocatable[i]))
			return true;
	}
	return false;
}

static void batch_add(struct run *run, uint32_t framework, uint32_t agent, uint32_t role,
	struct tp_resources *resources)
{
	struct batch *batch = &run->batches[framework];

	if (batch->n == 0)
		run->touched[run->n_touched++] = framework;
	if (batch->n == batch->size) {
		batch->size = batch->size == 0 ? 8 : 2 * batch->size;
		batch->items =
			tp_realloc(batch->items, batch->size * sizeof(*batch->items));
		batch->resources = tp_realloc(
			batch->resources, batch->size * sizeof(*batch->resources));
	}
	batch->resources[batch->n] = (struct tp_resources)TP_RESOURCES_INIT;
	tp_resources_move(&batch->resources[batch->n], resources);
	batch->items[batch->n++] = (struct tp_allocation){
		.agent = agent,
		.role = run->self->roles[role].name,
	};
}

/* Offers the agent's free resources to one member; true when it took them. */
static bool agent_offer(struct run *run, uint32_t agent_slot, uint32_t role_index,
	const struct drf_member *member)
{
	struct drf *self = run->self;
	struct drf_agent *agent = &self->agents[agent_slot];
	const struct drf_framework *framework = &self->frameworks[member->framework];
	const char *role = self->roles[role_index].name;
	uint32_t slot = member->framework;
	struct tp_resources offer = TP_RESOURCES_INIT;
	bool gives;

	if (agent->has_gpus && self->filter_gpus && !framework->gpus)
		return false;
	offer_make(agent, framework, role, &offer);
	gives = offer_worth(self, &offer) &&
		!drf_filtered(self, agent, slot, role_index, &offer);
	if (gives) {
		tp_resources_subtract(&agent->available, &offer);
		tp_resources_allocate(&offer, role);
		drf_hold(self, slot, &offer);
		batch_add(run, slot, agent_slot, role_index, &offer);
	}
	tp_resources_fini(&offer);
	return gives;
}

/* What is shared was offered once in this run, and is there again for the next one. */
static void shared_restore(struct drf_agent *agent)
{
	for (uint32_t i = 0; i < agent->total.n; i++) {
		const struct tp_resource_item *item = &agent->total.items[i];

		if (!tp_resource_is_shared(item, NULL))
			continue;
		tp_resources_subtract_item(&agent->available, item);
		tp_resources_add_item(&agent->available, item);
	}
}

static void agent_share_out(struct run *run, uint32_t agent_slot)
{
	struct drf *self = run->self;
	struct drf_agent *agent = &self->agents[agent_slot];
	uint32_t n_roles = drf_roles_order(self, run->role_order);

	for (uint32_t i = 0; i < n_roles; i++) {
		uint32_t role_index = run->role_order[i];
		struct drf_role *role = &self->roles[role_index];
		uint32_t n = drf_members_order(self, role, run->member_order);

		/* Unsuitable means the next one, never the end of the role. */
		for (uint32_t j = 0; j < n; j++) {
			if (agent_offer(run, agent_slot, role_index,
				    &role->members[run->member_order[j]]) &&
				tp_resources_empty(&agent->available))
				return;
		}
	}
}

static void agent_run(struct run *run, uint32_t agent_slot)
{
	struct drf_agent *agent = &run->self->agents[agent_slot];

	if (!agent->used || !agent->active || tp_resources_empty(&agent->available))
		return;
	agent_share_out(run, agent_slot);
	if (agent->has_shared)
		shared_restore(agent);
}

static uint32_t members_max(const struct drf *self)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < self->n_roles; i++) {
		if (self->roles[i].n_members > most)
			most = self->roles[i].n_members;
	}
	return most;
}

static void run_deliver(struct run *run)
{
	struct drf *self = run->self;

	for (uint32_t i = 0; i < run->n_touched; i++) {
		struct batch *batch = &run->batches[run->touched[i]];

		for (size_t j = 0; j < batch->n; j++)
			batch->items[j].resources = &batch->resources[j];
		self->user.offer(
			self->user.user, run->touched[i], batch->items, batch->n);
		for (size_t j = 0; j < batch->n; j++)
			tp_resources_fini(&batch->resources[j]);
		tp_free(batch->items);
		tp_free(batch->resources);
	}
}

void drf_run(struct drf *self)
{
	struct run run = { .self = self };
	uint32_t *waiting = self->waiting;
	uint32_t n_waiting = self->n_waiting;
	int64_t start_ns;

	tp_loop_undefer(self->instance.loop, &self->run_soon);
	tp_timer_disarm(self->instance.loop, &self->run_later);
	if (self->paused || n_waiting == 0)
		return;
	start_ns = cpu_ns();
	self->waiting = NULL;
	self->n_waiting = self->waiting_size = 0;
	run.batches = tp_alloc((self->n_frameworks + 1) * sizeof(*run.batches));
	run.touched = tp_alloc((self->n_frameworks + 1) * sizeof(*run.touched));
	run.role_order = tp_alloc((self->n_roles + 1) * sizeof(*run.role_order));
	run.member_order = tp_alloc((members_max(self) + 1) * sizeof(*run.member_order));
	for (uint32_t i = 0; i < n_waiting; i++)
		self->agents[waiting[i]].waiting = false;
	for (uint32_t i = 0; i < n_waiting; i++)
		agent_run(&run, waiting[i]);
	tp_free(waiting);
	self->runs.value++;
	self->last_cost_ns = cpu_ns() - start_ns;
	self->last_end_ns = tp_loop_now_ns(self->instance.loop);
	run_deliver(&run);
	tp_free(run.batches);
	tp_free(run.touched);
	tp_free(run.role_order);
	tp_free(run.member_order);
}
