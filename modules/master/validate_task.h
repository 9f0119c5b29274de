/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a task may be launched. -EINVAL with the text that its scheduler sees. */
#ifndef MASTER_VALIDATE_TASK_H
#define MASTER_VALIDATE_TASK_H

#include "tepui/resources.h"

#include "master.h"

struct agent;
struct framework;

/* A task on its way: its resources, normalised to the role of the offer. */
struct launch {
	struct framework *framework;
	struct agent *agent;
	const char *role;
	const struct tp_task_info *info;
	struct tp_resources task;     /* of the task */
	struct tp_resources executor; /* of its executor; empty when that runs already */
	bool new_executor;
};

/*
 * Fills the resources of the launch and checks everything but whether they fit. They are
 * whoever's the launch is to finish, also when this fails.
 */
int validate_task(struct launch *launch, struct tp_error *err);

#endif
