/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	RUN_TASK ─► checked ─► executor is there? ──yes──────────────► queued ─► LAUNCH
 *	               │           └─no: sandbox, container, SUBSCRIBE ──┘
 *	               └─ refused: DROPPED or ERROR
 *
 * The message's arena becomes the task's: nothing is copied. What is written to disk is not
 * waited for: an agent that is killed in between is told by the master about a task it does not
 * know, and the task is dropped; its container is an orphan and ended.
 */
#include "run_task.h"

#include <string.h>

#include "tepui/ids.h"
#include "tepui/record.h"
#include "tepui/wire/internal.h"

#include "changes.h"
#include "checkpoint.h"
#include "executors.h"
#include "frameworks.h"
#include "hooks.h"
#include "operations.h"
#include "registration.h"
#include "status.h"
#include "tasks.h"
#include "volumes.h"

/* What tepui-executor itself may use, on top of its task. */
#define OVERHEAD_CPUS_MILLI 100
#define OVERHEAD_MEM_MILLI 32000

static const char *task_executor_id(const struct tp_task_info *task)
{
	return task->executor != NULL ? task->executor->executor_id->value
				      : task->task_id->value;
}

static const char *task_role(const struct tp_task_info *task)
{
	if (task->n_resources == 0 || task->resources[0]->allocation_info == NULL)
		return NULL;
	return task->resources[0]->allocation_info->role;
}

static struct tp_resource *overhead(
	const char *name, int64_t milli, const char *role, struct tp_arena *arena)
{
	struct tp_resource *resource = tp_record_new(&tp_resource_desc, arena);

	resource->name = name;
	resource->has_type = true;
	resource->type = TP_VALUE_SCALAR;
	resource->scalar = tp_record_new(&tp_value_scalar_desc, arena);
	resource->scalar->has_value_milli = true;
	resource->scalar->value_milli = milli;
	if (role != NULL) {
		resource->allocation_info =
			tp_record_new(&tp_resource_allocation_info_desc, arena);
		resource->allocation_info->role = role;
	}
	return resource;
}

/* "Command Executor (Task: t1) (Command: sh -c 'sleep 100')", long commands cut. */
static const char *command_name(const struct tp_task_info *task, struct tp_arena *arena)
{
	const struct tp_command_info *command = task->command;
	const char *value =
		command == NULL || command->value == NULL ? "" : command->value;
	bool shell = command == NULL || !command->has_shell || command->shell;
	bool cut = strlen(value) > 15;

	return tp_arena_printf(arena, "Command Executor (Task: %s) (Command: %s%.*s%s%s)",
		task->task_id->value, shell ? "sh -c '" : "", cut ? 12 : 15, value,
		cut ? "..." : "", shell ? "'" : "");
}

struct tp_executor_info *run_task_command_executor(const struct framework *framework,
	const struct tp_task_info *task, struct tp_arena *arena)
{
	struct tp_executor_info *info = tp_record_new(&tp_executor_info_desc, arena);
	const char *role = task_role(task);

	info->executor_id = tp_record_new(&tp_executor_id_desc, arena);
	info->executor_id->value = task->task_id->value;
	info->framework_id = framework->info->id;
	info->name = command_name(task, arena);
	info->source = task->task_id->value;
	info->command = task->command;
	info->container = task->container;
	info->labels = task->labels;
	tp_arena_push(arena, &info->resources, &info->n_resources,
		overhead("cpus", OVERHEAD_CPUS_MILLI, role, arena));
	tp_arena_push(arena, &info->resources, &info->n_resources,
		overhead("mem", OVERHEAD_MEM_MILLI, role, arena));
	return info;
}

/*
 * The master counts an executor that the task was to start; that it is not there, or not any more,
 * is only known here.
 */
static void tell_not_started(struct agent *agent, const struct tp_run_task *body)
{
	const struct tp_task_info *task = body->task;
	const char *framework_id = body->framework->id->value;
	const struct executor *executor =
		executor_find(agent, framework_id, task_executor_id(task));
	const struct tp_exited_executor exited = {
		.agent_id = agent->info->id,
		.framework_id = body->framework->id,
		.executor_id =
			task->executor == NULL ? NULL : task->executor->executor_id,
		.has_status = true,
		.status = -1,
	};

	if (task->executor == NULL || !body->has_launch_executor ||
		!body->launch_executor ||
		(executor != NULL && executor->state != EXECUTOR_TERMINATED))
		return;
	registration_send(
		agent, TP_MESSAGE_EXITED_EXECUTOR, &tp_exited_executor_desc, &exited);
}

static void refuse(struct agent *agent, const struct tp_run_task *body,
	const struct status_reason *why)
{
	status_refuse(agent, body->framework->id->value, task_executor_id(body->task),
		body->task->task_id->value, why);
	tell_not_started(agent, body);
}

/* Dropped: it never began here, the framework may launch it again. */
static void drop(struct agent *agent, const struct tp_run_task *body, int reason,
	const char *message)
{
	/* A framework that has nothing here may not be in the table. */
	const struct framework as_told = { .info = body->framework };
	const struct status_reason why = {
		.state = status_pick(&as_told, TP_TASK_DROPPED),
		.reason = reason,
		.message = message,
	};

	refuse(agent, body, &why);
}

/* Ids become names of directories; the master has checked them, a checkpoint trusts nobody. */
static bool ids_are_fine(struct agent *agent, const struct tp_run_task *body)
{
	const struct tp_task_info *task = body->task;
	struct tp_error err;
	struct status_reason why = {
		.state = TP_TASK_ERROR,
		.reason = TP_REASON_TASK_INVALID,
	};

	if (tp_id_validate("FrameworkID", body->framework->id->value, &err) < 0) {
		tp_warn(agent, "a task with a framework id that cannot be, ignoring it",
			"error=%s", err.text);
		return false;
	}
	if (tp_id_validate("TaskID", task->task_id->value, &err) >= 0 &&
		tp_id_validate("ExecutorID", task_executor_id(task), &err) >= 0)
		return true;
	why.message = err.text;
	refuse(agent, body, &why);
	return false;
}

static bool volumes_are_fine(struct agent *agent, const struct tp_run_task *body)
{
	const struct tp_task_info *task = body->task;
	const struct tp_executor_info *executor = task->executor;
	struct tp_error err;
	const struct status_reason why = {
		.state = TP_TASK_ERROR,
		.reason = TP_REASON_TASK_INVALID,
		.message = err.text,
	};

	if (volumes_check(task->resources, task->n_resources, &err) >= 0 &&
		(executor == NULL ||
			volumes_check(executor->resources, executor->n_resources, &err) >=
				0))
		return true;
	refuse(agent, body, &why);
	return false;
}

/* Was it meant for the resources that we have? */
static bool resources_are_fine(struct agent *agent, const struct tp_run_task *body)
{
	const struct tp_task_info *task = body->task;
	const struct tp_executor_info *executor = task->executor;

	for (size_t i = 0; i < body->n_resource_versions; i++) {
		const struct tp_resource_version *version = body->resource_versions[i];

		if (version->resource_provider_id == NULL &&
			!operations_are_of(agent, version->uuid)) {
			drop(agent, body, TP_REASON_INVALID_OFFERS,
				"It was launched for an outdated resource state");
			return false;
		}
	}
	if (operations_have(agent, task->resources, task->n_resources) &&
		(executor == NULL ||
			operations_have(
				agent, executor->resources, executor->n_resources)))
		return true;
	drop(agent, body, TP_REASON_RESOURCES_UNKNOWN,
		"It uses reservations or volumes that this agent does not have");
	return false;
}

static struct executor *start_executor(
	struct framework *framework, const struct tp_task_info *task)
{
	struct tp_arena *arena = tp_arena_create(0);
	bool command = task->executor == NULL;
	struct tp_executor_info *info = command
		? run_task_command_executor(framework, task, arena)
		: task->executor;
	uint8_t uuid[TP_UUID_BYTES];
	char container_id[TP_UUID_TEXT];
	struct executor *executor;

	/* The executor outlives this task's arena. */
	info = tp_record_copy(&tp_executor_info_desc, info, arena);
	if (info->framework_id == NULL)
		info->framework_id =
			tp_record_copy(&tp_framework_id_desc, framework->info->id, arena);
	tp_uuid_generate(uuid);
	tp_uuid_print(uuid, container_id);
	executor = executor_create(framework, info, container_id, arena);
	executor->command = command;
	return executor;
}

/* Its executor must not get it: after a crash nobody would know that it runs. */
static void end_unwritten(struct task *task, const struct tp_error *err)
{
	const struct status_reason why = {
		.state = TP_TASK_FAILED,
		.reason = TP_REASON_CONTAINER_LAUNCH_FAILED,
		.message = err->text,
	};

	tp_warn(task->executor->framework->agent,
		"a task cannot be noted on disk, so it does not start",
		"framework=%s task=%s error=%s", task->executor->framework->id, task->id,
		err->text);
	status_end_task(task, &why);
}

static void queue_task(struct framework *framework, struct executor *executor,
	struct tp_message *message)
{
	struct agent *agent = framework->agent;
	struct tp_task_info *info = ((struct tp_run_task *)message->body)->task;
	struct tp_arena *arena = tp_message_take_arena(message);
	bool fresh = executor == NULL;
	struct tp_error err;
	struct task *task;

	hooks_run_task(agent, framework->info, info, arena);
	if (fresh)
		executor = start_executor(framework, info);
	task = task_create(executor, info, arena);
	tp_debug(agent, "task queued", "framework=%s executor=%s task=%s", framework->id,
		executor->id, task->id);
	changes_task_added(task);
	if (fresh) {
		executor_launch(executor, info);
		return;
	}
	if (checkpoint_task(task, &err) < 0) {
		end_unwritten(task, &err);
		return;
	}
	executor->limits_stale = true;
	executor_flush(executor);
}

static void on_run_task(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	const struct tp_run_task *body = message->body;
	const struct tp_task_info *task = body->task;
	struct framework *framework;
	struct executor *executor;

	if (agent->state != AGENT_RUNNING || body->framework->id == NULL) {
		tp_warn(agent, "a task comes at the wrong time, ignoring it", "task=%s",
			task->task_id->value);
		return;
	}
	if (!ids_are_fine(agent, body) || !volumes_are_fine(agent, body))
		return;
	framework = framework_find(agent, body->framework->id->value);
	if (framework != NULL && framework->state == FRAMEWORK_TERMINATING) {
		tp_warn(agent, "a task for a framework that is going, ignoring it",
			"framework=%s task=%s", framework->id, task->task_id->value);
		return;
	}
	executor = framework == NULL
		? NULL
		: executor_find(agent, framework->id, task_executor_id(task));
	if (executor == NULL && body->has_launch_executor && !body->launch_executor) {
		drop(agent, body, TP_REASON_EXECUTOR_TERMINATED,
			"The executor it needs is not here any more");
		return;
	}
	if (executor != NULL &&
		(executor->state >= EXECUTOR_TERMINATING || executor->command ||
			task->executor == NULL)) {
		drop(agent, body, TP_REASON_EXECUTOR_TERMINATED,
			executor->state >= EXECUTOR_TERMINATING
				? "Its executor is terminating"
				: "An executor of this id belongs to another task");
		return;
	}
	if (executor != NULL && task_find(executor, task->task_id->value) != NULL) {
		tp_warn(agent, "a task that is here already, ignoring it",
			"framework=%s task=%s", framework->id, task->task_id->value);
		return;
	}
	if (!resources_are_fine(agent, body))
		return;
	if (framework == NULL)
		framework = framework_get(agent, body->framework);
	queue_task(framework, executor, message);
}

struct handler_rows run_task_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_RUN_TASK, 0, &tp_run_task_desc, on_run_task },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}
