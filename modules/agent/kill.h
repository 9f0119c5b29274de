/* SPDX-License-Identifier: Apache-2.0 */
/* KILL_TASK: wherever the task is by then. */
#ifndef AGENT_KILL_H
#define AGENT_KILL_H

#include "agent.h"

struct executor;

struct handler_rows kill_rows(void);
/* The executor has subscribed: it hears of the kills it missed. */
void kill_resume(struct executor *executor);

#endif
