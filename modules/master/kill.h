/* SPDX-License-Identifier: Apache-2.0 */
/* KILL: sent on to the agent, or remembered until the agent is back. */
#ifndef MASTER_KILL_H
#define MASTER_KILL_H

#include "master.h"

struct agent;
struct framework;

int kill_call(struct master *m, struct framework *f, const struct tp_scheduler_call *call,
	struct tp_error *err);
/* -ENOENT when nobody has the task. */
int kill_by_operator(struct master *m, const struct tp_master_call_kill_task *call,
	struct tp_error *err);
/* Kills it when its agent is back. `policy` may be NULL. */
void kill_remember(struct agent *a, struct framework *f, const char *task_id,
	const struct tp_kill_policy *policy);
/* The agent is back: kills of tasks that are not over go out now. */
void kill_resend(struct agent *a);
void kill_forget(struct agent *a);

#endif
