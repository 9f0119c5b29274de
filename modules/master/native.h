/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native front: the sessions of agents, schedulers and operators. It turns their messages
 * into calls of the concerns and of the `calls` service, and their streams into sinks. What
 * comes before the registry was read waits here.
 */
#ifndef MASTER_NATIVE_H
#define MASTER_NATIVE_H

#include "tepui/net.h"

#include "master.h"

struct agent;
struct carriage;

int native_start(struct master *m, struct tp_error *err);
/* Serves what was held back. */
void native_recovered(struct master *m);
void native_stop(struct master *m, struct tp_done *done);
void native_destroy(struct master *m);

/* The first address as bound. Borrowed. */
const char *native_url(const struct master *m);

/* The session of a peer is that of this agent from now on; an older one is ended. */
void native_bind_agent(struct master *m, uint64_t peer, struct agent *agent);
/* The agent is forgotten: its session, if any, is nobody's, and ended if there is a reason. */
void native_unbind_agent(struct master *m, struct agent *agent, const char *reason);
/* The streams of a scheduler or operator; NULL when the peer is gone. */
struct carriage *native_carriage(const struct master *m, uint64_t peer);
struct agent *native_agent(const struct master *m, uint64_t peer);
/* Where a peer's session comes from, for people. Borrowed until the loop turns. */
const char *native_peer_address(const struct master *m, uint64_t peer);

int native_send(struct master *m, uint64_t peer, uint16_t type,
	const struct tp_desc *desc, const void *body);
/* The answer to a message of an agent: a reply if it was a call, else a message of its own. */
void native_answer(struct master *m, const struct tp_message *message, uint16_t type,
	const struct tp_desc *desc, const void *body);
void native_refuse(
	struct master *m, const struct tp_message *message, int code, const char *text);

#endif
