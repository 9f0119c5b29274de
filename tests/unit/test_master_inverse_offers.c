/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inverse offers of the master: whom the allocator wants to be asked, what becomes of the answers and
 * when a question is void. Names in brackets are the tests' counterparts upstream.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules/master/replay.h"
#include "tests/unit/master_fixture.h"

/* A schedule for the machine of agent 0. */
#define LEAVES_AT(start) \
	"{'machine_ids':[{'hostname':'host0'}]," \
	"'unavailability':{'start':{'nanoseconds':" start "}}}"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler, *desk;
static char first_id[64];

static void begin(const char *config)
{
	fixture_init_with(f, &fixture_allocator_maintaining, config);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, ",'checkpoint':true,'failover_timeout':3600");
	desk = client_up(f, 2, "operator");
	snprintf(first_id, sizeof first_id, "%s", fixture_master_id(f));
	fixture_forget(f);
}

static void setup(void)
{
	begin(NULL);
}

static void setup_impatient(void)
{
	begin("      offer_timeout: 5s\n");
}

static void teardown(void)
{
	fixture_fini(f);
}

static int schedule(const char *windows)
{
	client_forget(desk);
	return client_operator(desk,
		"{'type':'UPDATE_MAINTENANCE_SCHEDULE','update_maintenance_schedule':"
		"{'schedule':{'windows':[%s]}}}",
		windows);
}

static bool shows(const char *type, const char *text)
{
	client_forget(desk);
	ck_assert_int_eq(client_operator(desk, "{'type':'%s'}", type), 0);
	return client_heard(desk, text) != NULL;
}

static bool status_shows(const char *text)
{
	return shows("GET_MAINTENANCE_STATUS", text);
}

/* Framework 0 answers inverse offer `n`. */
static int answer(const char *how, const char *member, unsigned n, const char *more)
{
	return client_scheduler(scheduler,
		"{'type':'%s','framework_id':{'value':'%s-0000'},'%s':{"
		"'inverse_offer_ids':[{'value':'%s-O%u'}]%s}}",
		how, first_id, member, first_id, n, more);
}

static int accept(unsigned n, const char *more)
{
	return answer("ACCEPT_INVERSE_OFFERS", "accept_inverse_offers", n, more);
}

static int decline(unsigned n, const char *more)
{
	return answer("DECLINE_INVERSE_OFFERS", "decline_inverse_offers", n, more);
}

static size_t n_asked(void)
{
	return client_count(scheduler, "'type':'INVERSE_OFFERS'");
}

static size_t n_rescinded(void)
{
	return client_count(scheduler, "'type':'RESCIND_INVERSE_OFFER'");
}

/* --- asking and answering ---------------------------------------------------------------- */

/* [MasterMaintenanceTest.InverseOffers] */
START_TEST(a_framework_is_asked_once_and_its_answer_is_kept)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O1'},'url'"));
	ck_assert_ptr_nonnull(client_heard(
		scheduler, "-S0'},'unavailability':{'start':{'nanoseconds':5}}"));
	ck_assert(shows("GET_FRAMEWORKS", "'inverse_offers':[{'id'"));
	fixture_ask_back(f, 0, 0);
	ck_assert_uint_eq(n_asked(), 1);
	ck_assert(status_shows("'draining_machines':[{'id':{'hostname':'host0'}}]"));

	ck_assert_int_eq(accept(1, ""), 0);
	ck_assert(fixture_logged(f, "inverse 0 0 answered 5000\n"));
	ck_assert(status_shows("'statuses':[{'status':'ACCEPT','framework_id'"));
	ck_assert(status_shows("'timestamp':{'nanoseconds':"));
	ck_assert(shows("GET_FRAMEWORKS", "'framework_info'"));
	ck_assert_ptr_null(client_heard(desk, "'inverse_offers':[{"));
	/* Its time is over. */
	fixture_forget(f);
	ck_assert_int_eq(decline(1, ""), 0);
	ck_assert(!fixture_logged(f, "inverse"));
	ck_assert(status_shows("ACCEPT"));

	fixture_ask_back(f, 0, 0);
	ck_assert_uint_eq(n_asked(), 2);
	ck_assert(status_shows("ACCEPT"));
	ck_assert_int_eq(decline(2, ""), 0);
	ck_assert(status_shows("'status':'DECLINE'"));
	ck_assert_ptr_null(client_heard(desk, "ACCEPT"));
}
END_TEST

/* [MasterMaintenanceTest.InverseOffersFilters]; what follows from them is the allocator's. */
START_TEST(answers_have_filters)
{
	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(decline(0, ",'filters':{'refuse_seconds':60}"), 0);
	ck_assert(fixture_logged(f, "inverse 0 0 answered 60000\n"));
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(accept(1, ",'filters':{'refuse_seconds':0}"), 0);
	ck_assert(fixture_logged(f, "inverse 0 0 answered 0\n"));
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(accept(2, ",'filters':{'refuse_seconds':-1}"), 0);
	ck_assert(fixture_logged(f, "inverse 0 0 answered 5000\n"));
}
END_TEST

START_TEST(another_framework_does_not_answer_for_it)
{
	struct client *other = fixture_scheduler(f, 3, "");

	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(client_scheduler(other,
				 "{'type':'ACCEPT_INVERSE_OFFERS','framework_id':"
				 "{'value':'%s-0001'},'accept_inverse_offers':{"
				 "'inverse_offer_ids':[{'value':'%s-O0'}]}}",
				 first_id, first_id),
		0);
	ck_assert(!fixture_logged(f, "answered"));
	ck_assert(!status_shows("ACCEPT"));
	/* It is asked itself. */
	fixture_ask_back(f, 1, 0);
	ck_assert_ptr_nonnull(client_heard(other, "-O1'},'url'"));
	ck_assert_uint_eq(n_asked(), 1);
}
END_TEST

START_TEST(what_is_not_answered_in_time_is_rescinded)
{
	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	fixture_advance(f, 6 * TP_SEC);
	ck_assert_uint_eq(n_rescinded(), 1);
	ck_assert(fixture_logged(f, "inverse 0 0 withdrawn -1\n"));
	ck_assert_int_eq(accept(0, ""), 0);
	ck_assert(!status_shows("ACCEPT"));
}
END_TEST

START_TEST(another_schedule_begins_anew)
{
	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(accept(0, ""), 0);
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(schedule(LEAVES_AT("6")), 0);
	ck_assert_uint_eq(n_rescinded(), 1);
	ck_assert(fixture_logged(f, "inverse 0 0 withdrawn -1\nunavailability 0 at 6\n"));
	ck_assert(!status_shows("ACCEPT"));
	fixture_ask_back(f, 0, 0);
	ck_assert_uint_eq(n_asked(), 3);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'start':{'nanoseconds':6}"));
}
END_TEST

START_TEST(who_leaves_takes_its_inverse_offers_along)
{
	struct client *other = fixture_scheduler(f, 3, "");

	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	fixture_ask_back(f, 1, 0);
	client_down(other); /* its failover_timeout is 0 */
	ck_assert(fixture_logged(f, "inverse 1 0 withdrawn -1\n"));
	client_down(agent);
	ck_assert_uint_eq(n_rescinded(), 1);
	ck_assert(fixture_logged(f, "inverse 0 0 withdrawn -1\n"));
}
END_TEST

START_TEST(a_framework_that_fails_over_keeps_its_answer_only)
{
	struct client *other;

	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	ck_assert_int_eq(accept(0, ""), 0);
	fixture_ask_back(f, 0, 0);
	fixture_forget(f);
	other = client_up(f, 3, "scheduler");
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'checkpoint':true,'failover_timeout':3600,"
			"'id':{'value':'%s-0000'}}}}",
			first_id, first_id),
		0);
	ck_assert(fixture_logged(f, "inverse 0 0 withdrawn -1\n"));
	ck_assert(status_shows("ACCEPT"));
	fixture_ask_back(f, 0, 0);
	ck_assert_uint_eq(client_count(other, "'type':'INVERSE_OFFERS'"), 1);
	ck_assert_int_eq(client_operator(desk,
				 "{'type':'TEARDOWN','teardown':{'framework_id':"
				 "{'value':'%s-0000'}}}",
				 first_id),
		0);
	ck_assert(!status_shows("ACCEPT"));
}
END_TEST

/* --- another allocator ------------------------------------------------------------------- */

static void nothing(void *impl)
{
	(void)impl;
}

START_TEST(another_allocator_is_told_and_what_is_asked_stays_asked)
{
	struct master *m = tp_kernel_instance(f->kernel, "master");
	const struct tp_allocator_ops *before = m->allocator.ops;
	struct tp_allocator_ops ops = *before;
	struct tp_error err = { 0 };

	ck_assert_int_eq(schedule(LEAVES_AT("5")), 0);
	fixture_ask_back(f, 0, 0);
	fixture_forget(f);
	ops.pause = ops.resume = nothing;
	m->allocator.ops = &ops;
	ck_assert_int_eq(replay(m, &err), 0);
	ck_assert(fixture_logged(f, "add_agent 0 cpus:4 leaves at 5\n"));
	fixture_ask_back(f, 0, 0);
	ck_assert_uint_eq(n_asked(), 1);
	ck_assert_uint_eq(n_rescinded(), 0);
	ck_assert_int_eq(accept(0, ""), 0);
	ck_assert(fixture_logged(f, "inverse 0 0 answered 5000\n"));
	ops.update_unavailability = NULL;
	ck_assert_int_eq(replay(m, &err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "knows no maintenance"));
	m->allocator.ops = before;
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_framework_is_asked_once_and_its_answer_is_kept);
	tcase_add_test(tc, answers_have_filters);
	tcase_add_test(tc, another_framework_does_not_answer_for_it);
	tcase_add_test(tc, another_schedule_begins_anew);
	tcase_add_test(tc, who_leaves_takes_its_inverse_offers_along);
	tcase_add_test(tc, a_framework_that_fails_over_keeps_its_answer_only);
	tcase_add_test(tc, another_allocator_is_told_and_what_is_asked_stays_asked);
}

static TCase *add_case(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("master_inverse_offers");
	SRunner *runner;
	int failed;

	add_tests(add_case(suite, "core", setup));
	tcase_add_test(add_case(suite, "impatient", setup_impatient),
		what_is_not_answered_in_time_is_rescinded);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
