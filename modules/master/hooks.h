/* SPDX-License-Identifier: Apache-2.0 */
/* Where the master calls its hooks: see tepui/kind/hook.h. */
#ifndef MASTER_HOOKS_H
#define MASTER_HOOKS_H

#include "master.h"

struct agent;
struct framework;

/* The task as it is launched: `info` itself unless a hook changed its labels. */
const struct tp_task_info *hooks_launch_task(const struct framework *f,
	const struct agent *a, const struct tp_task_info *info, struct tp_arena *arena);
void hooks_agent_lost(const struct agent *a);

#endif
