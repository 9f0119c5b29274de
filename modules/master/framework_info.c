/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation and normal form of FrameworkInfo: roles of both styles become one array without
 * duplicates, capabilities become bits. What may change when a scheduler comes back is decided
 * here too. Authorization is not done here.
 */
#include "framework_info.h"

#include <errno.h>
#include <string.h>

#include "idrecord.h"
#include "roles.h"

#include "tepui/ids.h"
#include "tepui/offer_constraints.h"
#include "tepui/role.h"

#define FAILOVER_TIMEOUT_MAX_NS (INT64_C(9000000000) * TP_SEC)

static uint32_t capability_bits(const struct tp_framework_info *info)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < info->n_capabilities; i++) {
		const struct tp_framework_info_capability *c = info->capabilities[i];

		if (c->has_type && c->type > 0 && c->type < 32)
			bits |= UINT32_C(1) << c->type;
	}
	return bits;
}

static bool multi_role(const struct tp_framework_info *info)
{
	return (capability_bits(info) &
		       (UINT32_C(1) << TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE)) != 0;
}

static bool has_text(const char *const *items, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i], text) == 0)
			return true;
	}
	return false;
}

static int check_role(const struct master *m, const char *role, struct tp_error *err)
{
	int r = roles_check(m, role, err);

	return r < 0 ? tp_wrap(err, r, "Framework's role is invalid") : 0;
}

static int check_roles(const struct master *m, const struct tp_framework_info *info,
	struct tp_error *err)
{
	int r = 0;

	if (!multi_role(info)) {
		if (info->n_roles > 0)
			return tp_fail(err, EINVAL,
				"'FrameworkInfo.roles' must not be set when the "
				"framework "
				"is not MULTI_ROLE capable");
		return check_role(m, info->role == NULL ? "*" : info->role, err);
	}
	if (info->role != NULL)
		return tp_fail(err, EINVAL,
			"'FrameworkInfo.role' must not be set when the framework is "
			"MULTI_ROLE capable");
	for (size_t i = 0; r >= 0 && i < info->n_roles; i++) {
		r = check_role(m, info->roles[i], err);
		if (r >= 0 && has_text(info->roles, i, info->roles[i]))
			r = tp_fail(err, EINVAL,
				"'FrameworkInfo.roles' contains '%s' twice",
				info->roles[i]);
	}
	return r;
}

static bool in_roles(const struct tp_framework_info *info, const char *role)
{
	if (multi_role(info))
		return has_text(info->roles, info->n_roles, role);
	return strcmp(role, info->role == NULL ? "*" : info->role) == 0;
}

static int check_count(const char *what, size_t n, int most, struct tp_error *err)
{
	return n > (size_t)most
		? tp_fail(err, EINVAL, "%s are %zu, at most %d are allowed", what, n,
			  most)
		: 0;
}

/* Before anything is looked up in anything. */
static int check_sizes(const struct framework_terms *terms, struct tp_error *err)
{
	const struct tp_offer_constraints *constraints = terms->constraints;
	int r = check_count("The roles of 'FrameworkInfo.roles'", terms->info->n_roles,
		FRAMEWORK_ROLES_MAX, err);

	if (r >= 0)
		r = check_count("The suppressed roles", terms->n_suppressed,
			FRAMEWORK_ROLES_MAX, err);
	if (r >= 0)
		r = check_count("The roles of 'FrameworkInfo.offer_filters'",
			terms->info->n_offer_filters, FRAMEWORK_ROLES_MAX, err);
	if (r >= 0 && constraints != NULL)
		r = check_count("The roles of 'OfferConstraints::role_constraints'",
			constraints->n_role_constraints, FRAMEWORK_ROLES_MAX, err);
	return r;
}

static int check_alternative(
	const struct tp_offer_filters_resource_quantities *any, struct tp_error *err)
{
	int r;

	if (any->n_quantities == 0)
		return tp_fail(err, EINVAL,
			"Resource quantities must contain at least one quantity");
	r = check_count("The quantities of one alternative of "
			"'min_allocatable_resources'",
		any->n_quantities, ALTERNATIVE_QUANTITIES_MAX, err);
	for (size_t i = 0; r >= 0 && i < any->n_quantities; i++) {
		if (any->quantities[i]->value == NULL ||
			any->quantities[i]->value->value_milli < 0)
			r = tp_fail(err, EINVAL,
				"Invalid resource quantity for '%s': it must be a number "
				"that is not negative",
				any->quantities[i]->key);
	}
	return r;
}

static const struct tp_offer_filters_min_allocatable_resources *minimum_of(
	const struct tp_framework_info *info, size_t i)
{
	const struct tp_offer_filters *filters = info->offer_filters[i]->value;

	return filters == NULL ? NULL : filters->min_allocatable_resources;
}

/* What is set for a role that the framework has not has no effect, and may come. */
static int check_minimums(const struct tp_framework_info *info, struct tp_error *err)
{
	size_t n_all = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < info->n_offer_filters; i++) {
		const struct tp_offer_filters_min_allocatable_resources *minimum =
			minimum_of(info, i);

		if (minimum == NULL)
			continue;
		n_all += minimum->n_quantities;
		r = check_count("The alternatives of 'min_allocatable_resources' of one "
				"role",
			minimum->n_quantities, ROLE_ALTERNATIVES_MAX, err);
		for (size_t k = 0; r >= 0 && k < minimum->n_quantities; k++)
			r = check_alternative(minimum->quantities[k], err);
	}
	return r < 0 ? r
		     : check_count("The alternatives of 'min_allocatable_resources'",
			       n_all, FRAMEWORK_ALTERNATIVES_MAX, err);
}

static int check_constraints(
	const struct master *m, const struct framework_terms *terms, struct tp_error *err)
{
	const struct tp_offer_constraints *constraints = terms->constraints;

	for (size_t i = 0; constraints != NULL && i < constraints->n_role_constraints;
		i++) {
		if (!in_roles(terms->info, constraints->role_constraints[i]->key))
			return tp_fail(err, EINVAL,
				"Offer constraints specify `role_constraints` for a role "
				"'%s' not contained in the set of roles",
				constraints->role_constraints[i]->key);
	}
	return tp_offer_constraints_validate(
		constraints, m->offer_constraints_max_program, err);
}

static int check_offers(
	const struct master *m, const struct framework_terms *terms, struct tp_error *err)
{
	int r;

	for (size_t i = 0; i < terms->n_suppressed; i++) {
		if (!in_roles(terms->info, terms->suppressed[i]))
			return tp_fail(err, EINVAL,
				"Suppressed role '%s' is not one of the framework's "
				"roles",
				terms->suppressed[i]);
	}
	r = check_minimums(terms->info, err);
	return r < 0 ? r : check_constraints(m, terms, err);
}

int framework_info_check(
	const struct master *m, const struct framework_terms *terms, struct tp_error *err)
{
	const struct tp_framework_info *info = terms->info;
	int r = check_sizes(terms, err);

	if (r >= 0)
		r = check_roles(m, info, err);
	if (r < 0)
		return r;
	if (info->id != NULL && info->id->value[0] != '\0') {
		r = tp_id_validate("FrameworkID", info->id->value, err);
		if (r < 0)
			return r;
	}
	if (!m->root_submissions && strcmp(info->user, "root") == 0)
		return tp_fail(err, EINVAL,
			"User 'root' is not allowed to run frameworks without "
			"--root_submissions set");
	if (info->has_failover_timeout_ns &&
		(info->failover_timeout_ns < 0 ||
			info->failover_timeout_ns > FAILOVER_TIMEOUT_MAX_NS))
		return tp_fail(err, EINVAL,
			"The framework failover_timeout is invalid: expected seconds "
			"from 0 to 9e9");
	return check_offers(m, terms, err);
}

int framework_info_check_change(const struct framework *f,
	const struct tp_framework_info *info, bool strict, struct tp_error *err)
{
	const struct tp_framework_info *old = f->info;
	bool checkpoint = old->has_checkpoint && old->checkpoint;

	if (!tp_streq(old->principal, info->principal))
		return tp_fail(err, EINVAL,
			"Changing framework's principal is not allowed: it is '%s'",
			old->principal == NULL ? "" : old->principal);
	if (!multi_role(old) && multi_role(info) && !in_roles(info, f->roles[0]))
		return tp_fail(err, EINVAL,
			"A framework that becomes MULTI_ROLE must keep its role '%s'",
			f->roles[0]);
	if (strict && strcmp(old->user, info->user) != 0)
		return tp_fail(err, EINVAL,
			"Updating 'FrameworkInfo.user' is unsupported; current value: "
			"'%s'",
			old->user);
	if (strict && checkpoint != (info->has_checkpoint && info->checkpoint))
		return tp_fail(err, EINVAL,
			"Updating 'FrameworkInfo.checkpoint' is unsupported; current "
			"value: "
			"%s",
			checkpoint ? "true" : "false");
	return 0;
}

static void set_roles(struct framework *f)
{
	if (multi_role(f->info)) {
		f->roles = f->info->roles;
		f->n_roles = f->info->n_roles;
		return;
	}
	f->roles = tp_arena_alloc(f->arena, sizeof *f->roles);
	f->roles[0] = f->info->role == NULL ? "*" : f->info->role;
	f->n_roles = 1;
}

void framework_info_set(struct framework *f, const struct framework_terms *terms)
{
	struct tp_arena *old_arena = f->arena;
	const struct tp_framework_info *old = f->info;

	f->arena = tp_arena_create(0);
	f->info = tp_record_copy(&tp_framework_info_desc, terms->info, f->arena);
	f->info->id = framework_id_record(f->arena, f->id);
	if (old != NULL) {
		f->info->user = tp_arena_strdup(f->arena, old->user);
		f->info->has_checkpoint = old->has_checkpoint;
		f->info->checkpoint = old->checkpoint;
	}
	set_roles(f);
	f->capabilities = capability_bits(f->info);
	f->n_suppressed = terms->n_suppressed;
	f->suppressed = tp_arena_alloc(
		f->arena, (terms->n_suppressed + f->n_roles + 1) * sizeof *f->suppressed);
	for (size_t i = 0; i < terms->n_suppressed; i++)
		f->suppressed[i] = tp_arena_strdup(f->arena, terms->suppressed[i]);
	f->constraints =
		tp_record_copy(&tp_offer_constraints_desc, terms->constraints, f->arena);
	tp_arena_destroy(old_arena);
}
