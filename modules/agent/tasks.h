/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of this agent: what was asked for, where it stands, and the record that others see.
 *
 *	QUEUED ─LAUNCH sent─► LAUNCHED ─terminal update─► TERMINATED ─acknowledged─► COMPLETED
 *	   └──────────────── killed before launch ───────────────┘
 */
#ifndef AGENT_TASKS_H
#define AGENT_TASKS_H

#include "tepui/map.h"
#include "tepui/wire/task.h"

#include "agent.h"

struct executor;

enum task_place { TASK_QUEUED, TASK_LAUNCHED, TASK_TERMINATED, TASK_COMPLETED };

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
/* Notes a status. true: the task became terminal by it. */
bool task_note(struct task *task, const struct tp_task_status *status);
/* Its last update was acknowledged, or will never be: among the executor's completed tasks. */
void task_complete(struct task *task);
/* A Task record in `arena`; borrows from the task until the loop turns. */
struct tp_task *task_record(const struct task *task, struct tp_arena *arena);
/* The user it runs as, by its command, its executor or its framework. Borrowed. */
const char *task_user(const struct task *task);

#endif
