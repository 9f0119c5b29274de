/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of executors. An agent has few per framework, so they are found by walking its
 * list; readers walk the slots.
 */
#include "executors.h"

#include <string.h>

#include "agents.h"
#include "frameworks.h"
#include "messages.h"
#include "slot_table.h"
#include "tasks.h"
#include "use.h"

#include "tepui/codec.h"

struct executors {
	struct slot_table slots;
};

int executors_create(struct master *m)
{
	m->executors = tp_alloc(sizeof *m->executors);
	return 0;
}

static void destroy(struct executor *e, struct executors *executors)
{
	tp_list_remove(&e->node);
	slot_table_release(&executors->slots, e->slot);
	tp_resources_fini(&e->resources);
	tp_free(e->packed);
	tp_free(e);
}

void executors_destroy(struct master *m)
{
	if (m->executors == NULL)
		return;
	for (uint32_t i = 0; i < m->executors->slots.n; i++) {
		struct executor *e = slot_table_get(&m->executors->slots, i);

		if (e != NULL)
			destroy(e, m->executors);
	}
	slot_table_fini(&m->executors->slots);
	tp_free(m->executors);
	m->executors = NULL;
}

struct executor *executors_find(
	const struct agent *a, const struct framework *f, const char *id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->executors) {
		struct executor *e = tp_container_of(node, struct executor, node);

		if (e->framework == f && strcmp(e->id, id) == 0)
			return e;
	}
	return NULL;
}

struct executor *executors_add(struct framework *f, struct agent *a,
	const struct tp_executor_info *info, const struct tp_resources *resources)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	struct executor *e = tp_alloc(sizeof *e);
	size_t id_len = strlen(info->executor_id->value) + 1;

	tp_msgpack_encode(&tp_executor_info_desc, info, &buf);
	e->packed = tp_alloc(buf.len + id_len);
	e->packed_len = (uint32_t)buf.len;
	memcpy(e->packed, buf.data, buf.len);
	memcpy(e->packed + buf.len, info->executor_id->value, id_len);
	e->id = (const char *)e->packed + buf.len;
	e->framework = f;
	e->agent = a;
	e->slot = slot_table_take(&a->master->executors->slots, e);
	tp_resources_copy(&e->resources, resources);
	tp_list_append(&a->executors, &e->node);
	use_take(f, a, resources);
	return e;
}

void executors_remove(struct executor *e)
{
	use_release(e->framework, e->agent, &e->resources);
	destroy(e, e->agent->master->executors);
}

/* A task that it was launched with is on the way, too: nothing was heard of it. */
static bool is_needed(const struct executor *e)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &e->agent->tasks) {
		const struct task *task = tp_container_of(node, struct task, list);

		if (task->framework == e->framework && !task->has_status_state &&
			!tp_task_state_is_terminal(task->state) &&
			tp_streq(task->executor_id, e->id))
			return true;
	}
	return false;
}

void executors_missing(struct executor *e)
{
	e->awaited = is_needed(e);
	if (e->awaited)
		return;
	/* It ended when nobody could say so; with what status is not known. */
	messages_failure(e->framework, e->agent->id, e->id, -1);
	executors_remove(e);
}

void executors_heard(const struct task *task)
{
	struct executor *e = task->executor_id == NULL
		? NULL
		: executors_find(task->agent, task->framework, task->executor_id);

	if (e == NULL || !e->awaited)
		return;
	if (tp_task_state_is_terminal(task->state))
		executors_missing(e);
	else
		e->awaited = false;
}

void executors_remove_all_of_framework(struct framework *f)
{
	struct executors *executors = f->master->executors;

	for (uint32_t i = 0; i < executors->slots.n; i++) {
		struct executor *e = slot_table_get(&executors->slots, i);

		if (e != NULL && e->framework == f)
			executors_remove(e);
	}
}

void executors_remove_all_of_agent(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->executors)
		executors_remove(tp_container_of(node, struct executor, node));
}

struct tp_executor_info *executor_record(
	const struct executor *executor, struct tp_arena *arena)
{
	void *info;
	int r = tp_msgpack_decode(&tp_executor_info_desc, executor->packed,
		executor->packed_len, arena, &info, NULL);

	tp_assert(r >= 0); /* we packed it ourselves */
	return info;
}

const struct executor *executors_at(const struct master *m, uint32_t slot)
{
	return slot_table_get(&m->executors->slots, slot);
}

uint32_t executors_slots(const struct master *m)
{
	return m->executors->slots.n;
}
