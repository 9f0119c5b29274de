/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every offer of every allocator, whatever its policy: kind/allocator_spec.h says it
 * under "contract". An offer is right when it fits into what its agent has and nobody has of it, and
 * when neither the framework nor the agent is asked for what it cannot do. What is shared is never
 * used up. Where offers may overlap, what others were offered does not count.
 */
#include <string.h>

#include "master.h"
#include "tepui/role.h"

/* `pile` -= what is held, which what is shared outlives. */
static void take_away(struct tp_resources *pile, const struct tp_resources *held)
{
	for (uint32_t i = 0; i < held->n; i++) {
		tp_cleanup(resources) struct tp_resources one = TP_RESOURCES_INIT;

		if (tp_resource_is_shared(&held->items[i], NULL))
			continue;
		tp_resources_add_item(&one, &held->items[i]);
		tp_resources_unallocate(&one);
		tp_resources_subtract(pile, &one);
	}
}

/* What may be offered to the framework. */
static void measure_free(const struct master *m, uint32_t framework, uint32_t slot,
	struct tp_resources *ret)
{
	tp_resources_copy(ret, &m->agents[slot].total);
	for (size_t i = 0; i < m->n_uses; i++) {
		if (m->uses[i].agent == slot)
			take_away(ret, &m->uses[i].resources);
	}
	for (size_t i = 0; i < m->n_offers; i++) {
		const struct master_held *offer = &m->offers[i];

		if (offer->agent == slot &&
			(!m->overlapping || offer->framework == framework))
			take_away(ret, &offer->resources);
	}
}

static bool can(const struct tp_framework_info *info, int capability)
{
	for (size_t i = 0; i < info->n_capabilities; i++) {
		if (info->capabilities[i]->type == capability)
			return true;
	}
	return false;
}

static const char *region_of(const struct tp_agent_info *info)
{
	return info->domain == NULL || info->domain->fault_domain == NULL ||
			info->domain->fault_domain->region == NULL
		? NULL
		: info->domain->fault_domain->region->name;
}

static bool is_listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (tp_streq(names[i], name))
			return true;
	}
	return false;
}

/* --- who may be offered whom ----------------------------------------------------------- */

static bool framework_is_right(struct master *m, uint32_t slot, const char *role)
{
	const struct master_framework *framework = &m->frameworks[slot % FRAMEWORKS_MAX];
	struct check *c = m->check;

	return expect(c, slot < FRAMEWORKS_MAX && framework->used,
		       "offers to framework %u, which is not there", slot) &&
		expect(c, framework->active, "offers to a deactivated framework") &&
		expect(c, role != NULL, "offers without a role") &&
		expect(c,
			is_listed(framework->info->roles, framework->info->n_roles, role),
			"offers for the role '%s', which framework %u has not got", role,
			slot) &&
		expect(c,
			!is_listed(framework->suppressed, framework->n_suppressed, role),
			"offers for the role '%s', which framework %u suppressed", role,
			slot);
}

static bool agent_is_right(struct master *m, uint32_t slot)
{
	const struct master_agent *agent = &m->agents[slot % AGENTS_MAX];
	struct check *c = m->check;

	return expect(c, slot < AGENTS_MAX && agent->used,
		       "offers of agent %u, which is not there", slot) &&
		expect(c, agent->active, "offers of a deactivated agent") &&
		expect(c,
			m->whitelist == NULL ||
				is_listed(m->whitelist, m->n_whitelist,
					agent->info->hostname),
			"offers of '%s', which is not whitelisted",
			agent->info->hostname);
}

static bool pair_is_right(struct master *m, const struct tp_framework_info *framework,
	const struct master_agent *agent, const char *role)
{
	const char *region = region_of(agent->info);
	struct check *c = m->check;

	return expect(c,
		       (agent->capabilities & AGENT_CAN(MULTI_ROLE)) != 0 ||
			       !can(framework, TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE),
		       "offers an agent without MULTI_ROLE to a framework of many "
		       "roles") &&
		expect(c,
			(agent->capabilities & AGENT_CAN(HIERARCHICAL_ROLE)) != 0 ||
				strchr(role, '/') == NULL,
			"offers an agent without HIERARCHICAL_ROLE for the role '%s'",
			role) &&
		expect(c,
			m->region == NULL || region == NULL ||
				tp_streq(region, m->region) ||
				can(framework, TP_FRAMEWORK_INFO_CAPABILITY_REGION_AWARE),
			"offers an agent of another region without REGION_AWARE");
}

/* --- what ------------------------------------------------------------------------------ */

static bool item_is_right(struct master *m, const struct tp_framework_info *framework,
	const char *role, const struct tp_resource_item *item)
{
	static const struct {
		tp_resource_test_f *is;
		int needs;
		const char *what;
	} rows[] = {
		{ tp_resource_is_revocable,
			TP_FRAMEWORK_INFO_CAPABILITY_REVOCABLE_RESOURCES,
			"something revocable without REVOCABLE_RESOURCES" },
		{ tp_resource_is_shared, TP_FRAMEWORK_INFO_CAPABILITY_SHARED_RESOURCES,
			"something shared without SHARED_RESOURCES" },
		{ tp_resource_is_refined,
			TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT,
			"a refined reservation without RESERVATION_REFINEMENT" },
	};
	struct check *c = m->check;

	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (rows[i].is(item, NULL))
			expect(c, can(framework, rows[i].needs), "offers %s",
				rows[i].what);
	}
	return expect(c, tp_streq(tp_resource_allocation(item), role),
		       "offers resources that are not allocated to the role") &&
		expect(c, tp_resource_is_allocatable_to(item, role),
			"offers '%s' what is reserved for another role", role) &&
		!c->failed;
}

bool offer_is_right(
	struct master *m, uint32_t framework, const struct tp_allocation *item)
{
	tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources free = TP_RESOURCES_INIT;
	const struct tp_framework_info *info;

	if (!framework_is_right(m, framework, item->role) ||
		!agent_is_right(m, item->agent) ||
		!expect(m->check, item->resources != NULL && item->resources->n > 0,
			"offers nothing"))
		return false;
	info = m->frameworks[framework].info;
	if (!pair_is_right(m, info, &m->agents[item->agent], item->role))
		return false;
	for (uint32_t i = 0; i < item->resources->n; i++) {
		if (!item_is_right(m, info, item->role, &item->resources->items[i]))
			return false;
	}
	tp_resources_copy(&plain, item->resources);
	tp_resources_unallocate(&plain);
	measure_free(m, framework, item->agent, &free);
	return expect(m->check, tp_resources_contains(&free, &plain),
		"offers something of agent %u twice", item->agent);
}

/* --- inverse offers -------------------------------------------------------------------- */

static bool holds(const struct master *m, uint32_t framework, uint32_t agent)
{
	for (size_t i = 0; i < m->n_uses; i++) {
		if (m->uses[i].framework == framework && m->uses[i].agent == agent)
			return true;
	}
	return master_count(m, framework, agent) > 0;
}

bool inverse_offer_is_right(struct master *m, uint32_t framework, uint32_t agent,
	const struct tp_unavailability *when)
{
	const struct tp_unavailability *told = agent < AGENTS_MAX && m->agents[agent].used
		? m->agents[agent].unavailability
		: NULL;
	struct check *c = m->check;

	for (size_t i = 0; i < m->n_inverse; i++)
		expect(c,
			m->inverse[i].framework != framework ||
				m->inverse[i].agent != agent,
			"asks a framework back for an agent before it has answered");
	return expect(c, told != NULL,
		       "asks for agent %u back, which will not be unavailable", agent) &&
		expect(c,
			when != NULL &&
				when->start->nanoseconds == told->start->nanoseconds,
			"an inverse offer with another time than the agent's") &&
		expect(c,
			framework < FRAMEWORKS_MAX && m->frameworks[framework].used &&
				m->frameworks[framework].active,
			"an inverse offer to a framework that is not active") &&
		expect(c, holds(m, framework, agent),
			"asks a framework back for what it has not got") &&
		!c->failed;
}
