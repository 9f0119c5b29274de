/* SPDX-License-Identifier: Apache-2.0 */
/* estimator-fixed: what is left of what may be lent. [OversubscriptionTest.FixedResourceEstimator] */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/kind/resource_estimator.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"

extern const struct tp_module tp_module;

static struct test_host host;
static const struct tp_resource_estimator_ops *ops;
static void *impl;
static struct tp_arena *arena;
static struct tp_resource_usage usage;
static struct tp_resource_estimator_request request;
static struct tp_resources left;
static int n_done;

static const struct tp_resource_usage *get_usage(void *user, struct tp_arena *into)
{
	(void)into;
	ck_assert_ptr_eq(user, &usage);
	return &usage;
}

static void on_done(struct tp_resource_estimator_request *done, int status)
{
	struct tp_error err = { 0 };

	ck_assert_ptr_eq(done, &request);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(tp_resources_from_records(
			      &left, done->resources, done->n_resources, &err) >= 0,
		"%s", err.text);
	for (uint32_t i = 0; i < left.n; i++)
		ck_assert(tp_resource_is_revocable(&left.items[i], NULL));
	n_done++;
}

static void start(const char *config)
{
	const struct tp_resource_estimator_user user = { &usage, get_usage };
	struct tp_error err = { 0 };

	test_host_start(&host, &tp_module, config);
	ops = test_host_ops(&tp_module);
	impl = test_host_impl(&host);
	ck_assert_int_ge(ops->open(impl, &user, &err), 0);
}

static void setup(void)
{
	memset(&host, 0, sizeof host);
	memset(&usage, 0, sizeof usage);
	arena = tp_arena_create(0);
	n_done = 0;
}

static void teardown(void)
{
	test_host_stop(&host);
	tp_resources_fini(&left);
	tp_arena_destroy(arena);
}

static void estimate(void)
{
	n_done = 0;
	request = (struct tp_resource_estimator_request){ .done = on_done };
	ops->estimate(impl, &request);
	ck_assert_int_eq(n_done, 0);
	test_clock_settle(&host.clock, host.loop);
	ck_assert_int_eq(n_done, 1);
}

/* One more executor that was given this JSON array. */
static void run(const char *json)
{
	struct tp_resource_usage_executor *executor =
		tp_record_new(&tp_resource_usage_executor_desc, arena);
	struct tp_error err = { 0 };

	ck_assert_msg(tp_resource_records_parse(json, "*", arena, &executor->allocated,
			      &executor->n_allocated, &err) >= 0,
		"%s", err.text);
	tp_arena_push(arena, &usage.executors, &usage.n_executors, executor);
}

#define CPUS(n, more) \
	"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" n "}," \
	"\"allocation_info\":{\"role\":\"r\"}" more "}]"

START_TEST(all_of_it_may_be_lent)
{
	start("{ resources: 'cpus:2;mem:512' }");
	estimate();
	ck_assert_int_eq(tp_resources_milli(&left, "cpus"), 2000);
	ck_assert_int_eq(tp_resources_milli(&left, "mem"), 512000);
}
END_TEST

START_TEST(what_is_lent_already_is_not_there)
{
	start("{ resources: 'cpus:2' }");
	run(CPUS("1.5", ",\"revocable\":{}"));
	run(CPUS("4", "")); /* what the agent has itself is another thing */
	estimate();
	ck_assert_int_eq(tp_resources_milli(&left, "cpus"), 500);
	run(CPUS("3", ",\"revocable\":{}"));
	estimate();
	ck_assert_uint_eq(left.n, 0);
}
END_TEST

START_TEST(a_question_can_be_taken_back)
{
	start("{ resources: 'cpus:2' }");
	request = (struct tp_resource_estimator_request){ .done = on_done };
	ops->estimate(impl, &request);
	ops->cancel(impl, &request);
	test_clock_settle(&host.clock, host.loop);
	ck_assert_int_eq(n_done, 0);
	estimate();
	ck_assert_uint_eq(left.n, 1);
}
END_TEST

static const struct {
	const char *config, *error;
} mistakes[] = {
	{ "{}", "resources" },
	{ "{ resources: '' }", "nothing to lend" },
	{ "{ resources: 'cpus:-2' }", "cpus" },
	{ "{ resources: 'cpus' }", "cpus" },
	{ "{ resources: 'cpus:0' }", "nothing to lend" },
};

START_TEST(what_cannot_be_lent_is_said_at_once)
{
	const struct tp_module *modules[] = { &tp_module };
	struct tp_error err = { 0 };

	ck_assert_int_lt(test_host_try(&host, modules, 1, mistakes[_i].config, &err), 0);
	ck_assert_msg(strstr(err.text, mistakes[_i].error) != NULL, "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("estimator_fixed");
	TCase *tc = tcase_create("estimator_fixed");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, all_of_it_may_be_lent);
	tcase_add_test(tc, what_is_lent_already_is_not_there);
	tcase_add_test(tc, a_question_can_be_taken_back);
	tcase_add_loop_test(
		tc, what_cannot_be_lent_is_said_at_once, 0, TP_COUNT(mistakes));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
