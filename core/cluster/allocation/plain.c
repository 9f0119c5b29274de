/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the plain part of an agent may be offered to a role: all of it, or what a limit and the
 * guarantees of others leave. It is prepared once for all clients of a role, and for all roles
 * that nothing but the headroom limits.
 *
 * Vectors of the run are copied as far as there are names; beyond them all are zero for ever.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/run.h"
#include "core/cluster/allocation/vector.h"

/* Takes what fits of the amount from what is left; what cannot be cut goes whole or not. */
static int64_t fit(const struct tp_resource_item *item, int64_t milli, int64_t *left)
{
	if (milli > *left) {
		if ((item->key->flags & TP_RESOURCE_WHOLE) != 0 || *left <= 0)
			return 0;
		milli = *left;
	}
	if (*left != INT64_MAX)
		*left -= milli;
	return milli;
}

/* The guaranteed part of each plain scalar; names that nothing is missing of have none. */
static void guarantee_cut(const struct tp_allotment *self, struct alloc_plain *plain,
	const struct tp_quantities *missing)
{
	struct tp_quantities left = *missing;
	uint32_t i;
	int at;

	for (i = 0; i < plain->n; i++) {
		at = tp_quantity_of(&self->names, &plain->items[i]);
		if (at >= 0)
			plain->guarantee.milli[at] += fit(
				&plain->items[i], plain->items[i].milli, &left.milli[at]);
	}
}

/*
 * Cuts what is beyond the guarantee to `left`. Goes over the same items in the same order as the
 * guarantee did, and so finds the same part of each.
 */
static void rest_cut(const struct tp_allotment *self, struct alloc_plain *plain,
	const struct tp_quantities *missing, struct tp_quantities *left)
{
	struct tp_quantities granted = { { 0 } };
	int64_t first, rest;
	uint32_t i;
	int at;

	if (missing != NULL)
		granted = *missing;
	for (i = 0; i < plain->n; i++) {
		struct tp_resource_item *item = &plain->items[i];

		at = tp_quantity_of(&self->names, item);
		if (at < 0)
			continue;
		first = missing == NULL ? 0 : fit(item, item->milli, &granted.milli[at]);
		rest = fit(item, item->milli - first, &left->milli[at]);
		plain->cut = plain->cut || first + rest < item->milli;
		plain->sum.milli[at] -= item->milli - first - rest;
		item->milli = first + rest;
	}
}

static void empties_drop(struct alloc_plain *plain)
{
	uint32_t i, n = 0;

	for (i = 0; i < plain->n; i++)
		if (plain->items[i].key->type != TP_VALUE_SCALAR ||
			plain->items[i].milli > 0)
			plain->items[n++] = plain->items[i];
	plain->n = n;
}

static void items_own(struct alloc_plain *plain)
{
	if (plain->items == plain->own)
		return;
	if (plain->own_room < plain->n) {
		plain->own_room = 2 * plain->n;
		plain->own = tp_realloc(plain->own, plain->own_room * sizeof *plain->own);
	}
	if (plain->n > 0)
		memcpy(plain->own, plain->items, plain->n * sizeof *plain->own);
	plain->items = plain->own;
}

static void cut_to(const struct tp_allotment *self, struct alloc_plain *plain,
	const struct tp_quantities *missing, struct tp_quantities *left)
{
	if (missing == NULL && vector_contains(left, &plain->sum, self->cluster.n_names))
		return;
	items_own(plain);
	rest_cut(self, plain, missing, left);
}

/* Would a sum that is taken whole break neither the limit nor what others are guaranteed? */
static bool whole_fits(const struct tp_allotment *self, const struct alloc_role *top,
	const struct tp_quantities *sum)
{
	const struct alloc_run *run = self->scratch;
	bool limited = top->quota != NULL && top->quota->limited;
	uint32_t i;

	for (i = 0; i < self->cluster.n_names; i++) {
		if (sum->milli[i] == 0)
			continue;
		if (limited && top->quota->limits.milli[i] != INT64_MAX &&
			sum->milli[i] > top->quota->limits.milli[i] -
					top->unreserved.milli[i] -
					top->all_reserved.milli[i])
			return false;
		if (run->requires &&
			sum->milli[i] > self->headroom.milli[i] - run->required.milli[i])
			return false;
	}
	return true;
}

static void plain_cut(struct tp_allotment *self, const struct alloc_role *role,
	const struct tp_quantities *missing)
{
	struct alloc_run *run = self->scratch;
	struct alloc_plain *plain = &run->plain;
	const struct alloc_quota *quota = self->roles[role->top]->quota;
	struct tp_quantities left, consumed;

	if (missing != NULL)
		guarantee_cut(self, plain, missing);
	if (quota != NULL && quota->limited) {
		alloc_quota_consumed(self->roles[role->top], &consumed);
		left = quota->limits;
		tp_quantities_subtract(&left, &consumed);
		tp_quantities_subtract(&left, &plain->guarantee);
		cut_to(self, plain, missing, &left);
	}
	if (run->requires) {
		left = self->headroom;
		tp_quantities_subtract(&left, &run->required);
		cut_to(self, plain, missing, &left);
	}
	if (plain->cut)
		empties_drop(plain);
}

void alloc_plain_prepare(struct tp_allotment *self, const struct alloc_agent *agent,
	const struct alloc_role *role, const struct tp_quantities *missing)
{
	struct alloc_plain *plain = &self->scratch->plain;
	const struct alloc_quota *quota = self->roles[role->top]->quota;
	uint32_t limit_of = quota != NULL && quota->limited ? role->top : ALLOC_NONE;

	/* Nothing has changed since, and nothing but the limit is the role's own. */
	if (missing == NULL && plain->mark == self->mark && plain->limit_of == limit_of)
		return;
	plain->mark = missing == NULL ? self->mark : 0;
	plain->limit_of = limit_of;
	plain->items = agent->plain.items;
	plain->n = agent->plain.n;
	plain->cut = false;
	vector_copy(&plain->sum, &plain->free_sum, self->cluster.n_names);
	if (self->n_quotas > 0) {
		vector_clear(&plain->guarantee, self->cluster.n_names);
		if (missing != NULL ||
			!whole_fits(self, self->roles[role->top], &plain->sum))
			plain_cut(self, role, missing);
	}
	plain->worth = plain->n > 0 &&
		(plain->cut ? alloc_minimum_met(self, &self->minimum, &plain->sum)
			    : agent->enough);
}

void alloc_free_sum(const struct tp_allotment *self, const struct tp_resources *free,
	struct tp_quantities *sum)
{
	uint32_t i;
	int at;

	for (i = 0; i < free->n; i++) {
		at = tp_quantity_of(&self->names, &free->items[i]);
		if (at >= 0)
			sum->milli[at] += free->items[i].milli;
	}
}

void alloc_plain_sum(const struct tp_allotment *self, const struct alloc_agent *agent,
	struct tp_quantities *ret)
{
	if (agent->odd || self->cluster.n_names > TP_KNOWN_MAX)
		vector_clear(ret, self->cluster.n_names);
	if (agent->odd)
		alloc_free_sum(self, &agent->plain, ret);
	else
		memcpy(ret->milli, agent->known, sizeof agent->known);
}
