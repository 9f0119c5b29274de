/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent calls its hooks: see tepui/kind/hook.h. */
#ifndef AGENT_HOOKS_H
#define AGENT_HOOKS_H

#include "agent.h"

struct executor;
struct tp_environment;
struct tp_framework_info;
struct tp_task_info;
struct tp_task_status;

/* Resources and attributes of agent->info, at the start. */
int hooks_identity(struct agent *agent, struct tp_error *err);
/* Sets the labels of a task that arrived. */
void hooks_run_task(const struct agent *agent, const struct tp_framework_info *framework,
	struct tp_task_info *task, struct tp_arena *arena);
/* The environment as the executor gets it. */
struct tp_environment *hooks_environment(const struct executor *executor,
	struct tp_environment *environment, struct tp_arena *arena);
/* Sets labels and container status of what an executor sent. */
void hooks_task_status(const struct executor *executor, struct tp_task_status *status,
	struct tp_arena *arena);

#endif
