/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages through a server with 1, 100 and 1,000 peers over nng tcp: 200-byte notes that come
 * back, 16 of each peer in flight. The server is this process; all peers are links in a child
 * process. Beside it the floor: the same bytes in the same frames between two epoll loops
 * without anything around them. CPU is that of the echoing side alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tepui/net.h"

#define BODY_BYTES 180 /* of text: about 200 in the frame */
#define PEERS_MAX 1000
#define WARM_NS (TP_SEC / 2)
#define RUN_NS (2 * TP_SEC)
#define FRAME_BYTES 208

struct note {
	const char *text;
};

static const struct tp_field note_fields[] = {
	{ .name = "text", .number = 1, .type = TP_STRING, .label = TP_REQUIRED },
};
static const struct tp_desc note_desc = { "Note", sizeof(struct note), note_fields, 1,
	sizeof(struct tp_field), 1, false };

struct usage {
	int64_t wall_ns, cpu_ns;
};

static struct usage now(void)
{
	struct rusage ru;
	struct timespec ts;

	getrusage(RUSAGE_SELF, &ru);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct usage){ ts.tv_sec * TP_SEC + ts.tv_nsec,
		(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * TP_SEC +
			(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * TP_USEC };
}

static long anon_kb(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kb) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kb;
}

static void report(const char *name, int peers, int in_flight, struct usage a,
	struct usage b, long messages)
{
	char where[64];

	snprintf(where, sizeof where, "%d peers, %d in flight each, 200 B", peers,
		in_flight);
	printf("%s_cpu\t%.2f\tus/message\t%s\n", name,
		(double)(b.cpu_ns - a.cpu_ns) / 1e3 / (double)messages, where);
	printf("%s_rate\t%.0f\tmessages/s\t%s\n", name,
		(double)messages * 1e9 / (double)(b.wall_ns - a.wall_ns), where);
	fflush(stdout);
}

/* --- ours ------------------------------------------------------------------------------ */

static struct tp_instance instance = { .topic.name = "bench" };
static struct tp_transport *transport;
static struct tp_server *server;
static long n_echoed, n_turns;
static int n_up;

static void on_note(void *user, struct tp_message *message)
{
	(void)user;
	n_echoed++;
	tp_server_send(server, message->peer, 1, &note_desc, message->body);
}

static void on_opened(void *user, uint64_t peer)
{
	(void)user;
	(void)peer;
	n_up++;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	(void)user;
	(void)peer;
	(void)why;
	n_up--;
}

static const struct tp_handler server_handlers[] = { { 1, 0, &note_desc, on_note } };

struct client {
	struct tp_link *link;
	int in_flight;
};

static void on_echo(void *user, struct tp_message *message)
{
	struct client *client = user;

	tp_link_send(client->link, 1, &note_desc, message->body);
}

static void on_up(void *user, const struct tp_hello *who)
{
	struct client *client = user;
	char text[BODY_BYTES + 1];
	struct note note = { text };

	(void)who;
	memset(text, 'x', BODY_BYTES);
	text[BODY_BYTES] = '\0';
	for (int i = 0; i < client->in_flight; i++)
		tp_link_send(client->link, 1, &note_desc, &note);
}

static void on_parent_gone(struct tp_fd *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	_exit(0);
}

static const struct tp_handler client_handlers[] = { { 1, 0, &note_desc, on_echo } };

/* The other process: `peers` links, until its standard input ends. */
static int client_main(const char *url, int peers, int in_flight)
{
	static struct client clients[PEERS_MAX];
	static struct tp_fd parent = { .ready = on_parent_gone };
	struct tp_link_config config = { .instance = &instance,
		.self = { "bench", "", 1 },
		.urls = url,
		.handlers = client_handlers,
		.n_handlers = 1,
		.up = on_up };
	struct tp_error err = { 0 };

	instance.loop = tp_loop_create(NULL, &err);
	if (tp_transport_create(instance.loop, &transport, &err) < 0 ||
		tp_fd_watch(instance.loop, &parent, 0, EPOLLIN, &err) < 0)
		return 1;
	config.transport = *transport;
	for (int i = 0; i < peers && i < PEERS_MAX; i++) {
		clients[i].in_flight = in_flight;
		config.user = &clients[i];
		if (tp_link_create(&config, &clients[i].link, &err) < 0)
			return 2;
	}
	return tp_loop_run(instance.loop);
}

/* Starts this program again with these words; returns the pipe that ends it. */
static int start_child(
	const char *mode, const char *where, int peers, int in_flight, pid_t *ret_pid)
{
	char n[16], m[16];
	int fds[2];

	snprintf(n, sizeof n, "%d", peers);
	snprintf(m, sizeof m, "%d", in_flight);
	if (pipe(fds) < 0)
		exit(1);
	*ret_pid = fork();
	if (*ret_pid == 0) {
		dup2(fds[0], 0);
		close(fds[0]);
		close(fds[1]);
		execl("/proc/self/exe", "bench_transport", mode, where, n, m,
			(char *)NULL);
		_exit(127);
	}
	close(fds[0]);
	return fds[1];
}

static void turn_until(struct tp_loop *loop, int64_t end_ns)
{
	while (now().wall_ns < end_ns) {
		for (int i = 0; i < 64; i++) {
			tp_loop_turn(loop, 10 * TP_MSEC);
			n_turns++;
		}
	}
}

static void bench_ours(int peers, int in_flight)
{
	struct tp_server_config config = { .instance = &instance,
		.self = { "bench", "", 1 },
		.handlers = server_handlers,
		.n_handlers = 1,
		.opened = on_opened,
		.closed = on_closed };
	struct tp_loop *loop = instance.loop;
	struct tp_error err = { 0 };
	struct usage a, b;
	long before_kb = anon_kb(), kb, messages, turns;
	pid_t pid;
	int fd;

	config.transport = *transport;
	if (tp_server_create(&config, &server, &err) < 0 ||
		tp_server_listen(server, "tcp://127.0.0.1:0", 0, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	fd = start_child("links", tp_server_url(server, 0), peers, in_flight, &pid);
	for (int64_t end = now().wall_ns + 10 * TP_SEC;
		n_up < peers && now().wall_ns < end;)
		tp_loop_turn(loop, 10 * TP_MSEC);
	turn_until(loop, now().wall_ns + WARM_NS);
	if (in_flight == 0) {
		kb = anon_kb();
		printf("tepui_memory\t%.2f\tKB/connection\t%d idle peers, server and "
		       "transport\n",
			(double)(kb - before_kb) / n_up, n_up);
	} else {
		n_turns = n_echoed = 0;
		a = now();
		turn_until(loop, a.wall_ns + RUN_NS);
		b = now();
		messages = n_echoed;
		turns = n_turns;
		report("tepui_echo", n_up, in_flight, a, b, messages);
		printf("tepui_echo_wakeups\t%.4f\tper message\t%d peers, %d in flight "
		       "each, 200 B\n",
			(double)turns / (double)messages, n_up, in_flight);
	}
	close(fd);
	waitpid(pid, NULL, 0);
	for (int64_t end = now().wall_ns + 5 * TP_SEC; n_up > 0 && now().wall_ns < end;)
		tp_loop_turn(loop, 10 * TP_MSEC);
	tp_server_destroy(server);
	tp_loop_turn(loop, 0);
}

/* --- the floor ------------------------------------------------------------------------- */

/* Writes back whatever arrives, one read and one write per ready socket. */
static long echo_ready(int ep, int wait_ms)
{
	static char buf[65536];
	struct epoll_event events[256];
	int n = epoll_wait(ep, events, 256, wait_ms);
	long bytes = 0;
	ssize_t len;

	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == 0)
			_exit(0);
		len = read(events[i].data.fd, buf, sizeof buf);
		if (len <= 0) {
			close(events[i].data.fd);
			continue;
		}
		bytes += len;
		if (write(events[i].data.fd, buf, (size_t)len) != len)
			close(events[i].data.fd);
	}
	return bytes;
}

static void add(int ep, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	int on = 1;

	if (fd > 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

static int floor_client(const char *port, int peers, int in_flight)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int ep = epoll_create1(0), fd;
	size_t len = (size_t)in_flight * FRAME_BYTES;
	char *frames = calloc(1, len);

	add(ep, 0);
	for (int i = 0; i < peers; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
			return 1;
		add(ep, fd);
		if (write(fd, frames, len) != (ssize_t)len)
			return 2;
	}
	free(frames);
	for (;;)
		echo_ready(ep, -1);
}

static void bench_floor(int peers, int in_flight)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ep = epoll_create1(EPOLL_CLOEXEC), fd;
	int fds[PEERS_MAX];
	struct usage a, b;
	long bytes = 0;
	char port[16];
	pid_t pid;

	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(listener, 4096) < 0)
		exit(1);
	getsockname(listener, (struct sockaddr *)&address, &len);
	snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
	fd = start_child("floor", port, peers, in_flight, &pid);
	for (int i = 0; i < peers; i++) {
		fds[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		add(ep, fds[i]);
	}
	for (int64_t end = now().wall_ns + WARM_NS; now().wall_ns < end;)
		echo_ready(ep, 10);
	a = now();
	for (int64_t end = a.wall_ns + RUN_NS; now().wall_ns < end;) {
		for (int i = 0; i < 64; i++)
			bytes += echo_ready(ep, 10);
	}
	b = now();
	report("floor_echo", peers, in_flight, a, b, bytes / FRAME_BYTES);
	close(fd);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < peers; i++)
		close(fds[i]);
	close(ep);
	close(listener);
}

int main(int argc, char **argv)
{
	static const struct {
		int peers, in_flight;
	} rows[] = { { 1, 1 }, { 1, 16 }, { 100, 16 }, { 1000, 16 } };
	struct tp_error err = { 0 };

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 8192, 8192 });
	if (argc == 5 && strcmp(argv[1], "links") == 0)
		return client_main(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc == 5)
		return floor_client(argv[2], atoi(argv[3]), atoi(argv[4]));
	for (size_t i = 0; i < TP_COUNT(rows); i++)
		bench_floor(rows[i].peers, rows[i].in_flight);
	instance.loop = tp_loop_create(NULL, &err);
	if (instance.loop == NULL ||
		tp_transport_create(instance.loop, &transport, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	bench_ours(1000, 0);
	for (size_t i = 0; i < TP_COUNT(rows); i++)
		bench_ours(rows[i].peers, rows[i].in_flight);
	tp_transport_destroy(transport);
	tp_loop_destroy(instance.loop);
	return 0;
}
