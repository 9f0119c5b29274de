/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `isolator`: one concern of containment (cgroups, namespaces, files, limits). The native
 * containerizer holds a chain: prepare, isolate and update run in the order of the manifest,
 * cleanup in reverse.
 *
 * The user is the containerizer, on the loop. prepare(), isolate(), update() and cleanup() are
 * quick (a few system calls); what takes time belongs into tepui-launch through the launch info,
 * or behind `work`. Members may be NULL.
 *
 * Changelog of TP_ISOLATOR_ABI:  1 first
 */
#ifndef TEPUI_KIND_ISOLATOR_H
#define TEPUI_KIND_ISOLATOR_H

#include <sys/types.h>

#include "tepui/arena.h"
#include "tepui/error.h"

#define TP_ISOLATOR_ABI 1

struct tp_resources;
struct tp_container_config;
struct tp_container_launch_info;
struct tp_container_limitation;
struct tp_container_state;
struct tp_container_status;
struct tp_resource_statistics;

struct tp_isolator_user {
	void *user;
	/* A limit was hit: the container will be destroyed with this as its reason. */
	void (*limited)(void *user, const char *container_id,
		const struct tp_container_limitation *limitation);
};

struct tp_isolator_ops {
	int (*open)(
		void *impl, const struct tp_isolator_user *user, struct tp_error *err);
	/* Finds its things of a running container again. */
	int (*recover)(
		void *impl, const struct tp_container_state *state, struct tp_error *err);
	/*
	 * Before the start: adds to what tepui-launch does (environment, namespaces, mounts,
	 * limits). Records it adds are allocated in `arena`.
	 */
	int (*prepare)(void *impl, const char *container_id,
		const struct tp_container_config *config,
		struct tp_container_launch_info *info, struct tp_arena *arena,
		struct tp_error *err);
	/* The process exists and waits: put it into its cage before it goes on. */
	int (*isolate)(
		void *impl, const char *container_id, pid_t pid, struct tp_error *err);
	int (*update)(void *impl, const char *container_id,
		const struct tp_resources *resources, struct tp_error *err);
	/* Adds its members to `statistics`. */
	int (*usage)(void *impl, const char *container_id, pid_t pid,
		struct tp_resource_statistics *statistics, struct tp_arena *arena,
		struct tp_error *err);
	int (*status)(void *impl, const char *container_id,
		struct tp_container_status *status, struct tp_arena *arena,
		struct tp_error *err);
	/* Everything of it is gone afterwards; called for unknown containers too. */
	int (*cleanup)(void *impl, const char *container_id, struct tp_error *err);
};

struct tp_isolator {
	const struct tp_isolator_ops *ops;
	void *impl;
};

#endif
