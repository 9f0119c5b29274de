/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `hook`: looks at, or changes a little of, what passes through a master or an agent. Both
 * take any number of them and call them in the order of the manifest, each with what the one
 * before it made. A member that is NULL is not interested.
 *
 * Decorators return what takes the place of what they were shown, allocated in `arena`, or NULL
 * to leave it; arguments are borrowed during the call and never changed. All are called on the
 * loop, by the daemon named first in the member; they may not block and may not call back. What
 * can fail (agent_resources, agent_attributes) keeps the agent from starting; the others cannot.
 *
 * Changelog of TP_HOOK_ABI:  1 first
 */
#ifndef TEPUI_KIND_HOOK_H
#define TEPUI_KIND_HOOK_H

#include "tepui/arena.h"
#include "tepui/error.h"

#define TP_HOOK_ABI 1

struct tp_agent_info;
struct tp_attribute;
struct tp_environment;
struct tp_executor_info;
struct tp_framework_info;
struct tp_labels;
struct tp_resource;
struct tp_task_info;
struct tp_task_status;

struct tp_hook_ops {
	/* A task was accepted and is about to be launched; its labels, for everybody to see. */
	struct tp_labels *(*master_launch_task_labels)(void *impl,
		const struct tp_task_info *task,
		const struct tp_framework_info *framework,
		const struct tp_agent_info *agent, struct tp_arena *arena);
	/* An agent was removed: it left, or could not be reached for too long. */
	void (*master_agent_lost)(void *impl, const struct tp_agent_info *agent);

	/* A task has arrived; its labels, for the executor and the agent's own answers. */
	struct tp_labels *(*agent_run_task_labels)(void *impl,
		const struct tp_task_info *task,
		const struct tp_framework_info *framework,
		const struct tp_agent_info *agent, struct tp_arena *arena);
	/* An executor is about to start: its whole environment. */
	struct tp_environment *(*agent_executor_environment)(void *impl,
		const struct tp_executor_info *executor,
		const struct tp_environment *environment, struct tp_arena *arena);
	/* A status that an executor sent; only labels and container_status are taken back. */
	struct tp_task_status *(*agent_task_status)(void *impl, const char *framework_id,
		const struct tp_task_status *status, struct tp_arena *arena);
	/* At the agent's start: 1 and a list that replaces what it has, 0 to leave it. */
	int (*agent_resources)(void *impl, const struct tp_agent_info *agent,
		struct tp_arena *arena, struct tp_resource ***ret, size_t *ret_n,
		struct tp_error *err);
	int (*agent_attributes)(void *impl, const struct tp_agent_info *agent,
		struct tp_arena *arena, struct tp_attribute ***ret, size_t *ret_n,
		struct tp_error *err);
};

struct tp_hook {
	const struct tp_hook_ops *ops;
	void *impl;
};

#endif
