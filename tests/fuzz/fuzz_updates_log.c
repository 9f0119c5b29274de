/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file task.updates of an agent's checkpoint, whatever a crash or a bad disk made of it: every
 * record that is read lies inside the file, damage says what it is, and what was read comes out
 * as it was when it is written again. The first byte breaks or mends the checksums, which no
 * fuzzer finds by itself.
 */
#include <string.h>

#include "modules/agent/updates_log.h"
#include "tepui/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The log's one record must survive a round through the writer. */
static void write_again(
	const struct tp_status_update_record *record, struct tp_arena *arena)
{
	struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_status_update_record *again;
	struct tp_error err = { 0 };
	size_t at = 0;

	updates_log_encode(record, &out);
	tp_assert(updates_log_decode(out.data, out.len, &at, arena, &again, &err) == 1);
	tp_assert(at == out.len);
	/* One byte short is a torn tail, not damage. */
	at = 0;
	tp_assert(
		updates_log_decode(out.data, out.len - 1, &at, arena, &again, &err) == 0);
	tp_strbuf_fini(&out);
}

static void read_log(const uint8_t *data, size_t size)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_status_update_record *record;
	struct tp_error err = { 0 };
	size_t at = 0, before = 0;
	int r;

	while ((r = updates_log_decode(data, size, &at, arena, &record, &err)) > 0) {
		tp_assert(at > before && at <= size);
		before = at;
		write_again(record, arena);
	}
	tp_assert(r == 0 || err.text[0] != '\0');
	tp_assert(at == before);
	tp_arena_destroy(arena);
}

/* FNV-1a, as the log has it: `data` becomes the body of one good record. */
static void read_framed(const uint8_t *data, size_t size)
{
	struct tp_strbuf out = TP_STRBUF_INIT;
	uint32_t hash = 2166136261u, words[2];

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 16777619u;
	words[0] = __builtin_bswap32((uint32_t)size);
	words[1] = __builtin_bswap32(hash);
	tp_strbuf_add(&out, words, sizeof words);
	tp_strbuf_add(&out, data, size);
	read_log((const uint8_t *)out.data, out.len);
	tp_strbuf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 1)
		read_framed(data + 1, size - 1);
	else
		read_log(data + 1, size - 1);
	return 0;
}
