/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of containerizers. A container is offered to those whose key is its type, or who
 * have no key, in the order of the manifest, until one does not say "not mine".
 */
#ifndef AGENT_CONTAINERS_H
#define AGENT_CONTAINERS_H

#include "tepui/wire/statistics.h"

#include "agent.h"

struct executor;

struct containers {
	struct agent *agent;
	struct tp_containerizer *chain;
	const char **types; /* keys of the chain; NULL = any */
	size_t n;
	struct tp_map executors; /* struct executor, by container id */
	bool opened;
};

void containers_init(struct agent *agent);
int containers_open(struct agent *agent, struct tp_error *err);
void containers_fini(struct agent *agent);

/* The executor is found by its container's id from now on. */
void containers_add(struct executor *executor);
void containers_remove(struct executor *executor);

/* The executor was found again: whoever takes such containers has it. */
void containers_adopt(struct executor *executor);
/* executor_launched() tells how it went, later. */
void containers_launch(struct executor *executor);
/* New limits for executor and tasks; executor_limits_updated() tells. */
void containers_update(struct executor *executor);
/* executor_terminated() tells the end. */
void containers_destroy(struct executor *executor);
/* done(): all containerizers have recovered; the first error of them. */
void containers_recover(struct agent *agent, struct tp_container_state *const *states,
	size_t n,
	void (*done)(struct agent *agent, int status, const struct tp_error *err));

/* NULL when it cannot be told. */
struct tp_resource_statistics *containers_usage(
	const struct executor *executor, struct tp_arena *arena);
struct tp_container_status *containers_status(
	const struct executor *executor, struct tp_arena *arena);

#endif
