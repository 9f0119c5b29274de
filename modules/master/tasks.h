/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task table. A task is a small struct with what decisions need; the rest of its record
 * (labels, container, discovery, ...) is kept packed as msgpack and unpacked for readers.
 *
 *	live         launched or reported by an agent, not terminal or not yet acknowledged
 *	completed    over; in its framework's ring of max_completed_tasks_per_framework
 *	unreachable  set aside while its agent is unreachable, whatever its framework was told
 */
#ifndef MASTER_TASKS_H
#define MASTER_TASKS_H

#include "tepui/map.h"
#include "tepui/resources.h"
#include "tepui/task_life.h"

#include "master.h"

struct agent;
struct framework;

enum task_place { TASK_LIVE, TASK_COMPLETED, TASK_UNREACHABLE };

struct task {
	struct tp_map_node node; /* live: framework->tasks, by id */
	/* live: agent->tasks; else framework->completed or ->unreachable */
	struct tp_list list;
	struct framework *framework;
	struct agent *agent;           /* NULL unless live */
	const char *id;                /* in `packed`'s allocation, as is the next */
	const char *executor_id;       /* NULL: a command task */
	uint8_t *packed;               /* msgpack of the cold part of struct tp_task */
	struct tp_resources resources; /* with allocation_info */
	struct tp_bytes *statuses;
	uint32_t packed_len;
	uint32_t slot;
	uint8_t n_statuses;
	uint8_t newest;       /* state of the newest status */
	uint8_t place;        /* enum task_place */
	uint8_t state;        /* enum tp_task_state: the latest that is known */
	uint8_t status_state; /* of the last update that was forwarded */
	bool has_status_state;
	/* Its framework was told that it is lost: it is being killed, and told nothing more. */
	bool disowned;
	bool has_uuid;
	uint8_t uuid[16]; /* of that update */
};

int tasks_create(struct master *m);
void tasks_destroy(struct master *m);

/*
 * Live, counted and in the tables of both. `record` is borrowed and its id not yet in use; its
 * resources come apart from it.
 */
struct task *tasks_add(struct master *m, struct framework *f, struct agent *a,
	const struct tp_task *record, const struct tp_resources *resources);
struct task *tasks_find(const struct framework *f, const char *id);
/* It is over: into the ring of its framework, from wherever it is. */
void tasks_complete(struct master *m, struct task *task);
/* A live task whose agent cannot be reached; keeps at most the newest. */
void tasks_set_aside(struct master *m, struct task *task);
/* Forgets it, wherever it is. */
void tasks_forget(struct master *m, struct task *task);
/* One that was set aside, or NULL. */
struct task *tasks_find_unreachable(const struct framework *f, const char *id);
/* One that is over and still remembered, or NULL. */
struct task *tasks_find_completed(const struct framework *f, const char *id);

/* Keeps the gauges right. */
void task_set_state(struct master *m, struct task *task, int state);
/* Adds to the history of its statuses; repeated states replace each other. */
void task_add_status(struct task *task, const struct tp_task_status *status);

/* The whole record, in `arena`, which may be kept. */
struct tp_task *task_record(const struct task *task, struct tp_arena *arena);
/* The id of its agent, also when the agent is gone. Copied into `arena`; NULL when unknown. */
const char *task_agent_id(const struct task *task, struct tp_arena *arena);
/* The newest status in the history, or NULL. */
struct tp_task_status *task_last_status(const struct task *task, struct tp_arena *arena);

/* How many tasks that are live or set aside are in a state. */
uint32_t tasks_in_state(const struct master *m, int state);
/* Slot-wise walk over all tasks of all places; NULL = that slot is free. */
const struct task *tasks_at(const struct master *m, uint32_t slot);
uint32_t tasks_slots(const struct master *m);

#endif
