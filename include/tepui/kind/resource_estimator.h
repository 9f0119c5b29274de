/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `resource_estimator`: says what an agent could lend besides what it has, because those who
 * hold its resources leave them idle. The agent announces that as revocable resources; who runs on
 * them may be ended at any time (kind/qos_controller.h). Without such a module it announces none.
 *
 * The user is the agent, on the loop: open() once, then estimate() every
 * `oversubscribed_resources_interval`, from the time on at which the agent has found its tasks again.
 * One request is under way at a time. It completes exactly once, on the loop, never from inside the
 * call, or is taken back by cancel(). An estimator that answers late is asked anew; what it said
 * last stands meanwhile, as it does after an error. May it block: never. May it call back: usage()
 * alone, whenever it likes after open().
 *
 * All members are needed.
 *
 * Changelog of TP_RESOURCE_ESTIMATOR_ABI:  1 first
 */
#ifndef TEPUI_KIND_RESOURCE_ESTIMATOR_H
#define TEPUI_KIND_RESOURCE_ESTIMATOR_H

#include "tepui/arena.h"
#include "tepui/error.h"

#define TP_RESOURCE_ESTIMATOR_ABI 1

struct tp_resource;
struct tp_resource_usage; /* wire/statistics.h */

/* The agent's side. */
struct tp_resource_estimator_user {
	void *user;
	/*
	 * What runs on the agent now: for each executor that has not ended its container, its
	 * tasks, what they were all given (`allocated`, with allocation_info; revocable ones
	 * bear `revocable`) and what the containerizer measures, NULL where it does not; `total` is
	 * what the agent has, nothing revocable. Made in the arena, or borrowed until the loop
	 * turns. It costs a look at every container.
	 */
	const struct tp_resource_usage *(*usage)(void *user, struct tp_arena *arena);
};

struct tp_resource_estimator_request {
	void (*done)(struct tp_resource_estimator_request *request, int status);
	struct tp_error err; /* filled when status < 0 */
	/*
	 * Out, with done(0): what could be given to revocable tasks now, beyond what such tasks
	 * have already; the agent adds that. Each bears `revocable` and neither a dynamic
	 * reservation nor allocation_info, else nothing of the answer is taken. None: nothing.
	 * Borrowed until done() returns.
	 */
	struct tp_resource *const *resources;
	size_t n_resources;
	void *priv; /* the implementation's */
};

struct tp_resource_estimator_ops {
	/* Once, in the agent's start(), before anything else. The struct is copied. */
	int (*open)(void *impl, const struct tp_resource_estimator_user *user,
		struct tp_error *err);
	/* The request is yours until done(). */
	void (*estimate)(void *impl, struct tp_resource_estimator_request *request);
	/* Takes back the request that is under way: done() does not come any more. */
	void (*cancel)(void *impl, struct tp_resource_estimator_request *request);
};

struct tp_resource_estimator {
	const struct tp_resource_estimator_ops *ops;
	void *impl;
};

#endif
