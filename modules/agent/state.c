/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every entity has a serial number from one counter; a cursor is the serial of the last one that
 * was told. What is there is collected and sorted by serial on each call: an agent has hundreds
 * of entities, not millions.
 */
#include "state.h"

#include <stdlib.h>

#include "tepui/record.h"
#include "tepui/wire/agent.h"

#include "executors.h"
#include "frameworks.h"
#include "tasks.h"

struct found {
	uint64_t serial;
	const void *entity;
};

struct search {
	struct agent *agent;
	enum tp_state_what what;
	uint64_t after;
	struct tp_arena *arena;
	struct found **items;
	size_t n;
};

static void take(struct search *search, uint64_t serial, const void *entity)
{
	struct found *found;

	if (serial <= search->after)
		return;
	found = tp_arena_alloc(search->arena, sizeof(*found));
	found->serial = serial;
	found->entity = entity;
	tp_arena_push(search->arena, &search->items, &search->n, found);
}

static void search_executor(struct search *search, const struct executor *executor)
{
	struct tp_list *node, *tmp;

	if (search->what == TP_STATE_EXECUTORS && executor->state != EXECUTOR_TERMINATED)
		take(search, executor->serial, executor);
	if (search->what == TP_STATE_TASKS) {
		tp_map_foreach (node, tmp, &executor->tasks) {
			struct task *task = tp_map_entry(node, struct task, node);

			take(search, task->serial, task);
		}
	}
	if (search->what != TP_STATE_COMPLETED_TASKS)
		return;
	tp_list_foreach (node, tmp, &executor->completed_tasks) {
		struct task *task = tp_container_of(node, struct task, completed);

		take(search, task->serial, task);
	}
}

static void search_framework(struct search *search, struct framework *framework)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &framework->executors) {
		search_executor(search, tp_map_entry(node, struct executor, node));
	}
	tp_list_foreach (node, tmp, &framework->completed_executors) {
		search_executor(
			search, tp_container_of(node, struct executor, completed));
	}
}

static void search_all(struct search *search)
{
	struct frameworks *frameworks = search->agent->frameworks;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &frameworks->running) {
		struct framework *framework = tp_map_entry(node, struct framework, node);

		if (search->what == TP_STATE_FRAMEWORKS)
			take(search, framework->serial, framework);
		search_framework(search, framework);
	}
	tp_list_foreach (node, tmp, &frameworks->completed) {
		struct framework *framework =
			tp_container_of(node, struct framework, completed);

		if (search->what == TP_STATE_COMPLETED_FRAMEWORKS)
			take(search, framework->serial, framework);
		search_framework(search, framework);
	}
}

static int found_compare(const void *a, const void *b)
{
	uint64_t x = (*(struct found *const *)a)->serial;
	uint64_t y = (*(struct found *const *)b)->serial;

	return x < y ? -1 : x > y;
}

static const void *record_of(
	enum tp_state_what what, const void *entity, struct tp_arena *arena)
{
	struct tp_agent_response_get_frameworks_framework *framework;
	struct tp_agent_response_get_executors_executor *executor;

	switch (what) {
	case TP_STATE_TASKS:
	case TP_STATE_COMPLETED_TASKS:
		return task_record(entity, arena);
	case TP_STATE_EXECUTORS:
		executor = tp_record_new(
			&tp_agent_response_get_executors_executor_desc, arena);
		executor->executor_info = ((const struct executor *)entity)->info;
		return executor;
	default:
		framework = tp_record_new(
			&tp_agent_response_get_frameworks_framework_desc, arena);
		framework->framework_info = ((const struct framework *)entity)->info;
		return framework;
	}
}

size_t state_next(struct agent *agent, enum tp_state_what what, uint64_t *cursor,
	struct tp_arena *arena, const void **records, size_t max)
{
	struct search search = {
		.agent = agent,
		.what = what,
		.after = *cursor,
		.arena = arena,
	};
	size_t n;

	search_all(&search);
	if (search.n > 1)
		qsort(search.items, search.n, sizeof(*search.items), found_compare);
	n = search.n < max ? search.n : max;
	for (size_t i = 0; i < n; i++) {
		records[i] = record_of(what, search.items[i]->entity, arena);
		*cursor = search.items[i]->serial;
	}
	return n;
}

static size_t state_next_op(void *impl, enum tp_state_what what, uint64_t *cursor,
	struct tp_arena *arena, const void **records, size_t max)
{
	return state_next(impl, what, cursor, arena, records, max);
}

static const char *state_daemon(void *impl)
{
	(void)impl;
	return "agent";
}

const struct tp_state_ops state_ops = {
	.next = state_next_op,
	.daemon = state_daemon,
};
