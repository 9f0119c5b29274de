/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent that registers again says of itself: its frameworks, executors and tasks, and the
 * tasks of which nothing is left here but updates that wait for their acknowledgement.
 */
#ifndef AGENT_INVENTORY_H
#define AGENT_INVENTORY_H

#include "tepui/arena.h"
#include "tepui/wire/internal.h"

#include "agent.h"

/* Fills frameworks, executor_infos and tasks; what it adds lives in `arena` or is borrowed. */
void inventory_describe(
	struct agent *agent, struct tp_agent_reregister *body, struct tp_arena *arena);

#endif
