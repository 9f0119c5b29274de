/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's own record on disk: who it is and what it registered with. It is durable before any
 * status update leaves the agent, so that after a loss of power it comes back as the same agent to
 * the master that was told of its tasks.
 */
#ifndef AGENT_AGENT_INFO_H
#define AGENT_AGENT_INFO_H

#include "agent.h"

void agent_info_init(struct agent *agent);
void agent_info_fini(struct agent *agent);

/*
 * The agent has an id, or it is another agent than the stored one in resources or attributes:
 * writes agent.info and `latest`, again and again until the disk takes it.
 */
void agent_info_store(struct agent *agent);
bool agent_info_is_stored(const struct agent *agent);

/*
 * May an agent that was `was` go on as what agent->info says? By `reconfiguration_policy`:
 * -EINVAL says what differs and the remedy.
 */
int agent_info_check(
	const struct agent *agent, const struct tp_agent_info *was, struct tp_error *err);

#endif
