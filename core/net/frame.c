/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The splitter. A frame that lies whole in the input is handed out in place; only one that is
 * cut by the end of the input is copied into `partial`, which grows as bytes arrive and never
 * because a header claims a length. It knows nothing of what is inside a frame.
 */
#include "core/net/frame.h"

#include <errno.h>
#include <string.h>

/* 00 'S' 'P' 00, protocol 0x0010 (PAIR version 0), reserved 0000. */
const uint8_t frame_hello[FRAME_HELLO_BYTES] = { 0x00, 'S', 'P', 0x00, 0x00, 0x10, 0x00,
	0x00 };

/* Memory kept for the next partial frame. */
#define PARTIAL_KEEP_BYTES 1024

size_t frame_header(uint8_t header[FRAME_HEADER_MAX], bool marked, uint64_t len)
{
	size_t n = 0;

	if (marked)
		header[n++] = 0x01;
	for (int shift = 56; shift >= 0; shift -= 8)
		header[n++] = (uint8_t)(len >> shift);
	return n;
}

void frame_splitter_fini(struct frame_splitter *self)
{
	tp_strbuf_fini(&self->partial);
}

/* Moves bytes from the input until `partial` holds `want`; false when the input ran out. */
static bool fill(
	struct frame_splitter *self, const uint8_t **data, size_t *len, size_t want)
{
	size_t n = want - self->partial.len;

	if (n > *len)
		n = *len;
	if (n > 0) {
		tp_strbuf_add(&self->partial, *data, n);
		*data += n;
		*len -= n;
	}
	return self->partial.len == want;
}

static void forget(struct frame_splitter *self)
{
	self->taken = false;
	if (self->partial.size > PARTIAL_KEEP_BYTES)
		tp_strbuf_fini(&self->partial);
	else
		tp_strbuf_clear(&self->partial);
}

/* Names the strangers that dial ports by habit. */
static int refuse_hello(const uint8_t *seen, size_t len, struct tp_error *err)
{
	static const char *const http[] = { "GET ", "POST", "HEAD", "PUT ", "OPTI" };

	for (size_t i = 0; len >= 4 && i < TP_COUNT(http); i++) {
		if (memcmp(seen, http[i], 4) == 0)
			return tp_fail(err, EPROTOTYPE,
				"peer speaks HTTP, this address speaks the native "
				"protocol");
	}
	if (len >= 4 && memcmp(seen, "HTTP", 4) == 0)
		return tp_fail(err, EPROTO,
			"an HTTP server is there: the native protocol has another port "
			"(masters 5060, agents 5061)");
	if (len >= 2 && seen[0] == 0x16 && seen[1] == 0x03)
		return tp_fail(err, EPROTO, "peer speaks TLS, this address expects none");
	if (len >= 6 && memcmp(seen, frame_hello, 4) == 0)
		return tp_fail(err, EPROTO,
			"peer is an SP socket of protocol 0x%02x%02x, expected PAIR0 "
			"(0x0010)",
			seen[4], seen[5]);
	return tp_fail(err, EPROTO, "peer does not greet with the SP header");
}

static int take_hello(struct frame_splitter *self, const uint8_t **data, size_t *len,
	struct tp_error *err)
{
	bool whole = fill(self, data, len, FRAME_HELLO_BYTES);
	size_t n = self->partial.len;

	if (n > 0 && memcmp(self->partial.data, frame_hello, n) != 0)
		return refuse_hello((const uint8_t *)self->partial.data, n, err);
	if (!whole)
		return FRAME_MORE;
	self->greeted = true;
	forget(self);
	return FRAME_HELLO;
}

/* Reads the length of a frame from its whole header. */
static int read_header(const uint8_t *header, bool marked, size_t max_bytes,
	size_t *ret_len, struct tp_error *err)
{
	uint64_t n = 0;

	if (marked && *header++ != 0x01)
		return tp_fail(err, EPROTO, "frame begins with byte %02x, expected 01",
			header[-1]);
	for (int i = 0; i < 8; i++)
		n = n << 8 | header[i];
	if (n > max_bytes)
		return tp_fail(err, EMSGSIZE,
			"frame of %llu bytes is longer than the limit of %zu",
			(unsigned long long)n, max_bytes);
	*ret_len = (size_t)n;
	return 0;
}

int frame_next(struct frame_splitter *self, const uint8_t **data, size_t *len,
	size_t max_bytes, const uint8_t **ret, size_t *ret_len, struct tp_error *err)
{
	const size_t head = self->marked ? 9 : 8;
	size_t body = 0;
	int r;

	if (self->taken)
		forget(self);
	if (!self->greeted)
		return take_hello(self, data, len, err);
	if (self->partial.len == 0 && *len >= head) {
		r = read_header(*data, self->marked, max_bytes, &body, err);
		if (r < 0)
			return r;
		if (*len - head >= body) {
			*ret = *data + head;
			*ret_len = body;
			*data += head + body;
			*len -= head + body;
			return FRAME_DATA;
		}
	}
	if (self->partial.len < head && !fill(self, data, len, head))
		return FRAME_MORE;
	r = read_header(
		(const uint8_t *)self->partial.data, self->marked, max_bytes, &body, err);
	if (r < 0)
		return r;
	if (!fill(self, data, len, head + body))
		return FRAME_MORE;
	self->taken = true;
	*ret = (const uint8_t *)self->partial.data + head;
	*ret_len = body;
	return FRAME_DATA;
}
