/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map: finding, refusing doubles, removal in any order, growth, order of insertion.
 */
#include "tepui/map.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define N 1000

struct thing {
	int number;
	char name[32];
	struct tp_map_node node;
};

static void fill(struct tp_map *map, struct thing *things, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		things[i].number = i;
		snprintf(things[i].name, sizeof things[i].name, "thing-%d", i);
		ck_assert(tp_map_add(map, &things[i].node, things[i].name));
	}
}

START_TEST(empty_map_finds_nothing)
{
	struct tp_map map;

	tp_map_init(&map);
	ck_assert_ptr_null(tp_map_find(&map, "x"));
	ck_assert_ptr_null(tp_map_get(&map, "x", struct thing, node));
	tp_map_fini(&map);
}
END_TEST

START_TEST(finds_all_and_refuses_doubles)
{
	struct thing *things = tp_alloc(N * sizeof *things), twin = { 0 };
	struct tp_map map;
	int i;

	tp_map_init(&map);
	fill(&map, things, N);
	ck_assert_uint_eq(map.n, N);
	ck_assert_uint_ge(map.n_buckets, N);
	ck_assert_uint_eq(map.n_buckets & (map.n_buckets - 1), 0);
	for (i = 0; i < N; i++)
		ck_assert_ptr_eq(
			tp_map_get(&map, things[i].name, struct thing, node), &things[i]);
	ck_assert(!tp_map_add(&map, &twin.node, "thing-5"));
	ck_assert_uint_eq(map.n, N);
	ck_assert_ptr_null(tp_map_find(&map, "thing-1000"));
	tp_map_fini(&map);
	tp_free(things);
}
END_TEST

START_TEST(walks_in_order_and_survives_removal)
{
	struct thing *things = tp_alloc(N * sizeof *things), *thing;
	struct tp_list *at, *tmp;
	struct tp_map map;
	int next = 0;

	tp_map_init(&map);
	fill(&map, things, N);
	tp_map_foreach (at, tmp, &map) {
		thing = tp_map_entry(at, struct thing, node);
		ck_assert_int_eq(thing->number, next++);
		if (thing->number % 3 != 0)
			tp_map_remove(&map, &thing->node);
	}
	ck_assert_int_eq(next, N);
	ck_assert_uint_eq(map.n, (N + 2) / 3);
	for (next = 0; next < N; next++)
		ck_assert_int_eq(
			tp_map_find(&map, things[next].name) != NULL, next % 3 == 0);
	ck_assert(tp_map_add(&map, &things[1].node, things[1].name));
	ck_assert_ptr_eq(map.order.prev, &things[1].node.order);
	tp_map_fini(&map);
	tp_free(things);
}
END_TEST

START_TEST(hash_spreads_alike_keys)
{
	unsigned used[256] = { 0 }, most = 0;
	char name[32];
	int i;

	for (i = 0; i < 2560; i++) {
		snprintf(name, sizeof name, "agent-S%d", i);
		used[tp_hash_text(name) & 255]++;
	}
	for (i = 0; i < 256; i++)
		most = used[i] > most ? used[i] : most;
	ck_assert_uint_lt(most, 30);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("map");
	TCase *tc = tcase_create("map");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, empty_map_finds_nothing);
	tcase_add_test(tc, finds_all_and_refuses_doubles);
	tcase_add_test(tc, walks_in_order_and_survives_removal);
	tcase_add_test(tc, hash_spreads_alike_keys);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
