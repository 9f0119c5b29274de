/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheduler says about its framework: whether it may, and what it means. */
#ifndef MASTER_FRAMEWORK_INFO_H
#define MASTER_FRAMEWORK_INFO_H

#include "frameworks.h"

/*
 * Bounds of one framework, which upstream has not. A role has a turn with every agent of every
 * run, and is compared with the others where they are read: as many as one call may give quota to. An
 * alternative of a minimum is looked at for every agent of a run, as a constraint is. An
 * alternative of more quantities than count in a cluster is met by nothing.
 */
#define FRAMEWORK_ROLES_MAX 1000
#define FRAMEWORK_ALTERNATIVES_MAX 1000 /* of all roles together */
#define ROLE_ALTERNATIVES_MAX 16
#define ALTERNATIVE_QUANTITIES_MAX 16

/* What SUBSCRIBE and UPDATE_FRAMEWORK have in common. */
struct framework_terms {
	const struct tp_framework_info *info;
	const char *const *suppressed;
	size_t n_suppressed;
	const struct tp_offer_constraints *constraints;
};

/* -EINVAL with the text that the scheduler is told. */
int framework_info_check(const struct master *m, const struct framework_terms *terms,
	struct tp_error *err);
/* May a framework that is known change to this? principal must stay; */
int framework_info_check_change(const struct framework *f,
	const struct tp_framework_info *info, bool strict, struct tp_error *err);
/* Copies the terms into the framework; its id, user, checkpoint and principal stay. */
void framework_info_set(struct framework *f, const struct framework_terms *terms);

#endif
