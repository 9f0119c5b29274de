/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerizer-native: containers made of Linux parts by a chain of isolators. Each container
 * has one init process, tepui-launch or, for a command task, tepui-executor itself, which applies
 * the plan, reaps, keeps the exit status in a file and outlives the agent.
 */
#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/process.h"
#include "tepui/record.h"

#define KILL_AGAIN_NS (50 * TP_MSEC)
#define KILL_ROUNDS_MAX 20
#define TERMINATION_MAX_BYTES (64 * 1024)

/* --- answers: done() comes on the next turn -------------------------------------------- */

struct answer {
	struct tp_defer defer;
	struct tp_list node;
	struct native *self;
	struct tp_container_request *request;
	int status;
};

static void answer_run(struct tp_defer *defer)
{
	struct answer *answer = tp_container_of(defer, struct answer, defer);

	tp_list_remove(&answer->node);
	answer->request->done(answer->request, answer->status);
	tp_free(answer);
}

void native_answer(struct native *self, struct tp_container_request *request, int status,
	const struct tp_error *err)
{
	struct answer *answer = tp_alloc(sizeof(*answer));

	answer->defer.run = answer_run;
	answer->self = self;
	answer->request = request;
	answer->status = status;
	if (status < 0 && err != NULL)
		request->err = *err;
	tp_list_append(&self->answers, &answer->node);
	tp_loop_defer(self->instance.loop, &answer->defer);
}

/* --- containers ------------------------------------------------------------------------ */

struct container *container_find(struct native *self, const char *id)
{
	return tp_map_get(&self->containers, id, struct container, node);
}

struct container *container_create(struct native *self, const char *id)
{
	struct tp_arena *arena;
	struct container *container;

	if (container_find(self, id) != NULL)
		return NULL;
	arena = tp_arena_create(0);
	container = tp_arena_alloc(arena, sizeof(*container));
	container->self = self;
	container->arena = arena;
	container->id = tp_arena_strdup(arena, id);
	container->dir = tp_arena_printf(arena, "%s/%s", self->containers_dir, id);
	tp_list_init(&container->killing);
	tp_map_add(&self->containers, &container->node, container->id);
	return container;
}

void container_destroy(struct container *container)
{
	struct native *self = container->self;

	tp_timer_disarm(self->instance.loop, &container->gone);
	tp_list_remove(&container->killing);
	if (container->init.pid != 0)
		tp_child_forget(self->instance.loop, &container->init);
	tp_map_remove(&self->containers, &container->node);
	tp_arena_destroy(container->arena);
}

const char *container_path(struct container *container, const char *name)
{
	return tp_arena_printf(container->arena, "%s/%s", container->dir, name);
}

/* What the init process wrote about its end, or NULL. */
static struct tp_container_termination *termination_read(struct container *container)
{
	const char *path = container_path(container, "termination");
	struct tp_error err;
	void *record;
	char *bytes = tp_arena_alloc(container->arena, TERMINATION_MAX_BYTES);

	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd < 0 ? -1 : read(fd, bytes, TERMINATION_MAX_BYTES);
	if (len <= 0)
		return NULL;
	if (tp_msgpack_decode(&tp_container_termination_desc, bytes, (size_t)len,
		    container->arena, &record, &err) < 0) {
		tp_warn(container->self,
			"an exit status cannot be read, going on without",
			"container=%s error=%s", container->id, err.text);
		return NULL;
	}
	return record;
}

/* What init wrote is about the executor; how init itself ended is second best. */
static struct tp_container_termination *container_termination(struct container *container,
	struct tp_container_termination *end, int wait_status)
{
	if (end == NULL)
		end = tp_record_new(&tp_container_termination_desc, container->arena);
	if (!end->has_status && wait_status >= 0) {
		end->has_status = true;
		end->status = wait_status;
	}
	if (container->limitation != NULL) {
		end->message = container->limitation->message;
		end->limited_resources = container->limitation->resources;
		end->n_limited_resources = container->limitation->n_resources;
		end->has_reason = container->limitation->has_reason;
		end->reason = container->limitation->reason;
	}
	return end;
}

static void container_clean(struct container *container)
{
	struct native *self = container->self;
	struct tp_error err;

	for (size_t i = self->isolators.n; i-- > 0;) {
		struct tp_isolator isolator = native_isolator(self, i);

		if (isolator.ops->cleanup != NULL &&
			isolator.ops->cleanup(isolator.impl, container->id, &err) < 0)
			tp_warn(self, "an isolator left something behind, going on",
				"container=%s isolator=%s error=%s", container->id,
				self->isolators.items[i].instance, err.text);
	}
	if (self->logger.ops->cleanup != NULL)
		self->logger.ops->cleanup(self->logger.impl, container->id);
	unlink(container_path(container, "pid"));
	unlink(container_path(container, "termination"));
	rmdir(container->dir);
}

void container_over(struct container *container, int wait_status)
{
	struct native *self = container->self;
	struct tp_container_termination *end = termination_read(container);

	container->state = CONTAINER_DESTROYING;

	/* An init that wrote no last word may have left survivors in its session. */
	if (end == NULL && container->pid > 0)
		tp_process_signal_below(container->pid, SIGKILL);
	end = container_termination(container, end, wait_status);
	container_clean(container);
	if (container->is_told)
		self->user.terminated(self->user.user, container->id, end);
	container_destroy(container);
}

/* Nobody is below init any more, or they cannot be killed: now init itself. */
static void container_kill_init(struct container *container)
{
	tp_list_remove(&container->killing);
	tp_child_kill(&container->init, SIGKILL);
}

/* First everything below the inits, which reap; then those inits that are alone. */
static void native_kill_round(struct tp_timer *timer)
{
	struct native *self = tp_container_of(timer, struct native, kill_timer);
	tp_cleanup(ptr) pid_t *roots = tp_alloc(self->containers.n * sizeof(*roots));
	tp_cleanup(ptr) size_t *counts = tp_alloc(self->containers.n * sizeof(*counts));
	struct tp_list *node, *tmp;
	size_t n = 0, i = 0;

	tp_list_foreach (node, tmp, &self->killing) {
		roots[n++] = tp_container_of(node, struct container, killing)->pid;
	}
	tp_process_signal_trees(roots, n, SIGKILL, counts);
	tp_list_foreach (node, tmp, &self->killing) {
		struct container *container =
			tp_container_of(node, struct container, killing);

		if (counts[i++] == 0 || ++container->kill_rounds > KILL_ROUNDS_MAX)
			container_kill_init(container);
	}
	if (!tp_list_empty(&self->killing))
		tp_timer_arm(self->instance.loop, timer, KILL_AGAIN_NS);
}

void container_kill(struct container *container)
{
	struct native *self = container->self;

	if (container->state == CONTAINER_DESTROYING)
		return;
	container->state = CONTAINER_DESTROYING;
	/* A stopped init starts nothing new while its children die. */
	tp_child_kill(&container->init, SIGSTOP);
	tp_list_append(&self->killing, &container->killing);
	if (!tp_timer_armed(&self->kill_timer))
		tp_timer_arm(self->instance.loop, &self->kill_timer, 0);
}

/* --- the kind -------------------------------------------------------------------------- */

static void native_limited(
	void *user, const char *id, const struct tp_container_limitation *limitation)
{
	struct native *self = user;
	struct container *container = container_find(self, id);

	if (container == NULL || container->limitation != NULL)
		return;
	container->limitation = tp_record_copy(
		&tp_container_limitation_desc, limitation, container->arena);
	container_kill(container);
}

static int native_open(void *impl, const struct tp_containerizer_user *user,
	const char *work_dir, const char *runtime_dir, struct tp_error *err)
{
	struct native *self = impl;
	const struct tp_isolator_user isolator_user = {
		.user = self,
		.limited = native_limited,
	};

	(void)work_dir;
	self->user = *user;
	self->containers_dir = tp_asprintf("%s/containers", runtime_dir);
	if (mkdir(self->containers_dir, 0755) < 0 && errno != EEXIST)
		return tp_fail_errno(err, errno, "making '%s'", self->containers_dir);
	for (size_t i = 0; i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);
		int r = isolator.ops->open == NULL
			? 0
			: isolator.ops->open(isolator.impl, &isolator_user, err);

		if (r < 0)
			return tp_wrap(err, r, "%s", self->isolators.items[i].instance);
	}
	return 0;
}

static void native_launch(void *impl, const struct tp_container_spec *spec,
	struct tp_container_request *request)
{
	struct native *self = impl;
	const struct tp_container_info *info = spec->config->container_info;
	struct tp_error err = { 0 };
	struct container *container;
	int r;

	if (info != NULL && info->type == TP_CONTAINER_INFO_DOCKER) {
		native_answer(self, request,
			tp_fail(&err, ENOTSUP,
				"containers of type DOCKER need containerizer-docker"),
			&err);
		return;
	}
	container = container_create(self, spec->id);
	if (container == NULL) {
		native_answer(self, request,
			tp_fail(&err, EEXIST, "container '%s' is there already",
				spec->id),
			&err);
		return;
	}
	r = container_launch(container, spec, &err);
	if (r < 0 && container->init.pid == 0) {
		container_clean(container);
		container_destroy(container);
	} else if (r < 0) {
		/* It still waits for its plan: its end is not reported, only cleaned up. */
		tp_child_kill(&container->init, SIGKILL);
	}
	native_answer(self, request, r, &err);
}

static void native_update(void *impl, const char *id,
	const struct tp_resources *resources, struct tp_container_request *request)
{
	struct native *self = impl;
	struct tp_error err = { 0 };
	int r = 0;

	if (container_find(self, id) == NULL)
		r = tp_fail(&err, ENOENT, "container '%s' is unknown", id);
	for (size_t i = 0; r == 0 && i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);

		if (isolator.ops->update != NULL)
			r = isolator.ops->update(isolator.impl, id, resources, &err);
	}
	native_answer(self, request, r, &err);
}

static void native_destroy(
	void *impl, const char *id, struct tp_container_request *request)
{
	struct native *self = impl;
	struct container *container = container_find(self, id);
	struct tp_error err = { 0 };

	if (container == NULL) {
		native_answer(self, request,
			tp_fail(&err, ENOENT, "container '%s' is unknown", id), &err);
		return;
	}
	container_kill(container);
	native_answer(self, request, 0, NULL);
}

static int native_usage(void *impl, const char *id, struct tp_arena *arena,
	struct tp_resource_statistics **ret, struct tp_error *err)
{
	struct native *self = impl;
	struct container *container = container_find(self, id);
	struct tp_resource_statistics *statistics;

	if (container == NULL || container->pid == 0)
		return tp_fail(err, ENOENT, "container '%s' is unknown", id);
	statistics = tp_record_new(&tp_resource_statistics_desc, arena);
	statistics->has_timestamp_ns = true;
	statistics->timestamp_ns = tp_loop_wall_ns(self->instance.loop);
	for (size_t i = 0; i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);
		int r = isolator.ops->usage == NULL
			? 0
			: isolator.ops->usage(isolator.impl, id, container->pid,
				  statistics, arena, err);

		if (r < 0)
			return tp_wrap(err, r, "%s", self->isolators.items[i].instance);
	}
	*ret = statistics;
	return 0;
}

static int native_status(void *impl, const char *id, struct tp_arena *arena,
	struct tp_container_status **ret, struct tp_error *err)
{
	struct native *self = impl;
	struct container *container = container_find(self, id);
	struct tp_container_status *status;

	if (container == NULL)
		return tp_fail(err, ENOENT, "container '%s' is unknown", id);
	status = tp_record_new(&tp_container_status_desc, arena);
	status->container_id = tp_record_new(&tp_container_id_desc, arena);
	status->container_id->value = tp_arena_strdup(arena, id);
	status->has_executor_pid = true;
	status->executor_pid = (uint32_t)container->pid;
	for (size_t i = 0; i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);
		int r = isolator.ops->status == NULL
			? 0
			: isolator.ops->status(isolator.impl, id, status, arena, err);

		if (r < 0)
			return tp_wrap(err, r, "%s", self->isolators.items[i].instance);
	}
	*ret = status;
	return 0;
}

static int native_process(
	void *impl, const char *id, int64_t *ret_pid, uint64_t *ret_start_ticks)
{
	struct container *container = container_find(impl, id);

	if (container == NULL)
		return -ENOENT;
	*ret_pid = container->pid;
	*ret_start_ticks = container->start_ticks;
	return 0;
}

static int native_init(void *impl, struct tp_error *err)
{
	struct native *self = impl;
	const char *dir = getenv("TEPUI_LIBEXEC_DIR");

	tp_map_init(&self->containers);
	tp_list_init(&self->answers);
	tp_list_init(&self->killing);
	self->kill_timer.fire = native_kill_round;
	if (self->launcher_dir[0] == '\0')
		self->launcher_dir = dir != NULL ? dir : TEPUI_LIBEXEC_DIR;
	if (self->launcher_dir[0] != '/')
		return tp_fail(err, EINVAL, "launcher_dir '%s' must begin with /",
			self->launcher_dir);
	return 0;
}

/* What is being destroyed has a stopped init, which would stay so for ever without us. */
static void container_leave(struct container *container)
{
	if (container->state == CONTAINER_DESTROYING && container->init.pid != 0) {
		tp_process_signal_below(container->init.pid, SIGKILL);
		tp_child_kill(&container->init, SIGKILL);
	}
	container_destroy(container);
}

static void native_fini(void *impl)
{
	struct native *self = impl;
	struct tp_list *node, *tmp;

	if (self->answers.next == NULL)
		return; /* init() never ran */
	tp_timer_disarm(self->instance.loop, &self->kill_timer);
	tp_map_foreach (node, tmp, &self->containers) {
		container_leave(tp_map_entry(node, struct container, node));
	}
	tp_list_foreach (node, tmp, &self->answers) {
		struct answer *answer = tp_container_of(node, struct answer, node);

		tp_loop_undefer(self->instance.loop, &answer->defer);
		tp_free(answer);
	}
	tp_map_fini(&self->containers);
	tp_free(self->containers_dir);
}

static void native_report(void *impl, struct tp_strbuf *out)
{
	struct native *self = impl;

	tp_strbuf_printf(out, "containers: %zu\n", self->containers.n);
}

static const struct tp_containerizer_ops native_ops = {
	.open = native_open,
	.recover = native_recover,
	.launch = native_launch,
	.update = native_update,
	.destroy = native_destroy,
	.usage = native_usage,
	.status = native_status,
	.process = native_process,
};

static const struct tp_field native_config[] = {
	TP_CONFIG("launcher_dir", TP_STRING, struct native, launcher_dir, "",
		"Where tepui-launch and tepui-executor are; empty: where Tepui is "
		"installed."),
	TP_CONFIG("switch_user", TP_BOOL, struct native, switch_user, "true",
		"Run containers as the user of their command or framework."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "containerizer-native",
	.version = "1.0",
	.summary = "Containers made of Linux parts by a chain of isolators",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("containerizer",
							 TP_CONTAINERIZER_ABI, native_ops,
							 "MESOS"),
		{ 0 } },
	.requires = (const struct tp_require[]){ TP_REQUIRE_MANY("isolator",
							 TP_ISOLATOR_ABI,
							 struct tp_isolator_ops,
							 struct native, isolators),
		TP_REQUIRE("logger", TP_LOGGER_ABI, struct native, logger), { 0 } },
	.config = native_config,
	.instance_size = sizeof(struct native),
	.init = native_init,
	.fini = native_fini,
	.status = native_report,
};
