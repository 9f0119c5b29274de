/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task keeps the arena its launch message came in; its newest status lives in an arena that
 * is replaced with it, so that a task of a thousand health updates stays small.
 *
 * Not the sender of updates: that is status.c.
 */
#include "tasks.h"

#include "tepui/record.h"
#include "tepui/task_life.h"

#include "checkpoint.h"
#include "executors.h"
#include "frameworks.h"

struct task *task_create(struct executor *executor, const struct tp_task_info *info,
	struct tp_arena *arena)
{
	struct task *task = tp_arena_alloc(arena, sizeof(*task));

	task->executor = executor;
	task->arena = arena;
	task->info = info;
	task->id = info->task_id->value;
	task->serial = ++executor->framework->agent->next_serial;
	task->state = TP_TASK_STAGING;
	task->place = TASK_QUEUED;
	tp_list_init(&task->completed);
	tp_map_add(&executor->tasks, &task->node, task->id);
	return task;
}

void task_destroy(struct task *task)
{
	if (task->place == TASK_COMPLETED)
		tp_list_remove(&task->completed);
	else
		tp_map_remove(&task->executor->tasks, &task->node);
	tp_arena_destroy(task->last_arena);
	tp_arena_destroy(task->arena);
}

struct task *task_find(struct executor *executor, const char *id)
{
	return tp_map_get(&executor->tasks, id, struct task, node);
}

static void task_note_history(struct task *task, const struct tp_task_status *status)
{
	size_t n = task->n_history;

	if (n > 0 && task->history[n - 1].state == status->state)
		return;
	if (n == TASK_HISTORY_MAX)
		n--; /* the newest state matters more than the one before */
	task->history[n] = (struct task_change){
		.state = status->state,
		.timestamp_ns = status->timestamp_ns,
	};
	task->n_history = n + 1;
}

static void task_note(struct task *task, const struct tp_task_status *status)
{
	struct tp_arena *arena = tp_arena_create(512);

	task->last = tp_record_copy(&tp_task_status_desc, status, arena);
	tp_arena_destroy(task->last_arena);
	task->last_arena = arena;
	task->state = status->state;
	task_note_history(task, status);
}

/* Among the executor's completed tasks, the oldest of which are forgotten. */
static void task_remember(struct task *task)
{
	struct executor *executor = task->executor;
	struct agent *agent = executor->framework->agent;

	tp_list_append(&executor->completed_tasks, &task->completed);
	executor->n_completed_tasks++;
	while (executor->n_completed_tasks >
		agent->config.max_completed_tasks_per_executor) {
		executor->n_completed_tasks--;
		task_destroy(tp_list_first(
			&executor->completed_tasks, struct task, completed));
	}
}

uint32_t task_happened(
	struct task *task, enum task_event event, const struct tp_task_status *status)
{
	const struct task_transition *row = task_transition(task->place, event,
		status != NULL && tp_task_state_is_terminal(status->state));

	if (row->actions & TASK_ACTION_NOTE)
		task_note(task, status);
	if (row->actions & TASK_ACTION_FORGET)
		checkpoint_remove_task(task);
	if (row->next == TASK_COMPLETED)
		tp_map_remove(&task->executor->tasks, &task->node);
	if (row->next != TASK_STAYS)
		task->place = (enum task_place)row->next;
	if (row->actions & TASK_ACTION_REMEMBER)
		task_remember(task);
	return row->actions;
}

/* Former states by what is remembered of them, the newest status in full. */
static void record_statuses(
	const struct task *task, struct tp_task *record, struct tp_arena *arena)
{
	size_t n = task->n_history;

	record->statuses = tp_arena_alloc(arena, (n + 1) * sizeof(*record->statuses));
	for (size_t i = 0; i < n; i++) {
		struct tp_task_status *status;

		if (i == n - 1 && task->last != NULL &&
			task->last->state == task->history[i].state)
			break;
		status = tp_record_new(&tp_task_status_desc, arena);
		status->task_id = task->info->task_id;
		status->has_state = true;
		status->state = task->history[i].state;
		status->has_timestamp_ns = true;
		status->timestamp_ns = task->history[i].timestamp_ns;
		record->statuses[record->n_statuses++] = status;
	}
	if (task->last != NULL)
		record->statuses[record->n_statuses++] =
			(struct tp_task_status *)task->last;
}

struct tp_task *task_record(const struct task *task, struct tp_arena *arena)
{
	const struct tp_task_info *info = task->info;
	const struct executor *executor = task->executor;
	struct tp_task *record = tp_record_new(&tp_task_desc, arena);

	record->name = info->name;
	record->task_id = info->task_id;
	record->framework_id = executor->framework->info->id;
	if (!executor->command)
		record->executor_id = executor->info->executor_id;
	record->agent_id = info->agent_id;
	record->has_state = true;
	record->state = task->state;
	record->resources = info->resources;
	record->n_resources = info->n_resources;
	record->labels = info->labels;
	record->discovery = info->discovery;
	record->container = info->container;
	record->health_check = info->health_check;
	record->kill_policy = info->kill_policy;
	record->user = task_user(task);
	/* Entries of both maps are { key, scalar }. */
	record->limits = (struct tp_task_limits_entry **)(void *)info->limits;
	record->n_limits = info->n_limits;
	if (task->last != NULL) {
		record->has_status_update_state = true;
		record->status_update_state = task->last->state;
		record->status_update_uuid = task->last->uuid;
	}
	record_statuses(task, record, arena);
	return record;
}

const char *task_user(const struct task *task)
{
	const struct tp_task_info *info = task->info;

	if (info->command != NULL && info->command->user != NULL)
		return info->command->user;
	if (info->executor != NULL && info->executor->command != NULL &&
		info->executor->command->user != NULL)
		return info->executor->command->user;
	return task->executor->framework->info->user;
}
