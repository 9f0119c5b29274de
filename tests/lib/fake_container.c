/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_container.h"

#include "tepui/arena.h"
#include "tepui/base.h"
#include "tepui/record.h"
#include "tepui/wire.h"

int fake_container_usage(void *impl, const char *id, struct tp_arena *arena,
	struct tp_resource_statistics **ret, struct tp_error *err)
{
	(void)impl, (void)id, (void)err;
	*ret = tp_record_new(&tp_resource_statistics_desc, arena);
	(*ret)->has_timestamp_ns = true;
	(*ret)->timestamp_ns = TP_SEC;
	return 0;
}

int fake_container_status(void *impl, const char *id, struct tp_arena *arena,
	struct tp_container_status **ret, struct tp_error *err)
{
	(void)impl, (void)err;
	*ret = tp_record_new(&tp_container_status_desc, arena);
	(*ret)->container_id = tp_record_new(&tp_container_id_desc, arena);
	(*ret)->container_id->value = tp_arena_strdup(arena, id);
	return 0;
}

int fake_container_process(
	void *impl, const char *id, int64_t *ret_pid, uint64_t *ret_start_ticks)
{
	(void)impl, (void)id;
	*ret_pid = 4242;
	*ret_start_ticks = 17;
	return 0;
}
