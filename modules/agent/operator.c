/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator calls, one row each. Reading calls answer at once from memory; files are read off the
 * loop (files.c). What is not in the table is not supported yet: 501.
 */
#include "operator.h"

#include "tepui/metrics.h"
#include "tepui/record.h"
#include "tepui/wire/agent.h"

#include "calls.h"
#include "containers.h"
#include "executors.h"
#include "files.h"
#include "frameworks.h"
#include "tasks.h"

struct query {
	struct agent *agent;
	const struct tp_agent_call *call;
	struct tp_submission *submission;
	struct tp_arena *arena;
	struct tp_agent_response *response;
};

static void get_health(struct query *q)
{
	q->response->get_health =
		tp_record_new(&tp_agent_response_get_health_desc, q->arena);
	q->response->get_health->has_healthy = true;
	q->response->get_health->healthy = true;
}

static void get_version(struct query *q)
{
	q->response->get_version =
		tp_record_new(&tp_agent_response_get_version_desc, q->arena);
	q->response->get_version->version_info =
		tp_record_new(&tp_version_info_desc, q->arena);
	q->response->get_version->version_info->version = AGENT_VERSION;
}

static void add_metric(void *arg, const char *name, double value)
{
	struct query *q = arg;
	struct tp_agent_response_get_metrics *list = q->response->get_metrics;
	struct tp_metric_value *item = tp_record_new(&tp_metric_value_desc, q->arena);

	item->name = tp_arena_strdup(q->arena, name);
	item->has_value = true;
	item->value = value;
	tp_arena_push(q->arena, &list->metrics, &list->n_metrics, item);
}

static void get_metrics(struct query *q)
{
	q->response->get_metrics =
		tp_record_new(&tp_agent_response_get_metrics_desc, q->arena);
	tp_metrics_each(q->agent->instance.metrics, add_metric, q);
}

static void get_agent(struct query *q)
{
	q->response->get_agent =
		tp_record_new(&tp_agent_response_get_agent_desc, q->arena);
	q->response->get_agent->agent_info = q->agent->info;
}

static void add_task(
	struct query *q, struct tp_agent_response_get_tasks *ret, const struct task *task)
{
	struct tp_task *record = task_record(task, q->arena);

	switch (task->place) {
	case TASK_QUEUED:
		tp_arena_push(q->arena, &ret->queued_tasks, &ret->n_queued_tasks, record);
		break;
	case TASK_LAUNCHED:
		tp_arena_push(
			q->arena, &ret->launched_tasks, &ret->n_launched_tasks, record);
		break;
	case TASK_TERMINATED:
		tp_arena_push(q->arena, &ret->terminated_tasks, &ret->n_terminated_tasks,
			record);
		break;
	case TASK_COMPLETED:
		tp_arena_push(
			q->arena, &ret->completed_tasks, &ret->n_completed_tasks, record);
		break;
	}
}

static void add_executor_tasks(struct query *q, struct tp_agent_response_get_tasks *ret,
	const struct executor *executor)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		add_task(q, ret, tp_map_entry(node, struct task, node));
	}
	tp_list_foreach (node, tmp, &executor->completed_tasks) {
		add_task(q, ret, tp_container_of(node, struct task, completed));
	}
}

static void add_executor(struct query *q, struct tp_agent_response_get_executors *ret,
	const struct executor *executor, bool completed)
{
	struct tp_agent_response_get_executors_executor *item =
		tp_record_new(&tp_agent_response_get_executors_executor_desc, q->arena);

	item->executor_info = executor->info;
	if (completed)
		tp_arena_push(q->arena, &ret->completed_executors,
			&ret->n_completed_executors, item);
	else
		tp_arena_push(q->arena, &ret->executors, &ret->n_executors, item);
}

/* What to do with each executor of a framework; either may be NULL. */
struct collect {
	struct tp_agent_response_get_tasks *tasks;
	struct tp_agent_response_get_executors *executors;
};

static void collect_framework(
	struct query *q, const struct collect *to, const struct framework *framework)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &framework->executors) {
		struct executor *executor = tp_map_entry(node, struct executor, node);

		if (to->tasks != NULL)
			add_executor_tasks(q, to->tasks, executor);
		if (to->executors != NULL)
			add_executor(q, to->executors, executor, false);
	}
	tp_list_foreach (node, tmp, &framework->completed_executors) {
		struct executor *executor =
			tp_container_of(node, struct executor, completed);

		if (to->tasks != NULL)
			add_executor_tasks(q, to->tasks, executor);
		if (to->executors != NULL)
			add_executor(q, to->executors, executor, true);
	}
}

static void collect_all(struct query *q, const struct collect *to)
{
	struct frameworks *frameworks = q->agent->frameworks;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &frameworks->running) {
		collect_framework(q, to, tp_map_entry(node, struct framework, node));
	}
	tp_list_foreach (node, tmp, &frameworks->completed) {
		collect_framework(
			q, to, tp_container_of(node, struct framework, completed));
	}
}

static struct tp_agent_response_get_tasks *tasks_create(struct query *q)
{
	struct collect to = {
		.tasks = tp_record_new(&tp_agent_response_get_tasks_desc, q->arena),
	};

	collect_all(q, &to);
	return to.tasks;
}

static struct tp_agent_response_get_executors *executors_create(struct query *q)
{
	struct collect to = {
		.executors =
			tp_record_new(&tp_agent_response_get_executors_desc, q->arena),
	};

	collect_all(q, &to);
	return to.executors;
}

static struct tp_agent_response_get_frameworks_framework *framework_item(
	struct query *q, const struct framework *framework)
{
	struct tp_agent_response_get_frameworks_framework *item =
		tp_record_new(&tp_agent_response_get_frameworks_framework_desc, q->arena);

	item->framework_info = framework->info;
	return item;
}

static struct tp_agent_response_get_frameworks *frameworks_create(struct query *q)
{
	struct tp_agent_response_get_frameworks *ret =
		tp_record_new(&tp_agent_response_get_frameworks_desc, q->arena);
	struct frameworks *frameworks = q->agent->frameworks;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &frameworks->running) {
		tp_arena_push(q->arena, &ret->frameworks, &ret->n_frameworks,
			framework_item(q, tp_map_entry(node, struct framework, node)));
	}
	tp_list_foreach (node, tmp, &frameworks->completed) {
		tp_arena_push(q->arena, &ret->completed_frameworks,
			&ret->n_completed_frameworks,
			framework_item(
				q, tp_container_of(node, struct framework, completed)));
	}
	return ret;
}

static void get_tasks(struct query *q)
{
	q->response->get_tasks = tasks_create(q);
}

static void get_executors(struct query *q)
{
	q->response->get_executors = executors_create(q);
}

static void get_frameworks(struct query *q)
{
	q->response->get_frameworks = frameworks_create(q);
}

static void get_state(struct query *q)
{
	struct tp_agent_response_get_state *ret =
		tp_record_new(&tp_agent_response_get_state_desc, q->arena);

	ret->get_tasks = tasks_create(q);
	ret->get_executors = executors_create(q);
	ret->get_frameworks = frameworks_create(q);
	q->response->get_state = ret;
}

static void get_containers(struct query *q)
{
	struct tp_agent_response_get_containers *ret =
		tp_record_new(&tp_agent_response_get_containers_desc, q->arena);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &q->agent->containers->executors) {
		struct executor *executor =
			tp_map_entry(node, struct executor, container);
		struct tp_agent_response_get_containers_container *item = tp_record_new(
			&tp_agent_response_get_containers_container_desc, q->arena);

		item->framework_id = executor->framework->info->id;
		item->executor_id = executor->info->executor_id;
		item->executor_name = executor->info->name;
		item->container_id = tp_record_new(&tp_container_id_desc, q->arena);
		item->container_id->value = executor->container_id;
		item->container_status = containers_status(executor, q->arena);
		item->resource_statistics = containers_usage(executor, q->arena);
		tp_arena_push(q->arena, &ret->containers, &ret->n_containers, item);
	}
	q->response->get_containers = ret;
}

/* Operations on resources are refused (refuse.c), so there is none. */
static void get_operations(struct query *q)
{
	q->response->get_operations =
		tp_record_new(&tp_agent_response_get_operations_desc, q->arena);
}

static const struct operator_row {
	int call;     /* enum tp_agent_call_type */
	int response; /* enum tp_agent_response_type */
	void (*answer)(struct query *query);
} rows[] = {
	{ TP_AGENT_CALL_GET_HEALTH, TP_AGENT_RESPONSE_GET_HEALTH, get_health },
	{ TP_AGENT_CALL_GET_VERSION, TP_AGENT_RESPONSE_GET_VERSION, get_version },
	{ TP_AGENT_CALL_GET_METRICS, TP_AGENT_RESPONSE_GET_METRICS, get_metrics },
	{ TP_AGENT_CALL_GET_AGENT, TP_AGENT_RESPONSE_GET_AGENT, get_agent },
	{ TP_AGENT_CALL_GET_TASKS, TP_AGENT_RESPONSE_GET_TASKS, get_tasks },
	{ TP_AGENT_CALL_GET_EXECUTORS, TP_AGENT_RESPONSE_GET_EXECUTORS, get_executors },
	{ TP_AGENT_CALL_GET_FRAMEWORKS, TP_AGENT_RESPONSE_GET_FRAMEWORKS,
		get_frameworks },
	{ TP_AGENT_CALL_GET_STATE, TP_AGENT_RESPONSE_GET_STATE, get_state },
	{ TP_AGENT_CALL_GET_OPERATIONS, TP_AGENT_RESPONSE_GET_OPERATIONS,
		get_operations },
	{ TP_AGENT_CALL_GET_CONTAINERS, TP_AGENT_RESPONSE_GET_CONTAINERS,
		get_containers },
};

static void answer(struct agent *agent, struct tp_submission *submission,
	const struct operator_row *row)
{
	struct query query = {
		.agent = agent,
		.call = submission->call,
		.submission = submission,
		.arena = tp_arena_create(8192),
	};

	query.response = tp_record_new(&tp_agent_response_desc, query.arena);
	query.response->has_type = true;
	query.response->type = row->response;
	row->answer(&query);
	submission->done(submission, 200, &tp_agent_response_desc, query.response, NULL);
	tp_arena_destroy(query.arena);
}

void operator_submit(struct agent *agent, struct tp_submission *submission)
{
	const struct tp_agent_call *call = submission->call;
	int type = call->has_type ? call->type : TP_AGENT_CALL_UNKNOWN;

	if (agent->state == AGENT_RECOVERING && type != TP_AGENT_CALL_GET_HEALTH) {
		calls_refuse(submission, 503, "Agent has not finished recovery");
		return;
	}
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (rows[i].call == type) {
			answer(agent, submission, &rows[i]);
			return;
		}
	}
	if (type == TP_AGENT_CALL_LIST_FILES && call->list_files != NULL)
		files_list(agent, submission, call->list_files->path);
	else if (type == TP_AGENT_CALL_READ_FILE && call->read_file != NULL)
		files_read(agent, submission, call->read_file->path,
			call->read_file->offset, call->read_file->has_length,
			call->read_file->length);
	else if (type == TP_AGENT_CALL_LIST_FILES || type == TP_AGENT_CALL_READ_FILE)
		calls_refuse(submission, 400, "The call's own member is missing");
	else if (type == TP_AGENT_CALL_UNKNOWN)
		calls_refuse(submission, 400, "Expecting 'type' to be present");
	else
		calls_refuse(submission, 501, "This call is not supported yet");
}
