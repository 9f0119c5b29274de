/* SPDX-License-Identifier: Apache-2.0 */
/*
 * u32 length and u32 FNV-1a of the body, both big-endian, then the body: a StatusUpdateRecord
 * in msgpack. A record that does not fit in the bytes left, or the last one with a wrong
 * checksum, is a torn tail, and so is one after which only zeros follow: a file system may have
 * made room for bytes that a loss of power kept from the disk. A wrong checksum before that is
 * damage.
 */
#include "updates_log.h"

#include <errno.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"

#define HEAD_LEN 8

static uint32_t checksum(const uint8_t *data, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 16777619u;
	return hash;
}

static void put_u32(uint8_t *out, uint32_t value)
{
	out[0] = (uint8_t)(value >> 24);
	out[1] = (uint8_t)(value >> 16);
	out[2] = (uint8_t)(value >> 8);
	out[3] = (uint8_t)value;
}

static uint32_t get_u32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 |
		in[3];
}

void updates_log_encode(
	const struct tp_status_update_record *record, struct tp_strbuf *out)
{
	static const uint8_t blank[HEAD_LEN];
	size_t at = out->len;
	uint8_t *head;

	tp_strbuf_add(out, blank, sizeof(blank));
	tp_msgpack_encode(&tp_status_update_record_desc, record, out);
	head = (uint8_t *)out->data + at;
	put_u32(head, (uint32_t)(out->len - at - HEAD_LEN));
	put_u32(head + 4, checksum(head + HEAD_LEN, out->len - at - HEAD_LEN));
}

static bool is_blank(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != 0)
			return false;
	}
	return true;
}

int updates_log_decode(const void *data, size_t len, size_t *at, struct tp_arena *arena,
	struct tp_status_update_record **ret, struct tp_error *err)
{
	const uint8_t *head = (const uint8_t *)data + *at;
	size_t left = len - *at;
	void *record;
	size_t body;
	int r;

	if (left < HEAD_LEN)
		return 0;
	body = get_u32(head);
	if (body > left - HEAD_LEN)
		return 0;
	if (get_u32(head + 4) != checksum(head + HEAD_LEN, body)) {
		if (is_blank(head + HEAD_LEN + body, left - HEAD_LEN - body))
			return 0;
		return tp_fail(err, EBADMSG, "the record at byte %zu is damaged", *at);
	}
	r = tp_msgpack_decode(&tp_status_update_record_desc, head + HEAD_LEN, body, arena,
		&record, err);
	if (r >= 0)
		r = tp_record_check(&tp_status_update_record_desc, record, err);
	if (r < 0)
		return tp_wrap(err, r, "the record at byte %zu", *at);
	*ret = record;
	*at += HEAD_LEN + body;
	return 1;
}
