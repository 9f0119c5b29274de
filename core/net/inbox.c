/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushing is one compare-and-swap; draining takes the whole stack at once and turns it round,
 * which keeps the order of each pusher. Invariant: a stack that is not empty has its eventfd
 * written or is being drained.
 */
#include "core/net/inbox.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_ready(struct tp_fd *watch, uint32_t events)
{
	struct inbox *self = tp_container_of(watch, struct inbox, watch);
	uint64_t n;

	(void)events;
	/* Read before the stack is taken: a push after that writes again. */
	if (read(self->eventfd, &n, sizeof n) == sizeof n)
		inbox_drain(self);
}

int inbox_init(struct inbox *self, struct tp_loop *loop, struct tp_error *err)
{
	int r;

	self->loop = loop;
	self->watch.ready = on_ready;
	atomic_init(&self->top, NULL);
	self->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (self->eventfd < 0)
		return tp_fail_errno(err, errno, "eventfd");
	r = tp_fd_watch(loop, &self->watch, self->eventfd, EPOLLIN, err);
	if (r < 0)
		close(self->eventfd);
	return r;
}

void inbox_fini(struct inbox *self)
{
	tp_fd_unwatch(self->loop, &self->watch);
	close(self->eventfd);
}

void inbox_push(struct inbox *self, struct inbox_event *event)
{
	struct inbox_event *top = atomic_load_explicit(&self->top, memory_order_relaxed);
	const uint64_t one = 1;
	ssize_t n = sizeof one;

	do
		event->next = top;
	while (!atomic_compare_exchange_weak_explicit(
		&self->top, &top, event, memory_order_release, memory_order_relaxed));
	/* The event may be gone from here on. */
	if (top == NULL)
		n = write(self->eventfd, &one, sizeof one);
	tp_assert(n == sizeof one);
}

void inbox_drain(struct inbox *self)
{
	struct inbox_event *event =
		atomic_exchange_explicit(&self->top, NULL, memory_order_acquire);
	struct inbox_event *list = NULL, *next;

	for (; event != NULL; event = next) {
		next = event->next;
		event->next = list;
		list = event;
	}
	for (event = list; event != NULL; event = next) {
		next = event->next;
		event->run(event);
	}
}
