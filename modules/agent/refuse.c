/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Task groups and draining are not supported yet. A refused task gets TASK_ERROR; the rest is
 * logged.
 */
#include "refuse.h"

#include "tepui/wire/internal.h"

#include "frameworks.h"
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
		{ TP_MESSAGE_CHECKPOINT_RESOURCES, 0, &tp_checkpoint_resources_desc,
			on_unsupported },
		{ TP_MESSAGE_DRAIN_AGENT, 0, &tp_drain_agent_desc, on_unsupported },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
