/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a session between HELLO and READY: AUTH frames. Which bytes prove what is the
 * mechanisms' business (kinds authenticator and authenticatee); here is who speaks when.
 *
 *	server				dialler
 *	LIST [mechanism, ...]
 *					START [mechanism, data]
 *	STEP data
 *					STEP data
 *	READY, or BYE
 */
#ifndef CORE_NET_AUTHENTICATION_H
#define CORE_NET_AUTHENTICATION_H

#include "core/net/session.h"

enum authentication_frame { AUTH_LIST = 0, AUTH_START = 1, AUTH_STEP = 2 };

#define AUTHENTICATION_STEPS_MAX 16

/* Is there a mechanism that this end can use? */
bool authentication_possible(const struct session_env *env);
/*
 * Server, after HELLO: 1 when the peer was asked to prove who it is (state is AUTH), 0 when that
 * is not needed, -EACCES when it is needed and nobody can.
 */
int authentication_ask(struct session *self, struct tp_error *err);
/* An AUTH frame came before READY. May end the session. */
void authentication_frame(struct session *self, const struct envelope *e);
/* Forgets the exchange, if there is one. */
void authentication_end(struct session *self);

#endif
