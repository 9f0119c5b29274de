/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier run of the agent left where volumes are: it was killed after an operation was
 * stored and before the folder was gone, or after the folder was made and before its operation was
 * stored. Looked for once, after recovery, off the loop. What the checkpoint does not know is
 * nobody's; without a whole checkpoint nothing is touched.
 */
#ifndef AGENT_VOLUME_SWEEP_H
#define AGENT_VOLUME_SWEEP_H

#include "agent.h"

/* After recovery. */
void volume_sweep_start(struct agent *agent);
/* Reports once no work is under way. */
void volume_sweep_stop(struct agent *agent, struct tp_done *done);

#endif
