/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a daemon: its monotonic clock runs TEPUI_TEST_CLOCK times as fast, so that
 * timeouts that may not be configured below ten minutes pass while a test waits. The loop reads
 * time and waits for it through these two calls only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

/* Written by the constructor, before there is a second thread. */
static int64_t begin_ns;
static int64_t factor = 1;

static int64_t true_ns(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("TEPUI_TEST_CLOCK");

	begin_ns = true_ns();
	if (text != NULL && strtol(text, NULL, 10) > 0)
		factor = strtol(text, NULL, 10);
}

__attribute__((visibility("default"))) int clock_gettime(
	clockid_t id, struct timespec *ts)
{
	int64_t ns;

	if (id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, ts);
	ns = begin_ns + (true_ns() - begin_ns) * factor;
	ts->tv_sec = ns / NS_PER_S;
	ts->tv_nsec = ns % NS_PER_S;
	return 0;
}

__attribute__((visibility("default"))) int epoll_pwait2(int fd,
	struct epoll_event *events, int n, const struct timespec *timeout,
	const sigset_t *mask)
{
	struct timespec real;
	int64_t ns;

	if (timeout != NULL) {
		/* Up, so that no loop spins for its last moment. */
		ns = (timeout->tv_sec * NS_PER_S + timeout->tv_nsec + factor - 1) /
			factor;
		real.tv_sec = ns / NS_PER_S;
		real.tv_nsec = ns % NS_PER_S;
		timeout = &real;
	}
	return (int)syscall(
		SYS_epoll_pwait2, fd, events, n, timeout, mask, sizeof(uint64_t));
}
