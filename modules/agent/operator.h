/* SPDX-License-Identifier: Apache-2.0 */
/* The operator API of the agent. */
#ifndef AGENT_OPERATOR_H
#define AGENT_OPERATOR_H

#include "tepui/kind/calls.h"

#include "agent.h"

void operator_submit(struct agent *agent, struct tp_submission *submission);

#endif
