/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXPLAIN_OFFERS. The allocator says of every agent what comes of it; agents of which the same is
 * true become one group with a few examples, so that the answer stays short in a large cluster.
 * An allocator that only counts gives groups without examples, and nothing about one agent.
 */
#include "explain.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "absent.h"
#include "agents.h"
#include "frameworks.h"
#include "idrecord.h"
#include "offers.h"

#include "tepui/kind/allocator_explanation.h"

#define EXAMPLES_MAX 3
#define GROUPS_MAX 64

struct group {
	struct tp_master_response_explain_offers_group *record;
	enum tp_allocator_reason reason;
	uint32_t lacks;
};

struct explaining {
	struct master *master;
	struct framework *framework;
	const struct agent *agent; /* NULL: all */
	const char *role;          /* NULL: all */
	struct tp_arena *arena;
	struct tp_master_response_explain_offers *record;
	struct tp_master_response_explain_offers_role *current;
	struct group groups[GROUPS_MAX];
	size_t n_groups;
};

/* --- groups of agents ------------------------------------------------------------------ */

static int reason_on_wire(enum tp_allocator_reason reason)
{
	static const int reasons[] = {
		[TP_ALLOCATOR_FREE] = TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_FREE,
		[TP_ALLOCATOR_INACTIVE] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_INACTIVE,
		[TP_ALLOCATOR_NOT_WHITELISTED] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_NOT_WHITELISTED,
		[TP_ALLOCATOR_FULL] = TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_FULL,
		[TP_ALLOCATOR_CAPABILITY] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_CAPABILITY,
		[TP_ALLOCATOR_CONSTRAINTS] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_CONSTRAINTS,
		[TP_ALLOCATOR_RESERVED] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_RESERVED,
		[TP_ALLOCATOR_QUOTA] = TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_QUOTA,
		[TP_ALLOCATOR_TOO_SMALL] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_TOO_SMALL,
		[TP_ALLOCATOR_FILTERED] =
			TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_FILTERED,
	};

	return (size_t)reason < TP_COUNT(reasons)
		? reasons[reason]
		: TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_UNKNOWN;
}

static void say_lacks(struct tp_master_response_explain_offers_group *group,
	uint32_t lacks, struct tp_arena *arena)
{
	static const struct {
		uint32_t lack;
		const char *text;
	} rows[] = {
		{ TP_ALLOCATOR_LACKS_GPUS, "GPU_RESOURCES" },
		{ TP_ALLOCATOR_LACKS_REGION, "REGION_AWARE" },
		{ TP_ALLOCATOR_LACKS_REVOCABLE, "REVOCABLE_RESOURCES" },
		{ TP_ALLOCATOR_LACKS_SHARED, "SHARED_RESOURCES" },
		{ TP_ALLOCATOR_LACKS_REFINEMENT, "RESERVATION_REFINEMENT" },
		{ TP_ALLOCATOR_LACKS_AGENT_MULTI_ROLE, "MULTI_ROLE of the agent" },
		{ TP_ALLOCATOR_LACKS_AGENT_HIERARCHY, "HIERARCHICAL_ROLE of the agent" },
	};

	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if ((lacks & rows[i].lack) != 0)
			tp_arena_push(arena, &group->lacks, &group->n_lacks,
				(void *)rows[i].text);
	}
}

/* The last group takes what would be one too many. */
static struct tp_master_response_explain_offers_group *group_get(
	struct explaining *e, enum tp_allocator_reason reason, uint32_t lacks)
{
	struct group *group;

	for (size_t i = 0; i < e->n_groups; i++) {
		group = &e->groups[i];
		if ((group->reason == reason && group->lacks == lacks) ||
			i + 1 == GROUPS_MAX)
			return group->record;
	}
	group = &e->groups[e->n_groups++];
	*group = (struct group){
		tp_record_new(&tp_master_response_explain_offers_group_desc, e->arena),
		reason, lacks
	};
	group->record->has_reason = true;
	group->record->reason = reason_on_wire(reason);
	group->record->has_count = true;
	say_lacks(group->record, lacks, e->arena);
	return group->record;
}

static void add_left(
	struct tp_master_response_explain_offers_group *group, int64_t left_ns)
{
	if (!group->has_first_left_ns || left_ns < group->first_left_ns)
		group->first_left_ns = left_ns;
	if (!group->has_last_left_ns || left_ns > group->last_left_ns)
		group->last_left_ns = left_ns;
	group->has_first_left_ns = group->has_last_left_ns = true;
}

static void add_example(struct tp_master_response_explain_offers_group *group,
	const struct agent *a, struct tp_arena *arena)
{
	struct tp_master_response_explain_offers_agent *record;

	if (a == NULL || group->n_examples == EXAMPLES_MAX)
		return;
	record = tp_record_new(&tp_master_response_explain_offers_agent_desc, arena);
	record->agent_id = agent_id_record(arena, a->id);
	record->hostname = a->info->hostname;
	tp_arena_push(arena, &group->examples, &group->n_examples, record);
}

static void on_agent(void *user, const struct tp_allocator_agent_reason *why)
{
	struct explaining *e = user;
	const struct agent *a = agents_at(e->master, why->agent);
	struct tp_master_response_explain_offers_group *group;

	if (e->agent != NULL && a != e->agent)
		return;
	group = group_get(e, why->reason, why->lacks);
	group->count++;
	add_example(group, a, e->arena);
	if (why->reason == TP_ALLOCATOR_FILTERED)
		add_left(group, why->left_ns);
}

/* Of an allocator that only counts. */
static void add_counts(struct explaining *e, const struct tp_allocator_explanation *why)
{
	const struct {
		enum tp_allocator_reason reason;
		uint32_t n;
	} counts[] = {
		{ TP_ALLOCATOR_FREE, why->agents_free },
		{ TP_ALLOCATOR_INACTIVE, why->agents_inactive },
		{ TP_ALLOCATOR_NOT_WHITELISTED, why->agents_not_whitelisted },
		{ TP_ALLOCATOR_FULL, why->agents_full },
		{ TP_ALLOCATOR_CAPABILITY, why->agents_capability },
		{ TP_ALLOCATOR_CONSTRAINTS, why->agents_constraints },
		{ TP_ALLOCATOR_RESERVED, why->agents_reserved },
		{ TP_ALLOCATOR_QUOTA, why->agents_quota },
		{ TP_ALLOCATOR_TOO_SMALL, why->agents_too_small },
		{ TP_ALLOCATOR_FILTERED, why->agents_filtered },
	};

	for (size_t i = 0; i < TP_COUNT(counts); i++) {
		if (counts[i].n > 0)
			group_get(e, counts[i].reason, 0)->count = counts[i].n;
	}
}

/* Into the role, the most agents first. */
static void keep_groups(struct explaining *e)
{
	for (size_t n = 0; n < e->n_groups; n++) {
		struct tp_master_response_explain_offers_group **groups;
		size_t at = n;

		tp_arena_push(e->arena, &e->current->groups, &e->current->n_groups,
			e->groups[n].record);
		groups = e->current->groups;
		for (; at > 0 && groups[at - 1]->count < groups[at]->count; at--) {
			struct tp_master_response_explain_offers_group *more = groups[at];

			groups[at] = groups[at - 1];
			groups[at - 1] = more;
		}
	}
}

/* --- roles ----------------------------------------------------------------------------- */

static void say_quota(struct explaining *e, const struct tp_allocator_explanation *why)
{
	for (size_t i = 0; why->guarantee_milli != NULL && i < why->n_names; i++) {
		struct tp_master_response_explain_offers_amount *amount;
		bool limited = why->limit_milli[i] != INT64_MAX;

		if (why->guarantee_milli[i] == 0 && !limited)
			continue;
		amount = tp_record_new(
			&tp_master_response_explain_offers_amount_desc, e->arena);
		amount->name = tp_arena_strdup(e->arena, why->names[i]);
		amount->has_guarantee_milli = true;
		amount->guarantee_milli = why->guarantee_milli[i];
		amount->has_limit_milli = limited;
		amount->limit_milli = limited ? why->limit_milli[i] : 0;
		amount->has_consumed_milli = true;
		amount->consumed_milli = why->consumed_milli[i];
		tp_arena_push(e->arena, &e->current->quota, &e->current->n_quota, amount);
	}
}

static void say_place(struct tp_master_response_explain_offers_role *role,
	const struct tp_allocator_explanation *why)
{
	role->has_weight = true;
	role->weight = why->role_weight;
	role->has_role_share = !isnan(why->role_share);
	role->role_share = role->has_role_share ? why->role_share : 0;
	role->has_framework_share = !isnan(why->framework_share);
	role->framework_share = role->has_framework_share ? why->framework_share : 0;
	role->has_role_place = why->role_place != UINT32_MAX;
	role->role_place = role->has_role_place ? why->role_place : 0;
	role->has_n_roles = true;
	role->n_roles = why->n_roles;
	role->has_framework_place = why->framework_place != UINT32_MAX;
	role->framework_place = role->has_framework_place ? why->framework_place : 0;
	role->has_n_frameworks = true;
	role->n_frameworks = why->n_frameworks;
}

static uint32_t count_offers(const struct explaining *e, const char *role)
{
	struct tp_list *node, *tmp;
	uint32_t n = 0;

	tp_list_foreach (node, tmp, &e->framework->offers) {
		const struct offer *offer =
			tp_container_of(node, struct offer, in_framework);

		n += strcmp(offer->role, role) == 0 &&
			(e->agent == NULL || e->agent == offer->agent);
	}
	return n;
}

/* What is the same for everybody: said with the first role. */
static void say_whole(struct explaining *e, const struct tp_allocator_explanation *why)
{
	struct tp_master_response_explain_offers *record = e->record;

	record->has_paused = true;
	record->paused = why->paused;
	record->has_agents_awaited = record->has_recovery_left_ns =
		why->agents_awaited > 0;
	record->agents_awaited = why->agents_awaited;
	record->recovery_left_ns = why->recovery_left_ns;
	for (size_t i = 0; why->headroom_milli != NULL && i < why->n_names; i++) {
		struct tp_master_response_explain_offers_room *room;

		if (why->headroom_milli[i] == 0 && why->required_milli[i] == 0)
			continue;
		room = tp_record_new(
			&tp_master_response_explain_offers_room_desc, e->arena);
		room->name = tp_arena_strdup(e->arena, why->names[i]);
		room->has_free_milli = room->has_kept_milli = true;
		room->free_milli = why->headroom_milli[i];
		room->kept_milli = why->required_milli[i];
		tp_arena_push(e->arena, &record->room, &record->n_room, room);
	}
}

static void on_role(void *user, const struct tp_allocator_explanation *why)
{
	struct explaining *e = user;
	struct tp_master_response_explain_offers_role *role;
	bool details = e->master->allocator.ops->explain_agents != NULL;

	if (details && !e->record->has_paused)
		say_whole(e, why);
	if (e->role != NULL && strcmp(e->role, why->role) != 0)
		return;
	role = tp_record_new(&tp_master_response_explain_offers_role_desc, e->arena);
	role->role = tp_arena_strdup(e->arena, why->role);
	role->has_subscribed = role->has_suppressed = true;
	role->subscribed = why->subscribed;
	role->suppressed = why->suppressed;
	role->has_n_offers = true;
	role->n_offers = count_offers(e, role->role);
	say_place(role, why);
	tp_arena_push(e->arena, &e->record->roles, &e->record->n_roles, role);
	e->current = role;
	say_quota(e, why);
	if (details)
		return;
	e->n_groups = 0;
	add_counts(e, why);
	keep_groups(e);
}

static void explain_agents(struct explaining *e)
{
	const struct tp_allocator *allocator = &e->master->allocator;

	for (size_t i = 0; i < e->record->n_roles; i++) {
		e->current = e->record->roles[i];
		e->n_groups = 0;
		allocator->ops->explain_agents(allocator->impl, e->framework->slot,
			e->current->role, on_agent, e);
		keep_groups(e);
	}
}

/* --- the call -------------------------------------------------------------------------- */

static int find_framework(const struct master *m, const char *id, struct framework **ret,
	struct tp_error *err)
{
	*ret = frameworks_find(m, id);
	if (*ret != NULL)
		return 0;
	if (frameworks_find_completed(m, id) != NULL)
		return tp_fail(err, EINVAL,
			"Framework '%s' is completed: it is offered nothing", id);
	return tp_fail(err, EINVAL, "No framework found with specified ID '%s'", id);
}

/* Another one than those of its subscription may be one that it still holds something in. */
static int check_role(const struct explaining *e, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf roles = TP_STRBUF_INIT;

	if (e->role == NULL || e->record->n_roles > 0)
		return 0;
	for (size_t i = 0; i < e->framework->n_roles; i++)
		tp_strbuf_printf(
			&roles, "%s%s", i == 0 ? "" : ", ", e->framework->roles[i]);
	return tp_fail(err, EINVAL, "Framework %s has no role '%s'; it has: %s",
		e->framework->id, e->role, tp_strbuf_text(&roles));
}

static int check(struct explaining *e, const struct tp_master_call_explain_offers *call,
	struct tp_error *err)
{
	const struct tp_allocator_ops *ops = e->master->allocator.ops;
	int r = find_framework(e->master, call->framework_id->value, &e->framework, err);

	if (r < 0)
		return r;
	if (ops->explain == NULL)
		return tp_fail(err, ENOTSUP,
			"This allocator does not explain what it offers: it has no "
			"explain()");
	if (call->agent_id == NULL)
		return 0;
	e->agent = agents_find(e->master, call->agent_id->value);
	if (e->agent == NULL)
		return tp_fail(err, EINVAL, "No agent found with ID '%s'",
			call->agent_id->value);
	if (ops->explain_agents == NULL)
		return tp_fail(err, ENOTSUP,
			"This allocator explains whole roles only: ask without an agent");
	return 0;
}

static uint32_t count_absent(const struct explaining *e)
{
	const struct master *m = e->master;
	uint32_t n = (uint32_t)absent_n(m, TP_REGISTRY_AGENT);

	if (e->agent != NULL)
		return !e->agent->in_allocator;
	for (uint32_t i = 0; i < agents_slots(m); i++)
		n += agents_at(m, i) != NULL && !agents_at(m, i)->in_allocator;
	return n;
}

int explain_record(struct master *m, const struct tp_master_call_explain_offers *call,
	struct tp_arena *arena, struct tp_master_response_explain_offers **ret,
	struct tp_error *err)
{
	struct explaining e = { .master = m, .role = call->role, .arena = arena };
	int r = check(&e, call, err);

	if (r < 0)
		return r;
	e.record = tp_record_new(&tp_master_response_explain_offers_desc, arena);
	e.record->framework_info = e.framework->info;
	e.record->has_connected = e.record->has_active = true;
	e.record->connected = framework_connected(e.framework);
	e.record->active = e.framework->active;
	e.record->has_n_absent = true;
	e.record->n_absent = count_absent(&e);
	if (e.framework->in_allocator) {
		m->allocator.ops->explain(
			m->allocator.impl, e.framework->slot, on_role, &e);
		r = check_role(&e, err);
		if (r >= 0 && m->allocator.ops->explain_agents != NULL)
			explain_agents(&e);
	}
	if (r >= 0)
		*ret = e.record;
	return r;
}
