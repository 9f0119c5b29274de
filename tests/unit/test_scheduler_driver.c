/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler driver on virtual time: what the framework is told and when, what the master
 * hears, and the long waits between. The thread and nng are test_scheduler.c's.
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
static const char update[] =
	"{'type':'UPDATE','update':{'status':{'task_id':{'value':'t1'},"
	"'state':'TASK_RUNNING','source':'SOURCE_EXECUTOR','agent_id':{'value':'a1'},"
	"'uuid':'MDEyMzQ1Njc4OWFiY2RlZg=='}}}";

/* --- what the framework is told -------------------------------------------------------- */

/* MasterTest.MasterInfo, FrameworkMessage, and the callbacks of many others. */
START_TEST(every_callback_has_its_data)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	say(offers);
	expect_told(f, "offer(o1 a1 h1) ");
	say("{'type':'RESCIND','rescind':{'offer_id':{'value':'o1'}}}");
	expect_told(f, "rescinded(o1) ");
	say("{'type':'INVERSE_OFFERS','inverse_offers':{'inverse_offers':[{"
	    "'id':{'value':'i1'},'framework_id':{'value':'f1'},"
	    "'unavailability':{'start':{'nanoseconds':1}}}]}}");
	expect_told(f, "inverse_offer(i1) ");
	say("{'type':'RESCIND_INVERSE_OFFER','rescind_inverse_offer':{"
	    "'inverse_offer_id':{'value':'i1'}}}");
	expect_told(f, "inverse_rescinded(i1) ");
	say(update);
	expect_told(f,
		"update(t1 TASK_RUNNING source=SOURCE_EXECUTOR reason=- uuid=16 "
		"'') ");
	say("{'type':'UPDATE_OPERATION_STATUS','update_operation_status':{'status':{"
	    "'state':'OPERATION_FINISHED'}}}");
	expect_told(f, "operation(2) ");
	say("{'type':'MESSAGE','message':{'agent_id':{'value':'a1'},"
	    "'executor_id':{'value':'e1'},'data':'aGk='}}");
	expect_told(f, "message(e1 a1 'hi') ");
	say("{'type':'FAILURE','failure':{'agent_id':{'value':'a1'}}}");
	expect_told(f, "agent_lost(a1) ");
	say("{'type':'FAILURE','failure':{'agent_id':{'value':'a1'},"
	    "'executor_id':{'value':'e1'},'status':256}}");
	expect_told(f, "executor_lost(e1 a1 256) ");
	say("{'type':'HEARTBEAT'}");
	expect_told(f, "");
	fake_master_hang_up(m1);
	expect_told(f, "disconnected() ");
	scheduler_fixture_advance(f, TP_SEC);
	expect_told(f, "reregistered(m1) ");
	say("{'type':'ERROR','error':{'message':'enough'}}");
	expect_told(f, "error(enough) ");
}
END_TEST

START_TEST(callbacks_may_be_missing)
{
	static const struct tp_scheduler none;
	const struct tp_scheduler_place place = { .loop = f->loop,
		.transport = *fake_transport_get(f->transport) };
	struct tp_framework_info info = { .name = "n" };
	const struct tp_scheduler_options options = {
		.scheduler = &none, .framework = &info, .master = m1->url
	};

	ck_assert_int_eq(
		tp_scheduler_driver_create_at(&options, &place, &f->driver, NULL), 0);
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, 0);
	say(offers);
	say(update);
	say("{'type':'RESCIND','rescind':{'offer_id':{'value':'o1'}}}");
	say("{'type':'FAILURE','failure':{'agent_id':{'value':'a1'}}}");
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(m1->n_subscribes, 2);
	say("{'type':'ERROR','error':{'message':'enough'}}");
	ck_assert_int_eq(tp_scheduler_driver_join(f->driver), TP_DRIVER_ABORTED);
}
END_TEST

START_TEST(nothing_is_heard_before_the_subscription)
{
	scheduler_fixture_create(f, FRAMEWORK, false, false);
	m1->silent = true;
	tp_scheduler_driver_start(f->driver);
	scheduler_fixture_advance(f, 0);
	ck_assert_int_eq(m1->n_subscribes, 1);
	say(offers);
	say(update);
	expect_told(f, "");
}
END_TEST

/* ExceptionTest.DisallowSchedulerCallbacksOnAbort. */
START_TEST(nothing_follows_an_abort)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	f->aborts_on_offers = true;
	fake_master_say(m1, offers);
	fake_master_say(m1, update);
	scheduler_fixture_advance(f, TP_HOUR);
	expect_told(f, "offer(o1 a1 h1) ");
	expect_heard(m1, "");
	ck_assert_uint_eq(m1->peer, 0);
	ck_assert_int_eq(tp_scheduler_driver_stop(f->driver, false), TP_DRIVER_ABORTED);
	scheduler_fixture_advance(f, TP_HOUR);
	expect_heard(m1, "");
}
END_TEST

START_TEST(what_a_callback_asks_for_comes_after_it)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	f->declines_on_offers = true;
	fake_master_say(m1, offers);
	fake_master_say(m1, update);
	scheduler_fixture_advance(f, 0);
	expect_told(f,
		"offer(o1 a1 h1) "
		"update(t1 TASK_RUNNING source=SOURCE_EXECUTOR reason=- uuid=16 "
		"'') ");
	expect_heard_parts(m1,
		"DECLINE{'decline':{'offer_ids':[{'value':'o1'}]}} "
		"|ACKNOWLEDGE");
}
END_TEST

/* --- acknowledgements ------------------------------------------------------------------ */

#define ACKNOWLEDGED \
	"ACKNOWLEDGE{'acknowledge':{'agent_id':{'value':'a1'}," \
	"'task_id':{'value':'t1'},'uuid':'MDEyMzQ1Njc4OWFiY2RlZg=='}} "

START_TEST(updates_are_acknowledged_when_the_callback_returns)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	say(update);
	expect_heard(m1, ACKNOWLEDGED);
	/* The same again, as after a lost acknowledgement. */
	say(update);
	expect_heard(m1, ACKNOWLEDGED);
	say("{'type':'UPDATE','update':{'status':{'task_id':{'value':'t1'},"
	    "'state':'TASK_LOST','agent_id':{'value':'a1'}}}}");
	expect_heard(m1, "");
}
END_TEST

/* MesosSchedulerDriverTest.ExplicitAcknowledgements. */
START_TEST(explicit_acknowledgements_are_the_frameworks)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, true, false);
	say(update);
	expect_heard(m1, "");
	f->acknowledges = true;
	say(update);
	expect_heard(m1, ACKNOWLEDGED);
	f->acknowledges = false;
}
END_TEST

START_TEST(acknowledging_twice_is_an_error_not_a_crash)
{
	struct tp_task_id task_id = { .value = "t1" };
	struct tp_agent_id agent_id = { .value = "a1" };
	struct tp_task_status status = { .task_id = &task_id,
		.agent_id = &agent_id,
		.uuid = { (const uint8_t *)"0123456789abcdef", 16 } };

	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	ck_assert_int_eq(
		tp_scheduler_driver_acknowledge(f->driver, &status), TP_DRIVER_RUNNING);
	ck_assert_str_eq(tp_scheduler_driver_refusal(f->driver),
		"this driver acknowledges updates itself: ask for "
		"explicit_acknowledgements");
	scheduler_fixture_advance(f, 0);
	expect_heard(m1, "");
	expect_told(f, "");
}
END_TEST

static const char operation_update[] =
	"{'type':'UPDATE_OPERATION_STATUS','update_operation_status':{'status':{"
	"'operation_id':{'value':'op1'},'state':'OPERATION_FINISHED',"
	"'agent_id':{'value':'a1'},'uuid':{'value':'MDEyMzQ1Njc4OWFiY2RlZg=='}}}}";

#define OPERATION_ACKNOWLEDGED \
	"ACKNOWLEDGE_OPERATION_STATUS{'acknowledge_operation_status':{" \
	"'agent_id':{'value':'a1'},'uuid':'MDEyMzQ1Njc4OWFiY2RlZg=='," \
	"'operation_id':{'value':'op1'}}} "

START_TEST(operations_are_acknowledged_as_tasks_are)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	say(operation_update);
	expect_told(f, "operation(2) ");
	expect_heard(m1, OPERATION_ACKNOWLEDGED);
	say("{'type':'UPDATE_OPERATION_STATUS','update_operation_status':{'status':{"
	    "'operation_id':{'value':'op1'},'state':'OPERATION_FINISHED'}}}");
	expect_heard(m1, "");
}
END_TEST

START_TEST(operations_are_acknowledged_explicitly)
{
	struct tp_operation_id id = { .value = "op1" };
	struct tp_agent_id agent_id = { .value = "a1" };
	struct tp_uuid uuid = { .value = { (const uint8_t *)"0123456789abcdef", 16 } };
	const struct tp_operation_status status = {
		.operation_id = &id, .agent_id = &agent_id, .uuid = &uuid
	};

	scheduler_fixture_subscribe(f, FRAMEWORK, true, false);
	say(operation_update);
	expect_heard(m1, "");
	ck_assert_int_eq(tp_scheduler_driver_acknowledge_operation(f->driver, &status),
		TP_DRIVER_RUNNING);
	scheduler_fixture_advance(f, 0);
	expect_heard(m1, OPERATION_ACKNOWLEDGED);
	f->told.len = 0;
}
END_TEST

START_TEST(operations_are_reconciled)
{
	struct tp_operation_id id = { .value = "op1" };
	struct tp_scheduler_call_reconcile_operations_operation one = { .operation_id =
										&id };
	struct tp_scheduler_call_reconcile_operations_operation *list[] = { &one, NULL };

	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	tp_scheduler_driver_reconcile_operations(f->driver, list, 1);
	tp_scheduler_driver_reconcile_operations(f->driver, NULL, 0);
	tp_scheduler_driver_reconcile_operations(f->driver, list, 2);
	ck_assert_str_eq(tp_scheduler_driver_refusal(f->driver),
		"a list in the arguments has a NULL in it");
	scheduler_fixture_advance(f, 0);
	expect_heard(m1,
		"RECONCILE_OPERATIONS{'reconcile_operations':{'operations':[{"
		"'operation_id':{'value':'op1'}}]}} "
		"RECONCILE_OPERATIONS{'reconcile_operations':{}} ");
}
END_TEST

/* --- calls ----------------------------------------------------------------------------- */

START_TEST(inverse_offers_are_answered)
{
	struct tp_offer_id id = { .value = "i1" }, other = { .value = "i2" };
	struct tp_offer_id *const ids[] = { &id, &other };
	struct tp_filters filters = { .has_refuse_ns = true, .refuse_ns = 60 * TP_SEC };

	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	tp_scheduler_driver_accept_inverse_offers(f->driver, ids, 2, NULL);
	scheduler_fixture_advance(f, 0);
	expect_heard(m1,
		"ACCEPT_INVERSE_OFFERS{'accept_inverse_offers':{"
		"'inverse_offer_ids':[{'value':'i1'},{'value':'i2'}]}} ");
	tp_scheduler_driver_decline_inverse_offers(f->driver, ids, 1, &filters);
	scheduler_fixture_advance(f, 0);
	expect_heard(m1,
		"DECLINE_INVERSE_OFFERS{'decline_inverse_offers':{"
		"'inverse_offer_ids':[{'value':'i1'}],"
		"'filters':{'refuse_seconds':60.0}}} ");
}
END_TEST

START_TEST(incomplete_calls_are_refused_with_their_place)
{
	struct tp_offer_id id = { .value = "o1" }, *ids[] = { &id, NULL };
	struct tp_task_info task = { .name = "n" }, *tasks[] = { &task };
	struct tp_scheduler_driver *driver;

	scheduler_fixture_subscribe(f, FRAMEWORK, true, false);
	driver = f->driver;
	ck_assert_int_eq(tp_scheduler_driver_launch_tasks(driver, ids, 1, tasks, 1, NULL),
		TP_DRIVER_RUNNING);
	ck_assert_str_eq(tp_scheduler_driver_refusal(driver),
		"accept.operations[0].launch.task_infos[0]: Expecting 'task_id' to be "
		"present");
	tp_scheduler_driver_launch_tasks(driver, ids, 2, NULL, 0, NULL);
	ck_assert_str_eq(tp_scheduler_driver_refusal(driver),
		"a list in the arguments has a NULL in it");
	tp_scheduler_driver_kill_task(driver, NULL, NULL, NULL);
	ck_assert_str_eq(tp_scheduler_driver_refusal(driver),
		"kill: Expecting 'task_id' to be present");
	tp_scheduler_driver_launch_tasks(driver, ids, 1, NULL, 0, NULL);
	ck_assert_str_eq(tp_scheduler_driver_refusal(driver), "");
	scheduler_fixture_advance(f, 0);
	expect_heard(m1, "ACCEPT{'accept':{'offer_ids':[{'value':'o1'}]}} ");
	expect_told(f, "");
}
END_TEST

START_TEST(calls_in_a_wrong_state_do_nothing)
{
	struct tp_task_id id = { .value = "t1" };

	scheduler_fixture_create(f, FRAMEWORK, false, false);
	ck_assert_int_eq(tp_scheduler_driver_kill_task(f->driver, &id, NULL, NULL),
		TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(scheduler_fixture_launch(f, false), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(
		tp_scheduler_driver_stop(f->driver, false), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(tp_scheduler_driver_abort(f->driver), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(tp_scheduler_driver_join(f->driver), TP_DRIVER_NOT_STARTED);
	scheduler_fixture_advance(f, TP_MIN);
	ck_assert_int_eq(m1->n_subscribes, 0);
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_RUNNING);
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_RUNNING);
	ck_assert_int_eq(tp_scheduler_driver_stop(f->driver, true), TP_DRIVER_STOPPED);
	ck_assert_int_eq(tp_scheduler_driver_abort(f->driver), TP_DRIVER_STOPPED);
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_STOPPED);
	ck_assert_int_eq(scheduler_fixture_launch(f, false), TP_DRIVER_STOPPED);
	scheduler_fixture_advance(f, TP_MIN);
	expect_told(f, "");
	ck_assert_int_eq(m1->n_subscribes, 0);
}
END_TEST

/* FaultToleranceTest.DisconnectedSchedulerLaunchLost and LaunchDropped. */
static void launch_disconnected(const char *framework, const char *state)
{
	tp_cleanup(strbuf) struct tp_strbuf told = TP_STRBUF_INIT;

	scheduler_fixture_subscribe(f, framework, false, false);
	fake_transport_refuse(f->transport, m1->url, true);
	fake_master_hang_up(m1);
	expect_told(f, "disconnected() ");
	ck_assert_int_eq(scheduler_fixture_launch(f, true), TP_DRIVER_RUNNING);
	expect_told(f, "");
	scheduler_fixture_advance(f, 0);
	for (int i = 1; i <= 3; i++)
		tp_strbuf_printf(&told,
			"update(t%d %s source=SOURCE_MASTER "
			"reason=REASON_MASTER_DISCONNECTED uuid=0 'Master "
			"disconnected') ",
			i, state);
	expect_told(f, tp_strbuf_text(&told));
	fake_transport_refuse(f->transport, m1->url, false);
	scheduler_fixture_advance(f, TP_SEC);
	expect_told(f, "reregistered(m1) ");
	expect_heard_parts(m1, "SUBSCRIBE");
}

START_TEST(a_launch_without_master_is_lost)
{
	launch_disconnected(FRAMEWORK, "TASK_LOST");
}
END_TEST

START_TEST(a_launch_without_master_is_dropped)
{
	launch_disconnected(AWARE, "TASK_DROPPED");
}
END_TEST

/* MesosSchedulerDriverTest.SuppressSingleRole; and the next master must know it, too. */
START_TEST(suppressed_roles_are_told_again)
{
	const char *const roles[] = { "r2" };

	scheduler_fixture_subscribe(f,
		"{'user':'u','name':'n','roles':['r1','r2'],"
		"'capabilities':[{'type':'MULTI_ROLE'}]}",
		false, false);
	tp_scheduler_driver_suppress_offers(f->driver, roles, 1);
	scheduler_fixture_advance(f, 0);
	expect_heard(m1, "SUPPRESS{'suppress':{'roles':['r2']}} ");
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_SEC);
	expect_heard_parts(m1, "'suppressed_roles':['r2']");
	fake_master_hang_up(m1);
	/* Said to nobody, and yet not lost. */
	tp_scheduler_driver_suppress_offers(f->driver, NULL, 0);
	scheduler_fixture_advance(f, TP_SEC);
	expect_heard_parts(m1, "'suppressed_roles':['r2','r1']");
	tp_scheduler_driver_revive_offers(f->driver, roles, 1);
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_SEC);
	expect_heard_parts(m1, "'suppressed_roles':['r1']");
	tp_scheduler_driver_revive_offers(f->driver, NULL, 0);
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_SEC);
	ck_assert_ptr_null(strstr(tp_strbuf_text(&m1->heard), "suppressed_roles"));
}
END_TEST

static void update_framework(const char *name)
{
	struct tp_framework_info info = { .name = name };

	ck_assert_int_eq(tp_scheduler_driver_update_framework(f->driver, &info, NULL, 0),
		TP_DRIVER_RUNNING);
	ck_assert_str_eq(tp_scheduler_driver_refusal(f->driver), "");
	scheduler_fixture_advance(f, 0);
}

START_TEST(an_updated_framework_stays_so)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	update_framework("new name");
	expect_heard_parts(m1, "UPDATE_FRAMEWORK|'name':'new name'|'id':{'value':'f1'}");
	fake_master_hang_up(m1);
	update_framework("newest name");
	scheduler_fixture_advance(f, TP_SEC);
	expect_heard_parts(m1, "SUBSCRIBE|'name':'newest name'|'id':{'value':'f1'}");
	expect_told(f, "disconnected() reregistered(m1) ");
	m1->refuses_update = true;
	update_framework("bad name");
	expect_told(f, "error(the user cannot change) ");
}
END_TEST

/* --- stop ------------------------------------------------------------------------------ */

START_TEST(stop_ends_the_framework)
{
	struct tp_task_id id = { .value = "t1" };

	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	tp_scheduler_driver_kill_task(f->driver, &id, NULL, NULL);
	ck_assert_int_eq(tp_scheduler_driver_stop(f->driver, false), TP_DRIVER_STOPPED);
	fake_master_say(m1, offers);
	scheduler_fixture_advance(f, 0);
	/* What was asked for before it is not lost, and nothing is told after it. */
	expect_heard(m1, "KILL{'kill':{'task_id':{'value':'t1'}}} TEARDOWN{} ");
	expect_told(f, "");
	ck_assert_uint_eq(m1->peer, 0);
}
END_TEST

START_TEST(stop_does_not_wait_for_ever)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	m1->silent = true;
	tp_scheduler_driver_stop(f->driver, false);
	scheduler_fixture_advance(f, TP_SEC);
	expect_heard(m1, "TEARDOWN{} ");
	ck_assert_uint_ne(m1->peer, 0);
	scheduler_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(m1->peer, 0);
}
END_TEST

START_TEST(stop_for_failover_ends_the_driver_only)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	tp_scheduler_driver_stop(f->driver, true);
	scheduler_fixture_advance(f, TP_MIN);
	expect_heard(m1, "");
	ck_assert_uint_eq(m1->peer, 0);
	ck_assert_int_eq(m1->n_subscribes, 1);
}
END_TEST

START_TEST(stop_from_a_callback)
{
	scheduler_fixture_subscribe(f, FRAMEWORK, false, false);
	f->stops_on_disconnected = true;
	fake_master_hang_up(m1);
	scheduler_fixture_advance(f, TP_HOUR);
	expect_told(f, "disconnected() ");
	ck_assert_int_eq(m1->n_subscribes, 1);
}
END_TEST

/* --- all of it ------------------------------------------------------------------------- */

static void add_told(TCase *tc)
{
	tcase_add_test(tc, every_callback_has_its_data);
	tcase_add_test(tc, callbacks_may_be_missing);
	tcase_add_test(tc, nothing_is_heard_before_the_subscription);
	tcase_add_test(tc, nothing_follows_an_abort);
	tcase_add_test(tc, what_a_callback_asks_for_comes_after_it);
	tcase_add_test(tc, updates_are_acknowledged_when_the_callback_returns);
	tcase_add_test(tc, explicit_acknowledgements_are_the_frameworks);
	tcase_add_test(tc, acknowledging_twice_is_an_error_not_a_crash);
	tcase_add_test(tc, operations_are_acknowledged_as_tasks_are);
	tcase_add_test(tc, operations_are_acknowledged_explicitly);
	tcase_add_test(tc, operations_are_reconciled);
}

static void add_calls(TCase *tc)
{
	tcase_add_test(tc, inverse_offers_are_answered);
	tcase_add_test(tc, incomplete_calls_are_refused_with_their_place);
	tcase_add_test(tc, calls_in_a_wrong_state_do_nothing);
	tcase_add_test(tc, a_launch_without_master_is_lost);
	tcase_add_test(tc, a_launch_without_master_is_dropped);
	tcase_add_test(tc, suppressed_roles_are_told_again);
	tcase_add_test(tc, an_updated_framework_stays_so);
	tcase_add_test(tc, stop_ends_the_framework);
	tcase_add_test(tc, stop_does_not_wait_for_ever);
	tcase_add_test(tc, stop_for_failover_ends_the_driver_only);
	tcase_add_test(tc, stop_from_a_callback);
}

int main(void)
{
	Suite *suite = suite_create("scheduler_driver");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	add_told(tc);
	add_calls(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
