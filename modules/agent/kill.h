/* SPDX-License-Identifier: Apache-2.0 */
/* KILL_TASK: wherever the task is by then. */
#ifndef AGENT_KILL_H
#define AGENT_KILL_H

#include "agent.h"

struct handler_rows kill_rows(void);

#endif
