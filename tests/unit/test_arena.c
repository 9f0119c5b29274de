/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: zeroed and aligned objects, growth, big allocations, reset, pushed arrays.
 */
#include "tepui/arena.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(objects_are_zeroed_aligned_and_apart)
{
	struct tp_arena *arena = tp_arena_create(64);
	unsigned char *objects[200];
	size_t i, j;

	for (i = 0; i < 200; i++) {
		objects[i] = tp_arena_alloc(arena, i);
		ck_assert_uint_eq((uintptr_t)objects[i] % 8, 0);
		for (j = 0; j < i; j++)
			ck_assert_uint_eq(objects[i][j], 0);
		memset(objects[i], (int)i, i);
	}
	for (i = 0; i < 200; i++)
		for (j = 0; j < i; j++)
			ck_assert_uint_eq(objects[i][j], i);
	tp_arena_destroy(arena);
}
END_TEST

START_TEST(a_small_tree_is_one_block)
{
	struct tp_arena *arena = tp_arena_create(512);
	int i;

	for (i = 0; i < 20; i++) {
		tp_arena_alloc(arena, 16);
		tp_arena_strdup(arena, "1");
	}
	ck_assert_uint_eq(tp_arena_bytes(arena), 512);
	tp_arena_alloc(arena, 512);
	ck_assert_uint_gt(tp_arena_bytes(arena), 512);
	tp_arena_destroy(arena);
}
END_TEST

START_TEST(big_allocations_keep_the_serving_block)
{
	struct tp_arena *arena = tp_arena_create(1024);
	size_t before;
	char *big;
	int i;

	tp_arena_alloc(arena, 900);
	tp_arena_alloc(arena, 200);
	before = tp_arena_bytes(arena);
	big = tp_arena_alloc(arena, 1 << 20);
	memset(big, 1, 1 << 20);
	ck_assert_uint_gt(tp_arena_bytes(arena), before + (1 << 20));
	before = tp_arena_bytes(arena);
	for (i = 0; i < 10; i++)
		tp_arena_alloc(arena, 100);
	ck_assert_uint_eq(tp_arena_bytes(arena), before);
	tp_arena_destroy(arena);
}
END_TEST

START_TEST(text)
{
	struct tp_arena *arena = tp_arena_create(0);
	char *before = tp_arena_strdup(arena, "before");
	char *printed = tp_arena_printf(arena, "%s", "printed");

	ck_assert_str_eq(printed, "printed");
	ck_assert_str_eq(before, "before");
	ck_assert_ptr_null(tp_arena_strdup(arena, NULL));
	ck_assert_str_eq(tp_arena_strdup(arena, "role"), "role");
	ck_assert_str_eq(tp_arena_strndup(arena, "role", 2), "ro");
	ck_assert_str_eq(tp_arena_strndup(arena, "ro", 20), "ro");
	ck_assert_str_eq(tp_arena_printf(arena, "%s-%04d", "m", 12), "m-0012");
	ck_assert_mem_eq(tp_arena_memdup(arena, "a\0b", 3), "a\0b", 3);
	tp_arena_destroy(arena);
	tp_arena_destroy(NULL);
}
END_TEST

START_TEST(reset_keeps_the_first_block)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(256);
	void *first = tp_arena_alloc(arena, 8);
	char *again;

	memset(first, 0xff, 8);
	tp_arena_alloc(arena, 5000);
	tp_arena_reset(arena);
	ck_assert_uint_eq(tp_arena_bytes(arena), 256);
	again = tp_arena_alloc(arena, 8);
	ck_assert_ptr_eq(again, first);
	ck_assert_int_eq(again[0], 0);
}
END_TEST

START_TEST(push_grows_any_array_of_the_arena)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	int values[1000], **items = NULL, **decoded;
	size_t n = 0, m = 3, i;

	for (i = 0; i < 1000; i++)
		tp_arena_push(arena, &items, &n, &values[i]);
	ck_assert_uint_eq(n, 1000);
	for (i = 0; i < 1000; i++)
		ck_assert_ptr_eq(items[i], &values[i]);

	/* An array of exactly its size, with another object right behind it. */
	decoded = tp_arena_alloc(arena, m * sizeof *decoded);
	memset(tp_arena_alloc(arena, 64), 0x55, 64);
	tp_arena_push(arena, &decoded, &m, &values[7]);
	ck_assert_uint_eq(m, 4);
	ck_assert_ptr_null(decoded[0]);
	ck_assert_ptr_eq(decoded[3], &values[7]);
	/* Linear in memory: 1000 pointers are 8 KB, geometric growth at most some of that. */
	ck_assert_uint_lt(tp_arena_bytes(arena), 64 * 1024);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tc = tcase_create("arena");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, objects_are_zeroed_aligned_and_apart);
	tcase_add_test(tc, a_small_tree_is_one_block);
	tcase_add_test(tc, big_allocations_keep_the_serving_block);
	tcase_add_test(tc, text);
	tcase_add_test(tc, reset_keeps_the_first_block);
	tcase_add_test(tc, push_grows_any_array_of_the_arena);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
