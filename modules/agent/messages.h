/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from frameworks to executors, and new FrameworkInfos. */
#ifndef AGENT_MESSAGES_H
#define AGENT_MESSAGES_H

#include "agent.h"

struct handler_rows messages_rows(void);

#endif
