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
/*
 * Shows the volumes among these resources in the executor's sandbox, at their container paths, and
 * gives those that are not shared to its user.
 */
int volumes_link(const struct executor *executor, struct tp_resource *const *resources,
	size_t n, struct tp_error *err);

#endif
