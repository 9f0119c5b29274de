/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on vectors of amounts as far as there are names, in blocks that compilers make vector
 * instructions of. The names that everybody knows are the first block; beyond the last name all is
 * zero. Nothing is negative but where it says so.
 */
#ifndef ALLOCATION_VECTOR_H
#define ALLOCATION_VECTOR_H

#include <string.h>

#include "tepui/quantities.h"

#define VECTOR_BLOCK TP_KNOWN_MAX

_Static_assert(TP_QUANTITIES_MAX % VECTOR_BLOCK == 0, "vectors end with a block");

static inline void vector_copy(
	struct tp_quantities *to, const struct tp_quantities *from, uint32_t n_names)
{
	for (size_t i = 0; i < n_names; i += VECTOR_BLOCK)
		memcpy(to->milli + i, from->milli + i, VECTOR_BLOCK * sizeof *to->milli);
}

static inline void vector_clear(struct tp_quantities *q, uint32_t n_names)
{
	for (size_t i = 0; i < n_names; i += VECTOR_BLOCK)
		memset(q->milli + i, 0, VECTOR_BLOCK * sizeof *q->milli);
}

static inline void vector_add(struct tp_quantities *restrict q,
	const struct tp_quantities *restrict more, uint32_t n_names)
{
	for (size_t i = 0; i < n_names; i += VECTOR_BLOCK) {
		int64_t *a = q->milli + i;
		const int64_t *b = more->milli + i;

		for (unsigned j = 0; j < VECTOR_BLOCK; j++)
			a[j] += b[j];
	}
}

/* What is left may be negative. */
static inline void vector_take(struct tp_quantities *restrict q,
	const struct tp_quantities *restrict less, uint32_t n_names)
{
	for (size_t i = 0; i < n_names; i += VECTOR_BLOCK) {
		int64_t *a = q->milli + i;
		const int64_t *b = less->milli + i;

		for (unsigned j = 0; j < VECTOR_BLOCK; j++)
			a[j] -= b[j];
	}
}

/* Stops at zero. */
static inline void vector_subtract(struct tp_quantities *restrict q,
	const struct tp_quantities *restrict less, uint32_t n_names)
{
	for (size_t i = 0; i < n_names; i++)
		q->milli[i] -=
			less->milli[i] < q->milli[i] ? less->milli[i] : q->milli[i];
}

/* Without branches: a difference below zero shows in the sign of all of them together. */
static inline bool vector_contains(
	const struct tp_quantities *q, const struct tp_quantities *part, uint32_t n_names)
{
	int64_t differences = 0;

	for (size_t i = 0; i < n_names; i += VECTOR_BLOCK) {
		const int64_t *a = q->milli + i, *b = part->milli + i;

		for (unsigned j = 0; j < VECTOR_BLOCK; j++)
			differences |= a[j] - b[j];
	}
	return differences >= 0;
}

#endif
