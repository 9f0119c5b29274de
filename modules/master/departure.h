/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How agents go: disconnected for a while, unreachable, left at their own wish, declared gone.
 * What ends an agent is in the registry before anybody is told of it.
 */
#ifndef MASTER_DEPARTURE_H
#define MASTER_DEPARTURE_H

#include "tepui/kind/calls.h"
#include "tepui/net.h"

#include "master.h"

struct agent;

/* The session ended. */
void departure_disconnected(struct agent *a, const struct tp_error *why);
/* Its session ended before it was in the table: as if it broke just now. */
void departure_early(struct agent *a);
/* Silent for too long. */
void departure_unreachable(struct agent *a);
/* It leaves for good, at its own wish: UNREGISTER, answered when the registry knows. */
void departure_leave(struct agent *a, const struct tp_message *message);
/* Its machine is DOWN: it is told to shut down, and removed. */
void departure_down(struct agent *a);
/*
 * The same for one that is recovered or unreachable, or about to be: it never comes back, and what is
 * known of its tasks ends. Does nothing when it is gone already.
 */
void departure_down_absent(struct master *m, const char *id);
/* Another one has registered in its place: it cannot come back. */
void departure_replaced(struct agent *a);
/*
 * MARK_AGENT_GONE. The submission is answered when the registry knows: 200, also when it is gone
 * already; 404 when nobody knows it; 503 while its state is changing.
 */
void departure_mark_gone(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);

#endif
