/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent that registers again runs, brought together with what the master knew. */
#ifndef MASTER_RETURN_H
#define MASTER_RETURN_H

#include "agents.h"

/*
 * Makes the tables agree with the agent's message; what the master knew and the agent does not
 * becomes `reconciliations` of the answer.
 */
void return_reconcile(struct agent *a, const struct tp_agent_reregister *message,
	struct tp_agent_registered *answer, struct tp_arena *arena);
/* Frameworks that are over are shut down on the agent; after the answer. */
void return_refused(struct agent *a, const struct tp_agent_reregister *message);
/* Frameworks that changed while the agent was away; after the answer. */
void return_tell_changed(struct agent *a, const struct tp_agent_reregister *message);
/* It was unreachable: the frameworks of its tasks hear that they live. */
void return_tell_reachable(struct agent *a);

#endif
