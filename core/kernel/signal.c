/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals through one signalfd per loop, made when the first is watched. A watched signal is
 * blocked in the loop's thread (and in threads that it starts later) and stays blocked when
 * nobody watches it any more: unblocking would let one that is pending kill the process.
 * Two loops of a process must not watch the same signal: either may get it.
 */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "loop.h"

static struct tp_loop *owner(struct tp_fd *watch)
{
	return tp_container_of(watch, struct tp_loop, signal_fd);
}

/* A callback may add and remove watchers: the cursor is kept valid by unwatch(). */
static void deliver(struct tp_loop *loop, int signo)
{
	loop->signal_cursor = loop->signals;
	while (loop->signal_cursor != NULL) {
		struct tp_signal *watch = loop->signal_cursor;

		loop->signal_cursor = watch->next;
		if (watch->signo == signo)
			watch->fire(watch);
	}
}

static void on_readable(struct tp_fd *watch, uint32_t events)
{
	struct tp_loop *loop = owner(watch);
	struct signalfd_siginfo info;

	(void)events;
	/* One per turn: the descriptor stays readable while more are pending. */
	if (read(watch->fd, &info, sizeof info) == sizeof info)
		deliver(loop, (int)info.ssi_signo);
}

static void watched_set(const struct tp_loop *loop, sigset_t *ret)
{
	sigemptyset(ret);
	for (struct tp_signal *s = loop->signals; s != NULL; s = s->next)
		sigaddset(ret, s->signo);
}

static int open_signalfd(struct tp_loop *loop, const sigset_t *set, struct tp_error *err)
{
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	int r;

	if (fd < 0)
		return tp_fail_errno(err, errno, "signalfd");
	loop->signal_fd.ready = on_readable;
	r = tp_fd_watch(loop, &loop->signal_fd, fd, EPOLLIN, err);
	if (r < 0)
		close(fd);
	return r;
}

static int arm(struct tp_loop *loop, int signo, struct tp_error *err)
{
	sigset_t one, set;

	sigemptyset(&one);
	if (sigaddset(&one, signo) < 0 || signo == SIGKILL || signo == SIGSTOP)
		return tp_fail(err, EINVAL, "no signal that can be caught");
	watched_set(loop, &set);
	sigaddset(&set, signo);
	pthread_sigmask(SIG_BLOCK, &one, NULL);
	if (loop->signal_fd.events == 0)
		return open_signalfd(loop, &set, err);
	if (signalfd(loop->signal_fd.fd, &set, 0) < 0)
		return tp_fail_errno(err, errno, "signalfd");
	return 0;
}

int tp_signal_watch(
	struct tp_loop *loop, struct tp_signal *watch, int signo, struct tp_error *err)
{
	struct tp_signal **end = &loop->signals;
	int r = arm(loop, signo, err);

	if (r < 0)
		return tp_wrap(err, r, "watching signal %d", signo);
	while (*end != NULL) {
		tp_assert(*end != watch);
		end = &(*end)->next;
	}
	watch->signo = signo;
	watch->next = NULL;
	*end = watch;
	return 0;
}

void tp_signal_unwatch(struct tp_loop *loop, struct tp_signal *watch)
{
	struct tp_signal **at = &loop->signals;
	sigset_t set;

	while (*at != NULL && *at != watch)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = watch->next;
	if (loop->signal_cursor == watch)
		loop->signal_cursor = watch->next;
	watch->next = NULL;
	watched_set(loop, &set);
	signalfd(loop->signal_fd.fd, &set, 0);
}

void loop_signals_fini(struct tp_loop *loop)
{
	if (loop->signal_fd.events == 0)
		return;
	tp_fd_unwatch(loop, &loop->signal_fd);
	close(loop->signal_fd.fd);
}
