/* SPDX-License-Identifier: Apache-2.0 */
/* What runs on an agent that is made up: for modules that are told so by a usage() of their user. */
#ifndef MODCHECK_WORKLOAD_H
#define MODCHECK_WORKLOAD_H

#include "tepui/arena.h"
#include "tepui/wire.h"

struct workload {
	struct tp_arena *arena;
	struct tp_resource_usage *usage;
	struct tp_resource_usage *before; /* as it was made */
};

/*
 * 8 cpus and 8 GB with nothing on them, or with two executors of framework "F": "own" has 4 cpus
 * and 2 GB, "lent" 2 revocable cpus and 1 GB of revocable memory. Both are measured.
 */
void workload_begin(struct workload *w, bool busy);
void workload_end(struct workload *w);
/* Did whoever was told leave it alone? */
bool workload_is_unchanged(const struct workload *w);
const struct tp_resource_usage_executor *workload_find(
	const struct workload *w, const char *framework_id, const char *executor_id);
/* The usage() of its user, which is the workload. */
const struct tp_resource_usage *workload_usage(void *user, struct tp_arena *arena);

#endif
