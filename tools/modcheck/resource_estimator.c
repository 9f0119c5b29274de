/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every resource estimator promises: one answer to each question, later and in time, of nothing
 * but what may be taken back. How much it is, is the estimator's own matter.
 */
#include <string.h>

#include "check.h"
#include "tepui/kind/resource_estimator.h"
#include "tepui/resources.h"
#include "workload.h"

#define QUESTIONS 20

struct question {
	struct tp_resource_estimator_request request;
	struct check *check;
	bool inside, cancelled, done;
};

static const struct tp_resource_estimator_ops *ops_of(struct check *c)
{
	return c->it[0].ops;
}

static void judge_item(struct check *c, const struct tp_resource_item *item)
{
	expect(c, tp_resource_is_revocable(item, NULL), "'%s' is not marked as revocable",
		item->key->name);
	expect(c, item->allocation == NULL, "'%s' has a role in allocation_info",
		item->key->name);
}

static void on_done(struct tp_resource_estimator_request *request, int status)
{
	struct question *q = tp_container_of(request, struct question, request);
	tp_cleanup(resources) struct tp_resources all = TP_RESOURCES_INIT;
	struct check *c = q->check;
	struct tp_error err = { 0 };

	expect(c, !q->inside, "done() came from inside the call");
	expect(c, !q->cancelled, "done() came after cancel()");
	expect(c, !q->done, "done() came twice");
	q->done = true;
	if (status < 0) {
		expect(c, request->err.text[0] != '\0', "an error (%d) without a text",
			status);
		return;
	}
	if (!expect(c,
		    tp_resources_from_records(
			    &all, request->resources, request->n_resources, &err) >= 0,
		    "%s", err.text))
		return;
	for (uint32_t i = 0; i < all.n; i++)
		judge_item(c, &all.items[i]);
}

static bool begin(struct check *c, size_t i, struct workload *w)
{
	const struct tp_resource_estimator_ops *ops = c->it[i].ops;
	const struct tp_resource_estimator_user user = { w, workload_usage };
	struct tp_error err = { 0 };

	if (!expect(c, ops->open && ops->estimate && ops->cancel,
		    "open, estimate and cancel are needed"))
		return false;
	return expect(
		c, ops->open(c->it[i].impl, &user, &err) >= 0, "open: %s", err.text);
}

static void estimate(struct check *c, size_t i, struct question *q)
{
	const struct tp_resource_estimator_ops *ops = c->it[i].ops;

	*q = (struct question){ .check = c, .request.done = on_done, .inside = true };
	ops->estimate(c->it[i].impl, &q->request);
	q->inside = false;
}

/* A minute is what an agent waits. */
static bool wait_for(struct check *c, const struct question *q)
{
	for (int i = 0; i < 60 && !q->done; i++) {
		tp_loop_turn(c->loop, 20 * TP_MSEC);
		check_advance(c, TP_SEC);
	}
	return expect(c, q->done, "no answer within a minute");
}

static void take_back(struct check *c, struct question *q)
{
	if (q->done)
		return;
	ops_of(c)->cancel(c->it[0].impl, &q->request);
	q->cancelled = true;
	check_advance(c, 2 * TP_MIN);
}

static void answers(struct check *c, bool busy)
{
	struct workload w;
	struct question q = { .done = true };

	workload_begin(&w, busy);
	if (begin(c, 0, &w)) {
		estimate(c, 0, &q);
		wait_for(c, &q);
		check_advance(c, TP_HOUR);
		take_back(c, &q);
	}
	expect(c, workload_is_unchanged(&w), "it changes what it is told of executors");
	check_stop(c);
	workload_end(&w);
}

static void answers_when_idle(struct check *c)
{
	answers(c, false);
}

static void answers_when_busy(struct check *c)
{
	answers(c, true);
}

static void answers_again(struct check *c)
{
	struct workload w;
	struct question q = { .done = true };

	workload_begin(&w, true);
	if (begin(c, 0, &w)) {
		for (int i = 0; i < QUESTIONS && !c->failed; i++) {
			estimate(c, 0, &q);
			wait_for(c, &q);
			check_advance(c, 15 * TP_SEC);
		}
		take_back(c, &q);
	}
	check_stop(c);
	workload_end(&w);
}

static void can_be_taken_back(struct check *c)
{
	struct workload w;
	struct question first, second = { .done = true };

	workload_begin(&w, true);
	if (begin(c, 0, &w)) {
		estimate(c, 0, &first);
		take_back(c, &first);
		estimate(c, 0, &second);
		wait_for(c, &second);
		take_back(c, &second);
		estimate(c, 0, &second);
		take_back(c, &second); /* and then it is stopped */
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
		estimate(c, 0, &first);
		estimate(c, 1, &second);
		wait_for(c, &first);
		wait_for(c, &second);
	}
	check_stop(c);
	workload_end(&idle);
	workload_end(&busy);
}

const struct check_case resource_estimator_cases[] = {
	{ "lends of an idle agent what may be taken back", answers_when_idle, 1 },
	{ "lends of a busy agent what may be taken back", answers_when_busy, 1 },
	{ "can be asked again and again", answers_again, 1 },
	{ "forgets a question that is taken back", can_be_taken_back, 1 },
	{ "serves two agents in one process", two_agents, 2 },
	{ 0 },
};
