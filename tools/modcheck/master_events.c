/* SPDX-License-Identifier: Apache-2.0 */
/* What a master tells its allocator: who comes, changes and goes, and what operators want. */
#include <stdio.h>
#include <string.h>

#include "master.h"
#include "tepui/codec.h"

/* Of JSON with ' for "; lives as long as the master. */
static void *record(struct master *m, const struct tp_desc *desc, const char *json)
{
	char *text = tp_arena_strdup(m->arena, json);
	struct tp_error err = { 0 };
	void *ret = NULL;

	for (char *at = text; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	if (!expect(m->check,
		    tp_json_decode(desc, text, strlen(text), m->arena, &ret, &err) >= 0,
		    "%s", err.text))
		return tp_record_new(desc, m->arena);
	return ret;
}

/* Splits "a,b"; at most `max`. */
static size_t names(struct master *m, const char *text, const char **ret, size_t max)
{
	char *rest = text == NULL ? NULL : tp_arena_strdup(m->arena, text), *one;
	size_t n = 0;

	while (n < max && (one = strsep(&rest, ",")) != NULL)
		ret[n++] = one;
	return n;
}

/* --- agents ---------------------------------------------------------------------------- */

static const struct tp_agent_info *agent_info(
	struct master *m, uint32_t slot, const char *json)
{
	struct tp_agent_info *info =
		record(m, &tp_agent_info_desc, json != NULL ? json : "{}");
	char text[32];

	snprintf(text, sizeof(text), "host%u", slot);
	if (info->hostname == NULL)
		info->hostname = tp_arena_strdup(m->arena, text);
	snprintf(text, sizeof(text), "agent%u", slot);
	info->id = tp_record_new(&tp_agent_id_desc, m->arena);
	info->id->value = tp_arena_strdup(m->arena, text);
	return info;
}

static void tell_agent(struct master *m, uint32_t slot, bool comes)
{
	const struct master_agent *agent = &m->agents[slot];
	const struct tp_allocator_agent spec = { .info = agent->info,
		.capabilities = agent->capabilities,
		.total = &agent->total,
		.unavailability = agent->unavailability,
		.active = agent->active };
	struct tp_allocator_use used[HELD_MAX * 2];
	size_t n = 0;

	for (size_t i = 0; i < m->n_uses; i++) {
		if (m->uses[i].agent == slot)
			used[n++] = (struct tp_allocator_use){ m->uses[i].framework, slot,
				&m->uses[i].resources };
	}
	for (size_t i = 0; i < m->n_offers; i++) {
		if (m->offers[i].agent == slot)
			used[n++] = (struct tp_allocator_use){ m->offers[i].framework,
				slot, &m->offers[i].resources };
	}
	m->inside = true;
	if (comes)
		m->ops->add_agent(m->impl, slot, &spec, used, n);
	else
		m->ops->update_agent(m->impl, slot, &spec);
	m->inside = false;
}

void master_agent(struct master *m, uint32_t slot, const struct agent_spec *spec)
{
	struct master_agent *agent = &m->agents[slot];
	bool comes = !agent->used;

	agent->used = true;
	agent->active = !spec->inactive;
	agent->info = agent_info(m, slot, spec->info);
	agent->capabilities =
		(AGENT_CAN(MULTI_ROLE) | AGENT_CAN(HIERARCHICAL_ROLE)) & ~spec->cannot;
	tp_resources_fini(&agent->total);
	agent->total = master_parse(m, spec->total != NULL ? spec->total : ALL, NULL);
	agent->unavailability = spec->unavailability;
	if (comes && spec->used != NULL) {
		tp_cleanup(resources) struct tp_resources some =
			master_parse(m, spec->used, "role");

		master_note_use(m, spec->by, slot, &some);
	}
	tell_agent(m, slot, comes);
}

void master_add_agent(
	struct master *m, uint32_t slot, const char *total, const char *used, uint32_t by)
{
	master_agent(
		m, slot, &(struct agent_spec){ .total = total, .used = used, .by = by });
}

/* Its offers are withdrawn, as a master does it before it tells the allocator. */
void master_remove_agent(struct master *m, uint32_t slot)
{
	for (size_t i = m->n_offers; i-- > 0;) {
		if (m->offers[i].agent == slot)
			master_answer(m, i, "", -1);
	}
	for (size_t i = m->n_uses; i-- > 0;) {
		if (m->uses[i].agent == slot)
			master_held_remove(m->uses, &m->n_uses, i);
	}
	m->inside = true;
	m->ops->remove_agent(m->impl, slot);
	m->inside = false;
	tp_resources_fini(&m->agents[slot].total);
	m->agents[slot] = (struct master_agent){ .used = false };
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

/* --- frameworks ------------------------------------------------------------------------ */

static const struct tp_framework_info *framework_info(
	struct master *m, uint32_t slot, const struct framework_spec *spec)
{
	tp_cleanup(ptr) char *json = spec->filters == NULL
		? tp_strdup("{}")
		: tp_asprintf("{'offer_filters': %s}", spec->filters);
	struct tp_framework_info *info = record(m, &tp_framework_info_desc, json);
	char id[32];

	snprintf(id, sizeof(id), "framework%u", slot);
	info->id = tp_record_new(&tp_framework_id_desc, m->arena);
	info->id->value = tp_arena_strdup(m->arena, id);
	info->user = "user";
	info->name = "name";
	info->roles = tp_arena_alloc(m->arena, ROLES_MAX * sizeof(*info->roles));
	info->n_roles = names(
		m, spec->roles != NULL ? spec->roles : "role", info->roles, ROLES_MAX);
	for (int i = 0; i < 32; i++) {
		struct tp_framework_info_capability *one;

		if ((spec->can & 1U << i) == 0)
			continue;
		one = tp_record_new(&tp_framework_info_capability_desc, m->arena);
		one->has_type = true;
		one->type = i;
		tp_arena_push(m->arena, &info->capabilities, &info->n_capabilities, one);
	}
	return info;
}

static void tell_framework(struct master *m, uint32_t slot, bool comes)
{
	const struct master_framework *framework = &m->frameworks[slot];
	const struct tp_allocator_framework spec = { .info = framework->info,
		.suppressed_roles = framework->suppressed,
		.n_suppressed_roles = framework->n_suppressed,
		.constraints = framework->constraints,
		.active = framework->active };
	struct tp_allocator_use used[HELD_MAX];
	size_t n = 0;

	for (size_t i = 0; comes && i < m->n_uses; i++) {
		if (m->uses[i].framework == slot)
			used[n++] = (struct tp_allocator_use){ slot, m->uses[i].agent,
				&m->uses[i].resources };
	}
	m->inside = true;
	if (comes)
		m->ops->add_framework(m->impl, slot, &spec, used, n);
	else
		m->ops->update_framework(m->impl, slot, &spec);
	m->inside = false;
}

void master_framework(struct master *m, uint32_t slot, const struct framework_spec *spec)
{
	struct master_framework *framework = &m->frameworks[slot];
	bool comes = !framework->used;

	framework->used = true;
	framework->active = !spec->inactive;
	framework->info = framework_info(m, slot, spec);
	framework->constraints = spec->constraints == NULL
		? NULL
		: record(m, &tp_offer_constraints_desc, spec->constraints);
	framework->n_suppressed =
		names(m, spec->suppressed, framework->suppressed, ROLES_MAX);
	tell_framework(m, slot, comes);
}

void master_add_framework(struct master *m, uint32_t slot)
{
	master_framework(m, slot, &(struct framework_spec){ .roles = NULL });
}

void master_remove_framework(struct master *m, uint32_t slot)
{
	for (size_t i = m->n_offers; i-- > 0;) {
		if (m->offers[i].framework == slot)
			master_answer(m, i, "", -1);
	}
	for (size_t i = m->n_inverse; i-- > 0;) {
		if (m->inverse[i].framework == slot)
			master_held_remove(m->inverse, &m->n_inverse, i);
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

static void note_suppressed(
	struct master_framework *framework, const char *role, bool suppressed)
{
	for (size_t i = framework->n_suppressed; i-- > 0;) {
		if (tp_streq(framework->suppressed[i], role))
			framework->suppressed[i] =
				framework->suppressed[--framework->n_suppressed];
	}
	if (suppressed)
		framework->suppressed[framework->n_suppressed++] = role;
}

void master_suppress(struct master *m, uint32_t slot, const char *role, bool suppressed)
{
	struct master_framework *framework = &m->frameworks[slot];

	for (size_t i = 0; i < framework->info->n_roles; i++) {
		const char *one = framework->info->roles[i];

		if (role == NULL || tp_streq(role, one))
			note_suppressed(framework, one, suppressed);
	}
	m->inside = true;
	if (suppressed)
		m->ops->suppress(m->impl, slot, &role, role == NULL ? 0 : 1);
	else
		m->ops->revive(m->impl, slot, &role, role == NULL ? 0 : 1);
	m->inside = false;
}

void master_run(struct master *m)
{
	memset(m->told, 0, sizeof(m->told));
	m->runs = true;
	m->ops->run(m->impl);
	m->runs = false;
}

/* --- a replay -------------------------------------------------------------------------- */

static void copy_books(struct master *to, const struct master *from)
{
	for (size_t i = 0; i < from->n_uses; i++)
		master_note_use(to, from->uses[i].framework, from->uses[i].agent,
			&from->uses[i].resources);
	for (size_t i = 0; i < from->n_offers; i++) {
		to->offers[i] = (struct master_held){ from->offers[i].framework,
			from->offers[i].agent, TP_RESOURCES_INIT };
		tp_resources_copy(&to->offers[i].resources, &from->offers[i].resources);
		to->n_offers++;
	}
	for (uint32_t i = 0; i < AGENTS_MAX; i++) {
		to->agents[i] = from->agents[i];
		to->agents[i].total = (struct tp_resources)TP_RESOURCES_INIT;
		tp_resources_copy(&to->agents[i].total, &from->agents[i].total);
	}
	memcpy(to->frameworks, from->frameworks, sizeof(to->frameworks));
}

void master_replay(struct master *to, const struct master *from)
{
	copy_books(to, from);
	to->ops->pause(to->impl);
	for (uint32_t i = 0; i < AGENTS_MAX; i++) {
		if (to->agents[i].used)
			tell_agent(to, i, true);
	}
	for (uint32_t i = 0; i < FRAMEWORKS_MAX; i++) {
		if (to->frameworks[i].used)
			tell_framework(to, i, true);
	}
	to->ops->resume(to->impl);
}
