/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's one door: executor and operator calls of every carriage come in here. */
#ifndef AGENT_CALLS_H
#define AGENT_CALLS_H

#include "tepui/kind/calls.h"

#include "agent.h"

extern const struct tp_calls_ops calls_ops;

void calls_submit(struct agent *agent, struct tp_submission *submission);
void calls_gone(struct agent *agent, struct tp_sink *sink);

/* Answers with an error. */
void calls_refuse(struct tp_submission *submission, int status, const char *error);

#endif
