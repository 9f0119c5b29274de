/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers in a 4-ary heap: half as deep as a binary one and its four children share a cache line
 * or two. The order (due time, sequence number of arming) is total, so that what fires when does
 * not depend on the shape of the heap. Each timer knows its slot; disarming is O(log n).
 */
#include "loop.h"

#define FANOUT ((size_t)4)

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	return a->seq < b->seq;
}

static void put(struct tp_loop *loop, size_t i, struct loop_timer entry)
{
	loop->timers[i] = entry;
	entry.timer->slot = i + 1;
}

static void sift_up(struct tp_loop *loop, size_t i, struct loop_timer entry)
{
	while (i > 0) {
		size_t parent = (i - 1) / FANOUT;

		if (!before(&entry, &loop->timers[parent]))
			break;
		put(loop, i, loop->timers[parent]);
		i = parent;
	}
	put(loop, i, entry);
}

/* The earliest child of i, or n_timers when there is none. */
static size_t earliest_child(const struct tp_loop *loop, size_t i)
{
	size_t first = i * FANOUT + 1;
	size_t end = first + FANOUT;
	size_t best = first;

	if (first >= loop->n_timers)
		return loop->n_timers;
	if (end > loop->n_timers)
		end = loop->n_timers;
	for (size_t c = first + 1; c < end; c++)
		if (before(&loop->timers[c], &loop->timers[best]))
			best = c;
	return best;
}

static void sift_down(struct tp_loop *loop, size_t i, struct loop_timer entry)
{
	for (;;) {
		size_t child = earliest_child(loop, i);

		if (child == loop->n_timers || !before(&loop->timers[child], &entry))
			break;
		put(loop, i, loop->timers[child]);
		i = child;
	}
	put(loop, i, entry);
}

void tp_timer_disarm(struct tp_loop *loop, struct tp_timer *timer)
{
	struct loop_timer last;
	size_t i;

	if (timer->slot == 0)
		return;
	i = timer->slot - 1;
	tp_assert(i < loop->n_timers && loop->timers[i].timer == timer);
	timer->slot = 0;
	last = loop->timers[--loop->n_timers];
	if (last.timer == timer)
		return;
	if (i > 0 && before(&last, &loop->timers[(i - 1) / FANOUT]))
		sift_up(loop, i, last);
	else
		sift_down(loop, i, last);
}

void tp_timer_arm(struct tp_loop *loop, struct tp_timer *timer, int64_t delay_ns)
{
	struct loop_timer entry = { .timer = timer };

	tp_timer_disarm(loop, timer);
	if (delay_ns < 0)
		delay_ns = 0;
	/* A time that cannot be told from "never" is never reached either. */
	if (__builtin_add_overflow(loop->now_ns, delay_ns, &entry.due_ns))
		entry.due_ns = INT64_MAX;
	entry.seq = ++loop->timer_seq;
	timer->due_ns = entry.due_ns;
	if (loop->n_timers == loop->timers_size) {
		loop->timers_size = loop->timers_size == 0 ? 16 : loop->timers_size * 2;
		loop->timers = tp_realloc(
			loop->timers, loop->timers_size * sizeof *loop->timers);
	}
	sift_up(loop, loop->n_timers++, entry);
}

int64_t tp_loop_next_due_ns(const struct tp_loop *loop)
{
	return loop->n_timers > 0 ? loop->timers[0].due_ns : INT64_MAX;
}

int loop_timers_fire(struct tp_loop *loop)
{
	uint64_t last_seq = loop->timer_seq;
	int n_ran = 0;

	/* What is armed from here on is due now at the earliest, with a higher number: last. */
	while (loop->n_timers > 0 && loop->timers[0].due_ns <= loop->now_ns &&
		loop->timers[0].seq <= last_seq) {
		struct tp_timer *timer = loop->timers[0].timer;

		tp_timer_disarm(loop, timer);
		timer->fire(timer);
		n_ran++;
	}
	return n_ran;
}
