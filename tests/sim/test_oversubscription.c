/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that lends, from the estimate to the task that has to go, with the real master,
 * allocator, agent and drivers. In brackets the tests of Mesos that the ones here are like.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/framework.h"

static struct cluster *c;
static struct machine *a1;
static struct framework *borrower, *other;

static void setup(void)
{
	c = cluster_create(0);
	cluster_add_master(c, "registry-leveldb", NULL);
	c->lends = true;
	a1 = cluster_add_agent(
		c, "a1", "cpus:4;mem:4096", "      registration_backoff_factor: 100ms\n");
	framework_borrow(c, true);
	borrower = framework_subscribe(c, "borrower", NULL);
	framework_borrow(c, false);
	other = framework_subscribe(c, "other", NULL);
}

static void teardown(void)
{
	cluster_destroy(c);
}

static int64_t lent_to(const struct framework *f)
{
	int64_t sum = 0;

	for (size_t i = 0; i < f->n_offers; i++)
		sum += f->offers[i].lent_milli;
	return sum;
}

/* Another figure, and time for the next estimate. */
static void lend(int64_t cpus_milli)
{
	sim_lender_lend(a1->lender, cpus_milli);
	cluster_advance(c, 16000);
}

static const struct framework_offer *lent_offer(void)
{
	for (size_t i = 0; i < borrower->n_offers; i++) {
		if (borrower->offers[i].lent_milli > 0)
			return &borrower->offers[i];
	}
	ck_abort_msg("nothing lent is offered");
}

static void run(const char *task_id, int64_t cpus_milli)
{
	framework_accept_lent(borrower, lent_offer(), task_id, cpus_milli, "hang");
	ck_assert(framework_wait_state(borrower, task_id, TP_TASK_RUNNING, 10000));
	ck_assert_int_eq(sim_containers_cpus_milli(a1->containers), 0);
}

/* [OversubscriptionTest.RevocableOffer] */
START_TEST(what_is_lent_is_offered_to_who_can_bear_it)
{
	lend(2000);
	ck_assert_int_eq(lent_to(borrower), 2000);
	ck_assert_int_eq(lent_to(other), 0);
	run("guest", 2000);
	ck_assert_int_eq(sim_containers_lent_milli(a1->containers), 2000);
	cluster_advance(c, 60000);
	ck_assert_int_eq(lent_to(borrower) + lent_to(other), 0);
}
END_TEST

/* [OversubscriptionTest.RescindRevocableOfferWithIncreasedRevocable, ...DecreasedRevocable] */
START_TEST(offers_follow_what_is_lent)
{
	static const int64_t figures[] = { 3000, 1000, 0, 500 };
	unsigned rescinded;

	lend(2000);
	for (size_t i = 0; i < TP_COUNT(figures); i++) {
		rescinded = borrower->n_rescinded;
		lend(figures[i]);
		ck_assert_int_eq(lent_to(borrower), figures[i]);
		/* Nothing was offered that could be taken back when it comes anew. */
		ck_assert_uint_eq(borrower->n_rescinded - rescinded,
			i == TP_COUNT(figures) - 1 ? 0 : 1);
	}
	rescinded = borrower->n_rescinded;
	cluster_advance(c, 60000); /* several estimates, all the same */
	ck_assert_uint_eq(borrower->n_rescinded, rescinded);
	ck_assert_uint_eq(other->n_rescinded, 0);
}
END_TEST

START_TEST(less_than_is_in_use_may_be_lent)
{
	lend(2000);
	run("guest", 1500);
	lend(1000);
	ck_assert_int_eq(lent_to(borrower), 0);
	ck_assert_int_eq(framework_task_state(borrower, "guest"), TP_TASK_RUNNING);
	framework_kill(borrower, "guest");
	ck_assert(framework_wait_state(borrower, "guest", TP_TASK_KILLED, 20000));
	cluster_advance(c, 31000);
	ck_assert_int_eq(lent_to(borrower), 1000);
}
END_TEST

/* [OversubscriptionTest.QoSCorrectionKill] */
START_TEST(who_has_to_go_hears_why)
{
	lend(2000);
	run("guest", 1000);
	ck_assert(sim_lender_preempt(a1->lender, 0));
	ck_assert(framework_wait_state(borrower, "guest", TP_TASK_GONE, 10000));
	ck_assert_int_eq(
		framework_task(borrower, "guest")->reason, TP_REASON_CONTAINER_PREEMPTED);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
	cluster_advance(c, 16000);
	ck_assert_int_eq(lent_to(borrower), 2000);
}
END_TEST

/* [OversubscriptionTest.Reregistration] */
START_TEST(a_restarted_agent_counts_what_it_finds)
{
	lend(2000);
	run("guest", 1500);
	cluster_kill(a1);
	cluster_restart(a1);
	cluster_advance(c, 60000);
	ck_assert_int_eq(framework_task_state(borrower, "guest"), TP_TASK_RUNNING);
	ck_assert_int_eq(lent_to(borrower), 500);
	ck_assert_int_eq(lent_to(other), 0);
}
END_TEST

/* [OversubscriptionTest.RemoveCapabilitiesOnSchedulerFailover] */
START_TEST(a_scheduler_that_cannot_bear_it_any_more_gets_none)
{
	struct framework *next;

	lend(2000);
	ck_assert_int_eq(lent_to(borrower), 2000);
	borrower->borrows = false;
	next = framework_take_over(borrower);
	cluster_advance(c, 60000);
	ck_assert(next->subscribed);
	ck_assert_int_eq(lent_to(next), 0);
	ck_assert_uint_gt(next->n_offers + other->n_offers, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oversubscription");
	TCase *tc = tcase_create("oversubscription");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 150);
	tcase_add_test(tc, what_is_lent_is_offered_to_who_can_bear_it);
	tcase_add_test(tc, offers_follow_what_is_lent);
	tcase_add_test(tc, less_than_is_in_use_may_be_lent);
	tcase_add_test(tc, who_has_to_go_hears_why);
	tcase_add_test(tc, a_restarted_agent_counts_what_it_finds);
	tcase_add_test(tc, a_scheduler_that_cannot_bear_it_any_more_gets_none);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
