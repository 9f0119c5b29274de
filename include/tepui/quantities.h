/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts of scalar resources as a dense vector: no names, no pointers, no roles; what shares,
 * quotas and headroom are calculated with. A table of names, one per allocator, gives each
 * name its place; cpus, mem, disk and gpus come first everywhere.
 */
#ifndef TEPUI_QUANTITIES_H
#define TEPUI_QUANTITIES_H

#include "tepui/resources.h"

/* More scalar names than these are offered, but count nowhere. */
#define TP_QUANTITIES_MAX 16

struct tp_quantity_names {
	uint32_t n; /* >= TP_KNOWN_MAX */
	const char
		*names[TP_QUANTITIES_MAX]; /* beyond the known ones owned by the table */
};

struct tp_quantities {
	int64_t milli[TP_QUANTITIES_MAX];
};

TP_EXPORT void tp_quantity_names_init(struct tp_quantity_names *names);
TP_EXPORT void tp_quantity_names_fini(struct tp_quantity_names *names);
/* The place of a name, or -ENOENT. */
TP_EXPORT int tp_quantity_names_find(
	const struct tp_quantity_names *names, const char *name);
/* Gives a new name the next place; -ENOSPC when the table is full. */
TP_EXPORT int tp_quantity_names_add(struct tp_quantity_names *names, const char *name);

/* The place of a resource's name; -ENOENT, also for what is not a scalar. */
static inline int tp_quantity_of(
	const struct tp_quantity_names *names, const struct tp_resource_item *item)
{
	if (item->key->type != TP_VALUE_SCALAR)
		return -2; /* -ENOENT */
	if (item->key->known < TP_KNOWN_MAX)
		return item->key->known;
	return tp_quantity_names_find(names, item->key->name);
}

static inline void tp_quantities_fill(struct tp_quantities *q, int64_t milli)
{
	for (unsigned i = 0; i < TP_QUANTITIES_MAX; i++)
		q->milli[i] = milli;
}

/* Sums stop at INT64_MAX, so that "no limit" stays no limit. */
static inline void tp_quantities_add(
	struct tp_quantities *q, const struct tp_quantities *more)
{
	for (unsigned i = 0; i < TP_QUANTITIES_MAX; i++)
		if (__builtin_add_overflow(q->milli[i], more->milli[i], &q->milli[i]))
			q->milli[i] = INT64_MAX;
}

/* Clamps at zero; INT64_MAX (no limit) stays what it is. */
static inline void tp_quantities_subtract(
	struct tp_quantities *q, const struct tp_quantities *less)
{
	for (unsigned i = 0; i < TP_QUANTITIES_MAX; i++)
		if (q->milli[i] != INT64_MAX)
			q->milli[i] = q->milli[i] > less->milli[i]
				? q->milli[i] - less->milli[i]
				: 0;
}

static inline bool tp_quantities_contains(
	const struct tp_quantities *q, const struct tp_quantities *part)
{
	for (unsigned i = 0; i < TP_QUANTITIES_MAX; i++)
		if (q->milli[i] < part->milli[i])
			return false;
	return true;
}

static inline bool tp_quantities_empty(const struct tp_quantities *q)
{
	for (unsigned i = 0; i < TP_QUANTITIES_MAX; i++)
		if (q->milli[i] != 0)
			return false;
	return true;
}

/*
 * Adds or takes away the scalars of r, whatever their reservation. Names that have no place yet
 * get one. A shared resource counts once.
 */
TP_EXPORT void tp_quantities_add_resources(struct tp_quantities *q,
	struct tp_quantity_names *names, const struct tp_resources *r);
TP_EXPORT void tp_quantities_subtract_resources(struct tp_quantities *q,
	const struct tp_quantity_names *names, const struct tp_resources *r);

/*
 * Keeps at most `left` of the scalars of r, in order of its items, and takes from `left` what
 * was kept. An item that does not fit is cut, or dropped when it cannot be (MOUNT disks and
 * the like). INT64_MAX in `left` is no limit; what is not a scalar is kept.
 */
TP_EXPORT void tp_resources_shrink(struct tp_resources *r,
	const struct tp_quantity_names *names, struct tp_quantities *left);

/* "cpus:0.01;mem:32": scalars only, no roles. */
TP_EXPORT int tp_quantities_parse(struct tp_quantities *ret,
	struct tp_quantity_names *names, const char *text, struct tp_error *err);

#endif
