/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual time: a clock that only a test moves, and the ways to move it together with a loop.
 */
#ifndef TESTS_LIB_CLOCK_H
#define TESTS_LIB_CLOCK_H

#include "tepui/loop.h"

struct test_clock {
	struct tp_clock clock; /* for tp_loop_create() */
	int64_t now_ns;
	int64_t wall_ns;
};

/* Starts at an arbitrary time that is not zero. */
void test_clock_init(struct test_clock *clock);

/* Turns the loop until nothing is left to do at this moment. */
void test_clock_settle(struct test_clock *clock, struct tp_loop *loop);

/* Lets `ns` pass: stops at every timer on the way and settles there, and at the end. */
void test_clock_advance(struct test_clock *clock, struct tp_loop *loop, int64_t ns);

/*
 * Lets time pass from timer to timer until until(arg) is true, for at most max_ns. Returns
 * whether it became true. Asks before it turns for the first time.
 */
bool test_clock_run_until(struct test_clock *clock, struct tp_loop *loop,
	bool (*until)(void *arg), void *arg, int64_t max_ns);

#endif
