/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the event loop: its state, and how loop.c drives the parts that live beside it
 * in timer.c, fd.c, signal.c and post.c. Nothing but these files looks into struct tp_loop.
 */
#ifndef CORE_KERNEL_LOOP_H
#define CORE_KERNEL_LOOP_H

#include <stdatomic.h>
#include <sys/epoll.h>

#include "tepui/loop.h"

#define LOOP_EVENTS_MAX 256

struct loop_timer {
	int64_t due_ns;
	uint64_t seq; /* order of arming, for timers that are due together */
	struct tp_timer *timer;
};

struct tp_loop {
	struct tp_clock *clock;
	struct tp_clock system_clock;
	int64_t now_ns;
	bool in_turn;
	atomic_bool stopping;
	atomic_int stop_status;

	struct loop_timer *timers; /* a 4-ary heap; slot 1 of a timer is index 0 */
	size_t n_timers, timers_size;
	uint64_t timer_seq;

	int epoll_fd;
	struct tp_fd **watches; /* by descriptor number */
	size_t watches_size, n_watches;
	uint32_t watch_id;

	int wake_fd; /* an eventfd, written when a post meets an empty stack */
	_Atomic(struct tp_post *) posts; /* newest first */
	struct tp_post *post_queue; /* oldest first: taken from `posts`, not yet run */
	struct tp_defer defers;     /* head of the ring */

	struct tp_fd signal_fd;
	struct tp_signal *signals;
	struct tp_signal *signal_cursor; /* the next to be looked at while firing */
};

/* Fires what was due when the turn began, nothing that is armed meanwhile. */
int loop_timers_fire(struct tp_loop *loop);

/* Opens epoll and the eventfd that wakes it. */
int loop_fds_init(struct tp_loop *loop, struct tp_error *err);
void loop_fds_fini(struct tp_loop *loop);
/* Waits for at most wait_ns, < 0 for ever. Returns the number of events. */
int loop_fds_wait(struct tp_loop *loop, struct epoll_event *events, int64_t wait_ns);
/* Fires those events whose watch is still there. */
int loop_fds_fire(struct tp_loop *loop, const struct epoll_event *events, int n_events);

/* Any thread: ends the current or the next wait. */
void loop_wake(struct tp_loop *loop);
bool loop_posts_pending(const struct tp_loop *loop);
/* Runs what has been posted so far; may be called outside of a turn, and from a post. */
int loop_posts_run(struct tp_loop *loop);
/* Runs what has been deferred so far. */
int loop_defers_run(struct tp_loop *loop);

void loop_signals_fini(struct tp_loop *loop);

#endif
