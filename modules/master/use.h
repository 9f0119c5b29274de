/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each framework uses on each agent: the tasks that are not over, and its executors. One
 * record per pair that has anything. Offers are not counted here.
 */
#ifndef MASTER_USE_H
#define MASTER_USE_H

#include "tepui/resources.h"

#include "master.h"

struct agent;
struct framework;

struct use {
	struct tp_list in_framework;
	struct tp_list in_agent;
	struct framework *framework;
	struct agent *agent;
	uint32_t holders; /* tasks and executors */
	struct tp_resources resources;
};

/* A task or executor begins to use these: taken from an offer, or reported by the agent. */
void use_take(struct framework *f, struct agent *a, const struct tp_resources *resources);
/* It is over: the resources go back to the allocator. */
void use_release(
	struct framework *f, struct agent *a, const struct tp_resources *resources);
/* NULL when the framework uses nothing there. */
struct use *use_find(const struct framework *f, const struct agent *a);

#endif
