/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent lives: its work directory, locked, and its runtime directory. */
#ifndef AGENT_DIRECTORIES_H
#define AGENT_DIRECTORIES_H

#include "agent.h"

/* Makes both; config.work_dir becomes absolute, agent->runtime_dir is set. */
int directories_open(struct agent *agent, struct tp_error *err);
/*
 * Makes path and what is missing of its parents (mode 0755; the last one `mode`), at once.
 * `known`: where the part ends above which everything is usually there: with it a fresh path
 * costs one mkdir for each part.
 */
int directories_make(const char *path, size_t known, mode_t mode);
void directories_close(struct agent *agent);

#endif
