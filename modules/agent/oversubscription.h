/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of this agent may be lent: asks the resource estimator of the manifest and tells the master,
 * when it has changed and after each registration. Without such a module there is nothing here.
 * In memory only: a restarted agent asks anew, and counts what its tasks have.
 */
#ifndef AGENT_OVERSUBSCRIPTION_H
#define AGENT_OVERSUBSCRIPTION_H

#include "tepui/resources.h"

#include "agent.h"

void oversubscription_init(struct agent *agent);
void oversubscription_fini(struct agent *agent);
int oversubscription_open(struct agent *agent, struct tp_error *err);
/* The tasks of earlier are found: questions may begin. */
void oversubscription_start(struct agent *agent);
void oversubscription_stop(struct agent *agent);
/* A master has just registered us, and knows nothing yet. */
void oversubscription_resume(struct agent *agent);
/* All that is lent or could be, as it is told to the master. */
const struct tp_resources *oversubscription_total(const struct agent *agent);

#endif
