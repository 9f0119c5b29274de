/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that offers the same to several frameworks: who accepts first has it, the others
 * hear RESCIND, the allocator gets everything back once, and nobody counts anything twice.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define ROLE \
	",'roles':['eng'],'capabilities':[{'type':'MULTI_ROLE'}],'principal':'p','" \
	"failover_timeout':3600"
#define RESCIND "'type':'RESCIND'"
#define RESERVED \
	"{'name':'cpus','type':'SCALAR','scalar':{'value':1},'reservations':[" \
	"{'type':'DYNAMIC','role':'eng','principal':'p'}]}"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *schedulers[2], *who;

static void begin(const struct tp_module *allocator)
{
	fixture_init_with(f, allocator, NULL);
	agent = fixture_agent(f, 0);
	for (int i = 0; i < 2; i++)
		schedulers[i] = fixture_scheduler(f, 1 + i, ROLE);
	who = client_up(f, 3, "operator");
	fixture_forget(f);
}

static void setup(void)
{
	begin(&fixture_allocator_overlapping);
}

static void teardown(void)
{
	fixture_fini(f);
}

/* Offer 0 of framework 0 and offer 1 of framework 1. */
static void offer_both(const char *first, const char *second)
{
	fixture_offer(f, 0, 0, first, "eng");
	fixture_offer(f, 1, 0, second, "eng");
	fixture_forget(f);
}

static void accept(unsigned framework, const char *offers, const char *operations)
{
	ck_assert_int_eq(
		client_scheduler(schedulers[framework],
			"{'type':'ACCEPT','framework_id':{'value':'%s-%04u'},'accept':{"
			"'offer_ids':[%s],'operations':[%s]}}",
			fixture_master_id(f), framework, offers, operations),
		0);
}

static const char *offer(unsigned n)
{
	static char texts[4][128];

	snprintf(texts[n % 4], sizeof texts[0], "{'value':'%s-O%u'}",
		fixture_master_id(f), n);
	return texts[n % 4];
}

static size_t logged(const char *text)
{
	const char *at = tp_strbuf_text(&f->log);
	size_t n = 0;

	for (; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

static bool logged_before(const char *first, const char *then)
{
	const char *a = strstr(tp_strbuf_text(&f->log), first);
	const char *b = strstr(tp_strbuf_text(&f->log), then);

	return a != NULL && b != NULL && a < b;
}

static size_t n_launched(void)
{
	return client_count(agent, "'launch_executor'");
}

static const char *ask(const char *type)
{
	client_forget(who);
	ck_assert_int_eq(client_operator(who, "{'type':'%s'}", type), 0);
	return client_heard(who, type);
}

/* --- who is first ---------------------------------------------------------------------- */

START_TEST(the_first_accept_wins)
{
	offer_both("cpus:4", "cpus:4");
	fixture_launch(f, schedulers[0], 0, 0, "t");
	ck_assert_uint_eq(n_launched(), 1);
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 1);
	ck_assert_uint_eq(client_count(schedulers[0], RESCIND), 0);
	/* All comes back once: what is left, and what was rescinded. */
	ck_assert_uint_eq(logged("begin 0 0 "), 1);
	ck_assert_uint_eq(logged("back 0 0 "), 1);
	ck_assert_uint_eq(logged("back 1 0 "), 1);
	ck_assert_msg(fixture_logged(f, "back 1 0 cpus(allocated: eng):4"), "%s",
		tp_strbuf_text(&f->log));
	ck_assert(fixture_logged(f, "back 0 0 cpus(allocated: eng):3"));
	ck_assert(fixture_logged(f, "begin 0 0 cpus(allocated: eng):1"));
}
END_TEST

START_TEST(a_late_accept_is_told_so)
{
	offer_both("cpus:4", "cpus:4");
	fixture_launch(f, schedulers[0], 0, 0, "t");
	fixture_forget(f);
	fixture_launch(f, schedulers[1], 1, 1, "late");
	ck_assert_ptr_nonnull(client_heard(schedulers[1], "'state':'TASK_LOST'"));
	ck_assert_ptr_nonnull(
		client_heard(schedulers[1], "'reason':'REASON_INVALID_OFFERS'"));
	ck_assert_uint_eq(n_launched(), 1);
	ck_assert_uint_eq(f->log.len, 0);
}
END_TEST

START_TEST(what_fits_stays)
{
	offer_both("cpus:2", "cpus:2");
	fixture_launch(f, schedulers[0], 0, 0, "t");
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 0);
	fixture_launch(f, schedulers[1], 1, 1, "u");
	ck_assert_uint_eq(n_launched(), 2);
	ck_assert_uint_eq(logged("back 1 0 "), 1);
}
END_TEST

START_TEST(who_declines_takes_nothing_from_anybody)
{
	offer_both("cpus:4", "cpus:4");
	accept(0, offer(0), "");
	ck_assert_uint_eq(logged("back 0 0 "), 1);
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 0);
	fixture_launch(f, schedulers[1], 1, 1, "t");
	ck_assert_uint_eq(n_launched(), 1);
}
END_TEST

START_TEST(a_refused_task_takes_nothing_from_anybody)
{
	offer_both("cpus:0.5", "cpus:4");
	fixture_launch(f, schedulers[0], 0, 0, "t"); /* wants a whole one */
	ck_assert_ptr_nonnull(client_heard(schedulers[0], "'state':'TASK_ERROR'"));
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 0);
	ck_assert_uint_eq(logged("begin"), 0);
}
END_TEST

START_TEST(an_end_of_use_is_told)
{
	offer_both("cpus:1", "cpus:4");
	fixture_launch(f, schedulers[0], 0, 0, "t");
	fixture_forget(f);
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	ck_assert_uint_eq(logged("end 0 0 cpus(allocated: eng):1"), 1);
	ck_assert(logged_before("end 0 0 ", "back 0 0 "));
}
END_TEST

/* --- operations ------------------------------------------------------------------------ */

START_TEST(what_is_converted_is_taken_too)
{
	offer_both("cpus:4", "cpus:4");
	accept(0, offer(0), "{'type':'RESERVE','reserve':{'resources':[" RESERVED "]}}");
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 1);
	/* First it is nobody else's, then it changes. */
	ck_assert_msg(logged_before("back 1 0 ", "convert 0 0 "), "%s",
		tp_strbuf_text(&f->log));
	ck_assert_uint_eq(logged("back 1 0 "), 1);
}
END_TEST

START_TEST(an_operator_takes_back_what_does_not_fit)
{
	offer_both("cpus:4", "cpus:3");
	ck_assert_int_eq(
		client_operator(who,
			"{'type':'RESERVE_RESOURCES','reserve_resources':{"
			"'agent_id':{'value':'%s-S0'},'resources':[{'name':'cpus',"
			"'type':'SCALAR','scalar':{'value':1},'reservations':["
			"{'type':'DYNAMIC','role':'eng'}]}]}}",
			fixture_master_id(f)),
		0);
	ck_assert_uint_eq(client_count(schedulers[0], RESCIND), 1);
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 0);
	ck_assert_msg(logged_before("back 0 0 ", "available 0 "), "%s",
		tp_strbuf_text(&f->log));
}
END_TEST

/* --- an allocator in error --------------------------------------------------------------- */

START_TEST(the_same_twice_to_one_framework_is_no_use)
{
	tp_cleanup(ptr) char *both = tp_asprintf("%s,%s", offer(0), offer(1));

	fixture_offer(f, 0, 0, "cpus:4", "eng");
	fixture_offer(f, 0, 0, "cpus:4", "eng");
	fixture_forget(f);
	accept(0, both,
		"{'type':'LAUNCH','launch':{'task_infos':[{'name':'n',"
		"'task_id':{'value':'t'},'agent_id':{'value':'a'},'resources':[" CPUS(
			8) "],'command':{'value':'true'}}]}}");
	ck_assert_ptr_nonnull(
		client_heard(schedulers[0], "'reason':'REASON_INVALID_OFFERS'"));
	ck_assert_uint_eq(n_launched(), 0);
	ck_assert_uint_eq(logged("back 0 0 "), 2);
}
END_TEST

START_TEST(what_is_in_use_is_not_offered)
{
	fixture_offer(f, 0, 0, "cpus:4", "eng");
	fixture_launch(f, schedulers[0], 0, 0, "t");
	fixture_offer(f, 1, 0, "cpus:4", "eng");
	fixture_launch(f, schedulers[1], 1, 1, "u");
	ck_assert_ptr_nonnull(
		client_heard(schedulers[1], "'reason':'REASON_INVALID_OFFERS'"));
	ck_assert_uint_eq(n_launched(), 1);
	ck_assert_uint_eq(logged("back 1 0 "), 1);
}
END_TEST

/* --- the books --------------------------------------------------------------------------- */

START_TEST(nothing_is_counted_twice)
{
	const char *answer;

	offer_both("cpus:4", "cpus:3");
	answer = ask("GET_AGENTS");
	answer = strstr(answer, "\"offered_resources\"");
	ck_assert_ptr_nonnull(strstr(answer, "\"value\":4.0"));
	ck_assert_ptr_null(strstr(answer, "\"value\":3.0"));
	ck_assert_ptr_null(strstr(answer, "\"value\":7.0"));
	answer = ask("GET_ROLES");
	ck_assert_ptr_nonnull(strstr(answer, "\"value\":4.0"));
	ck_assert_ptr_null(strstr(answer, "\"value\":7.0"));
	/* Four of each are offered, and are four altogether: a limit of five is kept. */
	ck_assert_int_eq(
		client_operator(who,
			"{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':["
			"{'role':'eng','limits':{'cpus':{'value':5}}}]}}"),
		0);
	ck_assert_uint_eq(client_count(schedulers[0], RESCIND), 0);
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 0);
	ck_assert_double_eq(fixture_metric(f, "master/outstanding_offers"), 2);
	fixture_launch(f, schedulers[0], 0, 0, "t");
	ck_assert_double_eq(fixture_metric(f, "master/cpus_used"), 1);
	ck_assert_double_eq(fixture_metric(f, "master/outstanding_offers"), 1);
}
END_TEST

/* Where offers do not overlap nobody looks at the others. */
START_TEST(other_allocators_are_trusted)
{
	teardown();
	begin(&fixture_allocator);
	offer_both("cpus:4", "cpus:4");
	fixture_launch(f, schedulers[0], 0, 0, "t");
	ck_assert_uint_eq(client_count(schedulers[1], RESCIND), 0);
	ck_assert_uint_eq(logged("begin"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_overlap");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_first_accept_wins);
	tcase_add_test(tc, a_late_accept_is_told_so);
	tcase_add_test(tc, what_fits_stays);
	tcase_add_test(tc, who_declines_takes_nothing_from_anybody);
	tcase_add_test(tc, a_refused_task_takes_nothing_from_anybody);
	tcase_add_test(tc, an_end_of_use_is_told);
	tcase_add_test(tc, what_is_converted_is_taken_too);
	tcase_add_test(tc, an_operator_takes_back_what_does_not_fit);
	tcase_add_test(tc, the_same_twice_to_one_framework_is_no_use);
	tcase_add_test(tc, what_is_in_use_is_not_offered);
	tcase_add_test(tc, nothing_is_counted_twice);
	tcase_add_test(tc, other_allocators_are_trusted);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
