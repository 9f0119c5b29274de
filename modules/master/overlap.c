/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An offer is good as long as it fits into total - used of its agent. Resources of one kind are
 * alike, so two offers of 2 of 4 cpus do not stand in each other's way, and of two offers of all 4
 * one has to go as soon as the other is used.
 */
#include "overlap.h"

#include <errno.h>

#include "agents.h"
#include "frameworks.h"
#include "offers.h"
#include "use.h"

#include "tepui/role.h"

bool overlap_allowed(const struct master *m)
{
	return (m->allocator.ops->flags & TP_ALLOCATOR_OVERLAPPING) != 0;
}

static bool is_own(const struct tp_resource_item *item, const void *unused)
{
	return !tp_resource_is_shared(item, unused);
}

/* Without allocation and without shared volumes, of which nobody takes anything away. */
static void own_part(const struct tp_resources *from, struct tp_resources *ret)
{
	tp_resources_filter(ret, from, is_own, NULL);
	tp_resources_unallocate(ret);
}

void overlap_free(const struct agent *a, struct tp_resources *ret)
{
	struct tp_list *node, *tmp;

	tp_resources_copy(ret, &a->total);
	tp_list_foreach (node, tmp, &a->uses) {
		tp_cleanup(resources) struct tp_resources own = TP_RESOURCES_INIT;

		own_part(&tp_container_of(node, struct use, in_agent)->resources, &own);
		tp_resources_subtract(ret, &own);
	}
}

static bool fits(const struct offer *offer, const struct tp_resources *left)
{
	tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

	tp_resources_copy(&plain, &offer->resources);
	tp_resources_unallocate(&plain);
	return tp_resources_contains(left, &plain);
}

void overlap_yield(struct agent *a, const struct tp_resources *taken)
{
	tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
	struct tp_list *node, *tmp;

	if (!overlap_allowed(a->master))
		return;
	overlap_free(a, &left);
	if (taken != NULL)
		tp_resources_subtract(&left, taken);
	tp_list_foreach (node, tmp, &a->offers) {
		struct offer *offer = tp_container_of(node, struct offer, in_agent);

		if (fits(offer, &left))
			continue;
		tp_debug(a->master, "somebody else was first, rescinding an offer",
			"offer=%s framework=%s", offer->id, offer->framework->id);
		offer_withdraw(offer, true);
	}
}

int overlap_check(
	const struct agent *a, const struct tp_resources *offered, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources own = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf wanted = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf has = TP_STRBUF_INIT;

	own_part(offered, &own);
	overlap_free(a, &left);
	if (tp_resources_contains(&left, &own))
		return 0;
	tp_resources_print(&own, &wanted);
	tp_resources_print(&left, &has);
	return tp_fail(err, EINVAL,
		"The offers have %s of agent %s, of which %s is not in use",
		tp_strbuf_text(&wanted), a->id, tp_strbuf_text(&has));
}

/* One item of an offer, as far as `left` has it still. */
static void add_bounded(const struct tp_resource_item *item, struct tp_resources *left,
	struct tp_resources *ret)
{
	tp_cleanup(resources) struct tp_resources part = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources missing = TP_RESOURCES_INIT;
	const char *role = tp_resource_allocation(item);

	tp_resources_add_item(&part, item);
	tp_resources_unallocate(&part);
	tp_resources_copy(&missing, &part);
	tp_resources_subtract(&missing, left);
	tp_resources_subtract(&part, &missing);
	tp_resources_subtract(left, &part);
	if (role != NULL)
		tp_resources_allocate(&part, role);
	tp_resources_add(ret, &part);
}

void overlap_offered(const struct agent *a, const char *role, struct tp_resources *ret)
{
	tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
	bool bounded = overlap_allowed(a->master);
	struct tp_list *node, *tmp;

	if (bounded)
		overlap_free(a, &left);
	tp_list_foreach (node, tmp, &a->offers) {
		const struct offer *offer = tp_container_of(node, struct offer, in_agent);

		if (role != NULL && !tp_role_is_within(offer->role, role))
			continue;
		if (!bounded)
			tp_resources_add(ret, &offer->resources);
		for (uint32_t i = 0; bounded && i < offer->resources.n; i++)
			add_bounded(&offer->resources.items[i], &left, ret);
	}
}
