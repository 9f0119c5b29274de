/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames on a byte stream, exactly as SP PAIR0 writes them: one hello of eight bytes, then per
 * frame a 64-bit big-endian length and the bytes; on unix sockets a byte 01 before each length.
 */
#ifndef CORE_NET_FRAME_H
#define CORE_NET_FRAME_H

#include "tepui/error.h"
#include "tepui/strbuf.h"

#define FRAME_HELLO_BYTES 8
#define FRAME_HEADER_MAX 9

extern const uint8_t frame_hello[FRAME_HELLO_BYTES];

/* Writes the header of a frame of `len` bytes; returns how long the header is: 8 or 9. */
size_t frame_header(uint8_t header[FRAME_HEADER_MAX], bool marked, uint64_t len);

/* Cuts a stream into frames, whatever pieces it arrives in. Zeroed is ready. */
struct frame_splitter {
	struct tp_strbuf partial; /* of the frame that has begun: header and bytes */
	bool marked;              /* a byte 01 precedes each length */
	bool greeted;             /* the hello was seen */
	bool taken;               /* `partial` was handed out by the last call */
};

void frame_splitter_fini(struct frame_splitter *self);

enum frame_result { FRAME_MORE = 0, FRAME_HELLO, FRAME_DATA };

/*
 * Takes the next piece of *data and moves *data and *len past it. FRAME_MORE: everything was
 * consumed and more bytes are needed; FRAME_HELLO: the peer greeted; FRAME_DATA: *ret is one
 * frame, borrowed until the next call or until the input goes. -EPROTO when this is not our
 * protocol, -EPROTOTYPE when it is an HTTP request, -EMSGSIZE when a frame is longer than max_bytes.
 */
int frame_next(struct frame_splitter *self, const uint8_t **data, size_t *len,
	size_t max_bytes, const uint8_t **ret, size_t *ret_len, struct tp_error *err);

#endif
