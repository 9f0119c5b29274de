/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loss of power leaves of a checkpoint: .info files are written without fsync, logs of
 * updates with it. Such a log is played all the same: an end that was sent and not acknowledged is
 * sent again, as it was, and a task whose end nobody knows is reported as gone. What says
 * nothing any more is removed.
 */
#ifndef AGENT_REMAINS_H
#define AGENT_REMAINS_H

#include "agent.h"

/*
 * A folder whose .info is missing: how many logs below it have something to say, or an error.
 * Without any the folder is removed.
 */
int remains_of_task(struct agent *agent, const char *dir, struct tp_error *err);
int remains_of_run(struct agent *agent, const char *dir, struct tp_error *err);
int remains_of_framework(struct agent *agent, const char *dir, struct tp_error *err);

#endif
