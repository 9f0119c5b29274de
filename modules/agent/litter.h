/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoints of command tasks that are over: removed together, once a minute, because
 * deleting files is what costs most in the life of a short task. Until then their logs say that
 * they are over.
 */
#ifndef AGENT_LITTER_H
#define AGENT_LITTER_H

#include "agent.h"

struct executor;

void litter_init(struct agent *agent);
/* The executor's checkpoint is not needed any more. */
void litter_add(const struct executor *executor);
/* Removes everything now; before an orderly end. */
void litter_flush(struct agent *agent);
void litter_fini(struct agent *agent);

#endif
