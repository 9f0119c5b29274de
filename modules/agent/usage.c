/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counted is what the agent gave, from the tables that also survive its restart: an executor that
 * is being launched, or that was found again and has not called yet, has its part.
 */
#include "usage.h"

#include "tepui/record.h"

#include "containers.h"
#include "executors.h"
#include "tasks.h"

static struct tp_resource_usage_executor_task *describe_task(
	const struct task *task, struct tp_arena *arena)
{
	struct tp_resource_usage_executor_task *ret =
		tp_record_new(&tp_resource_usage_executor_task_desc, arena);

	ret->name = task->info->name;
	ret->id = task->info->task_id;
	ret->resources = task->info->resources;
	ret->n_resources = task->info->n_resources;
	ret->labels = task->info->labels;
	return ret;
}

static struct tp_resource_usage_executor *describe_executor(
	const struct executor *executor, struct tp_arena *arena)
{
	struct tp_resource_usage_executor *ret =
		tp_record_new(&tp_resource_usage_executor_desc, arena);
	struct tp_list *node, *tmp;

	ret->executor_info = executor->info;
	ret->container_id = tp_record_new(&tp_container_id_desc, arena);
	ret->container_id->value = executor->container_id;
	ret->statistics = containers_usage(executor, arena);
	executor_resources(executor, arena, &ret->allocated, &ret->n_allocated);
	tp_map_foreach (node, tmp, &executor->tasks) {
		const struct task *task = tp_map_entry(node, struct task, node);

		if (task->place != TASK_TERMINATED)
			tp_arena_push(arena, &ret->tasks, &ret->n_tasks,
				describe_task(task, arena));
	}
	return ret;
}

const struct tp_resource_usage *usage_describe(void *user, struct tp_arena *arena)
{
	const struct agent *agent = user;
	struct tp_resource_usage *ret = tp_record_new(&tp_resource_usage_desc, arena);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &agent->containers->executors) {
		const struct executor *executor =
			tp_map_entry(node, struct executor, container);

		tp_arena_push(arena, &ret->executors, &ret->n_executors,
			describe_executor(executor, arena));
	}
	ret->total = agent->info->resources;
	ret->n_total = agent->info->n_resources;
	return ret;
}

/* One by one: a list of records may not be longer than what one task has. */
static void add_revocable(
	struct tp_resources *sum, struct tp_resource *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		tp_cleanup(resources) struct tp_resources one = TP_RESOURCES_INIT;

		if (items[i]->revocable == NULL ||
			tp_resources_from_records(&one, &items[i], 1, NULL) < 0)
			continue;
		tp_resources_unallocate(&one);
		tp_resources_add(sum, &one);
	}
}

void usage_revocable(const struct agent *agent, struct tp_resources *ret)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource **items = NULL;
	size_t n = 0;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &agent->containers->executors)
		executor_resources(tp_map_entry(node, struct executor, container), arena,
			&items, &n);
	tp_resources_fini(ret);
	add_revocable(ret, items, n);
}
