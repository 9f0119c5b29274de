/* SPDX-License-Identifier: Apache-2.0 */
/* The LAUNCH operation: tasks leave the offer for their agent, one by one. */
#ifndef MASTER_LAUNCH_H
#define MASTER_LAUNCH_H

#include "accept.h"

void launch_tasks(struct accept *accept, const struct tp_offer_operation *operation);
/* What launching a task would have looked like in the table: TaskInfo as Task. */
struct tp_task *launch_record(const struct framework *f, const struct tp_task_info *info,
	struct tp_arena *arena);

#endif
