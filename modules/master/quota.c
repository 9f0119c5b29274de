/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator wants is checked against what is, made durable, and told to the allocator, who
 * enforces it. Offers that stand in the way are taken back: those of the role itself when they
 * exceed its limits, those of others while its guarantees are not met.
 */
#include "quota.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "frameworks.h"
#include "offers.h"
#include "overlap.h"
#include "roles.h"
#include "settings.h"
#include "use.h"

#include "tepui/record.h"
#include "tepui/role.h"

#define AMOUNT_MAX_MILLI (INT64_C(1000) * 1000 * 1000 * 1000 * 1000)

struct quota {
	struct tp_map_node node;
	struct tp_arena *arena;
	struct tp_quota_config *config;
};

struct quotas {
	struct tp_map by_role;
	/* With what is on its way to the registry: the next change must fit beside that. */
	struct tp_map promised;
	struct tp_list storing; /* struct settings_change; told later */
};

int quota_create(struct master *m)
{
	m->quotas = tp_alloc(sizeof *m->quotas);
	tp_map_init(&m->quotas->by_role);
	tp_map_init(&m->quotas->promised);
	tp_list_init(&m->quotas->storing);
	return 0;
}

static struct quota *find(const struct tp_map *map, const char *role)
{
	return tp_map_get(map, role, struct quota, node);
}

static void forget(struct tp_map *map, struct quota *quota)
{
	tp_map_remove(map, &quota->node);
	tp_arena_destroy(quota->arena);
	tp_free(quota);
}

static void forget_all(struct tp_map *map)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, map)
		forget(map, tp_map_entry(node, struct quota, node));
	tp_map_fini(map);
}

void quota_destroy(struct master *m)
{
	if (m->quotas == NULL)
		return;
	forget_all(&m->quotas->by_role);
	forget_all(&m->quotas->promised);
	tp_free(m->quotas);
	m->quotas = NULL;
}

/* Neither guarantees nor limits: what a role has that was never mentioned. */
static bool is_default(const struct tp_quota_config *config)
{
	return config->n_guarantees == 0 && config->n_limits == 0;
}

static void put(struct tp_map *map, const struct tp_quota_config *config)
{
	struct quota *quota = find(map, config->role);

	if (quota != NULL)
		forget(map, quota);
	if (is_default(config))
		return;
	quota = tp_alloc(sizeof *quota);
	quota->arena = tp_arena_create(512);
	quota->config = tp_record_copy(&tp_quota_config_desc, config, quota->arena);
	tp_map_add(map, &quota->node, quota->config->role);
}

void quota_load(struct master *m, const struct tp_quota_config *config)
{
	put(&m->quotas->by_role, config);
	put(&m->quotas->promised, config);
}

static int can_keep(const struct master *m, struct tp_quota_config *const *configs,
	size_t n, struct tp_error *err)
{
	if (m->allocator.ops->check_quota == NULL)
		return 0;
	return m->allocator.ops->check_quota(m->allocator.impl, configs, n, err);
}

/* It will hear of them when they are durable, and can refuse none then. */
static int can_keep_stored(const struct master *m, struct tp_error *err)
{
	struct tp_list *node, *tmp;
	int r = 0;

	tp_list_foreach (node, tmp, &m->quotas->storing) {
		const struct tp_master_call_update_quota *wanted =
			tp_container_of(node, struct settings_change, node)->wanted;

		if (r >= 0)
			r = can_keep(
				m, wanted->quota_configs, wanted->n_quota_configs, err);
	}
	return r;
}

int quota_allocate(const struct master *m, struct tp_error *err)
{
	struct tp_list *node, *tmp;
	int r;

	if (m->allocator.ops->update_quota == NULL)
		return m->quotas->by_role.n == 0 && tp_list_empty(&m->quotas->storing)
			? 0
			: tp_fail(err, ENOTSUP,
				  "roles have quota, and the allocator knows none: use "
				  "another, or remove the quota first");
	r = can_keep_stored(m, err);
	if (r < 0)
		return r;
	tp_map_foreach (node, tmp, &m->quotas->by_role) {
		struct tp_quota_config *config =
			tp_map_entry(node, struct quota, node)->config;

		r = can_keep(m, &config, 1, err);
		if (r < 0)
			return r;
		m->allocator.ops->update_quota(m->allocator.impl, config->role, config);
	}
	return 0;
}

const struct tp_quota_config *quota_of(const struct master *m, const char *role)
{
	const struct quota *quota = find(&m->quotas->by_role, role);

	return quota == NULL ? NULL : quota->config;
}

/* A guarantee in the format of older clients. */
static void add_info(struct tp_quota_status *status, const struct tp_quota_config *config,
	struct tp_arena *arena)
{
	struct tp_quota_info *info = tp_record_new(&tp_quota_info_desc, arena);

	info->role = config->role;
	for (size_t i = 0; i < config->n_guarantees; i++) {
		struct tp_resource *resource = tp_record_new(&tp_resource_desc, arena);

		resource->name = config->guarantees[i]->key;
		resource->has_type = true;
		resource->type = TP_VALUE_SCALAR;
		resource->scalar = config->guarantees[i]->value;
		tp_arena_push(arena, &info->guarantee, &info->n_guarantee, resource);
	}
	if (info->n_guarantee > 0)
		tp_arena_push(arena, &status->infos, &status->n_infos, info);
}

struct tp_master_response_get_quota *quota_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_quota *record =
		tp_record_new(&tp_master_response_get_quota_desc, arena);
	struct tp_list *node, *tmp;

	record->status = tp_record_new(&tp_quota_status_desc, arena);
	tp_map_foreach (node, tmp, &m->quotas->by_role) {
		struct tp_quota_config *config =
			tp_map_entry(node, struct quota, node)->config;

		tp_arena_push(arena, &record->status->configs, &record->status->n_configs,
			config);
		add_info(record->status, config, arena);
	}
	return record;
}

/* --- what there is --------------------------------------------------------------------- */

static int64_t guarantee_milli(const struct tp_quota_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_guarantees; i++) {
		if (strcmp(config->guarantees[i]->key, name) == 0)
			return config->guarantees[i]->value->value_milli;
	}
	return 0;
}

/* INT64_MAX: no limit. */
static int64_t limit_milli(const struct tp_quota_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_limits; i++) {
		if (strcmp(config->limits[i]->key, name) == 0)
			return config->limits[i]->value->value_milli;
	}
	return INT64_MAX;
}

/* Items of one scalar that quota is about. */
struct tally {
	const char *name;
	const char *role; /* and below; NULL: whoever has it */
	bool reserved;    /* what is reserved, else what is allocated and is not */
	int64_t milli;
};

static void count(struct tally *tally, const struct tp_resources *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tp_resource_item *item = &r->items[i];
		const char *role =
			tally->reserved ? item->key->role : tp_resource_allocation(item);

		if (item->key->type != TP_VALUE_SCALAR ||
			strcmp(item->key->name, tally->name) != 0 ||
			(item->key->flags & TP_RESOURCE_REVOCABLE) != 0)
			continue;
		if (tally->role != NULL &&
			(role == NULL || !tp_role_is_within(role, tally->role) ||
				tally->reserved != (item->key->n_reservations > 0)))
			continue;
		tally->milli += item->milli;
	}
}

static int64_t cluster_milli(const struct master *m, const char *name)
{
	struct tally tally = { .name = name };

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		if (agents_at(m, i) != NULL)
			count(&tally, &agents_at(m, i)->total);
	}
	return tally.milli;
}

/* Reservations always count, what is unreserved while it is used. */
static int64_t consumed_milli(const struct master *m, const char *role, const char *name)
{
	struct tally reserved = { .name = name, .role = role, .reserved = true };
	struct tally used = { .name = name, .role = role };
	struct tp_list *node, *tmp;

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		const struct agent *a = agents_at(m, i);

		if (a == NULL)
			continue;
		count(&reserved, &a->total);
		tp_list_foreach (node, tmp, &a->uses)
			count(&used,
				&tp_container_of(node, struct use, in_agent)->resources);
	}
	return reserved.milli + used.milli;
}

static int64_t offered_milli(const struct master *m, const char *role, const char *name)
{
	struct tally offered = { .name = name, .role = role };

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		tp_cleanup(resources) struct tp_resources resources = TP_RESOURCES_INIT;
		const struct agent *a = agents_at(m, i);

		if (a == NULL)
			continue;
		overlap_offered(a, role, &resources);
		count(&offered, &resources);
	}
	return offered.milli;
}

/* --- what is wanted -------------------------------------------------------------------- */

static int check_amount(const char *role, const char *what, const char *name,
	const struct tp_value_scalar *value, struct tp_error *err)
{
	if (name == NULL || name[0] == '\0')
		return tp_fail(err, EINVAL, "Quota of role '%s': a %s names no resource",
			role, what);
	if (value == NULL || !value->has_value_milli || value->value_milli < 0)
		return tp_fail(err, EINVAL,
			"Quota of role '%s': the %s of '%s' must be a number that is not "
			"negative",
			role, what, name);
	if (value->value_milli > AMOUNT_MAX_MILLI)
		return tp_fail(err, EINVAL,
			"Quota of role '%s': the %s of '%s' is too large", role, what,
			name);
	return 0;
}

static int check_guarantees(const struct tp_quota_config *config, struct tp_error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < config->n_guarantees; i++) {
		const char *name = config->guarantees[i]->key;

		r = check_amount(config->role, "guarantee", name,
			config->guarantees[i]->value, err);
		for (size_t k = 0; r >= 0 && k < i; k++) {
			if (strcmp(config->guarantees[k]->key, name) == 0)
				r = tp_fail(err, EINVAL,
					"Quota of role '%s': the guarantee of '%s' is "
					"there twice",
					config->role, name);
		}
	}
	return r;
}

static int check_limits(const struct tp_quota_config *config, struct tp_error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < config->n_limits; i++) {
		const char *name = config->limits[i]->key;

		r = check_amount(
			config->role, "limit", name, config->limits[i]->value, err);
		for (size_t k = 0; r >= 0 && k < i; k++) {
			if (strcmp(config->limits[k]->key, name) == 0)
				r = tp_fail(err, EINVAL,
					"Quota of role '%s': the limit of '%s' is there "
					"twice",
					config->role, name);
		}
	}
	return r;
}

static int check_config(const struct master *m, const struct tp_quota_config *config,
	struct tp_error *err)
{
	int r = roles_check(m, config->role, err);

	if (r < 0)
		return r;
	if (config->n_guarantees > QUOTA_KINDS_MAX || config->n_limits > QUOTA_KINDS_MAX)
		return tp_fail(err, EINVAL,
			"Quota of role '%s' is of more than %d kinds of resources",
			config->role, QUOTA_KINDS_MAX);
	if (strchr(config->role, '/') != NULL)
		return tp_fail(err, EINVAL,
			"Setting quota on nested role '%s' is not supported: set it on "
			"its top-level role",
			config->role);
	r = check_guarantees(config, err);
	if (r >= 0)
		r = check_limits(config, err);
	for (size_t i = 0; r >= 0 && i < config->n_guarantees; i++) {
		const char *name = config->guarantees[i]->key;

		if (guarantee_milli(config, name) > limit_milli(config, name))
			r = tp_fail(err, EINVAL,
				"Quota of role '%s': the guarantee of '%s' exceeds its "
				"limit",
				config->role, name);
	}
	return r;
}

static const struct tp_quota_config *wanted_of(
	const struct tp_master_call_update_quota *wanted, const char *role)
{
	for (size_t i = 0; i < wanted->n_quota_configs; i++) {
		if (strcmp(wanted->quota_configs[i]->role, role) == 0)
			return wanted->quota_configs[i];
	}
	return NULL;
}

/* Stops at the most there can be: so many roles there may be, in many calls. */
static void add_up(int64_t *milli, int64_t more)
{
	if (__builtin_add_overflow(*milli, more, milli))
		*milli = INT64_MAX;
}

/* All guarantees of one resource, as they will be, with changes that are being stored. */
static int64_t guaranteed_milli(const struct master *m,
	const struct tp_master_call_update_quota *wanted, const char *name)
{
	struct tp_list *node, *tmp;
	int64_t milli = 0;

	for (size_t i = 0; i < wanted->n_quota_configs; i++)
		add_up(&milli, guarantee_milli(wanted->quota_configs[i], name));
	tp_map_foreach (node, tmp, &m->quotas->promised) {
		const struct tp_quota_config *config =
			tp_map_entry(node, struct quota, node)->config;

		if (wanted_of(wanted, config->role) == NULL)
			add_up(&milli, guarantee_milli(config, name));
	}
	return milli;
}

/* Does the cluster have what is promised, and does the role not have more than it may? */
static int check_fit(const struct master *m,
	const struct tp_master_call_update_quota *wanted,
	const struct tp_quota_config *config, struct tp_error *err)
{
	for (size_t i = 0; i < config->n_guarantees; i++) {
		const char *name = config->guarantees[i]->key;
		int64_t all = guaranteed_milli(m, wanted, name);
		int64_t there = cluster_milli(m, name);

		if (all > there)
			return tp_fail(err, ENOSPC,
				"All guarantees of '%s' would be %.3f, and the cluster "
				"has %.3f; 'force' sets them all the same",
				name, (double)all / 1000, (double)there / 1000);
	}
	for (size_t i = 0; i < config->n_limits; i++) {
		const char *name = config->limits[i]->key;
		int64_t has = consumed_milli(m, config->role, name);

		if (has > limit_milli(config, name))
			return tp_fail(err, ENOSPC,
				"Role '%s' has %.3f of '%s' already, more than the "
				"limit; 'force' sets it all the same",
				config->role, (double)has / 1000, name);
	}
	return 0;
}

int quota_check(const struct master *m, const struct tp_master_call_update_quota *wanted,
	struct tp_error *err)
{
	int r = m->allocator.ops->update_quota == NULL
		? tp_fail(err, ENOTSUP, "the allocator knows no quota: use another")
		: 0;

	if (r >= 0 && wanted->n_quota_configs > SETTINGS_MAX)
		r = tp_fail(err, EINVAL,
			"%zu roles are more than %d in one call: take several calls",
			wanted->n_quota_configs, SETTINGS_MAX);
	for (size_t i = 0; r >= 0 && i < wanted->n_quota_configs; i++) {
		const struct tp_quota_config *config = wanted->quota_configs[i];

		r = check_config(m, config, err);
		if (r >= 0 && wanted_of(wanted, config->role) != config)
			r = tp_fail(
				err, EINVAL, "Role '%s' is there twice", config->role);
	}
	for (size_t i = 0; r >= 0 && i < wanted->n_quota_configs; i++) {
		if (!(wanted->has_force && wanted->force))
			r = check_fit(m, wanted, wanted->quota_configs[i], err);
	}
	return r < 0 ? r
		     : can_keep(m, wanted->quota_configs, wanted->n_quota_configs, err);
}

/* --- what changes ---------------------------------------------------------------------- */

static bool exceeds_limits(const struct master *m, const struct tp_quota_config *config)
{
	for (size_t i = 0; i < config->n_limits; i++) {
		const char *name = config->limits[i]->key;

		if (consumed_milli(m, config->role, name) +
				offered_milli(m, config->role, name) >
			limit_milli(config, name))
			return true;
	}
	return false;
}

static bool lacks_guarantees(const struct master *m, const struct tp_quota_config *config)
{
	for (size_t i = 0; i < config->n_guarantees; i++) {
		const char *name = config->guarantees[i]->key;

		if (consumed_milli(m, config->role, name) +
				offered_milli(m, config->role, name) <
			guarantee_milli(config, name))
			return true;
	}
	return false;
}

/* Offers that quota makes untrue: the role's own or those of all others. */
static void take_back(struct master *m, const char *role, bool own)
{
	struct tp_list *node, *tmp;

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		struct agent *a = agents_at(m, i);

		if (a == NULL)
			continue;
		tp_list_foreach (node, tmp, &a->offers) {
			struct offer *offer =
				tp_container_of(node, struct offer, in_agent);

			if (tp_role_is_within(offer->role, role) == own)
				offer_withdraw(offer, true);
		}
	}
}

static void enforce(struct master *m, const struct tp_quota_config *config)
{
	m->allocator.ops->update_quota(m->allocator.impl, config->role, config);
	if (exceeds_limits(m, config))
		take_back(m, config->role, true);
	if (lacks_guarantees(m, config))
		take_back(m, config->role, false);
}

static void stored(struct master *m, const void *record)
{
	const struct tp_master_call_update_quota *wanted = record;

	for (size_t i = 0; i < wanted->n_quota_configs; i++) {
		put(&m->quotas->by_role, wanted->quota_configs[i]);
		enforce(m, wanted->quota_configs[i]);
	}
	tp_info(m, "quota of roles changed", "roles=%zu", wanted->n_quota_configs);
}

void quota_apply(struct settings_change *change,
	const struct tp_master_call_update_quota *wanted, int r,
	const struct tp_error *err)
{
	change->wanted = wanted;
	change->stored = stored;
	for (size_t i = 0; i < wanted->n_quota_configs; i++) {
		const struct tp_quota_config *config = wanted->quota_configs[i];

		settings_add(change, config->role, is_default(config) ? NULL : config);
		/* A store that fails ends the master: nothing takes this back. */
		if (r >= 0)
			put(&change->master->quotas->promised, config);
	}
	settings_apply(
		change, TP_REGISTRY_QUOTA, &change->master->quotas->storing, r, err);
}

void quota_update(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	struct settings_change *change = settings_create(m, submission);
	struct tp_error err = { 0 };
	int r = quota_check(m, call->update_quota, &err);

	/* Older calls say 409 to what does not fit, this one 400. */
	quota_apply(change, call->update_quota, r == -ENOSPC ? -EINVAL : r, &err);
}
