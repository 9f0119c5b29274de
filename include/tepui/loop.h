/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: timers, file descriptors, signals, child processes and work posted from other
 * threads. Watchers are intrusive: a member of your struct, reached back with
 * tp_container_of(); the loop allocates nothing per watcher. Everything here but tp_loop_post()
 * and tp_loop_stop() belongs to the loop's thread. Callbacks run one at a time, never from
 * inside the call that armed them, and may remove any watcher, their own too.
 *
 * Time comes from the loop's clock. Production uses CLOCK_MONOTONIC; a test hands in its own
 * clock and calls tp_loop_turn() itself, so that hours pass in microseconds.
 */
#ifndef TEPUI_LOOP_H
#define TEPUI_LOOP_H

#include <sys/types.h>

#include "tepui/error.h"

struct tp_loop;

struct tp_clock {
	int64_t (*now_ns)(struct tp_clock *clock);  /* monotonic */
	int64_t (*wall_ns)(struct tp_clock *clock); /* since 1970, for records and logs */
};

/* clock NULL: the system's. The clock is borrowed and must outlive the loop. */
TP_EXPORT struct tp_loop *tp_loop_create(struct tp_clock *clock, struct tp_error *err);
TP_EXPORT void tp_loop_destroy(struct tp_loop *loop);

/* Runs until tp_loop_stop(); returns the status given there. */
TP_EXPORT int tp_loop_run(struct tp_loop *loop);
/* Any thread, async-signal-safe no. The loop ends after the current turn. */
TP_EXPORT void tp_loop_stop(struct tp_loop *loop, int status);
/*
 * One turn: waits at most max_wait_ns (< 0: until something is due) for events, fires what is
 * due. Returns how many callbacks ran. With max_wait_ns 0 it never blocks: virtual time.
 */
TP_EXPORT int tp_loop_turn(struct tp_loop *loop, int64_t max_wait_ns);
/* When the earliest timer is due, INT64_MAX without one. For virtual time. */
TP_EXPORT int64_t tp_loop_next_due_ns(const struct tp_loop *loop);

/* The time at which this turn began: equal for all callbacks of a turn. */
TP_EXPORT int64_t tp_loop_now_ns(const struct tp_loop *loop);
TP_EXPORT int64_t tp_loop_wall_ns(const struct tp_loop *loop);

/* --- timers: one shot; arm again in the callback for more ------------------------------ */

struct tp_timer {
	void (*fire)(struct tp_timer *timer);
	int64_t due_ns;
	size_t slot; /* private: 1-based place in the heap, 0 = not armed */
};

/* Arms or re-arms. Timers that are due together fire in order of due time, then of arming. */
TP_EXPORT void tp_timer_arm(
	struct tp_loop *loop, struct tp_timer *timer, int64_t delay_ns);
TP_EXPORT void tp_timer_disarm(struct tp_loop *loop, struct tp_timer *timer);
static inline bool tp_timer_armed(const struct tp_timer *timer)
{
	return timer->slot != 0;
}

/*
 * In fire(): the timer comes late by half of `period_ns` or more. The process was stopped or
 * starved, so that others did not do something in the meantime may be its own fault: whoever waits
 * for a sign of life gives them the whole time again. Never true without a period.
 */
static inline bool tp_timer_overslept(
	const struct tp_loop *loop, const struct tp_timer *timer, int64_t period_ns)
{
	return period_ns > 0 && tp_loop_now_ns(loop) - timer->due_ns >= period_ns / 2;
}

/* --- posted work: run once, on the loop, in order -------------------------------------- */

struct tp_post {
	struct tp_post *next; /* private */
	void (*run)(struct tp_post *post);
};

/* Any thread. The post must stay alive until it ran; it cannot be taken back. */
TP_EXPORT void tp_loop_post(struct tp_loop *loop, struct tp_post *post);
/*
 * Loop thread only: runs later in this turn or the next one, cheaper than tp_loop_post(). Safe to
 * call again while it is pending (it stays queued once) and can be taken back.
 */
struct tp_defer {
	struct tp_defer *next, *prev; /* private; next NULL = not queued */
	void (*run)(struct tp_defer *defer);
};
TP_EXPORT void tp_loop_defer(struct tp_loop *loop, struct tp_defer *defer);
TP_EXPORT void tp_loop_undefer(struct tp_loop *loop, struct tp_defer *defer);

/* --- file descriptors ------------------------------------------------------------------ */

struct tp_fd {
	void (*ready)(struct tp_fd *watch, uint32_t events); /* EPOLLIN | ... */
	int fd;          /* borrowed; stop watching before closing it */
	uint32_t events; /* private: what is asked for; 0 = not watched */
	uint32_t id;     /* private: tells stale events apart */
};

/* Watches, or changes what is watched for; with events 0 it stops watching. */
TP_EXPORT int tp_fd_watch(struct tp_loop *loop, struct tp_fd *watch, int fd,
	uint32_t events, struct tp_error *err);
TP_EXPORT void tp_fd_unwatch(struct tp_loop *loop, struct tp_fd *watch);

/* --- signals --------------------------------------------------------------------------- */

struct tp_signal {
	void (*fire)(struct tp_signal *watch);
	int signo;
	struct tp_signal *next; /* private */
};

/* Blocks the signal in this thread and delivers it on the loop; several watchers may share it. */
TP_EXPORT int tp_signal_watch(
	struct tp_loop *loop, struct tp_signal *watch, int signo, struct tp_error *err);
TP_EXPORT void tp_signal_unwatch(struct tp_loop *loop, struct tp_signal *watch);

/* --- child processes ------------------------------------------------------------------- */

struct tp_child {
	/* wait_status as of waitpid(2); -1 when the process was not our child (adopted). */
	void (*exited)(struct tp_child *child, int wait_status);
	pid_t pid; /* 0 = none */
	int pidfd; /* private, as is the rest */
	struct tp_fd fd;
	struct tp_loop *loop;
};

struct tp_spawn {
	const char *path;        /* absolute */
	const char *const *argv; /* ends with NULL */
	const char *const *envp; /* ends with NULL; NULL = ours */
	const char *cwd;         /* NULL = ours */
	const int *fds;          /* become 0, 1, 2, 3, ...; -1 = /dev/null */
	size_t n_fds;            /* at least 3; every other descriptor is closed */
	bool new_session;        /* setsid() */
};

/*
 * Starts a process without running any code of ours between fork and exec, and watches it.
 * Signal mask and dispositions are the defaults in the child.
 */
TP_EXPORT int tp_child_spawn(struct tp_loop *loop, struct tp_child *child,
	const struct tp_spawn *spec, struct tp_error *err);
/* Watches a process that is there already, ours or not. -ESRCH when it is gone. */
TP_EXPORT int tp_child_adopt(
	struct tp_loop *loop, struct tp_child *child, pid_t pid, struct tp_error *err);
/* Signals exactly this process, never a reused pid. -ESRCH when it is gone. */
TP_EXPORT int tp_child_kill(struct tp_child *child, int signo);
/* Stops watching; the process goes on and, if ours, is reaped by nobody. */
TP_EXPORT void tp_child_forget(struct tp_loop *loop, struct tp_child *child);

/*
 * The start time of a process in clock ticks since boot (field 22 of /proc/PID/stat): with the
 * pid it names one process for ever. -ESRCH when there is none.
 */
TP_EXPORT int tp_process_start_time(pid_t pid, uint64_t *ret_ticks, struct tp_error *err);

#endif
