/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated election keeps the contract of kind `election`, and its failures are those of an
 * election that is kept by sessions.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/wire.h"
#include "tests/lib/sim_election.h"
#include "tests/lib/sim_time.h"

struct voter {
	struct sim_party *party;
	struct tp_election election;
	struct tp_master_info info;
	struct tp_candidate candidate;
	struct tp_detector detector;
	unsigned n_elected, n_lost, n_changed;
	char leader[16]; /* "" nobody, "?" nothing heard */
};

static struct sim_time virtual;
static struct sim_clock *sim_clock;
static struct tp_loop *loop;
static struct sim_election *election;
static struct voter a, b, watcher;

static void elected(struct tp_candidate *candidate)
{
	tp_container_of(candidate, struct voter, candidate)->n_elected++;
}

static void lost(struct tp_candidate *candidate, const char *why)
{
	ck_assert_str_ne(why, "");
	tp_container_of(candidate, struct voter, candidate)->n_lost++;
}

static void changed(struct tp_detector *detector, const struct tp_master_info *leader)
{
	struct voter *v = tp_container_of(detector, struct voter, detector);

	v->n_changed++;
	strcpy(v->leader, leader == NULL ? "" : leader->id);
}

static void voter_init(struct voter *v, const char *id)
{
	memset(v, 0, sizeof *v);
	v->party = sim_party_create(election, loop);
	v->election = sim_party_election(v->party);
	v->info.id = id;
	v->candidate = (struct tp_candidate){
		.info = &v->info, .elected = elected, .lost = lost
	};
	tp_list_init(&v->candidate.node);
	v->detector.changed = changed;
	strcpy(v->leader, "?");
}

static void advance(int64_t ms)
{
	sim_time_advance(&virtual, ms * TP_MSEC);
}

static void setup(void)
{
	sim_time_init(&virtual);
	sim_clock = sim_clock_create(&virtual);
	loop = sim_clock->loop;
	election = sim_election_create(loop);
	voter_init(&a, "a");
	voter_init(&b, "b");
	voter_init(&watcher, "");
	a.election.ops->contend(a.election.impl, &a.candidate);
	b.election.ops->contend(b.election.impl, &b.candidate);
	watcher.election.ops->detect(watcher.election.impl, &watcher.detector);
	ck_assert_uint_eq(a.n_elected, 0);
	ck_assert_str_eq(watcher.leader, "?");
	advance(10);
}

static void teardown(void)
{
	sim_election_destroy(election);
	sim_clock_destroy(sim_clock);
}

START_TEST(the_first_leads_and_the_second_waits)
{
	ck_assert_uint_eq(a.n_elected, 1);
	ck_assert_uint_eq(b.n_elected, 0);
	ck_assert_str_eq(watcher.leader, "a");
	ck_assert_uint_eq(watcher.n_changed, 1);
	a.election.ops->withdraw(a.election.impl, &a.candidate);
	advance(10);
	ck_assert_uint_eq(a.n_lost, 0);
	ck_assert_uint_eq(b.n_elected, 1);
	ck_assert_str_eq(watcher.leader, "b");
}
END_TEST

START_TEST(a_leader_that_is_cut_off_loses)
{
	sim_party_cut(a.party, true);
	advance(9000);
	ck_assert_uint_eq(a.n_lost, 0);
	ck_assert_str_eq(watcher.leader, "a");
	advance(1100);
	ck_assert_uint_eq(a.n_lost, 1);
	ck_assert_uint_eq(b.n_elected, 1);
	ck_assert_str_eq(watcher.leader, "b");
}
END_TEST

START_TEST(a_short_cut_is_not_noticed)
{
	sim_party_cut(a.party, true);
	sim_party_cut(watcher.party, true);
	advance(9000);
	sim_party_cut(a.party, false);
	sim_party_cut(watcher.party, false);
	advance(20000);
	ck_assert_uint_eq(a.n_lost, 0);
	ck_assert_uint_eq(b.n_elected, 0);
	ck_assert_uint_eq(watcher.n_changed, 1);
}
END_TEST

START_TEST(two_lead_for_a_moment)
{
	sim_party_skew(a.party, -2000 * TP_MSEC);
	sim_party_cut(a.party, true);
	advance(8100);
	ck_assert_uint_eq(b.n_elected, 1);
	ck_assert_uint_eq(a.n_lost, 0);
	/* Back in time for its own clock, too late for the election. */
	sim_party_cut(a.party, false);
	advance(10);
	ck_assert_uint_eq(a.n_lost, 1);
}
END_TEST

START_TEST(a_standby_that_is_cut_off_is_told_nothing)
{
	sim_party_cut(b.party, true);
	advance(60000);
	ck_assert_uint_eq(b.n_elected + b.n_lost, 0);
	a.election.ops->withdraw(a.election.impl, &a.candidate);
	advance(10);
	ck_assert_str_eq(watcher.leader, "");
	sim_party_cut(b.party, false);
	advance(10);
	ck_assert_uint_eq(b.n_elected, 1);
	ck_assert_str_eq(watcher.leader, "b");
}
END_TEST

START_TEST(a_detector_that_is_cut_off_knows_nobody)
{
	sim_party_cut(watcher.party, true);
	advance(9000);
	ck_assert_str_eq(watcher.leader, "a");
	advance(1100);
	ck_assert_str_eq(watcher.leader, "");
	advance(60000);
	ck_assert_uint_eq(watcher.n_changed, 2);
	sim_party_cut(watcher.party, false);
	advance(10);
	ck_assert_str_eq(watcher.leader, "a");
	ck_assert_uint_eq(watcher.n_changed, 3);
}
END_TEST

START_TEST(a_dead_leader_leads_until_its_session_is_over)
{
	sim_party_kill(a.party);
	a.election.ops->withdraw(a.election.impl, &a.candidate);
	sim_party_bind(a.party, NULL);
	advance(9000);
	ck_assert_uint_eq(b.n_elected, 0);
	ck_assert_str_eq(watcher.leader, "a");
	advance(1100);
	ck_assert_uint_eq(b.n_elected, 1);
	ck_assert_uint_eq(a.n_lost, 0);
	ck_assert_str_eq(watcher.leader, "b");
}
END_TEST

START_TEST(who_is_ignored_hears_nothing)
{
	watcher.election.ops->ignore(watcher.election.impl, &watcher.detector);
	a.election.ops->withdraw(a.election.impl, &a.candidate);
	advance(1000);
	ck_assert_uint_eq(watcher.n_changed, 1);
	ck_assert_str_eq(sim_election_leader(election)->id, "b");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("election");
	TCase *tc = tcase_create("sessions");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_first_leads_and_the_second_waits);
	tcase_add_test(tc, a_leader_that_is_cut_off_loses);
	tcase_add_test(tc, a_short_cut_is_not_noticed);
	tcase_add_test(tc, two_lead_for_a_moment);
	tcase_add_test(tc, a_standby_that_is_cut_off_is_told_nothing);
	tcase_add_test(tc, a_detector_that_is_cut_off_knows_nobody);
	tcase_add_test(tc, a_dead_leader_leads_until_its_session_is_over);
	tcase_add_test(tc, who_is_ignored_hears_nothing);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
