/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler driver's inside: life and session (scheduler.c), events, calls. */
#ifndef CORE_SDK_SCHEDULER_H
#define CORE_SDK_SCHEDULER_H

#include <pthread.h>
#include <stdatomic.h>

#include "tepui/crammd5.h"
#include "tepui/net.h"
#include "tepui/scheduler.h"

/* A call on its way from any thread to the loop. */
struct scheduler_post {
	struct tp_post post;
	struct tp_scheduler_driver *driver;
	struct tp_arena *arena; /* holds this struct and the call */
	struct tp_scheduler_call *call;
};

struct tp_scheduler_driver {
	struct tp_instance instance; /* what the session needs of us */
	const struct tp_scheduler *scheduler;
	void *user;
	struct tp_arena *arena; /* the options */
	struct tp_framework_info *framework;
	const char *master;
	const char **suppressed_roles;
	size_t n_suppressed_roles;
	bool explicit_acknowledgements;
	struct tp_tls tls;
	struct tp_crammd5_client crammd5;
	struct tp_service_item authenticatee; /* crammd5's */
	struct tp_services authenticatees;

	/* Any thread. */
	_Atomic(int) status; /* enum tp_status */
	_Atomic(const char *) refusal;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards ended */
	pthread_cond_t ended_changed;
	bool ended;
	bool has_thread;

	/* The loop's thread only. */
	struct tp_transport *transport;
	struct tp_link *link;
	struct tp_call subscribe, teardown;
	char *framework_id; /* NULL until the master gave one */
	bool was_registered, subscribed, tearing_down;
};

/* Callbacks are allowed: the driver was not aborted or stopped meanwhile. */
static inline bool scheduler_running(const struct tp_scheduler_driver *self)
{
	return atomic_load(&self->status) == TP_DRIVER_RUNNING;
}

/* Aborts, then tells the scheduler why. Loop thread. */
void scheduler_fail(struct tp_scheduler_driver *self, const char *message);
/* Ends the loop, and with it the thread. False when somebody else ended the driver before. */
bool scheduler_end(struct tp_scheduler_driver *self, enum tp_status status);
/* Sends a call; framework id and type are filled in. Loop thread; lost while disconnected. */
int scheduler_send(
	struct tp_scheduler_driver *self, struct tp_scheduler_call *call, int type);

/* scheduler_events.c */
void scheduler_on_event(void *user, struct tp_message *message);

/* scheduler_calls.c: what becomes of a call while there is no master. */
void scheduler_call_lost(
	struct tp_scheduler_driver *self, const struct tp_scheduler_call *call);

#endif
