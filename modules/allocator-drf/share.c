/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shares. The dominant share of a role or member is the largest fraction of a resource's total
 * that it holds, divided by its weight. Lower goes first; ties go to who was given something less
 * often, then by name of the role or slot of the framework, so that order is deterministic.
 */
#include <string.h>

#include "drf.h"

#define WEIGHT_ONE 1000

static double dominant(
	const struct drf *self, const struct drf_share *share, int64_t weight_milli)
{
	double largest = 0;

	for (uint32_t i = 0; i < self->names.n; i++) {
		double fraction;

		if (self->total.milli[i] <= 0 || (self->excluded_mask & 1u << i) != 0)
			continue;
		fraction = (double)share->held.milli[i] / (double)self->total.milli[i];
		if (fraction > largest)
			largest = fraction;
	}
	return largest * WEIGHT_ONE / (double)weight_milli;
}

/* --- roles and members ----------------------------------------------------------------- */

uint32_t drf_role_find(struct drf *self, const char *name)
{
	for (uint32_t i = 0; i < self->n_roles; i++) {
		if (strcmp(self->roles[i].name, name) == 0)
			return i;
	}
	if (self->n_roles == self->roles_size) {
		self->roles_size = self->roles_size == 0 ? 8 : 2 * self->roles_size;
		self->roles =
			tp_realloc(self->roles, self->roles_size * sizeof(*self->roles));
	}
	self->roles[self->n_roles] = (struct drf_role){
		.name = tp_strdup(name),
		.weight_milli = WEIGHT_ONE,
	};
	return self->n_roles++;
}

struct drf_member *drf_member_find(struct drf_role *role, uint32_t framework)
{
	for (uint32_t i = 0; i < role->n_members; i++) {
		if (role->members[i].framework == framework)
			return &role->members[i];
	}
	return NULL;
}

struct drf_member *drf_member_make(struct drf_role *role, uint32_t framework)
{
	struct drf_member *member = drf_member_find(role, framework);

	if (member != NULL)
		return member;
	if (role->n_members == role->members_size) {
		role->members_size = role->members_size == 0 ? 4 : 2 * role->members_size;
		role->members = tp_realloc(
			role->members, role->members_size * sizeof(*role->members));
	}
	member = &role->members[role->n_members++];
	*member = (struct drf_member){ .framework = framework };
	return member;
}

void drf_members_remove(struct drf *self, uint32_t framework)
{
	for (uint32_t i = 0; i < self->n_roles; i++) {
		struct drf_role *role = &self->roles[i];
		struct drf_member *member = drf_member_find(role, framework);

		if (member == NULL)
			continue;
		tp_quantities_subtract(&role->share.held, &member->share.held);
		role->share.dominant = dominant(self, &role->share, role->weight_milli);
		*member = role->members[--role->n_members];
	}
}

/* --- booking --------------------------------------------------------------------------- */

static void share_add(struct drf *self, struct drf_share *share,
	const struct tp_resources *some, int64_t weight_milli)
{
	tp_quantities_add_resources(&share->held, &self->names, some);
	share->count++;
	share->dominant = dominant(self, share, weight_milli);
}

static void share_subtract(struct drf *self, struct drf_share *share,
	const struct tp_resources *some, int64_t weight_milli)
{
	tp_quantities_subtract_resources(&share->held, &self->names, some);
	share->dominant = dominant(self, share, weight_milli);
}

/* The role that resources are allocated to; an offer and a task have one. */
static struct drf_role *allocated_role(
	struct drf *self, const struct tp_resources *resources)
{
	const char *name = tp_resource_allocation(&resources->items[0]);
	uint32_t role = drf_role_find(self, name == NULL ? "*" : name);

	return &self->roles[role]; /* finding it may have moved them */
}

/* Splits resources by allocation role and books each part. */
static void book(struct drf *self, uint32_t framework,
	const struct tp_resources *resources, bool hold)
{
	struct tp_resources rest = TP_RESOURCES_INIT;

	tp_resources_copy(&rest, resources);
	while (!tp_resources_empty(&rest)) {
		struct tp_resources part = TP_RESOURCES_INIT;
		struct drf_role *role = allocated_role(self, &rest);
		struct drf_member *member = drf_member_make(role, framework);

		tp_resources_filter(
			&part, &rest, tp_resource_is_allocated_to, role->name);
		if (tp_resources_empty(&part))
			tp_resources_copy(
				&part, &rest); /* no allocation_info: role "*" */
		if (hold) {
			share_add(self, &role->share, &part, role->weight_milli);
			share_add(self, &member->share, &part, WEIGHT_ONE);
		} else {
			share_subtract(self, &role->share, &part, role->weight_milli);
			share_subtract(self, &member->share, &part, WEIGHT_ONE);
		}
		tp_resources_subtract(&rest, &part);
		tp_resources_fini(&part);
	}
	tp_resources_fini(&rest);
}

void drf_hold(struct drf *self, uint32_t framework, const struct tp_resources *resources)
{
	book(self, framework, resources, true);
}

void drf_release(
	struct drf *self, uint32_t framework, const struct tp_resources *resources)
{
	book(self, framework, resources, false);
}

void drf_shares_refresh(struct drf *self)
{
	for (uint32_t i = 0; i < self->n_roles; i++) {
		struct drf_role *role = &self->roles[i];

		role->share.dominant = dominant(self, &role->share, role->weight_milli);
		for (uint32_t j = 0; j < role->n_members; j++) {
			struct drf_share *share = &role->members[j].share;

			share->dominant = dominant(self, share, WEIGHT_ONE);
		}
	}
}

/* --- order ----------------------------------------------------------------------------- */

bool drf_member_eligible(const struct drf *self, const struct drf_member *member)
{
	return member->subscribed && !member->suppressed &&
		member->framework != UINT32_MAX &&
		self->frameworks[member->framework].active;
}

static int share_compare(const struct drf_share *a, const struct drf_share *b)
{
	if (a->dominant != b->dominant)
		return a->dominant < b->dominant ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return 0;
}

static bool role_before(const struct drf_role *a, const struct drf_role *b)
{
	int order = share_compare(&a->share, &b->share);

	return order != 0 ? order < 0 : strcmp(a->name, b->name) < 0;
}

static bool member_before(const struct drf_member *a, const struct drf_member *b)
{
	int order = share_compare(&a->share, &b->share);

	return order != 0 ? order < 0 : a->framework < b->framework;
}

static bool role_eligible(const struct drf *self, const struct drf_role *role)
{
	for (uint32_t i = 0; i < role->n_members; i++) {
		if (drf_member_eligible(self, &role->members[i]))
			return true;
	}
	return false;
}

/* Insertion sort: the lists are short, and nearly in order from one agent to the next. */
uint32_t drf_roles_order(struct drf *self, uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < self->n_roles; i++) {
		uint32_t at;

		if (!role_eligible(self, &self->roles[i]))
			continue;
		for (at = n++; at > 0 &&
			role_before(&self->roles[i], &self->roles[order[at - 1]]);
			at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return n;
}

uint32_t drf_members_order(struct drf *self, struct drf_role *role, uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < role->n_members; i++) {
		uint32_t at;

		if (!drf_member_eligible(self, &role->members[i]))
			continue;
		for (at = n++; at > 0 &&
			member_before(&role->members[i], &role->members[order[at - 1]]);
			at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return n;
}
