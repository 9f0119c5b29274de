/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing into a string buffer without a call per byte. Between writer_begin() and writer_end()
 * the buffer belongs to the writer.
 */
#ifndef TEPUI_CODEC_WRITER_H
#define TEPUI_CODEC_WRITER_H

#include <string.h>

#include "tepui/strbuf.h"

struct writer {
	struct tp_strbuf *out;
	uint8_t *p;
	uint8_t *end;
};

/* Room for `n` more bytes at w->p. */
static inline void writer_need(struct writer *w, size_t n)
{
	if ((size_t)(w->end - w->p) >= n)
		return;
	w->out->len = (size_t)(w->p - (uint8_t *)w->out->data);
	w->p = tp_strbuf_reserve(w->out, n < 128 ? 128 : n);
	w->end = (uint8_t *)w->out->data + w->out->size - 1;
}

static inline void writer_begin(struct writer *w, struct tp_strbuf *out)
{
	w->out = out;
	w->p = tp_strbuf_reserve(out, 128);
	w->end = (uint8_t *)out->data + out->size - 1;
}

static inline void writer_end(struct writer *w)
{
	w->out->len = (size_t)(w->p - (uint8_t *)w->out->data);
	*w->p = '\0';
}

static inline void writer_byte(struct writer *w, uint8_t byte)
{
	writer_need(w, 1);
	*w->p++ = byte;
}

static inline void writer_add(struct writer *w, const void *data, size_t len)
{
	writer_need(w, len);
	if (len > 0)
		memcpy(w->p, data, len);
	w->p += len;
}

#endif
