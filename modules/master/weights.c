/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weight that is set to 1 stays in the registry, as the field knows it: setting it was
 * somebody's decision. Offers that were made by the old weights are taken back, when a role with
 * frameworks has another one.
 */
#include "weights.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "frameworks.h"
#include "offers.h"
#include "roles.h"
#include "settings.h"

#include "tepui/record.h"
#include "tepui/role.h"

struct weight {
	struct tp_map_node node;
	struct tp_weight_info info;
	char role[];
};

struct weights {
	struct tp_map by_role;
	struct tp_list storing; /* struct settings_change; told later */
};

int weights_create(struct master *m)
{
	m->weights = tp_alloc(sizeof *m->weights);
	tp_map_init(&m->weights->by_role);
	tp_list_init(&m->weights->storing);
	return 0;
}

void weights_destroy(struct master *m)
{
	struct tp_list *node, *tmp;

	if (m->weights == NULL)
		return;
	tp_map_foreach (node, tmp, &m->weights->by_role)
		tp_free(tp_map_entry(node, struct weight, node));
	tp_map_fini(&m->weights->by_role);
	tp_free(m->weights);
	m->weights = NULL;
}

static struct weight *find(const struct master *m, const char *role)
{
	return tp_map_get(&m->weights->by_role, role, struct weight, node);
}

static const char *role_of(const struct tp_weight_info *info)
{
	return info->role == NULL ? "*" : info->role;
}

bool weights_any(const struct master *m)
{
	return m->weights->by_role.n > 0;
}

void weights_load(struct master *m, const struct tp_weight_info *info)
{
	struct weight *weight = find(m, role_of(info));
	size_t len = strlen(role_of(info)) + 1;

	if (weight == NULL) {
		weight = tp_alloc(sizeof *weight + len);
		memcpy(weight->role, role_of(info), len);
		tp_map_add(&m->weights->by_role, &weight->node, weight->role);
	}
	weight->info = (struct tp_weight_info){
		.has_weight = true, .weight = info->weight, .role = weight->role
	};
}

int weights_allocate(const struct master *m, struct tp_error *err)
{
	struct tp_list *node, *tmp;

	if (m->allocator.ops->update_weights == NULL)
		return m->weights->by_role.n == 0 && tp_list_empty(&m->weights->storing)
			? 0
			: tp_fail(err, ENOTSUP,
				  "roles have weights, and the allocator knows none: use "
				  "another");
	tp_map_foreach (node, tmp, &m->weights->by_role) {
		struct tp_weight_info *info =
			&tp_map_entry(node, struct weight, node)->info;

		m->allocator.ops->update_weights(m->allocator.impl, &info, 1);
	}
	return 0;
}

double weight_of(const struct master *m, const char *role)
{
	const struct weight *weight = find(m, role);

	return weight == NULL ? 1.0 : weight->info.weight;
}

struct tp_master_response_get_weights *weights_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_weights *record =
		tp_record_new(&tp_master_response_get_weights_desc, arena);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &m->weights->by_role)
		tp_arena_push(arena, &record->weight_infos, &record->n_weight_infos,
			&tp_map_entry(node, struct weight, node)->info);
	return record;
}

/* --- changing them --------------------------------------------------------------------- */

static int check(const struct master *m, const struct tp_master_call_update_weights *call,
	struct tp_error *err)
{
	int r = m->allocator.ops->update_weights == NULL
		? tp_fail(err, ENOTSUP, "the allocator knows no weights: use another")
		: 0;

	if (r >= 0 && call->n_weight_infos > SETTINGS_MAX)
		r = tp_fail(err, EINVAL,
			"%zu roles are more than %d in one call: take several calls",
			call->n_weight_infos, SETTINGS_MAX);
	for (size_t i = 0; r >= 0 && i < call->n_weight_infos; i++) {
		const struct tp_weight_info *info = call->weight_infos[i];

		if (info->role == NULL)
			return tp_fail(err, EINVAL, "A weight names no role");
		r = roles_check(m, info->role, err);
		if (r >= 0 && !(isfinite(info->weight) && info->weight > 0))
			r = tp_fail(err, EINVAL,
				"Invalid weight '%g' for role '%s': weights must be "
				"positive",
				info->weight, role_of(info));
		for (size_t k = 0; r >= 0 && k < i; k++) {
			if (strcmp(role_of(info), role_of(call->weight_infos[k])) == 0)
				r = tp_fail(err, EINVAL, "Role '%s' is there twice",
					role_of(info));
		}
	}
	return r;
}

/* Does a framework want offers by it? A weight counts for all that is below its role, too. */
static bool role_is_active(const struct master *m, const char *role)
{
	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		const struct framework *f = frameworks_at(m, i);

		for (size_t k = 0; f != NULL && k < f->n_roles; k++) {
			if (tp_role_is_within(f->roles[k], role))
				return true;
		}
	}
	return false;
}

static void stored(struct master *m, const void *record)
{
	const struct tp_master_call_update_weights *wanted = record;
	bool matters = false;

	for (size_t i = 0; i < wanted->n_weight_infos; i++) {
		const struct tp_weight_info *info = wanted->weight_infos[i];

		matters = matters ||
			(weight_of(m, info->role) != info->weight &&
				role_is_active(m, info->role));
		weights_load(m, info);
	}
	m->allocator.ops->update_weights(
		m->allocator.impl, wanted->weight_infos, wanted->n_weight_infos);
	if (matters)
		offers_withdraw_all(m);
	tp_info(m, "weights of roles changed", "roles=%zu", wanted->n_weight_infos);
}

void weights_update(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	const struct tp_master_call_update_weights *wanted = call->update_weights;
	struct settings_change *change = settings_create(m, submission);
	struct tp_error err = { 0 };
	int r = check(m, wanted, &err);

	change->wanted = wanted;
	change->stored = stored;
	for (size_t i = 0; i < wanted->n_weight_infos; i++)
		settings_add(change, role_of(wanted->weight_infos[i]),
			wanted->weight_infos[i]);
	settings_apply(change, TP_REGISTRY_WEIGHT, &m->weights->storing, r, &err);
}
