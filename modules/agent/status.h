/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status updates: those the agent makes itself, those that executors send, and what happens
 * when they are acknowledged. The update manager behind it (updates.h) gets them delivered.
 */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#include "tepui/wire/resource.h"

#include "agent.h"

struct executor;
struct framework;
struct task;
struct tp_status_update;
struct tp_task_status;

/* What the agent has to say about a task. */
struct status_reason {
	int state;  /* enum tp_task_state */
	int reason; /* enum tp_task_status_reason */
	const char *message;
	struct tp_resource *const *limited; /* of a limit that was hit */
	size_t n_limited;
};

void status_init(struct agent *agent);
void status_fini(struct agent *agent);
struct handler_rows status_rows(void);

/* GONE and DROPPED are for frameworks that are PARTITION_AWARE; the others are told LOST. */
int status_pick(const struct framework *framework, int state);
/* A task that we have and that is not over: notes the state, sends the update. */
void status_end_task(struct task *task, const struct status_reason *why);
/* A task that we never had, or no longer have. framework and executor_id may be NULL. */
void status_refuse(struct agent *agent, const char *framework_id, const char *executor_id,
	const char *task_id, const struct status_reason *why);
/* What an executor reported; the status was checked. Negative: not taken, send it again. */
int status_from_executor(struct executor *executor, const struct tp_task_status *status,
	struct tp_error *err);
/* Tells the executor that its update needs not be kept any longer. */
void status_acknowledge_executor(struct executor *executor,
	const struct tp_task_status *status, struct tp_bytes uuid);

#endif
