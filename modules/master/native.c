/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native front of the master: one server, three kinds of peers. Messages of agents go to the
 * concerns named in the table below; calls of schedulers and operators become submissions
 * (carriage.c). A standby lets operators in only, and answers them that it is one; others dial the
 * next address. Until the registry was read, everything is parked in order. This file knows no
 * rule of what a call may do.
 */
#include "native.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tepui/credentials.h"
#include "tepui/listen.h"
#include "tepui/machine.h"

#include "agents.h"
#include "carriage.h"
#include "counters.h"
#include "departure.h"
#include "health.h"
#include "leadership.h"
#include "listen.h"
#include "messages.h"
#include "operations.h"
#include "register.h"
#include "updates.h"

#define PARKED_MAX 65536
#define PORT 5060

enum right { RIGHT_AGENT = 1 << 0, RIGHT_SCHEDULER = 1 << 1, RIGHT_OPERATOR = 1 << 2 };

static const struct row {
	uint16_t type;
	uint32_t rights;
	const struct tp_desc *desc;
	void (*handle)(struct master *m, struct tp_message *message);
} rows[] = {
	{ TP_MESSAGE_AGENT_REGISTER, RIGHT_AGENT, &tp_agent_register_desc,
		register_on_register },
	{ TP_MESSAGE_AGENT_REREGISTER, RIGHT_AGENT, &tp_agent_reregister_desc,
		register_on_reregister },
	{ TP_MESSAGE_AGENT_UNREGISTER, RIGHT_AGENT, &tp_agent_unregister_desc,
		register_on_unregister },
	{ TP_MESSAGE_AGENT_PONG, RIGHT_AGENT, &tp_agent_pong_desc, register_on_pong },
	{ TP_MESSAGE_UPDATE_AGENT, RIGHT_AGENT, &tp_update_agent_desc,
		register_on_update },
	{ TP_MESSAGE_STATUS_UPDATE, RIGHT_AGENT, &tp_status_update_desc,
		updates_on_status_update },
	{ TP_MESSAGE_UPDATE_OPERATION_STATUS, RIGHT_AGENT,
		&tp_update_operation_status_desc, operations_on_update },
	{ TP_MESSAGE_EXITED_EXECUTOR, RIGHT_AGENT, &tp_exited_executor_desc,
		messages_on_exited_executor },
	{ TP_MESSAGE_EXECUTOR_TO_FRAMEWORK, RIGHT_AGENT, &tp_executor_to_framework_desc,
		messages_on_executor_to_framework },
	{ TP_MESSAGE_SCHEDULER_CALL, RIGHT_SCHEDULER, &tp_scheduler_call_desc,
		carriage_on_scheduler_call },
	{ TP_MESSAGE_MASTER_CALL, RIGHT_OPERATOR, &tp_master_call_desc,
		carriage_on_master_call },
};

struct peer {
	struct tp_map_node node;
	char key[24];
	struct agent *agent;
	struct carriage *carriage; /* of schedulers and operators */
};

struct parked {
	struct tp_list node;
	struct tp_message message;
};

struct native {
	struct tp_server *server;
	struct tp_handler handlers[TP_COUNT(rows)];
	struct tp_map peers;
	struct tp_list parked;
	size_t n_parked;
};

static struct peer *find_peer(const struct master *m, uint64_t id)
{
	char key[24];

	snprintf(key, sizeof key, "%" PRIx64, id);
	return tp_map_get(&m->native->peers, key, struct peer, node);
}

static void dispatch(struct master *m, struct tp_message *message)
{
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (rows[i].type == message->type) {
			rows[i].handle(m, message);
			return;
		}
	}
}

/* Whatever an agent says, it lives. */
static void hear(struct master *m, uint64_t id)
{
	struct agent *agent = native_agent(m, id);

	if (agent != NULL)
		health_heard(agent);
}

static void on_message(void *user, struct tp_message *message)
{
	struct master *m = user;
	struct parked *parked;

	if (m->stopping) {
		native_refuse(m, message, ESHUTDOWN, "the master is stopping");
		return;
	}
	if (m->recovered || m->elected_ns == 0) {
		hear(m, message->peer);
		dispatch(m, message);
		return;
	}
	if (m->native->n_parked >= PARKED_MAX) {
		native_refuse(m, message, EAGAIN, "the master has not finished recovery");
		return;
	}
	parked = tp_alloc(sizeof *parked);
	parked->message = *message;
	parked->message.arena = tp_message_take_arena(message);
	tp_list_append(&m->native->parked, &parked->node);
	m->native->n_parked++;
}

static void unpark(struct master *m, bool serve)
{
	struct parked *parked;

	while ((parked = tp_list_first(&m->native->parked, struct parked, node)) !=
		NULL) {
		tp_list_remove(&parked->node);
		m->native->n_parked--;
		if (serve && find_peer(m, parked->message.peer) != NULL)
			dispatch(m, &parked->message);
		tp_arena_destroy(parked->message.arena);
		tp_free(parked);
	}
}

void native_recovered(struct master *m)
{
	unpark(m, true);
}

/* --- peers ----------------------------------------------------------------------------- */

static int admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	const struct master *m = user;
	int r = tp_listen_admit(info, err);

	if (r < 0)
		return r;
	if (strcmp(info->hello.kind, "agent") == 0)
		info->rights = RIGHT_AGENT;
	else if (strcmp(info->hello.kind, "scheduler") == 0)
		info->rights = RIGHT_SCHEDULER;
	else if (strcmp(info->hello.kind, "operator") == 0)
		info->rights = RIGHT_OPERATOR;
	else
		return tp_fail(err, EACCES,
			"a master serves agents, schedulers and operators, not '%s'",
			info->hello.kind);
	return info->rights == RIGHT_OPERATOR ? 0 : leadership_check(m, err);
}

static bool must_authenticate(void *user, const struct tp_peer_info *info)
{
	const struct master *m = user;

	if (strcmp(info->hello.kind, "agent") == 0)
		return m->authenticate_agents;
	if (strcmp(info->hello.kind, "scheduler") == 0)
		return m->authenticate_frameworks;
	return m->authenticate_operators && !tp_listen_is_own(&info->wire);
}

static void opened(void *user, uint64_t id)
{
	struct master *m = user;
	const struct tp_peer_info *info = tp_server_peer(m->native->server, id);
	struct peer *peer = tp_alloc(sizeof *peer);

	snprintf(peer->key, sizeof peer->key, "%" PRIx64, id);
	tp_map_add(&m->native->peers, &peer->node, peer->key);
	if (info != NULL && info->principal != NULL)
		counter_add(m, COUNTER_MESSAGES_AUTHENTICATE, 1);
	if (info != NULL && (info->rights & RIGHT_AGENT) == 0)
		peer->carriage = carriage_create(m, m->native->server, id, info);
}

static void closed(void *user, uint64_t id, const struct tp_error *why)
{
	struct master *m = user;
	struct peer *peer = find_peer(m, id);
	struct agent *agent;

	if (peer == NULL)
		return;
	tp_map_remove(&m->native->peers, &peer->node);
	agent = peer->agent;
	carriage_destroy(peer->carriage);
	tp_free(peer);
	if (agent != NULL)
		departure_disconnected(agent, why);
}

struct carriage *native_carriage(const struct master *m, uint64_t id)
{
	struct peer *peer = find_peer(m, id);

	return peer == NULL ? NULL : peer->carriage;
}

struct agent *native_agent(const struct master *m, uint64_t id)
{
	struct peer *peer = find_peer(m, id);

	return peer == NULL ? NULL : peer->agent;
}

void native_bind_agent(struct master *m, uint64_t id, struct agent *agent)
{
	struct peer *peer = find_peer(m, id);

	if (agent->peer == id)
		return;
	native_unbind_agent(m, agent,
		peer == NULL ? NULL : "the agent has registered by another session");
	if (peer == NULL)
		return;
	if (peer->agent != NULL)
		peer->agent->peer = 0;
	peer->agent = agent;
	agent->peer = id;
}

void native_unbind_agent(struct master *m, struct agent *agent, const char *reason)
{
	uint64_t id = agent->peer;
	struct peer *peer = id == 0 ? NULL : find_peer(m, id);

	agent->peer = 0;
	if (peer == NULL)
		return;
	peer->agent = NULL;
	if (reason != NULL)
		tp_server_kick(m->native->server, id, reason);
}

const char *native_peer_address(const struct master *m, uint64_t id)
{
	const struct tp_peer_info *info = tp_server_peer(m->native->server, id);

	return info == NULL ? "" : info->wire.address;
}

int native_send(struct master *m, uint64_t peer, uint16_t type,
	const struct tp_desc *desc, const void *body)
{
	int r = peer == 0 ? -ENOTCONN
			  : tp_server_send(m->native->server, peer, type, desc, body);

	if (r == -EMSGSIZE)
		tp_err(m, "a message is longer than a frame may be and was not sent",
			"type=%u to=%s", type, native_peer_address(m, peer));
	return r;
}

void native_answer(struct master *m, const struct tp_message *message, uint16_t type,
	const struct tp_desc *desc, const void *body)
{
	if (message->call != 0)
		tp_server_reply(m->native->server, message->peer, message->call, desc,
			body, false);
	else if (type != TP_MESSAGE_NONE)
		tp_server_send(m->native->server, message->peer, type, desc, body);
}

void native_refuse(
	struct master *m, const struct tp_message *message, int code, const char *text)
{
	if (message->call != 0)
		tp_server_reply_error(
			m->native->server, message->peer, message->call, code, text);
	counter_add(m, COUNTER_DROPPED_MESSAGES, 1);
	tp_debug(m, "refused a message", "type=%u peer=%" PRIx64 " why=%s", message->type,
		message->peer, text);
}

/* --- life ------------------------------------------------------------------------------ */

static int create(struct master *m, struct tp_error *err)
{
	struct native *n = m->native = tp_alloc(sizeof *m->native);
	struct tp_server_config config = {
		.instance = &m->instance,
		.transport = m->transport,
		.limits = {
			.heartbeat_ns = m->agent_ping_timeout_ns,
			/* Agents are counted out by pings before their session is. */
			.silence_ns = m->agent_ping_timeout_ns *
				(m->max_agent_ping_timeouts + 1),
			.handshake_ns = m->authentication_v0_timeout_ns,
		},
		.self = { .kind = "master", .id = m->id },
		.handlers = n->handlers,
		.n_handlers = TP_COUNT(rows),
		.user = m,
		.admit = admit,
		.opened = opened,
		.closed = closed,
		.authenticators = &m->authenticators,
		.must_authenticate = must_authenticate,
		.tls = &m->tls,
	};

	tp_map_init(&n->peers);
	tp_list_init(&n->parked);
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		n->handlers[i].type = rows[i].type;
		n->handlers[i].rights = rows[i].rights;
		n->handlers[i].desc = rows[i].desc;
		n->handlers[i].handle = on_message;
	}
	return tp_server_create(&config, &n->server, err);
}

/* Found at the start, not when the first agent is refused. */
static int check_authenticators(const struct master *m, struct tp_error *err)
{
	const char *key = m->authenticate_agents ? "authenticate_agents"
		: m->authenticate_frameworks     ? "authenticate_frameworks"
		: m->authenticate_operators      ? "authenticate_operators"
						 : NULL;

	if (key == NULL || tp_listen_can_authenticate(&m->authenticators))
		return 0;
	return tp_fail(err, EINVAL,
		"%s: there is no authenticator with credentials: load one, like "
		"`- module: auth-crammd5` with `credentials: FILE`",
		key);
}

/* ip and ip_discovery_command stand for one address to listen at. */
static int choose_address(struct master *m, struct tp_error *err)
{
	const char *ip = NULL;
	int r = tp_machine_ip(m->ip, m->ip_discovery_command, m->arena, &ip, err);

	if (r < 0 || (ip == NULL && m->n_listen > 0))
		return r;
	if (ip != NULL && m->n_listen > 0)
		return tp_fail(err, EINVAL,
			"ip and listen: give only one (listen also says the port)");
	m->listen = tp_arena_alloc(m->arena, sizeof(*m->listen));
	m->listen[0] = tp_machine_url(m->arena, ip != NULL ? ip : "127.0.0.1", PORT);
	m->n_listen = 1;
	return 0;
}

int native_start(struct master *m, struct tp_error *err)
{
	int r = check_authenticators(m, err);

	if (m->tls.key != NULL && tp_credentials_exposed(m->tls.key))
		tp_warn(m, "everybody on this machine can read the key in a file",
			"file=%s remedy=%s", m->tls.key, "chmod 0600");
	if (r >= 0)
		r = choose_address(m, err);
	if (r >= 0)
		r = create(m, err);
	for (size_t i = 0; r >= 0 && i < m->n_listen; i++) {
		r = listen_check(m->listen[i], m, err);
		if (r >= 0)
			r = tp_server_listen(m->native->server, m->listen[i], 0660, err);
		if (r < 0)
			tp_wrap(err, r, "listening at '%s'", m->listen[i]);
	}
	return r;
}

const char *native_url(const struct master *m)
{
	return tp_server_url(m->native->server, 0);
}

void native_stop(struct master *m, struct tp_done *done)
{
	if (m->native == NULL || m->native->server == NULL)
		tp_done(done, 0);
	else
		tp_server_stop(m->native->server, done);
}

void native_destroy(struct master *m)
{
	struct tp_list *node, *tmp;

	if (m->native == NULL)
		return;
	unpark(m, false);
	tp_map_foreach (node, tmp, &m->native->peers) {
		struct peer *peer = tp_map_entry(node, struct peer, node);

		carriage_destroy(peer->carriage);
		tp_free(peer);
	}
	tp_map_fini(&m->native->peers);
	tp_server_destroy(m->native->server);
	tp_free(m->native);
	m->native = NULL;
}
