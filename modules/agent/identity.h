/* SPDX-License-Identifier: Apache-2.0 */
/* Who the agent is: the AgentInfo it registers with. */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include "agent.h"

/* From config and machine; the id comes from the checkpoint or the master. */
int identity_create(struct agent *agent, struct tp_error *err);
void identity_destroy(struct agent *agent);

#endif
