/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls hooks in the order of the manifest, each with what the one before it made. What a hook
 * says about the agent itself is checked as if it stood in the manifest.
 */
#include "hooks.h"

#include "tepui/kind/hook.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

#include "executors.h"
#include "frameworks.h"

static int one_identity(
	struct agent *agent, const struct tp_service_item *item, struct tp_error *err)
{
	const struct tp_hook_ops *ops = item->service.ops;
	struct tp_agent_info *info = agent->info;
	struct tp_resource **resources = NULL;
	struct tp_attribute **attributes = NULL;
	tp_cleanup(resources) struct tp_resources checked = TP_RESOURCES_INIT;
	size_t n = 0;
	int r = 0;

	if (ops->agent_resources != NULL)
		r = ops->agent_resources(
			item->service.impl, info, agent->arena, &resources, &n, err);
	if (r > 0) {
		r = tp_resources_from_records(&checked, resources, n, err);
		if (r >= 0)
			tp_resources_to_records(&checked, TP_RESOURCE_POST, agent->arena,
				&info->resources, &info->n_resources);
	}
	if (r < 0)
		return tp_wrap(err, r, "resources of the hook '%s'", item->instance);
	r = 0;
	if (ops->agent_attributes != NULL)
		r = ops->agent_attributes(
			item->service.impl, info, agent->arena, &attributes, &n, err);
	if (r < 0)
		return tp_wrap(err, r, "attributes of the hook '%s'", item->instance);
	if (r > 0) {
		info->attributes = attributes;
		info->n_attributes = n;
	}
	return 0;
}

int hooks_identity(struct agent *agent, struct tp_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < agent->hooks.n; i++)
		r = one_identity(agent, &agent->hooks.items[i], err);
	return r;
}

void hooks_run_task(const struct agent *agent, const struct tp_framework_info *framework,
	struct tp_task_info *task, struct tp_arena *arena)
{
	for (size_t i = 0; i < agent->hooks.n; i++) {
		const struct tp_service *hook = &agent->hooks.items[i].service;
		const struct tp_hook_ops *ops = hook->ops;
		struct tp_labels *labels = NULL;

		if (ops->agent_run_task_labels != NULL)
			labels = ops->agent_run_task_labels(
				hook->impl, task, framework, agent->info, arena);
		if (labels != NULL)
			task->labels = labels;
	}
}

struct tp_environment *hooks_environment(const struct executor *executor,
	struct tp_environment *environment, struct tp_arena *arena)
{
	const struct tp_services *hooks = &executor->framework->agent->hooks;

	for (size_t i = 0; i < hooks->n; i++) {
		const struct tp_service *hook = &hooks->items[i].service;
		const struct tp_hook_ops *ops = hook->ops;
		struct tp_environment *changed = NULL;

		if (ops->agent_executor_environment != NULL)
			changed = ops->agent_executor_environment(
				hook->impl, executor->info, environment, arena);
		if (changed != NULL)
			environment = changed;
	}
	return environment;
}

void hooks_task_status(const struct executor *executor, struct tp_task_status *status,
	struct tp_arena *arena)
{
	const struct tp_services *hooks = &executor->framework->agent->hooks;

	for (size_t i = 0; i < hooks->n; i++) {
		const struct tp_service *hook = &hooks->items[i].service;
		const struct tp_hook_ops *ops = hook->ops;
		const struct tp_task_status *changed = NULL;

		if (ops->agent_task_status != NULL)
			changed = ops->agent_task_status(
				hook->impl, executor->framework->id, status, arena);
		if (changed == NULL)
			continue;
		if (changed->labels != NULL)
			status->labels = changed->labels;
		if (changed->container_status != NULL)
			status->container_status = changed->container_status;
	}
}
