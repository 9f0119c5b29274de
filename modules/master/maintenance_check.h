/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a call that plans, starts or ends maintenance. */
#ifndef MASTER_MAINTENANCE_CHECK_H
#define MASTER_MAINTENANCE_CHECK_H

#include "tepui/error.h"

#include "maintenance_plan.h"

/* Machines in the schedule: each call may look at all of them, and the next plan has them anew. */
#define MAINTENANCE_MACHINES_MAX 10000
/* Machines in one START_MAINTENANCE or STOP_MAINTENANCE. */
#define MAINTENANCE_CALL_MACHINES_MAX 1000

/* -EINVAL with the reason. Required members are there already. */
int maintenance_check(const struct maintenance_plan *plan,
	const struct tp_master_call *call, struct tp_error *err);

#endif
