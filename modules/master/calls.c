/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduler and operator calls enter here. One row per scheduler call says which part of the
 * record must be there, who handles it and what is counted; unknown types are 501. The caller
 * must own the stream of the framework it speaks for. Operator calls are operator.c's.
 */
#include "calls.h"

#include <errno.h>
#include <string.h>

#include "accept.h"
#include "counters.h"
#include "frameworks.h"
#include "inverse_offers.h"
#include "kill.h"
#include "leadership.h"
#include "messages.h"
#include "operations.h"
#include "operator.h"
#include "reconcile.h"
#include "subscribe.h"
#include "updates.h"

#include "tepui/call_status.h"
#include "tepui/record.h"

static const struct row {
	int type;
	const char *body; /* the member that must be there; NULL = none */
	int (*handle)(struct master *m, struct framework *f,
		const struct tp_scheduler_call *call, struct tp_error *err);
	enum counter counter; /* COUNTERS = its handler counts */
} rows[] = {
	{ TP_SCHEDULER_CALL_TEARDOWN, NULL, frameworks_teardown,
		COUNTER_MESSAGES_UNREGISTER_FRAMEWORK },
	{ TP_SCHEDULER_CALL_ACCEPT, "accept", accept_call, COUNTERS },
	{ TP_SCHEDULER_CALL_DECLINE, "decline", accept_decline,
		COUNTER_MESSAGES_DECLINE_OFFERS },
	{ TP_SCHEDULER_CALL_ACCEPT_INVERSE_OFFERS, "accept_inverse_offers",
		inverse_offers_accept, COUNTERS },
	{ TP_SCHEDULER_CALL_DECLINE_INVERSE_OFFERS, "decline_inverse_offers",
		inverse_offers_decline, COUNTERS },
	{ TP_SCHEDULER_CALL_REVIVE, NULL, frameworks_revive,
		COUNTER_MESSAGES_REVIVE_OFFERS },
	{ TP_SCHEDULER_CALL_SUPPRESS, NULL, frameworks_suppress,
		COUNTER_MESSAGES_SUPPRESS_OFFERS },
	{ TP_SCHEDULER_CALL_KILL, "kill", kill_call, COUNTER_MESSAGES_KILL_TASK },
	{ TP_SCHEDULER_CALL_SHUTDOWN, "shutdown", messages_shutdown, COUNTERS },
	{ TP_SCHEDULER_CALL_ACKNOWLEDGE, "acknowledge", updates_acknowledge, COUNTERS },
	{ TP_SCHEDULER_CALL_RECONCILE, "reconcile", reconcile_call,
		COUNTER_MESSAGES_RECONCILE_TASKS },
	{ TP_SCHEDULER_CALL_ACKNOWLEDGE_OPERATION_STATUS, "acknowledge_operation_status",
		operations_acknowledge, COUNTERS },
	{ TP_SCHEDULER_CALL_RECONCILE_OPERATIONS, "reconcile_operations",
		operations_reconcile, COUNTER_MESSAGES_RECONCILE_OPERATIONS },
	{ TP_SCHEDULER_CALL_MESSAGE, "message", messages_call,
		COUNTER_MESSAGES_FRAMEWORK_TO_EXECUTOR },
	{ TP_SCHEDULER_CALL_REQUEST, "request", frameworks_request,
		COUNTER_MESSAGES_RESOURCE_REQUEST },
	{ TP_SCHEDULER_CALL_UPDATE_FRAMEWORK, "update_framework", subscribe_update,
		COUNTERS },
};

int calls_status(int r)
{
	if (r < 0)
		return tp_call_status(r);
	return r == 0 ? 202 : r;
}

void calls_done(struct tp_submission *submission, int status, const struct tp_error *err)
{
	submission->done(submission, status, NULL, NULL, status < 300 ? NULL : err->text);
}

static bool has_member(const struct tp_scheduler_call *call, const char *name)
{
	const struct tp_field *field = tp_desc_find(&tp_scheduler_call_desc, name);

	return field != NULL && tp_field_present(field, call);
}

/* The framework on whose behalf the call is, if the caller may speak for it. */
static int find_framework(const struct master *m, const struct tp_submission *submission,
	const struct tp_scheduler_call *call, struct framework **ret,
	struct tp_error *err)
{
	const struct tp_principal *who = submission->principal;
	struct framework *f;

	if (call->framework_id == NULL)
		return tp_fail(err, EINVAL, "Expecting 'framework_id' to be present");
	f = frameworks_find(m, call->framework_id->value);
	if (f == NULL)
		return tp_fail(err, EINVAL, "Framework cannot be found");
	if (who != NULL && who->value != NULL && f->info->principal != NULL &&
		strcmp(who->value, f->info->principal) != 0)
		return tp_fail(err, EINVAL,
			"Authenticated principal '%s' does not match principal '%s' set "
			"in "
			"'FrameworkInfo'",
			who->value, f->info->principal);
	if (!framework_connected(f))
		return tp_fail(err, EPERM, "Framework is not subscribed");
	if (submission->sink != f->sink)
		return tp_fail(err, EINVAL,
			"The stream ID of this call didn't match the stream ID of the "
			"framework's subscription");
	*ret = f;
	return 0;
}

static int handle(struct master *m, const struct tp_submission *submission,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	struct framework *f = NULL;
	int r;

	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		const struct row *row = &rows[i];

		if (row->type != call->type)
			continue;
		if (row->body != NULL && !has_member(call, row->body))
			return tp_fail(err, EINVAL,
				"Failed to validate scheduler::Call: Expecting '%s' to "
				"be "
				"present",
				row->body);
		r = find_framework(m, submission, call, &f, err);
		if (r < 0)
			return r;
		if (row->counter != COUNTERS)
			counter_add(m, row->counter, 1);
		return row->handle(m, f, call, err);
	}
	return tp_fail(err, ENOTSUP, "this call is not supported yet");
}

static void submit_scheduler(struct master *m, struct tp_submission *submission)
{
	const struct tp_scheduler_call *call = submission->call;
	struct tp_error err = { 0 };
	int r = tp_record_check(&tp_scheduler_call_desc, call, &err);

	if (r < 0)
		tp_wrap(&err, r, "Failed to validate scheduler::Call");
	else if (!call->has_type)
		r = tp_fail(&err, EINVAL,
			"Failed to validate scheduler::Call: Expecting 'type' to be "
			"present");
	else if (call->type == TP_SCHEDULER_CALL_SUBSCRIBE && call->subscribe == NULL)
		r = tp_fail(&err, EINVAL,
			"Failed to validate scheduler::Call: Expecting 'subscribe' to be "
			"present");
	else if (call->type == TP_SCHEDULER_CALL_SUBSCRIBE) {
		subscribe(m, submission, call);
		return;
	} else {
		r = handle(m, submission, call, &err);
	}
	if (r < 0)
		tp_debug(m, "refusing a scheduler call", "type=%d why=%s", call->type,
			err.text);
	calls_done(submission, calls_status(r), &err);
}

void calls_submit(struct master *m, struct tp_submission *submission)
{
	struct tp_error err = { 0 };

	if (leadership_check(m, &err) >= 0 && (!m->recovered || m->stopping))
		tp_fail(&err, EAGAIN, "Master has not finished recovery");
	if (err.code != 0)
		calls_done(submission, 503, &err);
	else if (submission->api == TP_API_SCHEDULER)
		submit_scheduler(m, submission);
	else if (submission->api == TP_API_OPERATOR)
		operator_call(m, submission, submission->call);
	else
		calls_done(submission, 501, &err);
}

void calls_gone(struct master *m, struct tp_sink *sink)
{
	struct sink_owner *owner = sink->subject;

	(void)m;
	sink->subject = NULL;
	if (owner != NULL)
		owner->gone(owner);
}

static void submit(void *impl, struct tp_submission *submission)
{
	calls_submit(impl, submission);
}

static void gone(void *impl, struct tp_sink *sink)
{
	calls_gone(impl, sink);
}

const struct tp_calls_ops calls_ops = {
	.submit = submit,
	.gone = gone,
};
