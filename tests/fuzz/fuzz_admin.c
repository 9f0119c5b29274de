/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in at the admin socket, and what `tepui` gets back from whoever listens there: the
 * first byte says which of the two. Every refusal says why; what was decoded comes back equal.
 */
#include <string.h>

#include "core/host/admin_call.h"
#include "tepui/codec.h"
#include "tepui/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tp_desc *desc;
	struct tp_arena *arena;
	struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_error err = { 0 };
	void *record, *again;

	if (size == 0)
		return 0;
	desc = data[0] & 1 ? &admin_answer_desc : &admin_call_desc;
	arena = tp_arena_create(0);
	if (tp_msgpack_decode(desc, data + 1, size - 1, arena, &record, &err) < 0 ||
		tp_record_check(desc, record, &err) < 0) {
		tp_assert(err.text[0] != '\0');
	} else {
		tp_msgpack_encode(desc, record, &out);
		tp_assert(tp_msgpack_decode(
				  desc, out.data, out.len, arena, &again, &err) == 0);
		tp_assert(tp_record_equal(desc, record, again));
		tp_strbuf_clear(&out);
		tp_json_encode(desc, again, 0, &out);
	}
	tp_strbuf_fini(&out);
	tp_arena_destroy(arena);
	return 0;
}
