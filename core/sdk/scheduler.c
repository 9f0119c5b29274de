/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler driver's life: one thread with a loop, or a place on somebody else's loop. The
 * session to the master is in scheduler_session.c, what the master says in scheduler_events.c,
 * what the framework says in scheduler_calls.c. The mutex guards the thread, whose end join()
 * waits for; calls travel to the loop as posts.
 *
 *	NOT_STARTED ─start─► RUNNING ─stop─► STOPPED
 *	                        └─abort, error─► ABORTED
 */
#include "core/sdk/scheduler.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "tepui/map.h"

/* How long stop() waits for the master to hear of the end. */
#define TEARDOWN_TIMEOUT_NS (2 * TP_SEC)
#define FLUSH_TURN_NS (20 * TP_MSEC)
#define FLUSH_TURNS_MAX 50

/* --- posts ----------------------------------------------------------------------------- */

struct scheduler_post *scheduler_post_new(struct tp_scheduler_driver *self)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct scheduler_post *posted = tp_arena_alloc(arena, sizeof(*posted));

	posted->arena = arena;
	posted->driver = self;
	tp_list_init(&posted->queue);
	return posted;
}

void scheduler_post_free(struct scheduler_post *posted)
{
	tp_list_remove(&posted->queue);
	tp_arena_destroy(posted->arena);
}

static void on_post(struct tp_post *post)
{
	struct scheduler_post *posted =
		tp_container_of(post, struct scheduler_post, post);

	posted->run(posted);
}

static void on_run_posts(struct tp_defer *defer)
{
	struct tp_scheduler_driver *self =
		tp_container_of(defer, struct tp_scheduler_driver, run_posts);
	struct scheduler_post *posted =
		tp_list_first(&self->posts, struct scheduler_post, queue);

	if (posted == NULL)
		return;
	tp_list_remove(&posted->queue);
	tp_loop_defer(self->instance.loop, &self->run_posts);
	posted->run(posted);
}

void scheduler_post(struct scheduler_post *posted)
{
	struct tp_scheduler_driver *self = posted->driver;

	if (!self->is_placed) {
		posted->post.run = on_post;
		tp_loop_post(self->instance.loop, &posted->post);
		return;
	}
	tp_list_append(&self->posts, &posted->queue);
	tp_loop_defer(self->instance.loop, &self->run_posts);
}

/* --- ends ------------------------------------------------------------------------------ */

void scheduler_leave(struct tp_scheduler_driver *self)
{
	if (self->is_placed)
		scheduler_session_end(self);
	else
		tp_loop_stop(self->instance.loop, 0);
}

/* False when somebody else ended the driver before. Any thread. */
static bool driver_end(struct tp_scheduler_driver *self, enum tp_status status)
{
	int running = TP_DRIVER_RUNNING;

	return atomic_compare_exchange_strong(&self->status, &running, (int)status);
}

void scheduler_fail(struct tp_scheduler_driver *self, const char *message)
{
	if (!driver_end(self, TP_DRIVER_ABORTED))
		return;
	scheduler_leave(self);
	if (self->scheduler->error != NULL)
		self->scheduler->error(self, self->user, message);
}

static void teardown_over(struct tp_scheduler_driver *self)
{
	if (!self->tearing_down)
		return;
	self->tearing_down = false;
	scheduler_leave(self);
}

static void on_teardown_answer(struct tp_call *call, const struct tp_reply *reply)
{
	(void)reply;
	teardown_over(tp_container_of(call, struct tp_scheduler_driver, teardown));
}

/* After all calls that were made before: only the driver ends. */
static void driver_leave(struct scheduler_post *posted)
{
	struct tp_scheduler_driver *self = posted->driver;

	scheduler_post_free(posted);
	scheduler_leave(self);
}

/* The same, and the framework ends. */
static void driver_teardown(struct scheduler_post *posted)
{
	struct tp_scheduler_driver *self = posted->driver;
	struct tp_framework_id id = { .value = self->framework_id };
	struct tp_scheduler_call call = {
		.framework_id = &id,
		.has_type = true,
		.type = TP_SCHEDULER_CALL_TEARDOWN,
	};
	struct tp_error err;

	scheduler_post_free(posted);
	self->tearing_down = true;
	self->teardown = (struct tp_call){ .done = on_teardown_answer };
	if (!self->subscribed ||
		tp_link_call(self->link, &self->teardown, TP_MESSAGE_SCHEDULER_CALL,
			&tp_scheduler_call_desc, &call, TEARDOWN_TIMEOUT_NS, &err) < 0)
		teardown_over(self);
}

/* --- the thread ------------------------------------------------------------------------ */

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

	scheduler_session_begin(self);
	tp_loop_run(self->instance.loop);
	scheduler_session_end(self);
	if (atomic_load(&self->status) == TP_DRIVER_STOPPED)
		driver_flush(self);
	pthread_mutex_lock(&self->mutex);
	self->ended = true;
	pthread_cond_broadcast(&self->ended_changed);
	pthread_mutex_unlock(&self->mutex);
	return NULL;
}

/* Signals are the framework's: none may land on our thread. With the mutex held. */
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

static bool on_own_thread(const struct tp_scheduler_driver *self)
{
	return self->has_thread && pthread_equal(self->thread, pthread_self());
}

/* --- life ------------------------------------------------------------------------------ */

static int driver_settle(struct tp_scheduler_driver *self,
	const struct tp_scheduler_place *place, struct tp_error *err)
{
	int r;

	if (place != NULL) {
		self->instance.loop = place->loop;
		self->transport = place->transport;
		self->election = place->election;
		return 0;
	}
	self->instance.loop = tp_loop_create(NULL, err);
	if (self->instance.loop == NULL)
		return -ENOMEM;
	r = tp_transport_create(self->instance.loop, &self->own_transport, err);
	if (r >= 0)
		self->transport = *self->own_transport;
	return r;
}

static void driver_seed(struct tp_scheduler_driver *self)
{
	uint64_t name[2];

	tp_assert(getrandom(name, sizeof(name), 0) == sizeof(name));
	snprintf(self->own_name, sizeof(self->own_name), "%016llx%016llx",
		(unsigned long long)name[0], (unsigned long long)name[1]);
	self->random = (uint64_t)tp_hash_text(self->framework->name) << 32 ^
		(uint64_t)tp_loop_now_ns(self->instance.loop) *
			UINT64_C(0x9e3779b97f4a7c15);
	if (self->random == 0)
		self->random = 1;
}

static int driver_create(const struct tp_scheduler_options *options,
	const struct tp_scheduler_place *place, struct tp_scheduler_driver **ret,
	struct tp_error *err)
{
	struct tp_scheduler_driver *self = tp_alloc(sizeof(*self));
	int r;

	self->arena = tp_arena_create(0);
	self->refusals = tp_arena_create(0);
	self->instance.topic.name = "scheduler";
	self->is_placed = place != NULL;
	self->run_posts.run = on_run_posts;
	tp_list_init(&self->posts);
	atomic_store(&self->status, TP_DRIVER_NOT_STARTED);
	pthread_mutex_init(&self->mutex, NULL);
	pthread_cond_init(&self->ended_changed, NULL);
	r = driver_settle(self, place, err);
	if (r >= 0)
		r = scheduler_options_take(self, options, err);
	if (r < 0) {
		tp_scheduler_driver_destroy(self);
		return r;
	}
	driver_seed(self);
	*ret = self;
	return 0;
}

int tp_scheduler_driver_create(const struct tp_scheduler_options *options,
	struct tp_scheduler_driver **ret, struct tp_error *err)
{
	return driver_create(options, NULL, ret, err);
}

int tp_scheduler_driver_create_at(const struct tp_scheduler_options *options,
	const struct tp_scheduler_place *place, struct tp_scheduler_driver **ret,
	struct tp_error *err)
{
	return driver_create(options, place, ret, err);
}

static void thread_end(struct tp_scheduler_driver *self)
{
	tp_assert(!on_own_thread(self));
	tp_scheduler_driver_abort(self);
	tp_scheduler_driver_join(self);
	pthread_join(self->thread, NULL);
	/* Calls that came too late are still to be freed. */
	tp_loop_turn(self->instance.loop, 0);
}

static void place_leave(struct tp_scheduler_driver *self)
{
	struct tp_list *node, *tmp;

	atomic_store(&self->status, TP_DRIVER_ABORTED);
	scheduler_session_end(self);
	tp_loop_undefer(self->instance.loop, &self->run_posts);
	tp_list_foreach (node, tmp, &self->posts) {
		scheduler_post_free(tp_container_of(node, struct scheduler_post, queue));
	}
}

void tp_scheduler_driver_destroy(struct tp_scheduler_driver *driver)
{
	if (driver == NULL)
		return;
	if (driver->has_thread)
		thread_end(driver);
	if (driver->is_placed) {
		place_leave(driver);
	} else {
		tp_transport_destroy(driver->own_transport);
		tp_loop_destroy(driver->instance.loop);
	}
	pthread_cond_destroy(&driver->ended_changed);
	pthread_mutex_destroy(&driver->mutex);
	tp_free(driver->framework_id);
	tp_arena_destroy(driver->framework_arena);
	tp_arena_destroy(driver->refusals);
	tp_arena_destroy(driver->arena);
	tp_free(driver);
}

static void place_begin(struct scheduler_post *posted)
{
	struct tp_scheduler_driver *self = posted->driver;

	scheduler_post_free(posted);
	if (scheduler_running(self))
		scheduler_session_begin(self);
}

static void driver_begin(struct tp_scheduler_driver *self)
{
	struct scheduler_post *posted;

	if (self->is_placed) {
		posted = scheduler_post_new(self);
		posted->run = place_begin;
		scheduler_post(posted);
	} else if (driver_spawn(self) < 0) {
		atomic_store(&self->refusal, "no thread could be started");
		atomic_store(&self->status, TP_DRIVER_ABORTED);
	}
}

enum tp_status tp_scheduler_driver_start(struct tp_scheduler_driver *driver)
{
	int status = TP_DRIVER_NOT_STARTED;

	/* Who joins meanwhile finds either no thread or one to wait for. */
	pthread_mutex_lock(&driver->mutex);
	if (atomic_compare_exchange_strong(&driver->status, &status, TP_DRIVER_RUNNING)) {
		driver_begin(driver);
		status = atomic_load(&driver->status);
	}
	pthread_mutex_unlock(&driver->mutex);
	return (enum tp_status)status;
}

enum tp_status tp_scheduler_driver_stop(struct tp_scheduler_driver *driver, bool failover)
{
	struct scheduler_post *posted;

	if (!driver_end(driver, TP_DRIVER_STOPPED))
		return (enum tp_status)atomic_load(&driver->status);
	posted = scheduler_post_new(driver);
	posted->run = failover ? driver_leave : driver_teardown;
	scheduler_post(posted);
	return TP_DRIVER_STOPPED;
}

enum tp_status tp_scheduler_driver_abort(struct tp_scheduler_driver *driver)
{
	if (!driver_end(driver, TP_DRIVER_ABORTED))
		return (enum tp_status)atomic_load(&driver->status);
	scheduler_leave(driver);
	return TP_DRIVER_ABORTED;
}

enum tp_status tp_scheduler_driver_join(struct tp_scheduler_driver *driver)
{
	pthread_mutex_lock(&driver->mutex);
	while (driver->has_thread && !driver->ended && !on_own_thread(driver))
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
