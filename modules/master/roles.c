/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of roles. With a whitelist exactly its roles and '*'; else the roles of frameworks,
 * of reservations, and those with a weight or quota of their own, with all above them. Resources are
 * those allocated or offered.
 */
#include "roles.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "frameworks.h"
#include "idrecord.h"
#include "overlap.h"
#include "quota.h"
#include "use.h"
#include "weights.h"

#include "tepui/role.h"

int roles_check(const struct master *m, const char *role, struct tp_error *err)
{
	int r = tp_role_validate(role, err);

	if (r < 0 || m->n_roles == 0 || strcmp(role, TP_ROLE_DEFAULT) == 0)
		return r;
	for (size_t i = 0; i < m->n_roles; i++) {
		if (strcmp(m->roles[i], role) == 0)
			return 0;
	}
	return tp_fail(
		err, EINVAL, "Role '%s' is not present in the master's --roles", role);
}

struct role {
	struct tp_map_node node;
	struct tp_role *record;
	struct tp_resources resources;
};

struct roles {
	struct tp_map map;
	struct tp_arena *arena;
	bool whitelisted;
	const struct master *master;
};

static struct role *role_get(struct roles *roles, const char *name, bool add)
{
	struct role *role = tp_map_get(&roles->map, name, struct role, node);

	if (role != NULL || !add)
		return role;
	role = tp_arena_alloc(roles->arena, sizeof *role);
	role->record = tp_record_new(&tp_role_desc, roles->arena);
	role->record->name = tp_arena_strdup(roles->arena, name);
	role->record->has_weight = true;
	role->record->weight = weight_of(roles->master, name);
	tp_map_add(&roles->map, &role->node, role->record->name);
	return role;
}

/* The role and all above it. */
static void mention(struct roles *roles, const char *name)
{
	if (roles->whitelisted)
		return;
	for (size_t len = strlen(name); len > 0; len = tp_role_parent(name, len))
		role_get(roles, tp_arena_strndup(roles->arena, name, len), true);
}

static void add_held(struct roles *roles, const struct tp_resources *resources)
{
	for (uint32_t i = 0; i < resources->n; i++) {
		const char *name = tp_resource_allocation(&resources->items[i]);
		struct role *role =
			name == NULL ? NULL : role_get(roles, name, !roles->whitelisted);

		if (role != NULL)
			tp_resources_add_item(&role->resources, &resources->items[i]);
	}
}

static void add_framework(struct roles *roles, const struct framework *f)
{
	struct tp_list *node, *tmp;

	for (size_t i = 0; i < f->n_roles; i++) {
		struct role *role;

		mention(roles, f->roles[i]);
		role = role_get(roles, f->roles[i], false);
		if (role != NULL)
			tp_arena_push(roles->arena, &role->record->frameworks,
				&role->record->n_frameworks,
				framework_id_record(roles->arena, f->id));
	}
	tp_list_foreach (node, tmp, &f->uses)
		add_held(roles,
			&tp_container_of(node, struct use, in_framework)->resources);
}

static void add_offers(struct roles *roles, const struct agent *a)
{
	tp_cleanup(resources) struct tp_resources offered = TP_RESOURCES_INIT;

	overlap_offered(a, NULL, &offered);
	add_held(roles, &offered);
}

static void add_reservations(struct roles *roles, const struct agent *a)
{
	for (uint32_t i = 0; i < a->total.n; i++) {
		const struct tp_resource_key *key = a->total.items[i].key;

		if (key->n_reservations > 0)
			mention(roles, key->role);
	}
}

/* What an operator decided of a role mentions it. */
static void add_decisions(struct roles *roles)
{
	const struct tp_master_response_get_weights *weights =
		weights_record(roles->master, roles->arena);
	const struct tp_quota_status *quota =
		quota_record(roles->master, roles->arena)->status;

	for (size_t i = 0; i < weights->n_weight_infos; i++) {
		if (weights->weight_infos[i]->weight != 1.0)
			mention(roles, weights->weight_infos[i]->role);
	}
	for (size_t i = 0; i < quota->n_configs; i++)
		mention(roles, quota->configs[i]->role);
}

struct tp_master_response_get_roles *roles_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_roles *record =
		tp_record_new(&tp_master_response_get_roles_desc, arena);
	struct roles roles = {
		.arena = arena, .whitelisted = m->n_roles > 0, .master = m
	};
	struct tp_list *node, *tmp;

	tp_map_init(&roles.map);
	if (roles.whitelisted)
		role_get(&roles, "*", true);
	for (size_t i = 0; i < m->n_roles; i++)
		role_get(&roles, m->roles[i], true);
	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		if (frameworks_at(m, i) != NULL)
			add_framework(&roles, frameworks_at(m, i));
	}
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		if (agents_at(m, i) == NULL)
			continue;
		add_offers(&roles, agents_at(m, i));
		add_reservations(&roles, agents_at(m, i));
	}
	add_decisions(&roles);
	tp_map_foreach (node, tmp, &roles.map) {
		struct role *role = tp_map_entry(node, struct role, node);

		tp_resources_flatten(&role->resources);
		tp_resources_to_records(&role->resources, TP_RESOURCE_POST, arena,
			&role->record->resources, &role->record->n_resources);
		tp_resources_fini(&role->resources);
		tp_arena_push(arena, &record->roles, &record->n_roles, role->record);
	}
	tp_map_fini(&roles.map);
	return record;
}
