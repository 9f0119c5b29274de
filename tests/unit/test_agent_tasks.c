/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From RUN_TASK to the end of a task: launches, kills at every stage, executors that are late,
 * die or are shut down, and what is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/agent_fixture.h"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

static void setup(void)
{
	agent_fixture_init(f);
	agent_fixture_start(f, "");
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static size_t sent(void)
{
	return agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE);
}

static void expect(int state, int reason)
{
	const struct tp_task_status *status = agent_fixture_last_status(f);

	ck_assert_ptr_nonnull(status);
	ck_assert_int_eq(status->state, state);
	ck_assert_int_eq(status->reason, reason);
	ck_assert_int_eq(status->source, TP_SOURCE_AGENT);
	ck_assert_uint_eq(status->uuid.len, 16);
}

static void shutdown_framework(void)
{
	struct tp_framework_id id = { .value = "F" };

	agent_fixture_send(f, TP_MESSAGE_SHUTDOWN_FRAMEWORK, &tp_shutdown_framework_desc,
		&(struct tp_shutdown_framework){ .framework_id = &id });
	agent_fixture_settle(f);
}

START_TEST(it_registers_and_gets_an_id)
{
	const struct tp_agent_register *body =
		agent_fixture_last(f, TP_MESSAGE_AGENT_REGISTER);

	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(body->agent->hostname, "test");
	ck_assert_ptr_null(body->agent->id);
	ck_assert_ptr_nonnull(body->address);
	ck_assert_uint_ge(body->agent->n_resources, 3);
}
END_TEST

START_TEST(an_unanswered_registration_is_repeated)
{
	agent_fixture_master_down(f);
	agent_fixture_forget(f);
	f->auto_register = false;
	agent_fixture_master_up(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_ge(agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER), 50);
}
END_TEST

START_TEST(a_silent_master_is_dialled_again)
{
	struct tp_agent_id id = { .value = "M-S0" };
	uint64_t peer = f->agent_peer;
	const struct tp_agent_ping gone = { .has_connected = true, .connected = false };

	agent_fixture_forget(f);
	agent_fixture_send(f, TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc, &gone);
	agent_fixture_settle(f);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_PONG), 1);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER), 1);
	f->auto_register = false;
	agent_fixture_send(f, TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc, &gone);
	agent_fixture_settle(f);
	agent_fixture_send(f, TP_MESSAGE_AGENT_REGISTERED, &tp_agent_registered_desc,
		&(struct tp_agent_registered){ .agent_id = &id,
			.has_total_ping_timeout_ns = true,
			.total_ping_timeout_ns = 30 * TP_SEC });
	agent_fixture_settle(f);
	agent_fixture_advance(f, 29 * TP_SEC);
	/* It stands still itself: that is not the master's silence. */
	f->clock.now_ns += TP_HOUR;
	agent_fixture_settle(f);
	agent_fixture_advance(f, 29 * TP_SEC);
	ck_assert_uint_eq(f->agent_peer, peer);
	agent_fixture_advance(f, 2 * TP_SEC);
	ck_assert_uint_ne(f->agent_peer, peer);
}
END_TEST

START_TEST(a_command_task_runs)
{
	struct container *c;
	struct peer *e;
	struct stat st;

	agent_fixture_run(f, "t1", false);
	c = agent_fixture_container(f);
	ck_assert(c->command_executor);
	ck_assert_int_eq(c->cpus_milli, 1100); /* with what its executor needs */
	ck_assert_int_eq(stat(c->directory, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	e = agent_fixture_executor(f, 0, "t1", true);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_SUBSCRIBED), 1);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_LAUNCH), 1);
	ck_assert_str_eq(agent_fixture_event(e)->launch->task->task_id->value, "t1");
	ck_assert_int_eq(c->updates, 0);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 1);
	agent_fixture_acknowledge(f);
	agent_fixture_forget(f);
	agent_fixture_terminate(f, c, 0);
	ck_assert_uint_eq(sent(), 0);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_EXITED_EXECUTOR), 0);
}
END_TEST

START_TEST(an_executor_takes_several_tasks)
{
	struct container *c;
	struct peer *e;

	agent_fixture_run_in(f, "t1", "e1", false);
	agent_fixture_run_in(f, "t2", "e1", false);
	ck_assert_uint_eq(f->n_containers, 1);
	c = agent_fixture_container(f);
	ck_assert(!c->command_executor);
	ck_assert_int_eq(c->cpus_milli, 1000);
	e = agent_fixture_executor(f, 0, "e1", true);
	ck_assert_int_eq(c->updates, 1);
	ck_assert_int_eq(c->cpus_milli, 2000);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_LAUNCH), 2);
	agent_fixture_run_in(f, "t3", "e1", false);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_LAUNCH), 3);
	ck_assert_int_eq(c->cpus_milli, 3000);
	agent_fixture_update(e, "e1", "t3", TP_TASK_FINISHED, 1);
	ck_assert_int_eq(c->cpus_milli, 2000);
}
END_TEST

START_TEST(the_end_of_an_executor_ends_its_tasks)
{
	const struct tp_exited_executor *exited;
	struct peer *e;

	agent_fixture_run_in(f, "t1", "e1", false);
	e = agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_update(e, "e1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	expect(TP_TASK_FAILED, TP_REASON_EXECUTOR_TERMINATED);
	exited = agent_fixture_last(f, TP_MESSAGE_EXITED_EXECUTOR);
	ck_assert_ptr_nonnull(exited);
	ck_assert_int_eq(exited->status, 9);
}
END_TEST

/* The master, which heard of its end, counts a new one. */
START_TEST(an_executor_that_is_over_starts_nothing_and_says_so)
{
	const struct tp_exited_executor *exited;

	agent_fixture_run_in(f, "t1", "e1", false);
	agent_fixture_update(
		agent_fixture_executor(f, 0, "e1", true), "e1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	agent_fixture_forget(f);
	agent_fixture_run_in(f, "t2", "e1", false);
	expect(TP_TASK_DROPPED, TP_REASON_EXECUTOR_TERMINATED);
	ck_assert_uint_eq(f->n_containers, 1);
	exited = agent_fixture_last(f, TP_MESSAGE_EXITED_EXECUTOR);
	ck_assert_ptr_nonnull(exited);
	ck_assert_str_eq(exited->executor_id->value, "e1");
	ck_assert_int_eq(exited->status, -1);
}
END_TEST

START_TEST(a_failed_launch_fails_the_task)
{
	f->launch_status = -5;
	agent_fixture_run(f, "t1", false);
	expect(TP_TASK_FAILED, TP_REASON_CONTAINER_LAUNCH_FAILED);
	ck_assert_ptr_nonnull(
		strstr(agent_fixture_last_status(f)->message, "the fake says no"));
}
END_TEST

START_TEST(a_kill_while_the_container_starts)
{
	f->launch_held = true;
	agent_fixture_run(f, "t1", false);
	agent_fixture_kill(f, "t1");
	expect(TP_TASK_KILLED, TP_REASON_TASK_KILLED_DURING_LAUNCH);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	agent_fixture_complete(f);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_forget(f);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

START_TEST(a_kill_while_the_executor_has_not_subscribed)
{
	agent_fixture_run_in(f, "t1", "e1", false);
	agent_fixture_run_in(f, "t2", "e1", false);
	agent_fixture_kill(f, "t1");
	expect(TP_TASK_KILLED, TP_REASON_TASK_KILLED_DURING_LAUNCH);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	agent_fixture_kill(f, "t2");
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
}
END_TEST

START_TEST(a_kill_of_a_running_task_goes_to_its_executor)
{
	struct peer *e;

	agent_fixture_run(f, "t1", false);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_kill(f, "t1");
	ck_assert_int_eq(agent_fixture_event(e)->type, TP_EXECUTOR_EVENT_KILL);
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

START_TEST(a_kill_of_nothing_is_answered)
{
	agent_fixture_run(f, "t1", false);
	agent_fixture_kill(f, "t9");
	expect(TP_TASK_DROPPED, TP_REASON_EXECUTOR_TERMINATED);
}
END_TEST

START_TEST(an_executor_that_never_subscribes_is_ended)
{
	agent_fixture_run(f, "t1", false);
	agent_fixture_advance(f, TP_MIN - 1);
	/* While the agent stands still nobody can subscribe. */
	f->clock.now_ns += TP_HOUR;
	agent_fixture_settle(f);
	agent_fixture_advance(f, TP_MIN - 1);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	agent_fixture_advance(f, 1);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	expect(TP_TASK_FAILED, TP_REASON_EXECUTOR_REGISTRATION_TIMEOUT);
}
END_TEST

START_TEST(a_shut_down_framework_goes_silently)
{
	struct peer *e;

	agent_fixture_run_in(f, "t1", "e1", false);
	e = agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_forget(f);
	shutdown_framework();
	ck_assert_int_eq(agent_fixture_event(e)->type, TP_EXECUTOR_EVENT_SHUTDOWN);
	agent_fixture_advance(f, 5 * TP_SEC - 1);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	agent_fixture_advance(f, 1);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_uint_eq(f->n_received, 0);
}
END_TEST

START_TEST(a_task_for_a_terminating_executor_is_dropped)
{
	struct tp_framework_id fid = { .value = "F" };
	struct tp_executor_id eid = { .value = "e1" };

	agent_fixture_run_in(f, "t1", "e1", false);
	agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_send(f, TP_MESSAGE_SHUTDOWN_EXECUTOR, &tp_shutdown_executor_desc,
		&(struct tp_shutdown_executor){
			.framework_id = &fid, .executor_id = &eid });
	agent_fixture_settle(f);
	agent_fixture_run_in(f, "t2", "e1", false);
	expect(TP_TASK_DROPPED, TP_REASON_EXECUTOR_TERMINATED);
}
END_TEST

START_TEST(an_id_that_is_no_file_name_is_refused)
{
	agent_fixture_run(f, "../t1", false);
	expect(TP_TASK_ERROR, TP_REASON_TASK_INVALID);
	ck_assert_uint_eq(f->n_containers, 0);
}
END_TEST

START_TEST(what_is_not_supported_is_refused)
{
	struct tp_framework_id fid = { .value = "F" };
	struct tp_executor_id eid = { .value = "e1" };
	struct tp_task_id tid = { .value = "t1" };
	struct tp_agent_id aid = { .value = "M-S0" };
	struct tp_framework_info framework = { .user = "u", .name = "n", .id = &fid };
	struct tp_executor_info executor = { .executor_id = &eid };
	struct tp_task_info task = { .name = "t", .task_id = &tid, .agent_id = &aid };
	struct tp_task_info *tasks[] = { &task };
	struct tp_task_group_info group = { .tasks = tasks, .n_tasks = 1 };

	agent_fixture_send(f, TP_MESSAGE_RUN_TASK_GROUP, &tp_run_task_group_desc,
		&(struct tp_run_task_group){ .framework = &framework,
			.executor = &executor,
			.task_group = &group });
	agent_fixture_settle(f);
	expect(TP_TASK_ERROR, TP_REASON_TASK_GROUP_INVALID);
}
END_TEST

START_TEST(messages_go_both_ways)
{
	struct tp_framework_id fid = { .value = "F" };
	struct tp_executor_id eid = { .value = "e1" };
	struct tp_agent_id aid = { .value = "M-S0" };
	struct tp_executor_call_message message = { .data = {
							    (const uint8_t *)"up", 2 } };
	const struct tp_executor_to_framework *up;
	struct peer *e;

	agent_fixture_run_in(f, "t1", "e1", false);
	e = agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_send(f, TP_MESSAGE_FRAMEWORK_TO_EXECUTOR,
		&tp_framework_to_executor_desc,
		&(struct tp_framework_to_executor){ .agent_id = &aid,
			.framework_id = &fid,
			.executor_id = &eid,
			.data = { (const uint8_t *)"down", 4 } });
	agent_fixture_settle(f);
	ck_assert_mem_eq(agent_fixture_event(e)->message->data.data, "down", 4);
	agent_fixture_executor_call(e,
		&(struct tp_executor_call){ .framework_id = &fid,
			.executor_id = &eid,
			.has_type = true,
			.type = TP_EXECUTOR_CALL_MESSAGE,
			.message = &message });
	up = agent_fixture_last(f, TP_MESSAGE_EXECUTOR_TO_FRAMEWORK);
	ck_assert_ptr_nonnull(up);
	ck_assert_mem_eq(up->data.data, "up", 2);
}
END_TEST

START_TEST(a_stranger_is_no_executor)
{
	struct peer *e;

	agent_fixture_run(f, "t1", false);
	e = agent_fixture_executor(f, 0, "t2", false);
	ck_assert_int_eq(e->ups, 0);
	ck_assert_int_ge(e->downs, 1);
}
END_TEST

START_TEST(an_executor_speaks_for_itself_only)
{
	struct peer *e;

	agent_fixture_run(f, "t1", false);
	agent_fixture_run(f, "t2", false);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t2", "t2", TP_TASK_FINISHED, 1);
	ck_assert_int_ne(e->call_status, 0);
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

START_TEST(a_second_subscription_closes_the_first)
{
	struct peer *first, *second;

	agent_fixture_run(f, "t1", false);
	first = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(first, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	second = agent_fixture_executor(f, 1, "t1", true);
	ck_assert_uint_eq(agent_fixture_events(second, TP_EXECUTOR_EVENT_SUBSCRIBED), 1);
	ck_assert_uint_eq(agent_fixture_events(second, TP_EXECUTOR_EVENT_LAUNCH), 0);
	agent_fixture_kill(f, "t1");
	ck_assert_uint_eq(agent_fixture_events(second, TP_EXECUTOR_EVENT_KILL), 1);
	ck_assert_uint_eq(agent_fixture_events(first, TP_EXECUTOR_EVENT_KILL), 0);
}
END_TEST

START_TEST(unknown_tasks_are_reconciled)
{
	struct tp_framework_id fid = { .value = "G" };
	struct tp_task_id tid = { .value = "t7" };
	struct tp_task_status status = {
		.task_id = &tid, .has_state = true, .state = TP_TASK_RUNNING
	};
	struct tp_task_status *statuses[] = { &status };

	agent_fixture_send(f, TP_MESSAGE_RECONCILE_TASKS, &tp_reconcile_tasks_desc,
		&(struct tp_reconcile_tasks){
			.framework_id = &fid, .statuses = statuses, .n_statuses = 1 });
	agent_fixture_settle(f);
	expect(TP_TASK_LOST, TP_REASON_RECONCILIATION);
}
END_TEST

START_TEST(a_shut_down_agent_ends_when_nothing_runs)
{
	agent_fixture_run(f, "t1", true);
	agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_send(f, TP_MESSAGE_AGENT_SHUTDOWN, &tp_agent_shutdown_desc,
		&(struct tp_agent_shutdown){ .message = "go" });
	agent_fixture_settle(f);
	ck_assert_int_eq(f->exit_status, -1);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	ck_assert_int_eq(f->exit_status, 0);
}
END_TEST

START_TEST(an_executor_of_a_framework_that_goes_need_not_wait)
{
	struct peer *e;

	agent_fixture_run(f, "t1", true);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	shutdown_framework();
	agent_fixture_update(e, "t1", "t1", TP_TASK_KILLED, 2);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 2);
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

START_TEST(a_kill_reaches_an_executor_that_was_away)
{
	struct peer *e;

	agent_fixture_run_in(f, "t1", "e1", false);
	e = agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_update(e, "e1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_executor_gone(e);
	agent_fixture_kill(f, "t1");
	e = agent_fixture_executor(f, 0, "e1", true);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_KILL), 1);
	ck_assert_str_eq(agent_fixture_event(e)->kill->task_id->value, "t1");
	agent_fixture_executor_gone(e);
	e = agent_fixture_executor(f, 0, "e1", true);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_KILL), 0);
}
END_TEST

START_TEST(an_executor_is_told_everything_by_its_environment)
{
	static const char *const lines[] = {
		"MESOS_FRAMEWORK_ID=F\n",
		"MESOS_EXECUTOR_ID=e1\n",
		"MESOS_SLAVE_ID=M-S0\n",
		"MESOS_AGENT_ENDPOINT=127.0.0.1:5051\n",
		"MESOS_SLAVE_PID=slave(1)@127.0.0.1:5051\n",
		"MESOS_CHECKPOINT=1\n",
		"MESOS_RECOVERY_TIMEOUT=15mins\n",
		"MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs\n",
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=5secs\n",
		"MESOS_HTTP_COMMAND_EXECUTOR=0\n",
		"MESOS_DIRECTORY=/",
		"MESOS_SANDBOX=/",
		"TEPUI_FRAMEWORK_ID=F\n",
		"TEPUI_EXECUTOR_ID=e1\n",
		"TEPUI_AGENT_ID=M-S0\n",
		"TEPUI_AGENT_ADDRESS=unix:///",
		"TEPUI_CHECKPOINT=1\n",
		"TEPUI_RECOVERY_TIMEOUT=15mins\n",
	};
	const char *all;

	agent_fixture_run_in(f, "t1", "e1", true);
	all = agent_fixture_container(f)->environment;
	for (size_t i = 0; i < TP_COUNT(lines); i++)
		ck_assert_msg(
			strstr(all, lines[i]) != NULL, "no %s in\n%s", lines[i], all);
}
END_TEST

START_TEST(without_a_checkpoint_it_is_not_told_to_wait)
{
	const char *all;

	agent_fixture_run_in(f, "t1", "e1", false);
	all = agent_fixture_container(f)->environment;
	ck_assert_ptr_nonnull(strstr(all, "MESOS_CHECKPOINT=0\n"));
	ck_assert_ptr_null(strstr(all, "RECOVERY_TIMEOUT"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_tasks");
	TCase *tc = tcase_create("tasks");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_registers_and_gets_an_id);
	tcase_add_test(tc, an_unanswered_registration_is_repeated);
	tcase_add_test(tc, a_silent_master_is_dialled_again);
	tcase_add_test(tc, a_command_task_runs);
	tcase_add_test(tc, an_executor_takes_several_tasks);
	tcase_add_test(tc, the_end_of_an_executor_ends_its_tasks);
	tcase_add_test(tc, an_executor_that_is_over_starts_nothing_and_says_so);
	tcase_add_test(tc, a_failed_launch_fails_the_task);
	tcase_add_test(tc, a_kill_while_the_container_starts);
	tcase_add_test(tc, a_kill_while_the_executor_has_not_subscribed);
	tcase_add_test(tc, a_kill_of_a_running_task_goes_to_its_executor);
	tcase_add_test(tc, a_kill_of_nothing_is_answered);
	tcase_add_test(tc, an_executor_that_never_subscribes_is_ended);
	tcase_add_test(tc, a_shut_down_framework_goes_silently);
	tcase_add_test(tc, a_task_for_a_terminating_executor_is_dropped);
	tcase_add_test(tc, an_id_that_is_no_file_name_is_refused);
	tcase_add_test(tc, what_is_not_supported_is_refused);
	tcase_add_test(tc, messages_go_both_ways);
	tcase_add_test(tc, a_stranger_is_no_executor);
	tcase_add_test(tc, an_executor_speaks_for_itself_only);
	tcase_add_test(tc, a_second_subscription_closes_the_first);
	tcase_add_test(tc, unknown_tasks_are_reconciled);
	tcase_add_test(tc, a_shut_down_agent_ends_when_nothing_runs);
	tcase_add_test(tc, an_executor_of_a_framework_that_goes_need_not_wait);
	tcase_add_test(tc, a_kill_reaches_an_executor_that_was_away);
	tcase_add_test(tc, an_executor_is_told_everything_by_its_environment);
	tcase_add_test(tc, without_a_checkpoint_it_is_not_told_to_wait);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
