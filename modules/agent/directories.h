/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent lives: its work directory, locked, and its runtime directory. */
#ifndef AGENT_DIRECTORIES_H
#define AGENT_DIRECTORIES_H

#include "agent.h"

/* Makes both; config.work_dir becomes absolute, agent->runtime_dir is set. */
int directories_open(struct agent *agent, struct tp_error *err);
void directories_close(struct agent *agent);

#endif
