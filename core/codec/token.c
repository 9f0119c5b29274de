/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading msgpack heads, and the two walks that need no record: skipping a value and scanning a
 * frame before anybody trusts it. Nothing here recurses or allocates.
 */
#include "token.h"

#include <errno.h>

#include "tepui/codec.h"

/* A big-endian number of `n` bytes. */
static uint64_t load(const uint8_t *p, size_t n)
{
	uint64_t u = 0;

	while (n-- > 0)
		u = u << 8 | *p++;
	return u;
}

static void bad(struct token *ret, const char *why)
{
	ret->kind = TOKEN_BAD;
	ret->why = why;
}

static void set_signed(struct token *ret, int64_t i)
{
	ret->kind = i < 0 ? TOKEN_NEGATIVE : TOKEN_UINT;
	ret->i = i;
}

static void set_counted(struct token *ret, enum token_kind kind, uint64_t n)
{
	ret->kind = kind;
	ret->n = (size_t)n;
}

/* Heads whose next `n` bytes are a number: scalars and lengths. */
static void read_number(struct token *ret, uint8_t head, uint64_t u)
{
	uint32_t half = (uint32_t)u;
	float single;

	switch (head) {
	case 0xca:
		memcpy(&single, &half, sizeof single);
		ret->kind = TOKEN_DOUBLE;
		ret->d = (double)single;
		return;
	case 0xcb:
		ret->kind = TOKEN_DOUBLE;
		memcpy(&ret->d, &u, sizeof ret->d);
		return;
	case 0xd0:
		set_signed(ret, (int8_t)u);
		return;
	case 0xd1:
		set_signed(ret, (int16_t)u);
		return;
	case 0xd2:
		set_signed(ret, (int32_t)u);
		return;
	case 0xd3:
		set_signed(ret, (int64_t)u);
		return;
	default: /* cc..cf */
		ret->kind = TOKEN_UINT;
		ret->u = u;
	}
}

/* The bytes of a text, of bytes or of an extension must be there. */
static void take_data(const uint8_t **p, const uint8_t *end, struct token *ret)
{
	if (ret->n > (size_t)(end - *p)) {
		bad(ret, "is cut short");
		return;
	}
	ret->data = *p;
	*p += ret->n;
}

/* Every item takes at least a byte. */
static void check_items(const uint8_t *p, const uint8_t *end, struct token *ret)
{
	size_t left = (size_t)(end - p);

	if (ret->n > left || (ret->kind == TOKEN_MAP && ret->n > left / 2))
		bad(ret, "announces more items than there are bytes");
}

/* c4..df without the heads that stand alone: bytes of the number that follows the head. */
static const uint8_t number_bytes[] = {
	[0xc4 - 0xc0] = 1,
	[0xc5 - 0xc0] = 2,
	[0xc6 - 0xc0] = 4,
	[0xc7 - 0xc0] = 1,
	[0xc8 - 0xc0] = 2,
	[0xc9 - 0xc0] = 4,
	[0xca - 0xc0] = 4,
	[0xcb - 0xc0] = 8,
	[0xcc - 0xc0] = 1,
	[0xcd - 0xc0] = 2,
	[0xce - 0xc0] = 4,
	[0xcf - 0xc0] = 8,
	[0xd0 - 0xc0] = 1,
	[0xd1 - 0xc0] = 2,
	[0xd2 - 0xc0] = 4,
	[0xd3 - 0xc0] = 8,
	[0xd9 - 0xc0] = 1,
	[0xda - 0xc0] = 2,
	[0xdb - 0xc0] = 4,
	[0xdc - 0xc0] = 2,
	[0xdd - 0xc0] = 4,
	[0xde - 0xc0] = 2,
	[0xdf - 0xc0] = 4,
};

static void read_long(
	const uint8_t **p, const uint8_t *end, uint8_t head, struct token *ret)
{
	size_t bytes = number_bytes[head - 0xc0];
	uint64_t u;

	if ((size_t)(end - *p) < bytes) {
		bad(ret, "is cut short");
		return;
	}
	u = load(*p, bytes);
	*p += bytes;
	if (head <= 0xc6 || (head >= 0xd9 && head <= 0xdb)) {
		set_counted(ret, head <= 0xc6 ? TOKEN_BIN : TOKEN_STR, u);
		take_data(p, end, ret);
	} else if (head <= 0xc9 || (head >= 0xd4 && head <= 0xd8)) {
		/* Extensions: a type byte, then the data; d4..d8 have 1..16 bytes. */
		set_counted(ret, TOKEN_EXT,
			1 + (head <= 0xc9 ? u : UINT64_C(1) << (head - 0xd4)));
		take_data(p, end, ret);
	} else if (head <= 0xd3) {
		read_number(ret, head, u);
	} else {
		set_counted(ret, head <= 0xdd ? TOKEN_ARRAY : TOKEN_MAP, u);
		check_items(*p, end, ret);
	}
}

void token_read(const uint8_t **p, const uint8_t *end, struct token *ret)
{
	uint8_t head;

	if (*p >= end) {
		bad(ret, "is cut short");
		return;
	}
	head = *(*p)++;
	if (head < 0x80 || head >= 0xe0) {
		set_signed(ret, (int8_t)head);
	} else if (head < 0xa0) {
		set_counted(ret, head < 0x90 ? TOKEN_MAP : TOKEN_ARRAY, head & 0xf);
		check_items(*p, end, ret);
	} else if (head < 0xc0) {
		set_counted(ret, TOKEN_STR, head & 0x1f);
		take_data(p, end, ret);
	} else if (head == 0xc0) {
		ret->kind = TOKEN_NIL;
	} else if (head == 0xc1) {
		bad(ret, "has a byte that msgpack does not use");
	} else if (head <= 0xc3) {
		ret->kind = TOKEN_BOOL;
		ret->u = head & 1;
	} else {
		read_long(p, end, head, ret);
	}
}

const char *token_skip(const uint8_t **p, const uint8_t *end)
{
	struct token token;
	size_t left = 1;

	while (left > 0) {
		token_next(p, end, &token);
		left--;
		if (token.kind == TOKEN_BAD)
			return token.why;
		if (token.kind == TOKEN_ARRAY)
			left += token.n;
		else if (token.kind == TOKEN_MAP)
			left += 2 * token.n;
		if (left > (size_t)(end - *p))
			return "announces more items than there are bytes";
	}
	return NULL;
}

int tp_msgpack_scan(const void *data, size_t len, struct tp_error *err)
{
	const uint8_t *start = len > 0 ? data : (const uint8_t *)"";
	const uint8_t *p = start, *end = start + len;
	size_t left[TP_CODEC_DEPTH_MAX + 1] = { 1 };
	unsigned depth = 0;
	struct token token;

	for (;;) {
		while (depth > 0 && left[depth] == 0)
			depth--;
		if (left[depth] == 0)
			break;
		left[depth]--;
		token_next(&p, end, &token);
		if (token.kind == TOKEN_BAD)
			return tp_fail(err, EINVAL, "the frame %s, at byte %zu of %zu",
				token.why, (size_t)(p - start), len);
		if (token.kind != TOKEN_ARRAY && token.kind != TOKEN_MAP)
			continue;
		if (depth == TP_CODEC_DEPTH_MAX)
			return tp_fail(err, EINVAL,
				"the frame nests deeper than %d levels, at byte %zu",
				TP_CODEC_DEPTH_MAX, (size_t)(p - start));
		left[++depth] = token.kind == TOKEN_MAP ? 2 * token.n : token.n;
	}
	if (p != end)
		return tp_fail(err, EINVAL, "the frame has %zu bytes after its value",
			(size_t)(end - p));
	return 0;
}
