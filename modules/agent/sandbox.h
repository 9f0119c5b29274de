/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes: <work_dir>/slaves/<A>/frameworks/<F>/executors/<E>/runs/<container>, mode 0750,
 * owned by the executor's user; `latest` beside them points at the newest run.
 */
#ifndef AGENT_SANDBOX_H
#define AGENT_SANDBOX_H

#include "agent.h"

struct executor;
struct tp_task_info;

/* The path, in `arena`; nothing is made. */
const char *sandbox_path(const struct executor *executor, struct tp_arena *arena);
/* Decides the executor's user and makes the directory. A few system calls. */
int sandbox_create(struct executor *executor, const struct tp_task_info *first,
	struct tp_error *err);
/* Sets executor.user and executor.uid by the rules of `switch_user`. */
int sandbox_pick_user(struct executor *executor, const struct tp_task_info *first,
	gid_t *ret_gid, struct tp_error *err);

#endif
