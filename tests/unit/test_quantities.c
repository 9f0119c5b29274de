/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities: names and their places, sums that stop, differences that clamp, shrinking.
 */
#include "tepui/quantities.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct tp_quantity_names names;

static void setup(void)
{
	tp_quantity_names_init(&names);
}

static void teardown(void)
{
	tp_quantity_names_fini(&names);
}

static struct tp_resources parse(const char *text)
{
	struct tp_resources r = TP_RESOURCES_INIT;

	ck_assert_int_eq(tp_resources_parse(&r, text, NULL, NULL), 0);
	return r;
}

static void check_prints(const struct tp_resources *r, const char *text)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	tp_resources_print(r, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), text);
}

START_TEST(names_have_places)
{
	char name[16];
	int i;

	ck_assert_int_eq(tp_quantity_names_find(&names, "mem"), TP_MEM);
	ck_assert_int_eq(tp_quantity_names_find(&names, "tapes"), -ENOENT);
	ck_assert_int_eq(tp_quantity_names_add(&names, "tapes"), 4);
	ck_assert_int_eq(tp_quantity_names_add(&names, "tapes"), 4);
	for (i = 5; i < TP_QUANTITIES_MAX; i++) {
		snprintf(name, sizeof name, "r%d", i);
		ck_assert_int_eq(tp_quantity_names_add(&names, name), i);
	}
	ck_assert_int_eq(tp_quantity_names_add(&names, "more"), -ENOSPC);
}
END_TEST

START_TEST(sums_of_resources)
{
	struct tp_resources r = parse("cpus:1;cpus(a):2;tapes:3;ports:[1-2];disk:5");
	struct tp_resources less = parse("cpus:9;tapes:1;unknown:4");
	struct tp_quantities q = { { 0 } };

	tp_quantities_add_resources(&q, &names, &r);
	ck_assert_int_eq(q.milli[TP_CPUS], 3000);
	ck_assert_int_eq(q.milli[TP_DISK], 5000);
	ck_assert_int_eq(q.milli[tp_quantity_names_find(&names, "tapes")], 3000);
	ck_assert_int_eq(tp_quantity_names_find(&names, "ports"), -ENOENT);
	tp_quantities_subtract_resources(&q, &names, &less);
	ck_assert_int_eq(q.milli[TP_CPUS], 0);
	ck_assert_int_eq(q.milli[tp_quantity_names_find(&names, "tapes")], 2000);
	ck_assert_int_eq(tp_quantity_names_find(&names, "unknown"), -ENOENT);
	tp_resources_fini(&r);
	tp_resources_fini(&less);
}
END_TEST

START_TEST(no_limit_stays_no_limit)
{
	struct tp_quantities limit, some = { { 5, 6 } }, sum = { { 1, INT64_MAX } };

	tp_quantities_fill(&limit, INT64_MAX);
	tp_quantities_subtract(&limit, &some);
	ck_assert_int_eq(limit.milli[0], INT64_MAX);
	tp_quantities_add(&sum, &some);
	ck_assert_int_eq(sum.milli[0], 6);
	ck_assert_int_eq(sum.milli[1], INT64_MAX);
	ck_assert(tp_quantities_contains(&limit, &some));
	ck_assert(!tp_quantities_contains(&some, &limit));
	tp_quantities_fill(&some, 0);
	ck_assert(tp_quantities_empty(&some) && !tp_quantities_empty(&sum));
}
END_TEST

/* [ResourcesTest.ShrinkToQuantities] */
START_TEST(shrink_cuts_and_counts_down)
{
	struct tp_resources r = parse("cpus:4;cpus(a):4;mem:100;ports:[1-9];tapes:2");
	struct tp_quantities left;

	tp_quantities_fill(&left, INT64_MAX);
	left.milli[TP_CPUS] = 5000;
	left.milli[TP_MEM] = 0;
	tp_resources_shrink(&r, &names, &left);
	check_prints(&r, "cpus:4; cpus(a):1; ports:[1-9]; tapes:2");
	ck_assert_int_eq(left.milli[TP_CPUS], 0);
	ck_assert_int_eq(left.milli[TP_DISK], INT64_MAX);
	tp_resources_fini(&r);
}
END_TEST

START_TEST(shrink_never_cuts_a_mount)
{
	struct tp_resources r = TP_RESOURCES_INIT, same = TP_RESOURCES_INIT;
	struct tp_quantities left = { { 0 } };

	ck_assert_int_eq(tp_resources_parse(&r,
				 "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":"
				 "{\"value\":10},\"disk\":{\"source\":{\"type\":"
				 "\"MOUNT\",\"mount\":{\"root\":\"/m\"}}}}]",
				 NULL, NULL),
		0);
	tp_resources_copy(&same, &r);
	left.milli[TP_DISK] = 10000;
	tp_resources_shrink(&r, &names, &left);
	ck_assert(tp_resources_equal(&r, &same));
	left.milli[TP_DISK] = 9999;
	tp_resources_shrink(&r, &names, &left);
	ck_assert(tp_resources_empty(&r));
	ck_assert_int_eq(left.milli[TP_DISK], 9999);
	tp_resources_fini(&r);
	tp_resources_fini(&same);
}
END_TEST

START_TEST(more_names_than_places_count_nowhere)
{
	tp_cleanup(strbuf) struct tp_strbuf many = TP_STRBUF_INIT;
	struct tp_quantities q = { { 0 } };
	struct tp_error err = { 0, "" };
	struct tp_resources r;
	int i;

	for (i = 0; i < 20; i++)
		tp_strbuf_printf(&many, "r%d:1;", i);
	r = parse(many.data);
	tp_quantities_add_resources(&q, &names, &r);
	ck_assert_uint_eq(names.n, TP_QUANTITIES_MAX);
	ck_assert_int_eq(q.milli[TP_QUANTITIES_MAX - 1], 1000);
	ck_assert_int_eq(q.milli[TP_CPUS], 0);
	ck_assert_int_eq(tp_quantities_parse(&q, &names, many.data, &err), -ENOSPC);
	tp_quantities_subtract_resources(&q, &names, &r);
	ck_assert(tp_quantities_empty(&q));
	tp_resources_fini(&r);
}
END_TEST

START_TEST(text)
{
	struct tp_quantities q = { { 42 } };
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_quantities_parse(&q, &names, "cpus:0.01;mem:32", &err), 0);
	ck_assert_int_eq(q.milli[TP_CPUS], 10);
	ck_assert_int_eq(q.milli[TP_MEM], 32000);
	ck_assert_int_eq(tp_quantities_parse(&q, &names, "ports:[1-2]", &err), -EINVAL);
	ck_assert_int_eq(tp_quantities_parse(&q, &names, "cpus(a):1", &err), -EINVAL);
	ck_assert_int_eq(q.milli[TP_CPUS], 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quantities");
	TCase *tc = tcase_create("quantities");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names_have_places);
	tcase_add_test(tc, sums_of_resources);
	tcase_add_test(tc, no_limit_stays_no_limit);
	tcase_add_test(tc, shrink_cuts_and_counts_down);
	tcase_add_test(tc, shrink_never_cuts_a_mount);
	tcase_add_test(tc, more_names_than_places_count_nowhere);
	tcase_add_test(tc, text);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
