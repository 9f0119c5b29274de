/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotas and weights. Quota is a matter of top-level roles: what they consume is what they and all
 * below them hold of unreserved resources, and every reservation for them, used or not. A
 * guarantee of the config stands beside that of quota; the larger counts.
 */
#include <errno.h>
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/metric.h"
#include "core/cluster/allocation/names.h"
#include "tepui/log.h"
#include "tepui/role.h"

/* Its owner has asked check_quota() before. */
static int place_of(
	struct tp_allotment *self, const struct tp_quota_config *config, const char *name)
{
	int at = tp_quantity_names_add(&self->names, name);

	if (at < 0)
		tp_err(self->instance,
			"a quota is not kept: it is of more kinds of resources than "
			"count",
			"role=%s resource=%s", config->role, name);
	return at;
}

static void guarantees_read(struct tp_allotment *self,
	const struct tp_quota_config *config, struct tp_quantities *ret)
{
	size_t i;
	int at;

	*ret = (struct tp_quantities){ { 0 } };
	for (i = 0; config != NULL && i < config->n_guarantees; i++) {
		at = place_of(self, config, config->guarantees[i]->key);
		if (at >= 0 && config->guarantees[i]->value != NULL)
			ret->milli[at] = config->guarantees[i]->value->value_milli;
	}
}

static void limits_read(struct tp_allotment *self, const struct tp_quota_config *config,
	struct tp_quantities *ret)
{
	size_t i;
	int at;

	tp_quantities_fill(ret, INT64_MAX);
	for (i = 0; config != NULL && i < config->n_limits; i++) {
		at = place_of(self, config, config->limits[i]->key);
		if (at >= 0 && config->limits[i]->value != NULL)
			ret->milli[at] = config->limits[i]->value->value_milli;
	}
}

static void raise_to(struct tp_quantities *q, const struct tp_quantities *least)
{
	unsigned i;

	for (i = 0; i < TP_QUANTITIES_MAX; i++)
		if (q->milli[i] < least->milli[i])
			q->milli[i] = least->milli[i];
}

static bool is_limited(const struct tp_quantities *limits)
{
	unsigned i;

	for (i = 0; i < TP_QUANTITIES_MAX; i++)
		if (limits->milli[i] != INT64_MAX)
			return true;
	return false;
}

static void quota_replace(
	struct tp_allotment *self, struct alloc_role *role, struct alloc_quota *quota)
{
	quota->guaranteed = !tp_quantities_empty(&quota->guarantees);
	quota->limited = is_limited(&quota->limits);
	if (role->quota != NULL)
		self->n_quotas--;
	tp_free(role->quota);
	role->quota = NULL;
	alloc_names_grown(self);
	if (quota->guaranteed || quota->limited) {
		role->quota = tp_alloc(sizeof *role->quota);
		*role->quota = *quota;
		self->n_quotas++;
	}
	alloc_role_metrics_remove(role);
	alloc_role_metrics_add(self, role);
	alloc_role_release(self, role);
}

void alloc_quota_set(
	struct tp_allotment *self, const char *name, const struct tp_quota_config *config)
{
	struct alloc_role *role = alloc_role_get(self, name);
	struct alloc_quota quota = { .guaranteed = false };

	guarantees_read(self, config, &quota.guarantees);
	limits_read(self, config, &quota.limits);
	if (role->config != NULL)
		raise_to(&quota.guarantees, role->config);
	quota_replace(self, role, &quota);
}

int alloc_quota_guarantee(struct tp_allotment *self, const char *name, const char *text,
	struct tp_error *err)
{
	struct tp_quantities least;
	struct alloc_quota quota = { .guaranteed = false };
	struct alloc_role *role;
	int r;

	r = tp_role_validate(name, err);
	if (r < 0)
		return r;
	if (strchr(name, '/') != NULL)
		return tp_fail(err, EINVAL,
			"'%s': only top-level roles have guarantees, name its part "
			"before the '/'",
			name);
	r = tp_quantities_parse(&least, &self->names, text, err);
	if (r < 0)
		return tp_wrap(err, r, "guarantee of '%s'", name);
	role = alloc_role_get(self, name);
	if (role->config == NULL)
		role->config = tp_alloc(sizeof *role->config);
	*role->config = least;
	quota.guarantees = least;
	tp_quantities_fill(&quota.limits, INT64_MAX);
	quota_replace(self, role, &quota);
	return 0;
}

void alloc_quota_consumed(const struct alloc_role *role, struct tp_quantities *ret)
{
	*ret = role->unreserved;
	tp_quantities_add(ret, &role->all_reserved);
}

void alloc_quota_missing(const struct alloc_role *role, struct tp_quantities *ret)
{
	struct tp_quantities consumed;

	alloc_quota_consumed(role, &consumed);
	*ret = role->quota->guarantees;
	tp_quantities_subtract(ret, &consumed);
}

void alloc_quota_required(const struct tp_allotment *self, struct tp_quantities *ret)
{
	struct tp_quantities missing;
	uint32_t i;

	*ret = (struct tp_quantities){ { 0 } };
	for (i = 0; self->n_quotas > 0 && i < self->n_roles; i++) {
		const struct alloc_role *role = self->roles[i];

		if (role == NULL || role->quota == NULL || !role->quota->guaranteed ||
			role->depth > 0)
			continue;
		alloc_quota_missing(role, &missing);
		tp_quantities_add(ret, &missing);
	}
}

uint32_t alloc_quota_hungry(const struct tp_allotment *self)
{
	struct tp_quantities missing;
	uint32_t n = 0, i;

	for (i = 0; self->n_quotas > 0 && i < self->n_roles; i++) {
		const struct alloc_role *role = self->roles[i];

		if (role == NULL || role->quota == NULL || !role->quota->guaranteed ||
			role->n_listed == 0)
			continue;
		alloc_quota_missing(role, &missing);
		n += !tp_quantities_empty(&missing);
	}
	return n;
}

void alloc_weight_set(struct tp_allotment *self, const char *name, double weight)
{
	struct alloc_role *role;

	if (!(weight > 0))
		return; /* the owner refuses such a weight */
	role = alloc_role_get(self, name);
	role->weighted = weight != 1;
	role->weight = weight;
	if (self->role_sorter.ops->update_weight != NULL)
		self->role_sorter.ops->update_weight(self->role_order, name, weight);
	alloc_role_release(self, role);
}
