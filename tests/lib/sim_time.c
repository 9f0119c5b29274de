/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_time.h. The loops turn one after the other until all are at rest; only then does time
 * go on. Newer loops turn first: the network's, which hands frames to all others, is the first to
 * be made, and whoever it calls has seen the new time by then.
 */
#include "sim_time.h"

/* Loops that never come to rest are a bug, and a test must end. */
#define ROUNDS_MAX 1000000

static int64_t clock_now_ns(struct tp_clock *clock)
{
	return tp_container_of(clock, struct sim_clock, clock)->time->now_ns;
}

static int64_t clock_wall_ns(struct tp_clock *clock)
{
	const struct sim_clock *self = tp_container_of(clock, struct sim_clock, clock);

	return self->time->wall_ns + self->wall_offset_ns;
}

void sim_time_init(struct sim_time *self)
{
	tp_list_init(&self->clocks);
	self->now_ns = 1000 * TP_SEC;
	self->wall_ns = INT64_C(1700000000) * TP_SEC;
}

struct sim_clock *sim_clock_create(struct sim_time *self)
{
	struct sim_clock *clock = tp_alloc(sizeof *clock);
	struct tp_error err;

	clock->clock.now_ns = clock_now_ns;
	clock->clock.wall_ns = clock_wall_ns;
	clock->time = self;
	clock->loop = tp_loop_create(&clock->clock, &err);
	tp_assert(clock->loop != NULL);
	tp_list_prepend(&self->clocks, &clock->node);
	return clock;
}

void sim_clock_destroy(struct sim_clock *clock)
{
	if (clock == NULL)
		return;
	tp_loop_destroy(clock->loop);
	tp_list_remove(&clock->node);
	tp_free(clock);
}

/* One turn of each. Returns how many callbacks ran. */
static int turn(struct sim_time *self)
{
	struct tp_list *node, *tmp;
	int n_ran = 0;

	tp_list_foreach (node, tmp, &self->clocks) {
		struct sim_clock *clock = tp_container_of(node, struct sim_clock, node);

		if (!clock->frozen)
			n_ran += tp_loop_turn(clock->loop, 0);
	}
	return n_ran;
}

static void settle(struct sim_time *self)
{
	int rounds = 0;

	while (turn(self) > 0)
		tp_assert(++rounds < ROUNDS_MAX);
}

/* Jumps to the next timer, but not beyond end_ns. False when there was none before end_ns. */
static bool jump(struct sim_time *self, int64_t end_ns)
{
	int64_t due_ns = INT64_MAX;
	struct tp_list *node, *tmp;
	bool due;

	tp_list_foreach (node, tmp, &self->clocks) {
		struct sim_clock *clock = tp_container_of(node, struct sim_clock, node);
		int64_t next_ns = tp_loop_next_due_ns(clock->loop);

		if (!clock->frozen && next_ns < due_ns)
			due_ns = next_ns;
	}
	due = due_ns <= end_ns;
	if (!due)
		due_ns = end_ns;
	if (due_ns > self->now_ns) {
		self->wall_ns += due_ns - self->now_ns;
		self->now_ns = due_ns;
	}
	return due;
}

void sim_time_advance(struct sim_time *self, int64_t ns)
{
	int64_t end_ns = self->now_ns + ns;

	settle(self);
	while (jump(self, end_ns))
		settle(self);
	settle(self);
}

bool sim_time_run_until(
	struct sim_time *self, bool (*until)(void *arg), void *arg, int64_t max_ns)
{
	int64_t end_ns = self->now_ns + max_ns;
	int rounds = 0;

	while (!until(arg)) {
		tp_assert(++rounds < ROUNDS_MAX);
		if (turn(self) == 0 && !jump(self, end_ns))
			return until(arg);
	}
	return true;
}
