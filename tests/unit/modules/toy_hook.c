/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook that is interested in everything. What it adds carries the name of its instance, so
 * that tests see who was called and in which order.
 */
#include <errno.h>

#include "tepui/kind/hook.h"
#include "tepui/module.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

struct toy_hook {
	struct tp_instance instance;
	const char *resources;
};

static const char *name(const struct toy_hook *self)
{
	return self->instance.topic.name;
}

/* The labels that were there and one more. */
static struct tp_labels *with_label(const struct toy_hook *self,
	const struct tp_labels *old, const char *value, struct tp_arena *arena)
{
	struct tp_labels *labels = tp_record_new(&tp_labels_desc, arena);
	struct tp_label *label = tp_record_new(&tp_label_desc, arena);

	for (size_t i = 0; old != NULL && i < old->n_labels; i++)
		tp_arena_push(arena, &labels->labels, &labels->n_labels, old->labels[i]);
	label->key = name(self);
	label->value = value;
	tp_arena_push(arena, &labels->labels, &labels->n_labels, label);
	return labels;
}

static struct tp_labels *launch_labels(void *impl, const struct tp_task_info *task,
	const struct tp_framework_info *framework, const struct tp_agent_info *agent,
	struct tp_arena *arena)
{
	(void)framework, (void)agent;
	return with_label(impl, task->labels, "launched", arena);
}

static void agent_lost(void *impl, const struct tp_agent_info *agent)
{
	struct toy_hook *self = impl;

	tp_instance_ready(&self->instance, "lost", agent->hostname);
}

static struct tp_labels *run_labels(void *impl, const struct tp_task_info *task,
	const struct tp_framework_info *framework, const struct tp_agent_info *agent,
	struct tp_arena *arena)
{
	(void)framework, (void)agent;
	return with_label(impl, task->labels, "run", arena);
}

static struct tp_environment *environment(void *impl,
	const struct tp_executor_info *executor, const struct tp_environment *old,
	struct tp_arena *arena)
{
	struct tp_environment *all = tp_record_new(&tp_environment_desc, arena);
	struct tp_environment_variable *variable =
		tp_record_new(&tp_environment_variable_desc, arena);

	for (size_t i = 0; i < old->n_variables; i++)
		tp_arena_push(
			arena, &all->variables, &all->n_variables, old->variables[i]);
	variable->name = tp_arena_printf(arena, "HOOK_%s", name(impl));
	variable->value = executor->executor_id->value;
	tp_arena_push(arena, &all->variables, &all->n_variables, variable);
	return all;
}

static struct tp_task_status *task_status(void *impl, const char *framework_id,
	const struct tp_task_status *status, struct tp_arena *arena)
{
	struct tp_task_status *changed = tp_record_new(&tp_task_status_desc, arena);

	changed->has_state = true;
	changed->state = TP_TASK_LOST; /* nobody may take this over */
	changed->labels = with_label(impl, status->labels, framework_id, arena);
	return changed;
}

static int resources(void *impl, const struct tp_agent_info *agent,
	struct tp_arena *arena, struct tp_resource ***ret, size_t *ret_n,
	struct tp_error *err)
{
	struct toy_hook *self = impl;
	int r;

	(void)agent;
	if (self->resources == NULL)
		return 0;
	r = tp_resource_records_parse(self->resources, NULL, arena, ret, ret_n, err);
	return r < 0 ? r : 1;
}

static int attributes(void *impl, const struct tp_agent_info *agent,
	struct tp_arena *arena, struct tp_attribute ***ret, size_t *ret_n,
	struct tp_error *err)
{
	struct tp_attribute *attribute = tp_record_new(&tp_attribute_desc, arena);

	(void)err;
	attribute->name = name(impl);
	attribute->has_type = true;
	attribute->type = TP_VALUE_TEXT;
	attribute->text = tp_record_new(&tp_value_text_desc, arena);
	attribute->text->value = "here";
	*ret = NULL;
	*ret_n = 0;
	for (size_t i = 0; i < agent->n_attributes; i++)
		tp_arena_push(arena, ret, ret_n, agent->attributes[i]);
	tp_arena_push(arena, ret, ret_n, attribute);
	return 1;
}

static const struct tp_hook_ops hook_ops = {
	.master_launch_task_labels = launch_labels,
	.master_agent_lost = agent_lost,
	.agent_run_task_labels = run_labels,
	.agent_executor_environment = environment,
	.agent_task_status = task_status,
	.agent_resources = resources,
	.agent_attributes = attributes,
};

static const struct tp_field config[] = {
	TP_CONFIG("resources", TP_STRING, struct toy_hook, resources, NULL,
		"What the agent has instead."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_hook",
	.version = "1",
	.summary = "Adds to everything",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("hook", TP_HOOK_ABI, hook_ops), { 0 } },
	.config = config,
	.instance_size = sizeof(struct toy_hook),
};
