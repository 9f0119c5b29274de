/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_containers.h. A container is one struct with one timer, which is whatever it waits for:
 * the end of its task, or its own. Containers that ended while there was no agent stay until the
 * next agent has recovered and was told.
 */
#include "sim_containers.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tepui/ids.h"
#include "tepui/kind/containerizer.h"
#include "tepui/net.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

#define UPDATES_MAX 3

struct fake_containerizer {
	struct tp_instance instance;
	struct sim_containers *containers;
	struct tp_containerizer_user user;
	bool recovered;
};

struct sim_containers {
	struct tp_loop *loop;
	struct tp_transport transport;
	struct fake_containerizer *module; /* NULL: no agent */
	struct tp_list list;
	bool mute;
};

struct container {
	struct tp_list node;
	struct sim_containers *world;
	struct tp_instance instance;
	struct tp_arena *arena;
	const char *id, *address, *session_id;
	struct tp_framework_id framework_id;
	struct tp_executor_id executor_id;
	bool checkpoint;
	struct tp_link *link;
	struct tp_call subscribe;
	bool was_up;
	const struct tp_task_info *task; /* once launched */
	bool task_acknowledged;
	const struct tp_executor_call_update *updates[UPDATES_MAX]; /* unacknowledged */
	bool ended; /* the task is over, its last update is under way */
	bool dead;
	int status; /* as of wait(2) */
	struct tp_timer timer, exit_timer;
	struct tp_defer bury;
};

struct answer {
	struct tp_defer defer;
	struct tp_container_request *request;
};

static struct container *find(struct sim_containers *self, const char *id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct container *c = tp_container_of(node, struct container, node);

		if (strcmp(c->id, id) == 0)
			return c;
	}
	return NULL;
}

static void container_free(struct container *c)
{
	tp_link_destroy(c->link);
	tp_timer_disarm(c->world->loop, &c->timer);
	tp_timer_disarm(c->world->loop, &c->exit_timer);
	tp_loop_undefer(c->world->loop, &c->bury);
	tp_list_remove(&c->node);
	tp_arena_destroy(c->arena);
	tp_free(c);
}

/* --- the end --------------------------------------------------------------------------- */

static void on_bury(struct tp_defer *defer)
{
	struct container *c = tp_container_of(defer, struct container, bury);
	struct fake_containerizer *module = c->world->module;
	tp_cleanup(ptr) char *id = NULL;
	const struct tp_container_termination termination = {
		.has_status = true,
		.status = c->status,
	};

	tp_link_destroy(c->link);
	c->link = NULL;
	if (module == NULL || !module->recovered)
		return;
	id = tp_strdup(c->id);
	container_free(c);
	module->user.terminated(module->user.user, id, &termination);
}

static void die(struct container *c, int status)
{
	if (c->dead)
		return;
	c->dead = true;
	c->status = status;
	tp_timer_disarm(c->world->loop, &c->timer);
	tp_timer_disarm(c->world->loop, &c->exit_timer);
	tp_loop_defer(c->world->loop, &c->bury);
}

static void on_exit_timer(struct tp_timer *timer)
{
	die(tp_container_of(timer, struct container, exit_timer), 0);
}

/* --- the executor ---------------------------------------------------------------------- */

static void send_call(struct container *c, struct tp_executor_call *call)
{
	call->framework_id = &c->framework_id;
	call->executor_id = &c->executor_id;
	call->has_type = true;
	if (c->link != NULL)
		tp_link_send(
			c->link, TP_MESSAGE_EXECUTOR_CALL, &tp_executor_call_desc, call);
}

static void update(struct container *c, int state)
{
	struct tp_task_status *status = tp_record_new(&tp_task_status_desc, c->arena);
	struct tp_executor_call_update *call =
		tp_record_new(&tp_executor_call_update_desc, c->arena);
	uint8_t *uuid = tp_arena_alloc(c->arena, TP_UUID_BYTES);

	tp_uuid_generate(uuid);
	status->task_id = c->task->task_id;
	status->has_state = true;
	status->state = state;
	status->has_source = true;
	status->source = TP_SOURCE_EXECUTOR;
	status->uuid = (struct tp_bytes){ uuid, TP_UUID_BYTES };
	status->has_timestamp_ns = true;
	status->timestamp_ns = tp_loop_wall_ns(c->world->loop);
	call->status = status;
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		if (c->updates[i] == NULL) {
			c->updates[i] = call;
			break;
		}
	}
	send_call(c,
		&(struct tp_executor_call){
			.type = TP_EXECUTOR_CALL_UPDATE, .update = call });
}

static void end_task(struct container *c, int state)
{
	if (c->task == NULL || c->ended)
		return;
	tp_timer_disarm(c->world->loop, &c->timer);
	c->ended = true;
	update(c, state);
}

static void on_task_timer(struct tp_timer *timer)
{
	struct container *c = tp_container_of(timer, struct container, timer);
	int status = 0;

	sscanf(c->task->command->value, "run %*d %d", &status);
	end_task(c, status == 0 ? TP_TASK_FINISHED : TP_TASK_FAILED);
}

static void launch(struct container *c, const struct tp_task_info *task)
{
	int ms;

	if (c->task != NULL)
		return;
	c->task = tp_record_copy(&tp_task_info_desc, task, c->arena);
	update(c, TP_TASK_RUNNING);
	if (c->task->command != NULL && c->task->command->value != NULL &&
		sscanf(c->task->command->value, "run %d", &ms) == 1)
		tp_timer_arm(c->world->loop, &c->timer, ms * TP_MSEC);
}

static void acknowledged(struct container *c, const struct tp_bytes *uuid)
{
	bool idle = true;

	c->task_acknowledged = true;
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		if (c->updates[i] != NULL &&
			memcmp(c->updates[i]->status->uuid.data, uuid->data,
				TP_UUID_BYTES) == 0)
			c->updates[i] = NULL;
		idle = idle && c->updates[i] == NULL;
	}
	if (c->ended && idle && !tp_timer_armed(&c->exit_timer))
		tp_timer_arm(c->world->loop, &c->exit_timer, TP_MSEC);
}

static void on_event(void *user, struct tp_message *message)
{
	struct container *c = user;
	const struct tp_executor_event *event = message->body;

	if (c->dead)
		return;
	switch (event->type) {
	case TP_EXECUTOR_EVENT_LAUNCH:
		launch(c, event->launch->task);
		break;
	case TP_EXECUTOR_EVENT_KILL:
		end_task(c, TP_TASK_KILLED);
		break;
	case TP_EXECUTOR_EVENT_ACKNOWLEDGED:
		acknowledged(c, &event->acknowledged->uuid);
		break;
	case TP_EXECUTOR_EVENT_SHUTDOWN:
		end_task(c, TP_TASK_KILLED);
		if (!tp_timer_armed(&c->exit_timer))
			tp_timer_arm(c->world->loop, &c->exit_timer, TP_SEC);
		break;
	default:
		break;
	}
}

static void on_subscribed(struct tp_call *call, const struct tp_reply *reply)
{
	struct container *c = tp_container_of(call, struct container, subscribe);

	if (reply->status == -ETIMEDOUT && c->link != NULL)
		tp_link_reconnect(c->link);
}

static void on_up(void *user, const struct tp_hello *server)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct container *c = user;
	struct tp_executor_call_subscribe *subscribe =
		tp_record_new(&tp_executor_call_subscribe_desc, arena);
	struct tp_executor_call call = { .framework_id = &c->framework_id,
		.executor_id = &c->executor_id,
		.has_type = true,
		.type = TP_EXECUTOR_CALL_SUBSCRIBE,
		.subscribe = subscribe };
	struct tp_error err;

	(void)server;
	c->was_up = true;
	if (c->task != NULL && !c->task_acknowledged)
		tp_arena_push(arena, &subscribe->unacknowledged_tasks,
			&subscribe->n_unacknowledged_tasks, (void *)c->task);
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		if (c->updates[i] != NULL)
			tp_arena_push(arena, &subscribe->unacknowledged_updates,
				&subscribe->n_unacknowledged_updates,
				(void *)c->updates[i]);
	}
	c->subscribe = (struct tp_call){ .done = on_subscribed };
	if (tp_link_call(c->link, &c->subscribe, TP_MESSAGE_EXECUTOR_CALL,
		    &tp_executor_call_desc, &call, 15 * TP_SEC, &err) < 0)
		tp_link_reconnect(c->link);
}

/* As tepui-executor: who does not checkpoint ends with the agent; who is refused ends. */
static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct container *c = user;

	if (why->code == EACCES)
		die(c, 1 << 8);
	else if (was_up && !c->checkpoint)
		die(c, 0);
}

static const struct tp_handler rows[] = {
	{ TP_MESSAGE_EXECUTOR_EVENT, 0, &tp_executor_event_desc, on_event },
};

static void start(struct container *c)
{
	const struct tp_link_config config = {
		.instance = &c->instance,
		.transport = c->world->transport,
		.self = { .kind = "executor", .id = c->session_id },
		.urls = c->address,
		.handlers = rows,
		.n_handlers = TP_COUNT(rows),
		.user = c,
		.up = on_up,
		.down = on_down,
	};
	struct tp_error err = { 0 };

	c->instance.topic.name = "executor";
	c->instance.loop = c->world->loop;
	ck_assert_msg(tp_link_create(&config, &c->link, &err) >= 0, "%s", err.text);
}

/* --- the containerizer ------------------------------------------------------------------ */

static void on_answer(struct tp_defer *defer)
{
	struct answer *answer = tp_container_of(defer, struct answer, defer);

	answer->request->done(answer->request, 0);
	tp_free(answer);
}

static void answer(
	struct fake_containerizer *module, struct tp_container_request *request)
{
	struct answer *a = tp_alloc(sizeof *a);

	a->defer.run = on_answer;
	a->request = request;
	tp_loop_defer(module->instance.loop, &a->defer);
}

static int fake_open(void *impl, const struct tp_containerizer_user *user,
	const char *work_dir, const char *runtime_dir, struct tp_error *err)
{
	struct fake_containerizer *module = impl;

	(void)work_dir, (void)runtime_dir, (void)err;
	module->user = *user;
	return 0;
}

static bool is_listed(
	const char *id, struct tp_container_state *const *states, size_t n_states)
{
	for (size_t i = 0; i < n_states; i++) {
		if (strcmp(states[i]->container_id->value, id) == 0)
			return true;
	}
	return false;
}

/* One that is unknown here was lost with the power: it is over, and nobody knows how. */
static void fake_recover(void *impl, struct tp_container_state *const *states, size_t n,
	struct tp_container_request *request)
{
	struct fake_containerizer *module = impl;
	struct sim_containers *world = module->containers;
	struct tp_list *node, *tmp;

	answer(module, request);
	module->recovered = true;
	tp_list_foreach (node, tmp, &world->list) {
		struct container *c = tp_container_of(node, struct container, node);

		if (!is_listed(c->id, states, n))
			container_free(c);
	}
	for (size_t i = 0; i < n; i++) {
		const char *id = states[i]->container_id->value;
		struct container *c = find(world, id);

		if (c == NULL) {
			c = tp_alloc(sizeof *c);
			c->world = world;
			c->arena = tp_arena_create(0);
			c->id = tp_arena_strdup(c->arena, id);
			c->dead = true;
			c->bury.run = on_bury;
			c->status = SIGKILL;
			tp_list_append(&world->list, &c->node);
		}
		if (c->dead)
			tp_loop_defer(world->loop, &c->bury);
	}
}

static void read_environment(
	struct container *c, const struct tp_environment *environment)
{
	for (size_t i = 0; i < environment->n_variables; i++) {
		const struct tp_environment_variable *v = environment->variables[i];

		if (strcmp(v->name, "TEPUI_AGENT_ADDRESS") == 0)
			c->address = tp_arena_strdup(c->arena, v->value);
		else if (strcmp(v->name, "TEPUI_FRAMEWORK_ID") == 0)
			c->framework_id.value = tp_arena_strdup(c->arena, v->value);
		else if (strcmp(v->name, "TEPUI_EXECUTOR_ID") == 0)
			c->executor_id.value = tp_arena_strdup(c->arena, v->value);
		else if (strcmp(v->name, "TEPUI_CHECKPOINT") == 0)
			c->checkpoint = strcmp(v->value, "1") == 0;
	}
	c->session_id = tp_arena_printf(
		c->arena, "%s/%s", c->framework_id.value, c->executor_id.value);
}

static void fake_launch(void *impl, const struct tp_container_spec *spec,
	struct tp_container_request *request)
{
	struct fake_containerizer *module = impl;
	struct sim_containers *world = module->containers;
	struct container *c = tp_alloc(sizeof *c);

	ck_assert(spec->command_executor);
	c->world = world;
	c->arena = tp_arena_create(0);
	c->id = tp_arena_strdup(c->arena, spec->id);
	c->timer.fire = on_task_timer;
	c->exit_timer.fire = on_exit_timer;
	c->bury.run = on_bury;
	read_environment(c, spec->environment);
	tp_list_append(&world->list, &c->node);
	answer(module, request);
	if (!world->mute)
		start(c);
}

static void fake_update(void *impl, const char *id, const struct tp_resources *resources,
	struct tp_container_request *request)
{
	(void)id, (void)resources;
	answer(impl, request);
}

static void fake_destroy(void *impl, const char *id, struct tp_container_request *request)
{
	struct fake_containerizer *module = impl;
	struct container *c = find(module->containers, id);

	answer(module, request);
	if (c != NULL)
		die(c, SIGKILL);
}

static int fake_usage(void *impl, const char *id, struct tp_arena *arena,
	struct tp_resource_statistics **ret, struct tp_error *err)
{
	(void)impl, (void)id, (void)err;
	*ret = tp_record_new(&tp_resource_statistics_desc, arena);
	(*ret)->has_timestamp_ns = true;
	(*ret)->timestamp_ns = TP_SEC;
	return 0;
}

static int fake_status(void *impl, const char *id, struct tp_arena *arena,
	struct tp_container_status **ret, struct tp_error *err)
{
	(void)impl, (void)err;
	*ret = tp_record_new(&tp_container_status_desc, arena);
	(*ret)->container_id = tp_record_new(&tp_container_id_desc, arena);
	(*ret)->container_id->value = tp_arena_strdup(arena, id);
	return 0;
}

static int fake_process(
	void *impl, const char *id, int64_t *ret_pid, uint64_t *ret_start_ticks)
{
	(void)impl, (void)id;
	*ret_pid = 4242;
	*ret_start_ticks = 17;
	return 0;
}

static const struct tp_containerizer_ops fake_ops = {
	.open = fake_open,
	.recover = fake_recover,
	.launch = fake_launch,
	.update = fake_update,
	.destroy = fake_destroy,
	.usage = fake_usage,
	.status = fake_status,
	.process = fake_process,
};

const struct tp_module sim_containerizer = {
	TP_MODULE_HEADER,
	.name = "fake-containerizer",
	.version = "1",
	.summary = "Containers on virtual time",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("containerizer",
							 TP_CONTAINERIZER_ABI, fake_ops,
							 "MESOS"),
		{ 0 } },
	.instance_size = sizeof(struct fake_containerizer),
};

/* --- life ------------------------------------------------------------------------------- */

struct sim_containers *sim_containers_create(
	struct tp_loop *loop, const struct tp_transport *transport)
{
	struct sim_containers *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->transport = *transport;
	tp_list_init(&self->list);
	return self;
}

void sim_containers_destroy(struct sim_containers *self)
{
	if (self == NULL)
		return;
	sim_containers_power_loss(self);
	tp_free(self);
}

void sim_containers_bind(struct sim_containers *self, void *instance)
{
	self->module = instance;
	if (self->module != NULL)
		self->module->containers = self;
}

void sim_containers_mute(struct sim_containers *self, bool mute)
{
	self->mute = mute;
}

void sim_containers_power_loss(struct sim_containers *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list)
		container_free(tp_container_of(node, struct container, node));
}

/* The nth that lives, counted round. */
static struct container *pick(const struct sim_containers *self, unsigned n)
{
	size_t n_alive = sim_containers_alive(self);
	unsigned left = n_alive == 0 ? 0 : n % (unsigned)n_alive;

	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next) {
		struct container *c = tp_container_of(node, struct container, node);

		if (!c->dead && left-- == 0)
			return c;
	}
	return NULL;
}

bool sim_containers_crash(struct sim_containers *self, unsigned n)
{
	struct container *c = pick(self, n);

	if (c != NULL)
		die(c, SIGKILL);
	return c != NULL;
}

bool sim_containers_fail_task(struct sim_containers *self, unsigned n)
{
	struct container *c = pick(self, n);

	if (c == NULL || c->task == NULL || c->ended)
		return false;
	end_task(c, TP_TASK_FAILED);
	return true;
}

static const struct tp_task_info *running_task(const struct tp_list *node)
{
	const struct container *c = tp_container_of(node, struct container, node);

	return c->dead || c->ended ? NULL : c->task;
}

bool sim_containers_runs(const struct sim_containers *self, const char *task_id)
{
	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next) {
		const struct tp_task_info *task = running_task(node);

		if (task != NULL && strcmp(task->task_id->value, task_id) == 0)
			return true;
	}
	return false;
}

int64_t sim_containers_cpus_milli(const struct sim_containers *self)
{
	int64_t sum = 0;

	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next) {
		const struct tp_task_info *task = running_task(node);

		for (size_t i = 0; task != NULL && i < task->n_resources; i++) {
			if (strcmp(task->resources[i]->name, "cpus") == 0)
				sum += task->resources[i]->scalar->value_milli;
		}
	}
	return sum;
}

size_t sim_containers_alive(const struct sim_containers *self)
{
	size_t n = 0;

	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next)
		n += !tp_container_of(node, struct container, node)->dead;
	return n;
}
