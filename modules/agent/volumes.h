/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persistent volumes on this machine: directories that outlive their tasks.
 *
 *	root disk	<work_dir>/volumes/roles/<role>/<persistence id>
 *	PATH disk	<root>/volumes/roles/<role>/<persistence id>
 *	MOUNT disk	the mount itself
 */
#ifndef AGENT_VOLUMES_H
#define AGENT_VOLUMES_H

#include "tepui/resources.h"

#include "agent.h"

struct executor;

/* Makes the directory of every volume in `made`, empty. At once. */
int volumes_create(
	struct agent *agent, const struct tp_resources *made, struct tp_error *err);
/* Removes the volumes with all that is on them; in the background. */
void volumes_destroy(struct agent *agent, const struct tp_resources *gone);
/* Has a volume of the one its folder where one of the other has it? */
bool volumes_meet(const struct agent *agent, const struct tp_resources *a,
	const struct tp_resources *b);
/* The folder's contents are gone later, its name is free at once; nothing there is fine. */
int volumes_discard(struct agent *agent, const char *path);
/* Where the volume is, the caller's; NULL for what is none. */
char *volumes_path(const struct agent *agent, const struct tp_resource *resource);
/* Where volumes of such a disk are (NULL: the root disk), the caller's. */
char *volumes_root(const struct agent *agent, const struct tp_resource *resource);
/* May a task have these? -ENOTSUP for a volume that must not be written. */
int volumes_check(struct tp_resource *const *resources, size_t n, struct tp_error *err);
/*
 * Shows the volumes among these resources in the executor's sandbox, at their container paths, and
 * gives those that are not shared to its user.
 */
int volumes_link(const struct executor *executor, struct tp_resource *const *resources,
	size_t n, struct tp_error *err);

#endif
