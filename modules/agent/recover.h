/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding everything again after a restart: the checkpoint, the containers, the executors. Ends
 * with agent_recovered().
 */
#ifndef AGENT_RECOVER_H
#define AGENT_RECOVER_H

#include "agent.h"

/* Reads the agent's id and info, before anything that needs them. */
int recover_agent(struct agent *agent, struct tp_error *err);
/* Reads the rest, adopts containers, waits for executors. */
int recover_begin(struct agent *agent, struct tp_error *err);
/* An executor has subscribed or ended: perhaps the last one that was waited for. */
void recover_check(struct agent *agent);
void recover_fini(struct agent *agent);

#endif
