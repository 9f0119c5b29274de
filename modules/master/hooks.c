/* SPDX-License-Identifier: Apache-2.0 */
/* Calls hooks in the order of the manifest, each with what the one before it made. */
#include "hooks.h"

#include "agents.h"
#include "frameworks.h"
#include "idrecord.h"

#include "tepui/kind/hook.h"

const struct tp_task_info *hooks_launch_task(const struct framework *f,
	const struct agent *a, const struct tp_task_info *info, struct tp_arena *arena)
{
	const struct tp_services *hooks = &a->master->hooks;
	struct tp_task_info *changed = NULL;

	for (size_t i = 0; i < hooks->n; i++) {
		const struct tp_service *hook = &hooks->items[i].service;
		const struct tp_hook_ops *ops = hook->ops;
		const struct tp_task_info *shown = changed != NULL ? changed : info;
		struct tp_labels *labels;

		if (ops->master_launch_task_labels == NULL)
			continue;
		labels = ops->master_launch_task_labels(
			hook->impl, shown, f->info, a->info, arena);
		if (labels == NULL)
			continue;
		if (changed == NULL)
			changed = record_shallow(&tp_task_info_desc, info, arena);
		changed->labels = labels;
	}
	return changed != NULL ? changed : info;
}

void hooks_agent_lost(const struct agent *a)
{
	const struct tp_services *hooks = &a->master->hooks;

	for (size_t i = 0; i < hooks->n; i++) {
		const struct tp_service *hook = &hooks->items[i].service;
		const struct tp_hook_ops *ops = hook->ops;

		if (ops->master_agent_lost != NULL)
			ops->master_agent_lost(hook->impl, a->info);
	}
}
