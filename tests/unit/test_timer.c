/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers on virtual time: order, re-arming, removal, limits of the time scale, and the heap
 * against a plain sorted array.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/lib/clock.h"

struct probe {
	struct tp_timer timer;
	int id;
	int64_t again_ns; /* armed again with this delay when > -1 */
	struct tp_timer *disarms;
};

#define PROBES 400

static struct test_clock test_clock;
static struct tp_loop *loop;
static struct probe probes[PROBES];
static int fired[PROBES * 4];
static size_t n_fired;

static void on_fire(struct tp_timer *timer)
{
	struct probe *probe = tp_container_of(timer, struct probe, timer);

	ck_assert(!tp_timer_armed(timer));
	ck_assert_uint_lt(n_fired, TP_COUNT(fired));
	fired[n_fired++] = probe->id;
	if (probe->disarms != NULL)
		tp_timer_disarm(loop, probe->disarms);
	if (probe->again_ns >= 0)
		tp_timer_arm(loop, timer, probe->again_ns);
}

static void setup(void)
{
	test_clock_init(&test_clock);
	loop = tp_loop_create(&test_clock.clock, NULL);
	ck_assert_ptr_nonnull(loop);
	n_fired = 0;
	for (int i = 0; i < PROBES; i++)
		probes[i] =
			(struct probe){ .timer.fire = on_fire, .id = i, .again_ns = -1 };
}

static void teardown(void)
{
	tp_loop_destroy(loop);
}

static void arm(int id, int64_t delay_ns)
{
	tp_timer_arm(loop, &probes[id].timer, delay_ns);
}

START_TEST(due_times_decide_then_order_of_arming)
{
	const int expected[] = { 3, 1, 0, 2 };

	arm(0, 20);
	arm(1, 10);
	arm(2, 20);
	arm(3, 0);
	test_clock_advance(&test_clock, loop, 20);
	ck_assert_uint_eq(n_fired, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(fired[i], expected[i]);
}
END_TEST

START_TEST(nothing_fires_early_or_twice)
{
	arm(0, TP_SEC);
	ck_assert_int_eq(tp_loop_next_due_ns(loop), tp_loop_now_ns(loop) + TP_SEC);
	test_clock_advance(&test_clock, loop, TP_SEC - 1);
	ck_assert_uint_eq(n_fired, 0);
	test_clock_advance(&test_clock, loop, 1);
	ck_assert_uint_eq(n_fired, 1);
	test_clock_advance(&test_clock, loop, TP_HOUR);
	ck_assert_uint_eq(n_fired, 1);
	ck_assert_int_eq(tp_loop_next_due_ns(loop), INT64_MAX);
}
END_TEST

START_TEST(arming_again_moves_a_timer)
{
	arm(0, 10);
	arm(0, 30);
	arm(1, 20);
	test_clock_advance(&test_clock, loop, 25);
	ck_assert_uint_eq(n_fired, 1);
	ck_assert_int_eq(fired[0], 1);
	test_clock_advance(&test_clock, loop, 5);
	ck_assert_uint_eq(n_fired, 2);
}
END_TEST

START_TEST(a_timer_of_zero_waits_a_turn)
{
	probes[0].again_ns = 0;
	arm(0, 0);
	ck_assert_uint_eq(n_fired, 0);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_uint_eq(n_fired, 2);
	tp_timer_disarm(loop, &probes[0].timer);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
}
END_TEST

START_TEST(a_callback_takes_its_neighbour_away)
{
	probes[0].disarms = &probes[1].timer;
	arm(0, 5);
	arm(1, 5);
	test_clock_advance(&test_clock, loop, 5);
	ck_assert_uint_eq(n_fired, 1);
	ck_assert(!tp_timer_armed(&probes[1].timer));
}
END_TEST

START_TEST(never_is_far_enough)
{
	arm(0, INT64_MAX);
	arm(1, -5);
	ck_assert_int_eq(probes[0].timer.due_ns, INT64_MAX);
	test_clock_advance(&test_clock, loop, 100 * TP_WEEK);
	ck_assert_uint_eq(n_fired, 1);
	ck_assert_int_eq(fired[0], 1);
}
END_TEST

static int by_due(const void *a, const void *b)
{
	const struct probe *pa = *(struct probe *const *)a;
	const struct probe *pb = *(struct probe *const *)b;

	if (pa->timer.due_ns != pb->timer.due_ns)
		return pa->timer.due_ns < pb->timer.due_ns ? -1 : 1;
	return pa->id - pb->id;
}

/* Few distinct times, many removals: the heap fires what a sorted array says. */
START_TEST(the_heap_agrees_with_a_sorted_array)
{
	struct probe *sorted[PROBES];
	size_t n = 0;

	srand(_i + 1);
	for (int i = 0; i < PROBES; i++)
		arm(i, rand() % 50);
	for (int i = 0; i < PROBES; i++) {
		if (rand() % 3 == 0)
			tp_timer_disarm(loop, &probes[i].timer);
		else
			sorted[n++] = &probes[i];
	}
	qsort(sorted, n, sizeof(sorted[0]), by_due);
	test_clock_advance(&test_clock, loop, 50);
	ck_assert_uint_eq(n_fired, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(fired[i], sorted[i]->id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timer");
	TCase *tcase = tcase_create("timer");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, due_times_decide_then_order_of_arming);
	tcase_add_test(tcase, nothing_fires_early_or_twice);
	tcase_add_test(tcase, arming_again_moves_a_timer);
	tcase_add_test(tcase, a_timer_of_zero_waits_a_turn);
	tcase_add_test(tcase, a_callback_takes_its_neighbour_away);
	tcase_add_test(tcase, never_is_far_enough);
	tcase_add_loop_test(tcase, the_heap_agrees_with_a_sorted_array, 0, 20);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
