/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator-drf: weighted dominant resource fairness over flat roles. This file is the events of
 * the allocator kind; shares, filters and the run have files of their own.
 *
 * Invariant: for each agent, total + owed = available + what frameworks hold of it; only what
 * is shared is always available.
 */
#include "drf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *items, uint32_t *n, uint32_t slot, size_t size)
{
	uint32_t wanted = *n == 0 ? 16 : *n;

	if (slot < *n)
		return items;
	while (wanted <= slot)
		wanted *= 2;
	items = tp_realloc(items, wanted * size);
	memset((char *)items + *n * size, 0, (wanted - *n) * size);
	*n = wanted;
	return items;
}

static void without_allocation(
	struct tp_resources *ret, const struct tp_resources *resources)
{
	tp_resources_copy(ret, resources);
	tp_resources_unallocate(ret);
}

/* What is shared stays free however often it is used. */
static void without_shared(struct tp_resources *ret, const struct tp_resources *resources)
{
	without_allocation(ret, resources);
	for (uint32_t i = ret->n; i-- > 0;) {
		const struct tp_resource_item item = ret->items[i];

		if (tp_resource_is_shared(&item, NULL))
			tp_resources_subtract_item(ret, &item);
	}
}

static void available_subtract(
	struct drf_agent *agent, const struct tp_resources *resources)
{
	struct tp_resources plain = TP_RESOURCES_INIT;

	without_shared(&plain, resources);
	tp_resources_subtract(&agent->available, &plain);
	tp_resources_fini(&plain);
}

/* What the agent no longer has does not become free when it comes back. */
static void owed_pay(struct drf_agent *agent, struct tp_resources *returned)
{
	struct tp_resources paid = TP_RESOURCES_INIT;

	tp_resources_copy(&paid, &agent->owed);
	tp_resources_subtract(&agent->owed, returned);
	tp_resources_subtract(&paid, &agent->owed);
	tp_resources_subtract(returned, &paid);
	tp_resources_fini(&paid);
}

static void available_add(struct drf_agent *agent, const struct tp_resources *resources)
{
	struct tp_resources plain = TP_RESOURCES_INIT;

	without_shared(&plain, resources);
	if (!tp_resources_empty(&agent->owed))
		owed_pay(agent, &plain);
	tp_resources_add(&agent->available, &plain);
	tp_resources_fini(&plain);
}

/* --- frameworks ------------------------------------------------------------------------ */

static bool is_suppressed(const struct tp_allocator_framework *spec, const char *role)
{
	for (size_t i = 0; i < spec->n_suppressed_roles; i++) {
		if (strcmp(spec->suppressed_roles[i], role) == 0)
			return true;
	}
	return false;
}

static void framework_subscribe(struct drf *self, uint32_t framework,
	const struct tp_allocator_framework *spec, const char *role_name)
{
	uint32_t role = drf_role_find(self, role_name); /* may move the roles */
	struct drf_member *member = drf_member_make(&self->roles[role], framework);

	member->subscribed = true;
	member->suppressed = is_suppressed(spec, role_name);
}

static void framework_read(
	struct drf *self, uint32_t slot, const struct tp_allocator_framework *spec)
{
	const struct tp_framework_info *info = spec->info;
	struct drf_framework *framework = &self->frameworks[slot];
	bool has[16] = { false };

	for (size_t i = 0; i < info->n_capabilities; i++) {
		int type = info->capabilities[i]->type;

		if (info->capabilities[i]->has_type && type >= 0 &&
			type < (int)TP_COUNT(has))
			has[type] = true;
	}
	framework->revocable = has[TP_FRAMEWORK_INFO_CAPABILITY_REVOCABLE_RESOURCES];
	framework->shared = has[TP_FRAMEWORK_INFO_CAPABILITY_SHARED_RESOURCES];
	framework->gpus = has[TP_FRAMEWORK_INFO_CAPABILITY_GPU_RESOURCES];
	framework->refinement = has[TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT];
	framework->active = spec->active;
	for (uint32_t i = 0; i < self->n_roles; i++) {
		struct drf_member *member = drf_member_find(&self->roles[i], slot);

		if (member != NULL)
			member->subscribed = false;
	}
	for (size_t i = 0; i < info->n_roles; i++)
		framework_subscribe(self, slot, spec, info->roles[i]);
	if (info->n_roles == 0)
		framework_subscribe(
			self, slot, spec, info->role != NULL ? info->role : "*");
	for (uint32_t i = 0; i < self->n_roles; i++) {
		struct drf_member *member = drf_member_find(&self->roles[i], slot);

		if (member != NULL && !member->subscribed)
			drf_filters_clear(self, slot, i);
	}
}

static void drf_add_framework(void *impl, uint32_t slot,
	const struct tp_allocator_framework *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	struct drf *self = impl;

	self->frameworks = grow(
		self->frameworks, &self->n_frameworks, slot, sizeof(*self->frameworks));
	self->frameworks[slot] = (struct drf_framework){ .used = true };
	framework_read(self, slot, spec);
	/* Its agents were added with all that is used of them: only the shares are new. */
	for (size_t i = 0; i < n_used; i++) {
		if (used[i].agent < self->n_agents && self->agents[used[i].agent].used)
			drf_hold(self, slot, used[i].resources);
	}
	drf_want_all(self, true);
}

static void drf_update_framework(
	void *impl, uint32_t slot, const struct tp_allocator_framework *spec)
{
	struct drf *self = impl;

	framework_read(self, slot, spec);
	drf_want_all(self, true);
}

static void drf_remove_framework(void *impl, uint32_t slot)
{
	struct drf *self = impl;

	drf_filters_clear(self, slot, UINT32_MAX);
	drf_members_remove(self, slot);
	self->frameworks[slot] = (struct drf_framework){ .used = false };
	drf_want_all(self, true);
}

static void drf_activate_framework(void *impl, uint32_t slot)
{
	struct drf *self = impl;

	self->frameworks[slot].active = true;
	drf_want_all(self, true);
}

static void drf_deactivate_framework(void *impl, uint32_t slot)
{
	struct drf *self = impl;

	self->frameworks[slot].active = false;
	drf_filters_clear(self, slot, UINT32_MAX);
}

/* --- agents ---------------------------------------------------------------------------- */

static void agent_total_set(
	struct drf *self, struct drf_agent *agent, const struct tp_resources *total)
{
	tp_quantities_subtract_resources(&self->total, &self->names, &agent->total);
	tp_resources_copy(&agent->total, total);
	tp_quantities_add_resources(&self->total, &self->names, &agent->total);
	agent->has_gpus = tp_resources_has(total, "gpus");
	agent->has_shared = false;
	for (uint32_t i = 0; i < total->n && !agent->has_shared; i++)
		agent->has_shared = tp_resource_is_shared(&total->items[i], NULL);
	drf_shares_refresh(self);
}

static void drf_add_agent(void *impl, uint32_t slot,
	const struct tp_allocator_agent *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	struct drf *self = impl;
	struct drf_agent *agent;

	self->agents = grow(self->agents, &self->n_agents, slot, sizeof(*self->agents));
	agent = &self->agents[slot];
	agent->used = true;
	agent->active = spec->active;
	agent->capabilities = spec->capabilities;
	agent_total_set(self, agent, spec->total);
	tp_resources_copy(&agent->available, spec->total);
	for (size_t i = 0; i < n_used; i++) {
		uint32_t framework = used[i].framework;

		available_subtract(agent, used[i].resources);
		if (framework < self->n_frameworks && self->frameworks[framework].used)
			drf_hold(self, framework, used[i].resources);
	}
	drf_want(self, slot, true);
}

/*
 * What is held stays held. What is held but no longer there is owed: it vanishes when it comes
 * back.
 */
static void drf_update_agent(
	void *impl, uint32_t slot, const struct tp_allocator_agent *spec)
{
	struct drf *self = impl;
	struct drf_agent *agent = &self->agents[slot];
	struct tp_resources held = TP_RESOURCES_INIT;

	tp_resources_copy(&held, &agent->total);
	tp_resources_subtract(&held, &agent->available);
	tp_resources_add(&held, &agent->owed);
	agent->active = spec->active;
	agent->capabilities = spec->capabilities;
	agent_total_set(self, agent, spec->total);
	tp_resources_copy(&agent->available, spec->total);
	tp_resources_subtract(&agent->available, &held);
	tp_resources_subtract(&held, spec->total);
	tp_resources_move(&agent->owed, &held);
	drf_agent_filters_clear(agent);
	drf_want(self, slot, true);
}

static void drf_remove_agent(void *impl, uint32_t slot)
{
	struct drf *self = impl;
	struct drf_agent *agent = &self->agents[slot];
	struct tp_resources none = TP_RESOURCES_INIT;
	bool waiting = agent->waiting; /* its slot is in the list: the run skips it */

	agent_total_set(self, agent, &none);
	drf_agent_filters_clear(agent);
	tp_resources_fini(&agent->total);
	tp_resources_fini(&agent->available);
	tp_resources_fini(&agent->owed);
	*agent = (struct drf_agent){ .waiting = waiting };
}

static void drf_activate_agent(void *impl, uint32_t slot)
{
	struct drf *self = impl;

	self->agents[slot].active = true;
	drf_want(self, slot, true);
}

static void drf_deactivate_agent(void *impl, uint32_t slot)
{
	struct drf *self = impl;

	self->agents[slot].active = false;
}

/* --- resources come back or change ----------------------------------------------------- */

/* Removed agents and frameworks are tolerated: their resources are gone already. */
static void drf_recover_resources(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	struct drf *self = impl;
	bool known = framework < self->n_frameworks && self->frameworks[framework].used;
	bool filters = filter != NULL && filter->refuse_ns > 0;
	const char *role;

	if (tp_resources_empty(resources))
		return;
	role = tp_resource_allocation(&resources->items[0]);
	if (known)
		drf_release(self, framework, resources);
	if (slot >= self->n_agents || !self->agents[slot].used)
		return;
	available_add(&self->agents[slot], resources);
	if (known && filters)
		drf_filter_add(self, framework, slot,
			drf_role_find(self, role == NULL ? "*" : role), resources,
			filter->refuse_ns);
	/* Refused without a filter: not the same offer again before the interval is over. */
	drf_want(self, slot, filter == NULL || filters);
}

/* What is shared is free whoever holds it, so its end must be taken from there. */
static void agent_convert(struct drf *self, struct drf_agent *agent,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct tp_resources total = TP_RESOURCES_INIT;

	tp_resources_copy(&total, &agent->total);
	tp_resources_subtract(&total, from);
	tp_resources_add(&total, to);
	agent_total_set(self, agent, &total);
	tp_resources_fini(&total);
	for (uint32_t i = 0; i < from->n; i++) {
		if (tp_resource_is_shared(&from->items[i], NULL))
			tp_resources_subtract_item(&agent->available, &from->items[i]);
	}
}

static void drf_update_allocation(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct drf *self = impl;
	struct drf_agent *agent = &self->agents[slot];
	struct tp_resources plain_from = TP_RESOURCES_INIT, plain_to = TP_RESOURCES_INIT;

	without_allocation(&plain_from, from);
	without_allocation(&plain_to, to);
	drf_release(self, framework, from);
	drf_hold(self, framework, to);
	if (tp_resources_empty(from)) /* copies of what is there */
		tp_resources_fini(&plain_to);
	agent_convert(self, agent, &plain_from, &plain_to);
	tp_resources_fini(&plain_from);
	tp_resources_fini(&plain_to);
}

static int drf_update_available(void *impl, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to,
	struct tp_error *err)
{
	struct drf *self = impl;
	struct drf_agent *agent = &self->agents[slot];
	int r = tp_resources_convert(&agent->available, from, to, err);

	if (r < 0)
		return tp_wrap(err, r, "the agent's free resources");
	agent_convert(self, agent, from, to);
	drf_want(self, slot, true);
	return 0;
}

/* --- wishes ---------------------------------------------------------------------------- */

static void suppress_set(struct drf *self, uint32_t framework, const char *const *roles,
	size_t n_roles, bool suppressed)
{
	for (uint32_t i = 0; i < self->n_roles; i++) {
		struct drf_member *member = drf_member_find(&self->roles[i], framework);
		bool named = n_roles == 0;

		for (size_t j = 0; j < n_roles && !named; j++)
			named = strcmp(roles[j], self->roles[i].name) == 0;
		if (member == NULL || !named)
			continue;
		member->suppressed = suppressed;
		if (!suppressed)
			drf_filters_clear(self, framework, i);
	}
}

static void drf_revive(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	struct drf *self = impl;

	suppress_set(self, framework, roles, n_roles, false);
	drf_want_all(self, true);
}

static void drf_suppress(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	suppress_set(impl, framework, roles, n_roles, true);
}

static void drf_request(
	void *impl, uint32_t framework, const uint32_t *agents, size_t n_agents)
{
	struct drf *self = impl;

	(void)framework;
	for (size_t i = 0; i < n_agents; i++) {
		if (agents[i] < self->n_agents && self->agents[agents[i]].used)
			drf_want(self, agents[i], true);
	}
}

static void drf_update_weights(
	void *impl, struct tp_weight_info *const *weights, size_t n)
{
	struct drf *self = impl;

	for (size_t i = 0; i < n; i++) {
		const char *role = weights[i]->role != NULL ? weights[i]->role : "*";
		int64_t milli = (int64_t)(weights[i]->weight * 1000 + 0.5);

		uint32_t at = drf_role_find(self, role); /* may move the roles */

		self->roles[at].weight_milli = milli > 0 ? milli : 1;
	}
	drf_shares_refresh(self);
}

static void drf_pause(void *impl)
{
	((struct drf *)impl)->paused = true;
}

static void drf_resume(void *impl)
{
	struct drf *self = impl;

	self->paused = false;
	drf_want_all(self, true);
}

static void drf_run_all(void *impl)
{
	struct drf *self = impl;

	drf_want_all(self, true);
	drf_run(self);
}

/* --- life ------------------------------------------------------------------------------ */

static void drf_open(void *impl, const struct tp_allocator_user *user)
{
	((struct drf *)impl)->user = *user;
}

/* "cpus:0.01|mem:32": alternatives, any of which makes an offer worth sending. */
static int min_allocatable_read(struct drf *self, struct tp_error *err)
{
	tp_cleanup(ptr) char *text = tp_strdup(self->min_allocatable_text);
	char *rest = text, *one;

	while ((one = strsep(&rest, "|")) != NULL) {
		if (one[0] == '\0')
			continue;
		self->min_allocatable = tp_realloc(self->min_allocatable,
			(self->n_min_allocatable + 1) * sizeof(*self->min_allocatable));
		int r = tp_quantities_parse(
			&self->min_allocatable[self->n_min_allocatable], &self->names,
			one, err);
		if (r < 0)
			return tp_wrap(err, r, "min_allocatable_resources");
		self->n_min_allocatable++;
	}
	return 0;
}

static int drf_init(void *impl, struct tp_error *err)
{
	struct drf *self = impl;

	self->run_soon.run = drf_run_soon;
	self->run_later.fire = drf_run_later;
	self->expiry.fire = drf_filters_expired;
	tp_quantity_names_init(&self->names);
	for (size_t i = 0; i < self->n_excluded; i++) {
		int at = tp_quantity_names_add(&self->names, self->excluded[i]);

		if (at < 0)
			return tp_fail(err, ENOSPC,
				"fair_sharing_excluded_resource_names: more than %d "
				"names",
				TP_QUANTITIES_MAX);
		self->excluded_mask |= 1u << at;
	}
	self->runs.name = "allocator/mesos/allocation_runs";
	if (self->instance.metrics != NULL)
		tp_metrics_add(self->instance.metrics, &self->runs);
	return min_allocatable_read(self, err);
}

static void drf_fini(void *impl)
{
	struct drf *self = impl;

	tp_loop_undefer(self->instance.loop, &self->run_soon);
	tp_timer_disarm(self->instance.loop, &self->run_later);
	tp_timer_disarm(self->instance.loop, &self->expiry);
	if (self->instance.metrics != NULL && self->runs.name != NULL)
		tp_metrics_remove(self->instance.metrics, &self->runs);
	for (uint32_t i = 0; i < self->n_agents; i++) {
		drf_agent_filters_clear(&self->agents[i]);
		tp_resources_fini(&self->agents[i].total);
		tp_resources_fini(&self->agents[i].available);
		tp_resources_fini(&self->agents[i].owed);
	}
	for (uint32_t i = 0; i < self->n_roles; i++) {
		tp_free(self->roles[i].name);
		tp_free(self->roles[i].members);
	}
	tp_quantity_names_fini(&self->names);
	tp_free(self->min_allocatable);
	tp_free(self->agents);
	tp_free(self->frameworks);
	tp_free(self->roles);
	tp_free(self->waiting);
}

static void drf_status(void *impl, struct tp_strbuf *out)
{
	struct drf *self = impl;

	for (uint32_t i = 0; i < self->n_roles; i++)
		tp_strbuf_printf(out, "role %s: share %.4f, %u frameworks\n",
			self->roles[i].name, self->roles[i].share.dominant,
			self->roles[i].n_members);
	tp_strbuf_printf(out, "runs: %.0f\n", self->runs.value);
}

static const struct tp_allocator_ops drf_ops = {
	.open = drf_open,
	.add_framework = drf_add_framework,
	.update_framework = drf_update_framework,
	.remove_framework = drf_remove_framework,
	.activate_framework = drf_activate_framework,
	.deactivate_framework = drf_deactivate_framework,
	.add_agent = drf_add_agent,
	.update_agent = drf_update_agent,
	.remove_agent = drf_remove_agent,
	.activate_agent = drf_activate_agent,
	.deactivate_agent = drf_deactivate_agent,
	.recover_resources = drf_recover_resources,
	.update_allocation = drf_update_allocation,
	.update_available = drf_update_available,
	.revive = drf_revive,
	.suppress = drf_suppress,
	.request = drf_request,
	.update_weights = drf_update_weights,
	.pause = drf_pause,
	.resume = drf_resume,
	.run = drf_run_all,
};

static const struct tp_field drf_config[] = {
	TP_CONFIG("allocation_interval", TP_DURATION, struct drf, interval_ns, "1s",
		"Longest time between an event and its allocation run; shortest life of "
		"a filter."),
	TP_CONFIG("min_allocatable_resources", TP_STRING, struct drf,
		min_allocatable_text, "cpus:0.01|mem:32",
		"An offer contains at least one of these alternatives."),
	TP_CONFIG("filter_gpu_resources", TP_BOOL, struct drf, filter_gpus, "true",
		"Offer agents that have gpus only to frameworks with GPU_RESOURCES."),
	TP_CONFIG_LIST("fair_sharing_excluded_resource_names", struct drf, excluded,
		"Resources that count for nobody's share."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "allocator-drf",
	.version = "1.0",
	.summary = "Weighted dominant resource fairness between roles and frameworks",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("allocator", TP_ALLOCATOR_ABI, drf_ops), { 0 } },
	.config = drf_config,
	.instance_size = sizeof(struct drf),
	.init = drf_init,
	.fini = drf_fini,
	.status = drf_status,
};
