/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of this agent: what was asked for, where it stands, and the record that others see.
 *
 *	QUEUED ─LAUNCH sent─► LAUNCHED ─terminal update─► TERMINATED ─acknowledged─► COMPLETED
 *	   └──────────────── killed before launch ───────────────┘
 *
 * What happens moves a task by the table of task_place.h; nobody else writes its place.
 */
#ifndef AGENT_TASKS_H
#define AGENT_TASKS_H

#include "tepui/map.h"
#include "tepui/wire/task.h"

#include "agent.h"
#include "task_place.h"

struct executor;

#define TASK_HISTORY_MAX 8

struct task_change {
	int state; /* enum tp_task_state */
	int64_t timestamp_ns;
};

struct task {
	struct executor *executor;
	struct tp_map_node node;  /* of executor.tasks, until completed */
	struct tp_list completed; /* of executor.completed_tasks */
	enum task_place place;
	uint64_t serial;
	const char *id; /* in the arena */
	struct tp_arena *arena;
	const struct tp_task_info *info;
	int state; /* enum tp_task_state; never back from a terminal one */
	/* A kill that its executor was not there to hear; goes with its next subscription. */
	bool kill_waits;
	const struct tp_kill_policy
		*kill_policy;        /* in the arena; NULL = the task's own */
	struct tp_arena *last_arena; /* of the newest status; NULL before the first */
	const struct tp_task_status *last;
	struct task_change history[TASK_HISTORY_MAX]; /* of states, oldest first */
	size_t n_history;
};

/* Takes the arena, in which info lives. The id must be new in the executor. */
struct task *task_create(struct executor *executor, const struct tp_task_info *info,
	struct tp_arena *arena);
void task_destroy(struct task *task);

struct task *task_find(struct executor *executor, const char *id);
/*
 * Something happened to it: the table says what becomes of it. NOTE, FORGET and REMEMBER are done
 * here; the actions are returned for the rest. `status`: of REPORTED and ENDED, else NULL. With
 * REMEMBER the task may be gone.
 */
uint32_t task_happened(
	struct task *task, enum task_event event, const struct tp_task_status *status);
/* A Task record in `arena`; borrows from the task until the loop turns. */
struct tp_task *task_record(const struct task *task, struct tp_arena *arena);
/* The user it runs as, by its command, its executor or its framework. Borrowed. */
const char *task_user(const struct task *task);

#endif
