/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of executors. Who may be an executor is known by the kernel's word on the peer's uid:
 * root, the agent's own user or the executor's. Calls go through the `calls` service; each
 * session has one sink, which carries events back.
 *
 * Invariant: a peer's calls can only name the framework and executor it said it is.
 */
#include "executor_front.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tepui/call_status.h"
#include "tepui/wire/executor.h"
#include "tepui/wire/internal.h"

#include "calls.h"
#include "executors.h"
#include "frameworks.h"

struct executor_front {
	struct agent *agent;
	struct tp_server *server;
	char *url;
	struct tp_map peers; /* struct front_peer, by the number in text */
};

struct front_peer {
	struct tp_map_node node;
	char key[24];
	struct executor_front *front;
	uint64_t peer;
	struct tp_sink sink;
	bool subscribed; /* the daemon holds the sink */
};

struct front_call {
	struct tp_submission submission;
	struct executor_front *front;
	uint64_t peer;
	uint64_t call;
	bool subscribe;
};

static void peer_key(char key[24], uint64_t peer)
{
	int at = 23;

	key[at] = '\0';
	do {
		key[--at] = (char)('0' + peer % 10);
		peer /= 10;
	} while (peer > 0);
	memmove(key, key + at, (size_t)(24 - at));
}

static struct front_peer *peer_find(struct executor_front *front, uint64_t peer)
{
	char key[24];

	peer_key(key, peer);
	return tp_map_get(&front->peers, key, struct front_peer, node);
}

static int front_event(
	struct tp_sink *sink, const struct tp_desc *desc, const void *event)
{
	struct front_peer *peer = tp_container_of(sink, struct front_peer, sink);

	return tp_server_send(
		peer->front->server, peer->peer, TP_MESSAGE_EXECUTOR_EVENT, desc, event);
}

static bool front_busy(struct tp_sink *sink)
{
	struct front_peer *peer = tp_container_of(sink, struct front_peer, sink);

	return tp_server_busy(peer->front->server, peer->peer);
}

static void front_close(struct tp_sink *sink)
{
	struct front_peer *peer = tp_container_of(sink, struct front_peer, sink);

	peer->subscribed = false;
	tp_server_kick(peer->front->server, peer->peer, "the subscription is over");
}

static const struct tp_sink_ops front_sink_ops = {
	.event = front_event,
	.busy = front_busy,
	.close = front_close,
};

static bool uid_may(const struct executor *executor, const struct tp_wire_peer *wire)
{
	if (!wire->local)
		return true; /* a simulated wire: sockets are always local */
	return wire->uid == 0 || wire->uid == geteuid() ||
		(executor->uid != (uid_t)-1 && wire->uid == executor->uid);
}

static int front_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	struct executor_front *front = user;
	const char *id = info->hello.id;
	const char *slash = strchr(id, '/');
	struct executor *executor;

	if (!tp_streq(info->hello.kind, "executor") || slash == NULL)
		return tp_fail(err, EPERM,
			"only executors connect here, as <framework id>/<executor id>");
	tp_cleanup(ptr) char *framework_id = tp_strndup(id, (size_t)(slash - id));
	executor = executor_find(front->agent, framework_id, slash + 1);
	if (executor == NULL)
		return tp_fail(err, EACCES, "executor '%s' is unknown here", id);
	if (!uid_may(executor, &info->wire))
		return tp_fail(err, EPERM, "uid %u is not that of executor '%s'",
			(unsigned)info->wire.uid, id);
	return 0;
}

static void front_opened(void *user, uint64_t number)
{
	struct executor_front *front = user;
	struct front_peer *peer = tp_alloc(sizeof(*peer));

	peer->front = front;
	peer->peer = number;
	peer->sink.ops = &front_sink_ops;
	peer->sink.address = "unix socket";
	peer_key(peer->key, number);
	if (!tp_map_add(&front->peers, &peer->node, peer->key))
		tp_free(peer);
}

static void front_closed(void *user, uint64_t number, const struct tp_error *why)
{
	struct executor_front *front = user;
	struct front_peer *peer = peer_find(front, number);

	(void)why;
	if (peer == NULL)
		return;
	if (peer->subscribed)
		calls_gone(front->agent, &peer->sink);
	tp_map_remove(&front->peers, &peer->node);
	tp_free(peer);
}

static void front_done(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	struct front_call *call =
		tp_container_of(submission, struct front_call, submission);
	struct executor_front *front = call->front;

	if (status < 300) {
		if (call->call != 0)
			tp_server_reply(
				front->server, call->peer, call->call, desc, body, false);
	} else {
		struct front_peer *peer = peer_find(front, call->peer);

		if (call->subscribe && peer != NULL)
			peer->subscribed = false;
		tp_warn(front->agent, "a call of an executor is refused",
			"status=%d error=%s", status, error);
		if (call->call != 0)
			tp_server_reply_error(front->server, call->peer, call->call,
				tp_call_errno(status), error);
		else if (call->subscribe)
			tp_server_kick(front->server, call->peer, error);
	}
	tp_free(call);
}

/* Is the call that of the executor whose session this is? */
static bool call_is_own(
	struct executor_front *front, uint64_t peer, const struct tp_executor_call *call)
{
	const struct tp_peer_info *info = tp_server_peer(front->server, peer);
	const char *framework_id = call->framework_id->value;
	size_t len = strlen(framework_id);

	return info != NULL && strncmp(info->hello.id, framework_id, len) == 0 &&
		info->hello.id[len] == '/' &&
		strcmp(info->hello.id + len + 1, call->executor_id->value) == 0;
}

static void on_executor_call(void *user, struct tp_message *message)
{
	struct executor_front *front = user;
	const struct tp_executor_call *body = message->body;
	struct front_peer *peer = peer_find(front, message->peer);
	struct front_call *call;

	if (peer == NULL)
		return;
	if (!call_is_own(front, message->peer, body)) {
		if (message->call != 0)
			tp_server_reply_error(front->server, message->peer, message->call,
				EPERM, "the call names another executor");
		return;
	}
	call = tp_alloc(sizeof(*call));
	call->front = front;
	call->peer = message->peer;
	call->call = message->call;
	call->subscribe = body->has_type && body->type == TP_EXECUTOR_CALL_SUBSCRIBE;
	call->submission = (struct tp_submission){
		.api = TP_API_EXECUTOR,
		.call = body,
		.sink = call->subscribe || peer->subscribed ? &peer->sink : NULL,
		.done = front_done,
	};
	if (call->subscribe)
		peer->subscribed = true;
	calls_submit(front->agent, &call->submission);
}

static const struct tp_handler front_rows[] = {
	{ TP_MESSAGE_EXECUTOR_CALL, 0, &tp_executor_call_desc, on_executor_call },
};

int executor_front_open(struct agent *agent, struct tp_error *err)
{
	struct executor_front *front = tp_alloc(sizeof(*front));

	front->agent = agent;
	tp_map_init(&front->peers);
	front->url = tp_asprintf("unix://%s/agent.sock", agent->runtime_dir);
	agent->executor_front = front;
	if (strlen(front->url) - strlen("unix://") > 107)
		return tp_fail(err, ENAMETOOLONG,
			"runtime_dir '%s' is too long for a socket: choose a shorter one",
			agent->runtime_dir);
	return 0;
}

int executor_front_start(struct agent *agent, struct tp_error *err)
{
	struct executor_front *front = agent->executor_front;
	const struct tp_server_config config = {
		.instance = &agent->instance,
		.transport = agent->transport,
		/* A unix socket tells when its peer is gone: thousands of quiet executors
		 * should cost nothing. */
		.limits = { .heartbeat_ns = 5 * TP_MIN, .silence_ns = 20 * TP_MIN },
		.self = { .kind = "agent", .id = agent->id },
		.handlers = front_rows,
		.n_handlers = TP_COUNT(front_rows),
		.user = front,
		.admit = front_admit,
		.opened = front_opened,
		.closed = front_closed,
	};
	int r = tp_server_create(&config, &front->server, err);

	if (r < 0)
		return r;
	/* Executors run as many users; admit() checks the uid. */
	return tp_server_listen(front->server, front->url, 0666, err);
}

void executor_front_stop(struct agent *agent, struct tp_done *done)
{
	if (agent->executor_front == NULL || agent->executor_front->server == NULL)
		tp_done(done, 0);
	else
		tp_server_stop(agent->executor_front->server, done);
}

void executor_front_fini(struct agent *agent)
{
	struct executor_front *front = agent->executor_front;
	struct tp_list *node, *tmp;

	if (front == NULL)
		return;
	tp_server_destroy(front->server);
	tp_map_foreach (node, tmp, &front->peers) {
		struct front_peer *peer = tp_map_entry(node, struct front_peer, node);

		tp_map_remove(&front->peers, &peer->node);
		tp_free(peer);
	}
	tp_map_fini(&front->peers);
	tp_free(front->url);
	tp_free(front);
	agent->executor_front = NULL;
}

const char *executor_front_url(const struct agent *agent)
{
	return agent->executor_front->url;
}
