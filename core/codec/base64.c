/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64, strict in what it reads: whole groups of four, padding only at the end, and no bits
 * set that the padding throws away, so that equal bytes have one text.
 */
#include "base64.h"

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const uint8_t *data, size_t len, char *out)
{
	uint32_t group;
	size_t i;

	for (i = 0; i < len; i += 3, out += 4) {
		group = (uint32_t)data[i] << 16;
		if (i + 1 < len)
			group |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			group |= data[i + 2];
		out[0] = alphabet[group >> 18];
		out[1] = alphabet[group >> 12 & 63];
		out[2] = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
		out[3] = i + 2 < len ? alphabet[group & 63] : '=';
	}
}

/* 0..63, or 64 for what is not in the alphabet. */
static uint32_t digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0' + 52);
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool base64_decode(const char *text, size_t len, uint8_t *out, size_t *ret_len)
{
	size_t padding = 0, n = 0, i, j;
	uint32_t group, d;

	if (len % 4 != 0)
		return false;
	if (len > 0 && text[len - 1] == '=')
		padding = text[len - 2] == '=' ? 2 : 1;
	for (i = 0; i < len; i += 4) {
		for (group = 0, j = i; j < i + 4; j++) {
			d = j >= len - padding ? 0 : digit(text[j]);
			if (d > 63)
				return false;
			group = group << 6 | d;
		}
		out[n++] = (uint8_t)(group >> 16);
		out[n++] = (uint8_t)(group >> 8);
		out[n++] = (uint8_t)group;
	}
	if (padding > 0 && (out[n - 1] != 0 || (padding == 2 && out[n - 2] != 0)))
		return false;
	*ret_len = n - padding;
	return true;
}
