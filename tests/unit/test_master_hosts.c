/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which agents may be offered: what the master tells the allocator of the whitelist, of domains and
 * of frameworks' requests, and which agents it refuses for their domain. Names in brackets are the
 * tests' counterparts upstream.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/master_fixture.h"

#define WEST "{'fault_domain':{'region':{'name':'west'},'zone':{'name':'a'}}}"
#define MASTER_WEST \
	"      domain: '{\"fault_domain\":{\"region\":{\"name\":\"west\"},\"zone\":{" \
	"\"name\":\"a\"}}}'\n"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct test_tmpdir dir;
static char *hosts; /* the file */

static void setup(void)
{
	test_tmpdir_init(&dir);
	hosts = tp_strdup(test_tmpdir_file(&dir, "hosts"));
}

static void teardown(void)
{
	fixture_fini(f);
	tp_free(hosts);
	test_tmpdir_fini(&dir);
}

static void write_hosts(const char *text)
{
	FILE *out = fopen(hosts, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

/* [WhitelistTest.WhitelistSlave] */
START_TEST(the_whitelist_is_told_and_read_again)
{
	tp_cleanup(ptr) char *config = tp_asprintf("      whitelist: file://%s\n", hosts);

	write_hosts("  one\r\n\n two\t\nthree");
	fixture_init(f, config);
	ck_assert_msg(fixture_logged(f, "whitelist one two three.\n"), "%s", f->log.data);
	fixture_forget(f);
	write_hosts("two\n");
	fixture_advance(f, 4 * TP_SEC);
	ck_assert(!fixture_logged(f, "whitelist"));
	fixture_advance(f, TP_SEC);
	ck_assert_msg(fixture_logged(f, "whitelist two.\n"), "%s", f->log.data);
	/* What is the same is not told again. */
	fixture_forget(f);
	fixture_advance(f, 20 * TP_SEC);
	ck_assert(!fixture_logged(f, "whitelist"));
	write_hosts("");
	fixture_advance(f, 5 * TP_SEC);
	ck_assert_msg(fixture_logged(f, "whitelist.\n"), "%s", f->log.data);
}
END_TEST

START_TEST(a_whitelist_that_goes_away_stays_in_force)
{
	tp_cleanup(ptr) char *config = tp_asprintf("      whitelist: %s\n", hosts);

	write_hosts("one\n");
	fixture_init(f, config);
	fixture_forget(f);
	unlink(hosts);
	fixture_advance(f, 20 * TP_SEC);
	ck_assert(!fixture_logged(f, "whitelist"));
	write_hosts("two\n");
	fixture_advance(f, 5 * TP_SEC);
	ck_assert_msg(fixture_logged(f, "whitelist two.\n"), "%s", f->log.data);
	fixture_restart(f, config);
	ck_assert_msg(fixture_logged(f, "whitelist two.\n"), "%s", f->log.data);
}
END_TEST

START_TEST(without_a_whitelist_nothing_is_told)
{
	fixture_init(f, NULL);
	ck_assert(!fixture_logged(f, "whitelist"));
	ck_assert(!fixture_logged(f, "domain"));
}
END_TEST

static void agent_registers(int i, const char *domain)
{
	struct client *agent = client_up(f, i, "agent");

	client_send(agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'host%d','resources':[" CPUS(
			4) "]%s},"
			   "'address':'tcp://host:5061','version':'1.0'}",
		i, domain);
}

/* [MasterTest.AgentDomainSameRegion] */
START_TEST(offers_tell_the_domain_of_their_agent)
{
	struct client *scheduler;

	fixture_init(f, MASTER_WEST);
	ck_assert(fixture_logged(f, "domain west\n"));
	agent_registers(0, ",'domain':" WEST);
	ck_assert_msg(fixture_logged(f, "add_agent 0"), "%s", f->log.data);
	scheduler = fixture_scheduler(f, 1, "");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'domain':" WEST));
	client_forget(scheduler);
	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'domain':" WEST));
}
END_TEST

/* [MasterTest.AgentDomainMismatch] */
START_TEST(an_agent_with_a_domain_needs_a_master_with_one)
{
	fixture_init(f, NULL);
	agent_registers(0, ",'domain':" WEST);
	ck_assert(!fixture_logged(f, "add_agent"));
	agent_registers(1, "");
	ck_assert(fixture_logged(f, "add_agent 0"));
}
END_TEST

START_TEST(agents_without_a_domain_can_be_refused)
{
	fixture_init(f, MASTER_WEST "      require_agent_domain: true\n");
	agent_registers(0, "");
	ck_assert(!fixture_logged(f, "add_agent"));
	agent_registers(1, ",'domain':" WEST);
	ck_assert(fixture_logged(f, "add_agent 0"));
}
END_TEST

static int request(struct client *scheduler, const char *requests)
{
	return client_scheduler(scheduler,
		"{'type':'REQUEST','framework_id':{'value':'%s-0000'},'request':{"
		"'requests':[%s]}}",
		fixture_master_id(f), requests);
}

/* [ResourceOffersTest.Request] */
START_TEST(a_request_names_its_agents)
{
	struct client *scheduler;
	tp_cleanup(ptr) char *one = NULL;
	tp_cleanup(ptr) char *both = NULL;
	tp_cleanup(ptr) char *mixed = NULL;

	fixture_init(f, NULL);
	fixture_agent(f, 0);
	agent_registers(2, "");
	scheduler = fixture_scheduler(f, 1, "");
	one = tp_asprintf("{'agent_id':{'value':'%s-S1'}},{'agent_id':{'value':'no'}}",
		fixture_master_id(f));
	both = tp_asprintf(
		"{'agent_id':{'value':'%s-S1'}},{'agent_id':{'value':'%s-S0'}}",
		fixture_master_id(f), fixture_master_id(f));
	mixed = tp_asprintf("{'agent_id':{'value':'%s-S1'}},{'resources':[" CPUS(1) "]}",
		fixture_master_id(f));
	fixture_forget(f);
	ck_assert_int_eq(request(scheduler, one), 0);
	ck_assert_msg(fixture_logged(f, "request 0 of 1\n"), "%s", f->log.data);
	ck_assert_int_eq(request(scheduler, both), 0);
	ck_assert_msg(fixture_logged(f, "request 0 of 1 0\n"), "%s", f->log.data);
	ck_assert(!fixture_logged(f, "any"));
	/* Nobody it could have meant is here. */
	fixture_forget(f);
	ck_assert_int_eq(request(scheduler, "{'agent_id':{'value':'no'}}"), 0);
	ck_assert(!fixture_logged(f, "request"));
	ck_assert_int_eq(request(scheduler, mixed), 0);
	ck_assert_msg(fixture_logged(f, "request 0 of any\n"), "%s", f->log.data);
	fixture_forget(f);
	ck_assert_int_eq(request(scheduler, ""), 0);
	ck_assert_msg(fixture_logged(f, "request 0 of any\n"), "%s", f->log.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_hosts");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_whitelist_is_told_and_read_again);
	tcase_add_test(tc, a_whitelist_that_goes_away_stays_in_force);
	tcase_add_test(tc, without_a_whitelist_nothing_is_told);
	tcase_add_test(tc, offers_tell_the_domain_of_their_agent);
	tcase_add_test(tc, an_agent_with_a_domain_needs_a_master_with_one);
	tcase_add_test(tc, agents_without_a_domain_can_be_refused);
	tcase_add_test(tc, a_request_names_its_agents);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
