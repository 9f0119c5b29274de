/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id texts as the records that the wire wants, allocated in the arena of the message they go
 * into. The text is borrowed, not copied.
 */
#ifndef MASTER_IDRECORD_H
#define MASTER_IDRECORD_H

#include <string.h>

#include "tepui/record.h"
#include "tepui/wire.h"

/* A record of its own whose members are those of `record`: for changing a few of them. */
static inline void *record_shallow(
	const struct tp_desc *desc, const void *record, struct tp_arena *arena)
{
	return memcpy(tp_record_new(desc, arena), record, desc->size);
}

static inline struct tp_agent_id *agent_id_record(struct tp_arena *arena, const char *id)
{
	struct tp_agent_id *record = tp_record_new(&tp_agent_id_desc, arena);

	record->value = id;
	return record;
}

static inline struct tp_executor_id *executor_id_record(
	struct tp_arena *arena, const char *id)
{
	struct tp_executor_id *record = tp_record_new(&tp_executor_id_desc, arena);

	record->value = id;
	return record;
}

static inline struct tp_framework_id *framework_id_record(
	struct tp_arena *arena, const char *id)
{
	struct tp_framework_id *record = tp_record_new(&tp_framework_id_desc, arena);

	record->value = id;
	return record;
}

static inline struct tp_offer_id *offer_id_record(struct tp_arena *arena, const char *id)
{
	struct tp_offer_id *record = tp_record_new(&tp_offer_id_desc, arena);

	record->value = id;
	return record;
}

static inline struct tp_task_id *task_id_record(struct tp_arena *arena, const char *id)
{
	struct tp_task_id *record = tp_record_new(&tp_task_id_desc, arena);

	record->value = id;
	return record;
}

static inline struct tp_time_info *time_record(struct tp_arena *arena, int64_t ns)
{
	struct tp_time_info *record = tp_record_new(&tp_time_info_desc, arena);

	record->has_nanoseconds = true;
	record->nanoseconds = ns;
	return record;
}

#endif
