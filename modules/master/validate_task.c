/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules a task must keep before it may leave for its agent, in the order in which they are
 * told to users: ids, agent, command or executor, resources, limits, times, checks, container.
 * Nothing here changes anything but the launch.
 */
#include "validate_task.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents.h"
#include "executors.h"
#include "frameworks.h"
#include "idrecord.h"
#include "tasks.h"
#include "validate_check.h"
#include "validate_container.h"

#include "tepui/ids.h"

static int check_ids(const struct launch *l, struct tp_error *err)
{
	const struct tp_task_info *info = l->info;
	int r = tp_id_validate("TaskID", info->task_id->value, err);

	if (r < 0)
		return r;
	if (tasks_find(l->framework, info->task_id->value) != NULL)
		return tp_fail(
			err, EINVAL, "Task has duplicate ID: %s", info->task_id->value);
	if (tasks_find_unreachable(l->framework, info->task_id->value) != NULL)
		return tp_fail(err, EINVAL,
			"Task reuses the ID of an unreachable task: %s",
			info->task_id->value);
	if (strcmp(info->agent_id->value, l->agent->id) != 0)
		return tp_fail(err, EINVAL,
			"Task uses invalid agent %s while agent %s is expected",
			info->agent_id->value, l->agent->id);
	return 0;
}

static int check_user(const struct master *m, const struct tp_command_info *command,
	struct tp_error *err)
{
	if (!m->root_submissions && command->user != NULL &&
		strcmp(command->user, "root") == 0)
		return tp_fail(err, EINVAL,
			"User 'root' is not allowed to run tasks without "
			"--root_submissions "
			"set");
	return 0;
}

/* --- executor -------------------------------------------------------------------------- */

static int check_executor_type(
	const struct tp_executor_info *executor, struct tp_error *err)
{
	int type = executor->has_type ? executor->type : TP_EXECUTOR_INFO_UNKNOWN;

	if (type == TP_EXECUTOR_INFO_DEFAULT) {
		if (executor->command != NULL)
			return tp_fail(err, EINVAL,
				"'ExecutorInfo.command' must not be set for 'DEFAULT' "
				"executor");
		return 0;
	}
	if (executor->command == NULL)
		return tp_fail(err, EINVAL,
			"'ExecutorInfo.command' must be set for 'CUSTOM' executor");
	return 0;
}

/* The same id on the same agent is the same executor. */
static int check_running(const struct launch *l, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_executor_info *info = l->info->executor;
	const struct executor *running =
		executors_find(l->agent, l->framework, info->executor_id->value);
	struct tp_executor_info *a, *b;

	if (running == NULL)
		return 0;
	a = executor_record(running, arena);
	b = record_shallow(&tp_executor_info_desc, info, arena);
	b->framework_id = a->framework_id;
	/* Resources were normalised; the values decide. */
	if (!tp_resources_equal(&running->resources, &l->executor))
		return tp_fail(err, EINVAL,
			"ExecutorInfo of the running executor '%s' has other resources",
			running->id);
	a->n_resources = 0;
	b->n_resources = 0;
	if (!tp_record_equal(&tp_executor_info_desc, a, b))
		return tp_fail(err, EINVAL,
			"ExecutorInfo is not compatible with the running executor '%s' "
			"of "
			"the same ID",
			running->id);
	return 0;
}

static int check_executor(const struct launch *l, struct tp_error *err)
{
	const struct tp_executor_info *executor = l->info->executor;
	int r = tp_id_validate("ExecutorID", executor->executor_id->value, err);

	if (r >= 0 && executor->framework_id != NULL &&
		strcmp(executor->framework_id->value, l->framework->id) != 0)
		r = tp_fail(err, EINVAL,
			"ExecutorInfo has an invalid FrameworkID (Actual: %s vs "
			"Expected: "
			"%s)",
			executor->framework_id->value, l->framework->id);
	if (r >= 0)
		r = check_executor_type(executor, err);
	if (r >= 0 && executor->container != NULL)
		r = validate_container(executor->container, err);
	if (r >= 0 && executor->command != NULL) {
		r = validate_command(executor->command, err);
		if (r >= 0)
			r = check_user(l->framework->master, executor->command, err);
	}
	if (r >= 0 && executor->shutdown_grace_period != NULL &&
		executor->shutdown_grace_period->nanoseconds < 0)
		r = tp_fail(err, EINVAL,
			"ExecutorInfo's 'shutdown_grace_period' must be non-negative");
	return r;
}

/* --- resources ------------------------------------------------------------------------- */

/* A name is either revocable or not, never both in one task. */
static int check_revocable(const struct tp_resources *r, struct tp_error *err)
{
	for (uint32_t i = 0; i < r->n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			const struct tp_resource_key *a = r->items[i].key;
			const struct tp_resource_key *b = r->items[k].key;

			if (((a->flags ^ b->flags) & TP_RESOURCE_REVOCABLE) != 0 &&
				strcmp(a->name, b->name) == 0)
				return tp_fail(err, EINVAL,
					"Cannot use both revocable and non-revocable "
					"'%s' "
					"at the same time",
					a->name);
		}
	}
	return 0;
}

static int check_volumes(const struct tp_resources *r, struct tp_error *err)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const char *id = tp_resource_persistence_id(&r->items[i]);

		for (uint32_t k = 0; id != NULL && k < i; k++) {
			if (tp_streq(id, tp_resource_persistence_id(&r->items[k])))
				return tp_fail(err, EINVAL,
					"Persistence ID '%s' is not unique", id);
		}
	}
	return 0;
}

/* From the wire, allocated to the offer's role; another role is an error. */
static int take_resources(const struct launch *l, struct tp_resource *const *records,
	size_t n, struct tp_resources *ret, struct tp_error *err)
{
	int r = tp_resources_from_records(ret, records, n, err);

	if (r < 0)
		return tp_wrap(err, r, "Task uses invalid resources");
	for (uint32_t i = 0; i < ret->n; i++) {
		const char *role = tp_resource_allocation(&ret->items[i]);

		if (role != NULL && strcmp(role, l->role) != 0)
			return tp_fail(err, EINVAL,
				"The resources are allocated to role '%s', the offer to "
				"role '%s'",
				role, l->role);
	}
	tp_resources_allocate(ret, l->role);
	r = check_revocable(ret, err);
	return r < 0 ? r : check_volumes(ret, err);
}

static int check_resources(struct launch *l, struct tp_error *err)
{
	const struct tp_executor_info *executor = l->info->executor;
	int r = take_resources(
		l, l->info->resources, l->info->n_resources, &l->task, err);

	if (r >= 0 && tp_resources_empty(&l->task))
		r = tp_fail(err, EINVAL, "Task uses no resources");
	if (r < 0 || executor == NULL)
		return r;
	r = take_resources(
		l, executor->resources, executor->n_resources, &l->executor, err);
	return r < 0 ? r : check_running(l, err);
}

static int check_limits(const struct launch *l, struct tp_error *err)
{
	const uint32_t needed = UINT32_C(1)
		<< TP_AGENT_INFO_CAPABILITY_TASK_RESOURCE_LIMITS;

	if (l->info->n_limits > 0 && (l->agent->capabilities & needed) == 0)
		return tp_fail(err, EINVAL,
			"The agent does not have the TASK_RESOURCE_LIMITS capability");
	for (size_t i = 0; i < l->info->n_limits; i++) {
		const char *name = l->info->limits[i]->key;
		int64_t limit = l->info->limits[i]->value == NULL
			? 0
			: l->info->limits[i]->value->value_milli;

		if (strcmp(name, "cpus") != 0 && strcmp(name, "mem") != 0)
			return tp_fail(err, EINVAL,
				"Resource limits are supported for cpus and mem only, "
				"not "
				"'%s'",
				name);
		if (limit < tp_resources_milli(&l->task, name))
			return tp_fail(err, EINVAL,
				"The limit of '%s' is below what the task requests",
				name);
	}
	return 0;
}

/* --- all of it ------------------------------------------------------------------------- */

static int check_command(const struct launch *l, struct tp_error *err)
{
	const struct tp_task_info *info = l->info;
	int r;

	if ((info->command == NULL) == (info->executor == NULL))
		return tp_fail(err, EINVAL,
			"Task should have at least one (but not both) of CommandInfo or "
			"ExecutorInfo present");
	if (info->executor != NULL)
		return check_executor(l, err);
	r = validate_command(info->command, err);
	return r < 0 ? r : check_user(l->framework->master, info->command, err);
}

static int check_times(const struct tp_task_info *info, struct tp_error *err)
{
	if (info->kill_policy != NULL && info->kill_policy->grace_period != NULL &&
		info->kill_policy->grace_period->nanoseconds < 0)
		return tp_fail(err, EINVAL,
			"Task's 'kill_policy.grace_period' must be non-negative");
	if (info->max_completion_time != NULL &&
		info->max_completion_time->nanoseconds < 0)
		return tp_fail(
			err, EINVAL, "Task's 'max_completion_time' must be non-negative");
	return 0;
}

int validate_task(struct launch *l, struct tp_error *err)
{
	const struct tp_task_info *info = l->info;
	int r = check_ids(l, err);

	if (r >= 0)
		r = check_command(l, err);
	if (r >= 0)
		r = check_resources(l, err);
	if (r >= 0)
		r = check_limits(l, err);
	if (r >= 0)
		r = check_times(info, err);
	if (r >= 0 && info->check != NULL)
		r = validate_check(info->check, err);
	if (r >= 0 && info->health_check != NULL)
		r = validate_health_check(info->health_check, err);
	if (r >= 0 && info->container != NULL)
		r = validate_container(info->container, err);
	if (r < 0 || info->executor == NULL)
		return r;
	l->new_executor = executors_find(l->agent, l->framework,
				  info->executor->executor_id->value) == NULL;
	if (!l->new_executor)
		tp_resources_fini(&l->executor);
	return r;
}
