/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster with an election: two masters on one registry, an agent and a scheduler on the SDK's
 * driver. What each of them does when it loses sight of the leader, when the leader changes, and
 * when it leads no more.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/framework.h"

#define EXIT_NOT_LEADING 3
#define SESSION_MS 10000 /* of the election */

static struct cluster *c;
static struct machine *m1, *m2, *a1;
static struct framework *f;
static char agent_id[96];

static void launch(const char *task_id, const char *command)
{
	const struct framework_offer *offer;

	/* Memory alone is an offer too. */
	while ((offer = framework_wait_offer(f, 15000)) != NULL &&
		offer->cpus_milli < 1000)
		framework_decline(f, offer, 0);
	ck_assert_ptr_nonnull(offer);
	framework_accept(f, offer, task_id, 1000, command);
	ck_assert(framework_wait_state(f, task_id, TP_TASK_RUNNING, 10000));
}

static void setup(void)
{
	c = cluster_create(0);
	cluster_elect(c);
	m1 = cluster_add_master(c, "sim-registry", NULL);
	m2 = cluster_add_master(c, "sim-registry", NULL);
	a1 = cluster_add_agent(c, "a1", "cpus:4;mem:4096", NULL);
	framework_drive(c, true);
	f = framework_subscribe(c, "f", NULL);
	launch("t", "hang");
	snprintf(agent_id, sizeof agent_id, "%s", machine_id(a1));
	ck_assert_ptr_eq(cluster_leader(c), m1);
}

static void teardown(void)
{
	cluster_destroy(c);
}

/* The session with the election is over, and everybody concerned has heard of it. */
static void lose_sight(struct sim_party *party)
{
	sim_party_cut(party, true);
	cluster_advance(c, SESSION_MS + 1000);
}

static void see_again(struct sim_party *party)
{
	sim_party_cut(party, false);
	cluster_advance(c, 5000);
}

static bool is_subscribed(void *arg)
{
	return ((struct framework *)arg)->subscribed;
}

/* All is as before, under whichever master leads now. */
static void check_task_runs(void)
{
	ck_assert(cluster_step_until(c, is_subscribed, f, 60000));
	ck_assert_str_eq(machine_id(a1), agent_id);
	ck_assert(sim_containers_runs(a1->containers, "t"));
	framework_reconcile(f, "t");
	cluster_advance(c, 1000);
	ck_assert_int_eq(framework_task_state(f, "t"), TP_TASK_RUNNING);
	ck_assert_ptr_null(framework_task(f, "t")->wrong);
	framework_kill(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_KILLED, 10000));
}

START_TEST(an_agent_without_a_leader_hears_nobody)
{
	unsigned n_updates;

	launch("short", "run 20000 0");
	n_updates = framework_task(f, "short")->n_updates;
	lose_sight(a1->party);
	framework_kill(f, "t");
	cluster_advance(c, 20000);
	ck_assert(sim_containers_runs(a1->containers, "t"));
	ck_assert(!sim_containers_runs(a1->containers, "short"));
	ck_assert_uint_eq(framework_task(f, "short")->n_updates, n_updates);
	see_again(a1->party);
	ck_assert(framework_wait_state(f, "short", TP_TASK_FINISHED, 60000));
	ck_assert(framework_wait_state(f, "t", TP_TASK_KILLED, 60000));
	ck_assert_str_eq(machine_id(a1), agent_id);
}
END_TEST

START_TEST(an_agent_that_sees_again_finds_another_leader)
{
	launch("short", "run 15000 0");
	lose_sight(a1->party);
	cluster_kill(m1);
	cluster_advance(c, SESSION_MS + 1000);
	ck_assert_ptr_eq(cluster_leader(c), m2);
	ck_assert_int_eq(framework_task_state(f, "short"), TP_TASK_RUNNING);
	see_again(a1->party);
	ck_assert(framework_wait_state(f, "short", TP_TASK_FINISHED, 60000));
	check_task_runs();
}
END_TEST

START_TEST(a_driver_without_a_leader_says_so)
{
	unsigned n_disconnected = f->n_disconnected;

	sim_party_cut(f->party, true);
	cluster_advance(c, SESSION_MS - 1000);
	ck_assert(f->subscribed);
	cluster_advance(c, 2000);
	ck_assert(!f->subscribed);
	ck_assert_uint_eq(f->n_disconnected, n_disconnected + 1);
	ck_assert(sim_containers_runs(a1->containers, "t"));
	see_again(f->party);
	ck_assert(f->subscribed);
	check_task_runs();
}
END_TEST

START_TEST(a_master_that_loses_the_lead_ends)
{
	unsigned n_updates = framework_task(f, "t")->n_updates;

	lose_sight(m1->party);
	ck_assert_int_eq(m1->exit_status, EXIT_NOT_LEADING);
	cluster_stop(m1);
	ck_assert_ptr_eq(cluster_leader(c), m2);
	sim_party_cut(m1->party, false);
	cluster_restart(m1);
	cluster_advance(c, 30000);
	ck_assert_ptr_eq(cluster_leader(c), m2);
	ck_assert_int_eq(m1->exit_status, -1);
	ck_assert_uint_eq(framework_task(f, "t")->n_updates, n_updates);
	check_task_runs();
}
END_TEST

START_TEST(a_standby_waits)
{
	sim_party_cut(m2->party, true);
	cluster_advance(c, 60000);
	ck_assert_int_eq(m2->exit_status, -1);
	cluster_kill(m1);
	cluster_advance(c, SESSION_MS + 1000);
	ck_assert_ptr_null(cluster_leader(c));
	ck_assert_int_eq(m2->exit_status, -1);
	see_again(m2->party);
	ck_assert_ptr_eq(cluster_leader(c), m2);
	check_task_runs();
}
END_TEST

/* It takes itself for the leader until somebody tells it: what it writes is refused. */
START_TEST(a_leader_that_was_stopped_is_fenced_off)
{
	char name[128];

	cluster_freeze(m1, true);
	cluster_advance(c, 100000);
	ck_assert_ptr_eq(cluster_leader(c), m2);
	cluster_freeze(m1, false);
	cluster_advance(c, 1000);
	ck_assert_int_ge(m1->exit_status, 1);
	cluster_stop(m1);
	cluster_restart(m1);
	cluster_advance(c, 60000);
	snprintf(name, sizeof name, "agent/%s", agent_id);
	ck_assert(sim_registry_has(c->registry, name));
	check_task_runs();
}
END_TEST

START_TEST(two_leaders_for_a_moment_write_one_registry)
{
	/* The election gives up on it three seconds before it knows. */
	sim_party_skew(m1->party, -3000 * TP_MSEC);
	sim_party_cut(m1->party, true);
	cluster_advance(c, SESSION_MS - 2000);
	ck_assert_ptr_eq(cluster_leader(c), m2);
	ck_assert_int_eq(m1->exit_status, -1);
	/* A second agent: only the new leader can admit it. */
	struct machine *a2 = cluster_add_agent(c, "a2", "cpus:4;mem:4096", NULL);
	cluster_advance(c, 10000);
	ck_assert_str_ne(machine_id(a2), "");
	ck_assert_int_ge(m1->exit_status, 1);
	ck_assert_uint_eq(sim_registry_count(c->registry, "agent/"), 2);
	check_task_runs();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("leaders");
	TCase *tc = tcase_create("leaders");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 150);
	tcase_add_test(tc, an_agent_without_a_leader_hears_nobody);
	tcase_add_test(tc, an_agent_that_sees_again_finds_another_leader);
	tcase_add_test(tc, a_driver_without_a_leader_says_so);
	tcase_add_test(tc, a_master_that_loses_the_lead_ends);
	tcase_add_test(tc, a_standby_waits);
	tcase_add_test(tc, a_leader_that_was_stopped_is_fenced_off);
	tcase_add_test(tc, two_leaders_for_a_moment_write_one_registry);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
