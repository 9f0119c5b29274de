/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How agents of one master go and who may not come: missed pings, the rate and the limit of
 * removals, agents declared gone, replaced ones, old versions, a strict registry, and what the
 * registry forgets by and by.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define REGISTERED "22 {'agent_id'"
#define SHUT_DOWN "26 {'message':"
#define AWARE \
	",'checkpoint':true,'failover_timeout':3600," \
	"'capabilities':[{'type':'PARTITION_AWARE'}]"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler, *desk;
static char first_id[64];

static void begin(const char *config)
{
	fixture_init(f, config);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, AWARE);
	desk = client_up(f, 2, "operator");
	snprintf(first_id, sizeof first_id, "%s", fixture_master_id(f));
}

static void setup(void)
{
	begin(NULL);
}

static void teardown(void)
{
	fixture_fini(f);
}

static void launch(const char *task)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, task);
}

static int mark_gone(const char *id)
{
	return client_operator(desk,
		"{'type':'MARK_AGENT_GONE','mark_agent_gone':{'agent_id':"
		"{'value':'%s'}}}",
		id);
}

static const char *agent_id(unsigned n)
{
	static char id[80];

	snprintf(id, sizeof id, "%s-S%u", first_id, n);
	return id;
}

/* Until every agent but none that is connected is unreachable. */
static void lose_agent(void)
{
	client_down(agent);
	fixture_advance(f, 10 * TP_MIN);
	ck_assert(fixture_has_variable(f, "unreachable/"));
}

/* --- pings ------------------------------------------------------------------------------ */

START_TEST(an_agent_that_answers_no_pings_is_unreachable_though_its_session_stands)
{
	launch("t");
	agent->mute = true;
	fixture_advance(f, 89 * TP_SEC);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert_int_eq(agent->n_ups, 1);
	fixture_advance(f, 2 * TP_SEC);
	ck_assert(fixture_has_variable(f, "unreachable/"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_UNREACHABLE'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'unreachable_time'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
	/* Its session was ended, so that it registers again when it wakes up. */
	ck_assert_int_eq(agent->n_ups, 2);
	ck_assert_double_eq(
		fixture_metric(f, "master/slave_removals/reason_unhealthy"), 1);
	ck_assert_double_eq(fixture_metric(f, "master/tasks_unreachable"), 1);
}
END_TEST

/* The process stands still while time goes on. */
static void oversleep(int64_t ns)
{
	f->clock.now_ns += ns;
	fixture_settle(f);
}

START_TEST(a_master_that_overslept_misses_no_ping)
{
	launch("t");
	agent->mute = true;
	fixture_advance(f, 89 * TP_SEC);
	oversleep(TP_HOUR);
	fixture_advance(f, 14 * TP_SEC);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert_int_eq(agent->n_ups, 1);
	fixture_advance(f, 2 * TP_SEC);
	ck_assert(fixture_has_variable(f, "unreachable/"));
}
END_TEST

START_TEST(who_was_away_while_the_master_stood_still_may_return)
{
	launch("t");
	client_down(agent);
	client_down(scheduler);
	fixture_advance(f, 9 * TP_MIN);
	oversleep(10 * TP_HOUR);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	fixture_advance(f, 9 * TP_MIN);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	fixture_advance(f, 2 * TP_MIN); /* agent_reregister_timeout */
	ck_assert(fixture_has_variable(f, "unreachable/"));
	fixture_advance(f, 48 * TP_MIN);
	ck_assert_double_eq(fixture_metric(f, "master/frameworks_disconnected"), 1);
	fixture_advance(f, 2 * TP_MIN); /* an hour: its failover_timeout */
	ck_assert_double_eq(fixture_metric(f, "master/frameworks_disconnected"), 0);
}
END_TEST

START_TEST(agents_have_time_to_come_to_a_master_that_overslept)
{
	launch("t");
	client_down(agent);
	fixture_restart(f, NULL);
	fixture_advance(f, 9 * TP_MIN);
	oversleep(TP_HOUR);
	fixture_advance(f, 9 * TP_MIN);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	fixture_advance(f, 2 * TP_MIN);
	ck_assert(fixture_has_variable(f, "unreachable/"));
}
END_TEST

START_TEST(any_word_of_an_agent_counts_as_life)
{
	launch("t");
	agent->mute = true;
	for (int i = 0; i < 20; i++) {
		fixture_advance(f, 30 * TP_SEC);
		fixture_update(f, agent, 0, "t", "TASK_RUNNING", "TASK_RUNNING", 0);
	}
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_scheduled"), 0);
}
END_TEST

START_TEST(removals_are_paced)
{
	struct client *others[3];

	teardown();
	begin("      agent_removal_rate_limit: 1/20mins\n");
	for (int i = 0; i < 3; i++) {
		others[i] = fixture_agent(f, 3 + i);
		others[i]->mute = true;
	}
	agent->mute = true;
	fixture_advance(f, 91 * TP_SEC);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_scheduled"), 4);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_completed"), 1);
	/* One of those that wait answers again. */
	others[1]->mute = false;
	fixture_advance(f, 16 * TP_SEC);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_canceled"), 1);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_completed"), 1);
	fixture_advance(f, 20 * TP_MIN);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_completed"), 2);
	fixture_advance(f, 20 * TP_MIN);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_completed"), 3);
	fixture_advance(f, 2 * TP_HOUR);
	ck_assert_double_eq(fixture_metric(f, "master/slave_unreachable_completed"), 3);
	ck_assert_double_eq(fixture_metric(f, "master/slave_shutdowns_completed"), 3);
	ck_assert_double_eq(fixture_metric(f, "master/slaves_connected"), 1);
}
END_TEST

START_TEST(a_disconnected_agent_that_registers_in_time_is_not_removed)
{
	launch("t");
	client_down(agent);
	fixture_advance(f, 9 * TP_MIN);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	fixture_advance(f, 9 * TP_MIN);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
}
END_TEST

/* --- after a restart of the master ------------------------------------------------------- */

START_TEST(absentees_are_removed_when_their_time_is_over)
{
	client_down(agent);
	fixture_restart(f, NULL);
	scheduler = fixture_scheduler(f, 3, AWARE);
	fixture_advance(f, 10 * TP_MIN);
	ck_assert(fixture_has_variable(f, "unreachable/"));
	ck_assert_double_eq(fixture_metric(f, "master/recovery_slave_removals"), 1);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
				 "'reconcile':{'tasks':[{'task_id':{'value':'t'},"
				 "'agent_id':{'value':'%s'}}]}}",
				 fixture_master_id(f), agent_id(0)),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_UNREACHABLE'"));
}
END_TEST

START_TEST(too_many_absentees_end_the_master)
{
	static const char config[] = "      recovery_agent_removal_limit: 50%\n";

	fixture_agent(f, 3);
	fixture_agent(f, 4);
	client_down(agent);
	client_down(&f->clients[3]);
	client_down(&f->clients[4]);
	fixture_restart(f, config);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
	fixture_advance(f, 10 * TP_MIN);
	ck_assert_int_eq(f->exit_status, 1); /* two of three are missing */
	ck_assert(!fixture_has_variable(f, "unreachable/"));
}
END_TEST

START_TEST(as_many_absentees_as_the_limit_are_removed)
{
	fixture_agent(f, 3);
	client_down(agent);
	client_down(&f->clients[3]);
	fixture_restart(f, "      recovery_agent_removal_limit: 50%\n");
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
	fixture_advance(f, 10 * TP_MIN);
	ck_assert_int_eq(f->exit_status, -1);
	ck_assert_double_eq(fixture_metric(f, "master/recovery_slave_removals"), 1);
}
END_TEST

START_TEST(an_unreachable_agent_returns_to_another_master)
{
	launch("t");
	lose_agent();
	fixture_restart(f, NULL);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'checkpoint':true,'id':{'value':'%s-0000'}}}}",
			first_id, first_id),
		0);
	agent = client_up(f, 0, "agent");
	client_forget(scheduler);
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, agent_id(0)));
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert(fixture_has_variable(f, "agent/"));
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'reason':'REASON_AGENT_REREGISTERED'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_RUNNING'"));
	ck_assert_double_eq(fixture_metric(f, "master/tasks_running"), 1);
}
END_TEST

START_TEST(a_framework_that_agents_bring_back_has_its_time_from_the_election)
{
	launch("t");
	client_down(scheduler);
	client_down(agent);
	fixture_restart(f, NULL);
	fixture_advance(f, 40 * TP_MIN);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_double_eq(fixture_metric(f, "master/tasks_running"), 1);
	fixture_advance(f, 19 * TP_MIN);
	ck_assert_double_eq(fixture_metric(f, "master/tasks_running"), 1);
	client_forget(agent);
	fixture_advance(f, 2 * TP_MIN); /* an hour: its failover_timeout */
	ck_assert_double_eq(fixture_metric(f, "master/tasks_running"), 0);
	ck_assert_ptr_nonnull(client_heard(agent, "49 {'framework_id'"));
}
END_TEST

/* --- gone -------------------------------------------------------------------------------- */

START_TEST(an_agent_that_is_gone_never_comes_back)
{
	launch("t");
	ck_assert_int_eq(mark_gone(agent_id(0)), 0);
	ck_assert(fixture_has_variable(f, "gone/"));
	ck_assert(!fixture_has_variable(f, "agent/"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE_BY_OPERATOR'"));
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'reason':'REASON_AGENT_REMOVED_BY_OPERATOR'"));
	ck_assert_ptr_nonnull(
		client_heard(agent, SHUT_DOWN "'Agent has been marked gone'"));
	ck_assert(fixture_logged(f, "remove_agent 0"));
	ck_assert_int_eq(mark_gone(agent_id(0)), 0); /* again */
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(
		client_heard(agent, SHUT_DOWN "'Agent has been marked gone'"));
	ck_assert_ptr_null(client_heard(agent, REGISTERED));
	fixture_restart(f, NULL);
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(
		client_heard(agent, SHUT_DOWN "'Agent has been marked gone'"));
}
END_TEST

START_TEST(reconciliation_knows_who_is_gone)
{
	ck_assert_int_eq(mark_gone(agent_id(0)), 0);
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
				 "'reconcile':{'tasks':[{'task_id':{'value':'x'},"
				 "'agent_id':{'value':'%s'}}]}}",
				 first_id, agent_id(0)),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE_BY_OPERATOR'"));
}
END_TEST

START_TEST(tasks_that_were_set_aside_end_with_a_gone_agent)
{
	launch("t");
	lose_agent();
	ck_assert_ptr_null(client_heard(scheduler, "'state':'TASK_GONE_BY_OPERATOR'"));
	ck_assert_int_eq(mark_gone(agent_id(0)), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE_BY_OPERATOR'"));
	ck_assert_double_eq(fixture_metric(f, "master/tasks_unreachable"), 0);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
}
END_TEST

START_TEST(gone_is_said_when_the_registry_knows)
{
	f->store_held = true;
	ck_assert_int_eq(mark_gone(agent_id(0)), 1); /* no answer yet */
	ck_assert_ptr_null(client_heard(agent, SHUT_DOWN));
	/* It may not slip away meanwhile. */
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
	ck_assert_ptr_null(client_heard(agent, REGISTERED));
	fixture_release_store(f);
	ck_assert(desk->answered);
	ck_assert_int_eq(desk->status, 0);
	fixture_reregister(agent, first_id, NULL, NULL);
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN));
}
END_TEST

START_TEST(nobody_knows_the_agent_that_is_to_be_gone)
{
	ck_assert_int_eq(mark_gone("nobody"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(desk->text, "nobody"));
	ck_assert(!fixture_has_variable(f, "gone/"));
}
END_TEST

/* --- who may not register ------------------------------------------------------------------ */

static void register_again(
	struct client *c, const char *id, const char *host, const char *version)
{
	client_send(c, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'agent':{'hostname':'%s','id':{'value':'%s'},"
		"'resources':[" CPUS(4) "]}%s}",
		host, id, version);
}

START_TEST(versions_that_are_too_old_are_ignored)
{
	static const char *const versions[] = { "", ",'version':''", ",'version':'0.0.9'",
		",'version':'new'" };
	struct client *other = client_up(f, 3, "agent");

	for (size_t i = 0; i < TP_COUNT(versions); i++) {
		register_again(other, "old", "h", versions[i]);
		client_send(other, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
			"{'agent':{'hostname':'h','resources':[" CPUS(1) "]}%s}",
			versions[i]);
	}
	ck_assert_uint_eq(other->n_heard, 0);
	ck_assert_double_eq(
		fixture_metric(f, "master/dropped_messages"), 2 * TP_COUNT(versions));
	register_again(other, "new", "h", ",'version':'0.1.0-rc1'");
	ck_assert_ptr_nonnull(client_heard(other, REGISTERED));
}
END_TEST

START_TEST(an_agent_may_not_change_its_name)
{
	client_down(agent);
	agent = client_up(f, 0, "agent");
	register_again(agent, agent_id(0), "elsewhere", ",'version':'1.0'");
	ck_assert_ptr_nonnull(client_heard(agent,
		SHUT_DOWN "'Agent attempted to re-register with different hostname'"));
}
END_TEST

START_TEST(an_agent_that_the_registry_does_not_know_is_admitted)
{
	struct client *other = client_up(f, 3, "agent");

	register_again(other, "stranger", "h", ",'version':'1.0'");
	ck_assert_ptr_nonnull(client_heard(other, REGISTERED));
	ck_assert(fixture_has_variable(f, "agent/stranger"));
}
END_TEST

START_TEST(a_strict_registry_admits_only_whom_it_knows)
{
	struct client *other;

	teardown();
	begin("      registry_strict: true\n");
	other = client_up(f, 3, "agent");
	register_again(other, "stranger", "h", ",'version':'1.0'");
	ck_assert_ptr_nonnull(client_heard(other, SHUT_DOWN "'Agent is not in the reg"));
	ck_assert(!fixture_has_variable(f, "agent/stranger"));
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
	lose_agent();
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
	ck_assert_ptr_nonnull(client_heard(agent,
		SHUT_DOWN "'Agent attempted to re-register after it was marked "
			  "unreachable"));
}
END_TEST

START_TEST(a_new_agent_in_place_of_a_broken_one_ends_that_ones_tasks)
{
	launch("t");
	client_down(agent);
	agent = fixture_agent(f, 0);
	ck_assert_ptr_nonnull(client_heard(agent, agent_id(1)));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
	ck_assert_double_eq(
		fixture_metric(f, "master/slave_removals/reason_registered"), 1);
	ck_assert_double_eq(fixture_metric(f, "master/slaves_connected"), 1);
	ck_assert_double_eq(fixture_metric(f, "master/slaves_disconnected"), 0);
}
END_TEST

START_TEST(an_agent_that_unregisters_is_forgotten)
{
	launch("t");
	client_send(agent, TP_MESSAGE_AGENT_UNREGISTER, &tp_agent_unregister_desc,
		"{'agent_id':{'value':'%s'}}", agent_id(0));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
	ck_assert(!fixture_has_variable(f, "agent/"));
	ck_assert_double_eq(
		fixture_metric(f, "master/slave_removals/reason_unregistered"), 1);
}
END_TEST

START_TEST(an_agent_that_unregisters_is_answered_when_the_registry_knows)
{
	f->store_held = true;
	ck_assert_int_eq(
		client_call(agent, TP_MESSAGE_AGENT_UNREGISTER, &tp_agent_unregister_desc,
			NULL, "{'agent_id':{'value':'%s'}}", agent_id(0)),
		1);
	fixture_release_store(f);
	ck_assert(agent->answered);
	ck_assert_int_eq(agent->status, 0);
	ck_assert(!fixture_has_variable(f, "agent/"));
}
END_TEST

START_TEST(the_end_of_a_task_is_known_after_its_agent)
{
	launch("t");
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	client_send(agent, TP_MESSAGE_AGENT_UNREGISTER, &tp_agent_unregister_desc,
		"{'agent_id':{'value':'%s'}}", agent_id(0));
	client_forget(scheduler);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
			"'reconcile':{'tasks':[{'task_id':{'value':'t'},"
			"'agent_id':{'value':'%s'}},{'task_id':{'value':'other'}}]}}",
			fixture_master_id(f), agent_id(0)),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_FINISHED'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_UNKNOWN'"));
}
END_TEST

/* --- forgetting ---------------------------------------------------------------------------- */

START_TEST(the_registry_forgets_who_was_away_for_too_long)
{
	client_down(scheduler);
	lose_agent();
	fixture_advance(f, 13 * TP_DAY);
	ck_assert(fixture_has_variable(f, "unreachable/"));
	fixture_advance(f, TP_DAY + 15 * TP_MIN);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert_double_eq(fixture_metric(f, "master/slaves_unreachable"), 0);
	/* Who comes all the same is admitted like a stranger. */
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
}
END_TEST

START_TEST(the_registry_forgets_the_oldest_beyond_a_number)
{
	teardown();
	begin("      registry_max_agent_count: 2\n      registry_gc_interval: 1mins\n");
	for (int i = 3; i < 6; i++) {
		fixture_agent(f, i);
		ck_assert_int_eq(mark_gone(agent_id((unsigned)i - 2)), 0);
		fixture_advance(f, TP_SEC);
	}
	lose_agent();
	ck_assert(!fixture_has_variable(f, agent_id(1)));
	ck_assert_int_eq(mark_gone(agent_id(1)), -ENOENT);
	ck_assert_int_eq(mark_gone(agent_id(2)), 0);
	ck_assert_int_eq(mark_gone(agent_id(3)), 0);
	ck_assert(fixture_has_variable(f, "unreachable/"));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc,
		an_agent_that_answers_no_pings_is_unreachable_though_its_session_stands);
	tcase_add_test(tc, a_master_that_overslept_misses_no_ping);
	tcase_add_test(tc, who_was_away_while_the_master_stood_still_may_return);
	tcase_add_test(tc, agents_have_time_to_come_to_a_master_that_overslept);
	tcase_add_test(tc, any_word_of_an_agent_counts_as_life);
	tcase_add_test(tc, removals_are_paced);
	tcase_add_test(tc, a_disconnected_agent_that_registers_in_time_is_not_removed);
	tcase_add_test(tc, absentees_are_removed_when_their_time_is_over);
	tcase_add_test(tc, too_many_absentees_end_the_master);
	tcase_add_test(tc, as_many_absentees_as_the_limit_are_removed);
	tcase_add_test(tc, an_unreachable_agent_returns_to_another_master);
	tcase_add_test(
		tc, a_framework_that_agents_bring_back_has_its_time_from_the_election);
	tcase_add_test(tc, an_agent_that_is_gone_never_comes_back);
	tcase_add_test(tc, reconciliation_knows_who_is_gone);
	tcase_add_test(tc, tasks_that_were_set_aside_end_with_a_gone_agent);
	tcase_add_test(tc, gone_is_said_when_the_registry_knows);
	tcase_add_test(tc, nobody_knows_the_agent_that_is_to_be_gone);
	tcase_add_test(tc, versions_that_are_too_old_are_ignored);
	tcase_add_test(tc, an_agent_may_not_change_its_name);
	tcase_add_test(tc, an_agent_that_the_registry_does_not_know_is_admitted);
	tcase_add_test(tc, a_strict_registry_admits_only_whom_it_knows);
	tcase_add_test(tc, a_new_agent_in_place_of_a_broken_one_ends_that_ones_tasks);
	tcase_add_test(tc, an_agent_that_unregisters_is_forgotten);
	tcase_add_test(tc, an_agent_that_unregisters_is_answered_when_the_registry_knows);
	tcase_add_test(tc, the_end_of_a_task_is_known_after_its_agent);
	tcase_add_test(tc, the_registry_forgets_who_was_away_for_too_long);
	tcase_add_test(tc, the_registry_forgets_the_oldest_beyond_a_number);
}

int main(void)
{
	Suite *suite = suite_create("master_departures");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
