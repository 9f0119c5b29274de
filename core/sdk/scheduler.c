/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler driver: one thread with a loop and one session to the leading master. This file
 * is its life; what the master says is in scheduler_events.c, what the framework says in
 * scheduler_calls.c. The mutex only guards the end of the thread that join() waits for; calls
 * travel to the loop as posts.
 */
#include "core/sdk/scheduler.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tepui/credentials.h"
#include "tepui/record.h"

#define SUBSCRIBE_TIMEOUT_NS (15 * TP_SEC)
/* How long stop() waits for the master to hear of the end. */
#define TEARDOWN_TIMEOUT_NS (2 * TP_SEC)
#define FLUSH_TURN_NS (20 * TP_MSEC)
#define FLUSH_TURNS_MAX 50

/* --- the session ----------------------------------------------------------------------- */

bool scheduler_end(struct tp_scheduler_driver *self, enum tp_status status)
{
	int running = TP_DRIVER_RUNNING;
	bool ends = atomic_compare_exchange_strong(&self->status, &running, (int)status);

	tp_loop_stop(self->instance.loop, 0);
	return ends;
}

void scheduler_fail(struct tp_scheduler_driver *self, const char *message)
{
	if (!scheduler_running(self))
		return;
	if (scheduler_end(self, TP_DRIVER_ABORTED) && self->scheduler->error != NULL)
		self->scheduler->error(self, self->user, message);
}

int scheduler_send(
	struct tp_scheduler_driver *self, struct tp_scheduler_call *call, int type)
{
	struct tp_framework_id id = { .value = self->framework_id };

	call->framework_id = &id;
	call->has_type = true;
	call->type = type;
	return tp_link_send(
		self->link, TP_MESSAGE_SCHEDULER_CALL, &tp_scheduler_call_desc, call);
}

static void on_subscribe_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct tp_scheduler_driver *self =
		tp_container_of(call, struct tp_scheduler_driver, subscribe);

	switch (reply->status) {
	case 0:
	case -ENOTCONN:
	case -ECANCELED:
		break;
	case -ETIMEDOUT:
	case -EAGAIN: /* the master recovers, or does not lead */
		tp_link_reconnect(self->link);
		break;
	default:
		scheduler_fail(self, reply->text);
	}
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct tp_scheduler_driver *self = user;
	struct tp_framework_id id = { .value = self->framework_id };
	struct tp_scheduler_call_subscribe subscribe = {
		.framework_info = self->framework,
		.suppressed_roles = self->suppressed_roles,
		.n_suppressed_roles = self->n_suppressed_roles,
	};
	struct tp_scheduler_call call = {
		.framework_id = self->framework_id == NULL ? NULL : &id,
		.has_type = true,
		.type = TP_SCHEDULER_CALL_SUBSCRIBE,
		.subscribe = &subscribe,
	};
	struct tp_error err;

	(void)server;
	self->framework->id = call.framework_id;
	self->subscribe = (struct tp_call){ .done = on_subscribe_answer };
	if (tp_link_call(self->link, &self->subscribe, TP_MESSAGE_SCHEDULER_CALL,
		    &tp_scheduler_call_desc, &call, SUBSCRIBE_TIMEOUT_NS, &err) < 0)
		tp_link_reconnect(self->link);
	self->framework->id = NULL;
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct tp_scheduler_driver *self = user;
	bool was_subscribed = self->subscribed;

	(void)was_up;
	self->subscribed = false;
	if (why->code == EACCES)
		scheduler_fail(self, why->text);
	else if (was_subscribed && scheduler_running(self) &&
		self->scheduler->disconnected != NULL)
		self->scheduler->disconnected(self, self->user);
}

static void teardown_over(struct tp_scheduler_driver *self)
{
	if (!self->tearing_down)
		return;
	self->tearing_down = false;
	tp_loop_stop(self->instance.loop, 0);
}

static void on_teardown_answer(struct tp_call *call, const struct tp_reply *reply)
{
	(void)reply;
	teardown_over(tp_container_of(call, struct tp_scheduler_driver, teardown));
}

/* On the loop, after all calls that were made before: only the driver ends. */
static void driver_leave(struct tp_post *post)
{
	struct scheduler_post *posted =
		tp_container_of(post, struct scheduler_post, post);
	struct tp_scheduler_driver *self = posted->driver;

	tp_arena_destroy(posted->arena);
	tp_loop_stop(self->instance.loop, 0);
}

/* The same, and the framework ends. */
static void driver_teardown(struct tp_post *post)
{
	struct scheduler_post *posted =
		tp_container_of(post, struct scheduler_post, post);
	struct tp_scheduler_driver *self = posted->driver;
	struct tp_framework_id id = { .value = self->framework_id };
	struct tp_scheduler_call call = {
		.framework_id = &id,
		.has_type = true,
		.type = TP_SCHEDULER_CALL_TEARDOWN,
	};
	struct tp_error err;

	tp_arena_destroy(posted->arena);
	self->tearing_down = true;
	self->teardown = (struct tp_call){ .done = on_teardown_answer };
	if (!self->subscribed ||
		tp_link_call(self->link, &self->teardown, TP_MESSAGE_SCHEDULER_CALL,
			&tp_scheduler_call_desc, &call, TEARDOWN_TIMEOUT_NS, &err) < 0)
		teardown_over(self);
}

/* --- the thread ------------------------------------------------------------------------ */

static int driver_connect(struct tp_scheduler_driver *self, struct tp_error *err)
{
	static const struct tp_handler handlers[] = {
		{ TP_MESSAGE_SCHEDULER_EVENT, 0, &tp_scheduler_event_desc,
			scheduler_on_event },
	};
	const struct tp_link_config config = {
		.instance = &self->instance,
		.transport = *self->transport,
		.self = { .kind = "scheduler",
			.id = self->framework_id == NULL ? "" : self->framework_id },
		.urls = self->master,
		.handlers = handlers,
		.n_handlers = TP_COUNT(handlers),
		.user = self,
		.up = on_up,
		.down = on_down,
		.authenticatees = &self->authenticatees,
		.tls = &self->tls,
	};

	return tp_link_create(&config, &self->link, err);
}

/* The link is closed, but what was said last still has to leave. */
static void driver_flush(struct tp_scheduler_driver *self)
{
	for (int i = 0; i < FLUSH_TURNS_MAX; i++) {
		if (tp_loop_turn(self->instance.loop, FLUSH_TURN_NS) == 0)
			return;
	}
}

static void *driver_thread(void *arg)
{
	struct tp_scheduler_driver *self = arg;
	struct tp_error err;

	if (driver_connect(self, &err) < 0)
		scheduler_fail(self, err.text);
	else
		tp_loop_run(self->instance.loop);
	self->subscribed = false;
	tp_link_destroy(self->link);
	self->link = NULL;
	if (atomic_load(&self->status) == TP_DRIVER_STOPPED)
		driver_flush(self);
	pthread_mutex_lock(&self->mutex);
	self->ended = true;
	pthread_cond_broadcast(&self->ended_changed);
	pthread_mutex_unlock(&self->mutex);
	return NULL;
}

/* Signals are the framework's: none may land on our thread. */
static int driver_spawn(struct tp_scheduler_driver *self)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&self->thread, NULL, driver_thread, self);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	self->has_thread = r == 0;
	return -r;
}

/* --- life ------------------------------------------------------------------------------ */

static int options_check(const struct tp_scheduler_options *options, struct tp_error *err)
{
	if (options->scheduler == NULL || options->framework == NULL ||
		options->framework->name == NULL)
		return tp_fail(err, EINVAL,
			"a scheduler driver needs its callbacks and a framework with a "
			"name");
	if (options->master == NULL || options->master[0] == '\0')
		return tp_fail(err, EINVAL,
			"a scheduler driver needs the master's address, like "
			"127.0.0.1:5060");
	return 0;
}

/* An empty user means the calling one. */
static const char *user_name(struct tp_arena *arena, const char *user)
{
	const struct passwd *entry;

	if (user != NULL && user[0] != '\0')
		return user;
	entry = getpwuid(geteuid());
	return entry != NULL ? tp_arena_strdup(arena, entry->pw_name)
			     : tp_arena_printf(arena, "%u", (unsigned)geteuid());
}

static void options_copy(
	struct tp_scheduler_driver *self, const struct tp_scheduler_options *options)
{
	struct tp_arena *arena = self->arena;

	self->scheduler = options->scheduler;
	self->user = options->user;
	self->explicit_acknowledgements = options->explicit_acknowledgements;
	self->master = tp_arena_strdup(arena, options->master);
	self->framework =
		tp_record_copy(&tp_framework_info_desc, options->framework, arena);
	self->framework->user = user_name(arena, self->framework->user);
	if (self->framework->id != NULL && self->framework->id->value[0] != '\0')
		self->framework_id = tp_strdup(self->framework->id->value);
	self->framework->id = NULL;
	self->n_suppressed_roles = options->n_suppressed_roles;
	self->suppressed_roles =
		tp_arena_alloc(arena, (options->n_suppressed_roles + 1) * sizeof(char *));
	for (size_t i = 0; i < options->n_suppressed_roles; i++)
		self->suppressed_roles[i] =
			tp_arena_strdup(arena, options->suppressed_roles[i]);
}

/* The given credential, or that of the environment. */
static int options_credential(struct tp_scheduler_driver *self,
	const struct tp_scheduler_options *options, struct tp_error *err)
{
	const char *file = getenv("TEPUI_CREDENTIAL");
	struct tp_credential *credential = NULL;
	int r = 0;

	if (options->credential != NULL)
		credential = tp_record_copy(
			&tp_credential_desc, options->credential, self->arena);
	else if (file != NULL && file[0] != '\0')
		r = tp_credential_read(file, self->arena, &credential, NULL, err);
	if (r < 0)
		return tp_wrap(err, r, "TEPUI_CREDENTIAL");
	self->tls = tp_tls_environment();
	self->crammd5.credential = credential;
	self->crammd5.loop = self->instance.loop;
	self->authenticatee.service.ops = &tp_crammd5_client_ops;
	self->authenticatee.service.impl = &self->crammd5;
	self->authenticatee.key = TP_CRAMMD5;
	self->authenticatee.instance = self->instance.topic.name;
	self->authenticatees.items = &self->authenticatee;
	self->authenticatees.n = 1;
	return 0;
}

int tp_scheduler_driver_create(const struct tp_scheduler_options *options,
	struct tp_scheduler_driver **ret, struct tp_error *err)
{
	struct tp_scheduler_driver *self;
	int r = options_check(options, err);

	if (r < 0)
		return r;
	self = tp_alloc(sizeof(*self));
	self->arena = tp_arena_create(0);
	self->instance.topic.name = "scheduler";
	atomic_store(&self->status, TP_DRIVER_NOT_STARTED);
	pthread_mutex_init(&self->mutex, NULL);
	pthread_cond_init(&self->ended_changed, NULL);
	options_copy(self, options);
	self->instance.loop = tp_loop_create(NULL, err);
	r = self->instance.loop == NULL
		? -ENOMEM
		: tp_transport_create(self->instance.loop, &self->transport, err);
	if (r >= 0)
		r = options_credential(self, options, err);
	if (r < 0) {
		tp_scheduler_driver_destroy(self);
		return r;
	}
	*ret = self;
	return 0;
}

void tp_scheduler_driver_destroy(struct tp_scheduler_driver *driver)
{
	if (driver == NULL)
		return;
	if (driver->has_thread) {
		scheduler_end(driver, TP_DRIVER_ABORTED);
		tp_scheduler_driver_join(driver);
		pthread_join(driver->thread, NULL);
		/* Calls that came too late are still to be freed. */
		tp_loop_turn(driver->instance.loop, 0);
	}
	tp_transport_destroy(driver->transport);
	tp_loop_destroy(driver->instance.loop);
	pthread_cond_destroy(&driver->ended_changed);
	pthread_mutex_destroy(&driver->mutex);
	tp_free(driver->framework_id);
	tp_arena_destroy(driver->arena);
	tp_free(driver);
}

enum tp_status tp_scheduler_driver_start(struct tp_scheduler_driver *driver)
{
	int expected = TP_DRIVER_NOT_STARTED;

	if (!atomic_compare_exchange_strong(
		    &driver->status, &expected, TP_DRIVER_RUNNING))
		return (enum tp_status)expected;
	if (driver_spawn(driver) < 0) {
		atomic_store(&driver->refusal, "no thread could be started");
		atomic_store(&driver->status, TP_DRIVER_ABORTED);
	}
	return (enum tp_status)atomic_load(&driver->status);
}

enum tp_status tp_scheduler_driver_stop(struct tp_scheduler_driver *driver, bool failover)
{
	int expected = TP_DRIVER_RUNNING;
	struct tp_arena *arena;
	struct scheduler_post *posted;

	if (!atomic_compare_exchange_strong(
		    &driver->status, &expected, TP_DRIVER_STOPPED))
		return (enum tp_status)expected;
	arena = tp_arena_create(0);
	posted = tp_arena_alloc(arena, sizeof(*posted));
	posted->arena = arena;
	posted->driver = driver;
	posted->post.run = failover ? driver_leave : driver_teardown;
	tp_loop_post(driver->instance.loop, &posted->post);
	return TP_DRIVER_STOPPED;
}

enum tp_status tp_scheduler_driver_abort(struct tp_scheduler_driver *driver)
{
	int expected = TP_DRIVER_RUNNING;

	if (!atomic_compare_exchange_strong(
		    &driver->status, &expected, TP_DRIVER_ABORTED))
		return (enum tp_status)expected;
	tp_loop_stop(driver->instance.loop, 0);
	return TP_DRIVER_ABORTED;
}

enum tp_status tp_scheduler_driver_join(struct tp_scheduler_driver *driver)
{
	if (!driver->has_thread)
		return (enum tp_status)atomic_load(&driver->status);
	pthread_mutex_lock(&driver->mutex);
	while (!driver->ended)
		pthread_cond_wait(&driver->ended_changed, &driver->mutex);
	pthread_mutex_unlock(&driver->mutex);
	return (enum tp_status)atomic_load(&driver->status);
}

enum tp_status tp_scheduler_driver_run(struct tp_scheduler_driver *driver)
{
	enum tp_status status = tp_scheduler_driver_start(driver);

	return status != TP_DRIVER_RUNNING ? status : tp_scheduler_driver_join(driver);
}

const char *tp_scheduler_driver_refusal(struct tp_scheduler_driver *driver)
{
	const char *refusal = atomic_load(&driver->refusal);

	return refusal == NULL ? "" : refusal;
}
