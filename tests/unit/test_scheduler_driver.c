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

/* --- calls ----------------------------------------------------------------------------- */

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
}

static void add_calls(TCase *tc)
{
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

static void add_sessions(TCase *tc)
{
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
	add_sessions(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
