/* SPDX-License-Identifier: Apache-2.0 */
/* The figures are large and round, so that no estimate finds nothing to say about them. */
#include "workload.h"

#include <string.h>

#include "tepui/record.h"

static struct tp_resource *resource(
	const char *name, int64_t milli, bool revocable, struct tp_arena *arena)
{
	struct tp_resource *ret = tp_record_new(&tp_resource_desc, arena);

	ret->name = name;
	ret->has_type = true;
	ret->type = TP_VALUE_SCALAR;
	ret->scalar = tp_record_new(&tp_value_scalar_desc, arena);
	ret->scalar->has_value_milli = true;
	ret->scalar->value_milli = milli;
	if (revocable)
		ret->revocable = tp_record_new(&tp_resource_revocable_info_desc, arena);
	return ret;
}

static struct tp_resource *given(
	const char *name, int64_t milli, bool revocable, struct tp_arena *arena)
{
	struct tp_resource *ret = resource(name, milli, revocable, arena);

	ret->allocation_info = tp_record_new(&tp_resource_allocation_info_desc, arena);
	ret->allocation_info->role = "*";
	return ret;
}

/* Nearly idle: six seconds of a processor and 64 MB. */
static struct tp_resource_statistics *statistics(struct tp_arena *arena)
{
	struct tp_resource_statistics *ret =
		tp_record_new(&tp_resource_statistics_desc, arena);

	ret->has_timestamp_ns = true;
	ret->timestamp_ns = INT64_C(1700000000) * TP_SEC;
	ret->has_cpus_user_time_ns = true;
	ret->cpus_user_time_ns = 6 * TP_SEC;
	ret->has_mem_rss_bytes = true;
	ret->mem_rss_bytes = 64 << 20;
	return ret;
}

static void add_executor(struct workload *w, const char *id, int64_t cpus_milli,
	int64_t mem_milli, bool lent)
{
	struct tp_arena *arena = w->arena;
	struct tp_resource_usage_executor *executor =
		tp_record_new(&tp_resource_usage_executor_desc, arena);
	struct tp_resource_usage_executor_task *task =
		tp_record_new(&tp_resource_usage_executor_task_desc, arena);
	struct tp_executor_info *info = tp_record_new(&tp_executor_info_desc, arena);

	info->executor_id = tp_record_new(&tp_executor_id_desc, arena);
	info->executor_id->value = id;
	info->framework_id = tp_record_new(&tp_framework_id_desc, arena);
	info->framework_id->value = "F";
	executor->executor_info = info;
	executor->container_id = tp_record_new(&tp_container_id_desc, arena);
	executor->container_id->value = tp_arena_printf(arena, "container-of-%s", id);
	executor->statistics = statistics(arena);
	task->name = id;
	task->id = tp_record_new(&tp_task_id_desc, arena);
	task->id->value = id;
	tp_arena_push(arena, &task->resources, &task->n_resources,
		given("cpus", cpus_milli, lent, arena));
	tp_arena_push(arena, &task->resources, &task->n_resources,
		given("mem", mem_milli, lent, arena));
	tp_arena_push(arena, &executor->tasks, &executor->n_tasks, task);
	for (size_t i = 0; i < task->n_resources; i++)
		tp_arena_push(arena, &executor->allocated, &executor->n_allocated,
			task->resources[i]);
	tp_arena_push(arena, &w->usage->executors, &w->usage->n_executors, executor);
}

void workload_begin(struct workload *w, bool busy)
{
	struct tp_arena *arena = tp_arena_create(0);

	*w = (struct workload){ .arena = arena };
	w->usage = tp_record_new(&tp_resource_usage_desc, arena);
	tp_arena_push(arena, &w->usage->total, &w->usage->n_total,
		resource("cpus", 8000, false, arena));
	tp_arena_push(arena, &w->usage->total, &w->usage->n_total,
		resource("mem", 8192000, false, arena));
	if (busy) {
		add_executor(w, "own", 4000, 2048000, false);
		add_executor(w, "lent", 2000, 1024000, true);
	}
	w->before = tp_record_copy(&tp_resource_usage_desc, w->usage, arena);
}

void workload_end(struct workload *w)
{
	tp_arena_destroy(w->arena);
}

bool workload_is_unchanged(const struct workload *w)
{
	return tp_record_equal(&tp_resource_usage_desc, w->usage, w->before);
}

const struct tp_resource_usage_executor *workload_find(
	const struct workload *w, const char *framework_id, const char *executor_id)
{
	for (size_t i = 0; i < w->before->n_executors; i++) {
		const struct tp_resource_usage_executor *executor =
			w->before->executors[i];
		const struct tp_executor_info *info = executor->executor_info;

		if (tp_streq(info->framework_id->value, framework_id) &&
			tp_streq(info->executor_id->value, executor_id))
			return executor;
	}
	return NULL;
}

const struct tp_resource_usage *workload_usage(void *user, struct tp_arena *arena)
{
	struct workload *w = user;

	(void)arena;
	return w->usage;
}
