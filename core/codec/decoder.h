/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all decoders share: where they are in the record, for errors; and how much memory one
 * message may take, so that a small one cannot unfold into a huge tree.
 */
#ifndef TEPUI_CODEC_DECODER_H
#define TEPUI_CODEC_DECODER_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/field.h"

struct decoder {
	struct tp_arena *arena;
	struct tp_error *err;
	const struct tp_desc *root;
	size_t budget; /* bytes of memory that are left for the tree */
};

/* A link of the path from the innermost value out to the root. */
struct place {
	const struct place *outer; /* NULL: in the root record */
	const struct tp_field *field;
	size_t index;    /* of a repeated field */
	const char *key; /* of a map; NULL otherwise */
	unsigned depth;  /* levels of nesting */
};

/* `len` bytes of input; real records unfold by less than the allowed factor. */
void decoder_init(struct decoder *decoder, const struct tp_desc *root, size_t len,
	struct tp_arena *arena, struct tp_error *err);

/* -EINVAL with "Offer.resources[1].scalar: " and the text. A NULL place is the root. */
int decoder_fail(const struct decoder *decoder, const struct place *place,
	const char *fmt, ...) TP_PRINTF(3, 4);

/* Takes memory out of the budget; fails when there is not enough left. */
int decoder_charge(struct decoder *decoder, const struct place *place, size_t bytes);

/* Zeroed memory; NULL when the budget is used up (the error is set). */
void *decoder_alloc(struct decoder *decoder, const struct place *place, size_t bytes);

/* The name of a field's type, for "expected ...". */
const char *decoder_type(const struct tp_field *field);

#endif
