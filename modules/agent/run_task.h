/* SPDX-License-Identifier: Apache-2.0 */
/* RUN_TASK: from the master's message to a task that waits in its executor's queue. */
#ifndef AGENT_RUN_TASK_H
#define AGENT_RUN_TASK_H

#include "agent.h"

struct executor;
struct framework;
struct tp_executor_info;
struct tp_task_info;

struct handler_rows run_task_rows(void);

/* The executor of a task that has none of its own, in `arena`; borrows from the task. */
struct tp_executor_info *run_task_command_executor(const struct framework *framework,
	const struct tp_task_info *task, struct tp_arena *arena);

#endif
