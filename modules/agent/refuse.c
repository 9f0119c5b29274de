/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Task groups, operations on resources and draining are not supported yet. A refused task gets
 * TASK_ERROR, a refused operation OPERATION_ERROR; the rest is logged.
 */
#include "refuse.h"

#include "tepui/wire/internal.h"

#include "frameworks.h"
#include "registration.h"
#include "status.h"

static void on_run_task_group(void *user, struct tp_message *message)
{
	const struct tp_run_task_group *body = message->body;
	const struct status_reason why = {
		.state = TP_TASK_ERROR,
		.reason = TP_REASON_TASK_GROUP_INVALID,
		.message = "Task groups are not supported yet",
	};

	for (size_t i = 0; body->framework->id != NULL && i < body->task_group->n_tasks;
		i++)
		status_refuse(user, body->framework->id->value,
			body->executor->executor_id->value,
			body->task_group->tasks[i]->task_id->value, &why);
}

static void on_apply_operation(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	const struct tp_apply_operation *body = message->body;
	struct tp_operation_status status = {
		.operation_id = body->operation_info->id,
		.has_state = true,
		.state = TP_OPERATION_ERROR,
		.message = "Operations on resources are not supported yet",
		.agent_id = agent->info->id,
	};
	const struct tp_update_operation_status update = {
		.framework_id = body->framework_id,
		.agent_id = agent->info->id,
		.status = &status,
		.latest_status = &status,
		.operation_uuid = body->operation_uuid,
	};

	tp_warn(agent, "an operation on resources is refused: not supported yet", "%s",
		"");
	registration_send(agent, TP_MESSAGE_UPDATE_OPERATION_STATUS,
		&tp_update_operation_status_desc, &update);
}

static void on_unsupported(void *user, struct tp_message *message)
{
	tp_warn(user, "a message whose feature is not supported yet, ignoring it",
		"type=%s", tp_enum_name(&tp_message_type_enum, message->type));
}

struct handler_rows refuse_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_RUN_TASK_GROUP, 0, &tp_run_task_group_desc,
			on_run_task_group },
		{ TP_MESSAGE_APPLY_OPERATION, 0, &tp_apply_operation_desc,
			on_apply_operation },
		{ TP_MESSAGE_CHECKPOINT_RESOURCES, 0, &tp_checkpoint_resources_desc,
			on_unsupported },
		{ TP_MESSAGE_ACK_OPERATION_STATUS, 0, &tp_ack_operation_status_desc,
			on_unsupported },
		{ TP_MESSAGE_RECONCILE_OPERATIONS, 0, &tp_reconcile_operations_desc,
			on_unsupported },
		{ TP_MESSAGE_DRAIN_AGENT, 0, &tp_drain_agent_desc, on_unsupported },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
