/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What launching a task costs without any system around it: four kinds of bare processes that send
 * fixed messages the way of a task and back, scheduler -> master -> agent (tcp) -> executor (unix
 * socket), one update and its acknowledgement; the agent makes a sandbox with two output files and
 * writes three small files, and with `checkpoint` appends the update with fdatasync. No codec, no
 * state, no checks, no other update than the last. "no executor": the agent starts the task itself.
 *
 *	launch_floor TASKS-SINGLE TASKS-MANY IN-FLIGHT PRIORITY
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/cpu_meter.h"
#include "tests/bench/latencies.h"

#define EXECUTORS_MAX 256
#define MESSAGE_BYTES 400 /* about what a launch and an update are */
#define LIMIT_S 60

enum type { LAUNCH, HELLO, FINISHED, ACK, QUIT };
enum how { SHELL, DIRECT, NO_EXECUTOR };

struct message {
	int32_t type, number, how, checkpoint;
	char rest[MESSAGE_BYTES - 16];
};

struct floor {
	char dir[64];
	const char *self, *priority;
	int master; /* our connection to it */
	pid_t pids[2];
	struct cpu_meter meter;
};

extern char **environ;

static void die(const char *what)
{
	fprintf(stderr, "launch_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(int fd, const struct message *message)
{
	if (send(fd, message, sizeof *message, MSG_NOSIGNAL) != sizeof *message)
		die("send");
}

/* Messages are small enough to come whole. */
static bool hear(int fd, struct message *ret)
{
	ssize_t n = recv(fd, ret, sizeof *ret, MSG_WAITALL);

	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return false;
	if (n != sizeof *ret)
		die("recv");
	return true;
}

static pid_t start(char *const *argv, const char *sandbox)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char path[128];
	sigset_t none;
	pid_t pid;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	for (int fd = 1; sandbox != NULL && fd <= 2; fd++) {
		snprintf(path, sizeof path, "%s/%s", sandbox,
			fd == 1 ? "stdout" : "stderr");
		posix_spawn_file_actions_addopen(
			&actions, fd, path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	}
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	errno = posix_spawn(&pid, argv[0], &actions, &attributes, argv, environ);
	if (errno != 0)
		die(argv[0]);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static pid_t start_task(int how, const char *sandbox)
{
	char *const shell[] = { (char *)"/bin/sh", (char *)"-c", (char *)"true", NULL };
	char *const direct[] = { (char *)"/bin/true", NULL };

	return start(how == SHELL ? shell : direct, sandbox);
}

static int dial(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int one = 1;

	if (fd < 0 || connect(fd, address, len) < 0)
		die("connect");
	if (address->sa_family == AF_INET)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static int dial_master(const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((uint16_t)atoi(port));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return dial((struct sockaddr *)&in, sizeof in);
}

static struct sockaddr_un agent_address(const char *dir)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof un.sun_path, "%s/agent.sock", dir);
	return un;
}

/* --- executor -------------------------------------------------------------------------- */

static int executor(const char *dir, int number)
{
	struct sockaddr_un un = agent_address(dir);
	int fd = dial((struct sockaddr *)&un, sizeof un);
	struct message message = { .type = HELLO, .number = number };

	say(fd, &message);
	if (!hear(fd, &message))
		return 1;
	waitpid(start_task(message.how, NULL), NULL, 0);
	message.type = FINISHED;
	say(fd, &message);
	hear(fd, &message); /* the acknowledgement */
	return 0;
}

/* --- agent ----------------------------------------------------------------------------- */

struct task {
	struct message launch;
	pid_t pid;  /* of what the agent started; 0 = free */
	int fd;     /* of its executor, -1 = none */
	bool acked; /* a task without executor is over with both */
};

struct agent {
	const char *self, *dir;
	int master, listener, signals;
	struct task tasks[EXECUTORS_MAX]; /* by number */
};

static void write_file(const char *sandbox, const char *name, bool sync)
{
	static const char text[500] = "what an agent notes of a task";
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", sandbox, name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, sizeof text) != sizeof text ||
		(sync && fdatasync(fd) < 0))
		die(path);
	close(fd);
}

static void sandbox_of(const struct agent *agent, int number, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%d", agent->dir, number);
}

static void agent_launch(struct agent *agent, const struct message *launch)
{
	struct task *task = &agent->tasks[launch->number % EXECUTORS_MAX];
	char sandbox[96], number[16];
	char *argv[] = { (char *)agent->self, (char *)"executor", (char *)agent->dir,
		number, NULL };

	sandbox_of(agent, launch->number, sandbox, sizeof sandbox);
	snprintf(number, sizeof number, "%d", launch->number);
	if (mkdir(sandbox, 0755) < 0 && errno != EEXIST)
		die(sandbox);
	write_file(sandbox, "executor.info", false);
	write_file(sandbox, "task.info", false);
	write_file(sandbox, "pid", false);
	*task = (struct task){ .launch = *launch, .fd = -1 };
	task->pid = launch->how == NO_EXECUTOR ? start_task(DIRECT, sandbox)
					       : start(argv, sandbox);
}

static void agent_finished(struct agent *agent, const struct message *update)
{
	char sandbox[96];

	if (update->checkpoint) {
		sandbox_of(agent, update->number, sandbox, sizeof sandbox);
		write_file(sandbox, "task.updates", true);
	}
	say(agent->master, update);
}

static void agent_accept(struct agent *agent)
{
	int fd = accept4(agent->listener, NULL, NULL, SOCK_CLOEXEC);
	struct message hello;
	struct task *task;

	if (fd < 0 || !hear(fd, &hello))
		die("accept");
	task = &agent->tasks[hello.number % EXECUTORS_MAX];
	task->fd = fd;
	say(fd, &task->launch);
}

static void agent_reap(struct agent *agent)
{
	struct signalfd_siginfo info;
	pid_t pid;

	if (read(agent->signals, &info, sizeof info) != sizeof info)
		die("signalfd");
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (size_t i = 0; i < EXECUTORS_MAX; i++) {
			struct task *task = &agent->tasks[i];

			if (task->pid != pid)
				continue;
			task->pid = 0;
			if (task->launch.how != NO_EXECUTOR)
				continue;
			task->launch.type = FINISHED;
			agent_finished(agent, &task->launch);
		}
	}
}

static bool agent_hear_master(struct agent *agent)
{
	struct message message;
	struct task *task;

	if (!hear(agent->master, &message) || message.type == QUIT)
		return false;
	task = &agent->tasks[message.number % EXECUTORS_MAX];
	if (message.type == LAUNCH)
		agent_launch(agent, &message);
	else if (task->fd >= 0)
		say(task->fd, &message);
	return true;
}

static void agent_hear_executor(struct agent *agent, struct task *task)
{
	struct message update;

	if (hear(task->fd, &update)) {
		agent_finished(agent, &update);
		return;
	}
	close(task->fd);
	task->fd = -1;
}

static void agent_open(struct agent *agent, const char *port)
{
	struct sockaddr_un un = agent_address(agent->dir);
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	agent->signals = signalfd(-1, &child, SFD_CLOEXEC);
	agent->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(agent->listener, (struct sockaddr *)&un, sizeof un) < 0 ||
		listen(agent->listener, EXECUTORS_MAX) < 0)
		die(un.sun_path);
	agent->master = dial_master(port);
	for (size_t i = 0; i < EXECUTORS_MAX; i++)
		agent->tasks[i].fd = -1;
}

static int agent_run(const char *self, const char *dir, const char *port)
{
	static struct agent agent;
	struct pollfd fds[3 + EXECUTORS_MAX];
	bool open = true;

	agent.self = self;
	agent.dir = dir;
	agent_open(&agent, port);
	while (open) {
		nfds_t n = 3;
		struct task *who[EXECUTORS_MAX];

		fds[0] = (struct pollfd){ agent.master, POLLIN, 0 };
		fds[1] = (struct pollfd){ agent.listener, POLLIN, 0 };
		fds[2] = (struct pollfd){ agent.signals, POLLIN, 0 };
		for (size_t i = 0; i < EXECUTORS_MAX; i++) {
			if (agent.tasks[i].fd < 0)
				continue;
			who[n - 3] = &agent.tasks[i];
			fds[n++] = (struct pollfd){ agent.tasks[i].fd, POLLIN, 0 };
		}
		if (poll(fds, n, LIMIT_S * 1000) <= 0)
			die("poll");
		for (nfds_t i = 3; i < n; i++) {
			if (fds[i].revents != 0)
				agent_hear_executor(&agent, who[i - 3]);
		}
		if (fds[2].revents != 0)
			agent_reap(&agent);
		if (fds[1].revents != 0)
			agent_accept(&agent);
		if (fds[0].revents != 0)
			open = agent_hear_master(&agent);
	}
	return 0;
}

/* --- master ---------------------------------------------------------------------------- */

/* Descriptor 3 listens; the agent comes first, then the scheduler. Ends with the scheduler. */
static int master_run(void)
{
	const int one = 1;
	struct pollfd fds[2];
	struct message message;

	for (size_t i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){ accept(3, NULL, NULL), POLLIN, 0 };
		setsockopt(fds[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	}
	for (;;) {
		if (poll(fds, 2, LIMIT_S * 1000) <= 0)
			die("poll");
		for (size_t i = 0; i < 2; i++) {
			if (fds[i].revents == 0)
				continue;
			if (!hear(fds[i].fd, &message))
				return 0;
			say(fds[1 - i].fd, &message);
		}
	}
}

/* --- scheduler ------------------------------------------------------------------------- */

/* The agent has a place for so many: one that lags behind keeps its place. */
static bool has_place(size_t number, const int64_t *latency_ns)
{
	return number < EXECUTORS_MAX || latency_ns[number - EXECUTORS_MAX] != 0;
}

static int64_t run(struct floor *floor, struct message *launch, size_t n,
	size_t in_flight, int64_t *launched_ns, int64_t *latency_ns)
{
	size_t n_launched = 0, n_ended = 0;
	int64_t began_ns = cpu_clock_ns();
	struct message message;

	while (n_ended < n) {
		while (n_launched < n && n_launched - n_ended < in_flight &&
			has_place(n_launched, latency_ns)) {
			launch->number = (int32_t)n_launched;
			launched_ns[n_launched++] = cpu_clock_ns();
			say(floor->master, launch);
		}
		if (!hear(floor->master, &message))
			die("the master left");
		latency_ns[message.number] = cpu_clock_ns() - launched_ns[message.number];
		n_ended++;
		message.type = ACK;
		say(floor->master, &message);
	}
	return cpu_clock_ns() - began_ns;
}

struct series {
	int how;
	bool checkpoint;
	size_t n, in_flight;
};

static void report(const struct floor *floor, const struct series *series,
	const char *what, double value, const char *unit)
{
	static const char *const names[] = { "shell", "direct", "no executor" };
	char name[96], text[160];

	snprintf(name, sizeof name, "launch floor %s%s: %s", names[series->how],
		series->checkpoint ? " checkpoint" : "", what);
	snprintf(text, sizeof text,
		"%zu tasks, %zu in flight, checkpoint %s, %s, CPU by %s", series->n,
		series->in_flight, series->checkpoint ? "on" : "off", floor->priority,
		cpu_meter_how(&floor->meter));
	row(name, value, unit, text);
}

static void measure(struct floor *floor, const struct series *series, bool reported)
{
	struct message launch = {
		.type = LAUNCH, .how = series->how, .checkpoint = series->checkpoint
	};
	int64_t *launched_ns = calloc(series->n, sizeof *launched_ns);
	int64_t *latency_ns = calloc(series->n, sizeof *latency_ns);
	double n = (double)series->n;
	int64_t cpu_ns, span_ns;

	cpu_meter_settle(&floor->meter, 3);
	cpu_ns = cpu_meter_ns(&floor->meter);
	span_ns = run(
		floor, &launch, series->n, series->in_flight, launched_ns, latency_ns);
	cpu_meter_settle(&floor->meter, 3);
	cpu_ns = cpu_meter_ns(&floor->meter) - cpu_ns;
	if (reported)
		report(floor, series, "CPU per task", (double)cpu_ns / 1e6 / n, "ms");
	if (reported && series->in_flight > 1) {
		report(floor, series, "rate", n * 1e9 / (double)span_ns, "tasks/s");
	} else if (reported) {
		report(floor, series, "p50", latencies_ms(latency_ns, series->n, 50),
			"ms");
		report(floor, series, "p99", latencies_ms(latency_ns, series->n, 99),
			"ms");
	}
	free(launched_ns);
	free(latency_ns);
}

static pid_t start_self(const struct floor *floor, const char *part, const char *port)
{
	char *const argv[] = { (char *)floor->self, (char *)part, (char *)floor->dir,
		(char *)port, NULL };

	return start(argv, NULL);
}

static void floor_open(struct floor *floor)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof in;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	const char *base = getenv("TMPDIR");
	char port[16], path[96];

	snprintf(floor->dir, sizeof floor->dir, "%s/tepui-floor.XXXXXX",
		base == NULL ? "/tmp" : base);
	if (mkdtemp(floor->dir) == NULL)
		die(floor->dir);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&in, len) < 0 || listen(listener, 4) < 0 ||
		getsockname(listener, (struct sockaddr *)&in, &len) < 0 ||
		dup2(listener, 3) < 0)
		die("listen");
	snprintf(port, sizeof port, "%u", ntohs(in.sin_port));
	floor->pids[0] = start_self(floor, "master", port);
	if (listener != 3)
		close(listener);
	close(3);
	floor->pids[1] = start_self(floor, "agent", port);
	/* The agent listens before it dials: then it is the master's first peer. */
	snprintf(path, sizeof path, "%s/agent.sock", floor->dir);
	for (int ms = 0; ms < 5000 && access(path, F_OK) != 0; ms++)
		cpu_sleep_ms(1);
	cpu_sleep_ms(100);
	floor->master = dial_master(port);
}

static int delete (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void floor_close(struct floor *floor)
{
	struct message quit = { .type = QUIT };

	say(floor->master, &quit);
	waitpid(floor->pids[1], NULL, 0);
	close(floor->master);
	waitpid(floor->pids[0], NULL, 0);
	nftw(floor->dir, delete, 16, FTW_DEPTH | FTW_PHYS);
	cpu_meter_close(&floor->meter);
}

int main(int argc, char **argv)
{
	struct floor floor = { .self = argv[0] };
	size_t n_single, n_many, in_flight;

	alarm(LIMIT_S);
	if (argc >= 4 && strcmp(argv[1], "executor") == 0)
		return executor(argv[2], atoi(argv[3]));
	if (argc >= 4 && strcmp(argv[1], "agent") == 0)
		return agent_run(argv[0], argv[2], argv[3]);
	if (argc >= 4 && strcmp(argv[1], "master") == 0)
		return master_run();
	if (argc != 5) {
		fprintf(stderr,
			"launch_floor TASKS-SINGLE TASKS-MANY IN-FLIGHT PRIORITY\n");
		return 2;
	}
	n_single = strtoull(argv[1], NULL, 10);
	n_many = strtoull(argv[2], NULL, 10);
	in_flight = strtoull(argv[3], NULL, 10);
	if (in_flight > EXECUTORS_MAX / 2)
		in_flight = EXECUTORS_MAX / 2;
	floor.priority = argv[4];
	cpu_meter_open(&floor.meter);
	floor_open(&floor);
	for (int how = SHELL; how <= NO_EXECUTOR; how++) {
		struct series series = { .how = how, .n = 20, .in_flight = 1 };

		measure(&floor, &series, false);
		series.n = n_single;
		measure(&floor, &series, true);
		series.checkpoint = true;
		measure(&floor, &series, true);
		series = (struct series){ how, false, n_many, in_flight };
		measure(&floor, &series, true);
	}
	floor_close(&floor);
	return 0;
}
