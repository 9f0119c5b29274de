/* SPDX-License-Identifier: Apache-2.0 */
/* What a master tells its allocator because operators or operations want it. */
#include <string.h>

#include "master.h"

/* --- operations ------------------------------------------------------------------------ */

static void convert_total(struct master *m, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to)
{
	tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

	tp_resources_copy(&plain, from);
	tp_resources_unallocate(&plain);
	tp_resources_subtract(&m->agents[slot].total, &plain);
	tp_resources_copy(&plain, to);
	tp_resources_unallocate(&plain);
	tp_resources_add(&m->agents[slot].total, &plain);
}

void master_convert(
	struct master *m, uint32_t framework, const char *from, const char *to)
{
	struct master_held *offer = NULL;
	const char *role;

	for (size_t i = m->n_offers; i-- > 0;) {
		if (m->offers[i].framework == framework)
			offer = &m->offers[i];
	}
	if (!expect(m->check, offer != NULL, "no offer of framework %u", framework))
		return;
	role = tp_resource_allocation(&offer->resources.items[0]);
	tp_cleanup(resources) struct tp_resources less = master_parse(m, from, role);
	tp_cleanup(resources) struct tp_resources more = master_parse(m, to, role);

	if (!expect(m->check, tp_resources_contains(&offer->resources, &less),
		    "an offer without '%s'", from))
		return;
	tp_resources_subtract(&offer->resources, &less);
	tp_resources_add(&offer->resources, &more);
	if (!tp_resources_empty(&less)) /* else: copies of a shared volume */
		convert_total(m, offer->agent, &less, &more);
	m->inside = true;
	m->ops->update_allocation(m->impl, framework, offer->agent, &less, &more);
	m->inside = false;
}

int master_convert_free(struct master *m, uint32_t agent, const char *from,
	const char *to, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources less = master_parse(m, from, NULL);
	tp_cleanup(resources) struct tp_resources more = master_parse(m, to, NULL);
	int r;

	m->inside = true;
	r = m->ops->update_available(m->impl, agent, &less, &more, err);
	m->inside = false;
	if (r >= 0)
		convert_total(m, agent, &less, &more);
	return r;
}

/* --- shares ---------------------------------------------------------------------------- */

void master_quota(
	struct master *m, const char *role, const char *guarantees, const char *limits)
{
	tp_cleanup(resources) struct tp_resources least =
		master_parse(m, guarantees, NULL);
	tp_cleanup(resources) struct tp_resources most = master_parse(m, limits, NULL);
	struct tp_quota_config *quota = tp_record_new(&tp_quota_config_desc, m->arena);

	quota->role = role;
	for (uint32_t i = 0; i < least.n; i++) {
		struct tp_quota_config_guarantees_entry *row =
			tp_arena_alloc(m->arena, sizeof(*row));

		row->key = tp_arena_strdup(m->arena, least.items[i].key->name);
		row->value = tp_record_new(&tp_value_scalar_desc, m->arena);
		row->value->value_milli = least.items[i].milli;
		tp_arena_push(m->arena, &quota->guarantees, &quota->n_guarantees, row);
	}
	for (uint32_t i = 0; i < most.n; i++) {
		struct tp_quota_config_limits_entry *row =
			tp_arena_alloc(m->arena, sizeof(*row));

		row->key = tp_arena_strdup(m->arena, most.items[i].key->name);
		row->value = tp_record_new(&tp_value_scalar_desc, m->arena);
		row->value->value_milli = most.items[i].milli;
		tp_arena_push(m->arena, &quota->limits, &quota->n_limits, row);
	}
	m->inside = true;
	m->ops->update_quota(m->impl, role, quota);
	m->inside = false;
}

void master_weight(struct master *m, const char *role, double weight)
{
	struct tp_weight_info info = { .role = role, .weight = weight };
	struct tp_weight_info *const weights[] = { &info };

	m->inside = true;
	m->ops->update_weights(m->impl, weights, 1);
	m->inside = false;
}

/* --- where ----------------------------------------------------------------------------- */

void master_whitelist(struct master *m, const char *hostnames)
{
	char *rest = hostnames == NULL ? NULL : tp_arena_strdup(m->arena, hostnames);
	char *one;

	m->n_whitelist = 0;
	m->whitelist = hostnames == NULL
		? NULL
		: tp_arena_alloc(m->arena, AGENTS_MAX * sizeof(*m->whitelist));
	while ((one = strsep(&rest, ",")) != NULL) {
		if (*one != '\0')
			m->whitelist[m->n_whitelist++] = one;
	}
	m->inside = true;
	m->ops->update_whitelist(m->impl, m->whitelist, m->n_whitelist);
	m->inside = false;
}

void master_region(struct master *m, const char *region)
{
	struct tp_domain_info *domain = tp_record_new(&tp_domain_info_desc, m->arena);

	domain->fault_domain = tp_record_new(&tp_domain_info_fault_domain_desc, m->arena);
	domain->fault_domain->region =
		tp_record_new(&tp_domain_info_fault_domain_region_info_desc, m->arena);
	domain->fault_domain->region->name = region;
	m->region = region;
	m->inside = true;
	m->ops->update_domain(m->impl, domain);
	m->inside = false;
}

/* --- maintenance ----------------------------------------------------------------------- */

const struct tp_unavailability *master_when(struct master *m, int64_t hour)
{
	struct tp_unavailability *when = tp_record_new(&tp_unavailability_desc, m->arena);

	when->start = tp_record_new(&tp_time_info_desc, m->arena);
	when->start->nanoseconds = INT64_C(1800000000) * TP_SEC + hour * TP_HOUR;
	return when;
}

/* Inverse offers of the agent end, as its owner withdraws them. */
void master_unavailability(struct master *m, uint32_t slot, int64_t hour)
{
	for (size_t i = m->n_inverse; i-- > 0;) {
		if (m->inverse[i].agent == slot)
			master_held_remove(m->inverse, &m->n_inverse, i);
	}
	m->agents[slot].unavailability = hour < 0 ? NULL : master_when(m, hour);
	m->inside = true;
	m->ops->update_unavailability(m->impl, slot, m->agents[slot].unavailability);
	m->inside = false;
}

void master_answer_inverse(struct master *m, bool answered, int64_t refuse_ns)
{
	const struct tp_allocator_inverse_answer answer = { answered, refuse_ns };
	struct master_held asked = m->inverse[0];

	if (!expect(m->check, m->n_inverse > 0, "no inverse offer to answer"))
		return;
	master_held_remove(m->inverse, &m->n_inverse, 0);
	m->inside = true;
	m->ops->update_inverse_offer(m->impl, asked.framework, asked.agent, &answer);
	m->inside = false;
}
