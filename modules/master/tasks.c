/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of tasks and their compact form. A task with ten labels costs about a kilobyte: the
 * struct, the packed record and one packed status per state it went through. What a task uses is
 * accounted by use.c, how it changes is decided by updates.c; this file only keeps.
 */
#include "tasks.h"

#include <string.h>

#include "agents.h"
#include "frameworks.h"
#include "idrecord.h"
#include "slot_table.h"

#include "tepui/codec.h"

/* A history longer than this loses its oldest entries. */
#define STATUSES_MAX 32
#define STATES 16

struct tasks {
	struct slot_table slots;
	uint32_t in_state[STATES];
};

int tasks_create(struct master *m)
{
	m->tasks = tp_alloc(sizeof *m->tasks);
	return 0;
}

void tasks_destroy(struct master *m)
{
	if (m->tasks == NULL)
		return;
	slot_table_fini(&m->tasks->slots);
	tp_free(m->tasks);
	m->tasks = NULL;
}

/* The record without what the struct or its neighbours hold. */
static void pack(const struct tp_task *record, struct tp_strbuf *out)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_task *cold = record_shallow(&tp_task_desc, record, arena);

	cold->framework_id = NULL;
	cold->has_state = false;
	cold->n_resources = 0;
	cold->n_statuses = 0;
	cold->has_status_update_state = false;
	cold->status_update_uuid = (struct tp_bytes){ NULL, 0 };
	tp_msgpack_encode(&tp_task_desc, cold, out);
}

static void fill(struct task *task, const struct tp_task *record)
{
	const char *executor =
		record->executor_id == NULL ? NULL : record->executor_id->value;
	size_t id_len = strlen(record->task_id->value) + 1;
	size_t executor_len = executor == NULL ? 0 : strlen(executor) + 1;
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	char *text;

	pack(record, &buf);
	task->packed = tp_alloc(buf.len + id_len + executor_len);
	task->packed_len = (uint32_t)buf.len;
	memcpy(task->packed, buf.data, buf.len);
	text = (char *)task->packed + buf.len;
	memcpy(text, record->task_id->value, id_len);
	task->id = text;
	if (executor != NULL) {
		memcpy(text + id_len, executor, executor_len);
		task->executor_id = text + id_len;
	}
}

struct task *tasks_add(struct master *m, struct framework *f, struct agent *a,
	const struct tp_task *record, const struct tp_resources *resources)
{
	struct task *task = tp_alloc(sizeof *task);
	bool added;

	fill(task, record);
	tp_resources_copy(&task->resources, resources);
	tp_resources_share(&task->resources, &a->total);
	task->framework = f;
	task->agent = a;
	task->state = (uint8_t)record->state;
	m->tasks->in_state[task->state % STATES]++;
	if (record->has_status_update_state) {
		task->has_status_state = true;
		task->status_state = (uint8_t)record->status_update_state;
	}
	if (record->status_update_uuid.len == sizeof task->uuid) {
		task->has_uuid = true;
		memcpy(task->uuid, record->status_update_uuid.data, sizeof task->uuid);
	}
	for (size_t i = 0; i < record->n_statuses; i++)
		task_add_status(task, record->statuses[i]);
	task->slot = slot_table_take(&m->tasks->slots, task);
	added = tp_map_add(&f->tasks, &task->node, task->id);
	tp_assert(added);
	tp_list_append(&a->tasks, &task->list);
	return task;
}

struct task *tasks_find(const struct framework *f, const char *id)
{
	return tp_map_get(&f->tasks, id, struct task, node);
}

static struct task *find_in(const struct tp_list *list, const char *id)
{
	const struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, list) {
		struct task *task = tp_container_of(node, struct task, list);

		if (strcmp(task->id, id) == 0)
			return task;
	}
	return NULL;
}

struct task *tasks_find_unreachable(const struct framework *f, const char *id)
{
	return find_in(&f->unreachable, id);
}

struct task *tasks_find_completed(const struct framework *f, const char *id)
{
	return find_in(&f->completed, id);
}

/* Out of the tables it is in. */
static void leave(struct master *m, struct task *task)
{
	struct framework *f = task->framework;

	if (task->place == TASK_LIVE)
		tp_map_remove(&f->tasks, &task->node);
	else if (task->place == TASK_UNREACHABLE)
		f->n_unreachable--;
	else
		f->n_completed--;
	if (task->place != TASK_COMPLETED)
		m->tasks->in_state[task->state % STATES]--;
	tp_list_remove(&task->list);
	task->agent = NULL;
}

static void release(struct master *m, struct task *task)
{
	for (size_t i = 0; i < task->n_statuses; i++)
		tp_free((void *)(uintptr_t)task->statuses[i].data);
	tp_free(task->statuses);
	tp_resources_fini(&task->resources);
	slot_table_release(&m->tasks->slots, task->slot);
	tp_free(task->packed);
	tp_free(task);
}

void tasks_forget(struct master *m, struct task *task)
{
	leave(m, task);
	release(m, task);
}

void tasks_complete(struct master *m, struct task *task)
{
	struct framework *f = task->framework;

	leave(m, task);
	task->place = TASK_COMPLETED;
	tp_list_append(&f->completed, &task->list);
	if (++f->n_completed > m->max_completed_tasks_per_framework)
		tasks_forget(m, tp_list_first(&f->completed, struct task, list));
}

void tasks_set_aside(struct master *m, struct task *task)
{
	struct framework *f = task->framework;

	leave(m, task);
	task->place = TASK_UNREACHABLE;
	m->tasks->in_state[task->state % STATES]++;
	tp_list_append(&f->unreachable, &task->list);
	if (++f->n_unreachable > m->max_unreachable_tasks_per_framework)
		tasks_forget(m, tp_list_first(&f->unreachable, struct task, list));
}

void task_set_state(struct master *m, struct task *task, int state)
{
	if (task->place != TASK_COMPLETED) {
		m->tasks->in_state[task->state % STATES]--;
		m->tasks->in_state[state % STATES]++;
	}
	task->state = (uint8_t)state;
}

static void drop_status(struct task *task, size_t i)
{
	tp_free((void *)(uintptr_t)task->statuses[i].data);
	task->n_statuses--;
	memmove(&task->statuses[i], &task->statuses[i + 1],
		(task->n_statuses - i) * sizeof *task->statuses);
}

void task_add_status(struct task *task, const struct tp_task_status *status)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	struct tp_task_status *small =
		record_shallow(&tp_task_status_desc, status, arena);
	size_t n = task->n_statuses;

	/* Both are the task's own; data may be large and is nobody's business any more. */
	small->task_id = NULL;
	small->agent_id = NULL;
	small->data = (struct tp_bytes){ NULL, 0 };
	if (n > 0 && task->newest == status->state)
		drop_status(task, n - 1);
	else if (n == STATUSES_MAX)
		drop_status(task, 0);
	n = task->n_statuses;
	task->statuses = tp_realloc(task->statuses, (n + 1) * sizeof *task->statuses);
	tp_msgpack_encode(&tp_task_status_desc, small, &buf);
	task->statuses[n].data = tp_alloc(buf.len);
	task->statuses[n].len = buf.len;
	memcpy((void *)(uintptr_t)task->statuses[n].data, buf.data, buf.len);
	task->n_statuses++;
	task->newest = (uint8_t)status->state;
}

static struct tp_task *unpack(const struct task *task, struct tp_arena *arena)
{
	void *cold;
	int r = tp_msgpack_decode(
		&tp_task_desc, task->packed, task->packed_len, arena, &cold, NULL);

	tp_assert(r >= 0); /* we packed it ourselves */
	return cold;
}

const char *task_agent_id(const struct task *task, struct tp_arena *arena)
{
	const struct tp_task *record;

	if (task->agent != NULL)
		return tp_arena_strdup(arena, task->agent->id);
	record = unpack(task, arena);
	return record->agent_id == NULL ? NULL : record->agent_id->value;
}

static struct tp_task_status *unpack_status(const struct task *task, size_t i,
	const struct tp_agent_id *agent_id, struct tp_arena *arena)
{
	struct tp_task_status *status;
	void *record;

	if (tp_msgpack_decode(&tp_task_status_desc, task->statuses[i].data,
		    task->statuses[i].len, arena, &record, NULL) < 0)
		return NULL;
	status = record;
	status->task_id = task_id_record(arena, tp_arena_strdup(arena, task->id));
	if (agent_id != NULL)
		status->agent_id = agent_id_record(arena, agent_id->value);
	return status;
}

struct tp_task_status *task_last_status(const struct task *task, struct tp_arena *arena)
{
	return task->n_statuses == 0
		? NULL
		: unpack_status(task, task->n_statuses - 1, NULL, arena);
}

struct tp_task *task_record(const struct task *task, struct tp_arena *arena)
{
	struct tp_task *record = unpack(task, arena);

	record->framework_id =
		framework_id_record(arena, tp_arena_strdup(arena, task->framework->id));
	record->has_state = true;
	record->state = task->state;
	tp_resources_to_records(&task->resources, TP_RESOURCE_POST, arena,
		&record->resources, &record->n_resources);
	if (task->has_status_state) {
		record->has_status_update_state = true;
		record->status_update_state = task->status_state;
	}
	if (task->has_uuid) {
		record->status_update_uuid.data =
			tp_arena_memdup(arena, task->uuid, sizeof task->uuid);
		record->status_update_uuid.len = sizeof task->uuid;
	}
	for (size_t i = 0; i < task->n_statuses; i++) {
		struct tp_task_status *status =
			unpack_status(task, i, record->agent_id, arena);

		if (status != NULL)
			tp_arena_push(
				arena, &record->statuses, &record->n_statuses, status);
	}
	return record;
}

uint32_t tasks_in_state(const struct master *m, int state)
{
	return m->tasks->in_state[state % STATES];
}

const struct task *tasks_at(const struct master *m, uint32_t slot)
{
	return slot_table_get(&m->tasks->slots, slot);
}

uint32_t tasks_slots(const struct master *m)
{
	return m->tasks->slots.n;
}
