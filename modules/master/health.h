/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an agent live? A connected one is pinged every agent_ping_timeout; after
 * max_agent_ping_timeouts pings without any word it is removed as unreachable, when its turn
 * comes (removal.h). A disconnected one has agent_reregister_timeout to come back.
 */
#ifndef MASTER_HEALTH_H
#define MASTER_HEALTH_H

#include "master.h"

struct agent;

void health_init(struct agent *a);
void health_end(struct agent *a);
/* It has registered: whatever was held against it is forgotten. */
void health_connected(struct agent *a);
/* Its session ended; `silent`: because nothing was heard any more. */
void health_disconnected(struct agent *a, bool silent);
/* A message of the agent came. */
void health_heard(struct agent *a);

#endif
