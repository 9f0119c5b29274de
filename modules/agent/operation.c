/* SPDX-License-Identifier: Apache-2.0 */
#include "operation.h"

#include "tepui/ids.h"
#include "tepui/record.h"

struct operation *operation_create(struct agent *agent, struct tp_list *list,
	void (*tell)(struct tp_timer *again), int64_t again_ns)
{
	struct operation *op = tp_alloc(sizeof *op);

	op->agent = agent;
	op->arena = tp_arena_create(512);
	op->again.fire = tell;
	op->again_ns = again_ns;
	tp_list_append(list, &op->node);
	return op;
}

void operation_destroy(struct operation *op)
{
	tp_timer_disarm(op->agent->instance.loop, &op->again);
	tp_list_remove(&op->node);
	tp_resources_fini(&op->gone);
	tp_resources_fini(&op->from);
	tp_resources_fini(&op->to);
	tp_arena_destroy(op->arena);
	tp_free(op);
}

void operation_read(struct operation *op, const struct tp_apply_operation *message)
{
	struct tp_operation *record = tp_record_new(&tp_operation_desc, op->arena);

	record->framework_id =
		tp_record_copy(&tp_framework_id_desc, message->framework_id, op->arena);
	record->agent_id =
		tp_record_copy(&tp_agent_id_desc, op->agent->info->id, op->arena);
	record->info = tp_record_copy(
		&tp_offer_operation_desc, message->operation_info, op->arena);
	record->uuid = tp_record_copy(&tp_uuid_desc, message->operation_uuid, op->arena);
	op->record = record;
}

bool operation_wants_feedback(const struct operation *op)
{
	return op->record->info->id != NULL;
}

void operation_stop_waiting(struct operation *op)
{
	op->waiting = false;
	tp_resources_fini(&op->from);
	tp_resources_fini(&op->to);
}

static void set_status(struct operation *op, int state, const char *why)
{
	struct tp_operation_status *status =
		tp_record_new(&tp_operation_status_desc, op->arena);

	status->operation_id = op->record->info->id;
	status->has_state = true;
	status->state = state;
	status->message = why == NULL ? NULL : tp_arena_strdup(op->arena, why);
	status->agent_id =
		tp_record_copy(&tp_agent_id_desc, op->agent->info->id, op->arena);
	if (operation_wants_feedback(op)) {
		uint8_t *uuid = tp_arena_alloc(op->arena, TP_UUID_BYTES);

		tp_uuid_generate(uuid);
		status->uuid = tp_record_new(&tp_uuid_desc, op->arena);
		status->uuid->value = (struct tp_bytes){ uuid, TP_UUID_BYTES };
	}
	op->record->latest_status = status;
}

void operation_end(struct operation *op, int state, const char *why)
{
	set_status(op, state, why);
	tp_info(op->agent, "an operation on resources", "type=%s state=%s why=%s",
		tp_enum_name(&tp_offer_operation_type_enum, op->record->info->type),
		tp_enum_name(&tp_operation_state_enum, state), why == NULL ? "-" : why);
}
