/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile peers against one daemon: thousands of connections of random bytes, liars, strangers of
 * other protocols, and those who begin and then wait. Meanwhile a thread plays a well-behaved
 * operator that asks for the version without pause, and each phase prints what it had to wait.
 * Speaks the protocol by its bytes (docs/PROTOCOL.md), with nothing of ours linked in.
 *
 *	hostile PORT CALL_TYPE PID CONNECTIONS STALLED SLACK_KB
 *
 * Ends with 1 when the operator lost its session or waited too long, when a liar was not thrown
 * out, or when the daemon kept more memory than the slack.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define AT_A_TIME 1000
#define ROUNDS 5
#define QUIET_MS 300
#define RETURN_LIMIT_S 20 /* for the memory */
#define SAMPLES_MAX 131072
#define CALL_PAUSE_US 500
#define CALL_LIMIT_MS 5000   /* longest wait of the operator, on whatever machine */
#define CLOSE_LIMIT_MS 50000 /* until a liar or staller is thrown out */

static const uint8_t sp_hello[8] = { 0, 'S', 'P', 0, 0, 0x10, 0, 0 };
/* [HELLO, 1, 1, ["operator", "", 0]] in its frame. */
static const uint8_t hello_frame[] = { 0, 0, 0, 0, 0, 0, 0, 16, 0x94, 1, 1, 1, 0x93, 0xa8,
	'o', 'p', 'e', 'r', 'a', 't', 'o', 'r', 0xa0, 0 };

struct operator
{
	pthread_t thread;
	uint16_t port;
	uint8_t call_type;
	atomic_bool stop, failed;
	atomic_size_t n;
	double ms[SAMPLES_MAX];
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static int dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval wait = { CALL_LIMIT_MS / 1000, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The peer may close meanwhile: then nobody needs the rest. */
static void put(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

	(void)n;
}

/* --- the well-behaved one -------------------------------------------------------------- */

static bool take(int fd, void *data, size_t len)
{
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

/* One frame; its second byte is the kind. */
static bool take_frame(int fd, uint8_t *ret_kind)
{
	uint8_t head[8], body[4096];
	size_t len = 0;

	if (!take(fd, head, sizeof head))
		return false;
	for (int i = 0; i < 8; i++)
		len = len << 8 | head[i];
	if (len < 2 || len > sizeof body || !take(fd, body, len))
		return false;
	*ret_kind = body[1];
	return true;
}

static int operator_open(uint16_t port)
{
	uint8_t hello[8], kind;
	int fd = dial(port);

	if (fd < 0)
		return -1;
	put(fd, sp_hello, sizeof sp_hello);
	put(fd, hello_frame, sizeof hello_frame);
	if (take(fd, hello, sizeof hello) && memcmp(hello, sp_hello, 8) == 0 &&
		take_frame(fd, &kind) && kind == 3)
		return fd;
	close(fd);
	return -1;
}

/* GET_VERSION; pings on the way are answered. */
static bool operator_call(int fd, uint8_t type)
{
	const uint8_t call[] = { 0, 0, 0, 0, 0, 0, 0, 6, 0x94, 5, 1, type, 0x91, 3 };
	static const uint8_t pong[] = { 0, 0, 0, 0, 0, 0, 0, 5, 0x94, 11, 0, 0, 0xc0 };
	uint8_t kind = 0;

	put(fd, call, sizeof call);
	for (int i = 0; i < 10; i++) {
		if (!take_frame(fd, &kind))
			return false;
		if (kind == 6)
			return true;
		if (kind == 10)
			put(fd, pong, sizeof pong);
	}
	return false;
}

static void *operator_run(void *arg)
{
	struct operator* self = arg;
	int fd = operator_open(self->port);

	while (!self->stop && !self->failed) {
		double begin = now_ms();
		size_t n = self->n;

		if (fd < 0 || !operator_call(fd, self->call_type)) {
			self->failed = true;
			break;
		}
		if (n < SAMPLES_MAX) {
			self->ms[n] = now_ms() - begin;
			self->n = n + 1;
		}
		nanosleep(&(struct timespec){ 0, CALL_PAUSE_US * 1000 }, NULL);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What the operator waited in some stretches of time. */
struct waits {
	size_t n;
	double ms[SAMPLES_MAX];
};

static void waits_add(struct waits *self, const struct waits *some)
{
	size_t n = some->n < SAMPLES_MAX - self->n ? some->n : SAMPLES_MAX - self->n;

	memcpy(self->ms + self->n, some->ms, n * sizeof *self->ms);
	self->n += n;
}

/* Those since sample `from`. */
static void waits_since(struct waits *self, const struct operator* op, size_t from)
{
	self->n = op->n - from;
	memcpy(self->ms, op->ms + from, self->n * sizeof *self->ms);
}

static double waits_part(struct waits *self, unsigned percent)
{
	if (self->n == 0)
		return 0;
	qsort(self->ms, self->n, sizeof *self->ms, by_value);
	return self->ms[percent == 100 ? self->n - 1 : self->n * percent / 100];
}

/* --- the others ------------------------------------------------------------------------ */

static unsigned dice(unsigned sides)
{
	return (unsigned)random() % sides;
}

/* Random bytes at once, after the SP hello, after HELLO too, or in a frame. */
static void babble(int fd)
{
	uint8_t bytes[2048];
	size_t len = 1 + dice(sizeof bytes - 9);
	unsigned how = dice(4);

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)random();
	if (how > 0)
		put(fd, sp_hello, sizeof sp_hello);
	if (how > 1)
		put(fd, hello_frame, sizeof hello_frame);
	if (how > 2) {
		memset(bytes, 0, 8);
		bytes[6] = (uint8_t)(len >> 8);
		bytes[7] = (uint8_t)len;
		len += 8;
	}
	put(fd, bytes, len);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LIE(text) \
	{ \
		text, sizeof text - 1 \
	}

/* Frames after the SP hello; each must end the connection. */
static const struct lie {
	const char *bytes;
	size_t len;
} lies[] = {
	LIE("\xff\xff\xff\xff\xff\xff\xff\xff"),       /* a length of 2^64-1 */
	LIE("\0\0\0\0\x7f\xff\xff\xff"),               /* 2 GiB */
	LIE("\0\0\0\0\x01\0\0\x01"),                   /* the cap after READY, and one */
	LIE("\0\0\0\0\0\0\0\x05\xdd\xff\xff\xff\xff"), /* an array of 2^32-1 elements */
	LIE("\0\0\0\0\0\0\0\x05\xdf\x7f\xff\xff\xff"), /* a map of as many */
	LIE("\0\0\0\0\0\0\0\x06\x91\xdb\xff\xff\xff\xff"), /* a text longer than its frame */
	LIE("\0\0\0\0\0\0\0\x01\xc1"),                     /* what msgpack never uses */
	LIE("\0\0\0\0\0\0\0\0"),                           /* nothing */
	LIE("\0\0\0\0\0\0\0\x02\x91\x63"),                 /* an unknown kind */
};

/* Strangers by habit, instead of the SP hello. */
static const struct lie strangers[] = {
	LIE("GET /master/state HTTP/1.1\r\nHost: master:5050\r\n\r\n"),
	LIE("POST /api/v1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
	LIE("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"), /* TLS */
	LIE("\0SP\0\0\x30\0\0"),                         /* SP, but REQ */
};

/* A value that is nested 2,000 levels deep. */
static void put_bomb(int fd)
{
	uint8_t bomb[8 + 2000];

	memset(bomb, 0, 8);
	bomb[6] = 2000 >> 8;
	bomb[7] = 2000 & 0xff;
	memset(bomb + 8, 0x91, 2000);
	put(fd, bomb, sizeof bomb);
}

/* Lie number i, before HELLO or after it. */
static void lie(int fd, size_t i)
{
	const size_t n_lies = COUNT(lies), n_strangers = COUNT(strangers);
	size_t which = i % (n_lies + 1 + n_strangers);
	bool after_hello = i / (n_lies + 1 + n_strangers) % 2 == 1;

	if (which > n_lies) {
		which -= n_lies + 1;
		put(fd, strangers[which].bytes, strangers[which].len);
		return;
	}
	put(fd, sp_hello, sizeof sp_hello);
	if (after_hello)
		put(fd, hello_frame, sizeof hello_frame);
	if (which == n_lies)
		put_bomb(fd);
	else
		put(fd, lies[which].bytes, lies[which].len);
}

/* Begins and waits: half a greeting, half a HELLO, or (not thrown out for a while) half a call. */
static void stall(int fd, size_t i)
{
	size_t kind = i % 4;

	if (kind == 0)
		return;
	if (kind == 1) {
		put(fd, sp_hello, 4);
		return;
	}
	put(fd, sp_hello, sizeof sp_hello);
	put(fd, hello_frame, kind == 2 ? 0 : sizeof hello_frame / 2);
}

/* Waits until the daemon closed them all, at most so long; how many it did not. */
static size_t wait_closed(const int *fds, size_t n, int limit_ms)
{
	static uint8_t bin[65536];
	double until = now_ms() + limit_ms;
	size_t open = 0;

	for (size_t i = 0; i < n; i++) {
		struct pollfd p = { fds[i], POLLIN, 0 };
		ssize_t got = 1;

		while (got > 0 && now_ms() < until) {
			got = -1;
			errno = EAGAIN;
			if (poll(&p, 1, 100) >= 0)
				got = recv(fds[i], bin, sizeof bin, MSG_DONTWAIT);
			if (got < 0 && errno == EAGAIN)
				got = 1;
		}
		open += got > 0;
	}
	return open;
}

static size_t open_all(int *fds, size_t n, uint16_t port)
{
	size_t got = 0;

	for (size_t i = 0; i < n; i++) {
		fds[got] = dial(port);
		got += fds[got] >= 0;
	}
	return got;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* --- attacks --------------------------------------------------------------------------- */

/* One wave of `n` connections; false when not all ended as they must. */
typedef bool attack_f(uint16_t port, int *fds, size_t n);

static bool wave_random(uint16_t port, int *fds, size_t n)
{
	size_t got = open_all(fds, n, port), open;

	for (size_t i = 0; i < got; i++) {
		babble(fds[i]);
		shutdown(fds[i], SHUT_WR);
	}
	open = wait_closed(fds, got, CLOSE_LIMIT_MS);
	close_all(fds, got);
	if (open > 0)
		printf("# %zu babblers of %zu are still there\n", open, got);
	return got > 0 && open == 0;
}

static bool wave_liars(uint16_t port, int *fds, size_t n)
{
	size_t got = open_all(fds, n, port), open;

	for (size_t i = 0; i < got; i++)
		lie(fds[i], i);
	open = wait_closed(fds, got, CLOSE_LIMIT_MS);
	close_all(fds, got);
	if (open > 0)
		printf("# %zu liars and strangers of %zu are still there\n", open, got);
	return got > 0 && open == 0;
}

static bool wave_stalled(uint16_t port, int *fds, size_t n)
{
	double begin = now_ms();
	size_t got = open_all(fds, n, port), open;

	for (size_t i = 0; i < got; i++)
		stall(fds[i], i);
	open = wait_closed(fds, got, CLOSE_LIMIT_MS);
	close_all(fds, got);
	printf("# %zu stalled connections, closed after %.1f s, %zu of them not\n", got,
		(now_ms() - begin) / 1000, open);
	return got > 0 && open == 0;
}

static void row(const char *name, struct waits *w)
{
	printf("# %-16s %6zu calls: p50 %5.2f ms, p99 %6.2f ms, max %6.2f ms\n", name,
		w->n, waits_part(w, 50), waits_part(w, 99), waits_part(w, 100));
}

/*
 * `total` connections in so many rounds of waves, with silence before each. Where others use the
 * machine too, the best round says most about the daemon.
 */
static bool phase(struct operator* op, const char *name, attack_f *wave, size_t total,
	size_t rounds)
{
	static struct waits quiet, loud, some;
	static int fds[AT_A_TIME];
	double best = 1e9, ratio;
	bool ok = true;

	quiet.n = loud.n = 0;
	for (size_t r = 0; r < rounds && ok; r++) {
		size_t left = total / rounds, from = op->n;

		sleep_ms(QUIET_MS);
		waits_since(&some, op, from);
		waits_add(&quiet, &some);
		ratio = waits_part(&some, 50);
		from = op->n;
		while (ok && left > 0) {
			size_t n = left < AT_A_TIME ? left : AT_A_TIME;

			ok = wave(op->port, fds, n);
			left -= n;
		}
		while (op->n == from && !op->failed)
			sleep_ms(1); /* one call lasted longer than all that */
		ok = ok && !op->failed;
		waits_since(&some, op, from);
		waits_add(&loud, &some);
		ratio = waits_part(&some, 50) / ratio;
		best = ratio < best ? ratio : best;
	}
	row("quiet", &quiet);
	row(name, &loud);
	printf("# %-16s median %.1f times the quiet one, %.1f in the best of %zu "
	       "rounds\n",
		name, waits_part(&loud, 50) / waits_part(&quiet, 50), best, rounds);
	return ok && waits_part(&loud, 100) < CALL_LIMIT_MS;
}

static long anon_kb(const char *pid)
{
	char path[64], line[256];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/smaps_rollup", pid);
	file = fopen(path, "re");
	while (file != NULL && kb < 0 && fgets(line, sizeof line, file) != NULL)
		sscanf(line, "Anonymous: %ld", &kb);
	if (file != NULL)
		fclose(file);
	return kb;
}

static bool expect(bool ok, const char *what)
{
	printf("%sok - %s\n", ok ? "" : "not ", what);
	return ok;
}

static bool attack(struct operator* op, const char *pid, size_t connections,
	size_t stalled, long slack_kb)
{
	long before, peak, after;
	bool ok;

	sleep_ms(1000);
	before = anon_kb(pid);
	ok = expect(
		phase(op, "random", wave_random, connections, ROUNDS), "random bytes");
	ok = expect(phase(op, "liars", wave_liars, connections, ROUNDS),
		     "liars are thrown out") &&
		ok;
	ok = expect(phase(op, "stalled", wave_stalled, stalled, 1),
		     "stalled ones are closed") &&
		ok;
	peak = anon_kb(pid);
	for (int i = 0; i < RETURN_LIMIT_S * 10 && anon_kb(pid) >= before + slack_kb; i++)
		sleep_ms(100);
	after = anon_kb(pid);
	printf("# anonymous memory: %ld KiB before, %ld at the end of the attack, %ld "
	       "after\n",
		before, peak, after);
	return expect(after > 0 && after < before + slack_kb, "memory returns") && ok;
}

int main(int argc, char **argv)
{
	static struct operator op;
	struct rlimit files = { 8192, 8192 };
	bool ok;

	if (argc != 7) {
		fprintf(stderr,
			"usage: hostile PORT CALL_TYPE PID CONNECTIONS STALLED "
			"SLACK_KB\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom(1);
	setrlimit(RLIMIT_NOFILE, &files);
	op.port = (uint16_t)atoi(argv[1]);
	op.call_type = (uint8_t)atoi(argv[2]);
	/* Who is answered shall not lack the processor because of us. */
	if (pthread_create(&op.thread, NULL, operator_run, &op) != 0)
		return 2;
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 10);
	ok = attack(&op, argv[3], strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10),
		strtol(argv[6], NULL, 10));
	op.stop = true;
	pthread_join(op.thread, NULL);
	return ok && !op.failed ? 0 : 1;
}
