/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop's turn: wait, then descriptors, posts, timers and defers, in this order. The
 * clock is read once per turn, after the wait. Whatever a callback adds runs in a later phase or
 * in the next turn, never again in the same phase: a turn always ends.
 *
 * It is not a thread pool and knows no thread but the one that turns it; other threads reach it
 * through tp_loop_post() and tp_loop_stop() only.
 */
#include "loop.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * TP_SEC + ts.tv_nsec;
}

static int64_t system_now(struct tp_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall(struct tp_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

struct tp_loop *tp_loop_create(struct tp_clock *clock, struct tp_error *err)
{
	struct tp_loop *loop = tp_alloc(sizeof *loop);

	loop->system_clock.now_ns = system_now;
	loop->system_clock.wall_ns = system_wall;
	loop->clock = clock != NULL ? clock : &loop->system_clock;
	loop->now_ns = loop->clock->now_ns(loop->clock);
	loop->defers.next = loop->defers.prev = &loop->defers;
	if (loop_fds_init(loop, err) < 0) {
		tp_free(loop);
		return NULL;
	}
	return loop;
}

void tp_loop_destroy(struct tp_loop *loop)
{
	if (loop == NULL)
		return;
	tp_assert(!loop->in_turn);
	loop_signals_fini(loop);
	loop_fds_fini(loop);
	tp_free(loop->timers);
	tp_free(loop);
}

int64_t tp_loop_now_ns(const struct tp_loop *loop)
{
	return loop->now_ns;
}

int64_t tp_loop_wall_ns(const struct tp_loop *loop)
{
	return loop->clock->wall_ns(loop->clock);
}

void tp_loop_stop(struct tp_loop *loop, int status)
{
	atomic_store(&loop->stop_status, status);
	atomic_store(&loop->stopping, true);
	loop_wake(loop);
}

/* How long this turn may wait for descriptors. */
static int64_t wait_time(struct tp_loop *loop, int64_t max_wait_ns)
{
	int64_t due_ns = tp_loop_next_due_ns(loop);
	int64_t left_ns;

	if (max_wait_ns == 0 || loop->defers.next != &loop->defers ||
		loop_posts_pending(loop) || atomic_load(&loop->stopping))
		return 0;
	if (due_ns == INT64_MAX)
		return max_wait_ns;
	left_ns = due_ns - loop->clock->now_ns(loop->clock);
	if (left_ns < 0)
		left_ns = 0;
	return max_wait_ns < 0 || left_ns < max_wait_ns ? left_ns : max_wait_ns;
}

int tp_loop_turn(struct tp_loop *loop, int64_t max_wait_ns)
{
	struct epoll_event events[LOOP_EVENTS_MAX];
	int64_t wait_ns = wait_time(loop, max_wait_ns);
	int n_events = 0;
	int n_ran = 0;

	tp_assert(!loop->in_turn);
	loop->in_turn = true;
	/* Nothing can be ready where nothing is watched: virtual time asks often. */
	if (wait_ns != 0 || loop->n_watches > 0)
		n_events = loop_fds_wait(loop, events, wait_ns);
	loop->now_ns = loop->clock->now_ns(loop->clock);
	n_ran += loop_fds_fire(loop, events, n_events);
	n_ran += loop_posts_run(loop);
	n_ran += loop_timers_fire(loop);
	n_ran += loop_defers_run(loop);
	loop->in_turn = false;
	return n_ran;
}

int tp_loop_run(struct tp_loop *loop)
{
	while (!atomic_load(&loop->stopping))
		tp_loop_turn(loop, -1);
	atomic_store(&loop->stopping, false);
	return atomic_load(&loop->stop_status);
}
