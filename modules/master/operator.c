/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator calls: one row per type says which part of the record must be there and who answers.
 * Answers are built in one arena and gone when they were given. Types without a row are 501.
 */
#include "operator.h"

#include <errno.h>
#include <string.h>

#include "calls.h"
#include "changes.h"
#include "departure.h"
#include "explain.h"
#include "flags.h"
#include "frameworks.h"
#include "kill.h"
#include "log_level.h"
#include "maintenance.h"
#include "operations.h"
#include "operator_resources.h"
#include "quota.h"
#include "quota_request.h"
#include "roles.h"
#include "state.h"
#include "weights.h"

#include "tepui/metrics.h"
#include "tepui/record.h"

/* One call, while it is answered. */
struct asked {
	struct master *m;
	struct tp_submission *submission;
	const struct tp_master_call *call;
	struct tp_master_response *response;
	struct tp_arena *arena; /* of the response */
	struct tp_error *err;
};

/* It is answered later, by whoever has the submission now. */
enum { ANSWERED_LATER = 0 };

static int get_health(const struct asked *asked)
{
	asked->response->get_health =
		tp_record_new(&tp_master_response_get_health_desc, asked->arena);
	asked->response->get_health->has_healthy = true;
	asked->response->get_health->healthy = true;
	return 200;
}

static int get_flags(const struct asked *asked)
{
	asked->response->get_flags = flags_record(asked->m, asked->arena);
	return 200;
}

static int get_version(const struct asked *asked)
{
	struct tp_version_info *info = tp_record_new(&tp_version_info_desc, asked->arena);

	info->version = asked->m->info->version;
	asked->response->get_version =
		tp_record_new(&tp_master_response_get_version_desc, asked->arena);
	asked->response->get_version->version_info = info;
	return 200;
}

struct metrics_answer {
	struct tp_master_response_get_metrics *record;
	struct tp_arena *arena;
};

static void add_metric(void *arg, const char *name, double value)
{
	struct metrics_answer *answer = arg;
	struct tp_metric_value *metric =
		tp_record_new(&tp_metric_value_desc, answer->arena);

	metric->name = name;
	metric->has_value = true;
	metric->value = value;
	tp_arena_push(answer->arena, &answer->record->metrics, &answer->record->n_metrics,
		metric);
}

static int get_metrics(const struct asked *asked)
{
	struct metrics_answer answer = {
		tp_record_new(&tp_master_response_get_metrics_desc, asked->arena),
		asked->arena
	};

	tp_metrics_each(asked->m->instance.metrics, add_metric, &answer);
	asked->response->get_metrics = answer.record;
	return 200;
}

static int get_logging_level(const struct asked *asked)
{
	asked->response->get_logging_level =
		tp_record_new(&tp_master_response_get_logging_level_desc, asked->arena);
	asked->response->get_logging_level->has_level = true;
	asked->response->get_logging_level->level = log_level_get(asked->m);
	return 200;
}

static int set_logging_level(const struct asked *asked)
{
	int r = log_level_set(asked->m, asked->call->set_logging_level->level,
		asked->call->set_logging_level->duration->nanoseconds, asked->err);

	return r < 0 ? r : 200;
}

static int get_state(const struct asked *asked)
{
	asked->response->get_state = state_all(asked->m, asked->arena);
	return 200;
}

static int get_agents(const struct asked *asked)
{
	asked->response->get_agents = state_agents(asked->m, asked->arena);
	return 200;
}

static int get_frameworks(const struct asked *asked)
{
	asked->response->get_frameworks = state_frameworks(asked->m, asked->arena);
	return 200;
}

static int get_executors(const struct asked *asked)
{
	asked->response->get_executors = state_executors(asked->m, asked->arena);
	return 200;
}

static int get_tasks(const struct asked *asked)
{
	asked->response->get_tasks = state_tasks(asked->m, asked->arena);
	return 200;
}

static int get_operations(const struct asked *asked)
{
	asked->response->get_operations = operations_record(asked->m, asked->arena);
	return 200;
}

static int get_quota(const struct asked *asked)
{
	asked->response->get_quota = quota_record(asked->m, asked->arena);
	return 200;
}

static int get_weights(const struct asked *asked)
{
	asked->response->get_weights = weights_record(asked->m, asked->arena);
	return 200;
}

static int get_maintenance_schedule(const struct asked *asked)
{
	asked->response->get_maintenance_schedule =
		maintenance_schedule_record(asked->m, asked->arena);
	return 200;
}

static int get_maintenance_status(const struct asked *asked)
{
	asked->response->get_maintenance_status =
		maintenance_status_record(asked->m, asked->arena);
	return 200;
}

static int get_roles(const struct asked *asked)
{
	asked->response->get_roles = roles_record(asked->m, asked->arena);
	return 200;
}

static int get_master(const struct asked *asked)
{
	struct tp_master_response_get_master *record =
		tp_record_new(&tp_master_response_get_master_desc, asked->arena);

	record->master_info = asked->m->info;
	record->has_start_time_ns = true;
	record->start_time_ns = asked->m->started_ns;
	record->has_elected_time_ns = asked->m->elected_ns != 0;
	record->elected_time_ns = asked->m->elected_ns;
	asked->response->get_master = record;
	return 200;
}

static int explain_offers(const struct asked *asked)
{
	int r = explain_record(asked->m, asked->call->explain_offers, asked->arena,
		&asked->response->explain_offers, asked->err);

	if (r < 0)
		return r;
	return 200;
}

static int teardown(const struct asked *asked)
{
	const char *id = asked->call->teardown->framework_id->value;
	struct framework *f = frameworks_find(asked->m, id);

	if (f == NULL)
		return tp_fail(asked->err, EINVAL,
			"No framework found with specified ID '%s'", id);
	frameworks_remove(asked->m, f, "torn down by an operator");
	return 200;
}

static int kill_task(const struct asked *asked)
{
	int r = kill_by_operator(asked->m, asked->call->kill_task, asked->err);

	return r < 0 ? r : 200;
}

static int convert_resources(const struct asked *asked)
{
	return operator_resources(
		asked->m, asked->submission->principal, asked->call, asked->err);
}

static int mark_agent_gone(const struct asked *asked)
{
	departure_mark_gone(asked->m, asked->submission, asked->call);
	return ANSWERED_LATER;
}

static int update_quota(const struct asked *asked)
{
	quota_update(asked->m, asked->submission, asked->call);
	return ANSWERED_LATER;
}

static int set_quota(const struct asked *asked)
{
	quota_request_set(asked->m, asked->submission, asked->call);
	return ANSWERED_LATER;
}

static int remove_quota(const struct asked *asked)
{
	quota_request_remove(asked->m, asked->submission, asked->call);
	return ANSWERED_LATER;
}

static int update_weights(const struct asked *asked)
{
	weights_update(asked->m, asked->submission, asked->call);
	return ANSWERED_LATER;
}

static int change_maintenance(const struct asked *asked)
{
	maintenance_change(asked->m, asked->submission, asked->call);
	return ANSWERED_LATER;
}

/* A call that reads: its answer has the same name. */
#define GET(name, function) \
	{ \
		TP_MASTER_CALL_##name, NULL, TP_MASTER_RESPONSE_##name, function \
	}

static const struct row {
	int type;
	const char *body; /* the member that must be there; NULL = none */
	int response;     /* enum tp_master_response_type; 0 = only a status */
	/* The status, with what it put into the response; ANSWERED_LATER; a negative errno. */
	int (*answer)(const struct asked *asked);
} rows[] = {
	GET(GET_HEALTH, get_health),
	GET(GET_FLAGS, get_flags),
	GET(GET_VERSION, get_version),
	GET(GET_METRICS, get_metrics),
	GET(GET_LOGGING_LEVEL, get_logging_level),
	GET(GET_STATE, get_state),
	GET(GET_AGENTS, get_agents),
	GET(GET_FRAMEWORKS, get_frameworks),
	GET(GET_EXECUTORS, get_executors),
	GET(GET_TASKS, get_tasks),
	GET(GET_OPERATIONS, get_operations),
	GET(GET_ROLES, get_roles),
	GET(GET_MASTER, get_master),
	GET(GET_QUOTA, get_quota),
	GET(GET_WEIGHTS, get_weights),
	GET(GET_MAINTENANCE_SCHEDULE, get_maintenance_schedule),
	GET(GET_MAINTENANCE_STATUS, get_maintenance_status),
	{ TP_MASTER_CALL_EXPLAIN_OFFERS, "explain_offers",
		TP_MASTER_RESPONSE_EXPLAIN_OFFERS, explain_offers },
	{ TP_MASTER_CALL_SET_LOGGING_LEVEL, "set_logging_level", 0, set_logging_level },
	{ TP_MASTER_CALL_TEARDOWN, "teardown", 0, teardown },
	{ TP_MASTER_CALL_KILL_TASK, "kill_task", 0, kill_task },
	{ TP_MASTER_CALL_RESERVE_RESOURCES, "reserve_resources", 0, convert_resources },
	{ TP_MASTER_CALL_UNRESERVE_RESOURCES, "unreserve_resources", 0,
		convert_resources },
	{ TP_MASTER_CALL_CREATE_VOLUMES, "create_volumes", 0, convert_resources },
	{ TP_MASTER_CALL_DESTROY_VOLUMES, "destroy_volumes", 0, convert_resources },
	{ TP_MASTER_CALL_GROW_VOLUME, "grow_volume", 0, convert_resources },
	{ TP_MASTER_CALL_SHRINK_VOLUME, "shrink_volume", 0, convert_resources },
	{ TP_MASTER_CALL_MARK_AGENT_GONE, "mark_agent_gone", 0, mark_agent_gone },
	{ TP_MASTER_CALL_UPDATE_QUOTA, "update_quota", 0, update_quota },
	{ TP_MASTER_CALL_SET_QUOTA, "set_quota", 0, set_quota },
	{ TP_MASTER_CALL_REMOVE_QUOTA, "remove_quota", 0, remove_quota },
	{ TP_MASTER_CALL_UPDATE_WEIGHTS, "update_weights", 0, update_weights },
	{ TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE, "update_maintenance_schedule", 0,
		change_maintenance },
	{ TP_MASTER_CALL_START_MAINTENANCE, "start_maintenance", 0, change_maintenance },
	{ TP_MASTER_CALL_STOP_MAINTENANCE, "stop_maintenance", 0, change_maintenance },
};

static const struct row *row_of(int type)
{
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (rows[i].type == type)
			return &rows[i];
	}
	return NULL;
}

static int check(
	const struct tp_master_call *call, const struct row **ret, struct tp_error *err)
{
	int r = tp_record_check(&tp_master_call_desc, call, err);
	const struct tp_field *field;

	if (r < 0)
		return tp_wrap(err, r, "Failed to validate master::Call");
	if (!call->has_type)
		return tp_fail(err, EINVAL,
			"Failed to validate master::Call: Expecting 'type' to be "
			"present");
	*ret = row_of(call->type);
	if (*ret == NULL)
		return tp_fail(err, ENOTSUP, "this call is not supported yet");
	field = (*ret)->body == NULL ? NULL
				     : tp_desc_find(&tp_master_call_desc, (*ret)->body);
	if (field != NULL && !tp_field_present(field, call))
		return tp_fail(err, EINVAL,
			"Failed to validate master::Call: Expecting '%s' to be present",
			(*ret)->body);
	return 0;
}

void operator_call(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_master_response *response =
		tp_record_new(&tp_master_response_desc, arena);
	struct tp_error err = { 0 };
	const struct row *row = NULL;
	int r;

	if (call->has_type && call->type == TP_MASTER_CALL_SUBSCRIBE) {
		changes_subscribe(m, submission);
		return;
	}
	r = check(call, &row, &err);
	if (r >= 0) {
		r = row->answer(&(const struct asked){
			m, submission, call, response, arena, &err });
		if (r == ANSWERED_LATER)
			return;
	}
	if (r == 200 && row->response != 0) {
		response->has_type = true;
		response->type = row->response;
		submission->done(
			submission, 200, &tp_master_response_desc, response, NULL);
	} else {
		calls_done(submission, calls_status(r), &err);
	}
}
