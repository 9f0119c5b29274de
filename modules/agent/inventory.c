/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A master that does not hear of a task says that it is gone. So a task is told of as long as its
 * framework is owed an update, also when the task itself is forgotten: refused, or its record lost
 * with the power. Whose end waits is told as TASK_UNKNOWN, neither alive nor over, and uses
 * nothing: the updates say the rest, in their order, and may have been told before.
 */
#include "inventory.h"

#include "tepui/record.h"

#include "executors.h"
#include "frameworks.h"
#include "tasks.h"
#include "updates.h"

struct inventory {
	struct agent *agent;
	struct tp_agent_reregister *body;
	struct tp_arena *arena;
};

/*
 * Its end was read from the disk and is on its way there again; it may have been told before the
 * restart.
 */
static bool is_ending(const struct task *task)
{
	const struct framework *framework = task->executor->framework;
	const struct updates *updates = framework->agent->updates;
	int state;

	return task->executor->recovered &&
		updates_ended(updates, framework->id, task->id) &&
		updates_held_back(updates, framework->id, task->id, &state);
}

static void forget_status(struct tp_task *record)
{
	record->has_status_update_state = false;
	record->status_update_uuid = (struct tp_bytes){ 0 };
	record->n_statuses = 0;
}

/*
 * The state is the newest one, the update the one that the framework has got or gets next. What
 * the disk does not hold yet may be forgotten again: it is not told.
 */
static struct tp_task *list_task(const struct task *task, struct tp_arena *arena)
{
	const struct framework *framework = task->executor->framework;
	const struct updates *updates = framework->agent->updates;
	struct tp_task *record = task_record(task, arena);
	const struct tp_status_update *front =
		updates_front(updates, framework->id, task->id);
	int state;

	if (front != NULL) {
		record->has_status_update_state = true;
		record->status_update_state = front->status->state;
		record->status_update_uuid = front->uuid;
	}
	if (is_ending(task)) {
		record->state = TP_TASK_UNKNOWN;
		record->n_resources = 0;
		forget_status(record);
	} else if (updates_held_back(updates, framework->id, task->id, &state)) {
		record->state = state;
		forget_status(record);
	}
	return record;
}

static void list_executor(struct inventory *self, const struct executor *executor)
{
	struct tp_agent_reregister *body = self->body;
	struct tp_list *node, *tmp;

	if (!executor->command && executor->state != EXECUTOR_TERMINATED)
		tp_arena_push(self->arena, &body->executor_infos, &body->n_executor_infos,
			executor->info);
	tp_map_foreach (node, tmp, &executor->tasks) {
		tp_arena_push(self->arena, &body->tasks, &body->n_tasks,
			list_task(tp_map_entry(node, struct task, node), self->arena));
	}
}

/* --- what is forgotten ----------------------------------------------------------------- */

static bool is_listed(const struct inventory *self, const struct framework *framework)
{
	const struct tp_agent_reregister *body = self->body;

	for (size_t i = 0; i < body->n_frameworks; i++) {
		if (body->frameworks[i] == framework->info)
			return true;
	}
	return false;
}

static void list_owed(void *user, const struct tp_status_update *front)
{
	struct inventory *self = user;
	struct tp_agent_reregister *body = self->body;
	const char *id = front->framework_id->value;
	struct framework *framework = framework_find_any(self->agent, id);
	struct executor *executor = framework == NULL || front->executor_id == NULL
		? NULL
		: executor_find(self->agent, id, front->executor_id->value);
	struct tp_task *record;

	if (executor != NULL &&
		task_find(executor, front->status->task_id->value) != NULL)
		return;
	if (framework != NULL && !is_listed(self, framework))
		tp_arena_push(self->arena, &body->frameworks, &body->n_frameworks,
			framework->info);
	record = tp_record_new(&tp_task_desc, self->arena);
	record->name = "";
	record->task_id = front->status->task_id;
	record->framework_id = front->framework_id;
	record->executor_id = front->executor_id;
	record->agent_id = front->agent_id;
	record->has_state = true;
	record->state = TP_TASK_UNKNOWN;
	tp_arena_push(self->arena, &body->tasks, &body->n_tasks, record);
}

void inventory_describe(
	struct agent *agent, struct tp_agent_reregister *body, struct tp_arena *arena)
{
	struct inventory self = { .agent = agent, .body = body, .arena = arena };
	struct tp_list *f, *tmp_f, *e, *tmp_e;

	tp_map_foreach (f, tmp_f, &agent->frameworks->running) {
		struct framework *framework = tp_map_entry(f, struct framework, node);

		tp_arena_push(
			arena, &body->frameworks, &body->n_frameworks, framework->info);
		tp_map_foreach (e, tmp_e, &framework->executors) {
			list_executor(&self, tp_map_entry(e, struct executor, node));
		}
	}
	updates_each_owed(agent->updates, list_owed, &self);
}
