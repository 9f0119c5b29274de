/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGUSR1: the agent leaves the cluster for good. It ends what it runs, unregisters, so that the
 * master declares its tasks gone at once instead of waiting for it, and ends. SIGTERM, in
 * contrast, leaves executors running for the next start.
 */
#ifndef AGENT_LEAVE_H
#define AGENT_LEAVE_H

#include "agent.h"

int leave_start(struct agent *agent, struct tp_error *err);
/* Nothing runs any more: the process ends, after the master was told if the agent is leaving. */
void leave_finish(struct agent *agent);
void leave_stop(struct agent *agent);

#endif
