/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an allocator says about a framework in one of its roles: the answer of explain() in
 * kind/allocator.h. It describes this moment and changes nothing.
 */
#ifndef TEPUI_KIND_ALLOCATOR_EXPLANATION_H
#define TEPUI_KIND_ALLOCATOR_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a framework gets, or does not get, offers in one of its roles. */
struct tp_allocator_explanation {
	const char *role;
	bool active, suppressed, subscribed;
	/* Whose turn it is: places from 0. UINT32_MAX: not listed. */
	uint32_t role_place, n_roles, framework_place, n_frameworks;
	double role_share, role_weight,
		framework_share; /* share NAN: the order has none */
	/* Quota of the top-level role, in `names`; NULL without one. INT64_MAX = no limit. */
	const char *const *names;
	size_t n_names;
	const int64_t *guarantee_milli, *limit_milli, *consumed_milli;
	/* Agents by what comes of them now: the first reason that holds. */
	uint32_t agents_inactive, agents_not_whitelisted, agents_full;
	uint32_t agents_capability;  /* gpus, region, roles: the framework cannot */
	uint32_t agents_constraints; /* its offer constraints exclude them */
	uint32_t agents_reserved;    /* what is free is reserved for others */
	uint32_t agents_quota;       /* held back for guarantees, or over the limit */
	uint32_t agents_too_small;   /* less than min_allocatable_resources */
	uint32_t agents_filtered;    /* it refused as much already */
	uint32_t agents_free;        /* may be offered in its turn */
};

#endif
