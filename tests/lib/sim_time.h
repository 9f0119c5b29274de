/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual time for several loops: one monotonic clock for all of them, and for each loop a wall
 * clock of its own that can be wrong, and a switch that lets it stand still as SIGSTOP does. The
 * clock jumps from one due timer to the next.
 */
#ifndef TESTS_LIB_SIM_TIME_H
#define TESTS_LIB_SIM_TIME_H

#include "tepui/list.h"
#include "tepui/loop.h"

struct sim_time {
	struct tp_list clocks; /* in the order in which their loops turn */
	int64_t now_ns, wall_ns;
};

struct sim_clock {
	struct tp_clock clock;
	struct tp_list node;
	struct sim_time *time;
	struct tp_loop *loop;
	int64_t wall_offset_ns;
	bool frozen;
};

void sim_time_init(struct sim_time *self);
/* A loop on this time; tp_free()s itself in sim_clock_destroy(), which takes NULL. */
struct sim_clock *sim_clock_create(struct sim_time *self);
void sim_clock_destroy(struct sim_clock *clock);

void sim_time_advance(struct sim_time *self, int64_t ns);
/* Goes on until until(arg), for at most max_ns. Returns whether it became true. */
bool sim_time_run_until(
	struct sim_time *self, bool (*until)(void *arg), void *arg, int64_t max_ns);

#endif
