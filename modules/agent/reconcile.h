/* SPDX-License-Identifier: Apache-2.0 */
/* The master knows tasks that we did not mention: what became of them. */
#ifndef AGENT_RECONCILE_H
#define AGENT_RECONCILE_H

#include "agent.h"

struct tp_reconcile_tasks;

struct handler_rows reconcile_rows(void);
void reconcile_tasks(struct agent *agent, const struct tp_reconcile_tasks *request);

#endif
