/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One msgpack token: what its head says. Scalars come whole; text and bytes come as a pointer
 * into the input that is checked to hold them; the items of arrays and maps follow as tokens
 * of their own, and there are never more of them announced than bytes are left.
 */
#ifndef TEPUI_CODEC_TOKEN_H
#define TEPUI_CODEC_TOKEN_H

#include <string.h>

#include "tepui/base.h"

enum token_kind {
	TOKEN_NIL,
	TOKEN_BOOL,     /* u */
	TOKEN_UINT,     /* u */
	TOKEN_NEGATIVE, /* i < 0 */
	TOKEN_DOUBLE,   /* d */
	TOKEN_STR,      /* data, n */
	TOKEN_BIN,      /* data, n */
	TOKEN_EXT,      /* data, n */
	TOKEN_ARRAY,    /* n items follow */
	TOKEN_MAP,      /* 2 n items follow */
	TOKEN_BAD,      /* why */
};

struct token {
	enum token_kind kind;
	size_t n;
	union {
		uint64_t u;
		int64_t i;
		double d;
		const uint8_t *data;
		const char *why;
	};
};

/* Reads one token at *p and moves on; at the end or on nonsense the kind is TOKEN_BAD. */
void token_read(const uint8_t **p, const uint8_t *end, struct token *ret);

/* Steps over one whole value. NULL, or what is wrong with it. */
const char *token_skip(const uint8_t **p, const uint8_t *end);

/* The frequent heads of one byte, without a call. */
static inline void token_next(const uint8_t **p, const uint8_t *end, struct token *ret)
{
	uint8_t head;

	if (*p < end) {
		head = **p;
		if (head < 0x80) {
			(*p)++;
			ret->kind = TOKEN_UINT;
			ret->u = head;
			return;
		}
		if (head >= 0xa0 && head < 0xc0 && (size_t)(end - *p) > (head & 0x1f)) {
			ret->kind = TOKEN_STR;
			ret->n = head & 0x1f;
			ret->data = *p + 1;
			*p += 1 + ret->n;
			return;
		}
	}
	token_read(p, end, ret);
}

#endif
