/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler SDK against a fake master over nng: the master on the test's thread, the driver
 * on its own. Also for ThreadSanitizer.
 */
#include "tepui/scheduler.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/net.h"
#include "tepui/strbuf.h"

#define WAIT_TURNS 400 /* of at most 50 ms */

/* --- the framework --------------------------------------------------------------------- */

static struct {
	struct tp_scheduler_driver *driver;
	pthread_mutex_t mutex; /* guards the text */
	char text[1024];       /* what the callbacks were told, in order */
	bool aborts, launches; /* in resource_offers(); set before the start */
} framework;

static struct tp_offer_id offer_id = { .value = "o1" };
static struct tp_agent_id agent_id = { .value = "a1" };
static struct tp_task_id task_id = { .value = "t1" };
static struct tp_task_info task = {
	.name = "t", .task_id = &task_id, .agent_id = &agent_id
};

static void note(const char *word, const char *detail)
{
	size_t len;

	pthread_mutex_lock(&framework.mutex);
	len = strlen(framework.text);
	snprintf(framework.text + len, sizeof(framework.text) - len, "%s(%s) ", word,
		detail);
	pthread_mutex_unlock(&framework.mutex);
}

static void launch(struct tp_scheduler_driver *driver)
{
	struct tp_offer_id *ids[] = { &offer_id };
	struct tp_task_info *tasks[] = { &task };

	ck_assert_int_eq(tp_scheduler_driver_launch_tasks(driver, ids, 1, tasks, 1, NULL),
		TP_DRIVER_RUNNING);
}

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *id, const struct tp_master_info *master)
{
	(void)driver;
	(void)user;
	ck_assert_str_eq(master->id, "m");
	note("registered", id->value);
}

static void on_reregistered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_master_info *master)
{
	(void)driver;
	(void)user;
	note("reregistered", master->id);
}

static void on_disconnected(struct tp_scheduler_driver *driver, void *user)
{
	(void)driver;
	(void)user;
	note("disconnected", "");
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	(void)user;
	ck_assert_uint_eq(n_offers, 1);
	note("offer", offers[0]->id->value);
	if (framework.aborts)
		tp_scheduler_driver_abort(driver);
	if (framework.launches)
		launch(driver);
}

static void on_status(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	char text[64];

	(void)user;
	snprintf(text, sizeof(text), "%s %d", status->task_id->value, status->state);
	note("status", text);
	if (status->uuid.len > 0)
		tp_scheduler_driver_acknowledge(driver, status);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	(void)user;
	/* Aborted before it is called: every call says so. */
	ck_assert_int_eq(
		tp_scheduler_driver_revive_offers(driver, NULL, 0), TP_DRIVER_ABORTED);
	note("error", message);
}

static const struct tp_scheduler callbacks = {
	.registered = on_registered,
	.reregistered = on_reregistered,
	.disconnected = on_disconnected,
	.resource_offers = on_offers,
	.status_update = on_status,
	.error = on_error,
};

/* --- the master ------------------------------------------------------------------------ */

static struct {
	struct tp_instance instance;
	struct tp_transport *transport;
	struct tp_server *server;
	uint64_t peer;       /* 0 = nobody */
	const char *refuses; /* answers it with this error */
	char text[1024];     /* the calls that came, as long as there is room */
	int n_kills, n_launches;
} master;

static void hear(const char *word, const char *detail)
{
	size_t len = strlen(master.text);

	snprintf(master.text + len, sizeof(master.text) - len, "%s(%s) ", word, detail);
}

static void send_event(struct tp_scheduler_event *event, int type)
{
	event->has_type = true;
	event->type = type;
	ck_assert_int_eq(
		tp_server_send(master.server, master.peer, TP_MESSAGE_SCHEDULER_EVENT,
			&tp_scheduler_event_desc, event),
		0);
}

static void on_subscribe(
	const struct tp_message *message, const struct tp_scheduler_call *call)
{
	struct tp_framework_id id = { .value = "f1" };
	struct tp_master_info info = { .id = "m", .has_ip = true, .has_port = true };
	struct tp_scheduler_event_subscribed subscribed = { .framework_id = &id,
		.master_info = &info };
	struct tp_scheduler_event event = { .subscribed = &subscribed };

	master.peer = message->peer;
	hear("subscribe", call->framework_id == NULL ? "" : call->framework_id->value);
	if (master.refuses != NULL) {
		tp_server_reply_error(master.server, message->peer, message->call, EPERM,
			master.refuses);
		return;
	}
	tp_server_reply(master.server, message->peer, message->call, NULL, NULL, false);
	send_event(&event, TP_SCHEDULER_EVENT_SUBSCRIBED);
}

static void on_call(void *user, struct tp_message *message)
{
	const struct tp_scheduler_call *call = message->body;

	(void)user;
	if (call->type != TP_SCHEDULER_CALL_SUBSCRIBE)
		ck_assert_str_eq(call->framework_id->value, "f1");
	switch (call->type) {
	case TP_SCHEDULER_CALL_SUBSCRIBE:
		on_subscribe(message, call);
		break;
	case TP_SCHEDULER_CALL_ACCEPT:
		master.n_launches += call->accept->n_operations > 0;
		hear("accept",
			call->accept->n_operations == 0 ? "nothing"
							: call->accept->operations[0]
								  ->launch->task_infos[0]
								  ->task_id->value);
		break;
	case TP_SCHEDULER_CALL_ACKNOWLEDGE:
		hear("acknowledge", call->acknowledge->task_id->value);
		break;
	case TP_SCHEDULER_CALL_KILL:
		master.n_kills++;
		hear("kill", call->kill->task_id->value);
		break;
	case TP_SCHEDULER_CALL_TEARDOWN:
		hear("teardown", "");
		tp_server_reply(
			master.server, message->peer, message->call, NULL, NULL, false);
		break;
	default:
		hear("call", "");
		if (message->call != 0)
			tp_server_reply(master.server, message->peer, message->call, NULL,
				NULL, false);
	}
}

static int on_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	(void)user;
	(void)err;
	ck_assert_str_eq(info->hello.kind, "scheduler");
	return 0;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	(void)user;
	(void)why;
	if (peer != master.peer)
		return;
	master.peer = 0;
	hear("closed", "");
}

static void send_offer(void)
{
	struct tp_framework_id id = { .value = "f1" };
	struct tp_offer offer = { .id = &offer_id,
		.framework_id = &id,
		.agent_id = &agent_id,
		.hostname = "h" };
	struct tp_offer *list[] = { &offer };
	struct tp_scheduler_event_offers offers = { list, 1 };
	struct tp_scheduler_event event = { .offers = &offers };

	send_event(&event, TP_SCHEDULER_EVENT_OFFERS);
}

static void send_status(const char *uuid)
{
	struct tp_task_status status = { .task_id = &task_id,
		.has_state = true,
		.state = TP_TASK_RUNNING,
		.agent_id = &agent_id,
		.uuid = { (const uint8_t *)uuid, strlen(uuid) } };
	struct tp_scheduler_event_update update = { .status = &status };
	struct tp_scheduler_event event = { .update = &update };

	send_event(&event, TP_SCHEDULER_EVENT_UPDATE);
}

/* --- both ------------------------------------------------------------------------------ */

static void setup(void)
{
	static const struct tp_handler handlers[] = { { TP_MESSAGE_SCHEDULER_CALL, 0,
		&tp_scheduler_call_desc, on_call } };
	struct tp_error err;

	memset(&master, 0, sizeof(master));
	memset(&framework, 0, sizeof(framework));
	pthread_mutex_init(&framework.mutex, NULL);
	master.instance.topic.name = "master";
	master.instance.loop = tp_loop_create(NULL, NULL);
	ck_assert_int_eq(
		tp_transport_create(master.instance.loop, &master.transport, NULL), 0);
	const struct tp_server_config config = {
		.instance = &master.instance,
		.transport = *master.transport,
		.self = { "master", "m", 0 },
		.handlers = handlers,
		.n_handlers = 1,
		.admit = on_admit,
		.closed = on_closed,
	};
	ck_assert_int_eq(tp_server_create(&config, &master.server, &err), 0);
	if (tp_server_listen(master.server, "tcp://127.0.0.1:0", 0, &err) < 0)
		ck_abort_msg("%s", err.text);
}

static void on_stopped(struct tp_done *done, int status)
{
	(void)status;
	done->call = NULL;
}

static void turn(void)
{
	tp_loop_turn(master.instance.loop, 50 * TP_MSEC);
}

static void teardown(void)
{
	struct tp_done done = { .call = on_stopped };

	tp_scheduler_driver_destroy(framework.driver);
	tp_server_stop(master.server, &done);
	for (int i = 0; i < WAIT_TURNS && done.call != NULL; i++)
		turn();
	tp_server_destroy(master.server);
	tp_transport_destroy(master.transport);
	tp_loop_destroy(master.instance.loop);
	pthread_mutex_destroy(&framework.mutex);
}

static void create(bool explicit_acknowledgements)
{
	struct tp_framework_info info = { .name = "test" };
	const struct tp_scheduler_options options = {
		.scheduler = &callbacks,
		.framework = &info,
		.master = tp_server_url(master.server, 0),
		.explicit_acknowledgements = explicit_acknowledgements,
	};
	struct tp_error err;

	if (tp_scheduler_driver_create(&options, &framework.driver, &err) < 0)
		ck_abort_msg("%s", err.text);
}

static bool was_told(const char *text)
{
	bool found;

	pthread_mutex_lock(&framework.mutex);
	found = strstr(framework.text, text) != NULL;
	pthread_mutex_unlock(&framework.mutex);
	return found;
}

static void expect_told(const char *text)
{
	for (int i = 0; i < WAIT_TURNS && !was_told(text); i++)
		turn();
	ck_assert_msg(was_told(text), "'%s' is not in '%s'", text, framework.text);
}

static void expect_heard(const char *text)
{
	for (int i = 0; i < WAIT_TURNS && strstr(master.text, text) == NULL; i++)
		turn();
	ck_assert_msg(strstr(master.text, text) != NULL, "'%s' is not in '%s'", text,
		master.text);
}

static void start(void)
{
	ck_assert_int_eq(tp_scheduler_driver_start(framework.driver), TP_DRIVER_RUNNING);
	expect_told("registered(f1) ");
}

START_TEST(offers_are_accepted)
{
	framework.launches = true;
	create(false);
	start();
	send_offer();
	expect_heard("accept(t1) ");
	expect_told("registered(f1) offer(o1) ");
	ck_assert_int_eq(
		tp_scheduler_driver_decline_offer(framework.driver, &offer_id, NULL),
		TP_DRIVER_RUNNING);
	expect_heard("call() ");
}
END_TEST

START_TEST(updates_are_acknowledged_implicitly)
{
	create(false);
	start();
	send_status("");
	send_status("0123456789abcdef");
	expect_heard("acknowledge(t1) ");
	ck_assert_str_eq(master.text, "subscribe() acknowledge(t1) "); /* one, not two */
	ck_assert_str_ne(tp_scheduler_driver_refusal(framework.driver), "");
}
END_TEST

START_TEST(updates_are_acknowledged_explicitly)
{
	create(true);
	start();
	send_status("0123456789abcdef");
	expect_heard("acknowledge(t1) ");
	ck_assert_int_eq(
		tp_scheduler_driver_kill_task(framework.driver, &task_id, NULL, NULL),
		TP_DRIVER_RUNNING);
	expect_heard("kill(t1) ");
	ck_assert_str_eq(master.text, "subscribe() acknowledge(t1) kill(t1) ");
}
END_TEST

START_TEST(comes_back_with_its_id)
{
	create(false);
	start();
	tp_server_kick(master.server, master.peer, "go away");
	expect_told("disconnected() reregistered(m) ");
	expect_heard("subscribe() closed() subscribe(f1) ");
}
END_TEST

START_TEST(an_error_aborts)
{
	struct tp_scheduler_event_error error = { .message = "enough" };
	struct tp_scheduler_event event = { .error = &error };

	create(false);
	start();
	send_event(&event, TP_SCHEDULER_EVENT_ERROR);
	send_offer();
	expect_told("error(enough) ");
	expect_heard("closed() ");
	ck_assert_int_eq(tp_scheduler_driver_join(framework.driver), TP_DRIVER_ABORTED);
	ck_assert_str_eq(framework.text, "registered(f1) error(enough) ");
	ck_assert_int_eq(
		tp_scheduler_driver_stop(framework.driver, false), TP_DRIVER_ABORTED);
}
END_TEST

START_TEST(a_refused_subscription_is_an_error)
{
	master.refuses = "not you";
	create(false);
	ck_assert_int_eq(tp_scheduler_driver_start(framework.driver), TP_DRIVER_RUNNING);
	expect_told("error(not you) ");
	ck_assert_int_eq(tp_scheduler_driver_join(framework.driver), TP_DRIVER_ABORTED);
}
END_TEST

START_TEST(stop_tears_down)
{
	create(false);
	start();
	tp_scheduler_driver_kill_task(framework.driver, &task_id, NULL, NULL);
	ck_assert_int_eq(
		tp_scheduler_driver_stop(framework.driver, false), TP_DRIVER_STOPPED);
	ck_assert_int_eq(
		tp_scheduler_driver_stop(framework.driver, false), TP_DRIVER_STOPPED);
	expect_heard("kill(t1) teardown() "); /* what came before it is not lost */
	ck_assert_int_eq(tp_scheduler_driver_join(framework.driver), TP_DRIVER_STOPPED);
	expect_heard("closed() ");
}
END_TEST

START_TEST(stop_for_failover_does_not)
{
	create(false);
	start();
	tp_scheduler_driver_kill_task(framework.driver, &task_id, NULL, NULL);
	ck_assert_int_eq(
		tp_scheduler_driver_stop(framework.driver, true), TP_DRIVER_STOPPED);
	expect_heard("kill(t1) closed() ");
	ck_assert_int_eq(tp_scheduler_driver_join(framework.driver), TP_DRIVER_STOPPED);
}
END_TEST

START_TEST(nothing_follows_an_abort)
{
	framework.aborts = true;
	create(false);
	start();
	send_offer();
	send_status("0123456789abcdef");
	expect_heard("closed() ");
	ck_assert_int_eq(tp_scheduler_driver_join(framework.driver), TP_DRIVER_ABORTED);
	ck_assert_str_eq(framework.text, "registered(f1) offer(o1) ");
	ck_assert_ptr_null(strstr(master.text, "teardown"));
	ck_assert_ptr_null(strstr(master.text, "acknowledge"));
}
END_TEST

START_TEST(wrong_states_are_told)
{
	create(false);
	ck_assert_int_eq(tp_scheduler_driver_revive_offers(framework.driver, NULL, 0),
		TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(
		tp_scheduler_driver_stop(framework.driver, false), TP_DRIVER_NOT_STARTED);
	ck_assert_int_eq(
		tp_scheduler_driver_join(framework.driver), TP_DRIVER_NOT_STARTED);
	start();
	ck_assert_int_eq(tp_scheduler_driver_start(framework.driver), TP_DRIVER_RUNNING);
	tp_scheduler_driver_stop(framework.driver, true);
	tp_scheduler_driver_join(framework.driver);
	ck_assert_int_eq(tp_scheduler_driver_suppress_offers(framework.driver, NULL, 0),
		TP_DRIVER_STOPPED);
	ck_assert_int_eq(tp_scheduler_driver_start(framework.driver), TP_DRIVER_STOPPED);
}
END_TEST

/* Ends while calls come from another thread. */
static void *call_often(void *arg)
{
	struct tp_scheduler_driver *driver = arg;

	while (tp_scheduler_driver_revive_offers(driver, NULL, 0) == TP_DRIVER_RUNNING)
		;
	return NULL;
}

START_TEST(calls_race_with_the_end)
{
	pthread_t thread;

	create(false);
	start();
	ck_assert_int_eq(pthread_create(&thread, NULL, call_often, framework.driver), 0);
	for (int i = 0; i < 5; i++)
		turn();
	tp_scheduler_driver_abort(framework.driver);
	ck_assert_int_eq(tp_scheduler_driver_join(framework.driver), TP_DRIVER_ABORTED);
	pthread_join(thread, NULL);
}
END_TEST

/* Everything at once from four threads, the driver's callbacks beside them. */
static void *call_all(void *arg)
{
	struct tp_scheduler_driver *driver = arg;
	struct tp_executor_id executor_id = { .value = "e1" };
	const struct tp_framework_info info = { .name = "test" };
	const char *const roles[] = { "*" };

	for (int i = 0; i < 50; i++) {
		launch(driver);
		tp_scheduler_driver_kill_task(driver, &task_id, &agent_id, NULL);
		tp_scheduler_driver_kill_task(driver, NULL, NULL, NULL);
		ck_assert_ptr_nonnull(tp_scheduler_driver_refusal(driver));
		tp_scheduler_driver_suppress_offers(driver, roles, 1);
		tp_scheduler_driver_revive_offers(driver, NULL, 0);
		tp_scheduler_driver_send_framework_message(
			driver, &executor_id, &agent_id, "hi", 2);
		tp_scheduler_driver_reconcile(driver, NULL, 0);
		tp_scheduler_driver_update_framework(driver, &info, NULL, 0);
		ck_assert_int_eq(tp_scheduler_driver_start(driver), TP_DRIVER_RUNNING);
	}
	tp_scheduler_driver_kill_task(driver, &task_id, NULL, NULL);
	return NULL;
}

static void *join_it(void *arg)
{
	return (void *)(intptr_t)tp_scheduler_driver_join(arg);
}

START_TEST(any_thread_may_call)
{
	pthread_t threads[4], joiner;
	void *joined;

	create(false);
	start();
	ck_assert_int_eq(pthread_create(&joiner, NULL, join_it, framework.driver), 0);
	for (size_t i = 0; i < TP_COUNT(threads); i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, call_all, framework.driver), 0);
	for (int i = 0; i < 50; i++) {
		send_offer();
		send_status("0123456789abcdef");
		tp_loop_turn(master.instance.loop, TP_MSEC);
	}
	for (size_t i = 0; i < TP_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(
		tp_scheduler_driver_stop(framework.driver, false), TP_DRIVER_STOPPED);
	for (int i = 0; i < WAIT_TURNS && master.n_kills < 204; i++)
		turn();
	ck_assert_int_eq(master.n_kills, 204); /* nothing was lost, nothing came twice */
	ck_assert_int_eq(master.n_launches, 200);
	for (int i = 0; i < WAIT_TURNS && master.peer != 0; i++)
		turn();
	ck_assert_uint_eq(master.peer, 0);
	pthread_join(joiner, &joined);
	ck_assert_int_eq((intptr_t)joined, TP_DRIVER_STOPPED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scheduler");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, offers_are_accepted);
	tcase_add_test(tc, updates_are_acknowledged_implicitly);
	tcase_add_test(tc, updates_are_acknowledged_explicitly);
	tcase_add_test(tc, comes_back_with_its_id);
	tcase_add_test(tc, an_error_aborts);
	tcase_add_test(tc, a_refused_subscription_is_an_error);
	tcase_add_test(tc, stop_tears_down);
	tcase_add_test(tc, stop_for_failover_does_not);
	tcase_add_test(tc, nothing_follows_an_abort);
	tcase_add_test(tc, wrong_states_are_told);
	tcase_add_test(tc, calls_race_with_the_end);
	tcase_add_test(tc, any_thread_may_call);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
