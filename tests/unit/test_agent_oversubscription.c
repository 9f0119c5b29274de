/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent lends, and who has to go: with a resource estimator and a QoS controller that are
 * played by the test. In brackets the tests of Mesos that the ones here are like.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/kind/qos_controller.h"
#include "tepui/kind/resource_estimator.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tests/unit/agent_fixture.h"

#define FAKE "  - module: fake-lender\n"
#define INTERVAL (15 * TP_SEC)
#define SCALAR(name, n) \
	"{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" n "}"
#define REVOCABLE(name, n) SCALAR(name, n) ",\"revocable\":{}}"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

/* --- the two modules ------------------------------------------------------------------- */

static struct lender {
	struct tp_resource_estimator_user estimator_user;
	struct tp_resource_estimator_request *estimate; /* under way */
	struct tp_qos_controller_user controller_user;
	struct tp_qos_controller_request *correct;
	int n_estimates, n_corrects, n_cancels;
} lender;

static int estimator_open(
	void *impl, const struct tp_resource_estimator_user *user, struct tp_error *err)
{
	(void)impl, (void)err;
	lender.estimator_user = *user;
	return 0;
}

static void estimator_estimate(void *impl, struct tp_resource_estimator_request *request)
{
	(void)impl;
	ck_assert_ptr_null(lender.estimate);
	lender.estimate = request;
	lender.n_estimates++;
}

static void estimator_cancel(void *impl, struct tp_resource_estimator_request *request)
{
	(void)impl;
	ck_assert_ptr_eq(lender.estimate, request);
	lender.estimate = NULL;
	lender.n_cancels++;
}

static int controller_open(
	void *impl, const struct tp_qos_controller_user *user, struct tp_error *err)
{
	(void)impl, (void)err;
	lender.controller_user = *user;
	return 0;
}

static void controller_correct(void *impl, struct tp_qos_controller_request *request)
{
	(void)impl;
	ck_assert_ptr_null(lender.correct);
	lender.correct = request;
	lender.n_corrects++;
}

static void controller_cancel(void *impl, struct tp_qos_controller_request *request)
{
	(void)impl;
	ck_assert_ptr_eq(lender.correct, request);
	lender.correct = NULL;
	lender.n_cancels++;
}

static const struct tp_resource_estimator_ops estimator_ops = {
	.open = estimator_open,
	.estimate = estimator_estimate,
	.cancel = estimator_cancel,
};
static const struct tp_qos_controller_ops controller_ops = {
	.open = controller_open,
	.correct = controller_correct,
	.cancel = controller_cancel,
};

static const struct tp_module lender_module = {
	TP_MODULE_HEADER,
	.name = "fake-lender",
	.version = "1",
	.summary = "An estimator and a controller that say what a test says",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("resource_estimator", TP_RESOURCE_ESTIMATOR_ABI,
				estimator_ops),
			TP_PROVIDE(
				"qos_controller", TP_QOS_CONTROLLER_ABI, controller_ops),
			{ 0 },
		},
	.instance_size = sizeof(struct tp_instance),
};

/* --- what a test does ------------------------------------------------------------------ */

static void setup(void)
{
	memset(&lender, 0, sizeof lender);
	agent_fixture_init(f);
	f->module = &lender_module;
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static void start(const char *config)
{
	tp_cleanup(ptr) char *text = tp_asprintf("%s" FAKE, config);

	agent_fixture_start(f, text);
}

/* The answer to the question that is under way: 0 and a JSON array, or an error. */
static void answer(int status, const char *json)
{
	struct tp_resource_estimator_request *request = lender.estimate;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource **records = NULL;
	struct tp_error err = { 0 };
	size_t n = 0;

	ck_assert_ptr_nonnull(request);
	if (status < 0)
		tp_fail(&request->err, -status, "the fake does not know");
	else
		ck_assert_msg(tp_resource_records_parse(
				      json, "*", arena, &records, &n, &err) >= 0,
			"%s", err.text);
	request->resources = records;
	request->n_resources = n;
	lender.estimate = NULL;
	request->done(request, status);
	agent_fixture_settle(f);
}

static void correct(struct tp_qos_correction *const *corrections, size_t n)
{
	struct tp_qos_controller_request *request = lender.correct;

	ck_assert_ptr_nonnull(request);
	request->corrections = corrections;
	request->n_corrections = n;
	lender.correct = NULL;
	request->done(request, 0);
	agent_fixture_settle(f);
}

/* Names of either may be NULL. */
static void kill_executor(
	const char *framework, const char *executor, const char *container)
{
	struct tp_framework_id f_id = { .value = framework };
	struct tp_executor_id e_id = { .value = executor };
	struct tp_container_id c_id = { .value = container };
	struct tp_qos_correction_kill kill = {
		.framework_id = framework == NULL ? NULL : &f_id,
		.executor_id = executor == NULL ? NULL : &e_id,
		.container_id = container == NULL ? NULL : &c_id,
	};
	struct tp_qos_correction correction = {
		.has_type = true, .type = TP_QOS_CORRECTION_KILL, .kill = &kill
	};
	struct tp_qos_correction *list[] = { &correction };

	correct(list, 1);
}

static size_t n_told(void)
{
	return agent_fixture_count(f, TP_MESSAGE_UPDATE_AGENT);
}

/* The newest word to the master: so much of it, and all of it may be taken back. */
static double told(const char *name)
{
	const struct tp_update_agent *body =
		agent_fixture_last(f, TP_MESSAGE_UPDATE_AGENT);
	int64_t milli = 0;

	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(body->agent_id->value, "M-S0");
	ck_assert(body->has_update_oversubscribed_resources &&
		body->update_oversubscribed_resources);
	for (size_t i = 0; i < body->n_oversubscribed_resources; i++) {
		const struct tp_resource *resource = body->oversubscribed_resources[i];

		ck_assert_ptr_nonnull(resource->revocable);
		ck_assert_ptr_null(resource->allocation_info);
		if (strcmp(resource->name, name) == 0)
			milli += resource->scalar->value_milli;
	}
	return (double)milli / 1000;
}

static double metric(const char *name)
{
	const struct tp_agent_call call = { .has_type = true,
		.type = TP_AGENT_CALL_GET_METRICS };
	int status;
	const struct tp_agent_response *response = agent_fixture_ask(f, &call, &status);

	ck_assert_ptr_nonnull(response);
	for (size_t i = 0; i < response->get_metrics->n_metrics; i++) {
		if (strcmp(response->get_metrics->metrics[i]->name, name) == 0)
			return response->get_metrics->metrics[i]->value;
	}
	ck_abort_msg("no metric %s", name);
	return 0;
}

/* --- the estimate ---------------------------------------------------------------------- */

START_TEST(without_a_module_nothing_is_lent)
{
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(n_told(), 0);
	ck_assert_int_eq(lender.n_estimates + lender.n_corrects, 0);
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 0);
}
END_TEST

/* [OversubscriptionTest.ForwardUpdateSlaveMessage] */
START_TEST(what_changes_is_told)
{
	start("");
	ck_assert_int_eq(lender.n_estimates, 1);
	answer(0, "[" REVOCABLE("cpus", "2") "," REVOCABLE("mem", "512") "]");
	ck_assert_uint_eq(n_told(), 1);
	ck_assert_double_eq(told("cpus"), 2);
	ck_assert_double_eq(told("mem"), 512);
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 2);
	ck_assert_double_eq(metric("slave/mem_revocable_total"), 512);
	ck_assert_double_eq(metric("slave/cpus_total"), 4);

	agent_fixture_advance(f, INTERVAL - 1);
	ck_assert_ptr_null(lender.estimate);
	agent_fixture_advance(f, 1);
	answer(0, "[" REVOCABLE("mem", "512") "," REVOCABLE("cpus", "2") "]");
	ck_assert_uint_eq(n_told(), 1); /* the same in another order */

	agent_fixture_advance(f, INTERVAL);
	answer(0, "[]");
	ck_assert_uint_eq(n_told(), 2);
	ck_assert_double_eq(told("cpus"), 0);
}
END_TEST

START_TEST(the_interval_is_the_operators)
{
	start("      oversubscribed_resources_interval: 2s\n");
	answer(0, "[]");
	ck_assert_uint_eq(n_told(), 0); /* which is what a master begins with */
	agent_fixture_advance(f, 2 * TP_SEC);
	answer(0, "[" REVOCABLE("cpus", "1") "]");
	ck_assert_double_eq(told("cpus"), 1);
}
END_TEST

/* [OversubscriptionTest.Reregistration] A new master, or one that was away, has forgotten it. */
START_TEST(it_is_told_after_each_registration)
{
	start("");
	answer(0, "[" REVOCABLE("cpus", "2") "]");
	ck_assert_uint_eq(n_told(), 1);
	agent_fixture_master_down(f);
	agent_fixture_advance(f, INTERVAL);
	answer(0, "[" REVOCABLE("cpus", "3") "]");
	ck_assert_uint_eq(n_told(), 1);
	agent_fixture_master_up(f);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_gt(agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER), 0);
	ck_assert_uint_eq(n_told(), 2);
	ck_assert_double_eq(told("cpus"), 3);
}
END_TEST

/* [OversubscriptionTest.FetchResourceUsage] */
START_TEST(it_may_ask_what_runs_here)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_resource_usage *usage;
	const struct tp_resource_usage_executor *executor;

	start("");
	usage = lender.estimator_user.usage(lender.estimator_user.user, arena);
	ck_assert_uint_eq(usage->n_executors, 0);
	f->revocable = true;
	agent_fixture_run(f, "t1", false);
	usage = lender.estimator_user.usage(lender.estimator_user.user, arena);
	ck_assert_uint_eq(usage->n_executors, 1);
	executor = usage->executors[0];
	ck_assert_str_eq(executor->executor_info->framework_id->value, "F");
	ck_assert_str_eq(executor->executor_info->executor_id->value, "t1");
	ck_assert_str_eq(executor->container_id->value, agent_fixture_container(f)->id);
	ck_assert_ptr_nonnull(executor->statistics);
	ck_assert_uint_eq(executor->n_tasks, 1);
	ck_assert_str_eq(executor->tasks[0]->id->value, "t1");
	/* What tepui-executor has for itself, and the task's. */
	ck_assert_uint_eq(executor->n_allocated, 3);
	ck_assert_ptr_null(executor->allocated[0]->revocable);
	ck_assert_ptr_nonnull(executor->allocated[2]->revocable);
	ck_assert_uint_gt(usage->n_total, 0);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	usage = lender.controller_user.usage(lender.controller_user.user, arena);
	ck_assert_uint_eq(usage->n_executors, 0);
}
END_TEST

START_TEST(what_is_lent_already_is_added)
{
	start("");
	answer(0, "[" REVOCABLE("cpus", "2") "]");
	f->revocable = true;
	agent_fixture_run(f, "t1", false);
	agent_fixture_advance(f, INTERVAL);
	answer(0, "[" REVOCABLE("cpus", "1") "]");
	ck_assert_uint_eq(n_told(), 1); /* one is free and one in use, as before */
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 2);
	ck_assert_double_eq(metric("slave/cpus_revocable_used"), 1);
	ck_assert_double_eq(metric("slave/cpus_revocable_percent"), 0.5);
	ck_assert_double_eq(metric("slave/cpus_used"), 0);

	agent_fixture_advance(f, INTERVAL);
	answer(0, "[]");
	ck_assert_double_eq(told("cpus"), 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	agent_fixture_advance(f, INTERVAL);
	answer(0, "[]");
	ck_assert_double_eq(told("cpus"), 0);
}
END_TEST

START_TEST(after_a_restart_the_tasks_that_are_left_are_counted)
{
	start("");
	answer(0, "[" REVOCABLE("cpus", "3") "]");
	f->revocable = true;
	agent_fixture_run(f, "t1", true);
	agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	ck_assert_int_eq(lender.n_cancels, 1); /* the controller's */
	start("");
	agent_fixture_executor_gone(&f->peers[0]);
	agent_fixture_advance(f, 5 * TP_SEC);
	ck_assert_double_eq(metric("slave/cpus_revocable_used"), 1);
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 0);
	ck_assert_uint_eq(n_told(), 0);
	answer(0, "[" REVOCABLE("cpus", "2") "]");
	ck_assert_double_eq(told("cpus"), 3);
}
END_TEST

/* --- estimators that fail -------------------------------------------------------------- */

START_TEST(one_that_fails_changes_nothing)
{
	start("");
	answer(0, "[" REVOCABLE("cpus", "2") "]");
	for (int i = 0; i < 3; i++) {
		agent_fixture_advance(f, INTERVAL);
		answer(-EIO, NULL);
	}
	ck_assert_uint_eq(n_told(), 1);
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 2);
	agent_fixture_advance(f, INTERVAL);
	answer(0, "[" REVOCABLE("cpus", "1") "]");
	ck_assert_double_eq(told("cpus"), 1);
}
END_TEST

static const char *const nonsense[] = {
	"[" REVOCABLE("cpus", "2") "," SCALAR("mem", "64") "}]",
	"[" SCALAR(
		"cpus", "2") ",\"revocable\":{},\"allocation_info\":{\"role\":\"r\"}}]",
};

START_TEST(one_that_talks_nonsense_changes_nothing)
{
	start("");
	answer(0, "[" REVOCABLE("cpus", "1") "]");
	agent_fixture_advance(f, INTERVAL);
	answer(0, nonsense[_i]);
	ck_assert_uint_eq(n_told(), 1);
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 1);
	ck_assert_double_eq(metric("slave/mem_revocable_total"), 0);
}
END_TEST

START_TEST(less_than_nothing_is_nonsense)
{
	struct tp_value_scalar less = { .has_value_milli = true, .value_milli = -1 };
	struct tp_resource_revocable_info revocable = { 0 };
	struct tp_resource cpus = { .name = "cpus",
		.has_type = true,
		.type = TP_VALUE_SCALAR,
		.scalar = &less,
		.revocable = &revocable };
	struct tp_resource *list[] = { &cpus };
	struct tp_resource_estimator_request *request;

	start("");
	request = lender.estimate;
	request->resources = list;
	request->n_resources = 1;
	lender.estimate = NULL;
	request->done(request, 0);
	agent_fixture_settle(f);
	ck_assert_uint_eq(n_told(), 0);
	ck_assert_double_eq(metric("slave/cpus_revocable_total"), 0);
}
END_TEST

START_TEST(one_that_is_silent_is_asked_again)
{
	start("");
	agent_fixture_advance(f, TP_MIN - 1);
	ck_assert_int_eq(lender.n_estimates, 1);
	agent_fixture_advance(f, 1);
	ck_assert_int_eq(lender.n_cancels, 1);
	agent_fixture_advance(f, INTERVAL);
	ck_assert_int_eq(lender.n_estimates, 2);
	answer(0, "[" REVOCABLE("cpus", "1") "]");
	ck_assert_double_eq(told("cpus"), 1);
	agent_fixture_advance(f, INTERVAL);
	agent_fixture_stop(f); /* with a question that waits */
	ck_assert_ptr_null(lender.estimate);
}
END_TEST

/* --- corrections ----------------------------------------------------------------------- */

/* [OversubscriptionTest.QoSCorrectionKill] */
START_TEST(who_has_to_go_is_ended)
{
	f->revocable = true;
	start("");
	agent_fixture_run(f, "t1", false);
	agent_fixture_executor(f, 0, "t1", true);
	kill_executor("F", "t1", agent_fixture_container(f)->id);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_GONE);
	ck_assert_int_eq(
		agent_fixture_last_status(f)->reason, TP_REASON_CONTAINER_PREEMPTED);
	ck_assert_str_eq(agent_fixture_last_status(f)->message,
		"Container preempted by QoS correction");
	ck_assert_double_eq(metric("slave/executors_preempted"), 1);
	ck_assert_double_eq(metric("slave/tasks_gone"), 1);
}
END_TEST

/* Also one that is still being started. */
START_TEST(who_has_not_begun_is_ended_too)
{
	start("");
	f->launch_held = true;
	agent_fixture_run(f, "t1", false);
	kill_executor("F", "t1", NULL);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	f->launch_held = false;
	agent_fixture_complete(f);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_int_eq(
		agent_fixture_last_status(f)->reason, TP_REASON_CONTAINER_PREEMPTED);
}
END_TEST

START_TEST(a_correction_that_cannot_be_is_skipped)
{
	struct tp_qos_correction strange = { .has_type = true, .type = 42 };
	struct tp_qos_correction *list[] = { &strange };

	start("");
	agent_fixture_run(f, "t1", false);
	correct(list, 1);
	agent_fixture_advance(f, TP_SEC);
	kill_executor(NULL, "t1", NULL);
	agent_fixture_advance(f, TP_SEC);
	kill_executor("F", NULL, NULL);
	agent_fixture_advance(f, TP_SEC);
	kill_executor("F", "t2", NULL);
	agent_fixture_advance(f, TP_SEC);
	kill_executor("G", "t1", NULL);
	agent_fixture_advance(f, TP_SEC);
	kill_executor("F", "t1", "another");
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	ck_assert_double_eq(metric("slave/executors_preempted"), 0);
}
END_TEST

START_TEST(an_answer_that_changes_nothing_is_not_asked_for_at_once)
{
	start("");
	agent_fixture_run(f, "t1", false);
	ck_assert_int_eq(lender.n_corrects, 1);
	correct(NULL, 0);
	agent_fixture_advance(f, TP_SEC - 1);
	ck_assert_int_eq(lender.n_corrects, 1);
	agent_fixture_advance(f, 1);
	kill_executor("F", "t1", NULL);
	ck_assert_int_eq(lender.n_corrects, 3); /* at once */
	kill_executor("F", "t1", NULL);         /* it is going already */
	ck_assert_int_eq(lender.n_corrects, 3);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	ck_assert_double_eq(metric("slave/executors_preempted"), 1);
}
END_TEST

/* [OversubscriptionTest.ReceiveQoSCorrection] It may wait for ever, and is not asked twice. */
START_TEST(corrections_come_when_there_are_any)
{
	start("      qos_correction_interval_min: 10s\n");
	agent_fixture_run(f, "t1", false);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_int_eq(lender.n_corrects, 1);
	kill_executor("F", "t1", NULL);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_advance(f, 10 * TP_SEC - 1);
	ck_assert_int_eq(lender.n_corrects, 1);
	agent_fixture_advance(f, 1);
	ck_assert_int_eq(lender.n_corrects, 2);
	agent_fixture_stop(f);
	ck_assert_ptr_null(lender.correct);
}
END_TEST

START_TEST(a_controller_that_fails_is_asked_again)
{
	struct tp_qos_controller_request *request;

	start("");
	request = lender.correct;
	lender.correct = NULL;
	tp_fail(&request->err, EIO, "the fake does not know");
	request->done(request, -EIO);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(lender.n_corrects, 2);
}
END_TEST

/* --- config ---------------------------------------------------------------------------- */

START_TEST(an_interval_must_be_one)
{
	struct tp_error err = { 0 };

	ck_assert_int_lt(agent_fixture_try_start(f,
				 "      oversubscribed_resources_interval: 0s\n", &err),
		0);
	ck_assert_msg(strstr(err.text,
			      "oversubscribed_resources_interval: must be more") != NULL,
		"%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_oversubscription");
	TCase *tc = tcase_create("agent_oversubscription");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, without_a_module_nothing_is_lent);
	tcase_add_test(tc, what_changes_is_told);
	tcase_add_test(tc, the_interval_is_the_operators);
	tcase_add_test(tc, it_is_told_after_each_registration);
	tcase_add_test(tc, it_may_ask_what_runs_here);
	tcase_add_test(tc, what_is_lent_already_is_added);
	tcase_add_test(tc, after_a_restart_the_tasks_that_are_left_are_counted);
	tcase_add_test(tc, one_that_fails_changes_nothing);
	tcase_add_loop_test(
		tc, one_that_talks_nonsense_changes_nothing, 0, TP_COUNT(nonsense));
	tcase_add_test(tc, less_than_nothing_is_nonsense);
	tcase_add_test(tc, one_that_is_silent_is_asked_again);
	tcase_add_test(tc, who_has_to_go_is_ended);
	tcase_add_test(tc, who_has_not_begun_is_ended_too);
	tcase_add_test(tc, a_correction_that_cannot_be_is_skipped);
	tcase_add_test(tc, an_answer_that_changes_nothing_is_not_asked_for_at_once);
	tcase_add_test(tc, corrections_come_when_there_are_any);
	tcase_add_test(tc, a_controller_that_fails_is_asked_again);
	tcase_add_test(tc, an_interval_must_be_one);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
