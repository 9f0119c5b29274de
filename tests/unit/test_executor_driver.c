/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor driver on virtual time, before an agent that does what the test says. What the
 * executor is told stands in `told`, what the agent heard in `heard`. A real executor in its
 * process is test_executor.c's.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sdk/executor_place.h"
#include "tepui/codec.h"
#include "tepui/net.h"
#include "tepui/strbuf.h"
#include "tests/lib/clock.h"
#include "tests/lib/fake_transport.h"

#define URL "unix:///agent"
#define UPDATES_MAX 8

static struct {
	struct test_clock clock;
	struct tp_loop *loop;
	struct fake_transport *transport;
	/* the executor */
	struct tp_executor callbacks;
	struct tp_executor_driver *driver;
	struct tp_strbuf told;
	bool in_callback;
	bool stops_on_shutdown; /* with a minute for the last updates */
	bool reports_on_launch; /* TASK_RUNNING */
	unsigned n_kills;
	/* the agent */
	struct tp_instance instance;
	struct tp_server *server;
	uint64_t peer; /* 0 = nobody */
	struct tp_strbuf heard;
	unsigned n_subscribes;
	int refuses_code; /* SUBSCRIBE; 0 = accepts */
	bool denies;      /* the session itself */
	uint8_t uuids[UPDATES_MAX][16];
	unsigned n_updates;
} test;

/* --- the executor ---------------------------------------------------------------------- */

/* Every callback enters and leaves: none may come inside of another. */
static void enter(struct tp_executor_driver *driver, const char *what, const char *more)
{
	ck_assert_ptr_eq(driver, test.driver);
	ck_assert(!test.in_callback);
	test.in_callback = true;
	tp_strbuf_printf(&test.told, "%s(%s) ", what, more);
}

static void leave(void)
{
	test.in_callback = false;
}

static void report(const char *task_id, enum tp_task_state state)
{
	struct tp_task_id id = { .value = task_id };
	const struct tp_task_status status = {
		.task_id = &id, .has_state = true, .state = (int)state
	};

	ck_assert_int_eq(tp_executor_driver_send_status_update(test.driver, &status),
		TP_DRIVER_RUNNING);
}

static void on_registered(struct tp_executor_driver *driver, void *user,
	const struct tp_executor_info *executor,
	const struct tp_framework_info *framework, const struct tp_agent_info *agent)
{
	char text[64];

	ck_assert_ptr_eq(user, &test);
	snprintf(text, sizeof text, "%s %s %s", executor->executor_id->value,
		framework->name, agent->hostname);
	enter(driver, "registered", text);
	leave();
}

static void on_reregistered(
	struct tp_executor_driver *driver, void *user, const struct tp_agent_info *agent)
{
	(void)user;
	enter(driver, "reregistered", agent->hostname);
	leave();
}

static void on_disconnected(struct tp_executor_driver *driver, void *user)
{
	(void)user;
	enter(driver, "disconnected", "");
	leave();
}

static void on_launch_task(
	struct tp_executor_driver *driver, void *user, const struct tp_task_info *task)
{
	(void)user;
	enter(driver, "launch", task->task_id->value);
	if (test.reports_on_launch)
		report(task->task_id->value, TP_TASK_RUNNING);
	leave();
}

static void on_launch_group(struct tp_executor_driver *driver, void *user,
	const struct tp_task_group_info *group)
{
	(void)user;
	enter(driver, "group", group->tasks[group->n_tasks - 1]->task_id->value);
	leave();
}

static void on_kill_task(struct tp_executor_driver *driver, void *user,
	const struct tp_task_id *task_id, const struct tp_kill_policy *policy)
{
	char text[64];

	(void)user;
	snprintf(text, sizeof text, "%s %lld", task_id->value,
		policy == NULL ? -1LL : (long long)policy->grace_period->nanoseconds);
	enter(driver, "kill", text);
	leave();
}

static void on_message(
	struct tp_executor_driver *driver, void *user, const void *data, size_t len)
{
	char text[16];

	(void)user;
	snprintf(text, sizeof text, "%.*s", (int)len, (const char *)data);
	enter(driver, "message", text);
	leave();
}

static void on_shutdown(struct tp_executor_driver *driver, void *user)
{
	(void)user;
	enter(driver, "shutdown", "");
	leave();
	if (test.stops_on_shutdown)
		tp_executor_driver_stop(driver, TP_MIN);
}

static void on_error(struct tp_executor_driver *driver, void *user, const char *message)
{
	(void)user;
	ck_assert_int_eq(tp_executor_driver_abort(driver), TP_DRIVER_ABORTED);
	ck_assert_int_eq(tp_executor_driver_join(driver), TP_DRIVER_ABORTED);
	enter(driver, "error", message);
	leave();
}

static void on_kill(void *user)
{
	ck_assert_ptr_eq(user, &test);
	test.n_kills++;
}

/* --- the agent ------------------------------------------------------------------------- */

static void advance(int64_t ns)
{
	test_clock_advance(&test.clock, test.loop, ns);
}

/* An event as JSON with ' for "; without waiting. */
static void say_now(const char *json)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(ptr) char *text = tp_strdup(json);
	struct tp_error err = { 0 };
	void *event;

	for (char *at = text; *at != '\0'; at++) {
		if (*at == '\'')
			*at = '"';
	}
	ck_assert_msg(tp_json_decode(&tp_executor_event_desc, text, strlen(text), arena,
			      &event, &err) >= 0,
		"%s", err.text);
	ck_assert_int_eq(tp_server_send(test.server, test.peer, TP_MESSAGE_EXECUTOR_EVENT,
				 &tp_executor_event_desc, event),
		0);
}

static void say(const char *json)
{
	say_now(json);
	advance(0);
}

static void launch(const char *id)
{
	tp_cleanup(ptr) char *event =
		tp_asprintf("{'type':'LAUNCH','launch':{'task':{'name':'n',"
			    "'task_id':{'value':'%s'},'agent_id':{'value':'a'}}}}",
			id);

	say_now(event);
}

static void acknowledge(const char *task_id, unsigned update)
{
	struct tp_task_id id = { .value = task_id };
	struct tp_executor_event_acknowledged acknowledged = { .task_id = &id,
		.uuid = { test.uuids[update], 16 } };
	const struct tp_executor_event event = { .has_type = true,
		.type = TP_EXECUTOR_EVENT_ACKNOWLEDGED,
		.acknowledged = &acknowledged };

	ck_assert_int_eq(tp_server_send(test.server, test.peer, TP_MESSAGE_EXECUTOR_EVENT,
				 &tp_executor_event_desc, &event),
		0);
	advance(0);
}

static void hear_update(const struct tp_task_status *status)
{
	ck_assert_uint_eq(status->uuid.len, 16);
	ck_assert_int_eq(status->source, TP_SOURCE_EXECUTOR);
	ck_assert_str_eq(status->executor_id->value, "e");
	ck_assert_str_eq(status->agent_id->value, "a");
	ck_assert_int_eq(status->timestamp_ns, test.clock.wall_ns);
	ck_assert_uint_lt(test.n_updates, UPDATES_MAX);
	memcpy(test.uuids[test.n_updates++], status->uuid.data, 16);
	tp_strbuf_printf(&test.heard, "update(%s %s) ", status->task_id->value,
		tp_enum_name(&tp_task_state_enum, status->state));
}

static void hear_subscribe(const struct tp_message *message,
	const struct tp_executor_call_subscribe *subscribe)
{
	test.peer = message->peer;
	test.n_subscribes++;
	tp_strbuf_puts(&test.heard, "subscribe(");
	for (size_t i = 0; i < subscribe->n_unacknowledged_tasks; i++)
		tp_strbuf_printf(&test.heard, "task %s ",
			subscribe->unacknowledged_tasks[i]->task_id->value);
	for (size_t i = 0; i < subscribe->n_unacknowledged_updates; i++) {
		const struct tp_task_status *status =
			subscribe->unacknowledged_updates[i]->status;

		tp_strbuf_printf(&test.heard, "%s %s ", status->task_id->value,
			tp_enum_name(&tp_task_state_enum, status->state));
	}
	tp_strbuf_puts(&test.heard, ") ");
	if (test.refuses_code != 0) {
		tp_server_reply_error(test.server, message->peer, message->call,
			test.refuses_code, "not you");
		return;
	}
	tp_server_reply(test.server, message->peer, message->call, NULL, NULL, false);
	say_now("{'type':'SUBSCRIBED','subscribed':{"
		"'executor_info':{'executor_id':{'value':'e'}},"
		"'framework_info':{'user':'u','name':'n'},"
		"'agent_info':{'hostname':'h'}}}");
}

static void on_call(void *user, struct tp_message *message)
{
	const struct tp_executor_call *call = message->body;

	(void)user;
	ck_assert_str_eq(call->framework_id->value, "f");
	ck_assert_str_eq(call->executor_id->value, "e");
	switch (call->type) {
	case TP_EXECUTOR_CALL_SUBSCRIBE:
		hear_subscribe(message, call->subscribe);
		break;
	case TP_EXECUTOR_CALL_UPDATE:
		hear_update(call->update->status);
		break;
	case TP_EXECUTOR_CALL_MESSAGE:
		tp_strbuf_printf(&test.heard, "message(%.*s) ",
			(int)call->message->data.len,
			(const char *)call->message->data.data);
		break;
	default:
		ck_abort_msg("call %d", call->type);
	}
}

static int on_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	(void)user;
	ck_assert_str_eq(info->hello.kind, "executor");
	ck_assert_str_eq(info->hello.id, "f/e");
	return test.denies ? tp_fail(err, EACCES, "executor 'f/e' is unknown here") : 0;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	(void)user;
	(void)why;
	if (peer == test.peer)
		test.peer = 0;
}

static void agent_start(void)
{
	static const struct tp_handler handlers[] = { { TP_MESSAGE_EXECUTOR_CALL, 0,
		&tp_executor_call_desc, on_call } };
	const struct tp_server_config config = {
		.instance = &test.instance,
		.transport = *fake_transport_get(test.transport),
		.self = { "agent", "a", 0 },
		.handlers = handlers,
		.n_handlers = 1,
		.admit = on_admit,
		.closed = on_closed,
	};
	struct tp_error err = { 0 };

	ck_assert_int_eq(tp_server_create(&config, &test.server, &err), 0);
	ck_assert_msg(tp_server_listen(test.server, URL, 0, &err) >= 0, "%s", err.text);
}

static void agent_stop(void)
{
	tp_server_destroy(test.server);
	test.server = NULL;
	test.peer = 0;
	advance(0);
}

/* --- both ------------------------------------------------------------------------------ */

static const char *const variables[] = { "AGENT_ADDRESS", "FRAMEWORK_ID", "EXECUTOR_ID",
	"AGENT_ID", "SLAVE_ID", "CHECKPOINT", "RECOVERY_TIMEOUT",
	"EXECUTOR_SHUTDOWN_GRACE_PERIOD", "SUBSCRIPTION_BACKOFF_MAX" };

static void setup(void)
{
	char key[64];

	for (size_t i = 0; i < TP_COUNT(variables); i++) {
		snprintf(key, sizeof key, "TEPUI_%s", variables[i]);
		unsetenv(key);
		snprintf(key, sizeof key, "MESOS_%s", variables[i]);
		unsetenv(key);
	}
	setenv("TEPUI_AGENT_ADDRESS", URL, 1);
	setenv("MESOS_FRAMEWORK_ID", "f", 1);
	setenv("MESOS_EXECUTOR_ID", "e", 1);
	setenv("MESOS_SLAVE_ID", "a", 1);
	setenv("MESOS_RECOVERY_TIMEOUT", "15mins", 1);
	setenv("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5secs", 1);
	memset(&test, 0, sizeof test);
	test.callbacks = (struct tp_executor){
		.registered = on_registered,
		.reregistered = on_reregistered,
		.disconnected = on_disconnected,
		.launch_task = on_launch_task,
		.launch_task_group = on_launch_group,
		.kill_task = on_kill_task,
		.framework_message = on_message,
		.shutdown = on_shutdown,
		.error = on_error,
	};
	test_clock_init(&test.clock);
	test.loop = tp_loop_create(&test.clock.clock, NULL);
	test.transport = fake_transport_create(test.loop);
	test.instance.topic.name = "agent";
	test.instance.loop = test.loop;
	agent_start();
}

static void teardown(void)
{
	tp_executor_driver_destroy(test.driver);
	tp_server_destroy(test.server);
	fake_transport_destroy(test.transport);
	tp_loop_destroy(test.loop);
	tp_strbuf_fini(&test.told);
	tp_strbuf_fini(&test.heard);
}

static int create(struct tp_error *err)
{
	const struct tp_executor_place place = { .loop = test.loop,
		.transport = *fake_transport_get(test.transport),
		.kill = on_kill };

	return tp_executor_driver_create_at(
		&test.callbacks, &test, &place, &test.driver, err);
}

static void start(bool checkpoint)
{
	struct tp_error err = { 0 };

	setenv("MESOS_CHECKPOINT", checkpoint ? "1" : "0", 1);
	ck_assert_msg(create(&err) == 0, "%s", err.text);
	ck_assert_int_eq(tp_executor_driver_start(test.driver), TP_DRIVER_RUNNING);
	ck_assert_str_eq(tp_strbuf_text(&test.told), "");
	advance(0);
}

static void expect_told(const char *text)
{
	ck_assert_str_eq(tp_strbuf_text(&test.told), text);
	tp_strbuf_clear(&test.told);
}

static void expect_heard(const char *text)
{
	ck_assert_str_eq(tp_strbuf_text(&test.heard), text);
	tp_strbuf_clear(&test.heard);
}

static void subscribe(bool checkpoint)
{
	start(checkpoint);
	expect_told("registered(e n h) ");
	expect_heard("subscribe() ");
}

static enum tp_status status_now(void)
{
	return tp_executor_driver_send_framework_message(test.driver, "", 0);
}

/* --- what the executor is told --------------------------------------------------------- */

static const char group[] =
	"{'type':'LAUNCH_GROUP','launch_group':{'task_group':{'tasks':["
	"{'name':'n','task_id':{'value':'g1'},'agent_id':{'value':'a'}},"
	"{'name':'n','task_id':{'value':'g2'},'agent_id':{'value':'a'}}]}}}";

START_TEST(every_callback_has_its_data)
{
	subscribe(true);
	launch("t1");
	advance(0);
	expect_told("launch(t1) ");
	say(group);
	expect_told("group(g2) ");
	say("{'type':'KILL','kill':{'task_id':{'value':'t1'}}}");
	expect_told("kill(t1 -1) ");
	say("{'type':'KILL','kill':{'task_id':{'value':'t1'},'kill_policy':{"
	    "'grace_period':{'nanoseconds':7}}}}");
	expect_told("kill(t1 7) ");
	say("{'type':'MESSAGE','message':{'data':'aGk='}}");
	expect_told("message(hi) ");
	ck_assert_int_eq(tp_executor_driver_send_framework_message(test.driver, "ho", 2),
		TP_DRIVER_RUNNING);
	advance(0);
	expect_heard("message(ho) ");
	say("{'type':'HEARTBEAT'}");
	expect_told("");
	tp_server_kick(test.server, test.peer, "go away");
	advance(TP_SEC);
	expect_told("disconnected() reregistered(h) ");
	say("{'type':'SHUTDOWN'}");
	say("{'type':'SHUTDOWN'}");
	expect_told("shutdown() ");
	say("{'type':'ERROR','error':{'message':'enough'}}");
	expect_told("error(enough) ");
	ck_assert_uint_eq(test.peer, 0);
}
END_TEST

START_TEST(callbacks_may_be_missing)
{
	memset(&test.callbacks, 0, sizeof test.callbacks);
	start(true);
	launch("t1");
	say(group);
	say("{'type':'KILL','kill':{'task_id':{'value':'t1'}}}");
	tp_server_kick(test.server, test.peer, "go away");
	advance(TP_SEC);
	ck_assert_uint_eq(test.n_subscribes, 2);
	ck_assert_int_eq(status_now(), TP_DRIVER_RUNNING);
	/* Who does not want to know ends at once. */
	say("{'type':'SHUTDOWN'}");
	ck_assert_int_eq(status_now(), TP_DRIVER_STOPPED);
}
END_TEST

START_TEST(a_group_is_tasks_for_who_knows_no_groups)
{
	test.callbacks.launch_task_group = NULL;
	subscribe(true);
	say(group);
	expect_told("launch(g1) launch(g2) ");
}
END_TEST

START_TEST(nothing_else_is_heard_while_a_task_is_launched)
{
	subscribe(true);
	test.reports_on_launch = true;
	launch("t1");
	say_now("{'type':'KILL','kill':{'task_id':{'value':'t1'}}}");
	launch("t2");
	say("{'type':'MESSAGE','message':{'data':'aGk='}}");
	expect_told("launch(t1) kill(t1 -1) launch(t2) message(hi) ");
	expect_heard("update(t1 TASK_RUNNING) update(t2 TASK_RUNNING) ");
}
END_TEST

/* --- updates --------------------------------------------------------------------------- */

/* SlaveRecoveryTest.ReconnectExecutor. */
START_TEST(what_is_unacknowledged_is_said_again)
{
	subscribe(true);
	launch("t1");
	launch("t2");
	advance(0);
	report("t1", TP_TASK_STARTING);
	report("t1", TP_TASK_RUNNING);
	advance(0);
	expect_heard("update(t1 TASK_STARTING) update(t1 TASK_RUNNING) ");
	ck_assert_int_ne(memcmp(test.uuids[0], test.uuids[1], 16), 0);
	agent_stop();
	report("t2", TP_TASK_RUNNING); /* waits for an agent */
	agent_start();
	advance(TP_SEC);
	expect_heard("subscribe(task t1 task t2 t1 TASK_STARTING t1 TASK_RUNNING "
		     "t2 TASK_RUNNING ) ");
	acknowledge("t1", 0);
	tp_server_kick(test.server, test.peer, "again");
	advance(TP_SEC);
	expect_heard("subscribe(task t2 t1 TASK_RUNNING t2 TASK_RUNNING ) ");
	acknowledge("t1", 1);
	acknowledge("t1", 1); /* twice does no harm */
	tp_server_kick(test.server, test.peer, "again");
	advance(TP_SEC);
	expect_heard("subscribe(task t2 t2 TASK_RUNNING ) ");
}
END_TEST

START_TEST(an_update_that_no_agent_takes_is_an_error)
{
	struct tp_task_id id = { .value = "t1" };
	const struct tp_task_status status = {
		.task_id = &id, .has_state = true, .state = TP_TASK_STAGING
	};

	subscribe(true);
	ck_assert_int_eq(tp_executor_driver_send_status_update(test.driver, &status),
		TP_DRIVER_ABORTED);
	expect_told(""); /* never from inside the call */
	advance(0);
	expect_told("error(TASK_STAGING is not a state that executors report) ");
	expect_heard("");
}
END_TEST

START_TEST(calls_in_a_wrong_state_do_nothing)
{
	struct tp_task_id id = { .value = "t1" };
	const struct tp_task_status status = {
		.task_id = &id, .has_state = true, .state = TP_TASK_RUNNING
	};

	ck_assert_int_eq(create(NULL), 0);
	ck_assert_int_eq(tp_executor_driver_send_status_update(test.driver, &status),
		TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(tp_executor_driver_stop(test.driver, 0), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(tp_executor_driver_abort(test.driver), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(tp_executor_driver_join(test.driver), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(tp_executor_driver_start(test.driver), TP_DRIVER_RUNNING);
	ck_assert_int_eq(tp_executor_driver_start(test.driver), TP_DRIVER_RUNNING);
	advance(0);
	expect_told("registered(e n h) ");
	ck_assert_int_eq(tp_executor_driver_abort(test.driver), TP_DRIVER_ABORTED);
	ck_assert_int_eq(tp_executor_driver_stop(test.driver, 0), TP_DRIVER_ABORTED);
	ck_assert_int_eq(tp_executor_driver_start(test.driver), TP_DRIVER_ABORTED);
	ck_assert_int_eq(tp_executor_driver_send_status_update(test.driver, &status),
		TP_DRIVER_ABORTED);
	advance(TP_HOUR);
	expect_told("");
	expect_heard("subscribe() ");
}
END_TEST

START_TEST(the_last_updates_are_waited_for)
{
	subscribe(true);
	report("t1", TP_TASK_FINISHED);
	ck_assert_int_eq(tp_executor_driver_stop(test.driver, TP_MIN), TP_DRIVER_RUNNING);
	advance(59 * TP_SEC);
	ck_assert_int_eq(status_now(), TP_DRIVER_RUNNING);
	acknowledge("t1", 0);
	ck_assert_int_eq(status_now(), TP_DRIVER_STOPPED);
	ck_assert_uint_eq(test.peer, 0);
}
END_TEST

START_TEST(the_last_updates_are_not_waited_for_for_ever)
{
	subscribe(true);
	report("t1", TP_TASK_FINISHED);
	tp_executor_driver_stop(test.driver, TP_MIN);
	advance(TP_MIN);
	ck_assert_int_eq(status_now(), TP_DRIVER_STOPPED);
}
END_TEST

/* --- when the agent is away ------------------------------------------------------------ */

START_TEST(away_longer_than_the_recovery_timeout_it_ends)
{
	subscribe(true);
	test.stops_on_shutdown = true;
	report("t1", TP_TASK_RUNNING);
	agent_stop();
	expect_told("disconnected() ");
	advance(15 * TP_MIN - TP_MSEC);
	expect_told("");
	advance(TP_MSEC);
	expect_told("shutdown() ");
	/* Nobody is left to acknowledge. */
	ck_assert_int_eq(status_now(), TP_DRIVER_STOPPED);
	advance(TP_HOUR);
	ck_assert_uint_eq(test.n_kills, 0);
}
END_TEST

/* The v0 driver's default: SIGKILL to the process group after the grace. */
START_TEST(who_does_not_end_by_itself_is_killed)
{
	subscribe(true);
	agent_stop();
	advance(15 * TP_MIN);
	expect_told("disconnected() shutdown() ");
	advance(5 * TP_SEC - TP_MSEC);
	ck_assert_uint_eq(test.n_kills, 0);
	advance(TP_MSEC);
	ck_assert_uint_eq(test.n_kills, 1);
}
END_TEST

START_TEST(the_grace_may_be_the_executors)
{
	subscribe(true);
	tp_executor_driver_set_shutdown_grace(test.driver, TP_MIN);
	agent_stop();
	advance(16 * TP_MIN - TP_MSEC);
	ck_assert_uint_eq(test.n_kills, 0);
	advance(TP_MSEC);
	ck_assert_uint_eq(test.n_kills, 1);
}
END_TEST

START_TEST(without_checkpoint_it_ends_at_once)
{
	subscribe(false);
	agent_stop();
	expect_told("disconnected() shutdown() ");
	advance(5 * TP_SEC);
	ck_assert_uint_eq(test.n_kills, 1);
}
END_TEST

START_TEST(an_agent_that_was_never_there_is_not_waited_for)
{
	agent_stop();
	start(false);
	advance(TP_MIN - TP_MSEC);
	expect_told("");
	advance(TP_MSEC);
	expect_told("shutdown() ");
}
END_TEST

/* SlaveRecoveryTest.ReconnectExecutorRetry: a restarted agent waits for two seconds. */
START_TEST(an_agent_that_returns_late_does_not_wait)
{
	subscribe(true);
	for (int minutes = 2; minutes <= 14; minutes += 4) {
		agent_stop();
		expect_told("disconnected() ");
		advance(minutes * TP_MIN);
		agent_start();
		advance(1100 * TP_MSEC);
		expect_told("reregistered(h) ");
	}
	/* Its time began anew each time, and is not over when the agent is there. */
	advance(TP_HOUR);
	expect_told("");
}
END_TEST

START_TEST(an_agent_that_returns_too_late_is_told_nothing_new)
{
	subscribe(true);
	agent_stop();
	advance(15 * TP_MIN + 2 * TP_SEC);
	agent_start();
	advance(1100 * TP_MSEC);
	expect_told("disconnected() shutdown() reregistered(h) ");
	/* From now on the agent sees to it. */
	advance(TP_HOUR);
	ck_assert_uint_eq(test.n_kills, 0);
	agent_stop();
	advance(15 * TP_MIN + 5 * TP_SEC);
	expect_told("disconnected() ");
	ck_assert_uint_eq(test.n_kills, 1);
}
END_TEST

START_TEST(an_agent_that_recovers_is_asked_again)
{
	test.refuses_code = EAGAIN;
	start(true);
	advance(10 * TP_SEC);
	expect_told("");
	ck_assert_uint_ge(test.n_subscribes, 5);
	ck_assert_uint_le(test.n_subscribes, 15);
	test.refuses_code = 0;
	advance(TP_SEC + 500 * TP_MSEC);
	expect_told("registered(e n h) ");
}
END_TEST

START_TEST(a_refused_subscription_is_an_error)
{
	test.refuses_code = EINVAL;
	start(true);
	advance(TP_HOUR);
	expect_told("error(not you) ");
	ck_assert_uint_eq(test.n_subscribes, 1);
}
END_TEST

START_TEST(a_refused_session_is_an_error)
{
	test.denies = true;
	start(true);
	advance(TP_HOUR);
	expect_told("error(peer closed: executor 'f/e' is unknown here) ");
}
END_TEST

/* --- the environment ------------------------------------------------------------------- */

static void expect_bad(const char *text)
{
	struct tp_error err = { 0 };

	ck_assert_int_lt(create(&err), 0);
	ck_assert_str_eq(err.text, text);
	ck_assert_ptr_null(test.driver);
}

START_TEST(mistakes_of_the_environment_are_named)
{
	setenv("TEPUI_RECOVERY_TIMEOUT", "1x", 1);
	expect_bad("TEPUI_RECOVERY_TIMEOUT: '1x' is not a duration (like 500ms, 2s, "
		   "10mins, 1.5h)");
	setenv("TEPUI_RECOVERY_TIMEOUT", "1h", 1);
	setenv("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "soon", 1);
	expect_bad("TEPUI_EXECUTOR_SHUTDOWN_GRACE_PERIOD: 'soon' is not a duration "
		   "(like 500ms, 2s, 10mins, 1.5h)");
	unsetenv("MESOS_EXECUTOR_ID");
	expect_bad("TEPUI_AGENT_ADDRESS, TEPUI_FRAMEWORK_ID, TEPUI_EXECUTOR_ID and "
		   "TEPUI_AGENT_ID must be set: an executor is started by an agent");
}
END_TEST

/* --- all of it ------------------------------------------------------------------------- */

static void add_told(TCase *tc)
{
	tcase_add_test(tc, every_callback_has_its_data);
	tcase_add_test(tc, callbacks_may_be_missing);
	tcase_add_test(tc, a_group_is_tasks_for_who_knows_no_groups);
	tcase_add_test(tc, nothing_else_is_heard_while_a_task_is_launched);
	tcase_add_test(tc, what_is_unacknowledged_is_said_again);
	tcase_add_test(tc, an_update_that_no_agent_takes_is_an_error);
	tcase_add_test(tc, calls_in_a_wrong_state_do_nothing);
	tcase_add_test(tc, the_last_updates_are_waited_for);
	tcase_add_test(tc, the_last_updates_are_not_waited_for_for_ever);
	tcase_add_test(tc, mistakes_of_the_environment_are_named);
}

static void add_away(TCase *tc)
{
	tcase_add_test(tc, away_longer_than_the_recovery_timeout_it_ends);
	tcase_add_test(tc, who_does_not_end_by_itself_is_killed);
	tcase_add_test(tc, the_grace_may_be_the_executors);
	tcase_add_test(tc, without_checkpoint_it_ends_at_once);
	tcase_add_test(tc, an_agent_that_was_never_there_is_not_waited_for);
	tcase_add_test(tc, an_agent_that_returns_late_does_not_wait);
	tcase_add_test(tc, an_agent_that_returns_too_late_is_told_nothing_new);
	tcase_add_test(tc, an_agent_that_recovers_is_asked_again);
	tcase_add_test(tc, a_refused_subscription_is_an_error);
	tcase_add_test(tc, a_refused_session_is_an_error);
}

int main(void)
{
	Suite *suite = suite_create("executor_driver");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	add_told(tc);
	add_away(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
