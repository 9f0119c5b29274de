/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of frameworks. A framework's checkpoint stays on disk while it is among the
 * completed ones, so that one task after the other does not write framework.info each time;
 * recovery removes what has no executors.
 */
#include "frameworks.h"

#include "tepui/record.h"

#include "checkpoint.h"
#include "executors.h"

int frameworks_init(struct agent *agent)
{
	agent->frameworks = tp_alloc(sizeof(*agent->frameworks));
	tp_map_init(&agent->frameworks->running);
	tp_list_init(&agent->frameworks->completed);
	return 0;
}

static void framework_destroy(struct framework *framework)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &framework->executors) {
		executor_destroy(tp_map_entry(node, struct executor, node));
	}
	tp_list_foreach (node, tmp, &framework->completed_executors) {
		executor_destroy(tp_container_of(node, struct executor, completed));
	}
	tp_map_fini(&framework->executors);
	tp_arena_destroy(framework->arena);
	tp_free(framework->id);
	tp_free(framework);
}

void frameworks_fini(struct agent *agent)
{
	struct frameworks *self = agent->frameworks;
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_map_foreach (node, tmp, &self->running) {
		struct framework *framework = tp_map_entry(node, struct framework, node);

		tp_map_remove(&self->running, &framework->node);
		framework_destroy(framework);
	}
	tp_list_foreach (node, tmp, &self->completed) {
		tp_list_remove(node);
		framework_destroy(tp_container_of(node, struct framework, completed));
	}
	tp_map_fini(&self->running);
	tp_free(self);
	agent->frameworks = NULL;
}

struct framework *framework_find(struct agent *agent, const char *id)
{
	return tp_map_get(&agent->frameworks->running, id, struct framework, node);
}

static struct framework *framework_find_completed(struct agent *agent, const char *id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &agent->frameworks->completed) {
		struct framework *framework =
			tp_container_of(node, struct framework, completed);

		if (tp_streq(framework->id, id))
			return framework;
	}
	return NULL;
}

struct framework *framework_find_any(struct agent *agent, const char *id)
{
	struct framework *framework = framework_find(agent, id);

	return framework != NULL ? framework : framework_find_completed(agent, id);
}

void framework_set_info(struct framework *framework, const struct tp_framework_info *info)
{
	struct tp_arena *arena;

	if (framework->info != NULL &&
		tp_record_equal(&tp_framework_info_desc, framework->info, info))
		return;
	arena = tp_arena_create(0);
	framework->info = tp_record_copy(&tp_framework_info_desc, info, arena);
	tp_arena_destroy(framework->arena);
	framework->arena = arena;
	framework->stored = false;
}

static struct framework *framework_create(struct agent *agent, const char *id)
{
	struct framework *framework = tp_alloc(sizeof(*framework));

	framework->agent = agent;
	framework->id = tp_strdup(id);
	tp_list_init(&framework->completed);
	tp_map_init(&framework->executors);
	tp_list_init(&framework->completed_executors);
	return framework;
}

struct framework *framework_get(struct agent *agent, const struct tp_framework_info *info)
{
	struct frameworks *self = agent->frameworks;
	const char *id = info->id->value;
	struct framework *framework = framework_find(agent, id);

	if (framework != NULL)
		return framework;
	framework = framework_find_completed(agent, id);
	if (framework != NULL) {
		tp_list_remove(&framework->completed);
		self->n_completed--;
	} else {
		framework = framework_create(agent, id);
	}
	framework->state = FRAMEWORK_RUNNING;
	framework->serial = ++agent->next_serial;
	framework_set_info(framework, info);
	tp_map_add(&self->running, &framework->node, framework->id);
	return framework;
}

bool framework_checkpoints(const struct framework *framework)
{
	return framework->info->has_checkpoint && framework->info->checkpoint;
}

bool framework_can(const struct framework *framework, int capability)
{
	for (size_t i = 0; i < framework->info->n_capabilities; i++) {
		const struct tp_framework_info_capability *item =
			framework->info->capabilities[i];

		if (item->has_type && item->type == capability)
			return true;
	}
	return false;
}

/* Forgets the oldest ones beyond the limit, with what they left on disk. */
static void frameworks_trim(struct agent *agent)
{
	struct frameworks *self = agent->frameworks;

	while (self->n_completed > agent->config.max_completed_frameworks) {
		struct framework *oldest =
			tp_list_first(&self->completed, struct framework, completed);

		tp_list_remove(&oldest->completed);
		self->n_completed--;
		checkpoint_remove_framework(oldest);
		framework_destroy(oldest);
	}
}

void framework_check_finished(struct framework *framework)
{
	struct agent *agent = framework->agent;
	struct frameworks *self = agent->frameworks;

	if (framework->held || framework->executors.n > 0 ||
		framework->state == FRAMEWORK_COMPLETED)
		return;
	if (framework->state == FRAMEWORK_TERMINATING)
		checkpoint_remove_framework(framework);
	framework->state = FRAMEWORK_COMPLETED;
	tp_map_remove(&self->running, &framework->node);
	tp_list_append(&self->completed, &framework->completed);
	self->n_completed++;
	frameworks_trim(agent);
	agent_check_finished(agent);
}
