/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few msgpack values of the envelope, token by token; records inside bodies are the codec's
 * business. Every token checks the bytes that are left, though the scan of the whole frame has
 * been there before: two locks on this door cost nothing.
 */
#include "core/net/envelope.h"

#include <errno.h>
#include <string.h>

#include "core/codec/token.h"

bool cursor_array(struct cursor *self, uint32_t *ret_n)
{
	struct token token = { .n = 0 };

	token_next(&self->at, self->end, &token);
	*ret_n = (uint32_t)token.n;
	return token.kind == TOKEN_ARRAY;
}

bool cursor_uint(struct cursor *self, uint64_t *ret)
{
	struct token token = { .n = 0 };

	token_next(&self->at, self->end, &token);
	*ret = token.u;
	return token.kind == TOKEN_UINT;
}

bool cursor_text(struct cursor *self, const char **ret, size_t *ret_len)
{
	struct token token = { .n = 0 };

	token_next(&self->at, self->end, &token);
	*ret = (const char *)token.data;
	*ret_len = token.n;
	return token.kind == TOKEN_STR || token.kind == TOKEN_BIN;
}

int envelope_parse(
	const uint8_t *data, size_t len, struct envelope *ret, struct tp_error *err)
{
	struct cursor c = { data, data + len };
	uint32_t n;

	memset(ret, 0, sizeof *ret);
	if (!cursor_array(&c, &n) || n < 1 || !cursor_uint(&c, &ret->kind) ||
		(n > 1 && !cursor_uint(&c, &ret->id)) ||
		(n > 2 && !cursor_uint(&c, &ret->type)))
		return tp_fail(
			err, EPROTO, "frame is no envelope [kind, id, type, body]");
	if (n <= 3)
		return 0;
	ret->body = c.at;
	if (n == 4)
		c.at = c.end;
	else if (token_skip(&c.at, c.end) != NULL)
		return tp_fail(err, EPROTO, "body of the envelope is cut off");
	ret->body_len = (size_t)(c.at - ret->body);
	if (ret->body_len == 1 && *ret->body == 0xc0)
		ret->body = NULL;
	if (n > 4 && !cursor_uint(&c, &ret->extra))
		ret->extra = 0;
	return 0;
}

void write_nil(struct tp_strbuf *out)
{
	tp_strbuf_putc(out, (char)0xc0);
}

void write_array(struct tp_strbuf *out, unsigned n)
{
	tp_assert(n < 16);
	tp_strbuf_putc(out, (char)(0x90 | n));
}

/* Writes a tag and n big-endian bytes of value. */
static void put(struct tp_strbuf *out, uint8_t tag, unsigned n, uint64_t value)
{
	uint8_t bytes[9] = { tag };

	for (unsigned i = 0; i < n; i++)
		bytes[1 + i] = (uint8_t)(value >> (8 * (n - 1 - i)));
	tp_strbuf_add(out, bytes, n + 1);
}

void write_uint(struct tp_strbuf *out, uint64_t value)
{
	if (value <= 0x7f)
		put(out, (uint8_t)value, 0, 0);
	else if (value <= UINT8_MAX)
		put(out, 0xcc, 1, value);
	else if (value <= UINT16_MAX)
		put(out, 0xcd, 2, value);
	else if (value <= UINT32_MAX)
		put(out, 0xce, 4, value);
	else
		put(out, 0xcf, 8, value);
}

void write_text(struct tp_strbuf *out, const char *text)
{
	size_t len = strlen(text);

	if (len < 32)
		put(out, (uint8_t)(0xa0 | len), 0, 0);
	else if (len <= UINT8_MAX)
		put(out, 0xd9, 1, len);
	else if (len <= UINT16_MAX)
		put(out, 0xda, 2, len);
	else
		put(out, 0xdb, 4, len);
	tp_strbuf_add(out, text, len);
}

void write_bytes(struct tp_strbuf *out, const void *data, size_t len)
{
	tp_assert(len <= UINT16_MAX);
	if (len <= UINT8_MAX)
		put(out, 0xc4, 1, len);
	else
		put(out, 0xc5, 2, len);
	if (len > 0)
		tp_strbuf_add(out, data, len);
}

void envelope_begin(struct tp_strbuf *out, enum envelope_kind kind, uint64_t id,
	uint64_t type, bool extra)
{
	write_array(out, extra ? 5 : 4);
	write_uint(out, kind);
	write_uint(out, id);
	write_uint(out, type);
}
