/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status updates: from agents to schedulers and their acknowledgements back, and those that the
 * master makes itself. What an agent knows last decides a task's state and resources; what was
 * forwarded last decides which acknowledgement ends it.
 */
#ifndef MASTER_UPDATES_H
#define MASTER_UPDATES_H

#include "tepui/net.h"

#include "master.h"

struct framework;
struct task;

/* A status of the master's making. */
struct update {
	const char *task_id;
	const char *agent_id;    /* NULL = unknown */
	const char *executor_id; /* NULL = none */
	int state;               /* enum tp_task_state */
	int reason;              /* enum tp_task_status_reason */
	const char *message;     /* NULL = none */
	int64_t unreachable_ns;  /* wall; 0 = not unreachable */
};

/* A state that only partition-aware frameworks know; TASK_LOST for all others. */
int updates_state_for(const struct framework *f, int state);
/* Told to the scheduler, if it is connected; without a uuid, so never acknowledged. */
void updates_send(struct framework *f, const struct update *update);
/* The same for an answer about something that did not change: nothing is counted. */
void updates_send_answer(struct framework *f, const struct update *update);
/* The record of such an update. */
struct tp_task_status *updates_status(
	const struct master *m, const struct update *update, struct tp_arena *arena);
int updates_forward(struct framework *f, struct tp_task_status *status);

/*
 * The master's word on a live task: it is over (or, for UNREACHABLE, beyond reach). Frees what
 * it used and moves it to where the dead are. With `send` the scheduler is told.
 */
void updates_end_task(struct master *m, struct task *task, int state, int reason,
	const char *message, bool send);

void updates_on_status_update(struct master *m, struct tp_message *message);
int updates_acknowledge(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

#endif
