/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native carriage of the executor API: a unix socket in the runtime directory, whose path
 * stays the same across restarts of the agent, so that executors find it again. A peer is of
 * kind "executor" with the id "<framework id>/<executor id>".
 */
#ifndef AGENT_EXECUTOR_FRONT_H
#define AGENT_EXECUTOR_FRONT_H

#include "agent.h"

int executor_front_open(struct agent *agent, struct tp_error *err);
/* Executors may dial from now on. */
int executor_front_start(struct agent *agent, struct tp_error *err);
void executor_front_stop(struct agent *agent, struct tp_done *done);
void executor_front_fini(struct agent *agent);
/* "unix:///run/tepui/<hash>/agent.sock". Borrowed. */
const char *executor_front_url(const struct agent *agent);

#endif
