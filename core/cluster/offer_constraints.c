/* SPDX-License-Identifier: Apache-2.0 */
/* Says what is wrong with offer constraints, in the words that frameworks know. */
#include "tepui/offer_constraints.h"

#include <errno.h>

#include "core/cluster/allocation/pattern.h"
#include "tepui/wire/scheduler.h"

static int check_selector(
	const struct tp_attribute_constraint_selector *selector, struct tp_error *err)
{
	if (selector->attribute_name != NULL)
		return 0;
	if (!selector->has_pseudoattribute_type)
		return tp_fail(err, EINVAL,
			"Exactly one of 'AttributeConstraint::Selector::name' or "
			"'AttributeConstraint::Selector::pseudoattribute_type' must be "
			"set");
	switch (selector->pseudoattribute_type) {
	case TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_HOSTNAME:
	case TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_REGION:
	case TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_ZONE:
		return 0;
	default:
		return tp_fail(err, EINVAL, "Unknown pseudoattribute type");
	}
}

/* What is allowed, and what it came to so far. */
struct programs {
	unsigned max, n_steps;
};

static int check_regex(const char *regex, struct programs *programs, struct tp_error *err)
{
	struct alloc_pattern *pattern = NULL;
	int r = alloc_pattern_compile(regex, programs->max, &pattern, err);

	if (r < 0)
		return r;
	programs->n_steps += alloc_pattern_steps(pattern);
	alloc_pattern_destroy(pattern);
	if (programs->n_steps > TP_OFFER_CONSTRAINTS_STEPS_MAX)
		return tp_fail(err, EINVAL,
			"Regex '%.40s' is one too many: the programs of all regexes of a "
			"framework are larger than %d together",
			regex, TP_OFFER_CONSTRAINTS_STEPS_MAX);
	return 0;
}

static int check_predicate(const struct tp_attribute_constraint_predicate *predicate,
	struct programs *programs, struct tp_error *err)
{
	if (predicate->text_matches != NULL)
		return check_regex(predicate->text_matches->regex, programs, err);
	if (predicate->text_not_matches != NULL)
		return check_regex(predicate->text_not_matches->regex, programs, err);
	if (predicate->exists == NULL && predicate->not_exists == NULL &&
		predicate->text_equals == NULL && predicate->text_not_equals == NULL)
		return tp_fail(err, EINVAL, "Unknown predicate type");
	return 0;
}

static int check_group(const char *role,
	const struct tp_offer_constraints_role_constraints_group *group,
	struct programs *programs, struct tp_error *err)
{
	int r = 0;

	if (group->n_attribute_constraints == 0)
		return tp_fail(err, EINVAL,
			"'OfferConstraints::RoleConstraints::groups' for role '%s' "
			"contains "
			"an empty RoleConstraints::Group",
			role);
	for (size_t i = 0; r >= 0 && i < group->n_attribute_constraints; i++) {
		const struct tp_attribute_constraint *item =
			group->attribute_constraints[i];

		r = check_selector(item->selector, err);
		if (r >= 0)
			r = check_predicate(item->predicate, programs, err);
	}
	return r < 0
		? tp_wrap(err, r, "Role '%s' has an invalid 'AttributeConstraint'", role)
		: 0;
}

static int check_role(const struct tp_offer_constraints_role_constraints_entry *entry,
	struct programs *programs, struct tp_error *err)
{
	int r = 0;

	if (entry->value == NULL || entry->value->n_groups == 0)
		return tp_fail(err, EINVAL,
			"'OfferConstraints::role_constraints' has an empty "
			"'RoleConstraints::groups' for role '%s'",
			entry->key);
	for (size_t i = 0; r >= 0 && i < entry->value->n_groups; i++)
		r = check_group(entry->key, entry->value->groups[i], programs, err);
	return r;
}

static size_t count(const struct tp_offer_constraints_role_constraints_entry *entry)
{
	size_t n = 0;

	for (size_t i = 0; entry->value != NULL && i < entry->value->n_groups; i++)
		n += entry->value->groups[i]->n_attribute_constraints;
	return n;
}

int tp_offer_constraints_validate(const struct tp_offer_constraints *constraints,
	unsigned max_program, struct tp_error *err)
{
	struct programs programs = { .max = max_program };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; constraints != NULL && i < constraints->n_role_constraints;
		i++)
		n += count(constraints->role_constraints[i]);
	if (n > TP_OFFER_CONSTRAINTS_MAX)
		return tp_fail(err, EINVAL,
			"Offer constraints hold %zu attribute constraints, more than %d "
			"of "
			"all roles together",
			n, TP_OFFER_CONSTRAINTS_MAX);
	for (size_t i = 0;
		r >= 0 && constraints != NULL && i < constraints->n_role_constraints; i++)
		r = check_role(constraints->role_constraints[i], &programs, err);
	return r;
}
