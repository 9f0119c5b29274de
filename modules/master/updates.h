/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status updates: from agents to schedulers and their acknowledgements back, and those that the
 * master makes itself. What an agent knows last decides a task's state and resources; what was
 * forwarded last decides which acknowledgement ends it.
 */
#ifndef MASTER_UPDATES_H
#define MASTER_UPDATES_H

#include "tepui/net.h"
#include "tepui/task_life.h"

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

/* The state as this framework hears it: TASK_LOST for what it does not know. */
int updates_state_for(const struct framework *f, int state);
/* Told to the scheduler, if it is connected; without a uuid, so never acknowledged. */
void updates_send(struct framework *f, const struct update *update);
/* The same for an answer about something that did not change: nothing is counted. */
void updates_send_answer(struct framework *f, const struct update *update);
/* The record of such an update. */
struct tp_task_status *updates_status(
	const struct master *m, const struct update *update, struct tp_arena *arena);
int updates_forward(struct framework *f, struct tp_task_status *status);

/* What happened to a task beside the updates of its agent. */
struct happening {
	enum tp_task_event event;
	const char *agent_id;   /* where it was */
	const char *message;    /* for people */
	int64_t unreachable_ns; /* wall; 0 = the agent is not unreachable */
};
/* Carries out what tp_task_transition() says. The task may be elsewhere or gone after it. */
void updates_happened(
	struct master *m, struct task *task, const struct happening *happening);

void updates_on_status_update(struct master *m, struct tp_message *message);
int updates_acknowledge(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

#endif
