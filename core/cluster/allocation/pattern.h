/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of offer constraints: regular expressions, compiled once, that all of a text matches or
 * does not. One thread at a time: matching writes into the pattern.
 */
#ifndef ALLOCATION_PATTERN_H
#define ALLOCATION_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "tepui/error.h"
#include "tepui/offer_constraints.h"

/* Whatever a caller allows. */
#define ALLOC_PATTERN_STEPS_MAX TP_OFFER_CONSTRAINTS_PROGRAM_MAX

enum alloc_op {
	ALLOC_OP_SET,   /* eats a byte that is in the set */
	ALLOC_OP_SPLIT, /* goes on at x and at y */
	ALLOC_OP_JUMP,  /* goes on at x */
	ALLOC_OP_BEGIN, /* only at the begin of the text */
	ALLOC_OP_END,
	ALLOC_OP_MATCH
};

/* x and y are relative, so that code can be moved and copied. */
struct alloc_step {
	uint8_t op;
	int16_t x, y;
	uint8_t set[32]; /* of bytes */
};

struct alloc_pattern;

/*
 * -EINVAL with the reason: the syntax is wrong or not known, or it takes more than max_steps. The
 * pattern is the caller's, to be destroyed.
 */
int alloc_pattern_compile(const char *text, unsigned max_steps,
	struct alloc_pattern **ret, struct tp_error *err);
/* Copies the steps, of which the last is the only ALLOC_OP_MATCH. */
struct alloc_pattern *alloc_pattern_create(const struct alloc_step *steps, unsigned n);
void alloc_pattern_destroy(struct alloc_pattern *pattern);
/* How large its program is. */
unsigned alloc_pattern_steps(const struct alloc_pattern *pattern);

/* Adds to *cost what it took: steps looked at, waiting or not, each some nanoseconds. */
bool alloc_pattern_matches(
	struct alloc_pattern *pattern, const char *text, uint64_t *cost);

#endif
