/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes by posix_spawn and pidfd. No code of ours runs between fork and exec, memory
 * is not copied, and the child keeps no descriptor but those it was given. A pidfd names one
 * process for ever: its end wakes the loop, signals never hit a reused pid. It leaves epoll
 * before it is closed. SIGCHLD plays no part, and children nobody watches are nobody's here.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

#define FDS_MAX 64

/* What a wait status would say. */
static int wait_status(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return (info->si_status & 0x7f) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

static void on_end(struct tp_fd *watch, uint32_t events)
{
	struct tp_child *child = tp_container_of(watch, struct tp_child, fd);
	siginfo_t info = { 0 };
	int status = -1;

	(void)events;
	if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) == 0) {
		if (info.si_pid == 0)
			return;
		status = wait_status(&info);
	}
	tp_child_forget(child->loop, child);
	child->exited(child, status);
}

/* Takes the pidfd over, also when it fails. */
static int watch_pidfd(struct tp_loop *loop, struct tp_child *child, pid_t pid, int pidfd,
	struct tp_error *err)
{
	int r;

	child->fd.ready = on_end;
	r = tp_fd_watch(loop, &child->fd, pidfd, EPOLLIN, err);
	if (r < 0) {
		close(pidfd);
		return r;
	}
	child->loop = loop;
	child->pid = pid;
	child->pidfd = pidfd;
	return 0;
}

int tp_child_adopt(
	struct tp_loop *loop, struct tp_child *child, pid_t pid, struct tp_error *err)
{
	int pidfd;

	tp_assert(child->pid == 0);
	if (pid <= 0)
		return tp_fail(err, ESRCH, "process %d: no such process", (int)pid);
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return tp_fail_errno(err, errno, "process %d", (int)pid);
	return watch_pidfd(loop, child, pid, pidfd, err);
}

int tp_child_kill(struct tp_child *child, int signo)
{
	if (child->pid == 0)
		return -ESRCH;
	return pidfd_send_signal(child->pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

void tp_child_forget(struct tp_loop *loop, struct tp_child *child)
{
	if (child->pid == 0)
		return;
	tp_fd_unwatch(loop, &child->fd);
	close(child->pidfd);
	child->pidfd = -1;
	child->pid = 0;
}

static int attributes(posix_spawnattr_t *attr, bool new_session)
{
	int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	if (new_session)
		flags |= POSIX_SPAWN_SETSID;
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	return posix_spawnattr_setflags(attr, (short)flags);
}

/*
 * Says how the child's descriptors come about. A source below n_fds that is not in its place
 * already could be overwritten before its turn: it is copied above them first. The copies are
 * ours and close on exec.
 */
static int file_actions(posix_spawn_file_actions_t *actions, const struct tp_spawn *spec,
	int *copies, size_t *n_copies)
{
	int n_fds = (int)spec->n_fds;
	int r = 0;

	for (int i = 0; i < n_fds && r == 0; i++) {
		int from = spec->fds[i];

		if (from < 0) {
			r = posix_spawn_file_actions_addopen(
				actions, i, "/dev/null", O_RDWR, 0);
			continue;
		}
		if (from < n_fds && from != i) {
			from = fcntl(from, F_DUPFD_CLOEXEC, n_fds);
			if (from < 0)
				return errno;
			copies[(*n_copies)++] = from;
		}
		r = posix_spawn_file_actions_adddup2(actions, from, i);
	}
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, n_fds);
	if (r == 0 && spec->cwd != NULL)
		r = posix_spawn_file_actions_addchdir_np(actions, spec->cwd);
	return r;
}

/* A positive errno or 0. */
static int start(const struct tp_spawn *spec, pid_t *ret_pid)
{
	char *const *envp = spec->envp != NULL ? (char *const *)spec->envp : environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int copies[FDS_MAX];
	size_t n_copies = 0;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = attributes(&attr, spec->new_session);
		if (r == 0)
			r = file_actions(&actions, spec, copies, &n_copies);
		if (r == 0)
			r = posix_spawn(ret_pid, spec->path, &actions, &attr,
				(char *const *)spec->argv, envp);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	while (n_copies > 0)
		close(copies[--n_copies]);
	return r;
}

/* posix_spawn() does not tell which of its steps failed. */
static int spawn_failed(const struct tp_spawn *spec, int code, struct tp_error *err)
{
	if (spec->cwd != NULL && access(spec->cwd, X_OK) < 0)
		return tp_fail_errno(err, errno, "starting '%s': working directory '%s'",
			spec->path, spec->cwd);
	return tp_fail_errno(err, code, "starting '%s'", spec->path);
}

int tp_child_spawn(struct tp_loop *loop, struct tp_child *child,
	const struct tp_spawn *spec, struct tp_error *err)
{
	pid_t pid = 0;
	int pidfd;
	int r;

	tp_assert(child->pid == 0);
	tp_assert(spec->path[0] == '/' && spec->n_fds >= 3 && spec->n_fds <= FDS_MAX);
	r = start(spec, &pid);
	if (r != 0)
		return spawn_failed(spec, r, err);
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		r = tp_fail_errno(err, errno, "watching process %d", (int)pid);
	else
		r = watch_pidfd(loop, child, pid, pidfd, err);
	if (r < 0) {
		/* Nobody would ever learn of its end. */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return tp_wrap(err, r, "starting '%s'", spec->path);
	}
	return 0;
}

/* Field 22; the second one is the program's name in parentheses and may hold anything. */
static bool parse_stat(const char *stat, uint64_t *ret_ticks)
{
	const char *at = strrchr(stat, ')');
	char *end;

	if (at == NULL)
		return false;
	for (int field = 2; field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at == NULL)
			return false;
	}
	errno = 0;
	*ret_ticks = strtoull(at + 1, &end, 10);
	return errno == 0 && end != at + 1 && *end == ' ';
}

int tp_process_start_time(pid_t pid, uint64_t *ret_ticks, struct tp_error *err)
{
	char path[32];
	char stat[2048];
	uint64_t ticks;
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return tp_fail(err, ESRCH, "process %d: no such process", (int)pid);
	if (fd < 0)
		return tp_fail_errno(err, errno, "open '%s'", path);
	len = read(fd, stat, sizeof stat - 1);
	if (len < 0) {
		int code = errno;

		close(fd);
		return tp_fail_errno(err, code, "read '%s'", path);
	}
	close(fd);
	stat[len] = '\0';
	if (!parse_stat(stat, &ticks))
		return tp_fail(err, EBADMSG, "'%s' is not as proc(5) says", path);
	*ret_ticks = ticks;
	return 0;
}
