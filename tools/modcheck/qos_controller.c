/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every QoS controller promises: an answer comes later, once, and names executors that are
 * there. It may think as long as it likes, so silence is never wrong; whether anybody has to go is
 * the controller's own matter.
 */
#include <string.h>

#include "check.h"
#include "tepui/kind/qos_controller.h"
#include "workload.h"

#define QUESTIONS 20

struct question {
	struct tp_qos_controller_request request;
	struct check *check;
	const struct workload *workload;
	bool inside, cancelled, done;
};

static void judge(struct question *q, const struct tp_qos_correction *correction)
{
	const struct tp_resource_usage_executor *executor;
	const struct tp_qos_correction_kill *kill = correction->kill;
	struct check *c = q->check;

	if (!expect(c, correction->has_type && correction->type == TP_QOS_CORRECTION_KILL,
		    "a correction that is no KILL"))
		return;
	if (!expect(c,
		    kill != NULL && kill->framework_id != NULL &&
			    kill->executor_id != NULL,
		    "a KILL that does not name framework and executor"))
		return;
	executor = workload_find(
		q->workload, kill->framework_id->value, kill->executor_id->value);
	if (!expect(c, executor != NULL, "a KILL of '%s' of '%s', which is not there",
		    kill->executor_id->value, kill->framework_id->value))
		return;
	expect(c,
		kill->container_id == NULL ||
			tp_streq(
				kill->container_id->value, executor->container_id->value),
		"a KILL of '%s' names another one's container", kill->executor_id->value);
}

static void on_done(struct tp_qos_controller_request *request, int status)
{
	struct question *q = tp_container_of(request, struct question, request);
	struct check *c = q->check;

	expect(c, !q->inside, "done() came from inside the call");
	expect(c, !q->cancelled, "done() came after cancel()");
	expect(c, !q->done, "done() came twice");
	q->done = true;
	if (status < 0)
		expect(c, request->err.text[0] != '\0', "an error (%d) without a text",
			status);
	for (size_t i = 0; status >= 0 && i < request->n_corrections; i++)
		judge(q, request->corrections[i]);
}

static bool begin(struct check *c, size_t i, struct workload *w)
{
	const struct tp_qos_controller_ops *ops = c->it[i].ops;
	const struct tp_qos_controller_user user = { w, workload_usage };
	struct tp_error err = { 0 };

	if (!expect(c, ops->open && ops->correct && ops->cancel,
		    "open, correct and cancel are needed"))
		return false;
	return expect(
		c, ops->open(c->it[i].impl, &user, &err) >= 0, "open: %s", err.text);
}

static void ask(struct check *c, size_t i, struct question *q, const struct workload *w)
{
	const struct tp_qos_controller_ops *ops = c->it[i].ops;

	*q = (struct question){
		.check = c, .workload = w, .request.done = on_done, .inside = true
	};
	ops->correct(c->it[i].impl, &q->request);
	q->inside = false;
}

static void take_back(struct check *c, size_t i, struct question *q)
{
	const struct tp_qos_controller_ops *ops = c->it[i].ops;

	if (q->done)
		return;
	ops->cancel(c->it[i].impl, &q->request);
	q->cancelled = true;
	check_advance(c, 2 * TP_MIN);
}

/* As an agent would ask, for some hours. */
static void asks(struct check *c, bool busy)
{
	struct workload w;
	struct question q = { .done = true };

	workload_begin(&w, busy);
	if (begin(c, 0, &w)) {
		for (int i = 0; i < QUESTIONS && !c->failed; i++) {
			if (q.done)
				ask(c, 0, &q, &w);
			tp_loop_turn(c->loop, 20 * TP_MSEC);
			check_advance(c, 10 * TP_MIN);
		}
		take_back(c, 0, &q);
	}
	expect(c, workload_is_unchanged(&w), "it changes what it is told of executors");
	check_stop(c);
	workload_end(&w);
}

static void asks_when_idle(struct check *c)
{
	asks(c, false);
}

static void asks_when_busy(struct check *c)
{
	asks(c, true);
}

static void can_be_taken_back(struct check *c)
{
	struct workload w;
	struct question q;

	workload_begin(&w, true);
	if (begin(c, 0, &w)) {
		for (int i = 0; i < 2; i++) {
			ask(c, 0, &q, &w);
			take_back(c, 0, &q);
		}
	}
	check_stop(c);
	workload_end(&w);
}

static void two_agents(struct check *c)
{
	struct workload idle, busy;
	struct question first, second;

	workload_begin(&idle, false);
	workload_begin(&busy, true);
	if (begin(c, 0, &idle) && begin(c, 1, &busy)) {
		ask(c, 0, &first, &idle);
		ask(c, 1, &second, &busy);
		check_advance(c, TP_HOUR);
		take_back(c, 0, &first);
		take_back(c, 1, &second);
	}
	check_stop(c);
	workload_end(&idle);
	workload_end(&busy);
}

const struct check_case qos_controller_cases[] = {
	{ "ends nobody on an idle agent", asks_when_idle, 1 },
	{ "ends only who is there", asks_when_busy, 1 },
	{ "forgets a question that is taken back", can_be_taken_back, 1 },
	{ "serves two agents in one process", two_agents, 2 },
	{ 0 },
};
