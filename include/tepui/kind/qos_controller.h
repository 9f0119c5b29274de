/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `qos_controller`: watches over the quality of service of an agent whose resources are lent
 * (kind/resource_estimator.h), and says which executors must go when those who own the resources
 * need them. Without such a module nobody is ended for others.
 *
 * The user is the agent, on the loop: open() once, then correct() again and again, from the time on
 * at which the agent has found its tasks again. One request is under way at a time. It completes
 * exactly once, on the loop, never from inside the call, or is taken back by cancel(). It may stay
 * under way until there is something to correct, however long that is; a controller that answers at
 * once is asked every `qos_correction_interval_min`, and not more than once a second while its
 * answers change nothing. May it block: never. May it call back: usage() alone, whenever it likes
 * after open().
 *
 * All members are needed.
 *
 * Changelog of TP_QOS_CONTROLLER_ABI:  1 first
 */
#ifndef TEPUI_KIND_QOS_CONTROLLER_H
#define TEPUI_KIND_QOS_CONTROLLER_H

#include "tepui/arena.h"
#include "tepui/error.h"

#define TP_QOS_CONTROLLER_ABI 1

struct tp_qos_correction; /* wire/oversubscription.h */
struct tp_resource_usage; /* wire/statistics.h */

/* The agent's side. */
struct tp_qos_controller_user {
	void *user;
	/* What runs on the agent now: as in kind/resource_estimator.h. */
	const struct tp_resource_usage *(*usage)(void *user, struct tp_arena *arena);
};

struct tp_qos_controller_request {
	void (*done)(struct tp_qos_controller_request *request, int status);
	struct tp_error err; /* filled when status < 0 */
	/*
	 * Out, with done(0): what the agent does, in this order. KILL ends the container of an
	 * executor, named by framework_id and executor_id; with container_id only if it is still
	 * that one. Its tasks get a last update with REASON_CONTAINER_PREEMPTED. The agent does
	 * not ask whether it uses anything revocable. What cannot be done is skipped. Borrowed
	 * until done() returns.
	 */
	struct tp_qos_correction *const *corrections;
	size_t n_corrections;
	void *priv; /* the implementation's */
};

struct tp_qos_controller_ops {
	/* Once, in the agent's start(), before anything else. The struct is copied. */
	int (*open)(void *impl, const struct tp_qos_controller_user *user,
		struct tp_error *err);
	/* The request is yours until done(). */
	void (*correct)(void *impl, struct tp_qos_controller_request *request);
	/* Takes back the request that is under way: done() does not come any more. */
	void (*cancel)(void *impl, struct tp_qos_controller_request *request);
};

struct tp_qos_controller {
	const struct tp_qos_controller_ops *ops;
	void *impl;
};

#endif
