/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There are TP_QUANTITIES_MAX places, for the names of the config, of quotas and of what agents have;
 * who comes first gets one, and keeps it. What has none is offered like all else but counts for
 * nobody's share, so it must not have a quota. Frameworks take no places.
 */
#include "core/cluster/allocation/names.h"

#include <errno.h>
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "tepui/log.h"

void alloc_names_grown(struct tp_allotment *self)
{
	if (self->cluster.n_names == self->names.n)
		return;
	self->cluster.n_names = self->names.n;
	alloc_minimums_resolve(self);
}

void alloc_names_judge_agent(struct tp_allotment *self, const struct tp_resources *total)
{
	uint32_t i;

	if (self->names.n < TP_QUANTITIES_MAX || self->names_warned)
		return;
	for (i = 0; i < total->n; i++) {
		if (total->items[i].key->type != TP_VALUE_SCALAR ||
			tp_quantity_of(&self->names, &total->items[i]) >= 0)
			continue;
		tp_warn(self->instance,
			"more kinds of scalar resources than count: some are offered, "
			"but change nobody's share and can have no quota",
			"resource=%s most=%d", total->items[i].key->name,
			TP_QUANTITIES_MAX);
		self->names_warned = true;
		return;
	}
}

static int claim(struct tp_quantity_names *names, const struct tp_quota_config *quota,
	const char *name, struct tp_error *err)
{
	if (tp_quantity_names_add(names, name) >= 0)
		return 0;
	return tp_fail(err, EINVAL,
		"Quota of role '%s': '%s' is one kind of resource more than the %d that "
		"the allocator counts, those of agents, of other quotas and of its "
		"config "
		"together; it forgets old ones when it starts",
		quota->role, name, TP_QUANTITIES_MAX);
}

static int claim_all(struct tp_quantity_names *names, const struct tp_quota_config *quota,
	struct tp_error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < quota->n_guarantees; i++)
		r = claim(names, quota, quota->guarantees[i]->key, err);
	for (i = 0; r >= 0 && i < quota->n_limits; i++)
		r = claim(names, quota, quota->limits[i]->key, err);
	return r;
}

int alloc_names_claim(struct tp_allotment *self, struct tp_quota_config *const *quotas,
	size_t n, struct tp_error *err)
{
	struct tp_quantity_names *names = &self->names;
	uint32_t before = names->n;
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < n; i++)
		r = claim_all(names, quotas[i], err);
	while (r < 0 && names->n > before)
		tp_free((void *)names->names[--names->n]);
	alloc_names_grown(self);
	return r;
}
