/* SPDX-License-Identifier: Apache-2.0 */
/* The executor API: SUBSCRIBE, UPDATE, MESSAGE and HEARTBEAT of executors. */
#ifndef AGENT_EXECUTOR_API_H
#define AGENT_EXECUTOR_API_H

#include "tepui/kind/calls.h"

#include "agent.h"

void executor_api_submit(struct agent *agent, struct tp_submission *submission);
void executor_api_gone(struct agent *agent, struct tp_sink *sink);

#endif
