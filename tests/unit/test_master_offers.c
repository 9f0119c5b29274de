/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offers on virtual time: given, joined, declined, refused, expired, withdrawn. What the
 * allocator gets back is what its log says.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/resources.h"
#include "tests/unit/master_fixture.h"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler;

static void begin(const char *config)
{
	fixture_init(f, config);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, ",'failover_timeout':3600");
	fixture_forget(f);
}

static void setup(void)
{
	begin(NULL);
}

static void teardown(void)
{
	fixture_fini(f);
}

/* ACCEPT of these offers (JSON) with one task of `cpus` on agent `agent_n`. */
static void accept(
	const char *offers, const char *cpus, unsigned agent_n, const char *more)
{
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[%s],'operations':[{'type':'LAUNCH','launch':{"
			"'task_infos':[{'name':'n','task_id':{'value':'t'},"
			"'agent_id':{'value':'%s-S%u'},'resources':[{'name':'cpus',"
			"'type':'SCALAR','scalar':{'value':%s}}],"
			"'command':{'value':'true'}}]}}]%s}}",
			id, offers, id, agent_n, cpus, more),
		0);
}

static const char *offer(unsigned n)
{
	static char text[4][128];

	snprintf(text[n % 4], sizeof text[0], "{'value':'%s-O%u'}", fixture_master_id(f),
		n);
	return text[n % 4];
}

static const char *two_offers(unsigned a, unsigned b)
{
	static char text[1024];

	snprintf(text, sizeof text, "%s,%s", offer(a), offer(b));
	return text;
}

static int decline(unsigned n, const char *filters)
{
	return client_scheduler(scheduler,
		"{'type':'DECLINE','framework_id':{'value':'%s-0000'},"
		"'decline':{'offer_ids':[%s]%s}}",
		fixture_master_id(f), offer(n), filters);
}

START_TEST(an_offer_says_who_and_what)
{
	const char *heard;

	fixture_offer(f, 0, 0, "cpus:4", "*");
	heard = client_heard(scheduler, "'type':'OFFERS'");
	ck_assert_ptr_nonnull(heard);
	ck_assert_ptr_nonnull(strstr(heard, "\"hostname\":\"host0\""));
	ck_assert_ptr_nonnull(strstr(heard, "\"path\":\"/slave(1)\""));
	/* A framework of one role does not hear of allocations. */
	ck_assert_ptr_null(strstr(heard, "allocation_info"));
}
END_TEST

/* [MasterTest.LaunchCombinedOfferTest] */
START_TEST(offers_of_one_agent_join)
{
	fixture_offer(f, 0, 0, "cpus:1", "*");
	fixture_offer(f, 0, 0, "cpus:2", "*");
	accept(two_offers(0, 1), "3", 0, "");
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	ck_assert(!fixture_logged(f, "back"));
}
END_TEST

/* [MasterTest.LaunchAcrossSlavesLost] */
START_TEST(offers_of_two_agents_do_not_join)
{
	fixture_agent(f, 2);
	fixture_offer(f, 0, 0, "cpus:1", "*");
	fixture_offer(f, 0, 1, "cpus:1", "*");
	fixture_forget(f);
	accept(two_offers(0, 1), "1", 0, "");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_LOST'"));
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'reason':'REASON_INVALID_OFFERS'"));
	ck_assert(fixture_logged(f, "back 0 0"));
	ck_assert(fixture_logged(f, "back 0 1"));
	ck_assert(!fixture_logged(f, "filter"));
	ck_assert_ptr_null(client_heard(agent, "40 {"));
}
END_TEST

/* [MasterTest.LaunchDifferentRoleLost] */
START_TEST(offers_of_two_roles_do_not_join)
{
	const char *id = fixture_master_id(f);
	struct client *other = fixture_scheduler(
		f, 3, ",'roles':['a','b'],'capabilities':[{'type':'MULTI_ROLE'}]");

	fixture_offer(f, 1, 0, "cpus:1", "a");
	fixture_offer(f, 1, 0, "cpus:2", "b");
	fixture_forget(f);
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0001'},'accept':{"
			"'offer_ids':[%s],'operations':[{'type':'LAUNCH','launch':{"
			"'task_infos':[{'name':'n','task_id':{'value':'t'},"
			"'agent_id':{'value':'%s-S0'},'resources':[" CPUS(
				1) "],'command':{'value':'true'}}]}}]}}",
			id, two_offers(0, 1), id),
		0);
	ck_assert_ptr_nonnull(client_heard(other, "'state':'TASK_LOST'"));
	ck_assert_ptr_nonnull(client_heard(other, "'reason':'REASON_INVALID_OFFERS'"));
	ck_assert(fixture_logged(f, "back 1 0 cpus(allocated: a):1\n"));
	ck_assert(fixture_logged(f, "back 1 0 cpus(allocated: b):2\n"));
	ck_assert_ptr_null(client_heard(agent, "40 {"));
}
END_TEST

/* [MasterTest.OfferNotRescindedOnceUsed] */
START_TEST(an_offer_that_is_used_does_not_expire)
{
	teardown();
	begin("      offer_timeout: 30s\n");
	fixture_offer(f, 0, 0, "cpus:1", "*");
	accept(offer(0), "1", 0, "");
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	fixture_forget(f);
	fixture_advance(f, 31 * TP_SEC);
	ck_assert_ptr_null(client_heard(scheduler, "RESCIND"));
	ck_assert(!fixture_logged(f, "back"));
}
END_TEST

/* [MasterTest.TaskWithTinyResources] */
START_TEST(a_task_of_a_thousandth_runs)
{
	fixture_offer(f, 0, 0, "cpus:1", "*");
	accept(offer(0), "0.001", 0, "");
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	ck_assert(fixture_logged(f, "back 0 0 cpus(allocated: *):0.999 filter 5000\n"));
}
END_TEST

/* [MasterTest.LaunchAcrossSlavesDropped, .LaunchDuplicateOfferDropped] */
START_TEST(a_partition_aware_framework_hears_dropped)
{
	struct client *other =
		fixture_scheduler(f, 3, ",'capabilities':[{'type':'PARTITION_AWARE'}]");
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0001'},'accept':{"
			"'offer_ids':[{'value':'none'}],'operations':[{'type':'LAUNCH',"
			"'launch':{'task_infos':[{'name':'n','task_id':{'value':'t'},"
			"'agent_id':{'value':'a'}}]}}]}}",
			id),
		0);
	ck_assert_ptr_nonnull(client_heard(other, "'state':'TASK_DROPPED'"));
}
END_TEST

START_TEST(operations_with_bad_offers_are_errors)
{
	const char *heard;

	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'none'}],'operations':[{'type':'RESERVE',"
			"'id':{'value':'op'},'reserve':{}}]}}",
			fixture_master_id(f)),
		0);
	heard = client_heard(scheduler, "'UPDATE_OPERATION_STATUS'");
	ck_assert_ptr_nonnull(heard);
	ck_assert_ptr_nonnull(strstr(heard, "\"state\":\"OPERATION_ERROR\""));
	ck_assert_ptr_nonnull(strstr(heard,
		"Operation attempted with invalid offers: Offer none is no longer "
		"valid"));
}
END_TEST

/* [MasterTest.LaunchDuplicateOfferLost] */
START_TEST(an_offer_named_twice_spoils_the_call_and_goes_back_once)
{
	const char *first;

	fixture_offer(f, 0, 0, "cpus:4", "*");
	accept(two_offers(0, 0), "1", 0, "");
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'reason':'REASON_INVALID_OFFERS'"));
	first = strstr(f->log.data, "back 0 0");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "back 0 0"));
}
END_TEST

START_TEST(a_task_larger_than_its_offer_is_an_error)
{
	fixture_offer(f, 0, 0, "cpus:1", "*");
	accept(offer(0), "2", 0, "");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_ERROR'"));
	ck_assert(fixture_logged(f, ":1"));
}
END_TEST

START_TEST(filters_are_normalised)
{
	for (int i = 0; i < 4; i++)
		fixture_offer(f, 0, 0, "cpus:1", "*");
	ck_assert_int_eq(decline(0, ""), 0);
	ck_assert(fixture_logged(f, "filter 5000\n"));
	fixture_forget(f);
	ck_assert_int_eq(decline(1, ",'filters':{'refuse_seconds':-1}"), 0);
	ck_assert(fixture_logged(f, "filter 5000\n"));
	fixture_forget(f);
	ck_assert_int_eq(decline(2, ",'filters':{'refuse_seconds':0}"), 0);
	ck_assert(fixture_logged(f, "filter 0\n")); /* refused, though for no time */
	fixture_forget(f);
	ck_assert_int_eq(decline(3, ",'filters':{'refuse_seconds':99999999}"), 0);
	ck_assert(fixture_logged(f, "filter 31536000000\n"));
}
END_TEST

/* A frame is long, but not endless: 40,000 offers would not fit into one. */
START_TEST(many_offers_come_in_several_events)
{
	tp_cleanup(resources) struct tp_resources crumb = TP_RESOURCES_INIT;
	static struct tp_allocation items[2500];

	ck_assert_int_ge(tp_resources_parse(&crumb, "cpus:0.001", NULL, NULL), 0);
	tp_resources_allocate(&crumb, "*");
	for (size_t i = 0; i < TP_COUNT(items); i++)
		items[i] = (struct tp_allocation){ 0, "*", &crumb };
	f->allocator.offer(f->allocator.user, 0, items, TP_COUNT(items));
	fixture_settle(f);
	ck_assert_uint_eq(client_count(scheduler, "'type':'OFFERS'"), 3);
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O0'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O2499'"));
	client_down(scheduler); /* or it would hear of each that it is over */
}
END_TEST

START_TEST(an_empty_accept_declines)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'ACCEPT','framework_id':{'value':'%s-0000'},"
				 "'accept':{'offer_ids':[%s],"
				 "'filters':{'refuse_seconds':7}}}",
				 fixture_master_id(f), offer(0)),
		0);
	ck_assert(fixture_logged(f, "filter 7000\n"));
}
END_TEST

START_TEST(operations_that_are_not_there_yet_return_their_resources)
{
	const char *id = fixture_master_id(f);

	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[%s],'operations':[{'type':'DESTROY_DISK',"
			"'id':{'value':'op'},'destroy_disk':{'source':" CPUS(1) "}}]}}",
			id, offer(0)),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'OPERATION_ERROR'"));
	ck_assert(fixture_logged(f, ":4"));
}
END_TEST

/* [MasterTest.OfferTimeout, .OfferNotRescindedOnceDeclined] */
START_TEST(an_offer_expires_unless_it_is_used)
{
	teardown();
	begin("      offer_timeout: 30s\n");
	fixture_offer(f, 0, 0, "cpus:1", "*");
	fixture_offer(f, 0, 0, "cpus:2", "*");
	ck_assert_int_eq(decline(1, ""), 0);
	fixture_forget(f);
	fixture_advance(f, 29 * TP_SEC);
	ck_assert_ptr_null(client_heard(scheduler, "RESCIND"));
	fixture_advance(f, 2 * TP_SEC);
	ck_assert_uint_eq(client_count(scheduler, "'type':'RESCIND'"), 1);
	ck_assert(fixture_logged(f, "back 0 0"));
	ck_assert(!fixture_logged(f, "filter"));
}
END_TEST

START_TEST(offers_of_a_lost_agent_are_rescinded)
{
	fixture_offer(f, 0, 0, "cpus:1", "*");
	client_down(agent);
	ck_assert_uint_eq(client_count(scheduler, "'type':'RESCIND'"), 1);
	ck_assert(fixture_logged(f, "deactivate_agent 0"));
	ck_assert(fixture_logged(f, "back 0 0"));
}
END_TEST

START_TEST(revive_and_suppress_reach_the_allocator)
{
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUPPRESS','framework_id':{'value':'%s-0000'}}", id),
		0);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'REVIVE','framework_id':{'value':'%s-0000'}}", id),
		0);
	ck_assert(fixture_logged(f, "suppress 0 0\nrevive 0 0\n"));
}
END_TEST

/* [MasterTest.MultiRoleFrameworkReceivesOffers] */
START_TEST(offers_for_a_role_that_was_left_are_rescinded)
{
	struct client *other = fixture_scheduler(
		f, 3, ",'roles':['a','b'],'capabilities':[{'type':'MULTI_ROLE'}]");
	const char *id = fixture_master_id(f);

	fixture_offer(f, 1, 0, "cpus:1", "a");
	fixture_offer(f, 1, 0, "cpus:2", "b");
	ck_assert_ptr_nonnull(client_heard(other, "'allocation_info':{'role':'a'}"));
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'UPDATE_FRAMEWORK','framework_id':{'value':'%s-0001'},"
			"'update_framework':{'framework_info':{'user':'u','name':'test',"
			"'id':{'value':'%s-0001'},'roles':['b'],"
			"'capabilities':[{'type':'MULTI_ROLE'}]}}}",
			id, id),
		0);
	ck_assert_uint_eq(client_count(other, "'type':'RESCIND'"), 1);
	ck_assert(fixture_logged(f, "update_framework 1"));
	ck_assert_int_lt(
		client_scheduler(other,
			"{'type':'UPDATE_FRAMEWORK','framework_id':{'value':'%s-0001'},"
			"'update_framework':{'framework_info':{'user':'v','name':'test',"
			"'id':{'value':'%s-0001'}}}}",
			id, id),
		0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, an_offer_says_who_and_what);
	tcase_add_test(tc, offers_of_one_agent_join);
	tcase_add_test(tc, offers_of_two_agents_do_not_join);
	tcase_add_test(tc, offers_of_two_roles_do_not_join);
	tcase_add_test(tc, an_offer_that_is_used_does_not_expire);
	tcase_add_test(tc, a_task_of_a_thousandth_runs);
	tcase_add_test(tc, a_partition_aware_framework_hears_dropped);
	tcase_add_test(tc, operations_with_bad_offers_are_errors);
	tcase_add_test(tc, an_offer_named_twice_spoils_the_call_and_goes_back_once);
	tcase_add_test(tc, a_task_larger_than_its_offer_is_an_error);
	tcase_add_test(tc, filters_are_normalised);
	tcase_add_test(tc, many_offers_come_in_several_events);
	tcase_add_test(tc, an_empty_accept_declines);
	tcase_add_test(tc, operations_that_are_not_there_yet_return_their_resources);
	tcase_add_test(tc, an_offer_expires_unless_it_is_used);
	tcase_add_test(tc, offers_of_a_lost_agent_are_rescinded);
	tcase_add_test(tc, offers_for_a_role_that_was_left_are_rescinded);
	tcase_add_test(tc, revive_and_suppress_reach_the_allocator);
}

int main(void)
{
	Suite *suite = suite_create("master_offers");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
