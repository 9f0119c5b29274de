/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's session with the master: registering, registering again, staying registered. What
 * the master says comes in here and goes to the concerns' handler rows.
 */
#ifndef AGENT_REGISTRATION_H
#define AGENT_REGISTRATION_H

#include "agent.h"

void registration_init(struct agent *agent);
/* Dials the master at one of `urls` (copied) and stays registered with it. */
int registration_start(struct agent *agent, const char *urls, struct tp_error *err);
/*
 * No session with any master any more. Says goodbye to nobody: the master waits for us to come
 * back.
 */
void registration_stop(struct agent *agent);
void registration_fini(struct agent *agent);

/* agent.info is durable: updates may flow, if we are registered. */
void registration_stored(struct agent *agent);

/* One way to the master. false when there is none: what matters is sent again later. */
bool registration_send(
	struct agent *agent, uint16_t type, const struct tp_desc *desc, const void *body);
/* The same with an answer: call->done() comes when this returns 0. */
int registration_call(struct agent *agent, struct tp_call *call, uint16_t type,
	const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err);

#endif
