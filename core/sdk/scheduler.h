/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler driver's inside: options, life and thread, session, events, calls. */
#ifndef CORE_SDK_SCHEDULER_H
#define CORE_SDK_SCHEDULER_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/sdk/scheduler_place.h"
#include "tepui/crammd5.h"
#include "tepui/list.h"
#include "tepui/net.h"
#include "tepui/scheduler.h"

/* Something to be done on the loop, from any thread; with what a call needs for it. */
struct scheduler_post {
	struct tp_post post;  /* to a thread of ours */
	struct tp_list queue; /* on a loop that is not ours */
	struct tp_scheduler_driver *driver;
	struct tp_arena *arena; /* holds this struct and the call */
	struct tp_scheduler_call *call;
	struct tp_call answer; /* of those calls that have one */
	tp_scheduler_reconciled_f *reconciled;
	bool has_holes; /* a list of the caller's has a NULL in it */
	void (*run)(struct scheduler_post *posted); /* ends with scheduler_post_free() */
};

/* Asking for all tasks until all are known: scheduler_reconcile.c. */
struct reconciliation {
	bool runs, lists;
	atomic_bool over; /* any thread */
	char marker[64];  /* the id of the task that never was, in the last question */
	unsigned n_asked;
	tp_scheduler_reconciled_f *done;
	struct tp_timer retry;
	int64_t retry_ns;
};

struct tp_scheduler_driver {
	struct tp_instance instance; /* what the session needs of us */
	bool is_placed;              /* the loop is not ours */
	struct tp_arena *arena;      /* the options */

	/* The options: scheduler_options.c. */
	const struct tp_scheduler *scheduler;
	void *user;
	const char *master;
	bool explicit_acknowledgements;
	struct tp_tls tls;
	struct tp_authentication_times times;
	int64_t registration_backoff_ns;
	struct tp_crammd5_client crammd5;
	struct tp_service_item authenticatee; /* crammd5's */
	struct tp_services authenticatees;

	/* Any thread. */
	_Atomic(int) status; /* enum tp_status */
	_Atomic(const char *) refusal;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t ended_changed;
	pthread_t thread;
	bool has_thread, ended;
	struct tp_arena *refusals; /* every text that was a refusal stays */
	char **texts;
	size_t n_texts;

	/* The loop's thread only. */
	struct tp_list posts; /* of a placed driver */
	struct tp_defer run_posts;
	struct tp_arena *framework_arena;    /* the next three */
	struct tp_framework_info *framework; /* without its id */
	const char **suppressed_roles;       /* as of now: each subscription tells them */
	size_t n_suppressed_roles;
	struct tp_transport *own_transport, transport;
	struct tp_election election;
	struct tp_detector detector;
	char *leader;         /* its address; NULL: none is known, or nobody is asked */
	struct tp_link *link; /* NULL: there is no address to dial */
	struct tp_call subscribe, teardown;
	struct tp_timer retry;    /* when to subscribe again */
	int64_t retry_ns;         /* its last delay; 0 = none since the last session */
	int64_t refused_since_ns; /* < 0: not refused */
	uint64_t random;
	char own_name[33]; /* for the master: who speaks */
	struct reconciliation reconciliation;
	char *framework_id; /* NULL until the master gave one */
	bool was_registered, subscribed, tearing_down;
};

/* Callbacks are allowed: the driver was not aborted or stopped meanwhile. */
static inline bool scheduler_running(const struct tp_scheduler_driver *self)
{
	return atomic_load(&self->status) == TP_DRIVER_RUNNING;
}

/* A master that cannot answer now: it recovers, does not lead, ends, or its disk fails. */
static inline bool scheduler_is_later(int status)
{
	return status == -EAGAIN || status == -ETIMEDOUT || status == -ESHUTDOWN ||
		status == -EIO;
}

/* --- scheduler.c: life and thread ------------------------------------------------------ */

/* Aborts, then tells the scheduler why. Loop thread. */
void scheduler_fail(struct tp_scheduler_driver *self, const char *message);
/* Nothing is left to do on the loop: ends the thread, or the session. Loop thread. */
void scheduler_leave(struct tp_scheduler_driver *self);
/* In the order of calls; takes the post. Any thread. */
void scheduler_post(struct scheduler_post *posted);
struct scheduler_post *scheduler_post_new(struct tp_scheduler_driver *self);
void scheduler_post_free(struct scheduler_post *posted);

/* --- scheduler_outbox.c: the road of a call -------------------------------------------- */

struct scheduler_post *scheduler_call_new(struct tp_scheduler_driver *driver);
/* Posts the complete call, or refuses it; takes the post. Any thread. */
enum tp_status scheduler_call_post(struct scheduler_post *posted, int type);
enum tp_status scheduler_call_post_as(struct scheduler_post *posted, int type,
	void (*run)(struct scheduler_post *posted));
/* Nothing happens; refusal() says why. `why` stays valid. */
enum tp_status scheduler_call_refuse(struct tp_scheduler_driver *driver, const char *why);
/* Sends it, or says what became of it. Loop thread. */
void scheduler_call_run(struct scheduler_post *posted);

/* --- scheduler_options.c --------------------------------------------------------------- */

/* Copies and checks them, and reads the environment. */
int scheduler_options_take(struct tp_scheduler_driver *self,
	const struct tp_scheduler_options *options, struct tp_error *err);
/* The framework as the next subscription shall tell it: a copy, with its defaults filled in. */
void scheduler_framework_set(struct tp_scheduler_driver *self,
	const struct tp_framework_info *framework, const char *const *suppressed_roles,
	size_t n_suppressed_roles);
/* n_roles 0 = all of the framework's. */
void scheduler_suppress(
	struct tp_scheduler_driver *self, const char *const *roles, size_t n_roles);
void scheduler_revive(
	struct tp_scheduler_driver *self, const char *const *roles, size_t n_roles);

/* --- scheduler_session.c --------------------------------------------------------------- */

/* Looks for the master, or fails the driver. */
void scheduler_session_begin(struct tp_scheduler_driver *self);
/* Without disconnected(). */
void scheduler_session_end(struct tp_scheduler_driver *self);
/* Sends a call; framework id and type are filled in. Loop thread; lost while disconnected. */
int scheduler_send(
	struct tp_scheduler_driver *self, struct tp_scheduler_call *call, int type);

/* --- scheduler_operations.c ------------------------------------------------------------ */

#define SCHEDULER_IMPLICIT \
	"this driver acknowledges updates itself: ask for explicit_acknowledgements"

/* For the driver itself; nothing without a uuid. Loop thread. */
void scheduler_acknowledge_operation(
	struct tp_scheduler_driver *self, const struct tp_operation_status *status);

/* --- scheduler_reconcile.c ------------------------------------------------------------- */

void scheduler_reconcile_begin(
	struct tp_scheduler_driver *self, tp_scheduler_reconciled_f *done);
/* Nothing is known any more. */
void scheduler_reconcile_end(struct tp_scheduler_driver *self);
/* Is this update an answer to a question of ours? */
bool scheduler_reconcile_hears(
	struct tp_scheduler_driver *self, const struct tp_task_status *status);

/* --- scheduler_events.c ---------------------------------------------------------------- */

void scheduler_on_event(void *user, struct tp_message *message);

#endif
