/* SPDX-License-Identifier: Apache-2.0 */
/* What runs on this agent and what it was given, for those who estimate, correct and count. */
#ifndef AGENT_USAGE_H
#define AGENT_USAGE_H

#include "tepui/resources.h"
#include "tepui/wire/statistics.h"

#include "agent.h"

/*
 * Executors whose container is not gone, with what containerizers measure: the usage() of kinds whose
 * user is the agent. In the arena, or borrowed until the loop turns.
 */
const struct tp_resource_usage *usage_describe(void *user, struct tp_arena *arena);
/* What executors and tasks have of what may be taken back; of no role. Replaces `ret`. */
void usage_revocable(const struct agent *agent, struct tp_resources *ret);

#endif
