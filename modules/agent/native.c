/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of operators (`tepui`, scripts) over the native transport. Each AGENT_CALL is
 * submitted to the `calls` service; its answer is the reply.
 */
#include "native.h"

#include <errno.h>
#include <string.h>

#include "tepui/call_status.h"
#include "tepui/credentials.h"
#include "tepui/listen.h"
#include "tepui/machine.h"
#include "tepui/wire/agent.h"
#include "tepui/wire/internal.h"

#include "calls.h"
#include "config.h"

#define NATIVE_PORT 5061

struct native {
	struct agent *agent;
	struct tp_server *server;
	const char *advertised; /* what masters are told */
};

struct native_call {
	struct tp_submission submission;
	struct tp_principal principal;
	struct tp_arena *arena; /* of the call: answers may come later */
	struct agent *agent;
	uint64_t peer;
	uint64_t call;
};

static void native_done(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	struct native_call *call =
		tp_container_of(submission, struct native_call, submission);
	struct native *native = call->agent->native;

	if (call->call != 0 && native != NULL) {
		if (status < 300)
			tp_server_reply(native->server, call->peer, call->call, desc,
				body, false);
		else
			tp_server_reply_error(native->server, call->peer, call->call,
				tp_call_errno(status), error);
	}
	tp_arena_destroy(call->arena);
}

static void on_agent_call(void *user, struct tp_message *message)
{
	struct native *native = user;
	const struct tp_peer_info *info = tp_server_peer(native->server, message->peer);
	const void *body = message->body;
	uint64_t peer = message->peer, number = message->call;
	struct tp_arena *arena = tp_message_take_arena(message);
	struct native_call *call = tp_arena_alloc(arena, sizeof(*call));

	call->arena = arena;
	call->agent = native->agent;
	call->peer = peer;
	call->call = number;
	call->submission = (struct tp_submission){
		.api = TP_API_OPERATOR,
		.call = body,
		.done = native_done,
	};
	if (info != NULL && info->principal != NULL) {
		call->principal.value = tp_arena_strdup(arena, info->principal);
		call->submission.principal = &call->principal;
	}
	calls_submit(native->agent, &call->submission);
}

static const struct tp_handler native_rows[] = {
	{ TP_MESSAGE_AGENT_CALL, 0, &tp_agent_call_desc, on_agent_call },
};

static int native_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	int r = tp_listen_admit(info, err);

	(void)user;
	if (r < 0)
		return r;
	if (!tp_streq(info->hello.kind, "operator"))
		return tp_fail(err, EPERM,
			"this is an agent: a peer of kind '%s' has no business here",
			info->hello.kind);
	return 0;
}

static bool must_authenticate(void *user, const struct tp_peer_info *info)
{
	const struct native *native = user;

	return native->agent->config.authenticate_operators &&
		!tp_listen_is_own(&info->wire);
}

/* Found at the start, not when the first operator is refused. */
static int check_exposure(const struct agent *agent, struct tp_error *err)
{
	const struct agent_config *config = &agent->config;

	if (config->authenticate_operators &&
		!tp_listen_can_authenticate(&agent->authenticators))
		return tp_fail(err, EINVAL,
			"authenticate_operators: there is no authenticator with "
			"credentials: load one, like `- module: auth-crammd5` with "
			"`credentials: FILE`");
	if (config->authenticate_operators || config->insecure ||
		tp_listen_is_local(config->listen))
		return 0;
	return tp_fail(err, EPERM,
		"listen: '%s' can be reached from other machines and nobody is "
		"authenticated there: listen on 127.0.0.1, or set "
		"authenticate_operators: true, or insecure: true on a network you trust",
		config->listen);
}

/* ip and ip_discovery_command stand for another address to listen at. */
int native_choose_address(struct agent *agent, struct tp_error *err)
{
	struct agent_config *config = &agent->config;
	const char *ip = NULL;
	int r = tp_machine_ip(
		config->ip, config->ip_discovery_command, agent->arena, &ip, err);

	if (r < 0 || ip == NULL)
		return r;
	if (!tp_streq(config->listen, AGENT_LISTEN))
		return tp_fail(err, EINVAL,
			"ip and listen: give only one (listen also says the port)");
	config->listen = tp_machine_url(agent->arena, ip, NATIVE_PORT);
	return 0;
}

/* What masters are told: the bound address, unless another one was configured. */
static void advertise(struct agent *agent)
{
	const char *url = tp_server_url(agent->native->server, 0);
	const char *ip = agent->config.advertise_ip;

	agent->native->advertised =
		ip == NULL ? url : tp_listen_advertised(agent->arena, url, ip);
}

int native_start(struct agent *agent, struct tp_error *err)
{
	struct native *native = tp_alloc(sizeof(*native));
	const struct tp_server_config config = {
		.instance = &agent->instance,
		.transport = agent->transport,
		.self = { .kind = "agent", .id = agent->id },
		.handlers = native_rows,
		.n_handlers = TP_COUNT(native_rows),
		.user = native,
		.admit = native_admit,
		.authenticators = &agent->authenticators,
		.must_authenticate = must_authenticate,
		.tls = &agent->config.tls,
	};
	int r;

	native->agent = agent;
	agent->native = native;
	if (config.tls->key != NULL && tp_credentials_exposed(config.tls->key))
		tp_warn(agent, "everybody on this machine can read the key in a file",
			"file=%s remedy=%s", config.tls->key, "chmod 0600");
	r = check_exposure(agent, err);
	if (r >= 0)
		r = tp_server_create(&config, &native->server, err);
	if (r >= 0)
		r = tp_server_listen(native->server, agent->config.listen, 0660, err);
	if (r < 0)
		return r;
	advertise(agent);
	return 0;
}

void native_stop(struct agent *agent, struct tp_done *done)
{
	if (agent->native == NULL || agent->native->server == NULL)
		tp_done(done, 0);
	else
		tp_server_stop(agent->native->server, done);
}

void native_fini(struct agent *agent)
{
	if (agent->native == NULL)
		return;
	tp_server_destroy(agent->native->server);
	tp_free(agent->native);
	agent->native = NULL;
}

const char *native_url(const struct agent *agent)
{
	return agent->native == NULL || agent->native->server == NULL
		? NULL
		: tp_server_url(agent->native->server, 0);
}

const char *native_advertised_url(const struct agent *agent)
{
	return agent->native->advertised;
}
