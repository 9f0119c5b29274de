/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hand cursor and writer for the few msgpack values of the envelope; records inside bodies are
 * the codec's. Every read checks the bytes that are left, though the scan of the whole frame has
 * been there before: two locks on this door cost nothing.
 */
#include "core/net/envelope.h"

#include <errno.h>
#include <string.h>

/* Reads n big-endian bytes. */
static bool take(struct cursor *self, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	if ((size_t)(self->end - self->at) < n)
		return false;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | *self->at++;
	*ret = value;
	return true;
}

static bool advance(struct cursor *self, uint64_t n)
{
	if ((uint64_t)(self->end - self->at) < n)
		return false;
	self->at += n;
	return true;
}

bool cursor_array(struct cursor *self, uint32_t *ret_n)
{
	uint64_t n;

	if (self->at == self->end)
		return false;
	if ((*self->at & 0xf0) == 0x90) {
		*ret_n = *self->at++ & 0x0f;
		return true;
	}
	if (*self->at != 0xdc && *self->at != 0xdd)
		return false;
	if (!take(self, *self->at++ == 0xdc ? 2 : 4, &n))
		return false;
	*ret_n = (uint32_t)n;
	return true;
}

bool cursor_uint(struct cursor *self, uint64_t *ret)
{
	uint8_t tag;

	if (self->at == self->end)
		return false;
	tag = *self->at;
	if (tag > 0x7f && (tag < 0xcc || tag > 0xcf))
		return false;
	self->at++;
	if (tag <= 0x7f) {
		*ret = tag;
		return true;
	}
	return take(self, (size_t)1 << (tag - 0xcc), ret);
}

bool cursor_text(struct cursor *self, const char **ret, size_t *ret_len)
{
	uint64_t n = 0;
	uint8_t tag;
	bool ok = true;

	if (self->at == self->end)
		return false;
	tag = *self->at++;
	if ((tag & 0xe0) == 0xa0)
		n = tag & 0x1f;
	else if (tag >= 0xd9 && tag <= 0xdb)
		ok = take(self, (size_t)1 << (tag - 0xd9), &n);
	else if (tag >= 0xc4 && tag <= 0xc6)
		ok = take(self, (size_t)1 << (tag - 0xc4), &n);
	else
		ok = false;
	*ret = (const char *)self->at;
	*ret_len = (size_t)n;
	return ok && advance(self, n);
}

/* Bytes of payload after the tags c0..df whose size does not depend on the value; 255: it does. */
static const uint8_t fixed_len[32] = { 0, 255, 0, 0, 255, 255, 255, 255, 255, 255, 4, 8,
	1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 255, 255, 255, 255, 255, 255, 255 };

/* Skips one head; adds the values nested in it to *left. */
static bool skip_head(struct cursor *self, uint64_t *left)
{
	uint8_t tag = *self->at++;
	uint64_t n = 0;

	if (tag <= 0x7f || tag >= 0xe0)
		return true;
	if (tag <= 0x9f) {
		*left += tag <= 0x8f ? 2u * (tag & 0x0f) : (tag & 0x0f);
		return true;
	}
	if (tag <= 0xbf)
		return advance(self, tag & 0x1f);
	if (fixed_len[tag - 0xc0] != 255)
		return advance(self, fixed_len[tag - 0xc0]);
	if (tag >= 0xc4 && tag <= 0xc6)
		return take(self, (size_t)1 << (tag - 0xc4), &n) && advance(self, n);
	if (tag >= 0xc7 && tag <= 0xc9)
		return take(self, (size_t)1 << (tag - 0xc7), &n) && advance(self, n + 1);
	if (tag >= 0xd9 && tag <= 0xdb)
		return take(self, (size_t)1 << (tag - 0xd9), &n) && advance(self, n);
	if (tag < 0xdc || !take(self, tag & 1 ? 4 : 2, &n))
		return false;
	*left += tag >= 0xde ? 2 * n : n;
	return true;
}

bool cursor_skip(struct cursor *self)
{
	for (uint64_t left = 1; left > 0; left--) {
		if (self->at == self->end || !skip_head(self, &left))
			return false;
	}
	return true;
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
	else if (!cursor_skip(&c))
		return tp_fail(err, EPROTO, "body of the envelope is cut off");
	ret->body_len = (size_t)(c.at - ret->body);
	if (ret->body_len == 1 && *ret->body == 0xc0)
		ret->body = NULL;
	if (n > 4 && !cursor_uint(&c, &ret->extra) && (c.at == c.end || *c.at != 0xc0))
		return tp_fail(err, EPROTO, "fifth element of the envelope is no number");
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

void envelope_begin(struct tp_strbuf *out, enum envelope_kind kind, uint64_t id,
	uint64_t type, bool extra)
{
	write_array(out, extra ? 5 : 4);
	write_uint(out, kind);
	write_uint(out, id);
	write_uint(out, type);
}
