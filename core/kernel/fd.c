/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors on epoll. An event carries the descriptor's number and the id of its watch; the
 * table from numbers to watches tells whether that watch is still there. So an event that was
 * fetched before its watch went away, or before the number was used again, fires nothing, and no
 * pointer to freed memory ever comes out of the kernel.
 *
 * The eventfd that wakes the loop is in the same epoll with an id of its own.
 */
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define WAKE UINT64_MAX

int loop_fds_init(struct tp_loop *loop, struct tp_error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = WAKE };
	int r;

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return tp_fail_errno(err, errno, "creating the event loop: epoll");
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0) {
		r = tp_fail_errno(err, errno, "creating the event loop: eventfd");
		close(loop->epoll_fd);
		return r;
	}
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) < 0) {
		r = tp_fail_errno(err, errno, "creating the event loop: epoll");
		loop_fds_fini(loop);
		return r;
	}
	return 0;
}

void loop_fds_fini(struct tp_loop *loop)
{
	close(loop->wake_fd);
	close(loop->epoll_fd);
	tp_free(loop->watches);
}

void loop_wake(struct tp_loop *loop)
{
	const uint64_t one = 1;
	ssize_t r;

	/* EAGAIN means that 2^64 - 2 wake-ups wait already. */
	do
		r = write(loop->wake_fd, &one, sizeof one);
	while (r < 0 && errno == EINTR);
}

static uint64_t tag(const struct tp_fd *watch)
{
	return (uint64_t)watch->id << 32 | (uint32_t)watch->fd;
}

static struct tp_fd *find(const struct tp_loop *loop, int fd)
{
	return (size_t)fd < loop->watches_size ? loop->watches[fd] : NULL;
}

static void make_room(struct tp_loop *loop, int fd)
{
	size_t size = loop->watches_size == 0 ? 32 : loop->watches_size;

	if ((size_t)fd < loop->watches_size)
		return;
	while (size <= (size_t)fd)
		size *= 2;
	loop->watches = tp_realloc(loop->watches, size * sizeof *loop->watches);
	memset(loop->watches + loop->watches_size, 0,
		(size - loop->watches_size) * sizeof *loop->watches);
	loop->watches_size = size;
}

static int change(
	struct tp_loop *loop, struct tp_fd *watch, uint32_t events, struct tp_error *err)
{
	struct epoll_event event = { .events = events, .data.u64 = tag(watch) };

	/* A one-shot watch has to be armed anew even if nothing changed. */
	if (events == watch->events && (events & EPOLLONESHOT) == 0)
		return 0;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
		return tp_fail_errno(err, errno, "watching descriptor %d", watch->fd);
	watch->events = events;
	return 0;
}

int tp_fd_watch(struct tp_loop *loop, struct tp_fd *watch, int fd, uint32_t events,
	struct tp_error *err)
{
	struct epoll_event event = { .events = events };

	if (watch->events != 0 && (events == 0 || watch->fd != fd))
		tp_fd_unwatch(loop, watch);
	if (events == 0)
		return 0;
	if (watch->events != 0)
		return change(loop, watch, events, err);
	if (fd < 0)
		return tp_fail(err, EBADF, "watching descriptor %d: not open", fd);
	if (find(loop, fd) != NULL)
		return tp_fail(
			err, EEXIST, "watching descriptor %d: watched already", fd);
	watch->fd = fd;
	watch->id = ++loop->watch_id;
	event.data.u64 = tag(watch);
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return tp_fail_errno(err, errno, "watching descriptor %d", fd);
	make_room(loop, fd);
	loop->watches[fd] = watch;
	loop->n_watches++;
	watch->events = events;
	return 0;
}

void tp_fd_unwatch(struct tp_loop *loop, struct tp_fd *watch)
{
	if (watch->events == 0)
		return;
	tp_assert(find(loop, watch->fd) == watch);
	loop->watches[watch->fd] = NULL;
	loop->n_watches--;
	watch->events = 0;
	/* Fails only if the descriptor was closed too early, and then it is out anyway. */
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

int loop_fds_wait(struct tp_loop *loop, struct epoll_event *events, int64_t wait_ns)
{
	struct timespec ts = { .tv_sec = wait_ns / TP_SEC, .tv_nsec = wait_ns % TP_SEC };
	int n;

	/* A look is no wait: virtual time never waits, also where the younger call is missing. */
	n = wait_ns == 0 ? epoll_wait(loop->epoll_fd, events, LOOP_EVENTS_MAX, 0)
			 : epoll_pwait2(loop->epoll_fd, events, LOOP_EVENTS_MAX,
				   wait_ns < 0 ? NULL : &ts, NULL);
	tp_assert(n >= 0 || errno == EINTR);
	return n < 0 ? 0 : n;
}

static void clear_wake(struct tp_loop *loop)
{
	uint64_t count;
	ssize_t r;

	do
		r = read(loop->wake_fd, &count, sizeof count);
	while (r < 0 && errno == EINTR);
}

int loop_fds_fire(struct tp_loop *loop, const struct epoll_event *events, int n_events)
{
	int n_ran = 0;

	for (int i = 0; i < n_events; i++) {
		uint64_t data = events[i].data.u64;
		struct tp_fd *watch;
		uint32_t ready;

		if (data == WAKE) {
			clear_wake(loop);
			continue;
		}
		watch = find(loop, (int)(uint32_t)data);
		if (watch == NULL || tag(watch) != data)
			continue;
		/* The interest may have changed since the events were fetched. */
		ready = events[i].events & (watch->events | EPOLLERR | EPOLLHUP);
		if (ready == 0)
			continue;
		watch->ready(watch, ready);
		n_ran++;
	}
	return n_ran;
}
