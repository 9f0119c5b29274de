/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The v1 records over a native session: a scheduler's or operator's calls become submissions to
 * the `calls` service, its streams become sinks. One carriage per peer; it holds what is
 * unanswered and what is streaming, and dies with the session.
 *
 *	scheduler  SUBSCRIBE is answered empty; events follow as messages of their own
 *	operator   SUBSCRIBE is answered by a stream of replies, one event each
 */
#ifndef MASTER_CARRIAGE_H
#define MASTER_CARRIAGE_H

#include "tepui/net.h"

#include "master.h"

struct carriage;

struct carriage *carriage_create(struct master *m, struct tp_server *server,
	uint64_t peer, const struct tp_peer_info *info);
/* The session is over: streams that were taken over are gone(). NULL is fine. */
void carriage_destroy(struct carriage *c);

void carriage_on_scheduler_call(struct master *m, struct tp_message *message);
void carriage_on_master_call(struct master *m, struct tp_message *message);

#endif
