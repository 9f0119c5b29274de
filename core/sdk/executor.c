/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor driver: one session to the agent over plain sockets, on the caller's thread. This
 * file is its life and what the executor says; the session is in executor_session.c, what the
 * agent says in executor_events.c.
 *
 * Invariants: an update stays in `updates` until the agent acknowledged its uuid; a task stays in
 * `tasks` until its first update was acknowledged. Both lists travel with every SUBSCRIBE, so
 * nothing depends on a message having arrived.
 */
#include "core/sdk/executor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "tepui/record.h"

#define UUID_BYTES 16

void executor_update_free(struct executor_update *update)
{
	tp_list_remove(&update->node);
	tp_arena_destroy(update->arena);
}

void executor_task_free(struct executor_task *task)
{
	tp_list_remove(&task->node);
	tp_arena_destroy(task->arena);
}

/* --- ends ------------------------------------------------------------------------------ */

static void driver_leave(struct tp_executor_driver *self)
{
	tp_timer_disarm(self->instance.loop, &self->linger);
	if (self->is_placed)
		executor_session_end(self);
	else
		tp_loop_stop(self->instance.loop, 0);
}

void executor_end(struct tp_executor_driver *self, enum tp_status status)
{
	if (self->status != TP_DRIVER_RUNNING)
		return;
	self->status = status;
	driver_leave(self);
}

static void on_fail(struct tp_defer *defer)
{
	struct tp_executor_driver *self =
		tp_container_of(defer, struct tp_executor_driver, fail);
	char *message = self->failure;

	self->failure = NULL;
	driver_leave(self);
	if (self->executor->error != NULL)
		self->executor->error(self, self->user, message);
	tp_free(message);
}

void executor_fail(struct tp_executor_driver *self, const char *message)
{
	if (self->status != TP_DRIVER_RUNNING)
		return;
	self->status = TP_DRIVER_ABORTED;
	self->failure = tp_strdup(message);
	tp_loop_defer(self->instance.loop, &self->fail);
}

void executor_shutdown(struct tp_executor_driver *self)
{
	if (self->shutting_down)
		return;
	self->shutting_down = true;
	if (self->executor->shutdown != NULL)
		self->executor->shutdown(self, self->user);
	else
		tp_executor_driver_stop(self, 0);
}

/*
 * An executor that leads a process group takes it along. One that does not is below an init of
 * its container, which ends what is left and keeps the exit status.
 */
static void kill_self(void *user)
{
	(void)user;
	if (getpgrp() == getpid())
		kill(0, SIGKILL);
	kill(getpid(), SIGKILL);
}

static void on_linger_timeout(struct tp_timer *timer)
{
	executor_end(tp_container_of(timer, struct tp_executor_driver, linger),
		TP_DRIVER_STOPPED);
}

/* --- life ------------------------------------------------------------------------------ */

static int driver_settle(struct tp_executor_driver *self,
	const struct tp_executor_place *place, struct tp_error *err)
{
	int r;

	if (place != NULL) {
		self->instance.loop = place->loop;
		self->transport = place->transport;
		self->kill = place->kill;
		return 0;
	}
	self->kill = kill_self;
	self->instance.loop = tp_loop_create(NULL, err);
	if (self->instance.loop == NULL)
		return -ENOMEM;
	r = tp_transport_create_plain(self->instance.loop, &self->own_transport, err);
	if (r >= 0)
		self->transport = *self->own_transport;
	return r;
}

int tp_executor_driver_create_at(const struct tp_executor *executor, void *user,
	const struct tp_executor_place *place, struct tp_executor_driver **ret,
	struct tp_error *err)
{
	struct tp_executor_driver *self = tp_alloc(sizeof(*self));
	int r;

	self->executor = executor;
	self->user = user;
	self->is_placed = place != NULL;
	self->status = TP_DRIVER_NOT_STARTED;
	self->instance.topic.name = "executor";
	self->linger.fire = on_linger_timeout;
	self->fail.run = on_fail;
	executor_session_init(self);
	tp_list_init(&self->updates);
	tp_list_init(&self->tasks);
	r = executor_environment_read(self, err);
	if (r >= 0)
		r = driver_settle(self, place, err);
	if (r < 0) {
		tp_executor_driver_destroy(self);
		return r;
	}
	self->session_id =
		tp_asprintf("%s/%s", self->framework_id.value, self->executor_id.value);
	*ret = self;
	return 0;
}

int tp_executor_driver_create(const struct tp_executor *executor, void *user,
	struct tp_executor_driver **ret, struct tp_error *err)
{
	return tp_executor_driver_create_at(executor, user, NULL, ret, err);
}

void tp_executor_driver_destroy(struct tp_executor_driver *driver)
{
	struct tp_list *node, *tmp;

	if (driver == NULL)
		return;
	if (driver->instance.loop != NULL) {
		executor_session_end(driver);
		tp_timer_disarm(driver->instance.loop, &driver->linger);
		tp_loop_undefer(driver->instance.loop, &driver->fail);
	}
	tp_list_foreach (node, tmp, &driver->updates) {
		executor_update_free(tp_container_of(node, struct executor_update, node));
	}
	tp_list_foreach (node, tmp, &driver->tasks) {
		executor_task_free(tp_container_of(node, struct executor_task, node));
	}
	tp_transport_destroy(driver->own_transport);
	if (!driver->is_placed)
		tp_loop_destroy(driver->instance.loop);
	tp_free(driver->failure);
	tp_free(driver->session_id);
	tp_free(driver);
}

struct tp_loop *tp_executor_driver_loop(struct tp_executor_driver *driver)
{
	return driver->instance.loop;
}

void tp_executor_driver_set_shutdown_grace(
	struct tp_executor_driver *driver, int64_t grace_ns)
{
	driver->shutdown_grace_ns = grace_ns;
}

enum tp_status tp_executor_driver_start(struct tp_executor_driver *driver)
{
	struct tp_error err;

	if (driver->status != TP_DRIVER_NOT_STARTED)
		return driver->status;
	driver->status = TP_DRIVER_RUNNING;
	if (executor_session_begin(driver, &err) < 0)
		executor_fail(driver, err.text);
	return driver->status;
}

enum tp_status tp_executor_driver_join(struct tp_executor_driver *driver)
{
	if (!driver->is_placed &&
		(driver->status == TP_DRIVER_RUNNING || driver->failure != NULL))
		tp_loop_run(driver->instance.loop);
	return driver->status;
}

enum tp_status tp_executor_driver_run(struct tp_executor_driver *driver)
{
	tp_executor_driver_start(driver);
	return tp_executor_driver_join(driver);
}

enum tp_status tp_executor_driver_stop(
	struct tp_executor_driver *driver, int64_t linger_ns)
{
	if (driver->status != TP_DRIVER_RUNNING)
		return driver->status;
	driver->stopping = true;
	if (linger_ns <= 0 || driver->agent_lost || tp_list_empty(&driver->updates))
		executor_end(driver, TP_DRIVER_STOPPED);
	else
		tp_timer_arm(driver->instance.loop, &driver->linger, linger_ns);
	return driver->status;
}

enum tp_status tp_executor_driver_abort(struct tp_executor_driver *driver)
{
	executor_end(driver, TP_DRIVER_ABORTED);
	return driver->status;
}

/* --- what the executor says ------------------------------------------------------------ */

static const char *wrong_update(const struct tp_task_status *status)
{
	if (status->task_id == NULL || status->task_id->value == NULL)
		return "a status update needs the id of its task";
	if (!status->has_state)
		return "a status update needs a state";
	if (status->state == TP_TASK_STAGING)
		return "TASK_STAGING is not a state that executors report";
	return NULL;
}

/* A copy with all that the executor does not know or need not say. */
static struct executor_update *update_new(
	struct tp_executor_driver *self, const struct tp_task_status *status)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct executor_update *update = tp_arena_alloc(arena, sizeof(*update));
	struct tp_task_status *copy = tp_record_copy(&tp_task_status_desc, status, arena);
	uint8_t *uuid = tp_arena_alloc(arena, UUID_BYTES);

	tp_assert(getrandom(uuid, UUID_BYTES, 0) == UUID_BYTES);
	copy->uuid = (struct tp_bytes){ uuid, UUID_BYTES };
	copy->has_source = true;
	copy->source = TP_SOURCE_EXECUTOR;
	copy->has_timestamp_ns = true;
	copy->timestamp_ns = tp_loop_wall_ns(self->instance.loop);
	copy->executor_id =
		tp_record_copy(&tp_executor_id_desc, &self->executor_id, arena);
	copy->agent_id = tp_record_copy(&tp_agent_id_desc, &self->agent_id, arena);
	update->arena = arena;
	update->call = tp_record_new(&tp_executor_call_update_desc, arena);
	update->call->status = copy;
	return update;
}

enum tp_status tp_executor_driver_send_status_update(
	struct tp_executor_driver *driver, const struct tp_task_status *status)
{
	struct tp_executor_call call = { .has_type = true };
	const char *wrong = wrong_update(status);
	struct executor_update *update;

	if (driver->status != TP_DRIVER_RUNNING)
		return driver->status;
	if (wrong != NULL) {
		executor_fail(driver, wrong);
		return driver->status;
	}
	update = update_new(driver, status);
	tp_list_append(&driver->updates, &update->node);
	call.update = update->call;
	executor_send(driver, &call, TP_EXECUTOR_CALL_UPDATE);
	return driver->status;
}

enum tp_status tp_executor_driver_send_framework_message(
	struct tp_executor_driver *driver, const void *data, size_t len)
{
	struct tp_executor_call_message message = { .data = { data, len } };
	struct tp_executor_call call = { .message = &message };

	if (driver->status == TP_DRIVER_RUNNING)
		executor_send(driver, &call, TP_EXECUTOR_CALL_MESSAGE);
	return driver->status;
}
