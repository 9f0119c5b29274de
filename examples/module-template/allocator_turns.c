/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator as small as one can be: whole agents in turn. Everybody who wants offers has a
 * seat at a round table, one for each role of a framework; all that is free of an agent and that
 * the next seat may have goes there, what is left to the next but one, and so on.
 *
 * What is free is never kept, it is total - held: so it cannot be wrong after a change of either.
 * Not fair by size, and it offers nothing that is revocable, shared or of a refined reservation.
 */
#include <string.h>

#include "tepui/kind/allocator.h"
#include "tepui/module.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

struct agent {
	bool used, active;
	bool many_roles, deep_roles;     /* it knows frameworks of several, and "a/b" */
	struct tp_resources total, held; /* both without allocation */
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

struct gift {
	uint32_t framework;
	struct tp_allocation allocation;
	struct tp_resources resources;
};

struct turns {
	struct tp_instance instance; /* always first */
	int64_t pause_ns;            /* config */
	struct tp_allocator_user user;
	struct agent *agents; /* by slot */
	struct seat *seats;
	struct filter *filters;
	size_t n_agents, n_seats, n_filters, next; /* next: whose turn it is */
	bool paused, stopped;
	struct tp_defer soon;
	struct tp_timer later;
};

static void want_soon(struct turns *self)
{
	tp_loop_defer(self->instance.loop, &self->soon);
}

static void want_later(struct turns *self, int64_t delay_ns)
{
	int64_t due_ns = tp_loop_now_ns(self->instance.loop) + delay_ns;

	if (!tp_timer_armed(&self->later) || self->later.due_ns > due_ns)
		tp_timer_arm(self->instance.loop, &self->later, delay_ns);
}

static struct agent *agent_at(struct turns *self, uint32_t slot)
{
	return slot < self->n_agents && self->agents[slot].used ? &self->agents[slot]
								: NULL;
}

/* held += or -= resources that come with their allocation. */
static void hold(struct agent *agent, const struct tp_resources *resources, bool more)
{
	struct tp_resources plain = TP_RESOURCES_INIT;

	tp_resources_copy(&plain, resources);
	tp_resources_unallocate(&plain);
	if (more)
		tp_resources_add(&agent->held, &plain);
	else
		tp_resources_subtract(&agent->held, &plain);
	tp_resources_fini(&plain);
}

/* --- filters --------------------------------------------------------------------------- */

static void filter_remove(struct turns *self, size_t i)
{
	tp_free(self->filters[i].role);
	tp_resources_fini(&self->filters[i].refused);
	self->filters[i] = self->filters[--self->n_filters];
}

/* Those of a framework in a role (NULL = all); of an agent alone with framework UINT32_MAX. */
static void filters_clear(
	struct turns *self, uint32_t framework, const char *role, uint32_t agent)
{
	for (size_t i = self->n_filters; i-- > 0;) {
		const struct filter *filter = &self->filters[i];

		if (framework == UINT32_MAX ? filter->agent == agent
					    : filter->framework == framework &&
					(role == NULL || strcmp(filter->role, role) == 0))
			filter_remove(self, i);
	}
}

static void filter_add(struct turns *self, uint32_t framework, uint32_t agent,
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
	tp_resources_copy(&filter->refused, refused);
	tp_resources_unallocate(&filter->refused);
	want_later(self, lives_ns);
}

static bool is_filtered(const struct turns *self, const struct seat *seat, uint32_t agent,
	const struct tp_resources *offer)
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
static void filters_expire(struct turns *self)
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
static bool make_offer(const struct turns *self, const struct seat *seat, uint32_t slot,
	struct tp_resources *ret)
{
	const struct agent *agent = &self->agents[slot];
	struct tp_resources free = TP_RESOURCES_INIT;

	if (!seat->active || seat->suppressed || !is_understood(agent, seat))
		return false;
	tp_resources_copy(&free, &agent->total);
	tp_resources_subtract(&free, &agent->held);
	tp_resources_filter(ret, &free, is_ordinary, seat->role);
	tp_resources_fini(&free);
	if (!tp_resources_empty(ret) && !is_filtered(self, seat, slot, ret))
		return true;
	tp_resources_fini(ret);
	return false;
}

/* Around the table once, beginning with whose turn it is. */
static bool give_agent(struct turns *self, uint32_t slot, struct gift *gift)
{
	for (size_t i = 0; i < self->n_seats; i++) {
		size_t at = (self->next + i) % self->n_seats;
		const struct seat *seat = &self->seats[at];

		*gift = (struct gift){ .framework = seat->framework,
			.allocation = { .agent = slot, .role = seat->role } };
		if (!make_offer(self, seat, slot, &gift->resources))
			continue;
		tp_resources_add(&self->agents[slot].held, &gift->resources);
		tp_resources_allocate(&gift->resources, seat->role);
		self->next = (at + 1) % self->n_seats;
		return true;
	}
	return false;
}

/* One call for each framework with all that it gets. The books are right already. */
static void deliver(struct turns *self, struct gift *gifts, size_t n)
{
	struct tp_allocation *items = tp_alloc((n + 1) * sizeof(*items));

	for (size_t i = 0; i < n; i++) {
		uint32_t framework = gifts[i].framework;
		size_t n_items = 0;

		for (size_t j = i; j < n && framework != UINT32_MAX; j++) {
			if (gifts[j].framework != framework)
				continue;
			items[n_items] = gifts[j].allocation;
			items[n_items++].resources = &gifts[j].resources;
			gifts[j].framework = UINT32_MAX; /* done with it */
		}
		if (n_items > 0)
			self->user.offer(self->user.user, framework, items, n_items);
	}
	for (size_t i = 0; i < n; i++)
		tp_resources_fini(&gifts[i].resources);
	tp_free(items);
}

static void turns_run(void *impl)
{
	struct turns *self = impl;
	struct gift *gifts;
	size_t n = 0;

	if (self->paused || self->stopped || self->user.offer == NULL)
		return;
	filters_expire(self);
	gifts = tp_alloc((self->n_agents * self->n_seats + 1) * sizeof(*gifts));
	for (uint32_t i = 0; i < self->n_agents; i++) {
		if (!self->agents[i].used || !self->agents[i].active)
			continue;
		while (give_agent(self, i, &gifts[n]))
			n++; /* once for each seat at the most: it gets all it may have */
	}
	/* A role belongs to its seat, which the master may remove while it is told. */
	for (size_t i = 0; i < n; i++)
		gifts[i].allocation.role =
			tp_resource_allocation(&gifts[i].resources.items[0]);
	deliver(self, gifts, n);
	tp_free(gifts);
}

static void run_soon(struct tp_defer *defer)
{
	turns_run(tp_container_of(defer, struct turns, soon));
}

static void run_later(struct tp_timer *timer)
{
	turns_run(tp_container_of(timer, struct turns, later));
}

/* --- frameworks ------------------------------------------------------------------------ */

static void seats_remove(struct turns *self, uint32_t framework)
{
	size_t kept = 0, next = self->next;

	for (size_t i = 0; i < self->n_seats; i++) {
		if (self->seats[i].framework == framework) {
			tp_free(self->seats[i].role);
			self->next -= i < next;
		} else {
			self->seats[kept++] = self->seats[i];
		}
	}
	self->n_seats = kept;
	if (self->next >= kept)
		self->next = 0;
}

static void seat_add(struct turns *self, uint32_t framework,
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
	struct turns *self = impl;

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

static void set_active(struct turns *self, uint32_t framework, bool active)
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

static void set_suppressed(struct turns *self, uint32_t framework,
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
	struct turns *self = impl;

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

static void add_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec,
	const struct tp_allocator_use *used, size_t n_used)
{
	struct turns *self = impl;

	if (slot >= self->n_agents) {
		self->agents =
			tp_realloc(self->agents, (slot + 1) * sizeof(*self->agents));
		memset(self->agents + self->n_agents, 0,
			(slot + 1 - self->n_agents) * sizeof(*self->agents));
		self->n_agents = slot + 1;
	}
	self->agents[slot].used = true;
	for (size_t i = 0; i < n_used; i++)
		hold(&self->agents[slot], used[i].resources, true);
	update_agent(self, slot, spec);
}

static void remove_agent(void *impl, uint32_t slot)
{
	struct turns *self = impl;

	tp_resources_fini(&self->agents[slot].total);
	tp_resources_fini(&self->agents[slot].held);
	self->agents[slot] = (struct agent){ .used = false };
	filters_clear(self, UINT32_MAX, NULL, slot);
}

static void activate_agent(void *impl, uint32_t slot)
{
	struct turns *self = impl;

	self->agents[slot].active = true;
	want_soon(self);
}

static void deactivate_agent(void *impl, uint32_t slot)
{
	((struct turns *)impl)->agents[slot].active = false;
}

/* The agent or the framework may be gone already. */
static void recover_resources(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	struct turns *self = impl;
	struct agent *agent = agent_at(self, slot);
	int64_t lives_ns = filter != NULL ? filter->refuse_ns : 0;

	if (agent == NULL || tp_resources_empty(resources))
		return;
	hold(agent, resources, false);
	/* Who refuses must not be asked again at once, for ever. */
	if (lives_ns > 0)
		filter_add(self, framework, slot, resources,
			lives_ns > self->pause_ns ? lives_ns : self->pause_ns);
	if (filter == NULL || lives_ns > 0)
		want_soon(self);
	else
		want_later(self, self->pause_ns);
}

static void update_allocation(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct agent *agent = agent_at(impl, slot);
	struct tp_resources plain = TP_RESOURCES_INIT;

	(void)framework;
	if (agent == NULL)
		return;
	hold(agent, from, false);
	hold(agent, to, true);
	tp_resources_copy(&plain, from);
	tp_resources_unallocate(&plain);
	tp_resources_subtract(&agent->total, &plain);
	tp_resources_copy(&plain, to);
	tp_resources_unallocate(&plain);
	tp_resources_add(&agent->total, &plain);
	tp_resources_fini(&plain);
}

/* --- life ------------------------------------------------------------------------------ */

static void turns_open(void *impl, const struct tp_allocator_user *user)
{
	((struct turns *)impl)->user = *user;
}

static void turns_pause(void *impl)
{
	((struct turns *)impl)->paused = true;
}

static void turns_resume(void *impl)
{
	((struct turns *)impl)->paused = false;
	want_soon(impl);
}

static int turns_init(void *impl, struct tp_error *err)
{
	struct turns *self = impl;

	(void)err;
	self->soon.run = run_soon;
	self->later.fire = run_later;
	return 0;
}

/* Who offers by himself must not do so any more, even if others stop after him. */
static void turns_stop(void *impl, struct tp_done *done)
{
	((struct turns *)impl)->stopped = true;
	tp_done(done, 0);
}

static void turns_fini(void *impl)
{
	struct turns *self = impl;

	tp_loop_undefer(self->instance.loop, &self->soon);
	tp_timer_disarm(self->instance.loop, &self->later);
	while (self->n_filters > 0)
		filter_remove(self, self->n_filters - 1);
	for (size_t i = 0; i < self->n_seats; i++)
		tp_free(self->seats[i].role);
	for (size_t i = 0; i < self->n_agents; i++) {
		tp_resources_fini(&self->agents[i].total);
		tp_resources_fini(&self->agents[i].held);
	}
	tp_free(self->filters);
	tp_free(self->seats);
	tp_free(self->agents);
}

static void turns_status(void *impl, struct tp_strbuf *out)
{
	const struct turns *self = impl;

	tp_strbuf_printf(
		out, "seats: %zu\nfilters: %zu\n", self->n_seats, self->n_filters);
}

static const struct tp_allocator_ops turns_ops = {
	.open = turns_open,
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
	.revive = revive,
	.suppress = suppress,
	.pause = turns_pause,
	.resume = turns_resume,
	.run = turns_run,
};

static const struct tp_field turns_config[] = {
	TP_CONFIG("pause", TP_DURATION, struct turns, pause_ns, "1s",
		"Shortest time until what was refused is offered again."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "allocator-turns",
	.version = "1.0",
	.summary = "Whole agents in turn: the template of an allocator",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("allocator", TP_ALLOCATOR_ABI, turns_ops), { 0 } },
	.config = turns_config,
	.instance_size = sizeof(struct turns),
	.init = turns_init,
	.stop = turns_stop,
	.fini = turns_fini,
	.status = turns_status,
};
