/* SPDX-License-Identifier: Apache-2.0 */
/* A flood of strangers leaves a few lines in the log and their number. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tepui/refusals.h"
#include "tests/lib/clock.h"

static struct test_clock virtual_time;
static struct tp_instance instance = { .topic.name = "test" };
static struct tp_refusals refusals;
static int log_pipe[2];

static void setup(void)
{
	test_clock_init(&virtual_time);
	instance.loop = tp_loop_create(&virtual_time.clock, NULL);
	ck_assert_int_eq(pipe2(log_pipe, O_NONBLOCK | O_CLOEXEC), 0);
	tp_log_set_quiet(true);
	ck_assert_int_eq(tp_log_add_fd(log_pipe[1]), 0);
	tp_refusals_init(&refusals, &instance);
}

static void teardown(void)
{
	tp_log_remove_fd(log_pipe[1]);
	close(log_pipe[0]);
	close(log_pipe[1]);
	tp_loop_destroy(instance.loop);
}

/* What was logged since the last time. */
static const char *logged(void)
{
	static char text[4096];
	ssize_t n = read(log_pipe[0], text, sizeof text - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static int add(int n)
{
	int worth = 0;

	while (n-- > 0)
		worth += tp_refusals_add(&refusals);
	return worth;
}

static void advance(int64_t ns)
{
	test_clock_advance(&virtual_time, instance.loop, ns);
}

START_TEST(a_flood_is_summed_up)
{
	ck_assert_int_eq(add(100), 20);
	advance(9 * TP_SEC);
	ck_assert_int_eq(add(5), 0);
	ck_assert_str_eq(logged(), "");
	advance(1 * TP_SEC);
	ck_assert_ptr_nonnull(strstr(logged(), "count=85"));
	advance(60 * TP_SEC);
	ck_assert_str_eq(logged(), "");
	tp_refusals_fini(&refusals);
}
END_TEST

START_TEST(a_few_are_not)
{
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(add(20), 20);
		advance(10 * TP_SEC);
	}
	ck_assert_str_eq(logged(), "");
	tp_refusals_fini(&refusals);
}
END_TEST

START_TEST(the_end_is_an_occasion_too)
{
	add(21);
	tp_refusals_fini(&refusals);
	ck_assert_ptr_nonnull(strstr(logged(), "count=1"));
	advance(60 * TP_SEC);
	ck_assert_str_eq(logged(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("refusals");
	TCase *tc = tcase_create("refusals");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_flood_is_summed_up);
	tcase_add_test(tc, a_few_are_not);
	tcase_add_test(tc, the_end_is_an_occasion_too);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
