/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operator's session with a daemon. client_call() waits by running the loop, which is what a
 * command wants; client_send() does not, for commands that follow something.
 */
#ifndef TOOLS_TEPUI_CLIENT_H
#define TOOLS_TEPUI_CLIENT_H

#include "tepui/crammd5.h"
#include "tepui/net.h"
#include "tepui/wire.h"

struct client {
	struct tp_instance instance;
	struct tp_transport *transport; /* owned when own_loop */
	struct tp_link *link;
	struct tp_arena *arena; /* the credential; owned when own_loop */
	struct tp_crammd5_client crammd5;
	struct tp_tls tls;
	struct tp_service_item authenticatee; /* crammd5's */
	struct tp_services authenticatees;
	bool own_loop, up, down;
	struct tp_error why; /* of down */
};

/* Connects and waits for it, at most 10 s. */
int client_open(struct client *client, const char *urls, struct tp_error *err);
/* Shares the loop and transport of `first`; does not wait. */
int client_join(struct client *client, const struct client *first, const char *urls,
	struct tp_error *err);
void client_close(struct client *client);

/* A call, answered within 30 s; *ret, NULL for an empty answer, lives in `arena`. */
int client_call(struct client *client, uint16_t type, const struct tp_desc *desc,
	const void *body, const struct tp_desc *reply_desc, struct tp_arena *arena,
	void **ret, struct tp_error *err);
/* Calls the master and waits, at most 30 s; *ret lives in `arena`. */
int client_call_master(struct client *client, const struct tp_master_call *call,
	struct tp_arena *arena, struct tp_master_response **ret, struct tp_error *err);
int client_call_agent(struct client *client, const struct tp_agent_call *call,
	struct tp_arena *arena, struct tp_agent_response **ret, struct tp_error *err);

/* `wanted`, or else the principal of the credential, or NULL. Borrowed. */
const char *client_principal(const struct client *client, const char *wanted);

#endif
