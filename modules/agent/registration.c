/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	session up ─► attempt ─AGENT_REGISTERED─► registered ─ping late or connected=false─┐
 *	                 ▲  └─ no answer: back-off ─┘   └─session down─► (the link dials)  │
 *	                 └────────────────────────────────────────────────────────────────┘
 *
 * The first attempt goes out as soon as the session stands: the link's own jitter spreads agents
 * that reconnect together. Further attempts wait uniform[0, factor * 2^n], at most a minute.
 *
 * Invariant: updates flow exactly while the agent is RUNNING and its id is stored.
 */
#include "registration.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "tepui/record.h"
#include "tepui/wire/internal.h"
#include "tepui/wire/machine.h"

#include "agent_info.h"
#include "inventory.h"
#include "kill.h"
#include "messages.h"
#include "native.h"
#include "operations.h"
#include "oversubscription.h"
#include "reconcile.h"
#include "refuse.h"
#include "run_task.h"
#include "shutdown.h"
#include "status.h"
#include "updates.h"

#define BACKOFF_MAX_NS TP_MIN
#define PING_TIMEOUT_NS (75 * TP_SEC) /* until the master says better */
#define ROWS_MAX 32

struct registration {
	struct agent *agent;
	struct tp_link *link;
	struct tp_timer attempt; /* the next AGENT_(RE)REGISTER */
	unsigned attempts;       /* since the session stands */
	bool told_absent;        /* the log has it, once until a master answers */
	struct tp_timer ping;    /* fires when the master was silent too long */
	int64_t ping_timeout_ns;
	struct tp_handler rows[ROWS_MAX];
	size_t n_rows;
};

static int64_t jitter(int64_t max_ns)
{
	uint64_t random = 0;

	if (max_ns <= 0 || getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		return 0;
	return (int64_t)(random % (uint64_t)max_ns);
}

static struct tp_agent_info_capability **capabilities(
	struct tp_arena *arena, size_t *ret_n)
{
	static const int types[] = { TP_AGENT_INFO_CAPABILITY_MULTI_ROLE,
		TP_AGENT_INFO_CAPABILITY_HIERARCHICAL_ROLE,
		TP_AGENT_INFO_CAPABILITY_RESERVATION_REFINEMENT,
		TP_AGENT_INFO_CAPABILITY_TASK_RESOURCE_LIMITS,
		TP_AGENT_INFO_CAPABILITY_RESIZE_VOLUME,
		TP_AGENT_INFO_CAPABILITY_AGENT_OPERATION_FEEDBACK };
	struct tp_agent_info_capability **ret =
		tp_arena_alloc(arena, TP_COUNT(types) * sizeof(*ret));

	for (size_t i = 0; i < TP_COUNT(types); i++) {
		ret[i] = tp_record_new(&tp_agent_info_capability_desc, arena);
		ret[i]->has_type = true;
		ret[i]->type = types[i];
	}
	*ret_n = TP_COUNT(types);
	return ret;
}

static void send_register(struct agent *agent, struct tp_arena *arena)
{
	struct tp_agent_register *body = tp_record_new(&tp_agent_register_desc, arena);
	struct tp_operation **operations = NULL; /* a new agent has none */
	size_t n_operations = 0;

	operations_describe(agent, arena, &body->checkpointed_resources,
		&body->n_checkpointed_resources, &operations, &n_operations);
	body->resource_version_uuid = operations_announce(agent);
	body->agent = agent->info;
	body->address = native_advertised_url(agent);
	body->version = AGENT_VERSION;
	body->capabilities = capabilities(arena, &body->n_capabilities);
	registration_send(
		agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc, body);
}

static void send_reregister(struct agent *agent, struct tp_arena *arena)
{
	struct tp_agent_reregister *body =
		tp_record_new(&tp_agent_reregister_desc, arena);

	operations_describe(agent, arena, &body->checkpointed_resources,
		&body->n_checkpointed_resources, &body->operations, &body->n_operations);
	body->resource_version_uuid = operations_announce(agent);
	body->agent = agent->info;
	body->address = native_advertised_url(agent);
	body->version = AGENT_VERSION;
	body->capabilities = capabilities(arena, &body->n_capabilities);
	inventory_describe(agent, body, arena);
	registration_send(
		agent, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc, body);
}

static void registration_attempt(struct tp_timer *timer)
{
	struct registration *self = tp_container_of(timer, struct registration, attempt);
	struct agent *agent = self->agent;
	int64_t wait_ns = agent->config.registration_backoff_factor_ns;
	struct tp_arena *arena;

	if (!tp_link_is_up(self->link) || agent->state != AGENT_DISCONNECTED)
		return;
	arena = tp_arena_create(4096);
	if (agent->id[0] == '\0')
		send_register(agent, arena);
	else
		send_reregister(agent, arena);
	tp_arena_destroy(arena);
	for (unsigned i = 0; i <= self->attempts && wait_ns < BACKOFF_MAX_NS; i++)
		wait_ns *= 2;
	if (wait_ns > BACKOFF_MAX_NS)
		wait_ns = BACKOFF_MAX_NS;
	self->attempts++;
	/* At least a moment: an answer needs a round trip. */
	tp_timer_arm(
		agent->instance.loop, &self->attempt, 100 * TP_MSEC + jitter(wait_ns));
}

/* Not registered any more; tasks run on. */
static void registration_lost(struct registration *self)
{
	struct agent *agent = self->agent;

	tp_timer_disarm(agent->instance.loop, &self->ping);
	tp_timer_disarm(agent->instance.loop, &self->attempt);
	updates_pause(agent->updates);
	operations_pause(agent);
	if (agent->state == AGENT_RUNNING)
		agent->state = AGENT_DISCONNECTED;
}

static void registration_begin(struct registration *self)
{
	self->attempts = 0;
	tp_timer_arm(self->agent->instance.loop, &self->attempt, 0);
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct agent *agent = user;
	struct registration *self = agent->registration;

	if (agent->state == AGENT_TERMINATING)
		return;
	self->told_absent = false;
	tp_info(agent, "a master answers, registering", "master=%s", server->id);
	registration_begin(self);
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct agent *agent = user;
	struct registration *self = agent->registration;

	if (why->code == EACCES) {
		tp_err(agent, "the master refuses this agent, ending", "why=%s",
			why->text);
		tp_instance_exit(&agent->instance, 1);
		return;
	}
	if (was_up)
		tp_warn(agent, "the master is gone, tasks run on until it is back",
			"why=%s", why->text);
	else if (!self->told_absent)
		tp_warn(agent, "no master answers, trying again", "master=%s why=%s",
			agent->config.master, why->text);
	else
		tp_debug(agent, "no master answers", "why=%s", why->text);
	self->told_absent = true;
	registration_lost(self);
}

static void ping_late(struct tp_timer *timer)
{
	struct registration *self = tp_container_of(timer, struct registration, ping);
	struct tp_loop *loop = self->agent->instance.loop;

	if (tp_timer_overslept(loop, timer, self->ping_timeout_ns)) {
		tp_timer_arm(loop, timer, self->ping_timeout_ns);
		return;
	}
	tp_warn(self->agent, "the master does not ping any more, dialling again",
		"silent_s=%lld", (long long)(self->ping_timeout_ns / TP_SEC));
	tp_link_reconnect(self->link);
}

static void on_ping(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	struct registration *self = agent->registration;
	const struct tp_agent_ping *ping = message->body;
	static const struct tp_agent_pong pong;

	if (message->call != 0)
		tp_link_reply(
			self->link, message->call, &tp_agent_pong_desc, &pong, false);
	else
		tp_link_send(
			self->link, TP_MESSAGE_AGENT_PONG, &tp_agent_pong_desc, &pong);
	if (agent->state != AGENT_RUNNING)
		return;
	tp_timer_arm(agent->instance.loop, &self->ping, self->ping_timeout_ns);
	if (ping->connected)
		return;
	tp_info(agent, "the master holds us for disconnected, registering again", "%s",
		"");
	registration_lost(self);
	registration_begin(self);
}

static void on_registered(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	struct registration *self = agent->registration;
	const struct tp_agent_registered *body = message->body;
	const char *id = body->agent_id->value;

	if (agent->state != AGENT_DISCONNECTED)
		return; /* the answer to an attempt that was answered before */
	if (agent->id[0] == '\0') {
		agent_set_id(agent, id);
		tp_info(agent, "registered", "agent=%s", id);
	} else if (!tp_streq(agent->id, id)) {
		tp_err(agent, "the master knows us by another id, ending",
			"ours=%s its=%s", agent->id, id);
		tp_instance_exit(&agent->instance, 1);
		return;
	} else {
		tp_info(agent, "registered again", "agent=%s", id);
	}
	agent->state = AGENT_RUNNING;
	tp_link_set_id(self->link, agent->id);
	tp_timer_disarm(agent->instance.loop, &self->attempt);
	self->ping_timeout_ns =
		body->has_total_ping_timeout_ns && body->total_ping_timeout_ns > 0
		? body->total_ping_timeout_ns
		: PING_TIMEOUT_NS;
	tp_timer_arm(agent->instance.loop, &self->ping, self->ping_timeout_ns);
	if (agent_info_is_stored(agent))
		updates_resume(agent->updates);
	else
		agent_info_store(agent);
	operations_resume(agent);
	oversubscription_resume(agent);
	for (size_t i = 0; i < body->n_reconciliations; i++)
		reconcile_tasks(agent, body->reconciliations[i]);
}

void registration_stored(struct agent *agent)
{
	if (agent->state == AGENT_RUNNING)
		updates_resume(agent->updates);
}

static void on_shutdown(void *user, struct tp_message *message)
{
	const struct tp_agent_shutdown *body = message->body;

	agent_shut_down(user, body->message == NULL ? "" : body->message);
}

static struct handler_rows registration_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_AGENT_REGISTERED, 0, &tp_agent_registered_desc,
			on_registered },
		{ TP_MESSAGE_AGENT_PING, 0, &tp_agent_ping_desc, on_ping },
		{ TP_MESSAGE_AGENT_SHUTDOWN, 0, &tp_agent_shutdown_desc, on_shutdown },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}

static void add_rows(struct registration *self, struct handler_rows more)
{
	tp_assert(self->n_rows + more.n <= ROWS_MAX);
	for (size_t i = 0; i < more.n; i++)
		self->rows[self->n_rows++] = more.rows[i];
}

void registration_init(struct agent *agent)
{
	struct registration *self = tp_alloc(sizeof(*self));

	self->agent = agent;
	self->attempt.fire = registration_attempt;
	self->ping.fire = ping_late;
	self->ping_timeout_ns = PING_TIMEOUT_NS;
	agent->registration = self;
	add_rows(self, registration_rows());
	add_rows(self, run_task_rows());
	add_rows(self, kill_rows());
	add_rows(self, status_rows());
	add_rows(self, shutdown_rows());
	add_rows(self, messages_rows());
	add_rows(self, reconcile_rows());
	add_rows(self, operations_rows());
	add_rows(self, refuse_rows());
}

int registration_start(struct agent *agent, const char *urls, struct tp_error *err)
{
	struct registration *self = agent->registration;
	const struct tp_link_config config = {
		.instance = &agent->instance,
		.transport = agent->transport,
		.self = { .kind = "agent",
			.id = agent->id,
			.epoch = (uint64_t)agent->started_wall_ns },
		.urls = urls,
		.handlers = self->rows,
		.n_handlers = self->n_rows,
		.user = agent,
		.up = on_up,
		.down = on_down,
		.authenticatees = &agent->authenticatees,
		.times = agent->config.authentication,
		.tls = &agent->config.tls,
	};

	return tp_link_create(&config, &self->link, err);
}

void registration_stop(struct agent *agent)
{
	struct registration *self = agent->registration;

	if (self == NULL || self->link == NULL)
		return;
	registration_lost(self);
	tp_link_destroy(self->link);
	self->link = NULL;
}

void registration_fini(struct agent *agent)
{
	registration_stop(agent);
	tp_free(agent->registration);
	agent->registration = NULL;
}

bool registration_send(
	struct agent *agent, uint16_t type, const struct tp_desc *desc, const void *body)
{
	struct registration *self = agent->registration;
	int r = -ENOTCONN;

	if (self->link != NULL && tp_link_is_up(self->link))
		r = tp_link_send(self->link, type, desc, body);
	if (r == -EMSGSIZE)
		tp_err(agent, "a message is longer than a frame may be and was not sent",
			"type=%u", type);
	return r >= 0;
}

int registration_call(struct agent *agent, struct tp_call *call, uint16_t type,
	const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err)
{
	struct registration *self = agent->registration;

	if (self->link == NULL || !tp_link_is_up(self->link))
		return tp_fail(err, ENOTCONN, "there is no session with a master");
	return tp_link_call(self->link, call, type, desc, body, timeout_ns, err);
}
