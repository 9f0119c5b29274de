/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing byte buffers. Invariant: data is NULL and size 0, or size > len and data[len] is NUL
 * whenever control is with the owner, except between reserve() and the owner's ->len += n,
 * where the reserved bytes are all zero-terminated by one byte beyond.
 */
#include "tepui/strbuf.h"

#include <stdio.h>
#include <string.h>

#define SIZE_MIN ((size_t)64)

/* Room for `more` bytes and a NUL behind them. */
static void grow(struct tp_strbuf *buf, size_t more)
{
	size_t need = buf->len + more + 1;
	size_t size = buf->size < SIZE_MIN ? SIZE_MIN : buf->size;

	tp_assert(more < SIZE_MAX / 4 && buf->len < SIZE_MAX / 4);
	if (need <= buf->size)
		return;
	while (size < need)
		size *= 2;
	buf->data = tp_realloc(buf->data, size);
	buf->size = size;
}

void tp_strbuf_fini(struct tp_strbuf *buf)
{
	tp_free(buf->data);
	buf->data = NULL;
	buf->len = buf->size = 0;
}

void tp_strbuf_cleanup(struct tp_strbuf *buf)
{
	tp_strbuf_fini(buf);
}

void tp_strbuf_clear(struct tp_strbuf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void tp_strbuf_add(struct tp_strbuf *buf, const void *data, size_t len)
{
	grow(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void tp_strbuf_puts(struct tp_strbuf *buf, const char *text)
{
	tp_strbuf_add(buf, text, strlen(text));
}

void tp_strbuf_putc(struct tp_strbuf *buf, char c)
{
	grow(buf, 1);
	buf->data[buf->len++] = c;
	buf->data[buf->len] = '\0';
}

void tp_strbuf_printf(struct tp_strbuf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tp_strbuf_vprintf(buf, fmt, args);
	va_end(args);
}

void tp_strbuf_vprintf(struct tp_strbuf *buf, const char *fmt, va_list args)
{
	va_list again;
	size_t room;
	int len;

	grow(buf, SIZE_MIN);
	room = buf->size - buf->len;
	va_copy(again, args);
	len = vsnprintf(buf->data + buf->len, room, fmt, again);
	va_end(again);
	tp_assert(len >= 0);
	if ((size_t)len >= room) {
		grow(buf, (size_t)len);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
	}
	buf->len += (size_t)len;
}

void *tp_strbuf_reserve(struct tp_strbuf *buf, size_t len)
{
	grow(buf, len);
	buf->data[buf->len] = '\0';
	buf->data[buf->len + len] = '\0';
	return buf->data + buf->len;
}

const char *tp_strbuf_text(const struct tp_strbuf *buf)
{
	return buf->data == NULL ? "" : buf->data;
}

char *tp_strbuf_steal(struct tp_strbuf *buf)
{
	char *data;

	grow(buf, 0);
	data = buf->data;
	data[buf->len] = '\0';
	buf->data = NULL;
	buf->len = buf->size = 0;
	return data;
}

/* The length of the UTF-8 sequence at text, or 0 when it is none. */
static size_t utf8_len(const unsigned char *text, size_t len)
{
	size_t n, i;

	if (text[0] < 0x80)
		return 1;
	n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4 || n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates and what lies beyond U+10FFFF. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
		(text[0] == 0xf0 && text[1] < 0x90) ||
		(text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

static void escape_one(struct tp_strbuf *buf, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c == '\0' ? NULL : strchr(from, c);

	if (c >= 0x80)
		tp_strbuf_puts(buf, "\\ufffd");
	else if (at != NULL)
		tp_strbuf_add(buf, (char[]){ '\\', to[at - from] }, 2);
	else
		tp_strbuf_printf(buf, "\\u%04x", c);
}

void tp_strbuf_json_escape(struct tp_strbuf *buf, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len, *plain = at;
	size_t n;

	while (at < end) {
		n = *at < 0x20 || *at == '"' || *at == '\\'
			? 0
			: utf8_len(at, (size_t)(end - at));
		if (n > 0) {
			at += n;
			continue;
		}
		tp_strbuf_add(buf, plain, (size_t)(at - plain));
		escape_one(buf, *at);
		plain = ++at;
	}
	tp_strbuf_add(buf, plain, (size_t)(at - plain));
}
