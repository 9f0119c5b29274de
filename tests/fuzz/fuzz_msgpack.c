/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames from any peer, and files: the first byte picks the record, the rest is its msgpack. Every refusal
 * says why; what was decoded passes the scan and comes back equal.
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
		&tp_agent_reregister_desc, &tp_status_update_desc,
		&tp_master_response_desc, &tp_container_id_desc,
		/* of files: the registry, the checkpoint, an exit status */
		&tp_registry_state_agent_desc, &tp_registry_state_unreachable_agent_desc,
		&tp_agent_info_desc, &tp_framework_info_desc, &tp_executor_info_desc,
		&tp_task_info_desc, &tp_container_termination_desc,
		&tp_launch_plan_desc };

	return descs[choice % TP_COUNT(descs)];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tp_desc *desc;
	struct tp_arena *arena;
	struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_error err = { 0 };
	void *record, *again;

	if (size == 0)
		return 0;
	desc = pick(data[0]);
	arena = tp_arena_create(0);
	if (tp_msgpack_decode(desc, data + 1, size - 1, arena, &record, &err) < 0) {
		tp_assert(strstr(err.text, desc->name) == err.text);
	} else {
		tp_msgpack_encode(desc, record, &out);
		tp_assert(tp_msgpack_decode(
				  desc, out.data, out.len, arena, &again, &err) == 0);
		tp_strbuf_clear(&out);
		tp_json_encode(desc, again, 0, &out);
		tp_record_check(desc, again, &err);
	}
	err.text[0] = '\0';
	tp_assert(tp_msgpack_scan(data + 1, size - 1, &err) == 0 || err.text[0] != '\0');
	tp_strbuf_fini(&out);
	tp_arena_destroy(arena);
	return 0;
}
