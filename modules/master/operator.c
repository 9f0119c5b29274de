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
#include "operations.h"
#include "operator_resources.h"
#include "quota.h"
#include "roles.h"
#include "state.h"
#include "weights.h"

#include "tepui/metrics.h"
#include "tepui/record.h"

/* 200 with what it put into the response, or a negative errno. */
typedef int answer_f(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena,
	struct tp_error *err);

static int get_health(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)m;
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_HEALTH;
	response->get_health = tp_record_new(&tp_master_response_get_health_desc, arena);
	response->get_health->has_healthy = true;
	response->get_health->healthy = true;
	return 200;
}

static int get_flags(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_FLAGS;
	response->get_flags = flags_record(m, arena);
	return 200;
}

static int get_version(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	struct tp_version_info *info = tp_record_new(&tp_version_info_desc, arena);

	(void)call;
	(void)err;
	info->version = m->info->version;
	response->type = TP_MASTER_RESPONSE_GET_VERSION;
	response->get_version =
		tp_record_new(&tp_master_response_get_version_desc, arena);
	response->get_version->version_info = info;
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

static int get_metrics(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	struct metrics_answer answer = {
		tp_record_new(&tp_master_response_get_metrics_desc, arena), arena
	};

	(void)call;
	(void)err;
	tp_metrics_each(m->instance.metrics, add_metric, &answer);
	response->type = TP_MASTER_RESPONSE_GET_METRICS;
	response->get_metrics = answer.record;
	return 200;
}

static int get_logging_level(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_LOGGING_LEVEL;
	response->get_logging_level =
		tp_record_new(&tp_master_response_get_logging_level_desc, arena);
	response->get_logging_level->has_level = true;
	response->get_logging_level->level = log_level_get(m);
	return 200;
}

static int set_logging_level(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	int r = log_level_set(m, call->set_logging_level->level,
		call->set_logging_level->duration->nanoseconds, err);

	(void)response;
	(void)arena;
	return r < 0 ? r : 200;
}

static int get_state(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_STATE;
	response->get_state = state_all(m, arena);
	return 200;
}

static int get_agents(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_AGENTS;
	response->get_agents = state_agents(m, arena);
	return 200;
}

static int get_frameworks(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_FRAMEWORKS;
	response->get_frameworks = state_frameworks(m, arena);
	return 200;
}

static int get_executors(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_EXECUTORS;
	response->get_executors = state_executors(m, arena);
	return 200;
}

static int get_tasks(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_TASKS;
	response->get_tasks = state_tasks(m, arena);
	return 200;
}

static int get_operations(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_OPERATIONS;
	response->get_operations = operations_record(m, arena);
	return 200;
}

static int get_quota(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_QUOTA;
	response->get_quota = quota_record(m, arena);
	return 200;
}

static int get_weights(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_WEIGHTS;
	response->get_weights = weights_record(m, arena);
	return 200;
}

static int get_roles(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	(void)call;
	(void)err;
	response->type = TP_MASTER_RESPONSE_GET_ROLES;
	response->get_roles = roles_record(m, arena);
	return 200;
}

static int get_master(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	struct tp_master_response_get_master *record =
		tp_record_new(&tp_master_response_get_master_desc, arena);

	(void)call;
	(void)err;
	record->master_info = m->info;
	record->has_start_time_ns = true;
	record->start_time_ns = m->started_ns;
	record->has_elected_time_ns = m->elected_ns != 0;
	record->elected_time_ns = m->elected_ns;
	response->type = TP_MASTER_RESPONSE_GET_MASTER;
	response->get_master = record;
	return 200;
}

static int explain_offers(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	int r = explain_record(
		m, call->explain_offers, arena, &response->explain_offers, err);

	if (r < 0)
		return r;
	response->type = TP_MASTER_RESPONSE_EXPLAIN_OFFERS;
	return 200;
}

static int teardown(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	const char *id = call->teardown->framework_id->value;
	struct framework *f = frameworks_find(m, id);

	(void)response;
	(void)arena;
	if (f == NULL)
		return tp_fail(
			err, EINVAL, "No framework found with specified ID '%s'", id);
	frameworks_remove(m, f, "torn down by an operator");
	return 200;
}

static int kill_task(struct master *m, const struct tp_master_call *call,
	struct tp_master_response *response, struct tp_arena *arena, struct tp_error *err)
{
	int r = kill_by_operator(m, call->kill_task, err);

	(void)response;
	(void)arena;
	return r < 0 ? r : 200;
}

/* 202, or a negative errno: for calls that are judged by who asks. */
typedef int act_f(struct master *m, const struct tp_principal *principal,
	const struct tp_master_call *call, struct tp_error *err);

static const struct row {
	int type;
	const char *body; /* the member that must be there; NULL = none */
	answer_f *answer;
	act_f *act; /* instead of it */
	/* Instead of that: answers the submission itself, later. */
	void (*begin)(struct master *m, struct tp_submission *submission,
		const struct tp_master_call *call);
} rows[] = {
	{ TP_MASTER_CALL_GET_HEALTH, NULL, get_health, NULL, NULL },
	{ TP_MASTER_CALL_GET_FLAGS, NULL, get_flags, NULL, NULL },
	{ TP_MASTER_CALL_GET_VERSION, NULL, get_version, NULL, NULL },
	{ TP_MASTER_CALL_GET_METRICS, NULL, get_metrics, NULL, NULL },
	{ TP_MASTER_CALL_GET_LOGGING_LEVEL, NULL, get_logging_level, NULL, NULL },
	{ TP_MASTER_CALL_SET_LOGGING_LEVEL, "set_logging_level", set_logging_level, NULL,
		NULL },
	{ TP_MASTER_CALL_GET_STATE, NULL, get_state, NULL, NULL },
	{ TP_MASTER_CALL_GET_AGENTS, NULL, get_agents, NULL, NULL },
	{ TP_MASTER_CALL_GET_FRAMEWORKS, NULL, get_frameworks, NULL, NULL },
	{ TP_MASTER_CALL_GET_EXECUTORS, NULL, get_executors, NULL, NULL },
	{ TP_MASTER_CALL_GET_TASKS, NULL, get_tasks, NULL, NULL },
	{ TP_MASTER_CALL_GET_OPERATIONS, NULL, get_operations, NULL, NULL },
	{ TP_MASTER_CALL_GET_ROLES, NULL, get_roles, NULL, NULL },
	{ TP_MASTER_CALL_GET_MASTER, NULL, get_master, NULL, NULL },
	{ TP_MASTER_CALL_GET_QUOTA, NULL, get_quota, NULL, NULL },
	{ TP_MASTER_CALL_GET_WEIGHTS, NULL, get_weights, NULL, NULL },
	{ TP_MASTER_CALL_EXPLAIN_OFFERS, "explain_offers", explain_offers, NULL, NULL },
	{ TP_MASTER_CALL_TEARDOWN, "teardown", teardown, NULL, NULL },
	{ TP_MASTER_CALL_KILL_TASK, "kill_task", kill_task, NULL, NULL },
	{ TP_MASTER_CALL_RESERVE_RESOURCES, "reserve_resources", NULL, operator_resources,
		NULL },
	{ TP_MASTER_CALL_UNRESERVE_RESOURCES, "unreserve_resources", NULL,
		operator_resources, NULL },
	{ TP_MASTER_CALL_CREATE_VOLUMES, "create_volumes", NULL, operator_resources,
		NULL },
	{ TP_MASTER_CALL_DESTROY_VOLUMES, "destroy_volumes", NULL, operator_resources,
		NULL },
	{ TP_MASTER_CALL_GROW_VOLUME, "grow_volume", NULL, operator_resources, NULL },
	{ TP_MASTER_CALL_SHRINK_VOLUME, "shrink_volume", NULL, operator_resources, NULL },
	{ TP_MASTER_CALL_MARK_AGENT_GONE, "mark_agent_gone", NULL, NULL,
		departure_mark_gone },
	{ TP_MASTER_CALL_UPDATE_QUOTA, "update_quota", NULL, NULL, quota_update },
	{ TP_MASTER_CALL_UPDATE_WEIGHTS, "update_weights", NULL, NULL, weights_update },
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
	if (r >= 0 && row->begin != NULL) {
		row->begin(m, submission, call);
		return;
	}
	if (r >= 0)
		r = row->act != NULL ? row->act(m, submission->principal, call, &err)
				     : row->answer(m, call, response, arena, &err);
	if (r == 200 && response->type != TP_MASTER_RESPONSE_UNKNOWN) {
		response->has_type = true;
		submission->done(
			submission, 200, &tp_master_response_desc, response, NULL);
	} else {
		calls_done(submission, calls_status(r), &err);
	}
}
