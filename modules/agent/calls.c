/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch by API; see executor_api.c and operator.c for the calls themselves. */
#include "calls.h"

#include "executor_api.h"
#include "operator.h"

void calls_refuse(struct tp_submission *submission, int status, const char *error)
{
	submission->done(submission, status, NULL, NULL, error);
}

void calls_submit(struct agent *agent, struct tp_submission *submission)
{
	switch (submission->api) {
	case TP_API_EXECUTOR:
		executor_api_submit(agent, submission);
		return;
	case TP_API_OPERATOR:
		operator_submit(agent, submission);
		return;
	case TP_API_SCHEDULER:
		break;
	}
	calls_refuse(submission, 501, "This is an agent: schedulers talk to a master");
}

void calls_gone(struct agent *agent, struct tp_sink *sink)
{
	executor_api_gone(agent, sink);
}

static void calls_submit_op(void *impl, struct tp_submission *submission)
{
	calls_submit(impl, submission);
}

static void calls_gone_op(void *impl, struct tp_sink *sink)
{
	calls_gone(impl, sink);
}

const struct tp_calls_ops calls_ops = {
	.submit = calls_submit_op,
	.gone = calls_gone_op,
};
