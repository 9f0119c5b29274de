/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual time. The clock jumps from one due timer to the next, so that an hour of timeouts takes
 * as long as what happens in it. It never waits for descriptors: what another process or thread
 * does needs tp_loop_turn() with real time to wait.
 */
#include "clock.h"

/* A loop that never comes to rest is a bug, and a test must end. */
#define TURNS_MAX 1000000

static int64_t now_ns(struct tp_clock *clock)
{
	return tp_container_of(clock, struct test_clock, clock)->now_ns;
}

static int64_t wall_ns(struct tp_clock *clock)
{
	return tp_container_of(clock, struct test_clock, clock)->wall_ns;
}

void test_clock_init(struct test_clock *clock)
{
	clock->clock.now_ns = now_ns;
	clock->clock.wall_ns = wall_ns;
	clock->now_ns = 1000 * TP_SEC;
	clock->wall_ns = INT64_C(1700000000) * TP_SEC;
}

void test_clock_settle(struct test_clock *clock, struct tp_loop *loop)
{
	int turns = 0;

	(void)clock;
	while (tp_loop_turn(loop, 0) > 0)
		tp_assert(++turns < TURNS_MAX);
}

/* Jumps to the next timer, but not beyond end_ns. False when there was none before end_ns. */
static bool jump(struct test_clock *clock, struct tp_loop *loop, int64_t end_ns)
{
	int64_t due_ns = tp_loop_next_due_ns(loop);
	bool due = due_ns <= end_ns;

	if (!due)
		due_ns = end_ns;
	if (due_ns > clock->now_ns) {
		clock->wall_ns += due_ns - clock->now_ns;
		clock->now_ns = due_ns;
	}
	return due;
}

void test_clock_advance(struct test_clock *clock, struct tp_loop *loop, int64_t ns)
{
	int64_t end_ns = clock->now_ns + ns;

	test_clock_settle(clock, loop);
	while (jump(clock, loop, end_ns))
		test_clock_settle(clock, loop);
	test_clock_settle(clock, loop);
}

bool test_clock_run_until(struct test_clock *clock, struct tp_loop *loop,
	bool (*until)(void *arg), void *arg, int64_t max_ns)
{
	int64_t end_ns = clock->now_ns + max_ns;
	int turns = 0;

	while (!until(arg)) {
		tp_assert(++turns < TURNS_MAX);
		if (tp_loop_turn(loop, 0) == 0 && !jump(clock, loop, end_ns))
			return until(arg);
	}
	return true;
}
