/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of UTF-8, eight bytes at a time while they are ASCII. Refuses overlong forms,
 * surrogates, what is beyond U+10FFFF, and NUL.
 */
#include "utf8.h"

#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGH UINT64_C(0x8080808080808080)

/* Bytes of the sequence at p, 0 when it is bad; `left` is at least 1. */
static size_t sequence(const uint8_t *p, size_t left)
{
	size_t len, i;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len > left)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool utf8_valid(const void *text, size_t len)
{
	const uint8_t *p = text, *end = p + len;
	uint64_t word;
	size_t n;

	while (p < end) {
		while (end - p >= 8) {
			memcpy(&word, p, sizeof word);
			if (((word | (word - ONES)) & HIGH) != 0)
				break; /* beyond ASCII, or perhaps a zero byte */
			p += 8;
		}
		if (p == end)
			break;
		n = sequence(p, (size_t)(end - p));
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}
