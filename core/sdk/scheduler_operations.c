/* SPDX-License-Identifier: Apache-2.0 */
/* Operations with feedback: their updates are acknowledged as those of tasks are. */
#include "core/sdk/scheduler.h"
#include "tepui/record.h"

static const struct tp_bytes *uuid_of(const struct tp_operation_status *status)
{
	return status->uuid == NULL || status->uuid->value.len == 0 ||
			status->operation_id == NULL
		? NULL
		: &status->uuid->value;
}

void scheduler_acknowledge_operation(
	struct tp_scheduler_driver *self, const struct tp_operation_status *status)
{
	const struct tp_bytes *uuid = uuid_of(status);
	struct tp_scheduler_call_acknowledge_operation_status acknowledge = {
		.agent_id = status->agent_id,
		.resource_provider_id = status->resource_provider_id,
		.operation_id = status->operation_id,
	};
	struct tp_scheduler_call call = { .acknowledge_operation_status = &acknowledge };

	if (uuid == NULL)
		return;
	acknowledge.uuid = *uuid;
	scheduler_send(self, &call, TP_SCHEDULER_CALL_ACKNOWLEDGE_OPERATION_STATUS);
}

enum tp_status tp_scheduler_driver_acknowledge_operation(
	struct tp_scheduler_driver *driver, const struct tp_operation_status *status)
{
	const struct tp_bytes *uuid = uuid_of(status);
	struct scheduler_post *posted;
	struct tp_scheduler_call_acknowledge_operation_status acknowledge = {
		.agent_id = status->agent_id,
		.resource_provider_id = status->resource_provider_id,
		.operation_id = status->operation_id,
	};

	if (!driver->explicit_acknowledgements)
		return scheduler_call_refuse(driver, SCHEDULER_IMPLICIT);
	if (uuid == NULL)
		return scheduler_call_refuse(
			driver, "an update without a uuid needs no acknowledgement");
	acknowledge.uuid = *uuid;
	posted = scheduler_call_new(driver);
	posted->call->acknowledge_operation_status =
		tp_record_copy(&tp_scheduler_call_acknowledge_operation_status_desc,
			&acknowledge, posted->arena);
	return scheduler_call_post(
		posted, TP_SCHEDULER_CALL_ACKNOWLEDGE_OPERATION_STATUS);
}

enum tp_status tp_scheduler_driver_reconcile_operations(
	struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_operations_operation *const *operations,
	size_t n_operations)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_reconcile_operations *reconcile = tp_record_new(
		&tp_scheduler_call_reconcile_operations_desc, posted->arena);

	for (size_t i = 0; i < n_operations; i++) {
		posted->has_holes |= operations[i] == NULL;
		tp_arena_push(posted->arena, &reconcile->operations,
			&reconcile->n_operations,
			tp_record_copy(
				&tp_scheduler_call_reconcile_operations_operation_desc,
				operations[i], posted->arena));
	}
	posted->call->reconcile_operations = reconcile;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_RECONCILE_OPERATIONS);
}
