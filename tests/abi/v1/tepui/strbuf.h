/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing buffer of bytes that is always NUL-terminated: text, frames, paths. The memory is
 * its owner's; fini() or steal() ends it.
 */
#ifndef TEPUI_STRBUF_H
#define TEPUI_STRBUF_H

#include <stdarg.h>

#include "tepui/base.h"

struct tp_strbuf {
	char *data; /* NULL while empty: use tp_strbuf_text() for printing */
	size_t len;
	size_t size;
};

#define TP_STRBUF_INIT \
	{ \
		NULL, 0, 0 \
	}

TP_EXPORT void tp_strbuf_fini(struct tp_strbuf *buf);
TP_EXPORT void tp_strbuf_cleanup(struct tp_strbuf *buf); /* for tp_cleanup(strbuf) */
TP_EXPORT void tp_strbuf_clear(struct tp_strbuf *buf);   /* keeps the memory */
TP_EXPORT void tp_strbuf_add(struct tp_strbuf *buf, const void *data, size_t len);
TP_EXPORT void tp_strbuf_puts(struct tp_strbuf *buf, const char *text);
TP_EXPORT void tp_strbuf_putc(struct tp_strbuf *buf, char c);
TP_EXPORT void tp_strbuf_printf(struct tp_strbuf *buf, const char *fmt, ...)
	TP_PRINTF(2, 3);
TP_EXPORT void tp_strbuf_vprintf(struct tp_strbuf *buf, const char *fmt, va_list args);
/* Makes room for `len` more bytes and returns where they go; the caller then adds to ->len. */
TP_EXPORT void *tp_strbuf_reserve(struct tp_strbuf *buf, size_t len);
/* The text, never NULL; valid until the buffer changes. */
TP_EXPORT const char *tp_strbuf_text(const struct tp_strbuf *buf);
/* The memory becomes the caller's (tp_free); the buffer is empty again. Never NULL. */
TP_EXPORT char *tp_strbuf_steal(struct tp_strbuf *buf);
/* Appends text as the inside of a JSON string: quotes, controls and bad UTF-8 escaped. */
TP_EXPORT void tp_strbuf_json_escape(struct tp_strbuf *buf, const char *text, size_t len);

#endif
