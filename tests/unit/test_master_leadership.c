/* SPDX-License-Identifier: Apache-2.0 */
/* A master that waits, is elected, and loses what it was elected for. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/record.h"
#include "tests/unit/master_fixture.h"

#define REGISTERED "22 {'agent_id'"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;

static void setup(void)
{
	fixture_init(f, NULL);
	f->standby = true;
	f->fetches = 0;
	fixture_restart(f, NULL);
}

static void teardown(void)
{
	fixture_fini(f);
}

static void lead(const char *id)
{
	struct tp_address address = { .ip = "10.1.2.3", .has_port = true, .port = 5060 };
	struct tp_master_info info = { .id = id, .address = &address };

	fixture_lead(f, id == NULL ? NULL : &info);
}

START_TEST(a_standby_says_who_leads)
{
	struct client *desk = client_up(f, 0, "operator");

	ck_assert_int_eq(client_operator(desk, "{'type':'GET_STATE'}"), -EAGAIN);
	ck_assert_ptr_nonnull(strstr(desk->text, fixture_master_id(f)));
	ck_assert_ptr_nonnull(strstr(desk->text, "no leader"));
	lead("other");
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_HEALTH'}"), -EAGAIN);
	ck_assert_ptr_nonnull(strstr(desk->text, "master other at 10.1.2.3:5060"));
	lead(NULL);
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_HEALTH'}"), -EAGAIN);
	ck_assert_ptr_nonnull(strstr(desk->text, "no leader"));
	ck_assert_double_eq(fixture_metric(f, "master/elected"), 0);
}
END_TEST

START_TEST(a_standby_reads_no_registry)
{
	int stores = f->stores;

	fixture_advance(f, TP_HOUR);
	ck_assert_int_eq(f->fetches, 0);
	fixture_elect(f);
	ck_assert_int_eq(f->fetches, 1);
	ck_assert_int_eq(f->stores, stores + 1);
	ck_assert_double_eq(fixture_metric(f, "master/elected"), 1);
}
END_TEST

START_TEST(agents_and_schedulers_wait_for_a_leader)
{
	struct client *agent = client_dial(f, 0, "agent");
	struct client *scheduler = client_dial(f, 1, "scheduler");

	fixture_advance(f, 10 * TP_SEC);
	ck_assert(!agent->up);
	ck_assert(!scheduler->up);
	fixture_elect(f);
	fixture_advance(f, 10 * TP_SEC);
	ck_assert(agent->up);
	ck_assert(scheduler->up);
	client_send(agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'h','resources':[" CPUS(1) "]},'version':'1.0'}");
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
}
END_TEST

START_TEST(a_lost_leadership_has_its_own_exit_status)
{
	fixture_elect(f);
	ck_assert_int_eq(f->exit_status, -1);
	fixture_depose(f, "the session expired");
	ck_assert_int_eq(f->exit_status, 3);
}
END_TEST

START_TEST(a_standby_may_be_stopped)
{
	client_dial(f, 0, "agent");
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, -1);
	ck_assert_int_eq(f->fetches, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_leadership");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_standby_says_who_leads);
	tcase_add_test(tc, a_standby_reads_no_registry);
	tcase_add_test(tc, agents_and_schedulers_wait_for_a_leader);
	tcase_add_test(tc, a_lost_leadership_has_its_own_exit_status);
	tcase_add_test(tc, a_standby_may_be_stopped);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
