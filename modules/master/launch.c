/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launching. Each task is judged alone: one that is refused ends as TASK_ERROR and leaves its
 * share of the offer to the next. What is launched is in the table before its message leaves, so
 * that a lost message shows when the agent registers again.
 */
#include "launch.h"

#include <errno.h>

#include "agents.h"
#include "changes.h"
#include "executors.h"
#include "frameworks.h"
#include "hooks.h"
#include "idrecord.h"
#include "overlap.h"
#include "tasks.h"
#include "updates.h"
#include "use.h"
#include "validate_task.h"

static const char *user_of(const struct framework *f, const struct tp_task_info *info)
{
	if (info->command != NULL && info->command->user != NULL)
		return info->command->user;
	if (info->executor != NULL && info->executor->command != NULL &&
		info->executor->command->user != NULL)
		return info->executor->command->user;
	return f->info->user;
}

struct tp_task *launch_record(const struct framework *f, const struct tp_task_info *info,
	struct tp_arena *arena)
{
	struct tp_task *task = tp_record_new(&tp_task_desc, arena);

	task->name = info->name;
	task->task_id = info->task_id;
	task->framework_id = framework_id_record(arena, f->id);
	task->agent_id = info->agent_id;
	if (info->executor != NULL)
		task->executor_id = info->executor->executor_id;
	task->has_state = true;
	task->state = TP_TASK_STAGING;
	task->labels = info->labels;
	task->discovery = info->discovery;
	task->container = info->container;
	task->health_check = info->health_check;
	task->kill_policy = info->kill_policy;
	task->user = user_of(f, info);
	for (size_t i = 0; i < info->n_limits; i++) {
		struct tp_task_limits_entry *entry =
			tp_record_new(&tp_task_limits_entry_desc, arena);

		entry->key = info->limits[i]->key;
		entry->value = info->limits[i]->value;
		tp_arena_push(arena, &task->limits, &task->n_limits, entry);
	}
	return task;
}

/* The executor as its agent gets it: with its framework and resources in our form. */
static struct tp_executor_info *executor_message(
	const struct launch *l, struct tp_arena *arena)
{
	struct tp_executor_info *executor =
		record_shallow(&tp_executor_info_desc, l->info->executor, arena);

	executor->framework_id = framework_id_record(arena, l->framework->id);
	if (!l->new_executor)
		return executor;
	executor->n_resources = 0;
	executor->resources = NULL;
	tp_resources_to_records(&l->executor, TP_RESOURCE_POST, arena,
		&executor->resources, &executor->n_resources);
	return executor;
}

static void send(
	const struct launch *l, struct tp_executor_info *executor, struct tp_arena *arena)
{
	struct tp_run_task *body = tp_record_new(&tp_run_task_desc, arena);
	struct tp_task_info *task = record_shallow(&tp_task_info_desc, l->info, arena);

	task->executor = executor;
	task->n_resources = 0;
	task->resources = NULL;
	tp_resources_to_records(
		&l->task, TP_RESOURCE_POST, arena, &task->resources, &task->n_resources);
	body->framework = l->framework->info;
	body->task = task;
	body->has_launch_executor = true;
	body->launch_executor = executor == NULL || l->new_executor;
	if (l->agent->resource_version != NULL) {
		struct tp_resource_version *version =
			tp_record_new(&tp_resource_version_desc, arena);

		version->uuid = l->agent->resource_version;
		tp_arena_push(arena, &body->resource_versions, &body->n_resource_versions,
			version);
	}
	agent_send(l->agent, TP_MESSAGE_RUN_TASK, &tp_run_task_desc, body);
}

static bool is_own(const struct tp_resource_item *item, const void *unused)
{
	return !tp_resource_is_shared(item, unused);
}

/* Out of the offer. A shared volume stays in it, and its user holds one copy more. */
static void take(struct accept *accept, const struct tp_resources *wanted)
{
	const struct tp_allocator *allocator = &accept->master->allocator;
	tp_cleanup(resources) struct tp_resources own = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources shared = TP_RESOURCES_INIT;

	tp_resources_filter(&own, wanted, is_own, NULL);
	tp_resources_filter(&shared, wanted, tp_resource_is_shared, NULL);
	tp_resources_subtract(&accept->remaining, &own);
	if (!tp_resources_empty(&shared)) /* which the allocator knows: check_fit() */
		allocator->ops->update_allocation(allocator->impl,
			accept->framework->slot, accept->agent->slot,
			&(struct tp_resources)TP_RESOURCES_INIT, &shared);
	if (allocator->ops->begin_use != NULL && !tp_resources_empty(wanted))
		allocator->ops->begin_use(allocator->impl, accept->framework->slot,
			accept->agent->slot, wanted);
}

static void commit(struct accept *accept, struct launch *l)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_executor_info *executor = NULL;
	struct task *task;

	l->info = hooks_launch_task(l->framework, l->agent, l->info, arena);
	take(accept, &l->task);
	if (l->info->executor != NULL)
		executor = executor_message(l, arena);
	if (executor != NULL && l->new_executor) {
		take(accept, &l->executor);
		executors_add(l->framework, l->agent, executor, &l->executor);
	}
	use_take(l->framework, l->agent, &l->task);
	task = tasks_add(accept->master, l->framework, l->agent,
		launch_record(l->framework, l->info, arena), &l->task);
	tp_info(accept->master, "launching a task", "framework=%s task=%s agent=%s",
		l->framework->id, task->id, l->agent->id);
	send(l, executor, arena);
	changes_task_added(accept->master, task);
}

/* A shared volume may be used by many at once: each needs to find it, nobody takes it away. */
static bool fits(const struct tp_resources *remaining, const struct tp_resources *wanted)
{
	tp_cleanup(resources) struct tp_resources own = TP_RESOURCES_INIT;

	tp_resources_filter(&own, wanted, is_own, NULL);
	for (uint32_t i = 0; i < wanted->n; i++) {
		tp_cleanup(resources) struct tp_resources one = TP_RESOURCES_INIT;
		struct tp_resource_item item = wanted->items[i];

		if (is_own(&item, NULL))
			continue;
		item.copies = 1;
		tp_resources_add_item(&one, &item);
		if (!tp_resources_contains(remaining, &one))
			return false;
	}
	return tp_resources_contains(remaining, &own);
}

static int check_fit(
	const struct accept *accept, const struct launch *l, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources shared = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf wants = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf has = TP_STRBUF_INIT;

	tp_resources_copy(&total, &l->task);
	tp_resources_add(&total, &l->executor);
	tp_resources_filter(&shared, &total, tp_resource_is_shared, NULL);
	if (accept->master->allocator.ops->update_allocation == NULL &&
		!tp_resources_empty(&shared))
		return tp_fail(err, ENOTSUP,
			"The allocator knows no shared volumes: use another");
	if (fits(&accept->remaining, &total))
		return 0;
	tp_resources_print(&total, &wants);
	tp_resources_print(&accept->remaining, &has);
	return tp_fail(err, EINVAL,
		"Total resources %s required by task%s is more than "
		"available %s",
		tp_strbuf_text(&wants),
		l->info->executor == NULL ? "" : " and its executor",
		tp_strbuf_text(&has));
}

static void refuse(const struct launch *l, const struct tp_error *err)
{
	const struct update update = {
		.task_id = l->info->task_id->value,
		.agent_id = l->agent->id,
		.executor_id = l->info->executor == NULL
			? NULL
			: l->info->executor->executor_id->value,
		.state = TP_TASK_ERROR,
		.reason = TP_REASON_TASK_INVALID,
		.message = err->text,
	};

	tp_info(l->framework->master, "refusing a task", "framework=%s task=%s why=%s",
		l->framework->id, update.task_id, err->text);
	updates_send(l->framework, &update);
}

static void launch_one(struct accept *accept, const struct tp_task_info *info)
{
	struct tp_error err = { 0 };
	struct launch l = { .framework = accept->framework,
		.agent = accept->agent,
		.role = accept->role,
		.info = info };
	int r = validate_task(&l, &err);

	if (r >= 0)
		r = check_fit(accept, &l, &err);
	if (r < 0)
		refuse(&l, &err);
	else
		commit(accept, &l);
	tp_resources_fini(&l.task);
	tp_resources_fini(&l.executor);
}

void launch_tasks(struct accept *accept, const struct tp_offer_operation *operation)
{
	const struct tp_offer_operation_launch *launch = operation->launch;

	for (size_t i = 0; i < launch->n_task_infos; i++)
		launch_one(accept, launch->task_infos[i]);
	overlap_yield(accept->agent, NULL);
}
