/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that is told by an election who the master is: it follows the leader, and while it
 * knows none it hears nobody and its updates wait.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/agent_fixture.h"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;
static struct sim_election *election;
static struct sim_party *masters; /* the masters' way to the election */
static struct tp_candidate candidate;
static struct tp_address address;
static struct tp_master_info info;

static void elected(struct tp_candidate *c)
{
	(void)c;
}

static void lost(struct tp_candidate *c, const char *why)
{
	(void)c, (void)why;
}

static void lead(const char *id, int port)
{
	struct tp_election e = sim_party_election(masters);

	address =
		(struct tp_address){ .ip = "127.0.0.1", .has_port = true, .port = port };
	info = (struct tp_master_info){ .id = id, .address = &address };
	candidate =
		(struct tp_candidate){ .info = &info, .elected = elected, .lost = lost };
	tp_list_init(&candidate.node);
	e.ops->contend(e.impl, &candidate);
	agent_fixture_settle(f);
}

static void resign(void)
{
	struct tp_election e = sim_party_election(masters);

	e.ops->withdraw(e.impl, &candidate);
	agent_fixture_settle(f);
}

static void setup(void)
{
	agent_fixture_init(f);
	election = sim_election_create(f->loop);
	masters = sim_party_create(election, f->loop);
	f->party = sim_party_create(election, f->loop);
}

static void teardown(void)
{
	agent_fixture_stop(f);
	sim_election_destroy(election); /* before the loop */
	f->party = NULL;
	agent_fixture_fini(f);
}

static size_t registrations(void)
{
	return agent_fixture_count(f, TP_MESSAGE_AGENT_REGISTER) +
		agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER);
}

static size_t sent(void)
{
	return agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE);
}

START_TEST(it_registers_with_the_leader)
{
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(f->agent_peer, 0);
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(registrations(), 1);
	agent_fixture_run(f, "t1", false);
	ck_assert_uint_eq(f->n_containers, 1);
}
END_TEST

START_TEST(without_a_leader_it_hears_nobody_and_updates_wait)
{
	struct peer *e;

	agent_fixture_start(f, "");
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	agent_fixture_run(f, "t1", false);
	e = agent_fixture_executor(f, 0, "t1", true);
	resign();
	agent_fixture_advance(f, TP_SEC);
	/* The master is still there, the agent just does not know. */
	ck_assert_uint_eq(f->agent_peer, 0);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 0);
	ck_assert_uint_eq(registrations(), 1);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	/* The same one leads again. */
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(registrations(), 2);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_RUNNING);
}
END_TEST

START_TEST(a_cut_from_the_election_is_no_leader)
{
	agent_fixture_start(f, "");
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_ne(f->agent_peer, 0);
	sim_party_cut(f->party, true);
	agent_fixture_advance(f, 9 * TP_SEC);
	ck_assert_uint_ne(f->agent_peer, 0);
	agent_fixture_advance(f, 2 * TP_SEC);
	ck_assert_uint_eq(f->agent_peer, 0);
	sim_party_cut(f->party, false);
	agent_fixture_advance(f, 2 * TP_SEC);
	ck_assert_uint_ne(f->agent_peer, 0);
	ck_assert_uint_eq(registrations(), 2);
}
END_TEST

START_TEST(a_short_cut_changes_nothing)
{
	uint64_t peer;

	agent_fixture_start(f, "");
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	peer = f->agent_peer;
	sim_party_cut(f->party, true);
	agent_fixture_advance(f, 5 * TP_SEC);
	sim_party_cut(f->party, false);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(f->agent_peer, peer);
	ck_assert_uint_eq(registrations(), 1);
}
END_TEST

START_TEST(another_leader_is_followed)
{
	agent_fixture_start(f, "");
	lead("elsewhere", 5999);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(registrations(), 0);
	resign();
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(registrations(), 1);
}
END_TEST

START_TEST(a_new_master_at_the_old_address_is_another_one)
{
	uint64_t peer;

	agent_fixture_start(f, "");
	lead("M", 5060);
	agent_fixture_advance(f, TP_SEC);
	peer = f->agent_peer;
	resign();
	lead("M2", 5060);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_ne(f->agent_peer, 0);
	ck_assert_uint_ne(f->agent_peer, peer);
	ck_assert_uint_eq(registrations(), 2);
}
END_TEST

START_TEST(exactly_one_says_where_the_master_is)
{
	struct tp_error err = { 0 };

	ck_assert_int_lt(
		agent_fixture_try_start(f, "      master: 127.0.0.1:5060\n", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "election module"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_leader");
	TCase *tc = tcase_create("leader");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_registers_with_the_leader);
	tcase_add_test(tc, without_a_leader_it_hears_nobody_and_updates_wait);
	tcase_add_test(tc, a_cut_from_the_election_is_no_leader);
	tcase_add_test(tc, a_short_cut_changes_nothing);
	tcase_add_test(tc, another_leader_is_followed);
	tcase_add_test(tc, a_new_master_at_the_old_address_is_another_one);
	tcase_add_test(tc, exactly_one_says_where_the_master_is);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
