/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Corrections: executors that have to go for the sake of others, as the QoS controller of the
 * manifest says. Without such a module there is nothing here.
 */
#ifndef AGENT_QOS_H
#define AGENT_QOS_H

#include "agent.h"

void qos_init(struct agent *agent);
void qos_fini(struct agent *agent);
int qos_open(struct agent *agent, struct tp_error *err);
/* The tasks of earlier are found: questions may begin. */
void qos_start(struct agent *agent);
void qos_stop(struct agent *agent);

#endif
