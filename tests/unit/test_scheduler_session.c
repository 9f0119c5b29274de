/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler driver and its session on virtual time: reconciliation, masters that are away,
 * elections. What it tells and hears is test_scheduler_driver.c's.
 */
#include "tests/unit/scheduler_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/record.h"

#define FRAMEWORK "{'user':'u','name':'n'}"
#define AWARE "{'user':'u','name':'n','capabilities':[{'type':'PARTITION_AWARE'}]}"

static struct scheduler_fixture fixture;
static struct scheduler_fixture *const f = &fixture;
static struct fake_master *const m1 = &fixture.masters[0];
static struct fake_master *const m2 = &fixture.masters[1];

static void setup(void)
{
	scheduler_fixture_start(f);
}

static void teardown(void)
{
	scheduler_fixture_stop(f);
}

static void say(const char *event)
{
	fake_master_say(m1, event);
	scheduler_fixture_advance(f, 0);
}

static const char offers[] =
	"{'type':'OFFERS','offers':{'offers':[{'id':{'value':'o1'},"
	"'framework_id':{'value':'f1'},'agent_id':{'value':'a1'},'hostname':'h1'}]}}";

/* --- reconciliation -------------------------------------------------------------------- */

#define ALL "RECONCILE{'reconcile':{}} "

static void on_reconciled(struct tp_scheduler_driver *driver, void *user)
{
	ck_assert_ptr_eq(user, f);
	ck_assert(tp_scheduler_driver_is_reconciled(driver));
	tp_strbuf_puts(&f->told, "reconciled() ");
}

static void begin_reconciliation(void)
{
	ck_assert_int_eq(tp_scheduler_driver_reconcile_all(f->driver, on_reconciled),
		TP_DRIVER_RUNNING);
	scheduler_fixture_advance(f, 0);
}

/* The question about the task that never was: which one, and that nothing else was said after it. */
static void expect_question(const char *before, char marker[64])
{
	tp_cleanup(ptr) char *heard = tp_strdup(tp_strbuf_text(&m1->heard));
	static const char question[] =
		"RECONCILE{'reconcile':{'tasks':[{'task_id':{'value':'";

	ck_assert_msg(strncmp(heard, before, strlen(before)) == 0, "%s", heard);
	ck_assert_msg(strncmp(heard + strlen(before), question, strlen(question)) == 0,
		"%s", heard);
	ck_assert_int_eq(sscanf(heard + strlen(before) + strlen(question),
				 "%63[^']'}}]}} ", marker),
		1);
	tp_strbuf_clear(&m1->heard);
}

static void answer(const char *task, const char *state)
{
	tp_cleanup(ptr) char *event = tp_asprintf(
		"{'type':'UPDATE','update':{'status':{'task_id':{'value':'%s'},"
		"'state':'%s','reason':'REASON_RECONCILIATION'}}}",
		task, state);

	say(event);
}

START_TEST(reconciliation_knows_its_end)
{
	char marker[64];

	scheduler_fixture_subscribe(f, AWARE, false, false);
	ck_assert(!tp_scheduler_driver_is_reconciled(f->driver));
	begin_reconciliation();
	expect_question(ALL, marker);
	answer("t1", "TASK_RUNNING");
	expect_told(f,
		"update(t1 TASK_RUNNING source=- reason=REASON_RECONCILIATION "
		"uuid=0 '') ");
	ck_assert(!tp_scheduler_driver_is_reconciled(f->driver));
	answer(marker, "TASK_UNKNOWN");
	expect_told(f, "reconciled() ");
	answer(marker, "TASK_UNKNOWN"); /* is over */
	scheduler_fixture_advance(f, TP_HOUR);
	expect_told(f, "");
	expect_heard(m1, "");
	/* Nothing is known any more when the session ends, and nobody is asked then. */
	fake_master_hang_up(m1);
	ck_assert(!tp_scheduler_driver_is_reconciled(f->driver));
	begin_reconciliation();
	scheduler_fixture_advance(f, TP_SEC);
	expect_told(f, "disconnected() reregistered(m1) ");
	expect_heard_parts(m1, "SUBSCRIBE");
	scheduler_fixture_advance(f, TP_HOUR);
	expect_heard(m1, "");
}
END_TEST

/* ReconciliationTest.RecoveredAgent: no answer while an agent may come back. */
START_TEST(reconciliation_waits_for_agents)
{
	char first[64], probe[64], last[64];
	int n_probes = 0;

	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	begin_reconciliation();
	expect_question(ALL, first);
	for (int64_t waited = 0; waited < 10 * 60; waited++) {
		scheduler_fixture_advance(f, TP_SEC);
		if (m1->heard.len == 0)
			continue;
		n_probes++;
		expect_question("", probe);
	}
	ck_assert_int_ge(n_probes, 20);
	ck_assert_int_le(n_probes, 30);
	expect_told(f, "");
	answer(first, "TASK_LOST"); /* says nothing of now */
	expect_heard(m1, "");
	/* The agents are there: only now the list is complete. */
	answer(probe, "TASK_LOST");
	expect_told(f, "");
	expect_question(ALL, last);
	answer("t1", "TASK_RUNNING");
	tp_strbuf_clear(&f->told);
	answer(last, "TASK_LOST");
	expect_told(f, "reconciled() ");
}
END_TEST

/* --- when the master is away ----------------------------------------------------------- */

/* FaultToleranceTest.MasterFailover. */
START_TEST(it_comes_back_with_its_id)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	for (int i = 0; i < 3; i++) {
		fake_master_hang_up(m1);
		scheduler_fixture_advance(f, TP_SEC);
		expect_told(f, "disconnected() reregistered(m1) ");
		expect_heard_parts(m1,
			"SUBSCRIBE{'framework_id':{'value':'f1'}|'id':{'value':'f1'}");
	}
}
END_TEST

static void expect_scheduler(char name[64], bool returns)
{
	const char *at = strstr(tp_strbuf_text(&m1->heard), "'scheduler':'");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "'scheduler':'%63[0-9a-f]'", name), 1);
	ck_assert_uint_eq(strlen(name), 32);
	ck_assert_int_eq(strstr(at, "'returns':true") != NULL, returns);
	tp_strbuf_clear(&m1->heard);
}

/* So that the master can tell a scheduler that comes back from one that takes over. */
START_TEST(it_says_who_it_is_and_that_it_returns)
{
	char first[64], second[64];

	scheduler_fixture_create(f, FRAMEWORK, false, false);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, 0);
	expect_scheduler(first, false);
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_SEC);
	expect_scheduler(second, true);
	ck_assert_str_eq(first, second);
	tp_scheduler_driver_destroy(f->driver);
	scheduler_fixture_create(
		f, "{'user':'u','name':'n','id':{'value':'f1'}}", false, false);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, 0);
	expect_scheduler(second, false);
	ck_assert_str_ne(first, second);
}
END_TEST

/* FaultToleranceTest.SchedulerFailover: with an id it is registered, not reregistered. */
START_TEST(another_scheduler_takes_over)
{
	scheduler_fixture_create(
		f, "{'user':'u','name':'n','id':{'value':'f1'}}", false, false);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, 0);
	expect_told(f, "registered(f1 m1 h:5060) ");
	expect_heard_parts(m1, "SUBSCRIBE{'framework_id':{'value':'f1'}");
}
END_TEST

/* FaultToleranceTest.FrameworkReliableRegistration: in haste for a minute, then more seldom. */
START_TEST(who_is_told_to_come_later_does)
{
	m1->refuses_code = EAGAIN;
	m1->refuses_text = "Master has not finished recovery";
	scheduler_fixture_create(f, FRAMEWORK, false, false);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, TP_MIN);
	ck_assert_int_ge(m1->n_subscribes, 180);
	ck_assert_int_le(m1->n_subscribes, 620);
	m1->n_subscribes = 0;
	scheduler_fixture_advance(f, TP_HOUR);
	ck_assert_int_ge(m1->n_subscribes, 60);
	ck_assert_int_le(m1->n_subscribes, 200);
	expect_told(f, "");
	m1->refuses_code = 0;
	scheduler_fixture_advance(f, TP_MIN);
	expect_told(f, "registered(f1 m1 h:5060) ");
	/* And the next time in haste again. */
	m1->refuses_code = ESHUTDOWN;
	fake_master_hang_up(m1);
	m1->n_subscribes = 0;
	scheduler_fixture_advance(f, 10 * TP_SEC);
	ck_assert_int_ge(m1->n_subscribes, 30);
	expect_told(f, "disconnected() ");
}
END_TEST

START_TEST(a_lost_subscription_is_said_again)
{
	m1->silent = true;
	scheduler_fixture_create(f, FRAMEWORK, false, false);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, 14 * TP_SEC);
	ck_assert_int_eq(m1->n_subscribes, 1);
	m1->silent = false;
	scheduler_fixture_advance(f, 2 * TP_SEC);
	expect_told(f, "registered(f1 m1 h:5060) ");
}
END_TEST

START_TEST(a_refused_subscription_is_an_error)
{
	m1->refuses_code = EPERM;
	m1->refuses_text = "not you";
	scheduler_fixture_create(f, FRAMEWORK, false, false);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, TP_HOUR);
	expect_told(f, "error(not you) ");
	ck_assert_int_eq(m1->n_subscribes, 1);
}
END_TEST

/* Away for an hour: a scheduler with time dials each minute, one in haste does not wait. */
static int64_t back_after(const char *framework)
{
	int64_t begin;

	scheduler_fixture_subscribe(f, framework, false, false);
	fake_transport_refuse(f->transport, m1->url, true);
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_HOUR);
	expect_told(f, "disconnected() ");
	fake_transport_refuse(f->transport, m1->url, false);
	begin = f->clock.now_ns;
	while (f->told.len == 0 && f->clock.now_ns - begin < TP_HOUR)
		scheduler_fixture_advance(f, TP_MSEC);
	expect_told(f, "reregistered(m1) ");
	return f->clock.now_ns - begin;
}

START_TEST(it_dials_for_ever)
{
	ck_assert_int_le(back_after(FRAMEWORK), 61 * TP_SEC);
}
END_TEST

START_TEST(a_short_failover_timeout_makes_haste)
{
	ck_assert_int_le(
		back_after("{'user':'u','name':'n','failover_timeout':40}"), 4 * TP_SEC);
}
END_TEST

/* --- by election ----------------------------------------------------------------------- */

/* HA seed case 2, FaultToleranceTest.SplitBrainMasters. */
START_TEST(without_a_leader_it_is_disconnected)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, true);
	/* The master would go on speaking. */
	fake_master_say(m1, offers);
	f->detector->changed(f->detector, NULL);
	scheduler_fixture_advance(f, TP_HOUR);
	expect_told(f, "disconnected() ");
	ck_assert_int_eq(m1->n_subscribes, 1);
	scheduler_fixture_launch(f, false);
	scheduler_fixture_advance(f, 0);
	expect_told(f,
		"update(t1 TASK_LOST source=SOURCE_MASTER "
		"reason=REASON_MASTER_DISCONNECTED uuid=0 'Master disconnected') ");
	/* Told again, the same leader or not. */
	scheduler_fixture_elect(f, m1);
	expect_told(f, "reregistered(m1) ");
	expect_heard_parts(m1, "SUBSCRIBE{'framework_id':{'value':'f1'}");
	scheduler_fixture_elect(f, NULL);
	scheduler_fixture_elect(f, NULL);
	scheduler_fixture_elect(f, m2);
	expect_told(f, "disconnected() reregistered(m2) ");
	expect_heard_parts(m2, "SUBSCRIBE{'framework_id':{'value':'f1'}");
}
END_TEST

/* MasterTest.MasterInfoOnReElection. */
START_TEST(a_new_leader_is_subscribed_to)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, true);
	scheduler_fixture_elect(f, m1);
	expect_told(f, "");
	scheduler_fixture_elect(f, m2);
	expect_told(f, "disconnected() reregistered(m2) ");
	ck_assert_int_eq(m1->n_subscribes, 1);
	ck_assert_uint_eq(m1->peer, 0);
}
END_TEST

START_TEST(the_first_leader_may_come_late)
{
	scheduler_fixture_create(f, FRAMEWORK, false, true);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, TP_HOUR);
	scheduler_fixture_elect(f, NULL);
	expect_told(f, "");
	scheduler_fixture_elect(f, m1);
	expect_told(f, "registered(f1 m1 h:5060) ");
}
END_TEST

START_TEST(stop_while_nobody_leads)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, true);
	f->stops_on_disconnected = true;
	scheduler_fixture_elect(f, NULL);
	expect_told(f, "disconnected() ");
	ck_assert_ptr_null(f->detector);
	ck_assert_int_eq(tp_scheduler_driver_join(f->driver), TP_DRIVER_STOPPED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scheduler_session");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reconciliation_knows_its_end);
	tcase_add_test(tc, reconciliation_waits_for_agents);
	tcase_add_test(tc, it_comes_back_with_its_id);
	tcase_add_test(tc, it_says_who_it_is_and_that_it_returns);
	tcase_add_test(tc, another_scheduler_takes_over);
	tcase_add_test(tc, who_is_told_to_come_later_does);
	tcase_add_test(tc, a_lost_subscription_is_said_again);
	tcase_add_test(tc, a_refused_subscription_is_an_error);
	tcase_add_test(tc, it_dials_for_ever);
	tcase_add_test(tc, a_short_failover_timeout_makes_haste);
	tcase_add_test(tc, without_a_leader_it_is_disconnected);
	tcase_add_test(tc, a_new_leader_is_subscribed_to);
	tcase_add_test(tc, the_first_leader_may_come_late);
	tcase_add_test(tc, stop_while_nobody_leads);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
