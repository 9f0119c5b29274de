/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is the master: what `master` says, or whom the election names. While nobody is named the
 * agent has no session with any master: it acts on no message and its updates wait; what runs goes
 * on.
 */
#ifndef AGENT_LEADER_H
#define AGENT_LEADER_H

#include "agent.h"

void leader_init(struct agent *agent);
void leader_fini(struct agent *agent);
/* Exactly one of the key `master` and an election module must be there. */
int leader_check(const struct agent *agent, struct tp_error *err);
/* Dials the master, or begins to listen to the election; after recovery. */
int leader_start(struct agent *agent, struct tp_error *err);
void leader_stop(struct agent *agent);

#endif
