/* SPDX-License-Identifier: Apache-2.0 */
/* RECONCILE: what the master knows of tasks, told again. */
#ifndef MASTER_RECONCILE_H
#define MASTER_RECONCILE_H

#include "master.h"

struct framework;

int reconcile_call(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
/* agent_id NULL: the scheduler did not say. */
void reconcile_one(
	struct master *m, struct framework *f, const char *task_id, const char *agent_id);

#endif
