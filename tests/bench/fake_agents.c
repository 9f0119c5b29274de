/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See fake_agents.h. Tasks get one TASK_RUNNING without a uuid, which nobody has to acknowledge,
 * and are forgotten: agents that come back list none, or as many made-up ones as was asked for.
 * Everything but the atomics belongs to the thread.
 */
#include "tests/bench/fake_agents.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tepui/net.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire.h"
#include "tests/bench/cpu_meter.h"

#define TURN_NS (20 * TP_MSEC)
#define VERSION "0.1.0" /* of agents that a master takes */

struct fake {
	struct fake_agents *all;
	struct tp_link *link;
	char id[128], address[40];
	bool counted;
};

struct fake_agents {
	struct tp_instance instance;
	struct tp_transport *transport;
	struct tp_arena *arena;
	struct tp_agent_info info; /* of all of them */
	struct tp_handler handlers[8];
	size_t n_handlers, n;
	const char *master_url;
	struct fake *fakes;
	pthread_t thread;
	atomic_size_t n_ready;
	atomic_bool stopping;
	atomic_bool patient;   /* masters come and go */
	atomic_size_t n_tasks; /* of each that comes back */
	atomic_size_t n_back, n_up;
	atomic_bool held; /* sessions stand, and nobody registers */
	bool was_held;
};

static void ready(struct fake *self)
{
	if (!self->counted)
		atomic_fetch_add(&self->all->n_ready, 1);
	self->counted = true;
}

static struct tp_agent_info_capability multi_role = {
	.has_type = true,
	.type = TP_AGENT_INFO_CAPABILITY_MULTI_ROLE,
};
static struct tp_agent_info_capability *capabilities[] = { &multi_role };

static void say_register(struct fake *self)
{
	const struct tp_agent_register body = {
		.agent = &self->all->info,
		.address = self->address,
		.version = VERSION,
		.capabilities = capabilities,
		.n_capabilities = 1,
	};

	tp_link_send(
		self->link, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc, &body);
}

void fake_agents_fill_tasks(struct tp_agent_reregister *body,
	struct tp_framework_info *framework, size_t n, struct tp_arena *arena)
{
	struct tp_resources resources = TP_RESOURCES_INIT;
	struct tp_executor_id *executor;

	tp_resources_parse(&resources, "cpus:0.1;mem:16", "*", NULL);
	tp_resources_allocate(&resources, "*");
	for (size_t i = 0; i < n; i++) {
		struct tp_task *task = tp_record_new(&tp_task_desc, arena);

		executor = tp_record_new(&tp_executor_id_desc, arena);
		task->name = "task";
		task->task_id = tp_record_new(&tp_task_id_desc, arena);
		task->task_id->value = executor->value =
			tp_arena_printf(arena, "%s-task-%zu", body->agent->id->value, i);
		task->executor_id = executor;
		task->framework_id = framework->id;
		task->agent_id = body->agent->id;
		task->has_state = true;
		task->state = TP_TASK_RUNNING;
		tp_resources_to_records(&resources, TP_RESOURCE_POST, arena,
			&task->resources, &task->n_resources);
		tp_arena_push(arena, &body->tasks, &body->n_tasks, task);
	}
	tp_resources_fini(&resources);
	tp_arena_push(arena, &body->frameworks, &body->n_frameworks, framework);
}

static void say_reregister(struct fake *self)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_id id = { .value = self->id };
	struct tp_agent_info info = self->all->info;
	struct tp_framework_id framework_id = { .value = "framework" };
	struct tp_framework_info framework = {
		.user = "nobody",
		.name = "bench",
		.id = &framework_id,
		.has_checkpoint = true,
		.checkpoint = true,
		.has_failover_timeout_ns = true,
		.failover_timeout_ns = TP_HOUR,
	};
	struct tp_agent_reregister body = {
		.agent = &info,
		.address = self->address,
		.version = VERSION,
		.capabilities = capabilities,
		.n_capabilities = 1,
	};

	info.id = &id;
	if (self->all->n_tasks > 0)
		fake_agents_fill_tasks(&body, &framework, self->all->n_tasks, arena);
	tp_link_send(self->link, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		&body);
}

static void introduce(struct fake *self)
{
	if (self->id[0] == '\0')
		say_register(self);
	else
		say_reregister(self);
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct fake *self = user;

	(void)server;
	if (self->all->n_handlers == 0)
		ready(self);
	else if (!atomic_load(&self->all->held))
		introduce(self);
}

/* All that stand, at once. */
static void introduce_all(struct fake_agents *self)
{
	for (size_t i = 0; i < self->n; i++) {
		if (self->fakes[i].link != NULL && tp_link_is_up(self->fakes[i].link))
			introduce(&self->fakes[i]);
	}
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	const struct fake *self = user;

	if (was_up && !self->all->patient)
		fprintf(stderr, "a fake agent lost its master: %s\n", why->text);
}

static void on_registered(void *user, struct tp_message *message)
{
	const struct tp_agent_registered *body = message->body;
	struct fake *self = user;

	if (self->id[0] != '\0')
		atomic_fetch_add(&self->all->n_back, 1);
	snprintf(self->id, sizeof self->id, "%s", body->agent_id->value);
	ready(self);
}

static void on_ping(void *user, struct tp_message *message)
{
	static const struct tp_agent_pong pong;
	struct fake *self = user;

	(void)message;
	tp_link_send(self->link, TP_MESSAGE_AGENT_PONG, &tp_agent_pong_desc, &pong);
}

static void on_run_task(void *user, struct tp_message *message)
{
	const struct tp_run_task *body = message->body;
	struct fake *self = user;
	struct tp_agent_id id = { .value = self->id };
	struct tp_executor_id executor = { .value = body->task->task_id->value };
	struct tp_task_status status = {
		.task_id = body->task->task_id,
		.has_state = true,
		.state = TP_TASK_RUNNING,
		.has_source = true,
		.source = TP_SOURCE_EXECUTOR,
		.agent_id = &id,
		.executor_id = &executor,
		.has_timestamp_ns = true,
		.timestamp_ns = tp_loop_wall_ns(self->all->instance.loop),
	};
	const struct tp_status_update update = {
		.framework_id = body->framework->id,
		.executor_id = &executor,
		.agent_id = &id,
		.status = &status,
		.has_timestamp_ns = true,
		.timestamp_ns = status.timestamp_ns,
		.has_latest_state = true,
		.latest_state = TP_TASK_RUNNING,
	};

	tp_link_send(
		self->link, TP_MESSAGE_STATUS_UPDATE, &tp_status_update_desc, &update);
}

static void on_nothing(void *user, struct tp_message *message)
{
	(void)user;
	(void)message;
}

static bool connect_all(struct fake_agents *self, struct tp_error *err)
{
	for (size_t i = 0; i < self->n; i++) {
		struct fake *fake = &self->fakes[i];
		const struct tp_link_config config = {
			.instance = &self->instance,
			.transport = *self->transport,
			.self = { .kind = self->n_handlers == 0 ? "operator" : "agent",
				.id = "" },
			.urls = self->master_url,
			.handlers = self->handlers,
			.n_handlers = self->n_handlers,
			.user = fake,
			.up = on_up,
			.down = on_down,
		};

		fake->all = self;
		snprintf(fake->address, sizeof fake->address, "tcp://127.0.0.1:%zu",
			i + 1);
		if (tp_link_create(&config, &fake->link, err) < 0)
			return false;
	}
	return true;
}

static void count_up(struct fake_agents *self)
{
	size_t n = 0;

	if (!self->was_held)
		return;
	for (size_t i = 0; i < self->n; i++)
		n += self->fakes[i].link != NULL && tp_link_is_up(self->fakes[i].link);
	atomic_store(&self->n_up, n);
}

static void *run(void *arg)
{
	struct fake_agents *self = arg;
	struct tp_error err;

	self->instance.topic.name = "fakes";
	self->instance.loop = tp_loop_create(NULL, &err);
	if (self->instance.loop == NULL ||
		tp_transport_create(self->instance.loop, &self->transport, &err) < 0 ||
		!connect_all(self, &err))
		fprintf(stderr, "fake agents: %s\n", err.text);
	while (!atomic_load(&self->stopping)) {
		bool held = atomic_load(&self->held);

		tp_loop_turn(self->instance.loop, TURN_NS);
		if (self->was_held && !held)
			introduce_all(self);
		self->was_held = held;
		count_up(self);
	}
	for (size_t i = 0; i < self->n; i++)
		tp_link_destroy(self->fakes[i].link);
	tp_transport_destroy(self->transport);
	tp_loop_destroy(self->instance.loop);
	return NULL;
}

static bool become_agents(struct fake_agents *self, const char *resources)
{
	static const struct tp_handler handlers[] = {
		{ TP_MESSAGE_AGENT_REGISTERED, 0, &tp_agent_registered_desc,
			on_registered },
		{ TP_MESSAGE_AGENT_PING, 0, &tp_agent_ping_desc, on_ping },
		{ TP_MESSAGE_RUN_TASK, 0, &tp_run_task_desc, on_run_task },
		{ TP_MESSAGE_SHUTDOWN_FRAMEWORK, 0, &tp_shutdown_framework_desc,
			on_nothing },
		{ TP_MESSAGE_STATUS_UPDATE_ACK, 0, &tp_status_update_ack_desc,
			on_nothing },
		{ TP_MESSAGE_UPDATE_FRAMEWORK, 0, &tp_update_framework_desc, on_nothing },
	};
	struct tp_resources parsed = TP_RESOURCES_INIT;
	struct tp_error err;

	if (tp_resources_parse(&parsed, resources, "*", &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	tp_resources_to_records(&parsed, TP_RESOURCE_POST, self->arena,
		&self->info.resources, &self->info.n_resources);
	tp_resources_fini(&parsed);
	self->info.hostname = "agent.example";
	self->info.has_port = true;
	self->info.port = 5051;
	memcpy(self->handlers, handlers, sizeof handlers);
	self->n_handlers = TP_COUNT(handlers);
	return true;
}

static struct fake_agents *start(
	const char *master_url, size_t n, const char *resources, bool held)
{
	struct fake_agents *self = tp_alloc(sizeof *self);

	self->held = self->was_held = held;
	self->arena = tp_arena_create(0);
	self->master_url = master_url;
	self->n = n;
	self->fakes = tp_alloc(n * sizeof *self->fakes);
	if ((resources == NULL || become_agents(self, resources)) &&
		pthread_create(&self->thread, NULL, run, self) == 0)
		return self;
	tp_arena_destroy(self->arena);
	tp_free(self->fakes);
	tp_free(self);
	return NULL;
}

struct fake_agents *fake_agents_start(
	const char *master_url, size_t n, const char *resources)
{
	return start(master_url, n, resources, false);
}

struct fake_agents *fake_agents_start_held(
	const char *master_url, size_t n, const char *resources)
{
	return start(master_url, n, resources, true);
}

static bool wait_for(struct fake_agents *self, atomic_size_t *count, int timeout_ms)
{
	for (int ms = 0; ms < timeout_ms; ms += 10) {
		if (atomic_load(count) >= self->n)
			return true;
		cpu_sleep_ms(10);
	}
	fprintf(stderr, "only %zu of %zu fake agents got through\n", atomic_load(count),
		self->n);
	return false;
}

bool fake_agents_wait(struct fake_agents *self, int timeout_ms)
{
	return wait_for(self, &self->n_ready, timeout_ms);
}

bool fake_agents_wait_back(struct fake_agents *self, int timeout_ms)
{
	return wait_for(self, &self->n_back, timeout_ms);
}

void fake_agents_hold(struct fake_agents *self, bool hold)
{
	if (hold)
		atomic_store(&self->n_up, 0);
	atomic_store(&self->held, hold);
}

bool fake_agents_wait_up(struct fake_agents *self, int timeout_ms)
{
	return wait_for(self, &self->n_up, timeout_ms);
}

void fake_agents_bring_tasks(struct fake_agents *self, size_t n_tasks)
{
	atomic_store(&self->n_tasks, n_tasks);
}

void fake_agents_expect_restarts(struct fake_agents *self)
{
	atomic_store(&self->patient, true);
}

void fake_agents_stop(struct fake_agents *self)
{
	atomic_store(&self->stopping, true);
	pthread_join(self->thread, NULL);
	tp_arena_destroy(self->arena);
	tp_free(self->fakes);
	tp_free(self);
}
