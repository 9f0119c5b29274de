/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every record of the schema: the v1 API and our own messages. The structs and tables are
 * generated from core/cluster/schema; field.h tells how members are laid out.
 *
 *	mesos.v1.TaskInfo		struct tp_task_info, tp_task_info_desc
 *	mesos.v1.Offer.Operation	struct tp_offer_operation
 *	mesos.v1.scheduler.Call		struct tp_scheduler_call; likewise executor, master, agent
 *	mesos.v1.quota.QuotaConfig	struct tp_quota_config: no word twice
 *	TASK_RUNNING			TP_TASK_RUNNING: values that name their enum
 *	Call.Type.SUBSCRIBE		TP_SCHEDULER_CALL_SUBSCRIBE: all others
 *
 * Doubles that are quantities become integers: `value` of a scalar is value_milli in thousandths,
 * seconds become nanoseconds (refuse_seconds is refuse_ns).
 */
#ifndef TEPUI_WIRE_H
#define TEPUI_WIRE_H

#include "tepui/wire/acl.h"
#include "tepui/wire/agent.h"
#include "tepui/wire/allocator.h"
#include "tepui/wire/authentication.h"
#include "tepui/wire/authorization.h"
#include "tepui/wire/common.h"
#include "tepui/wire/container.h"
#include "tepui/wire/containerizer.h"
#include "tepui/wire/executor.h"
#include "tepui/wire/fetcher.h"
#include "tepui/wire/flags.h"
#include "tepui/wire/framework.h"
#include "tepui/wire/internal.h"
#include "tepui/wire/machine.h"
#include "tepui/wire/maintenance.h"
#include "tepui/wire/master.h"
#include "tepui/wire/offer.h"
#include "tepui/wire/oversubscription.h"
#include "tepui/wire/quota.h"
#include "tepui/wire/registry.h"
#include "tepui/wire/resource.h"
#include "tepui/wire/resource_provider.h"
#include "tepui/wire/scheduler.h"
#include "tepui/wire/statistics.h"
#include "tepui/wire/task.h"

/* Every record, map entries included; the last is NULL. For tests, fuzzers and documentation. */
TP_EXPORT extern const struct tp_desc *const tp_wire_descs[];

#endif
