/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a task, and where its output is, by asking the master. */
#ifndef TOOLS_TEPUI_FIND_H
#define TOOLS_TEPUI_FIND_H

#include "client.h"

/* The task with that id; framework NULL: of any, -ENOTUNIQ when several have one. */
int find_task(struct client *client, const char *task_id, const char *framework_id,
	struct tp_arena *arena, const struct tp_task **ret, struct tp_error *err);
/* Where the agent takes operator calls. */
int find_agent_address(struct client *client, const char *agent_id,
	struct tp_arena *arena, const char **ret, struct tp_error *err);
/* The virtual path of the newest sandbox of an executor. */
const char *find_sandbox(
	struct tp_arena *arena, const char *framework_id, const char *executor_id);

#endif
