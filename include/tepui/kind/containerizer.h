/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `containerizer`: starts, finds again, measures and ends containers. An agent has a chain
 * of them, chosen by the container's type (the provide row's key: "MESOS", "DOCKER"). One
 * container runs one executor. What runs outlives the agent.
 *
 * The user is the agent, on the loop. Requests complete exactly once, on the loop, never from
 * inside the call. Container ids are text: of a nested container "parent.child".
 *
 * Changelog of TP_CONTAINERIZER_ABI:  1 first
 */
#ifndef TEPUI_KIND_CONTAINERIZER_H
#define TEPUI_KIND_CONTAINERIZER_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/list.h"

#define TP_CONTAINERIZER_ABI 1

struct tp_resources;
struct tp_container_config;
struct tp_container_state;
struct tp_container_status;
struct tp_container_termination;
struct tp_environment;
struct tp_resource_statistics;

struct tp_container_request {
	void (*done)(struct tp_container_request *request, int status);
	struct tp_error err; /* filled when status < 0 */
	void *priv;          /* the implementation's */
};

struct tp_container_spec {
	const char *id;
	/* Command, container info, sandbox directory, user, resources, executor or task. */
	const struct tp_container_config *config;
	/* The whole environment of the executor. */
	const struct tp_environment *environment;
	/*
	 * A command task: the containerizer starts its own command executor (`tepui-executor`)
	 * in the container; it finds the task in its first LAUNCH event.
	 */
	bool command_executor;
};

struct tp_containerizer_user {
	void *user;
	/*
	 * A container that was launched or recovered is over; all its processes are gone. Comes
	 * exactly once per container, after the launch completed with 0. Borrowed.
	 */
	void (*terminated)(void *user, const char *id,
		const struct tp_container_termination *termination);
};

struct tp_containerizer_ops {
	/* Once, in the agent's start(). runtime_dir: per boot; work_dir: sandboxes are below. */
	int (*open)(void *impl, const struct tp_containerizer_user *user,
		const char *work_dir, const char *runtime_dir, struct tp_error *err);
	/*
	 * Adopts the containers the agent remembers, ends all others of ours. Those that are
	 * over are reported by terminated() with the exit status that was kept, as far as known.
	 * Fails when it cannot say of one whether it runs; the agent ends then, and tries again
	 * when it is started.
	 */
	void (*recover)(void *impl, struct tp_container_state *const *states, size_t n,
		struct tp_container_request *request);
	/* done(0): the executor was started. -ENOTSUP: not mine, try the next of the chain. */
	void (*launch)(void *impl, const struct tp_container_spec *spec,
		struct tp_container_request *request);
	/* New limits for a running container. */
	void (*update)(void *impl, const char *id, const struct tp_resources *resources,
		struct tp_container_request *request);
	/* Ends it with all its processes: done(0) once asked; terminated() tells the end. */
	void (*destroy)(void *impl, const char *id, struct tp_container_request *request);
	/* At once, from what the kernel says; records are allocated in `arena`. */
	int (*usage)(void *impl, const char *id, struct tp_arena *arena,
		struct tp_resource_statistics **ret, struct tp_error *err);
	int (*status)(void *impl, const char *id, struct tp_arena *arena,
		struct tp_container_status **ret, struct tp_error *err);
	/* The init process of a container and its start time, for the agent's checkpoint. */
	int (*process)(
		void *impl, const char *id, int64_t *ret_pid, uint64_t *ret_start_ticks);
};

struct tp_containerizer {
	const struct tp_containerizer_ops *ops;
	void *impl;
};

#endif
