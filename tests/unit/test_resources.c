/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums, differences and comparisons of scalars, ranges and sets; allocation, reservation,
 * filters; that copies share and nothing leaks (under a sanitizer).
 */
#include "tepui/resources.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/role.h"

static struct tp_resources parse(const char *text)
{
	struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_error err = { 0, "" };

	ck_assert_msg(tp_resources_parse(&r, text, NULL, &err) == 0, "%s", err.text);
	return r;
}

static void check_prints(const struct tp_resources *r, const char *text)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	tp_resources_print(r, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), text);
}

static const struct {
	const char *a, *b, *sum, *difference;
	bool contains;
} rows[] = {
	{ "cpus:4;mem:10", "cpus:1.5", "cpus:5.5; mem:10", "cpus:2.5; mem:10", true },
	{ "cpus:4", "cpus:4", "cpus:8", "", true },
	{ "cpus:4", "cpus:5", "cpus:9", "", false },
	{ "cpus:4", "mem:1", "cpus:4; mem:1", "cpus:4", false },
	{ "cpus:4", "cpus(r):1", "cpus:4; cpus(r):1", "cpus:4", false },
	{ "cpus(r):4;cpus:1", "cpus(r):1", "cpus(r):5; cpus:1", "cpus(r):3; cpus:1",
		true },
	{ "", "cpus:1", "cpus:1", "", false },
	{ "cpus:1", "", "cpus:1", "cpus:1", true },
	{ "p:[1-10]", "p:[11-20]", "p:[1-20]", "p:[1-10]", false },
	{ "p:[1-10]", "p:[3-4,8-8]", "p:[1-10]", "p:[1-2, 5-7, 9-10]", true },
	{ "p:[1-10]", "p:[1-10]", "p:[1-10]", "", true },
	{ "p:[1-10,20-30]", "p:[5-25]", "p:[1-30]", "p:[1-4, 26-30]", false },
	{ "p:[1-10,20-30]", "p:[0-40]", "p:[0-40]", "", false },
	{ "p:[1-2,5-6]", "p:[2-5]", "p:[1-6]", "p:[1-1, 6-6]", false },
	{ "p:[0-18446744073709551615]", "p:[7-7]", "p:[0-18446744073709551615]",
		"p:[0-6, 8-18446744073709551615]", true },
	{ "s:{a,b,c}", "s:{b}", "s:{a, b, c}", "s:{a, c}", true },
	{ "s:{a}", "s:{b}", "s:{a, b}", "s:{a}", false },
	{ "s:{a}", "s:{a}", "s:{a}", "", true },
};

/* [ResourcesTest.ScalarSubset, ScalarAddition and those of Ranges and Set] */
START_TEST(arithmetic_rows)
{
	struct tp_resources a = parse(rows[_i].a), b = parse(rows[_i].b);
	struct tp_resources r = TP_RESOURCES_INIT, again = parse(rows[_i].a);

	ck_assert_int_eq(tp_resources_contains(&a, &b), rows[_i].contains);
	tp_resources_copy(&r, &a);
	tp_resources_add(&r, &b);
	check_prints(&r, rows[_i].sum);
	tp_resources_copy(&r, &a);
	tp_resources_subtract(&r, &b);
	check_prints(&r, rows[_i].difference);
	ck_assert(again.n == a.n && tp_resources_equal(&a, &again)); /* untouched */
	tp_resources_fini(&again);
	tp_resources_fini(&r);
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

/* [ResourcesTest.Precision*, VerySmallValue] */
START_TEST(precision_never_drifts)
{
	struct tp_resources sum = TP_RESOURCES_INIT, tenth = parse("cpus:0.1");
	struct tp_resources milli = parse("cpus:0.001");
	int i;

	for (i = 0; i < 100000; i++)
		tp_resources_add(&sum, &tenth);
	ck_assert_int_eq(tp_resources_milli(&sum, "cpus"), 10000000);
	for (i = 0; i < 100000; i++)
		tp_resources_subtract(&sum, &tenth);
	ck_assert(tp_resources_empty(&sum));
	tp_resources_add(&sum, &milli);
	ck_assert(!tp_resources_empty(&sum));
	tp_resources_fini(&sum);
	tp_resources_fini(&tenth);
	tp_resources_fini(&milli);
}
END_TEST

START_TEST(sums_saturate)
{
	struct tp_resources a = parse("cpus:9200000000000000");
	struct tp_resources b = TP_RESOURCES_INIT;

	tp_resources_copy(&b, &a);
	tp_resources_add(&a, &b);
	ck_assert_int_eq(tp_resources_milli(&a, "cpus"), INT64_MAX);
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

START_TEST(aliases)
{
	struct tp_resources r = parse("cpus:1;ports:[1-2];s:{a}");

	tp_resources_copy(&r, &r);
	ck_assert(tp_resources_contains(&r, &r));
	tp_resources_add(&r, &r);
	check_prints(&r, "cpus:2; ports:[1-2]; s:{a}");
	tp_resources_subtract_item(&r, &r.items[0]);
	check_prints(&r, "ports:[1-2]; s:{a}");
	tp_resources_subtract(&r, &r);
	ck_assert(tp_resources_empty(&r));
	tp_resources_fini(&r);
}
END_TEST

START_TEST(equality_ignores_order)
{
	struct tp_resources a = parse("cpus:1;mem:2;ports:[1-2]");
	struct tp_resources b = parse("ports:[1-2];mem:2;cpus:1");

	ck_assert(tp_resources_equal(&a, &b));
	tp_resources_fini(&b);
	b = parse("ports:[1-2];mem:2;cpus:1.001");
	ck_assert(!tp_resources_equal(&a, &b));
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

START_TEST(copies_share)
{
	struct tp_resources a = parse("cpus:1;ports:[1-2];s:{x}"), b = TP_RESOURCES_INIT;
	struct tp_resources other = parse("cpus:5");

	tp_resources_copy(&b, &a);
	ck_assert_ptr_eq(a.items[0].key, b.items[0].key);
	ck_assert_ptr_eq(a.items[1].spans, b.items[1].spans);
	ck_assert_uint_eq(b.room, 3);
	ck_assert_ptr_ne(other.items[0].key, a.items[0].key);
	tp_resources_share(&other, &a);
	ck_assert_ptr_eq(other.items[0].key, a.items[0].key);
	check_prints(&other, "cpus:5");
	tp_resources_fini(&a);
	check_prints(&b, "cpus:1; ports:[1-2]; s:{x}");
	tp_resources_move(&a, &b);
	ck_assert(tp_resources_empty(&b));
	tp_resources_fini(&a);
	tp_resources_fini(&other);
}
END_TEST

START_TEST(allocation_is_part_of_identity)
{
	struct tp_resources a = parse("cpus:4;mem:8"), b = TP_RESOURCES_INIT;

	tp_resources_copy(&b, &a);
	tp_resources_allocate(&a, "web");
	check_prints(&a, "cpus(allocated: web):4; mem(allocated: web):8");
	ck_assert(!tp_resources_contains(&a, &b));
	ck_assert(!tp_resources_contains(&b, &a));
	ck_assert_str_eq(tp_resource_allocation(&a.items[0]), "web");
	ck_assert(tp_resource_is_allocated_to(&a.items[0], "web"));
	ck_assert(!tp_resource_is_allocated_to(&b.items[0], "web"));
	tp_resources_add(&a, &b);
	ck_assert_uint_eq(a.n, 4);
	tp_resources_unallocate(&a);
	check_prints(&a, "cpus:8; mem:16");
	tp_resources_copy(&a, &b);
	tp_resources_subtract_item(&a, &a.items[1]);
	tp_resources_allocate(&a, "web");
	tp_resources_add_item(&a, &b.items[0]);
	tp_resources_allocate(&a, "other");
	check_prints(&a, "cpus(allocated: other):8");
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

/* [ResourcesTest.HierarchicalReservations] */
START_TEST(reservations_stack)
{
	struct tp_resource_reservation_info sub = { .has_type = true,
		.type = TP_RESOURCE_RESERVATION_INFO_DYNAMIC,
		.role = "a/b",
		.principal = "ops" };
	struct tp_resources r = parse("cpus(a):1;cpus:2"), unreserved = parse("cpus:3");
	struct tp_resources refined = TP_RESOURCES_INIT;

	tp_resources_filter(&refined, &r, tp_resource_is_reserved, NULL);
	tp_resources_reserve(&refined, &sub);
	check_prints(&refined, "cpus(reservations: [(STATIC,a),(DYNAMIC,a/b,ops)]):1");
	ck_assert(!tp_resource_is_refined(&r.items[0], NULL));
	ck_assert(!tp_resource_is_dynamic(&r.items[0], NULL));
	ck_assert(tp_resource_is_unreserved(&r.items[1], NULL));
	ck_assert(!tp_resource_is_unreserved(&r.items[0], NULL));
	ck_assert(tp_resource_is_refined(&refined.items[0], NULL));
	ck_assert(tp_resource_is_dynamic(&refined.items[0], NULL));
	ck_assert(tp_resource_is_reserved_to(&refined.items[0], "a/b"));
	ck_assert(!tp_resource_is_reserved_to(&refined.items[0], "a"));
	ck_assert(tp_resource_is_allocatable_to(&refined.items[0], "a/b/c"));
	ck_assert(!tp_resource_is_allocatable_to(&refined.items[0], "a"));
	tp_resources_unreserve(&refined);
	check_prints(&refined, "cpus(a):1");
	tp_resources_unreserve(&r);
	check_prints(&r, "cpus:3");
	tp_resources_add(&r, &refined);
	tp_resources_allocate(&r, "x");
	tp_resources_flatten(&r);
	check_prints(&r, "cpus:4");
	ck_assert(tp_resources_contains(&r, &unreserved));
	tp_resources_fini(&r);
	tp_resources_fini(&refined);
	tp_resources_fini(&unreserved);
}
END_TEST

/* [ResourcesTest.Find] */
START_TEST(filters)
{
	struct tp_resources r = parse("cpus:1;cpus(a):2;mem(a/b):4;ports:[1-2]");
	struct tp_resources some = TP_RESOURCES_INIT;

	tp_resources_filter(&some, &r, tp_resource_is_allocatable_to, "a");
	check_prints(&some, "cpus:1; cpus(a):2; ports:[1-2]");
	tp_resources_fini(&some);
	tp_resources_filter(&some, &r, tp_resource_is_reserved_to, TP_ROLE_DEFAULT);
	check_prints(&some, "cpus:1; ports:[1-2]");
	tp_resources_fini(&some);
	tp_resources_filter(&some, &r, tp_resource_is_scalar, NULL);
	check_prints(&some, "cpus:1; cpus(a):2; mem(a/b):4");
	ck_assert_int_eq(tp_resources_milli(&r, "cpus"), 3000);
	ck_assert_int_eq(tp_resources_milli(&r, "ports"), 0);
	ck_assert(tp_resources_has(&r, "ports") && !tp_resources_has(&r, "disk"));
	tp_resources_fini(&some);
	tp_resources_fini(&r);
}
END_TEST

START_TEST(conversion_is_all_or_nothing)
{
	struct tp_resources r = parse("cpus:4;mem:8"), from = parse("cpus:1");
	struct tp_resources to = parse("cpus(r):1"), more = parse("cpus:3.5");
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_resources_convert(&r, &from, &to, &err), 0);
	check_prints(&r, "cpus:3; mem:8; cpus(r):1");
	ck_assert_int_eq(tp_resources_convert(&r, &more, &to, &err), -ENOSPC);
	ck_assert_str_eq(err.text, "cpus:3; mem:8; cpus(r):1 does not contain cpus:3.5");
	check_prints(&r, "cpus:3; mem:8; cpus(r):1");
	tp_resources_fini(&r);
	tp_resources_fini(&from);
	tp_resources_fini(&to);
	tp_resources_fini(&more);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resources");
	TCase *tc = tcase_create("resources");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, arithmetic_rows, 0, TP_COUNT(rows));
	tcase_add_test(tc, precision_never_drifts);
	tcase_add_test(tc, sums_saturate);
	tcase_add_test(tc, aliases);
	tcase_add_test(tc, equality_ignores_order);
	tcase_add_test(tc, copies_share);
	tcase_add_test(tc, allocation_is_part_of_identity);
	tcase_add_test(tc, reservations_stack);
	tcase_add_test(tc, filters);
	tcase_add_test(tc, conversion_is_all_or_nothing);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
