/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to containerizers. Each request is an object of its own that knows its executor by
 * the container's id only: when the answer comes, the executor may be gone.
 *
 * Not the life of executors: answers go to executors.c.
 */
#include "containers.h"

#include <errno.h>
#include <string.h>

#include "tepui/record.h"
#include "tepui/resources.h"

#include "environment.h"
#include "executors.h"
#include "frameworks.h"
#include "hooks.h"
#include "tasks.h"

struct container_call {
	struct tp_container_request request;
	struct agent *agent;
	struct tp_arena *arena;
	const char *container_id;
	size_t at; /* launch: which of the chain was asked */
};

struct container_recovery {
	struct agent *agent;
	void (*done)(struct agent *agent, int status, const struct tp_error *err);
	size_t pending;
	struct tp_error err;
	int status;
	struct tp_arena *arena;
};

struct recover_call {
	struct tp_container_request request;
	struct container_recovery *recovery;
};

static void launch_try(struct container_call *call, struct executor *executor);

void containers_init(struct agent *agent)
{
	agent->containers = tp_alloc(sizeof(*agent->containers));
	agent->containers->agent = agent;
	tp_map_init(&agent->containers->executors);
}

static void containers_terminated(
	void *user, const char *id, const struct tp_container_termination *termination)
{
	struct agent *agent = user;
	struct executor *executor = executor_by_container(agent, id);

	if (executor != NULL)
		executor_terminated(executor, termination);
}

int containers_open(struct agent *agent, struct tp_error *err)
{
	struct containers *self = agent->containers;
	const struct tp_containerizer_user user = {
		.user = agent,
		.terminated = containers_terminated,
	};

	self->n = agent->containerizers.n;
	if (self->n == 0)
		return tp_fail(err, ENOENT,
			"no containerizer is loaded: add containerizer-native to the "
			"manifest");
	self->chain = tp_alloc(self->n * sizeof(*self->chain));
	self->types = tp_alloc(self->n * sizeof(*self->types));
	for (size_t i = 0; i < self->n; i++) {
		const struct tp_service_item *item = &agent->containerizers.items[i];
		int r;

		self->chain[i].ops = item->service.ops;
		self->chain[i].impl = item->service.impl;
		self->types[i] = item->key;
		r = self->chain[i].ops->open(self->chain[i].impl, &user,
			agent->config.work_dir, agent->runtime_dir, err);
		if (r < 0)
			return tp_wrap(err, r, "%s", item->instance);
	}
	self->opened = true;
	return 0;
}

void containers_fini(struct agent *agent)
{
	struct containers *self = agent->containers;

	if (self == NULL)
		return;
	tp_map_fini(&self->executors);
	tp_free(self->chain);
	tp_free(self->types);
	tp_free(self);
	agent->containers = NULL;
}

void containers_add(struct executor *executor)
{
	tp_map_add(&executor->framework->agent->containers->executors,
		&executor->container, executor->container_id);
}

void containers_remove(struct executor *executor)
{
	struct containers *self = executor->framework->agent->containers;

	if (executor->container.key == NULL)
		return;
	tp_map_remove(&self->executors, &executor->container);
	executor->container.key = NULL;
}

static struct container_call *call_create(struct executor *executor)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct container_call *call = tp_arena_alloc(arena, sizeof(*call));

	call->arena = arena;
	call->agent = executor->framework->agent;
	call->container_id = tp_arena_strdup(arena, executor->container_id);
	return call;
}

static struct tp_container_config *config_create(
	struct executor *executor, struct tp_arena *arena)
{
	struct tp_container_config *config =
		tp_record_new(&tp_container_config_desc, arena);
	struct tp_list *first = executor->tasks.order.next;

	config->executor_info = executor->info;
	config->command_info = executor->info->command;
	config->container_info = executor->info->container;
	config->directory = executor->directory;
	config->user = executor->user;
	if (executor->command && first != &executor->tasks.order) {
		const struct task *task = tp_map_entry(first, struct task, node);

		config->task_info = (struct tp_task_info *)task->info;
		config->command_info = task->info->command;
		config->limits = (struct tp_container_config_limits_entry **)(void *)
					 task->info->limits;
		config->n_limits = task->info->n_limits;
	}
	executor_resources(executor, arena, &config->resources, &config->n_resources);
	return config;
}

static bool type_fits(const char *key, const struct tp_container_info *info)
{
	int type = info != NULL && info->has_type ? info->type : TP_CONTAINER_INFO_MESOS;

	return key == NULL ||
		tp_streq(key, tp_enum_name(&tp_container_info_type_enum, type));
}

static void launch_done(struct tp_container_request *request, int status)
{
	struct container_call *call =
		tp_container_of(request, struct container_call, request);
	struct executor *executor =
		executor_by_container(call->agent, call->container_id);

	if (executor != NULL && status == -ENOTSUP) {
		call->at++;
		launch_try(call, executor);
		return;
	}
	if (executor != NULL)
		executor_launched(executor, status, &request->err);
	tp_arena_destroy(call->arena);
}

/* Asks the next of the chain whose type fits. */
static void launch_try(struct container_call *call, struct executor *executor)
{
	struct containers *self = call->agent->containers;
	struct tp_container_spec spec = { .id = executor->container_id };

	while (call->at < self->n &&
		!type_fits(self->types[call->at], executor->info->container))
		call->at++;
	if (call->at == self->n) {
		struct tp_error err = { 0 };
		int r = tp_fail(&err, ENOTSUP,
			"no containerizer of the manifest takes a container of this "
			"type");

		executor_launched(executor, r, &err);
		tp_arena_destroy(call->arena);
		return;
	}
	executor->containerizer = &self->chain[call->at];
	spec.config = config_create(executor, call->arena);
	spec.environment = hooks_environment(
		executor, environment_create(executor, call->arena), call->arena);
	spec.command_executor = executor->command;
	call->request = (struct tp_container_request){ .done = launch_done };
	executor->containerizer->ops->launch(
		executor->containerizer->impl, &spec, &call->request);
}

void containers_adopt(struct executor *executor)
{
	struct containers *self = executor->framework->agent->containers;

	for (size_t i = 0; i < self->n && executor->containerizer == NULL; i++) {
		if (type_fits(self->types[i], executor->info->container))
			executor->containerizer = &self->chain[i];
	}
}

void containers_launch(struct executor *executor)
{
	launch_try(call_create(executor), executor);
}

static void update_done(struct tp_container_request *request, int status)
{
	struct container_call *call =
		tp_container_of(request, struct container_call, request);
	struct executor *executor =
		executor_by_container(call->agent, call->container_id);

	if (executor != NULL)
		executor_limits_updated(executor, status, &request->err);
	tp_arena_destroy(call->arena);
}

void containers_update(struct executor *executor)
{
	struct container_call *call = call_create(executor);
	struct tp_resource **items = NULL;
	size_t n = 0;
	struct tp_resources resources = TP_RESOURCES_INIT;
	struct tp_error err = { 0 };
	int r;

	executor_resources(executor, call->arena, &items, &n);
	r = tp_resources_from_records(&resources, items, n, &err);
	if (r < 0) {
		tp_arena_destroy(call->arena);
		executor_limits_updated(executor, r, &err);
		return;
	}
	call->request.done = update_done;
	executor->containerizer->ops->update(executor->containerizer->impl,
		executor->container_id, &resources, &call->request);
	tp_resources_fini(&resources);
}

static void destroy_done(struct tp_container_request *request, int status)
{
	struct container_call *call =
		tp_container_of(request, struct container_call, request);

	if (status < 0)
		tp_warn(call->agent, "a container could not be ended",
			"container=%s error=%s", call->container_id, request->err.text);
	tp_arena_destroy(call->arena);
}

void containers_destroy(struct executor *executor)
{
	struct container_call *call = call_create(executor);

	call->request.done = destroy_done;
	executor->containerizer->ops->destroy(
		executor->containerizer->impl, executor->container_id, &call->request);
}

static void recover_done(struct tp_container_request *request, int status)
{
	struct recover_call *call =
		tp_container_of(request, struct recover_call, request);
	struct container_recovery *recovery = call->recovery;

	if (status < 0 && recovery->status == 0) {
		recovery->status = status;
		recovery->err = request->err;
	}
	if (--recovery->pending > 0)
		return;
	recovery->done(recovery->agent, recovery->status, &recovery->err);
	tp_arena_destroy(recovery->arena);
}

void containers_recover(struct agent *agent, struct tp_container_state *const *states,
	size_t n,
	void (*done)(struct agent *agent, int status, const struct tp_error *err))
{
	struct containers *self = agent->containers;
	struct tp_arena *arena = tp_arena_create(0);
	struct container_recovery *recovery = tp_arena_alloc(arena, sizeof(*recovery));

	recovery->agent = agent;
	recovery->arena = arena;
	recovery->done = done;
	recovery->pending = self->n;
	for (size_t i = 0; i < self->n; i++) {
		struct recover_call *call = tp_arena_alloc(arena, sizeof(*call));

		call->request.done = recover_done;
		call->recovery = recovery;
		self->chain[i].ops->recover(
			self->chain[i].impl, states, n, &call->request);
	}
}

struct tp_resource_statistics *containers_usage(
	const struct executor *executor, struct tp_arena *arena)
{
	const struct tp_containerizer *containerizer = executor->containerizer;
	struct tp_resource_statistics *ret = NULL;

	if (containerizer == NULL || !executor->launched ||
		containerizer->ops->usage == NULL ||
		containerizer->ops->usage(containerizer->impl, executor->container_id,
			arena, &ret, NULL) < 0)
		return NULL;
	return ret;
}

struct tp_container_status *containers_status(
	const struct executor *executor, struct tp_arena *arena)
{
	const struct tp_containerizer *containerizer = executor->containerizer;
	struct tp_container_status *ret = NULL;

	if (containerizer == NULL || !executor->launched ||
		containerizer->ops->status == NULL ||
		containerizer->ops->status(containerizer->impl, executor->container_id,
			arena, &ret, NULL) < 0)
		return NULL;
	return ret;
}
