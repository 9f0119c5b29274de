/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An optimistic allocator: all that nobody uses of an agent is offered to every framework at the
 * same time. The master gives it to who accepts first and takes the other offers back
 * (TP_ALLOCATOR_OVERLAPPING in tepui/kind/allocator.h). Schedulers that look at much and take
 * little see the whole cluster; where many want the same, most of their work is in vain.
 *
 * So an agent's books have two piles: what is in use, which is nobody's to offer, and what each
 * framework has been offered, which it must not be offered again meanwhile. Free for a framework
 * is total - in use - its own pile. It offers nothing that is revocable, shared or of a refined
 * reservation, and a framework with several roles gets offers of the first one that may have them.
 */
#include <errno.h>
#include <string.h>

#include "tepui/kind/allocator.h"
#include "tepui/module.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

struct pile {
	uint32_t framework;
	struct tp_resources offered;
};

struct agent {
	bool used, active;
	bool many_roles, deep_roles;       /* it knows frameworks of several, and "a/b" */
	struct tp_resources total, in_use; /* without allocation, as the piles */
	struct pile *piles;                /* none of them empty */
	size_t n_piles;
};

struct seat {
	uint32_t framework;
	char *role;
	bool active, suppressed;
	bool many_roles, deep_role; /* what it asks of agents */
};

/* Refused, until then: not again what is contained in what was refused. */
struct filter {
	uint32_t framework, agent;
	char *role;
	int64_t due_ns;
	struct tp_resources refused;
};

struct optimistic {
	struct tp_instance instance; /* always first */
	int64_t pause_ns;            /* config */
	struct tp_allocator_user user;
	struct agent *agents; /* by slot */
	struct seat *seats;
	struct filter *filters;
	size_t n_agents, n_seats, n_filters;
	bool paused, stopped;
	struct tp_defer soon;
	struct tp_timer later;
};

static void want_soon(struct optimistic *self)
{
	tp_loop_defer(self->instance.loop, &self->soon);
}

static void want_later(struct optimistic *self, int64_t delay_ns)
{
	int64_t due_ns = tp_loop_now_ns(self->instance.loop) + delay_ns;

	if (!tp_timer_armed(&self->later) || self->later.due_ns > due_ns)
		tp_timer_arm(self->instance.loop, &self->later, delay_ns);
}

static struct agent *agent_at(struct optimistic *self, uint32_t slot)
{
	return slot < self->n_agents && self->agents[slot].used ? &self->agents[slot]
								: NULL;
}

/* `to` += or -= resources that come with their allocation. */
static void change(
	struct tp_resources *to, const struct tp_resources *resources, bool more)
{
	struct tp_resources plain = TP_RESOURCES_INIT;

	tp_resources_copy(&plain, resources);
	tp_resources_unallocate(&plain);
	if (more)
		tp_resources_add(to, &plain);
	else
		tp_resources_subtract(to, &plain);
	tp_resources_fini(&plain);
}

/* --- piles ----------------------------------------------------------------------------- */

static struct pile *pile_find(const struct agent *agent, uint32_t framework)
{
	for (size_t i = 0; i < agent->n_piles; i++) {
		if (agent->piles[i].framework == framework)
			return &agent->piles[i];
	}
	return NULL;
}

static void pile_add(
	struct agent *agent, uint32_t framework, const struct tp_resources *resources)
{
	struct pile *pile = pile_find(agent, framework);

	if (tp_resources_empty(resources))
		return;
	if (pile == NULL) {
		agent->piles = tp_realloc(
			agent->piles, (agent->n_piles + 1) * sizeof(*agent->piles));
		pile = &agent->piles[agent->n_piles++];
		*pile = (struct pile){ framework, TP_RESOURCES_INIT };
	}
	change(&pile->offered, resources, true);
}

static void pile_subtract(
	struct agent *agent, uint32_t framework, const struct tp_resources *resources)
{
	struct pile *pile = pile_find(agent, framework);

	if (pile == NULL)
		return;
	change(&pile->offered, resources, false);
	if (!tp_resources_empty(&pile->offered))
		return;
	tp_resources_fini(&pile->offered);
	*pile = agent->piles[--agent->n_piles];
}

static void agent_fini(struct agent *agent)
{
	while (agent->n_piles > 0)
		tp_resources_fini(&agent->piles[--agent->n_piles].offered);
	tp_free(agent->piles);
	tp_resources_fini(&agent->total);
	tp_resources_fini(&agent->in_use);
	*agent = (struct agent){ .used = false };
}

/* --- filters --------------------------------------------------------------------------- */

static void filter_remove(struct optimistic *self, size_t i)
{
	tp_free(self->filters[i].role);
	tp_resources_fini(&self->filters[i].refused);
	self->filters[i] = self->filters[--self->n_filters];
}

/* Those of a framework in a role (NULL = all); of an agent alone with framework UINT32_MAX. */
static void filters_clear(
	struct optimistic *self, uint32_t framework, const char *role, uint32_t agent)
{
	for (size_t i = self->n_filters; i-- > 0;) {
		const struct filter *filter = &self->filters[i];

		if (framework == UINT32_MAX ? filter->agent == agent
					    : filter->framework == framework &&
					(role == NULL || strcmp(filter->role, role) == 0))
			filter_remove(self, i);
	}
}

static void filter_add(struct optimistic *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *refused, int64_t lives_ns)
{
	const char *role = tp_resource_allocation(&refused->items[0]);
	struct filter *filter;

	self->filters =
		tp_realloc(self->filters, (self->n_filters + 1) * sizeof(*self->filters));
	filter = &self->filters[self->n_filters++];
	*filter = (struct filter){
		.framework = framework,
		.agent = agent,
		.role = tp_strdup(role != NULL ? role : "*"),
		.due_ns = tp_loop_now_ns(self->instance.loop) + lives_ns,
	};
	change(&filter->refused, refused, true);
	want_later(self, lives_ns);
}

static bool is_filtered(const struct optimistic *self, const struct seat *seat,
	uint32_t agent, const struct tp_resources *offer)
{
	for (size_t i = 0; i < self->n_filters; i++) {
		const struct filter *filter = &self->filters[i];

		if (filter->framework == seat->framework && filter->agent == agent &&
			strcmp(filter->role, seat->role) == 0 &&
			tp_resources_contains(&filter->refused, offer))
			return true;
	}
	return false;
}

/* Forgets what is over, and wakes up when the next one is. */
static void filters_expire(struct optimistic *self)
{
	int64_t now_ns = tp_loop_now_ns(self->instance.loop);

	for (size_t i = self->n_filters; i-- > 0;) {
		if (self->filters[i].due_ns <= now_ns)
			filter_remove(self, i);
	}
	for (size_t i = 0; i < self->n_filters; i++)
		want_later(self, self->filters[i].due_ns - now_ns);
}

/* --- the run --------------------------------------------------------------------------- */

static bool is_understood(const struct agent *agent, const struct seat *seat)
{
	return (agent->many_roles || !seat->many_roles) &&
		(agent->deep_roles || !seat->deep_role);
}

static bool is_ordinary(const struct tp_resource_item *item, const void *role)
{
	return tp_resource_is_allocatable_to(item, role) &&
		!tp_resource_is_revocable(item, NULL) &&
		!tp_resource_is_shared(item, NULL) && !tp_resource_is_refined(item, NULL);
}

/* What is free of the agent for this seat; false when the seat gets nothing. */
static bool make_offer(const struct optimistic *self, const struct seat *seat,
	uint32_t slot, struct tp_resources *ret)
{
	const struct agent *agent = &self->agents[slot];
	const struct pile *pile = pile_find(agent, seat->framework);
	struct tp_resources free = TP_RESOURCES_INIT;

	tp_resources_copy(&free, &agent->total);
	tp_resources_subtract(&free, &agent->in_use);
	if (pile != NULL)
		tp_resources_subtract(&free, &pile->offered);
	tp_resources_filter(ret, &free, is_ordinary, seat->role);
	tp_resources_fini(&free);
	if (!tp_resources_empty(ret) && !is_filtered(self, seat, slot, ret))
		return true;
	tp_resources_fini(ret);
	return false;
}

struct gifts {
	struct tp_allocation *items;
	struct tp_resources *resources;
	size_t n;
};

/* All agents for one seat. The books are right before it is told. */
static void give_seat(
	struct optimistic *self, const struct seat *seat, struct gifts *gifts)
{
	for (uint32_t i = 0; i < self->n_agents; i++) {
		struct tp_resources *offer = &gifts->resources[gifts->n];

		if (!self->agents[i].used || !self->agents[i].active ||
			!is_understood(&self->agents[i], seat))
			continue;
		*offer = (struct tp_resources)TP_RESOURCES_INIT;
		if (!make_offer(self, seat, i, offer))
			continue;
		pile_add(&self->agents[i], seat->framework, offer);
		tp_resources_allocate(offer, seat->role);
		/* A role belongs to its seat, which the master may remove meanwhile. */
		gifts->items[gifts->n++] = (struct tp_allocation){ .agent = i,
			.role = tp_resource_allocation(&offer->items[0]),
			.resources = offer };
	}
}

static void optimistic_run(void *impl)
{
	struct optimistic *self = impl;
	struct gifts gifts = { .n = 0 };
	size_t most = self->n_agents * self->n_seats + 1;

	if (self->paused || self->stopped || self->user.offer == NULL)
		return;
	filters_expire(self);
	gifts.items = tp_alloc(most * sizeof(*gifts.items));
	gifts.resources = tp_alloc(most * sizeof(*gifts.resources));
	for (size_t i = 0; i < self->n_seats; i++) {
		uint32_t framework = self->seats[i].framework;

		if (self->seats[i].active && !self->seats[i].suppressed)
			give_seat(self, &self->seats[i], &gifts);
		/* The seats of a framework stand together: one call for all of them. */
		if (i + 1 < self->n_seats && self->seats[i + 1].framework == framework)
			continue;
		if (gifts.n > 0)
			self->user.offer(
				self->user.user, framework, gifts.items, gifts.n);
		while (gifts.n > 0)
			tp_resources_fini(&gifts.resources[--gifts.n]);
	}
	tp_free(gifts.resources);
	tp_free(gifts.items);
}

static void run_soon(struct tp_defer *defer)
{
	optimistic_run(tp_container_of(defer, struct optimistic, soon));
}

static void run_later(struct tp_timer *timer)
{
	optimistic_run(tp_container_of(timer, struct optimistic, later));
}

/* --- frameworks ------------------------------------------------------------------------ */

static void seats_remove(struct optimistic *self, uint32_t framework)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->n_seats; i++) {
		if (self->seats[i].framework == framework)
			tp_free(self->seats[i].role);
		else
			self->seats[kept++] = self->seats[i];
	}
	self->n_seats = kept;
}

static void seat_add(struct optimistic *self, uint32_t framework,
	const struct tp_allocator_framework *spec, const char *role)
{
	const struct tp_framework_info *info = spec->info;
	bool suppressed = false, many = false;

	for (size_t i = 0; i < spec->n_suppressed_roles; i++)
		suppressed = suppressed || strcmp(spec->suppressed_roles[i], role) == 0;
	for (size_t i = 0; i < info->n_capabilities; i++)
		many = many ||
			info->capabilities[i]->type ==
				TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE;
	self->seats = tp_realloc(self->seats, (self->n_seats + 1) * sizeof(*self->seats));
	self->seats[self->n_seats++] = (struct seat){ framework, tp_strdup(role),
		spec->active, suppressed, many, strchr(role, '/') != NULL };
}

static void update_framework(
	void *impl, uint32_t framework, const struct tp_allocator_framework *spec)
{
	const struct tp_framework_info *info = spec->info;
	struct optimistic *self = impl;

	seats_remove(self, framework);
	for (size_t i = 0; i < info->n_roles; i++)
		seat_add(self, framework, spec, info->roles[i]);
	if (info->n_roles == 0)
		seat_add(self, framework, spec, info->role != NULL ? info->role : "*");
	want_soon(self);
}

/* What it uses came with its agents. */
static void add_framework(void *impl, uint32_t framework,
	const struct tp_allocator_framework *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	(void)used, (void)n_used;
	update_framework(impl, framework, spec);
}

static void remove_framework(void *impl, uint32_t framework)
{
	seats_remove(impl, framework);
	filters_clear(impl, framework, NULL, 0);
	want_soon(impl);
}

static void set_active(struct optimistic *self, uint32_t framework, bool active)
{
	for (size_t i = 0; i < self->n_seats; i++) {
		if (self->seats[i].framework == framework)
			self->seats[i].active = active;
	}
	want_soon(self);
}

static void activate_framework(void *impl, uint32_t framework)
{
	set_active(impl, framework, true);
}

static void deactivate_framework(void *impl, uint32_t framework)
{
	set_active(impl, framework, false);
	filters_clear(impl, framework, NULL, 0);
}

static void set_suppressed(struct optimistic *self, uint32_t framework,
	const char *const *roles, size_t n_roles, bool suppressed)
{
	for (size_t i = 0; i < self->n_seats; i++) {
		struct seat *seat = &self->seats[i];
		bool named = n_roles == 0;

		for (size_t j = 0; j < n_roles; j++)
			named = named || strcmp(roles[j], seat->role) == 0;
		if (seat->framework != framework || !named)
			continue;
		seat->suppressed = suppressed;
		if (!suppressed)
			filters_clear(self, framework, seat->role, 0);
	}
	want_soon(self);
}

static void revive(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	set_suppressed(impl, framework, roles, n_roles, false);
}

static void suppress(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	set_suppressed(impl, framework, roles, n_roles, true);
}

/* --- agents ---------------------------------------------------------------------------- */

static void update_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec)
{
	struct optimistic *self = impl;

	tp_resources_copy(&self->agents[slot].total, spec->total);
	self->agents[slot].active = spec->active;
	self->agents[slot].many_roles =
		(spec->capabilities & 1U << TP_AGENT_INFO_CAPABILITY_MULTI_ROLE) != 0;
	self->agents[slot].deep_roles =
		(spec->capabilities & 1U << TP_AGENT_INFO_CAPABILITY_HIERARCHICAL_ROLE) !=
		0;
	filters_clear(self, UINT32_MAX, NULL, slot);
	want_soon(self);
}

/* Nothing of it is offered: an owner that has offers of it has taken them back. */
static void add_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec,
	const struct tp_allocator_use *used, size_t n_used)
{
	struct optimistic *self = impl;

	if (slot >= self->n_agents) {
		self->agents =
			tp_realloc(self->agents, (slot + 1) * sizeof(*self->agents));
		memset(self->agents + self->n_agents, 0,
			(slot + 1 - self->n_agents) * sizeof(*self->agents));
		self->n_agents = slot + 1;
	}
	self->agents[slot].used = true;
	for (size_t i = 0; i < n_used; i++)
		change(&self->agents[slot].in_use, used[i].resources, true);
	update_agent(self, slot, spec);
}

static void remove_agent(void *impl, uint32_t slot)
{
	struct optimistic *self = impl;

	agent_fini(&self->agents[slot]);
	filters_clear(self, UINT32_MAX, NULL, slot);
}

static void activate_agent(void *impl, uint32_t slot)
{
	struct optimistic *self = impl;

	self->agents[slot].active = true;
	want_soon(self);
}

static void deactivate_agent(void *impl, uint32_t slot)
{
	((struct optimistic *)impl)->agents[slot].active = false;
}

/* --- resources ------------------------------------------------------------------------- */

/* Only the framework that accepted is told of here: the others' offers come back one by one. */
static void begin_use(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources)
{
	struct agent *agent = agent_at(impl, slot);

	if (agent == NULL)
		return;
	pile_subtract(agent, framework, resources);
	change(&agent->in_use, resources, true);
}

/* It is as if it had been offered: recover_resources() follows. */
static void end_use(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources)
{
	struct agent *agent = agent_at(impl, slot);

	if (agent == NULL)
		return;
	change(&agent->in_use, resources, false);
	pile_add(agent, framework, resources);
}

/* The agent or the framework may be gone already. */
static void recover_resources(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	struct optimistic *self = impl;
	struct agent *agent = agent_at(self, slot);
	int64_t lives_ns = filter != NULL ? filter->refuse_ns : 0;

	if (agent == NULL || tp_resources_empty(resources))
		return;
	pile_subtract(agent, framework, resources);
	/* Who refuses must not be asked again at once, for ever. */
	if (lives_ns > 0)
		filter_add(self, framework, slot, resources,
			lives_ns > self->pause_ns ? lives_ns : self->pause_ns);
	if (filter == NULL || lives_ns > 0)
		want_soon(self);
	else
		want_later(self, self->pause_ns);
}

static void convert_total(struct agent *agent, const struct tp_resources *from,
	const struct tp_resources *to)
{
	change(&agent->total, from, false);
	change(&agent->total, to, true);
}

static void update_allocation(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct agent *agent = agent_at(impl, slot);

	if (agent == NULL)
		return;
	pile_subtract(agent, framework, from);
	pile_add(agent, framework, to);
	if (!tp_resources_empty(from)) /* else: copies of a shared volume */
		convert_total(agent, from, to);
}

/* What is offered and does not fit any more has come back before this. */
static int update_available(void *impl, uint32_t slot, const struct tp_resources *from,
	const struct tp_resources *to, struct tp_error *err)
{
	struct agent *agent = agent_at(impl, slot);
	struct tp_resources free = TP_RESOURCES_INIT;
	bool has;

	if (agent == NULL)
		return tp_fail(err, ENOENT, "the agent is gone");
	tp_resources_copy(&free, &agent->total);
	tp_resources_subtract(&free, &agent->in_use);
	has = tp_resources_contains(&free, from);
	tp_resources_fini(&free);
	if (!has)
		return tp_fail(err, ENOSPC, "the agent has not got so much free");
	convert_total(agent, from, to);
	want_soon(impl);
	return 0;
}

/* --- life ------------------------------------------------------------------------------ */

static void optimistic_open(void *impl, const struct tp_allocator_user *user)
{
	((struct optimistic *)impl)->user = *user;
}

static void optimistic_pause(void *impl)
{
	((struct optimistic *)impl)->paused = true;
}

static void optimistic_resume(void *impl)
{
	((struct optimistic *)impl)->paused = false;
	want_soon(impl);
}

static int optimistic_init(void *impl, struct tp_error *err)
{
	struct optimistic *self = impl;

	(void)err;
	self->soon.run = run_soon;
	self->later.fire = run_later;
	return 0;
}

static void optimistic_stop(void *impl, struct tp_done *done)
{
	((struct optimistic *)impl)->stopped = true;
	tp_done(done, 0);
}

static void optimistic_fini(void *impl)
{
	struct optimistic *self = impl;

	tp_loop_undefer(self->instance.loop, &self->soon);
	tp_timer_disarm(self->instance.loop, &self->later);
	while (self->n_filters > 0)
		filter_remove(self, self->n_filters - 1);
	for (size_t i = 0; i < self->n_seats; i++)
		tp_free(self->seats[i].role);
	for (size_t i = 0; i < self->n_agents; i++)
		agent_fini(&self->agents[i]);
	tp_free(self->filters);
	tp_free(self->seats);
	tp_free(self->agents);
}

static void optimistic_status(void *impl, struct tp_strbuf *out)
{
	const struct optimistic *self = impl;
	size_t n_piles = 0;

	for (size_t i = 0; i < self->n_agents; i++)
		n_piles += self->agents[i].n_piles;
	tp_strbuf_printf(out,
		"seats: %zu\nagents that frameworks look at: %zu\n"
		"filters: %zu\n",
		self->n_seats, n_piles, self->n_filters);
}

static const struct tp_allocator_ops optimistic_ops = {
	.open = optimistic_open,
	.add_framework = add_framework,
	.update_framework = update_framework,
	.remove_framework = remove_framework,
	.activate_framework = activate_framework,
	.deactivate_framework = deactivate_framework,
	.add_agent = add_agent,
	.update_agent = update_agent,
	.remove_agent = remove_agent,
	.activate_agent = activate_agent,
	.deactivate_agent = deactivate_agent,
	.recover_resources = recover_resources,
	.update_allocation = update_allocation,
	.update_available = update_available,
	.revive = revive,
	.suppress = suppress,
	.pause = optimistic_pause,
	.resume = optimistic_resume,
	.run = optimistic_run,
	.flags = TP_ALLOCATOR_OVERLAPPING,
	.begin_use = begin_use,
	.end_use = end_use,
};

static const struct tp_field optimistic_config[] = {
	TP_CONFIG("pause", TP_DURATION, struct optimistic, pause_ns, "1s",
		"Shortest time until what was refused is offered again."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "allocator-optimistic",
	.version = "1.0",
	.summary = "Everything to everybody: the first who accepts has it",
	.provides = (const struct tp_provide[]){ TP_PROVIDE("allocator", TP_ALLOCATOR_ABI,
							 optimistic_ops),
		{ 0 } },
	.config = optimistic_config,
	.instance_size = sizeof(struct optimistic),
	.init = optimistic_init,
	.stop = optimistic_stop,
	.fini = optimistic_fini,
	.status = optimistic_status,
};
