/* SPDX-License-Identifier: Apache-2.0 */
/* Messages whose features are not there yet: refused, so that nobody waits. */
#ifndef AGENT_REFUSE_H
#define AGENT_REFUSE_H

#include "agent.h"

struct handler_rows refuse_rows(void);

#endif
