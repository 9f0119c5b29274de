/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies from any client: the first byte picks the call, the rest is its JSON. Every refusal says
 * why; what was decoded is printed as JSON that is accepted again and prints the same.
 */
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tp_desc *pick(uint8_t choice)
{
	static const struct tp_desc *const descs[] = { &tp_scheduler_call_desc,
		&tp_executor_call_desc, &tp_master_call_desc, &tp_agent_call_desc,
		&tp_acls_desc, &tp_resource_statistics_desc };

	return descs[choice % TP_COUNT(descs)];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_strbuf first = TP_STRBUF_INIT, second = TP_STRBUF_INIT;
	const struct tp_desc *desc;
	struct tp_arena *arena;
	struct tp_error err = { 0 };
	void *record;

	if (size == 0)
		return 0;
	desc = pick(data[0]);
	arena = tp_arena_create(0);
	if (tp_json_decode(desc, (const char *)data + 1, size - 1, arena, &record, &err) <
		0) {
		tp_assert(err.text[0] != '\0');
	} else {
		tp_json_encode(desc, record, TP_JSON_NATIVE | TP_JSON_BARE, &first);
		tp_assert(strlen(first.data) == first.len);
		/* A whole number beyond 63 bits is text for us and too big for jansson. */
		if (tp_json_decode(desc, first.data, first.len, arena, &record, &err) ==
			0) {
			tp_json_encode(
				desc, record, TP_JSON_NATIVE | TP_JSON_BARE, &second);
			tp_assert(first.len == second.len &&
				memcmp(first.data, second.data, first.len) == 0);
		}
	}
	tp_strbuf_fini(&first);
	tp_strbuf_fini(&second);
	tp_arena_destroy(arena);
	return 0;
}
