/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of the allocator suite: one for each promise of kind/allocator.h. */
#ifndef MODCHECK_ALLOCATOR_H
#define MODCHECK_ALLOCATOR_H

#include "master.h"

struct allocator_case {
	const char *name;
	void (*run)(struct master *m);
	/* Optional members of the ops that it is about: without them it is skipped. */
	size_t needs, needs_too;
	size_t n_instances; /* 0 = 1; `m` is of the first */
};

#define MEMBER(name) offsetof(struct tp_allocator_ops, name)
/* The end of a row. */
#define NEEDS(name) .needs = MEMBER(name)
#define AND(name) .needs_too = MEMBER(name)
#define ALWAYS .needs = 0

/* Each ends with { 0 }. */
extern const struct allocator_case allocator_agents[], allocator_explain[],
	allocator_filters[], allocator_frameworks[], allocator_maintenance[],
	allocator_offers[], allocator_quota[], allocator_replay[], allocator_resources[];

#endif
