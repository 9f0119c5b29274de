/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch plan, as tepui-launch and tepui-executor carry it out: read from descriptor 3, then
 * applied to this very process before it starts anything.
 */
#ifndef TOOLS_LAUNCH_PLAN_H
#define TOOLS_LAUNCH_PLAN_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/wire.h"

#define PLAN_FD 3

/* Waits for the whole plan; end of file without one means the containerizer changed its mind. */
int plan_read(int fd, struct tp_arena *arena, struct tp_launch_plan **ret,
	struct tp_error *err);

/*
 * Limits, groups, user, working directory. A field we cannot carry out is refused, never
 * ignored.
 */
int plan_apply(const struct tp_launch_plan *plan, struct tp_error *err);

/*
 * An environment for exec: `base` (may be NULL), then `over` (may be NULL), then `extra` pairs
 * (name, value, ..., NULL; may be NULL); a later one of the same name wins. Ends with NULL.
 */
const char *const *plan_environment(struct tp_arena *arena,
	const struct tp_environment *base, const struct tp_environment *over,
	const char *const *extra);

/*
 * argv of a command: /bin/sh -c VALUE, or VALUE with its arguments, looked up in PATH of `env`.
 * *ret_path is absolute or relative to the working directory, as execve takes it.
 */
int plan_command(struct tp_arena *arena, const struct tp_command_info *command,
	const char *const *env, const char **ret_path, const char *const **ret_argv,
	struct tp_error *err);

/* Kills and reaps what is left below us: nobody survives the container. */
void plan_end_leftovers(void);

/*
 * The file that keeps the exit status: opened before privileges are dropped, written once.
 * kill -9 of the agent does not touch it. `sync`: power loss neither.
 */
int termination_open(const char *path, struct tp_error *err);
int termination_write(int fd, const struct tp_container_termination *record, bool sync,
	struct tp_error *err);

#endif
