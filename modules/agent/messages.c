/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FRAMEWORK_TO_EXECUTOR is best effort: an executor that is not connected misses it. The other
 * direction is a call of the executor API.
 */
#include "messages.h"

#include "tepui/wire/internal.h"

#include "checkpoint.h"
#include "executors.h"
#include "frameworks.h"
#include "metrics.h"

static void on_framework_to_executor(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	const struct tp_framework_to_executor *body = message->body;
	struct executor *executor =
		executor_find(agent, body->framework_id->value, body->executor_id->value);
	struct tp_executor_event_message event = { .data = body->data };

	if (executor == NULL || executor->state != EXECUTOR_RUNNING ||
		!executor_event(executor,
			&(struct tp_executor_event){
				.has_type = true,
				.type = TP_EXECUTOR_EVENT_MESSAGE,
				.message = &event,
			})) {
		agent->metrics->invalid_framework_messages.value++;
		tp_info(agent, "a message for an executor that is not there, dropping it",
			"framework=%s executor=%s", body->framework_id->value,
			body->executor_id->value);
		return;
	}
	agent->metrics->valid_framework_messages.value++;
}

static void on_update_framework(void *user, struct tp_message *message)
{
	const struct tp_update_framework *body = message->body;
	struct framework *framework = framework_find(user, body->framework_id->value);
	struct tp_error err;

	if (framework == NULL || body->framework_info == NULL ||
		body->framework_info->id == NULL ||
		!tp_streq(body->framework_info->id->value, framework->id))
		return;
	framework_set_info(framework, body->framework_info);
	if (checkpoint_framework(framework, &err) < 0)
		tp_warn(user,
			"a framework's new info cannot be noted, the next task tries "
			"again",
			"framework=%s error=%s", framework->id, err.text);
}

struct handler_rows messages_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_FRAMEWORK_TO_EXECUTOR, 0, &tp_framework_to_executor_desc,
			on_framework_to_executor },
		{ TP_MESSAGE_UPDATE_FRAMEWORK, 0, &tp_update_framework_desc,
			on_update_framework },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
