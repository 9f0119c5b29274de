/* SPDX-License-Identifier: Apache-2.0 */
/* See allocator_model.h. Nothing here is fast, and nothing is meant to be. */
#include <stdio.h>
#include <string.h>

#include "allocator_model_parts.h"
#include "tepui/role.h"

/* --- one offer ------------------------------------------------------------------------- */

static bool portion_empty(const struct model *m, int agent)
{
	resources_t left = TP_RESOURCES_INIT;
	bool empty;

	tp_resources_copy(&left, &m->agents[agent].free);
	tp_resources_subtract(&left, &m->shared_offered[agent]);
	empty = tp_resources_empty(&left);
	tp_resources_fini(&left);
	return empty;
}

/* What the role may have, without shared volumes that were offered in this run. */
static void allocatable_to(
	const struct model *m, int agent, const char *role, resources_t *ret)
{
	tp_resources_filter(
		ret, &m->agents[agent].free, tp_resource_is_allocatable_to, role);
	tp_resources_subtract(ret, &m->shared_offered[agent]);
}

static void strip(resources_t *r, unsigned can)
{
	for (uint32_t i = r->n; i-- > 0;) {
		const struct tp_resource_item item = r->items[i];

		if ((model_is_revocable(&item) && (can & MODEL_REVOCABLE) == 0) ||
			(model_is_shared(&item) && (can & MODEL_SHARED) == 0) ||
			(item.key->n_reservations > 1 && (can & MODEL_REFINED) == 0))
			tp_resources_subtract_item(r, &item);
	}
}

static void quantities_of(
	const struct model *m, const resources_t *r, struct tp_quantities *q)
{
	*q = (struct tp_quantities){ { 0 } };
	for (uint32_t i = 0; i < r->n; i++)
		model_add_scalar(m, q, &r->items[i]);
}

/* cpus:0.01|mem:32 */
static bool worth(const struct model *m, const resources_t *offer)
{
	struct tp_quantities q;

	quantities_of(m, offer, &q);
	return !tp_resources_empty(offer) &&
		(q.milli[TP_CPUS] >= 10 || q.milli[TP_MEM] >= 32000);
}

static bool filtered(const struct model *m, int framework, int agent, const char *role,
	const resources_t *offer)
{
	for (int i = 0; i < m->n_filters; i++) {
		const struct model_filter *filter = &m->filters[i];

		if (filter->framework == framework && filter->agent == agent &&
			strcmp(filter->role, role) == 0 && filter->due_ns > m->now_ns &&
			tp_resources_contains(&filter->refused, offer))
			return true;
	}
	return false;
}

static struct model_rule *rule_of(const struct model *m, const char *role)
{
	for (int i = 0; i < m->n_rules; i++)
		if (strcmp(m->rules[i].role, role) == 0)
			return (struct model_rule *)&m->rules[i];
	return NULL;
}

static void required(const struct model *m, struct tp_quantities *ret)
{
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < m->n_rules; i++) {
		struct tp_quantities missing = m->rules[i].guarantees, consumed;

		model_consumed(m, m->rules[i].role, &consumed);
		tp_quantities_subtract(&missing, &consumed);
		tp_quantities_add(ret, &missing);
	}
}

static void hold_more(struct model *m, int framework, int agent, const char *role,
	const resources_t *more)
{
	struct model_hold *hold = model_hold_of(m, framework, agent, role);

	if (hold == NULL) {
		hold = &m->holds[m->n_holds++];
		tp_assert(m->n_holds <= MODEL_LIST);
		*hold = (struct model_hold){ .framework = framework, .agent = agent };
		snprintf(hold->role, sizeof hold->role, "%s", role);
	}
	tp_resources_add(&hold->resources, more);
}

static void give(struct model *m, int framework, int agent, const char *role,
	const resources_t *offer)
{
	struct model_offer *told = NULL;

	for (uint32_t i = 0; i < offer->n; i++) {
		if (model_is_shared(&offer->items[i]))
			tp_resources_add_item(
				&m->shared_offered[agent], &offer->items[i]);
		else
			tp_resources_subtract_item(
				&m->agents[agent].free, &offer->items[i]);
	}
	hold_more(m, framework, agent, role, offer);
	model_gift_count(m, framework, role);
	for (int i = m->run_begin; i < m->n_offers; i++)
		if (m->offers[i].framework == framework && m->offers[i].agent == agent &&
			strcmp(m->offers[i].role, role) == 0)
			told = &m->offers[i];
	if (told == NULL) {
		told = &m->offers[m->n_offers++];
		tp_assert(m->n_offers <= MODEL_LIST);
		*told = (struct model_offer){ .framework = framework, .agent = agent };
		snprintf(told->role, sizeof told->role, "%s", role);
	}
	tp_resources_add(&told->resources, offer);
}

/* Splits into plain scalars and all else. */
static void split(const resources_t *from, resources_t *scalars, resources_t *others)
{
	for (uint32_t i = 0; i < from->n; i++)
		tp_resources_add_item(
			model_is_plain_scalar(&from->items[i]) ? scalars : others,
			&from->items[i]);
}

/* What is beyond a guarantee: within the limit, and without what others are still owed. */
static void rest_limit(const struct model *m, const char *top, resources_t *rest,
	const struct tp_quantities *guaranteed, const struct tp_quantities *owed)
{
	const struct model_rule *rule = rule_of(m, top);
	struct tp_quantities left, consumed;

	if (rule != NULL && rule->limited) {
		model_consumed(m, top, &consumed);
		left = rule->limits;
		tp_quantities_subtract(&left, &consumed);
		tp_quantities_subtract(&left, guaranteed);
		tp_resources_shrink(rest, &m->names, &left);
	}
	if (!tp_quantities_empty(owed)) {
		model_headroom(m, &left);
		tp_quantities_subtract(&left, owed);
		tp_resources_shrink(rest, &m->names, &left);
	}
}

/* One framework in stage one; what it got of the guarantee is taken from both sums. */
static void try_guarantee(struct model *m, int framework, int agent, const char *role,
	struct tp_quantities *missing, struct tp_quantities *owed)
{
	resources_t all = TP_RESOURCES_INIT, rest = TP_RESOURCES_INIT;
	resources_t first = TP_RESOURCES_INIT, offer = TP_RESOURCES_INIT;
	resources_t others = TP_RESOURCES_INIT;
	struct tp_quantities left = *missing, got;

	allocatable_to(m, agent, role, &all);
	strip(&all, m->frameworks[framework].can);
	split(&all, &rest, &others);
	tp_resources_copy(&first, &rest);
	tp_resources_shrink(&first, &m->names, &left);
	tp_resources_subtract(&rest, &first);
	quantities_of(m, &first, &got);
	rest_limit(m, role, &rest, &got, owed);
	tp_resources_add(&offer, &first);
	tp_resources_add(&offer, &rest);
	for (uint32_t i = 0; i < others.n; i++)
		if (!model_is_reserved(&others.items[i]) ||
			strcmp(others.items[i].key->role, role) == 0)
			tp_resources_add_item(&offer, &others.items[i]);
	if (!tp_resources_empty(&first) && worth(m, &offer) &&
		!filtered(m, framework, agent, role, &offer)) {
		give(m, framework, agent, role, &offer);
		tp_quantities_subtract(missing, &got);
		tp_quantities_subtract(owed, &got);
	}
	tp_resources_fini(&all);
	tp_resources_fini(&rest);
	tp_resources_fini(&first);
	tp_resources_fini(&offer);
	tp_resources_fini(&others);
}

static void try_share(struct model *m, int framework, int agent, const char *role,
	const struct tp_quantities *owed)
{
	static const struct tp_quantities none;
	resources_t all = TP_RESOURCES_INIT, rest = TP_RESOURCES_INIT;
	resources_t offer = TP_RESOURCES_INIT;
	char top[MODEL_NAME];

	model_top_of(role, top);
	allocatable_to(m, agent, role, &all);
	strip(&all, m->frameworks[framework].can);
	split(&all, &rest, &offer);
	rest_limit(m, top, &rest, &none, owed);
	tp_resources_add(&offer, &rest);
	if (worth(m, &offer) && !filtered(m, framework, agent, role, &offer))
		give(m, framework, agent, role, &offer);
	tp_resources_fini(&all);
	tp_resources_fini(&rest);
	tp_resources_fini(&offer);
}

/* --- a run ----------------------------------------------------------------------------- */

static bool role_has_something(const struct model *m, int agent, const char *role)
{
	resources_t all = TP_RESOURCES_INIT;
	bool has;

	allocatable_to(m, agent, role, &all);
	has = !tp_resources_empty(&all);
	tp_resources_fini(&all);
	return has;
}

static bool fits(const struct model *m, int framework, int agent)
{
	return (m->frameworks[framework].can & MODEL_GPUS) != 0 ||
		!tp_resources_has(&m->agents[agent].total, "gpus");
}

/* One role's turn at an agent, by the order of its frameworks as it is when the turn begins. */
static void share_out_to(struct model *m, int agent, const char *role, bool guarantees,
	struct tp_quantities *missing, struct tp_quantities *owed)
{
	int frameworks[MODEL_FRAMEWORKS];
	int n = model_framework_order(m, role, frameworks);

	for (int i = 0; i < n; i++) {
		if ((guarantees && tp_quantities_empty(missing)) ||
			!role_has_something(m, agent, role))
			return;
		if (!fits(m, frameworks[i], agent))
			continue;
		if (guarantees)
			try_guarantee(m, frameworks[i], agent, role, missing, owed);
		else
			try_share(m, frameworks[i], agent, role, owed);
	}
}

static void share_out(
	struct model *m, int agent, bool guarantees, struct tp_quantities *owed)
{
	char roles[MODEL_LIST][MODEL_NAME];
	int n_roles = portion_empty(m, agent) ? 0 : model_role_order(m, roles);

	for (int i = 0; i < n_roles && !portion_empty(m, agent); i++) {
		const struct model_rule *rule = rule_of(m, roles[i]);
		struct tp_quantities missing = { { 0 } }, consumed;

		if (guarantees) {
			if (rule == NULL || !rule->guaranteed)
				continue;
			model_consumed(m, roles[i], &consumed);
			missing = rule->guarantees;
			tp_quantities_subtract(&missing, &consumed);
		}
		if (role_has_something(m, agent, roles[i]))
			share_out_to(m, agent, roles[i], guarantees, &missing, owed);
	}
}

static uint64_t chance_next(struct model *m)
{
	uint64_t z = m->chance += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void shuffle(struct model *m, int *items, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int j = (int)(((chance_next(m) >> 32) * (uint64_t)(i + 1)) >> 32);
		int item = items[i];

		items[i] = items[j];
		items[j] = item;
	}
}

static bool is_wanted(const struct model *m, int agent)
{
	for (int i = 0; i < m->n_wanted; i++)
		if (m->wanted[i] == agent)
			return true;
	return false;
}

static int candidates(struct model *m, int *ret)
{
	int all[2 * MODEL_AGENTS], n_all = 0, n = 0;

	for (int i = 0; i < m->n_wanted; i++)
		all[n_all++] = m->wanted[i];
	for (int i = 0; m->all_wanted && i < MODEL_AGENTS; i++)
		if (!is_wanted(m, i))
			all[n_all++] = i;
	for (int i = 0; i < n_all; i++) {
		const struct model_agent *agent = &m->agents[all[i]];

		if (agent->used && agent->active && !tp_resources_empty(&agent->free))
			ret[n++] = all[i];
	}
	m->n_wanted = 0;
	m->all_wanted = false;
	return n;
}

static void want(struct model *m, int agent, bool urgent)
{
	if (!is_wanted(m, agent))
		m->wanted[m->n_wanted++] = agent;
	if (m->later_ns == INT64_MAX)
		m->later_ns = m->now_ns + m->interval_ns;
	m->soon = m->soon || urgent;
}

/* Something of it was left though there are quotas: wanted again after an interval. */
static void hold_back(struct model *m, int agent)
{
	for (int i = 0; i < m->n_held_back; i++)
		if (m->held_back[i] == agent)
			return;
	m->held_back[m->n_held_back++] = agent;
	if (m->retry_ns == INT64_MAX)
		m->retry_ns = m->now_ns + m->interval_ns;
}

static void retry(struct model *m)
{
	if (m->retry_ns > m->now_ns)
		return;
	for (int i = 0; i < m->n_held_back; i++)
		want(m, m->held_back[i], true);
	m->n_held_back = 0;
	m->retry_ns = INT64_MAX;
}

static void want_all(struct model *m)
{
	m->all_wanted = true;
	if (m->later_ns == INT64_MAX)
		m->later_ns = m->now_ns + m->interval_ns;
	m->soon = true;
}

static void run(struct model *m)
{
	int agents[2 * MODEL_AGENTS], n;
	struct tp_quantities owed;

	m->soon = false;
	m->later_ns = INT64_MAX;
	if (m->n_wanted == 0 && !m->all_wanted)
		return;
	m->run_begin = m->n_offers;
	n = candidates(m, agents);
	required(m, &owed);
	if (!tp_quantities_empty(&owed)) {
		shuffle(m, agents, n);
		for (int i = 0; i < n; i++)
			share_out(m, agents[i], true, &owed);
	}
	shuffle(m, agents, n);
	for (int i = 0; i < n; i++)
		share_out(m, agents[i], false, &owed);
	/* With quotas, what is left is tried again, but not at once. */
	for (int i = 0; m->n_rules > 0 && i < n; i++)
		for (uint32_t j = 0; j < m->agents[agents[i]].free.n; j++) {
			const struct tp_resource_item *item =
				&m->agents[agents[i]].free.items[j];

			if (!model_is_reserved(item) && !model_is_revocable(item) &&
				!model_is_shared(item))
				hold_back(m, agents[i]);
		}
	for (int i = 0; i < MODEL_AGENTS; i++)
		tp_resources_fini(&m->shared_offered[i]);
}

void model_run_all(struct model *m)
{
	m->all_wanted = true;
	run(m);
}

void model_settle(struct model *m)
{
	while (m->soon)
		run(m);
}

/* Agents whose filters end at the same moment are wanted in the order of their slots. */
static void filters_expire(struct model *m)
{
	bool ended[MODEL_AGENTS] = { false };

	for (int i = m->n_filters; i-- > 0;) {
		struct model_filter *filter = &m->filters[i];

		if (filter->due_ns > m->now_ns)
			continue;
		ended[filter->agent] = true;
		tp_resources_fini(&filter->refused);
		*filter = m->filters[--m->n_filters];
	}
	for (int i = 0; i < MODEL_AGENTS; i++)
		if (ended[i])
			want(m, i, true);
}

void model_advance(struct model *m, int64_t ns)
{
	int64_t end_ns = m->now_ns + ns;

	model_settle(m);
	for (;;) {
		int64_t next_ns = m->later_ns < m->retry_ns ? m->later_ns : m->retry_ns;

		for (int i = 0; i < m->n_filters; i++)
			if (m->filters[i].due_ns < next_ns)
				next_ns = m->filters[i].due_ns;
		if (next_ns > end_ns)
			break;
		if (next_ns > m->now_ns)
			m->now_ns = next_ns;
		filters_expire(m);
		retry(m);
		if (m->later_ns <= m->now_ns)
			run(m);
		model_settle(m);
	}
	m->now_ns = end_ns;
}

/* --- events ---------------------------------------------------------------------------- */

void model_init(struct model *m, int64_t now_ns, int64_t interval_ns)
{
	memset(m, 0, sizeof *m);
	m->now_ns = now_ns;
	m->interval_ns = interval_ns;
	m->later_ns = m->retry_ns = INT64_MAX;
	m->chance = 20130401;
	tp_quantity_names_init(&m->names);
}

void model_fini(struct model *m)
{
	model_filters_drop(m, -1, NULL, -1);
	while (m->n_holds > 0)
		tp_resources_fini(&m->holds[--m->n_holds].resources);
	while (m->n_offers > 0)
		tp_resources_fini(&m->offers[--m->n_offers].resources);
	for (int i = 0; i < MODEL_AGENTS; i++) {
		tp_resources_fini(&m->agents[i].total);
		tp_resources_fini(&m->agents[i].free);
		tp_resources_fini(&m->agents[i].owed);
	}
	tp_quantity_names_fini(&m->names);
}

static void names_learn(struct model *m, const resources_t *total)
{
	for (uint32_t i = 0; i < total->n; i++)
		if (total->items[i].key->type == TP_VALUE_SCALAR)
			tp_quantity_names_add(&m->names, total->items[i].key->name);
}

void model_add_agent(struct model *m, int agent, const resources_t *total)
{
	m->agents[agent].used = m->agents[agent].active = true;
	tp_resources_copy(&m->agents[agent].total, total);
	tp_resources_copy(&m->agents[agent].free, total);
	names_learn(m, total);
	want(m, agent, true);
}

void model_update_agent(struct model *m, int slot, const resources_t *total, bool active)
{
	struct model_agent *agent = &m->agents[slot];
	resources_t held = TP_RESOURCES_INIT;
	bool same = tp_resources_equal(&agent->total, total);

	if (same && agent->active == active)
		return;
	agent->active = active;
	want(m, slot, true);
	if (same)
		return;
	names_learn(m, total);
	tp_resources_copy(&held, &agent->total);
	tp_resources_subtract(&held, &agent->free);
	tp_resources_add(&held, &agent->owed);
	tp_resources_copy(&agent->total, total);
	tp_resources_copy(&agent->free, total);
	tp_resources_subtract(&agent->free, &held);
	tp_resources_subtract(&held, total);
	tp_resources_move(&agent->owed, &held);
}

void model_remove_agent(struct model *m, int agent)
{
	model_filters_drop(m, -1, NULL, agent);
	tp_resources_fini(&m->agents[agent].total);
	tp_resources_fini(&m->agents[agent].free);
	tp_resources_fini(&m->agents[agent].owed);
	m->agents[agent] = (struct model_agent){ .used = false };
}

void model_activate_agent(struct model *m, int agent, bool active)
{
	m->agents[agent].active = active;
	if (active)
		want(m, agent, true);
}

void model_add_framework(struct model *m, int framework, unsigned can)
{
	m->frameworks[framework] =
		(struct model_framework){ .used = true, .active = true, .can = can };
	want_all(m);
}

void model_set_roles(struct model *m, int framework, const char *const *roles,
	const bool *suppressed, int n)
{
	struct model_framework *f = &m->frameworks[framework];
	struct model_framework before = *f;

	f->n_roles = n;
	for (int i = 0; i < n; i++) {
		snprintf(f->roles[i], MODEL_NAME, "%s", roles[i]);
		f->suppressed[i] = suppressed[i];
		model_client_enter(m, framework, roles[i]);
	}
	for (int i = 0; i < before.n_roles; i++) {
		if (model_subscription(m, framework, before.roles[i]) >= 0)
			continue;
		model_filters_drop(m, framework, before.roles[i], -1);
		model_client_check(m, framework, before.roles[i]);
	}
	want_all(m);
}

void model_remove_framework(struct model *m, int framework)
{
	struct model_framework before = m->frameworks[framework];

	m->frameworks[framework] = (struct model_framework){ .used = false };
	for (int i = 0; i < before.n_roles; i++)
		model_client_check(m, framework, before.roles[i]);
	want_all(m);
}

void model_activate_framework(struct model *m, int framework, bool active)
{
	m->frameworks[framework].active = active;
	if (active)
		want_all(m);
	else
		model_filters_drop(m, framework, NULL, -1);
}

void model_suppress(struct model *m, int framework, const char *role, bool suppressed)
{
	for (int i = 0; i < m->frameworks[framework].n_roles; i++) {
		const char *of = m->frameworks[framework].roles[i];

		if (role != NULL && strcmp(of, role) != 0)
			continue;
		m->frameworks[framework].suppressed[i] = suppressed;
		if (!suppressed)
			model_filters_drop(m, framework, of, -1);
	}
	if (!suppressed)
		want_all(m);
}

static void hold_less(struct model *m, int framework, int agent, const char *role,
	const resources_t *less)
{
	struct model_hold *hold = model_hold_of(m, framework, agent, role);

	tp_assert(hold != NULL);
	tp_resources_subtract(&hold->resources, less);
	if (!tp_resources_empty(&hold->resources))
		return;
	tp_resources_fini(&hold->resources);
	*hold = m->holds[--m->n_holds];
}

/* One that refuses less and ends no later says nothing any more. */
static void filters_drop_weaker(struct model *m, int framework, int agent,
	const char *role, const resources_t *refused, int64_t due_ns)
{
	for (int i = m->n_filters; i-- > 0;) {
		struct model_filter *filter = &m->filters[i];

		if (filter->framework != framework || filter->agent != agent ||
			strcmp(filter->role, role) != 0 || filter->due_ns > due_ns ||
			!tp_resources_contains(refused, &filter->refused))
			continue;
		tp_resources_fini(&filter->refused);
		*filter = m->filters[--m->n_filters];
	}
}

void model_recover(struct model *m, int framework, int slot, const char *role,
	const resources_t *resources, int64_t refuse_ns)
{
	struct model_agent *agent = &m->agents[slot];
	resources_t back = TP_RESOURCES_INIT, paid = TP_RESOURCES_INIT;
	int64_t lives_ns = refuse_ns > m->interval_ns ? refuse_ns : m->interval_ns;

	hold_less(m, framework, slot, role, resources);
	model_client_check(m, framework, role);
	for (uint32_t i = 0; i < resources->n; i++)
		if (!model_is_shared(&resources->items[i]))
			tp_resources_add_item(&back, &resources->items[i]);
	/* What the agent has no more is not free when it comes back. */
	tp_resources_copy(&paid, &agent->owed);
	tp_resources_subtract(&agent->owed, &back);
	tp_resources_subtract(&paid, &agent->owed);
	tp_resources_subtract(&back, &paid);
	tp_resources_add(&agent->free, &back);
	tp_resources_fini(&back);
	tp_resources_fini(&paid);
	if (refuse_ns > 0 && model_subscription(m, framework, role) >= 0) {
		struct model_filter *filter;

		filters_drop_weaker(
			m, framework, slot, role, resources, m->now_ns + lives_ns);
		filter = &m->filters[m->n_filters++];
		tp_assert(m->n_filters <= MODEL_LIST);
		*filter = (struct model_filter){ .framework = framework,
			.agent = slot,
			.due_ns = m->now_ns + lives_ns };
		snprintf(filter->role, sizeof filter->role, "%s", role);
		tp_resources_copy(&filter->refused, resources);
	}
	want(m, slot, refuse_ns != 0);
}

void model_convert(struct model *m, int framework, int slot, const char *role,
	const resources_t *from, const resources_t *to)
{
	struct model_agent *agent = &m->agents[slot];

	hold_more(m, framework, slot, role, to);
	hold_less(m, framework, slot, role, from);
	tp_resources_subtract(&agent->total, from);
	tp_resources_add(&agent->total, to);
}

void model_quota(struct model *m, const char *role,
	const struct tp_quantities *guarantees, const struct tp_quantities *limits)
{
	struct model_rule rule = { .guarantees = *guarantees, .limits = *limits };
	struct model_rule *there = rule_of(m, role);

	snprintf(rule.role, sizeof rule.role, "%s", role);
	rule.guaranteed = !tp_quantities_empty(guarantees);
	for (unsigned i = 0; i < TP_QUANTITIES_MAX; i++)
		rule.limited = rule.limited || limits->milli[i] != INT64_MAX;
	if (there != NULL)
		*there = m->rules[--m->n_rules];
	if (rule.guaranteed || rule.limited)
		m->rules[m->n_rules++] = rule;
	want_all(m);
}

void model_weight(struct model *m, const char *role, double weight)
{
	struct model_weight *there = NULL;

	for (int i = 0; i < m->n_weights; i++)
		if (strcmp(m->weights[i].role, role) == 0)
			there = &m->weights[i];
	if (there == NULL)
		there = &m->weights[m->n_weights++];
	snprintf(there->role, sizeof there->role, "%s", role);
	there->weight = weight;
}

void model_request(struct model *m, int agent)
{
	want(m, agent, true);
}
