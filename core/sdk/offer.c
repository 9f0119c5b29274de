/* SPDX-License-Identifier: Apache-2.0 */
/* Offers, as schedulers use them. */
#include "tepui/offer.h"

#include "tepui/record.h"

void tp_offer_resources(const struct tp_offer *offer, struct tp_resources *ret)
{
	if (tp_resources_from_records(ret, offer->resources, offer->n_resources, NULL) <
		0) {
		tp_resources_fini(ret);
		*ret = (struct tp_resources)TP_RESOURCES_INIT;
	}
	tp_resources_unallocate(ret);
}

struct tp_task_info *tp_offer_task(const struct tp_offer *offer, const char *task_id,
	const char *command, const struct tp_resources *resources, struct tp_arena *arena)
{
	tp_cleanup(resources) struct tp_resources allocated = TP_RESOURCES_INIT;
	struct tp_task_info *task = tp_record_new(&tp_task_info_desc, arena);

	task->name = tp_arena_strdup(arena, task_id);
	task->task_id = tp_record_new(&tp_task_id_desc, arena);
	task->task_id->value = task->name;
	task->agent_id = tp_record_copy(&tp_agent_id_desc, offer->agent_id, arena);
	task->command = tp_record_new(&tp_command_info_desc, arena);
	task->command->value = tp_arena_strdup(arena, command);
	tp_resources_copy(&allocated, resources);
	if (offer->allocation_info != NULL)
		tp_resources_allocate(&allocated, offer->allocation_info->role);
	tp_resources_to_records(&allocated, TP_RESOURCE_POST, arena, &task->resources,
		&task->n_resources);
	return task;
}
