/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the totals of agents are made of, once for all of them: most have the same few resources, and a
 * run that finds the same keys everywhere finds them in its cache.
 */
#ifndef ALLOCATION_INTERN_H
#define ALLOCATION_INTERN_H

#include "tepui/resources.h"

struct alloc_interned;

struct alloc_interns {
	struct alloc_interned **buckets;
	uint32_t n, n_buckets; /* a power of two, or 0 */
};

/* Items of a total get keys, ranges and sets that others have already. */
void alloc_intern(struct alloc_interns *interns, struct tp_resources *total);
/* A total that was interned goes; its items stay what they are. */
void alloc_intern_release(
	struct alloc_interns *interns, const struct tp_resources *total);
/* The key that is alike, or this one. Borrowed. */
const struct tp_resource_key *alloc_intern_key(
	const struct alloc_interns *interns, const struct tp_resource_key *key);
void alloc_interns_fini(struct alloc_interns *interns);

#endif
