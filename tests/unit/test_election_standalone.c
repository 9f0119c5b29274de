/* SPDX-License-Identifier: Apache-2.0 */
/* election-standalone: who leads, who is told, and what callbacks may do. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/kind/election.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"

extern const struct tp_module tp_module;

static struct test_host host;
static const struct tp_election_ops *ops;
static void *impl;
static struct tp_master_info info_a = { .id = "a" }, info_b = { .id = "b" };

struct contender {
	struct tp_candidate candidate;
	int n_elected;
	bool withdraws; /* in elected() */
};

struct watcher {
	struct tp_detector detector;
	int n_told;
	const struct tp_master_info *leader;
	struct watcher *ignores; /* in changed() */
};

static void on_elected(struct tp_candidate *candidate)
{
	struct contender *c = tp_container_of(candidate, struct contender, candidate);

	c->n_elected++;
	if (c->withdraws)
		ops->withdraw(impl, candidate);
}

static void on_lost(struct tp_candidate *candidate, const char *why)
{
	(void)candidate;
	ck_abort_msg("lost: %s", why);
}

static void on_changed(struct tp_detector *detector, const struct tp_master_info *leader)
{
	struct watcher *w = tp_container_of(detector, struct watcher, detector);

	w->n_told++;
	w->leader = leader;
	if (w->ignores != NULL)
		ops->ignore(impl, &w->ignores->detector);
}

static struct contender contender(const struct tp_master_info *info)
{
	return (struct contender){
		.candidate = { .info = info, .elected = on_elected, .lost = on_lost }
	};
}

static struct watcher watcher(void)
{
	return (struct watcher){ .detector.changed = on_changed };
}

static void setup(void)
{
	memset(&host, 0, sizeof(host));
	test_host_start(&host, &tp_module, NULL);
	ops = test_host_ops(&tp_module);
	impl = test_host_impl(&host);
}

static void teardown(void)
{
	test_host_stop(&host);
}

static void settle(void)
{
	test_clock_settle(&host.clock, host.loop);
}

START_TEST(the_first_leads_the_next_waits)
{
	struct contender a = contender(&info_a), b = contender(&info_b);

	ops->contend(impl, &a.candidate);
	ops->contend(impl, &b.candidate);
	ck_assert_int_eq(a.n_elected, 0); /* never from inside a call */
	settle();
	ck_assert_int_eq(a.n_elected, 1);
	ck_assert_int_eq(b.n_elected, 0);
	ops->withdraw(impl, &a.candidate);
	settle();
	ck_assert_int_eq(b.n_elected, 1);
	ops->withdraw(impl, &b.candidate);
	settle();
	ck_assert_int_eq(a.n_elected, 1);
}
END_TEST

START_TEST(detectors_hear_each_change_once)
{
	struct contender a = contender(&info_a);
	struct watcher early = watcher(), late = watcher();

	ops->detect(impl, &early.detector);
	settle();
	ck_assert_int_eq(early.n_told, 1);
	ck_assert_ptr_null(early.leader);
	ops->contend(impl, &a.candidate);
	settle();
	ck_assert_int_eq(early.n_told, 2);
	ck_assert_ptr_eq(early.leader, &info_a);
	ops->detect(impl, &late.detector);
	settle();
	ck_assert_int_eq(early.n_told, 2); /* nothing changed for it */
	ck_assert_int_eq(late.n_told, 1);
	ck_assert_ptr_eq(late.leader, &info_a);
	ops->ignore(impl, &early.detector);
	ops->withdraw(impl, &a.candidate);
	settle();
	ck_assert_int_eq(early.n_told, 2);
	ck_assert_ptr_null(late.leader);
}
END_TEST

START_TEST(callbacks_may_change_everything)
{
	struct contender a = contender(&info_a), b = contender(&info_b);
	struct watcher first = watcher(), second = watcher(), third = watcher();

	a.withdraws = true;
	first.ignores = &second;
	ops->detect(impl, &first.detector);
	ops->detect(impl, &second.detector);
	ops->detect(impl, &third.detector);
	ops->contend(impl, &a.candidate);
	ops->contend(impl, &b.candidate);
	settle();
	ck_assert_int_eq(a.n_elected, 1);
	ck_assert_int_eq(b.n_elected, 1);
	ck_assert_int_eq(second.n_told, 0);
	ck_assert_ptr_eq(third.leader, &info_b);
}
END_TEST

START_TEST(withdrawn_before_it_was_told)
{
	struct contender a = contender(&info_a);

	ops->contend(impl, &a.candidate);
	ops->withdraw(impl, &a.candidate);
	settle();
	ck_assert_int_eq(a.n_elected, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("election_standalone");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_first_leads_the_next_waits);
	tcase_add_test(tc, detectors_hear_each_change_once);
	tcase_add_test(tc, callbacks_may_change_everything);
	tcase_add_test(tc, withdrawn_before_it_was_told);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
