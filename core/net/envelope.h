/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of every frame: the msgpack array [kind, id, type, body, extra...]. Elements that
 * are missing at the end are nil; further ones are ignored. docs/PROTOCOL.md gives the meaning
 * of each element by kind.
 */
#ifndef CORE_NET_ENVELOPE_H
#define CORE_NET_ENVELOPE_H

#include "tepui/error.h"
#include "tepui/strbuf.h"

enum envelope_kind {
	ENVELOPE_HELLO =
		1,         /* id: newest version, type: oldest, body: [kind, id, epoch] */
	ENVELOPE_AUTH = 2, /* type: LIST, START or STEP, see authentication.h */
	ENVELOPE_READY = 3,   /* id: version, body: [kind, id, epoch, principal] */
	ENVELOPE_MESSAGE = 4, /* type, body */
	ENVELOPE_CALL = 5,    /* id, type, body, extra: timeout in ms */
	ENVELOPE_REPLY = 6,   /* id, body: the last one */
	ENVELOPE_PART = 7,    /* id, body: more follow */
	ENVELOPE_ERROR = 8,   /* id, type: errno, body: text */
	ENVELOPE_CANCEL = 9,  /* id */
	ENVELOPE_PING = 10,
	ENVELOPE_PONG = 11,
	ENVELOPE_BYE = 12, /* type: errno, body: text; the sender closes */
};

/* A msgpack value inside a frame that tp_msgpack_scan() has passed. */
struct cursor {
	const uint8_t *at, *end;
};

struct envelope {
	uint64_t kind, id, type;
	const uint8_t *body; /* NULL = nil */
	size_t body_len;
	uint64_t extra; /* 0 = absent */
};

/* `data` has passed tp_msgpack_scan(). -EPROTO when it is no envelope. */
int envelope_parse(
	const uint8_t *data, size_t len, struct envelope *ret, struct tp_error *err);

/* Appends the envelope up to the body; the caller appends exactly one value, then the extra. */
void envelope_begin(struct tp_strbuf *out, enum envelope_kind kind, uint64_t id,
	uint64_t type, bool extra);

/* Reading inside a body; false when something else stands there. */
bool cursor_array(struct cursor *self, uint32_t *ret_n);
bool cursor_uint(struct cursor *self, uint64_t *ret);
/* Also bytes. Borrowed; not terminated. */
bool cursor_text(struct cursor *self, const char **ret, size_t *ret_len);

void write_nil(struct tp_strbuf *out);
void write_uint(struct tp_strbuf *out, uint64_t value);
void write_text(struct tp_strbuf *out, const char *text);
/* len < 64 KiB */
void write_bytes(struct tp_strbuf *out, const void *data, size_t len);
/* n < 16 */
void write_array(struct tp_strbuf *out, unsigned n);

#endif
