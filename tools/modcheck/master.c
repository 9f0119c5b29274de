/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books of a master as an allocator sees it. What was offered or kept is held; an offer is
 * right when it fits into total - held of an agent that is there, for a framework that wants it.
 * Where offers may overlap, what others were offered does not count, and goes back when somebody
 * else was first.
 */
#include "master.h"

#include <string.h>

#include "tepui/wire.h"

#define ROLE "role"

static struct tp_resources parse(struct check *c, const char *text, const char *role)
{
	struct tp_resources ret = TP_RESOURCES_INIT;
	struct tp_error err = { 0 };

	expect(c, tp_resources_parse(&ret, text, NULL, &err) >= 0, "%s", err.text);
	if (role != NULL)
		tp_resources_allocate(&ret, role);
	return ret;
}

/* `pile` += or -= what comes with an allocation. */
static void hold(
	struct tp_resources *pile, const struct tp_resources *resources, bool more)
{
	tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

	tp_resources_copy(&plain, resources);
	tp_resources_unallocate(&plain);
	if (more)
		tp_resources_add(pile, &plain);
	else
		tp_resources_subtract(pile, &plain);
}

/* What may be offered to the framework. */
static void measure_free(const struct master *m, uint32_t framework, uint32_t slot,
	struct tp_resources *ret)
{
	const struct master_agent *agent = &m->agents[slot];

	tp_resources_copy(ret, &agent->total);
	tp_resources_subtract(ret, m->overlapping ? &agent->kept : &agent->held);
	for (size_t i = 0; m->overlapping && i < m->n_offers; i++) {
		if (m->offers[i].agent == slot && m->offers[i].framework == framework)
			hold(ret, &m->offers[i].resources, false);
	}
}

/* --- the promises ---------------------------------------------------------------------- */

static bool is_right(
	struct master *m, uint32_t framework, const struct tp_allocation *item)
{
	struct check *c = m->check;
	const struct master_agent *agent = &m->agents[item->agent % AGENTS_MAX];
	tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources free = TP_RESOURCES_INIT;

	if (!expect(c, framework < FRAMEWORKS_MAX && m->frameworks[framework].used,
		    "offers to framework %u, which is not there", framework) ||
		!expect(c, item->agent < AGENTS_MAX && agent->used,
			"offers of agent %u, which is not there", item->agent) ||
		!expect(c, agent->active, "offers of a deactivated agent") ||
		!expect(c, m->frameworks[framework].active,
			"offers to a deactivated framework") ||
		!expect(c, !m->frameworks[framework].suppressed,
			"offers to a framework that suppressed its role") ||
		!expect(c, tp_streq(item->role, ROLE), "offers for a role nobody has") ||
		!expect(c, item->resources != NULL && item->resources->n > 0,
			"offers nothing"))
		return false;
	for (uint32_t i = 0; i < item->resources->n; i++)
		expect(c,
			tp_streq(
				tp_resource_allocation(&item->resources->items[i]), ROLE),
			"offers resources that are not allocated to the role");
	tp_resources_copy(&plain, item->resources);
	tp_resources_unallocate(&plain);
	measure_free(m, framework, item->agent, &free);
	return expect(c, tp_resources_contains(&free, &plain),
		"offers something of agent %u twice", item->agent);
}

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	struct master *m = user;

	expect(m->check, !m->inside, "offers from inside a call other than run()");
	expect(m->check, n > 0, "a call without offers");
	for (size_t i = 0; i < n; i++) {
		struct master_offer *offer = &m->offers[m->n_offers];

		if (!is_right(m, framework, &items[i]))
			return;
		if (!expect(m->check, m->n_offers < OFFERS_MAX,
			    "more than %d offers for so few agents", OFFERS_MAX))
			return;
		*offer = (struct master_offer){ .framework = framework,
			.agent = items[i].agent };
		tp_resources_copy(&offer->resources, items[i].resources);
		hold(&m->agents[items[i].agent].held, items[i].resources, true);
		m->n_offers++;
	}
}

/* --- life ------------------------------------------------------------------------------ */

bool master_init(struct master *m, struct check *c)
{
	const struct tp_allocator_user user = { .user = m, .offer = on_offer };
	const struct tp_allocator_ops *ops = c->it[0].ops;

	*m = (struct master){ .check = c, .ops = ops, .impl = c->it[0].impl };
	if (!expect(c,
		    ops->open != NULL && ops->add_framework != NULL &&
			    ops->update_framework != NULL &&
			    ops->remove_framework != NULL &&
			    ops->activate_framework != NULL &&
			    ops->deactivate_framework != NULL,
		    "open and the five framework events are needed") ||
		!expect(c,
			ops->add_agent != NULL && ops->update_agent != NULL &&
				ops->remove_agent != NULL &&
				ops->activate_agent != NULL &&
				ops->deactivate_agent != NULL,
			"the five agent events are needed") ||
		!expect(c,
			ops->recover_resources != NULL && ops->revive != NULL &&
				ops->suppress != NULL && ops->run != NULL,
			"recover_resources, revive, suppress and run are needed"))
		return false;
	m->overlapping = (ops->flags & TP_ALLOCATOR_OVERLAPPING) != 0;
	if (!expect(c,
		    !m->overlapping || (ops->begin_use != NULL && ops->end_use != NULL),
		    "offers may overlap: then begin_use and end_use are needed"))
		return false;
	ops->open(m->impl, &user);
	return true;
}

void master_fini(struct master *m)
{
	check_stop(m->check); /* it may offer until then */
	for (size_t i = 0; i < AGENTS_MAX; i++) {
		tp_resources_fini(&m->agents[i].total);
		tp_resources_fini(&m->agents[i].held);
		tp_resources_fini(&m->agents[i].kept);
	}
	while (m->n_offers > 0)
		tp_resources_fini(&m->offers[--m->n_offers].resources);
}

/* --- events ---------------------------------------------------------------------------- */

void master_add_agent(
	struct master *m, uint32_t slot, const char *total, const char *used, uint32_t by)
{
	struct tp_agent_id id = { .value = "agent" };
	struct tp_agent_info info = { .hostname = "host", .id = &id };
	struct master_agent *agent = &m->agents[slot];
	tp_cleanup(resources) struct tp_resources some =
		parse(m->check, used == NULL ? "" : used, ROLE);
	const struct tp_allocator_agent spec = {
		.info = &info, .total = &agent->total, .active = true
	};
	const struct tp_allocator_use use = { by, slot, &some };

	agent->used = agent->active = true;
	agent->total = parse(m->check, total, NULL);
	hold(&agent->held, &some, true);
	hold(&agent->kept, &some, true);
	m->inside = true;
	m->ops->add_agent(m->impl, slot, &spec, &use, used == NULL ? 0 : 1);
	m->inside = false;
}

/* Its offers are withdrawn, as a master does it before it tells the allocator. */
void master_remove_agent(struct master *m, uint32_t slot)
{
	struct master_agent *agent = &m->agents[slot];

	for (size_t i = m->n_offers; i-- > 0;) {
		if (m->offers[i].agent == slot)
			master_answer(m, i, "", -1);
	}
	m->inside = true;
	m->ops->remove_agent(m->impl, slot);
	m->inside = false;
	tp_resources_fini(&agent->total);
	tp_resources_fini(&agent->held);
	tp_resources_fini(&agent->kept);
	*agent = (struct master_agent){ .used = false };
}

void master_activate_agent(struct master *m, uint32_t slot, bool active)
{
	m->agents[slot].active = active;
	m->inside = true;
	if (active)
		m->ops->activate_agent(m->impl, slot);
	else
		m->ops->deactivate_agent(m->impl, slot);
	m->inside = false;
}

void master_add_framework(struct master *m, uint32_t slot)
{
	struct tp_framework_id id = { .value = "framework" };
	const char *roles[] = { ROLE };
	struct tp_framework_info info = {
		.user = "user", .name = "name", .id = &id, .roles = roles, .n_roles = 1
	};
	const struct tp_allocator_framework spec = { .info = &info, .active = true };

	m->frameworks[slot] = (struct master_framework){ true, true, false };
	m->inside = true;
	m->ops->add_framework(m->impl, slot, &spec, NULL, 0);
	m->inside = false;
}

void master_remove_framework(struct master *m, uint32_t slot)
{
	for (size_t i = m->n_offers; i-- > 0;) {
		if (m->offers[i].framework == slot)
			master_answer(m, i, "", -1);
	}
	m->frameworks[slot].used = false;
	m->inside = true;
	m->ops->remove_framework(m->impl, slot);
	m->inside = false;
}

void master_activate_framework(struct master *m, uint32_t slot, bool active)
{
	m->frameworks[slot].active = active;
	m->inside = true;
	if (active)
		m->ops->activate_framework(m->impl, slot);
	else
		m->ops->deactivate_framework(m->impl, slot);
	m->inside = false;
}

void master_suppress(struct master *m, uint32_t slot, bool suppressed)
{
	m->frameworks[slot].suppressed = suppressed;
	m->inside = true;
	if (suppressed)
		m->ops->suppress(m->impl, slot, NULL, 0);
	else
		m->ops->revive(m->impl, slot, NULL, 0);
	m->inside = false;
}

void master_run(struct master *m)
{
	m->ops->run(m->impl);
}

size_t master_count(const struct master *m, uint32_t framework, uint32_t agent)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_offers; i++)
		n += (framework == UINT32_MAX || m->offers[i].framework == framework) &&
			(agent == UINT32_MAX || m->offers[i].agent == agent);
	return n;
}

static void give_back(struct master *m, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources, int64_t refuse_ns)
{
	const struct tp_allocator_filter filter = { refuse_ns };

	hold(&m->agents[agent].held, resources, false);
	m->inside = true;
	m->ops->recover_resources(
		m->impl, framework, agent, resources, refuse_ns < 0 ? NULL : &filter);
	m->inside = false;
}

static void tell_use(struct master *m,
	void (*tell)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_resources *resources),
	uint32_t framework, uint32_t agent, const struct tp_resources *resources)
{
	if (tell == NULL || !m->agents[agent].used || tp_resources_empty(resources))
		return;
	m->inside = true;
	tell(m->impl, framework, agent, resources);
	m->inside = false;
}

/* Out of the list, without a word to the allocator. */
static struct master_offer take(struct master *m, size_t offer)
{
	struct master_offer taken = m->offers[offer];

	m->n_offers--;
	memmove(&m->offers[offer], &m->offers[offer + 1],
		(m->n_offers - offer) * sizeof(taken));
	return taken;
}

/* Somebody uses something: offers that do not fit any more are rescinded. */
static void rescind(struct master *m, uint32_t slot)
{
	const struct master_agent *agent = &m->agents[slot];

	for (size_t i = m->n_offers; i-- > 0;) {
		tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
		tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

		tp_resources_copy(&left, &agent->total);
		tp_resources_subtract(&left, &agent->kept);
		hold(&plain, &m->offers[i].resources, true);
		if (m->offers[i].agent == slot && !tp_resources_contains(&left, &plain))
			master_answer(m, i, "", -1);
	}
}

void master_answer(struct master *m, size_t offer, const char *keep, int64_t refuse_ns)
{
	struct master_offer given = take(m, offer);
	tp_cleanup(resources) struct tp_resources kept = parse(m->check, keep, ROLE);

	if (!tp_resources_empty(&kept) &&
		tp_resources_contains(&given.resources, &kept)) {
		tp_resources_subtract(&given.resources, &kept);
		hold(&m->agents[given.agent].kept, &kept, true);
		tell_use(m, m->ops->begin_use, given.framework, given.agent, &kept);
		if (m->overlapping)
			rescind(m, given.agent);
	}
	if (!tp_resources_empty(&given.resources))
		give_back(m, given.framework, given.agent, &given.resources, refuse_ns);
	tp_resources_fini(&given.resources);
}

void master_give_back(
	struct master *m, uint32_t framework, uint32_t agent, const char *resources)
{
	tp_cleanup(resources) struct tp_resources some = parse(m->check, resources, ROLE);

	hold(&m->agents[agent].kept, &some, false);
	tell_use(m, m->ops->end_use, framework, agent, &some);
	give_back(m, framework, agent, &some, -1);
}
