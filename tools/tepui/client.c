/* SPDX-License-Identifier: Apache-2.0 */
/* One short-lived session: dialled once, no reconnection, every wait bounded. */
#include "client.h"

#include <errno.h>
#include <stdlib.h>

#include "tepui/credentials.h"
#include "tepui/record.h"

#define OPEN_TIMEOUT_NS (10 * TP_SEC)
#define CALL_TIMEOUT_NS (30 * TP_SEC)

static void on_up(void *user, const struct tp_hello *server)
{
	struct client *client = user;

	(void)server;
	client->up = true;
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct client *client = user;

	(void)was_up;
	client->up = false;
	client->down = true;
	client->why = *why;
}

static int read_credential(struct client *client, struct tp_error *err)
{
	const char *file = getenv("TEPUI_CREDENTIAL");
	struct tp_credential *credential;
	int r;

	if (file == NULL || file[0] == '\0')
		return 0;
	client->arena = tp_arena_create(0);
	r = tp_credential_read(file, client->arena, &credential, NULL, err);
	if (r < 0)
		return tp_wrap(err, r, "TEPUI_CREDENTIAL");
	client->crammd5.credential = credential;
	return 0;
}

static int client_link(struct client *client, const char *urls, struct tp_error *err)
{
	const struct tp_link_config config = {
		.instance = &client->instance,
		.transport = *client->transport,
		.self = { .kind = "operator", .id = "" },
		.urls = urls,
		.user = client,
		.up = on_up,
		.down = on_down,
		.once = true,
		.authenticatees = &client->authenticatees,
		.tls = &client->tls,
	};

	client->tls = tp_tls_environment();
	client->crammd5.loop = client->instance.loop;
	client->authenticatee = (struct tp_service_item){
		.service = { &tp_crammd5_client_ops, &client->crammd5 },
		.key = TP_CRAMMD5,
		.instance = "tepui",
	};
	client->authenticatees = (struct tp_services){ &client->authenticatee, 1 };
	return tp_link_create(&config, &client->link, err);
}

int client_open(struct client *client, const char *urls, struct tp_error *err)
{
	int64_t give_up_ns;
	int r;

	*client = (struct client){ .own_loop = true };
	client->instance.topic.name = "tepui";
	client->instance.loop = tp_loop_create(NULL, err);
	if (client->instance.loop == NULL)
		return -ENOMEM;
	r = tp_transport_create(client->instance.loop, &client->transport, err);
	if (r == 0)
		r = read_credential(client, err);
	if (r == 0)
		r = client_link(client, urls, err);
	if (r < 0)
		return r;
	give_up_ns = tp_loop_now_ns(client->instance.loop) + OPEN_TIMEOUT_NS;
	while (!client->up && !client->down) {
		int64_t left_ns = give_up_ns - tp_loop_now_ns(client->instance.loop);

		if (left_ns <= 0)
			return tp_fail(
				err, ETIMEDOUT, "no answer from %s within 10s", urls);
		tp_loop_turn(client->instance.loop, left_ns);
	}
	if (client->up)
		return 0;
	*err = client->why;
	return tp_wrap(err, -err->code, "cannot reach %s", urls);
}

int client_join(struct client *client, const struct client *first, const char *urls,
	struct tp_error *err)
{
	*client = (struct client){
		.instance = first->instance,
		.transport = first->transport,
		.crammd5 = first->crammd5,
	};
	return client_link(client, urls, err);
}

void client_close(struct client *client)
{
	tp_link_destroy(client->link);
	if (client->own_loop) {
		tp_transport_destroy(client->transport);
		tp_loop_destroy(client->instance.loop);
		tp_arena_destroy(client->arena);
	}
	*client = (struct client){ .own_loop = false };
}

const char *client_principal(const struct client *client, const char *wanted)
{
	if (wanted != NULL || client->crammd5.credential == NULL)
		return wanted;
	return client->crammd5.credential->principal;
}

/* A call that is waited for. */
struct waited {
	struct tp_call call;
	struct tp_arena *arena;
	const struct tp_desc *desc;
	void *body;
	struct tp_error *err;
	int status;
	bool done;
};

static void on_reply(struct tp_call *call, const struct tp_reply *reply)
{
	struct waited *waited = tp_container_of(call, struct waited, call);

	waited->done = true;
	waited->status = reply->status;
	if (reply->status < 0)
		tp_fail(waited->err, -reply->status, "%s",
			reply->text != NULL ? reply->text : "the call failed");
	else if (reply->body != NULL)
		waited->body = tp_record_copy(waited->desc, reply->body, waited->arena);
}

int client_call(struct client *client, uint16_t type, const struct tp_desc *desc,
	const void *body, const struct tp_desc *reply_desc, struct tp_arena *arena,
	void **ret, struct tp_error *err)
{
	struct waited waited = {
		.call = { .reply_desc = reply_desc, .done = on_reply },
		.arena = arena,
		.desc = reply_desc,
		.err = err,
	};
	int r = tp_link_call(
		client->link, &waited.call, type, desc, body, CALL_TIMEOUT_NS, err);

	if (r < 0)
		return r;
	while (!waited.done)
		tp_loop_turn(client->instance.loop, -1);
	*ret = waited.body;
	return waited.status;
}

int client_call_master(struct client *client, const struct tp_master_call *call,
	struct tp_arena *arena, struct tp_master_response **ret, struct tp_error *err)
{
	void *body = NULL;
	int r = client_call(client, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc, call,
		&tp_master_response_desc, arena, &body, err);

	*ret = body;
	return r;
}

int client_call_agent(struct client *client, const struct tp_agent_call *call,
	struct tp_arena *arena, struct tp_agent_response **ret, struct tp_error *err)
{
	void *body = NULL;
	int r = client_call(client, TP_MESSAGE_AGENT_CALL, &tp_agent_call_desc, call,
		&tp_agent_response_desc, arena, &body, err);

	*ret = body;
	return r;
}
