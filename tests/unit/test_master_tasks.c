/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of one master on virtual time: launched, updated, acknowledged, killed, reconciled; what
 * the agent, the scheduler and the allocator hear of it.
 */
#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/master_fixture.h"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler;

static void setup(void)
{
	fixture_init(f, NULL);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, ",'checkpoint':true,'failover_timeout':3600");
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_forget(f);
}

static void teardown(void)
{
	fixture_fini(f);
}

/* [MasterTest.TaskRunning, .StatusUpdateAck] */
START_TEST(a_task_runs_and_its_updates_are_acknowledged)
{
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_ptr_nonnull(client_heard(agent, "40 {'framework':"));
	ck_assert(fixture_logged(f, "back 0 0 cpus(allocated: *):3") ||
		fixture_logged(f, "back 0 0"));
	fixture_update(f, agent, 0, "t", "TASK_RUNNING", "TASK_RUNNING", 1);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_RUNNING'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'uuid':'AQEB"));
	fixture_acknowledge(f, scheduler, 0, "t", 1);
	ck_assert_ptr_nonnull(client_heard(agent, "44 {'agent_id'"));
	ck_assert_uint_eq(client_count(scheduler, "'type':'UPDATE'"), 1);
}
END_TEST

START_TEST(the_rest_of_an_accepted_offer_goes_back_with_the_default_filter)
{
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert(fixture_logged(f, " filter 5000\n"));
	ck_assert(fixture_logged(f, ":3"));
}
END_TEST

/* [MasterTest.UnacknowledgedTerminalTask, .RecoverResources] */
START_TEST(a_terminal_task_is_listed_until_it_is_acknowledged_but_uses_nothing)
{
	struct client *desk = client_up(f, 2, "operator");

	fixture_launch(f, scheduler, 0, 0, "t");
	fixture_forget(f);
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	ck_assert(fixture_logged(f, "back 0 0"));
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_TASKS'}"), 0);
	ck_assert_ptr_nonnull(client_heard(desk, "'tasks':[{'name':'n'"));
	client_forget(desk);
	fixture_acknowledge(f, scheduler, 0, "t", 1);
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_TASKS'}"), 0);
	ck_assert_ptr_null(client_heard(desk, "'tasks':[{'name':'n'"));
	ck_assert_ptr_nonnull(client_heard(desk, "'completed_tasks':[{'name':'n'"));
}
END_TEST

/* [MasterTest.ReleaseResourcesForTerminalTaskWithPendingUpdates] */
START_TEST(resources_are_free_although_earlier_updates_are_unacknowledged)
{
	fixture_launch(f, scheduler, 0, 0, "t");
	fixture_forget(f);
	fixture_update(f, agent, 0, "t", "TASK_RUNNING", "TASK_FINISHED", 1);
	ck_assert(fixture_logged(f, "back 0 0"));
	fixture_forget(f);
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 2);
	ck_assert(!fixture_logged(f, "back"));
}
END_TEST

START_TEST(an_acknowledgement_of_another_update_does_not_end_the_task)
{
	struct client *desk = client_up(f, 2, "operator");

	fixture_launch(f, scheduler, 0, 0, "t");
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	fixture_acknowledge(f, scheduler, 0, "t", 2);
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_TASKS'}"), 0);
	ck_assert_ptr_nonnull(client_heard(desk, "'tasks':[{'name':'n'"));
}
END_TEST

static int kill_task(const char *task, const char *more)
{
	return client_scheduler(scheduler,
		"{'type':'KILL','framework_id':{'value':'%s-0000'},"
		"'kill':{'task_id':{'value':'%s'}%s}}",
		fixture_master_id(f), task, more);
}

/* [MasterTest.KillTask] */
START_TEST(a_kill_reaches_the_agent)
{
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_int_eq(kill_task("t", ""), 0);
	ck_assert_ptr_nonnull(client_heard(agent, "42 {'framework_id'"));
}
END_TEST

START_TEST(a_kill_that_names_the_wrong_agent_is_ignored)
{
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_int_eq(kill_task("t", ",'agent_id':{'value':'other'}"), 0);
	ck_assert_ptr_null(client_heard(agent, "42 {"));
	ck_assert_ptr_null(client_heard(scheduler, "'type':'UPDATE'"));
}
END_TEST

/* [MasterTest.KillUnknownTask] */
START_TEST(a_kill_of_an_unknown_task_is_answered_by_reconciliation)
{
	ck_assert_int_eq(kill_task("nobody", ""), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_LOST'"));
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'reason':'REASON_RECONCILIATION'"));
}
END_TEST

START_TEST(a_kill_waits_for_an_agent_that_is_away)
{
	const char *id = fixture_master_id(f);

	fixture_launch(f, scheduler, 0, 0, "t");
	client_down(agent);
	ck_assert_int_eq(kill_task("t", ""), 0);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, "22 {'agent_id'"));
	ck_assert_ptr_nonnull(client_heard(agent, "42 {'framework_id'"));
}
END_TEST

static void reconcile(const char *tasks)
{
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
				 "'reconcile':{'tasks':[%s]}}",
				 fixture_master_id(f), tasks),
		0);
}

START_TEST(reconciliation_tells_the_last_forwarded_state_without_a_uuid)
{
	fixture_launch(f, scheduler, 0, 0, "t");
	fixture_update(f, agent, 0, "t", "TASK_RUNNING", "TASK_FINISHED", 1);
	client_forget(scheduler);
	reconcile("{'task_id':{'value':'t'}}");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_RUNNING'"));
	ck_assert_ptr_null(client_heard(scheduler, "uuid"));
	client_forget(scheduler);
	reconcile("");
	ck_assert_uint_eq(client_count(scheduler, "'reason':'REASON_RECONCILIATION'"), 1);
}
END_TEST

START_TEST(reconciliation_of_an_unknown_task_says_lost_or_what_is_known)
{
	reconcile("{'task_id':{'value':'x'}},"
		  "{'task_id':{'value':'y'},'agent_id':{'value':'nobody'}}");
	ck_assert_uint_eq(client_count(scheduler, "'state':'TASK_LOST'"), 2);
}
END_TEST

/* [MasterTest.FrameworkMessage] */
START_TEST(messages_go_both_ways)
{
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'MESSAGE','framework_id':{'value':'%s-0000'},'message':{"
			"'agent_id':{'value':'%s-S0'},'executor_id':{'value':'e'},"
			"'data':'aGk='}}",
			id, id),
		0);
	ck_assert_ptr_nonnull(client_heard(agent, "'data':'aGk='"));
	client_send(agent, TP_MESSAGE_EXECUTOR_TO_FRAMEWORK,
		&tp_executor_to_framework_desc,
		"{'agent_id':{'value':'%s-S0'},'framework_id':{'value':'%s-0000'},"
		"'executor_id':{'value':'e'},'data':'eW8='}",
		id, id);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'data':'eW8='"));
}
END_TEST

/* [ResourceOffersTest.ResourcesGetReofferedAfterTaskInfoError] */
START_TEST(a_bad_task_ends_as_error_and_leaves_its_resources)
{
	fixture_launch(f, scheduler, 0, 0, "a/b");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_ERROR'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'reason':'REASON_TASK_INVALID'"));
	ck_assert_ptr_null(client_heard(agent, "40 {"));
	ck_assert(fixture_logged(f, ":4"));
}
END_TEST

START_TEST(tasks_of_a_framework_without_checkpoints_are_lost_with_the_session)
{
	struct client *other = fixture_scheduler(f, 3, "");

	fixture_offer(f, 1, 0, "cpus:1", "*");
	fixture_launch(f, other, 1, 1, "t");
	client_down(agent);
	ck_assert_ptr_nonnull(client_heard(other, "'state':'TASK_LOST'"));
	ck_assert_ptr_nonnull(
		client_heard(other, "'reason':'REASON_AGENT_DISCONNECTED'"));
}
END_TEST

/* Agent 0 is back on a session of its own, with task `t` of framework 1, which does not checkpoint. */
static void return_with_lost_task(const char *state)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	client_down(agent);
	agent = client_up(f, 0, "agent");
	client_send(agent, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'tasks':[{'name':'n','task_id':{'value':'t'},"
		"'framework_id':{'value':'%s-0001'},'agent_id':{'value':'%s-S0'},"
		"'state':'%s','resources':[{'name':'cpus','type':'SCALAR',"
		"'scalar':{'value':1},'allocation_info':{'role':'*'}}]}],"
		"'frameworks':[{'user':'u','name':'test','id':{'value':'%s-0001'}}],"
		"'agent':{'hostname':'host0','id':{'value':'%s-S0'},"
		"'resources':[" CPUS(4) "]},'version':'1.0'}",
		id, id, state, id, id);
	ck_assert_ptr_nonnull(client_heard(agent, "'total_ping_timeout_seconds'"));
}

START_TEST(what_was_told_as_lost_is_killed_when_it_comes_back)
{
	struct client *other = fixture_scheduler(f, 3, "");
	const char *id = fixture_master_id(f);

	fixture_offer(f, 1, 0, "cpus:1", "*");
	fixture_launch(f, other, 1, 1, "t");
	client_down(agent);
	ck_assert_ptr_nonnull(client_heard(other, "'state':'TASK_LOST'"));
	client_forget(other);
	fixture_forget(f);
	return_with_lost_task("TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, "42 {'framework_id'"));
	/* It runs, so it is paid for until it does not; but nobody hears of it. */
	ck_assert(!fixture_logged(f, "back"));
	fixture_update(f, agent, 1, "t", "TASK_RUNNING", "TASK_RUNNING", 1);
	ck_assert_ptr_nonnull(client_heard(agent, "44 {'agent_id'"));
	client_forget(agent);
	ck_assert_int_eq(client_scheduler(other,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0001'},"
				 "'reconcile':{'tasks':[{'task_id':{'value':'t'}}]}}",
				 id),
		0);
	ck_assert_ptr_nonnull(client_heard(other, "'state':'TASK_LOST'"));
	client_forget(other);
	fixture_update(f, agent, 1, "t", "TASK_KILLED", "TASK_KILLED", 2);
	ck_assert_ptr_nonnull(client_heard(agent, "44 {'agent_id'"));
	ck_assert(fixture_logged(f, "back 1 0"));
	ck_assert_uint_eq(client_count(other, "'type':'UPDATE'"), 0);
}
END_TEST

START_TEST(what_was_told_as_lost_and_is_over_comes_back_to_be_acknowledged)
{
	struct client *other = fixture_scheduler(f, 3, "");

	fixture_offer(f, 1, 0, "cpus:1", "*");
	fixture_launch(f, other, 1, 1, "t");
	client_down(agent);
	client_forget(other);
	return_with_lost_task("TASK_FINISHED");
	ck_assert_ptr_null(client_heard(agent, "42 {'framework_id'"));
	fixture_update(f, agent, 1, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	ck_assert_ptr_nonnull(client_heard(agent, "44 {'agent_id'"));
	ck_assert_uint_eq(client_count(other, "'type':'UPDATE'"), 0);
}
END_TEST

/* A task of 1 cpu in an executor of `cpus`. */
static void launch_in(const char *offer, const char *task, const char *cpus)
{
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-%s'}],'operations':[{'type':'LAUNCH',"
			"'launch':{'task_infos':[{'name':'n','task_id':{'value':'%s'},"
			"'agent_id':{'value':'%s-S0'},'resources':[" CPUS(
				1) "],"
				   "'executor':{'executor_id':{'value':'e'},'command':{'"
				   "value':'x'},"
				   "'resources':[{'name':'cpus','type':'SCALAR',"
				   "'scalar':{'value':%s}}]}}]}}]}}",
			id, id, offer, task, id, cpus),
		0);
}

/* [MasterTest.RecoverResources, of executors] */
START_TEST(an_executor_is_paid_for_once_and_gives_back_when_it_exits)
{
	const char *id = fixture_master_id(f);

	launch_in("O0", "t1", "0.5");
	ck_assert_ptr_nonnull(client_heard(agent, "'launch_executor':true"));
	ck_assert(fixture_logged(f, ":2.5"));
	fixture_forget(f);
	fixture_offer(f, 0, 0, "cpus:2.5", "*");
	launch_in("O1", "t2", "0.5");
	ck_assert_ptr_nonnull(client_heard(agent, "'launch_executor':false"));
	ck_assert(fixture_logged(f, ":1.5"));
	fixture_offer(f, 0, 0, "cpus:1.5", "*");
	launch_in("O2", "t3", "0.1");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_ERROR'"));
	fixture_forget(f);
	client_send(agent, TP_MESSAGE_EXITED_EXECUTOR, &tp_exited_executor_desc,
		"{'agent_id':{'value':'%s-S0'},'framework_id':{'value':'%s-0000'},"
		"'executor_id':{'value':'e'},'status':9}",
		id, id);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
	ck_assert(fixture_logged(f, ":0.5"));
}
END_TEST

static void launch_with_labels(unsigned n)
{
	const char *id = fixture_master_id(f);
	tp_cleanup(strbuf) struct tp_strbuf labels = TP_STRBUF_INIT;
	char task[32];

	for (int i = 0; i < 10; i++)
		tp_strbuf_printf(&labels, "%s{'key':'label-%d','value':'value-%d'}",
			i == 0 ? "" : ",", i, i);
	snprintf(task, sizeof task, "task-%06u", n);
	fixture_offer(f, 0, 0, "cpus:1;mem:128", "*");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O%u'}],'operations':[{'type':'LAUNCH',"
			"'launch':{'task_infos':[{'name':'%s','task_id':{'value':'%s'},"
			"'agent_id':{'value':'%s-S0'},'labels':{'labels':[%s]},"
			"'resources':[" CPUS(1) ",{'name':'mem','type':'SCALAR',"
						"'scalar':{'value':128}}],'command':{'"
						"value':'true'}}]}}]}}",
			id, id, n, task, task, id, tp_strbuf_text(&labels)),
		0);
	fixture_update(f, agent, 0, task, "TASK_RUNNING", "TASK_RUNNING", 1);
	client_forget(agent);
	client_forget(scheduler);
	fixture_forget(f);
}

/* What became of it could not be said when it ended. */
START_TEST(an_executor_that_does_not_come_back_with_its_agent_is_told_as_lost)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	launch_in("O0", "t1", "0.5");
	fixture_update(f, agent, 0, "t1", "TASK_RUNNING", "TASK_RUNNING", 1);
	client_down(agent);
	agent = client_up(f, 0, "agent");
	ck_assert_ptr_null(client_heard(scheduler, "'type':'FAILURE'"));
	fixture_reregister(agent, id, NULL, NULL);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'executor_id':{'value':'e'}"));
}
END_TEST

/* The launch may be behind the agent's own message. */
static void return_without_its_launch(void)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	launch_in("O0", "t1", "0.5");
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_forget(f);
	fixture_reregister(agent, id, NULL, NULL);
	ck_assert_ptr_null(client_heard(scheduler, "'type':'FAILURE'"));
}

START_TEST(an_executor_that_is_on_the_way_to_its_agent_is_kept)
{
	return_without_its_launch();
	fixture_update(f, agent, 0, "t1", "TASK_RUNNING", "TASK_RUNNING", 1);
	ck_assert_ptr_null(client_heard(scheduler, "'type':'FAILURE'"));
}
END_TEST

START_TEST(an_executor_that_never_came_to_its_agent_ends_with_its_task)
{
	return_without_its_launch();
	fixture_update(f, agent, 0, "t1", "TASK_DROPPED", "TASK_DROPPED", 1);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
}
END_TEST

START_TEST(a_running_task_with_ten_labels_is_small)
{
	size_t before;

	for (unsigned n = 1; n <= 100; n++)
		launch_with_labels(n);
	before = mallinfo2().uordblks;
	for (unsigned n = 101; n <= 600; n++)
		launch_with_labels(n);
	/* A sanitizer's own allocator counts nothing here. */
	ck_assert_uint_le((mallinfo2().uordblks - before) / 500, 1536);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_tasks");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_task_runs_and_its_updates_are_acknowledged);
	tcase_add_test(
		tc, the_rest_of_an_accepted_offer_goes_back_with_the_default_filter);
	tcase_add_test(
		tc, a_terminal_task_is_listed_until_it_is_acknowledged_but_uses_nothing);
	tcase_add_test(
		tc, resources_are_free_although_earlier_updates_are_unacknowledged);
	tcase_add_test(tc, an_acknowledgement_of_another_update_does_not_end_the_task);
	tcase_add_test(tc, a_kill_reaches_the_agent);
	tcase_add_test(tc, a_kill_that_names_the_wrong_agent_is_ignored);
	tcase_add_test(tc, a_kill_of_an_unknown_task_is_answered_by_reconciliation);
	tcase_add_test(tc, a_kill_waits_for_an_agent_that_is_away);
	tcase_add_test(tc, reconciliation_tells_the_last_forwarded_state_without_a_uuid);
	tcase_add_test(tc, reconciliation_of_an_unknown_task_says_lost_or_what_is_known);
	tcase_add_test(tc, messages_go_both_ways);
	tcase_add_test(tc, a_bad_task_ends_as_error_and_leaves_its_resources);
	tcase_add_test(
		tc, tasks_of_a_framework_without_checkpoints_are_lost_with_the_session);
	tcase_add_test(tc, what_was_told_as_lost_is_killed_when_it_comes_back);
	tcase_add_test(
		tc, what_was_told_as_lost_and_is_over_comes_back_to_be_acknowledged);
	tcase_add_test(tc, an_executor_is_paid_for_once_and_gives_back_when_it_exits);
	tcase_add_test(
		tc, an_executor_that_does_not_come_back_with_its_agent_is_told_as_lost);
	tcase_add_test(tc, an_executor_that_is_on_the_way_to_its_agent_is_kept);
	tcase_add_test(tc, an_executor_that_never_came_to_its_agent_ends_with_its_task);
	tcase_add_test(tc, a_running_task_with_ten_labels_is_small);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
