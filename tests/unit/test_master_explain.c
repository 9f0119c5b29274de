/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXPLAIN_OFFERS on virtual time: what an allocator says of each agent becomes groups, one for each
 * reason; and what is answered when there is nothing to explain.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define NEVER UINT32_MAX

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *who;

/* Framework 0 has the role "*", agents 0 and 1 are there. */
static void begin(const struct tp_module *allocator)
{
	fixture_init_with(f, allocator, NULL);
	fixture_agent(f, 0);
	fixture_agent(f, 1);
	fixture_scheduler(f, 2, ",'failover_timeout':3600");
	who = client_up(f, 3, "operator");
}

static void teardown(void)
{
	fixture_fini(f);
}

static const char *ask(const char *more)
{
	client_forget(who);
	ck_assert_msg(client_operator(who,
			      "{'type':'EXPLAIN_OFFERS','explain_offers':{"
			      "'framework_id':{'value':'%s-0000'}%s}}",
			      fixture_master_id(f), more) == 0,
		"%s", who->text);
	return client_heard(who, "EXPLAIN_OFFERS");
}

static void refused(const char *framework, const char *more, const char *why)
{
	ck_assert_int_ne(client_operator(who,
				 "{'type':'EXPLAIN_OFFERS','explain_offers':{"
				 "'framework_id':{'value':'%s%s'}%s}}",
				 fixture_master_id(f), framework, more),
		0);
	ck_assert_msg(strstr(who->text, why) != NULL, "%s", who->text);
}

static void says(const char *answer, const char *text)
{
	char wanted[512], *c;

	snprintf(wanted, sizeof wanted, "%s", text);
	for (c = wanted; *c != '\0'; c++) {
		if (*c == '\'')
			*c = '"';
	}
	ck_assert_msg(strstr(answer, wanted) != NULL, "no %s in %s", wanted, answer);
}

/* --- an allocator that says all -------------------------------------------------------- */

static const char *const names[] = { "cpus", "mem" };
static const int64_t guarantees[] = { 2000, 0 };
static const int64_t limits[] = { INT64_MAX, 512000 };
static const int64_t consumed[] = { 1500, 128000 };
static const int64_t headroom[] = { 6000, 0 };
static const int64_t required[] = { 500, 0 };

static struct tp_allocator_explanation explanation;

static void explain_all(void)
{
	static const struct tp_allocator_agent_reason reasons[] = {
		{ 0, TP_ALLOCATOR_FILTERED, 0, 3 * TP_SEC },
		{ 1, TP_ALLOCATOR_FILTERED, 0, 5 * TP_SEC },
		{ 0, TP_ALLOCATOR_CAPABILITY,
			TP_ALLOCATOR_LACKS_GPUS | TP_ALLOCATOR_LACKS_SHARED, 0 },
		{ 1, TP_ALLOCATOR_CAPABILITY, TP_ALLOCATOR_LACKS_REGION, 0 },
		{ 1, TP_ALLOCATOR_FILTERED, 0, 4 * TP_SEC },
	};

	explanation = (struct tp_allocator_explanation){ .role = "*",
		.active = true,
		.subscribed = true,
		.role_place = 1,
		.n_roles = 3,
		.framework_place = 0,
		.n_frameworks = 2,
		.role_share = 0.25,
		.role_weight = 2,
		.framework_share = NAN,
		.names = names,
		.n_names = 2,
		.guarantee_milli = guarantees,
		.limit_milli = limits,
		.consumed_milli = consumed,
		.headroom_milli = headroom,
		.required_milli = required };
	f->explanations = &explanation;
	f->n_explanations = 1;
	f->reasons = reasons;
	f->n_reasons = TP_COUNT(reasons);
}

START_TEST(agents_of_which_the_same_is_true_are_one_group)
{
	const char *answer;

	begin(&fixture_allocator_explaining);
	explain_all();
	answer = ask("");
	says(answer, "'reason':'FILTERED','count':3,");
	says(answer, "'first_left':3.0,'last_left':5.0,'examples':[");
	says(answer,
		"'reason':'CAPABILITY','count':1,"
		"'lacks':['GPU_RESOURCES','SHARED_RESOURCES']");
	says(answer, "'lacks':['REGION_AWARE']");
	says(answer, "'hostname':'host1'");
	/* The most agents first. */
	ck_assert(strstr(answer, "FILTERED") < strstr(answer, "CAPABILITY"));
}
END_TEST

START_TEST(a_role_says_its_turn_and_its_quota)
{
	const char *answer;

	begin(&fixture_allocator_explaining);
	explain_all();
	fixture_offer(f, 0, 0, "cpus:1", "*");
	answer = ask("");
	says(answer, "'connected':true,'active':true,'paused':false");
	says(answer,
		"'role':'*','subscribed':true,'suppressed':false,'weight':2.0,"
		"'role_share':0.25,'role_place':1,'n_roles':3,"
		"'framework_place':0,'n_frameworks':2");
	ck_assert_ptr_null(strstr(answer, "framework_share"));
	says(answer, "{'name':'cpus','guarantee':2.0,'consumed':1.5}");
	says(answer, "{'name':'mem','guarantee':0.0,'limit':512.0,'consumed':128.0}");
	says(answer, "'n_offers':1");
	says(answer, "'room':[{'name':'cpus','free':6.0,'kept':0.5}]");
	says(answer, "'n_absent':0");
	ck_assert_ptr_null(strstr(answer, "agents_awaited"));
}
END_TEST

START_TEST(what_holds_everybody_up_is_said)
{
	const char *answer;

	begin(&fixture_allocator_explaining);
	explain_all();
	explanation.paused = true;
	explanation.suppressed = true;
	explanation.agents_awaited = 7;
	explanation.recovery_left_ns = 90 * TP_SEC;
	explanation.role_place = explanation.framework_place = NEVER;
	answer = ask("");
	says(answer, "'paused':true,'agents_awaited':7,'recovery_left':90.0");
	says(answer, "'suppressed':true");
	ck_assert_ptr_null(strstr(answer, "role_place"));
	ck_assert_ptr_null(strstr(answer, "framework_place"));
}
END_TEST

START_TEST(one_agent_or_role_is_asked_for)
{
	const char *id, *answer;
	char more[160];

	begin(&fixture_allocator_explaining);
	explain_all();
	id = fixture_master_id(f);
	snprintf(more, sizeof more, ",'role':'*','agent_id':{'value':'%s-S0'}", id);
	answer = ask(more);
	says(answer, "'reason':'FILTERED','count':1,'first_left':3.0,'last_left':3.0");
	ck_assert_ptr_null(strstr(answer, "host1"));
	ck_assert_ptr_null(strstr(answer, "REGION_AWARE"));
	refused("-0000", ",'role':'eng'", "has no role 'eng'; it has: *");
	refused("-0000", ",'agent_id':{'value':'a'}", "No agent found with ID 'a'");
}
END_TEST

/* --- who says less --------------------------------------------------------------------- */

START_TEST(an_allocator_may_only_count)
{
	const char *answer;
	char more[160];

	begin(&fixture_allocator_counting);
	explain_all();
	explanation.agents_full = 40000;
	explanation.agents_free = 50000;
	/* Not its to say: an older one has not got these members. */
	explanation.paused = true;
	answer = ask("");
	says(answer,
		"'groups':[{'reason':'FREE','count':50000},"
		"{'reason':'FULL','count':40000}]");
	ck_assert_ptr_null(strstr(answer, "'paused'"));
	ck_assert_ptr_null(strstr(answer, "room"));
	snprintf(
		more, sizeof more, ",'agent_id':{'value':'%s-S0'}", fixture_master_id(f));
	refused("-0000", more, "explains whole roles only");
}
END_TEST

START_TEST(an_allocator_may_say_nothing)
{
	begin(&fixture_allocator);
	refused("-0000", "", "does not explain what it offers");
}
END_TEST

START_TEST(nobody_is_offered_nothing)
{
	begin(&fixture_allocator_explaining);
	explain_all();
	refused("-0007", "", "No framework found");
	ck_assert_int_eq(
		client_operator(who,
			"{'type':'TEARDOWN','teardown':{'framework_id':{'value':'%s-0000'"
			"}}}",
			fixture_master_id(f)),
		0);
	refused("-0000", "", "is completed: it is offered nothing");
	ck_assert_int_ne(client_operator(who, "{'type':'EXPLAIN_OFFERS'}"), 0);
	ck_assert_ptr_nonnull(strstr(who->text, "Expecting 'explain_offers'"));
}
END_TEST

START_TEST(a_scheduler_that_is_away_is_offered_nothing)
{
	begin(&fixture_allocator_explaining);
	explain_all();
	client_down(&f->clients[2]);
	says(ask(""), "'connected':false,'active':false");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_explain");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, agents_of_which_the_same_is_true_are_one_group);
	tcase_add_test(tc, a_role_says_its_turn_and_its_quota);
	tcase_add_test(tc, what_holds_everybody_up_is_said);
	tcase_add_test(tc, one_agent_or_role_is_asked_for);
	tcase_add_test(tc, an_allocator_may_only_count);
	tcase_add_test(tc, an_allocator_may_say_nothing);
	tcase_add_test(tc, nobody_is_offered_nothing);
	tcase_add_test(tc, a_scheduler_that_is_away_is_offered_nothing);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
