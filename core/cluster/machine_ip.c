/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which address of this machine a daemon binds to. An operator's command may say so; it runs in
 * a process group of its own and is killed with all that it started when its time is over.
 */
#include "tepui/machine.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DISCOVERY_MS 10000
#define MAX_OUTPUT 128 /* an IPv6 address and blanks around it */

extern char **environ;

static int spawn(const char *command, int out, pid_t *ret)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(
		&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	r = posix_spawn(ret, "/bin/sh", &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / TP_MSEC;
}

/* Reads to the end; -ETIMEDOUT, or -E2BIG when it says too much. */
static int read_output(int fd, char *text)
{
	int64_t end_ms = now_ms() + DISCOVERY_MS;
	size_t len = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left_ms = end_ms - now_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&poll_fd, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = read(fd, text + len, MAX_OUTPUT - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len == MAX_OUTPUT)
			return -E2BIG;
	}
	text[len] = '\0';
	return 0;
}

/* Its output has ended; it may still run, but not for long. */
static int wait_for(pid_t pid)
{
	struct pollfd poll_fd = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int status = 0;

	if (poll_fd.fd < 0 || poll(&poll_fd, 1, DISCOVERY_MS) != 1)
		kill(-pid, SIGKILL);
	if (poll_fd.fd >= 0)
		close(poll_fd.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static int run(const char *command, char *text, struct tp_error *err)
{
	int fds[2], status = 0, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return tp_fail_errno(err, errno, "ip_discovery_command");
	r = spawn(command, fds[1], &pid);
	close(fds[1]);
	if (r >= 0) {
		r = read_output(fds[0], text);
		if (r < 0)
			kill(-pid, SIGKILL);
		status = wait_for(pid);
	}
	close(fds[0]);
	if (r < 0)
		return tp_fail_errno(err, -r, "ip_discovery_command: '%s'", command);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return tp_fail(err, EIO, "ip_discovery_command: '%s' failed (status %d)",
			command, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

static bool is_ip(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET, text, &address) == 1 ||
		inet_pton(AF_INET6, text, &address) == 1;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

int tp_machine_ip(const char *ip, const char *discovery_command, struct tp_arena *arena,
	const char **ret, struct tp_error *err)
{
	bool has_ip = ip != NULL && *ip != '\0';
	bool has_command = discovery_command != NULL && *discovery_command != '\0';
	char output[MAX_OUTPUT + 1] = "";
	int r;

	if (has_ip && has_command)
		return tp_fail(err, EINVAL, "ip and ip_discovery_command: give only one");
	if (has_ip && !is_ip(ip))
		return tp_fail(err, EINVAL, "ip: '%s' is not an IP address", ip);
	if (has_command) {
		r = run(discovery_command, output, err);
		if (r < 0)
			return r;
		ip = trim(output);
		if (!is_ip(ip))
			return tp_fail(err, EINVAL,
				"ip_discovery_command: it printed '%s', which is not an "
				"IP address",
				ip);
	}
	*ret = has_ip || has_command ? tp_arena_strdup(arena, ip) : NULL;
	return 0;
}

const char *tp_machine_url(struct tp_arena *arena, const char *ip, unsigned port)
{
	bool is_v6 = strchr(ip, ':') != NULL;

	return tp_arena_printf(
		arena, "tcp://%s%s%s:%u", is_v6 ? "[" : "", ip, is_v6 ? "]" : "", port);
}
