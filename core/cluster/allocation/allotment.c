/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the allocator kind, for whatever policy the sorters make. Each changes the books
 * by what it says and marks the agents that may be offered now; the run is another file's.
 */
#include "tepui/allotment.h"

#include <errno.h>
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/hold.h"
#include "core/cluster/allocation/maintenance.h"
#include "core/cluster/allocation/metric.h"
#include "core/cluster/allocation/names.h"
#include "core/cluster/allocation/run.h"

void *alloc_grow(void *items, uint32_t *n, uint32_t slot, size_t size)
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

static struct tp_allotment *of(void *impl)
{
	return ((struct tp_allotment_head *)impl)->allotment;
}

static void on_open(void *impl, const struct tp_allocator_user *user)
{
	of(impl)->user = *user;
}

static void on_recover(void *impl, size_t expected_agents)
{
	alloc_recover(of(impl), expected_agents);
}

/* --- frameworks ------------------------------------------------------------------------ */

/* Its agents were added with all that is used of them: only what was not booked then is new. */
static void on_add_framework(void *impl, uint32_t slot,
	const struct tp_allocator_framework *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	struct tp_allotment *self = of(impl);
	const struct tp_framework_id *id = spec->info->id;
	struct alloc_framework *framework;
	size_t i;

	self->frameworks = alloc_grow(
		self->frameworks, &self->n_frameworks, slot, sizeof *self->frameworks);
	framework = &self->frameworks[slot];
	framework->used = true;
	tp_free(framework->id);
	framework->id = id == NULL || id->value == NULL ? NULL : tp_strdup(id->value);
	alloc_framework_read(self, slot, spec);
	for (i = 0; i < n_used; i++)
		if (alloc_agent_at(self, used[i].agent) != NULL &&
			!alloc_framework_holds(self, &self->agents[used[i].agent], slot))
			alloc_hold(self, slot, used[i].agent, used[i].resources);
	alloc_want_all(self, true);
}

static void on_update_framework(
	void *impl, uint32_t slot, const struct tp_allocator_framework *spec)
{
	struct tp_allotment *self = of(impl);

	alloc_framework_read(self, slot, spec);
	alloc_want_all(self, true);
}

static void on_remove_framework(void *impl, uint32_t slot)
{
	struct tp_allotment *self = of(impl);
	struct alloc_framework *framework = alloc_framework_at(self, slot);

	if (framework == NULL)
		return;
	framework->used = framework->active = false;
	self->n_removed++;
	while (framework->n_clients > 0) {
		uint32_t client = framework->clients[framework->n_clients - 1];

		alloc_holds_drop_client(self, client);
		alloc_client_remove(self, client);
	}
	alloc_maintenance_forget(self, slot, false);
	tp_free(framework->id);
	framework->id = NULL;
	alloc_want_all(self, true);
}

static void activity_set(struct tp_allotment *self, uint32_t slot, bool active)
{
	struct alloc_framework *framework = &self->frameworks[slot];
	uint32_t i;

	framework->active = active;
	for (i = 0; i < framework->n_clients; i++) {
		alloc_client_refresh(self, framework->clients[i]);
		if (!active)
			alloc_filters_clear_client(self, framework->clients[i]);
	}
}

static void on_activate_framework(void *impl, uint32_t slot)
{
	struct tp_allotment *self = of(impl);

	activity_set(self, slot, true);
	alloc_want_all(self, true);
}

static void on_deactivate_framework(void *impl, uint32_t slot)
{
	struct tp_allotment *self = of(impl);

	activity_set(self, slot, false);
	alloc_maintenance_forget(self, slot, true);
}

/* --- agents ---------------------------------------------------------------------------- */

static void on_add_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec,
	const struct tp_allocator_use *used, size_t n_used)
{
	struct tp_allotment *self = of(impl);

	alloc_agent_add(self, slot, spec, used, n_used);
	alloc_recovered_one(self, slot);
	alloc_want(self, slot, true);
}

static void on_update_agent(
	void *impl, uint32_t slot, const struct tp_allocator_agent *spec)
{
	struct tp_allotment *self = of(impl);

	if (alloc_agent_update(self, slot, spec))
		alloc_want(self, slot, true);
}

static void on_remove_agent(void *impl, uint32_t slot)
{
	struct tp_allotment *self = of(impl);

	if (alloc_agent_at(self, slot) != NULL)
		alloc_agent_remove(self, slot);
}

static void on_activate_agent(void *impl, uint32_t slot)
{
	struct tp_allotment *self = of(impl);

	self->agents[slot].active = true;
	alloc_agent_stand(self, slot);
	alloc_want(self, slot, true);
}

static void on_deactivate_agent(void *impl, uint32_t slot)
{
	struct tp_allotment *self = of(impl);

	self->agents[slot].active = false;
	alloc_agent_stand(self, slot);
}

/* --- resources come back or change ----------------------------------------------------- */

/* What the agent no longer has does not become free when it comes back. */
static void owed_pay(struct tp_resources *owed, struct tp_resources *returned)
{
	tp_cleanup(resources) struct tp_resources paid = TP_RESOURCES_INIT;

	tp_resources_copy(&paid, owed);
	tp_resources_subtract(owed, returned);
	tp_resources_subtract(&paid, owed);
	tp_resources_subtract(returned, &paid);
}

static void give_back(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources)
{
	struct tp_resources *owed = &alloc_host_of(self, agent)->owed;
	tp_cleanup(resources) struct tp_resources bare = TP_RESOURCES_INIT;

	if (tp_resources_empty(owed)) {
		alloc_free_add(self, agent, resources);
		return;
	}
	tp_resources_copy(&bare, resources);
	tp_resources_unallocate(&bare);
	owed_pay(owed, &bare);
	alloc_free_add(self, agent, &bare);
}

/* Removed agents and frameworks are tolerated: their resources are gone already. */
static void on_recover_resources(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	struct tp_allotment *self = of(impl);
	bool filters = filter != NULL && filter->refuse_ns > 0;
	const char *role;
	uint32_t client;

	if (tp_resources_empty(resources) || slot >= self->n_agents)
		return;
	role = tp_resource_allocation(&resources->items[0]);
	alloc_unhold(self, framework, slot, resources);
	if (!self->agents[slot].used)
		return;
	give_back(self, &self->agents[slot], resources);
	client = filters ? alloc_client_find(self, framework, role == NULL ? "*" : role)
			 : ALLOC_NONE;
	if (client != ALLOC_NONE && self->clients[client].subscribed &&
		self->frameworks[framework].used)
		alloc_filter_add(self, client, slot, resources, filter->refuse_ns);
	/* Refused without a filter: not the same offer again before the interval is over. */
	alloc_want(self, slot, filter == NULL || filters);
}

static void on_update_allocation(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct tp_allotment *self = of(impl);
	struct alloc_agent *agent = alloc_agent_at(self, slot);

	if (agent == NULL)
		return;
	alloc_hold_convert(self, framework, slot, from, to);
	if (tp_resources_empty(from))
		return; /* copies of what is there */
	alloc_agent_convert(self, agent, from, to);
	alloc_shared_refresh(self, agent);
}

static int on_update_available(void *impl, uint32_t slot, const struct tp_resources *from,
	const struct tp_resources *to, struct tp_error *err)
{
	struct tp_allotment *self = of(impl);
	struct alloc_agent *agent = alloc_agent_at(self, slot);
	tp_cleanup(resources) struct tp_resources free = TP_RESOURCES_INIT;
	int r;

	if (agent == NULL)
		return tp_fail(err, ENOENT, "the agent is gone");
	alloc_free_copy(agent, &free);
	r = tp_resources_convert(&free, from, to, err);
	if (r < 0)
		return tp_wrap(err, r, "the agent's free resources");
	alloc_agent_convert(self, agent, from, to);
	alloc_free_set(self, agent, &free);
	alloc_want(self, slot, true);
	return 0;
}

/* --- wishes ---------------------------------------------------------------------------- */

static void suppress_set(struct tp_allotment *self, uint32_t slot,
	const char *const *roles, size_t n_roles, bool suppressed)
{
	struct alloc_framework *framework = &self->frameworks[slot];
	bool named;
	uint32_t i;
	size_t j;

	for (i = 0; i < framework->n_clients; i++) {
		struct alloc_client *client = &self->clients[framework->clients[i]];
		const char *role = self->roles[client->role]->text->text;

		named = n_roles == 0;
		for (j = 0; j < n_roles && !named; j++)
			named = strcmp(roles[j], role) == 0;
		if (!named)
			continue;
		client->suppressed = suppressed;
		if (!suppressed)
			alloc_filters_clear_client(self, framework->clients[i]);
		alloc_client_refresh(self, framework->clients[i]);
	}
}

static void on_revive(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	struct tp_allotment *self = of(impl);

	suppress_set(self, framework, roles, n_roles, false);
	alloc_maintenance_forget(self, framework, true);
	alloc_want_all(self, true);
}

static void on_suppress(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	suppress_set(of(impl), framework, roles, n_roles, true);
}

static void on_request(
	void *impl, uint32_t framework, const uint32_t *agents, size_t n_agents)
{
	struct tp_allotment *self = of(impl);
	size_t i;

	(void)framework;
	for (i = 0; i < n_agents; i++)
		if (alloc_agent_at(self, agents[i]) != NULL)
			alloc_want(self, agents[i], true);
	if (n_agents == 0)
		alloc_want_all(self, true);
}

/* --- operators ------------------------------------------------------------------------- */

static void on_update_whitelist(void *impl, const char *const *hostnames, size_t n)
{
	struct tp_allotment *self = of(impl);

	if (hostnames != NULL && n == 0)
		tp_warn(self->instance,
			"the whitelist is empty, nobody is offered anything until it is "
			"not",
			"");
	alloc_whitelist_set(self, hostnames, n);
	alloc_want_all(self, true);
}

static void on_update_quota(
	void *impl, const char *role, const struct tp_quota_config *quota)
{
	struct tp_allotment *self = of(impl);

	alloc_quota_set(self, role, quota);
	alloc_want_all(self, true);
}

static void on_update_weights(void *impl, struct tp_weight_info *const *weights, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		alloc_weight_set(of(impl),
			weights[i]->role != NULL ? weights[i]->role : "*",
			weights[i]->weight);
}

static void on_update_unavailability(
	void *impl, uint32_t slot, const struct tp_unavailability *unavailability)
{
	struct tp_allotment *self = of(impl);

	if (alloc_agent_at(self, slot) == NULL)
		return;
	alloc_maintenance_set(self, slot, unavailability);
	alloc_want(self, slot, true);
}

static void on_pause(void *impl)
{
	of(impl)->paused = true;
}

static void on_resume(void *impl)
{
	struct tp_allotment *self = of(impl);

	self->paused = false;
	alloc_want_all(self, true);
}

static void on_run(void *impl)
{
	struct tp_allotment *self = of(impl);

	alloc_want_all(self, true);
	alloc_run(self);
}

static void on_update_domain(void *impl, const struct tp_domain_info *domain)
{
	struct tp_allotment *self = of(impl);

	alloc_region_set(self, domain);
	alloc_want_all(self, true);
}

static void on_update_inverse_offer(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_allocator_inverse_answer *answer)
{
	struct tp_allotment *self = of(impl);

	if (alloc_agent_at(self, slot) != NULL)
		alloc_maintenance_answer(self, slot, framework, answer);
}

static void on_explain(void *impl, uint32_t framework,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user)
{
	alloc_explain(of(impl), framework, each, user);
}

static void on_explain_agents(void *impl, uint32_t framework, const char *role,
	void (*each)(void *user, const struct tp_allocator_agent_reason *why), void *user)
{
	alloc_explain_agents(of(impl), framework, role, each, user);
}

static int on_check_quota(
	void *impl, struct tp_quota_config *const *quotas, size_t n, struct tp_error *err)
{
	return alloc_names_claim(of(impl), quotas, n, err);
}

const struct tp_allocator_ops tp_allotment_ops = {
	.open = on_open,
	.recover = on_recover,
	.add_framework = on_add_framework,
	.update_framework = on_update_framework,
	.remove_framework = on_remove_framework,
	.activate_framework = on_activate_framework,
	.deactivate_framework = on_deactivate_framework,
	.add_agent = on_add_agent,
	.update_agent = on_update_agent,
	.remove_agent = on_remove_agent,
	.activate_agent = on_activate_agent,
	.deactivate_agent = on_deactivate_agent,
	.recover_resources = on_recover_resources,
	.update_allocation = on_update_allocation,
	.update_available = on_update_available,
	.revive = on_revive,
	.suppress = on_suppress,
	.request = on_request,
	.update_whitelist = on_update_whitelist,
	.update_quota = on_update_quota,
	.update_weights = on_update_weights,
	.update_unavailability = on_update_unavailability,
	.pause = on_pause,
	.resume = on_resume,
	.run = on_run,
	.update_domain = on_update_domain,
	.update_inverse_offer = on_update_inverse_offer,
	.explain = on_explain,
	.explain_agents = on_explain_agents,
	.check_quota = on_check_quota,
};
