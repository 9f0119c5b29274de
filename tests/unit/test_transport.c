/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of transport.h on every real transport: frames whole, in order and lossless in
 * both directions, limits, back-pressure, and one closed() for every wire however it ends. nng
 * is touched inside tests only, because check forks.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/list.h"
#include "tepui/loop.h"
#include "tepui/strbuf.h"
#include "tepui/transport.h"

#define TURNS_MAX 200000
#define ENDS_MAX 512

static const char *const kinds[] = { "unix://", "plain+tcp://127.0.0.1:0", "ipc://",
	"abstract://", "tcp://127.0.0.1:0", "tcp://[::1]:0" };
#define N_KINDS ((int)TP_COUNT(kinds))

/* One side of a connection and what it saw. */
struct end {
	struct tp_wire *wire; /* NULL once closed */
	size_t frames, bytes, drained, opened, closed;
	uint32_t next; /* expected number of the next frame */
	struct tp_error why;
	bool echo;
	bool pause_after_one;
	struct tp_strbuf last;
};

static struct tp_loop *loop;
static struct tp_transport *transport;
static struct tp_listener *listener;
static struct end ends[ENDS_MAX]; /* dialled: even, accepted: odd by arrival */
static size_t n_accepted, n_refused;
static struct tp_error refused_why;
static bool echo_accepted;
static char dir[] = "/tmp/test_transport.XXXXXX";
static char url[128];

static const struct tp_wire_limits limits = { 4 << 20, 64 << 10, 1 << 20, 64 << 10 };

static void on_opened(void *user, struct tp_wire *wire)
{
	struct end *end = user;

	ck_assert_ptr_eq(end->wire, wire);
	end->opened++;
}

static void on_frame(void *user, struct tp_wire *wire, const uint8_t *data, size_t len)
{
	struct end *end = user;
	uint32_t number;

	ck_assert_ptr_eq(end->wire, wire);
	ck_assert_uint_eq(end->closed, 0);
	end->frames++;
	end->bytes += len;
	if (len >= sizeof number) {
		memcpy(&number, data, sizeof number);
		ck_assert_uint_eq(number, end->next);
		end->next++;
	}
	tp_strbuf_clear(&end->last);
	tp_strbuf_add(&end->last, data, len);
	if (end->echo)
		ck_assert_int_eq(
			transport->ops->send(transport->impl, wire, data, len), 0);
	if (end->pause_after_one)
		transport->ops->pause(transport->impl, wire, true);
}

static void on_drained(void *user, struct tp_wire *wire)
{
	struct end *end = user;

	ck_assert_ptr_eq(end->wire, wire);
	end->drained++;
}

static void on_closed(void *user, struct tp_wire *wire, const struct tp_error *why)
{
	struct end *end = user;

	ck_assert_ptr_eq(end->wire, wire);
	ck_assert_uint_eq(end->closed, 0);
	ck_assert_int_gt(why->code, 0);
	ck_assert(why->text[0] != '\0');
	end->closed++;
	end->why = *why;
	end->wire = NULL;
}

static const struct tp_wire_handler handler = { on_opened, on_frame, on_drained,
	on_closed };

static void on_accept(void *user, struct tp_wire *wire)
{
	struct end *end = &ends[n_accepted++ * 2 + 1];

	(void)user;
	ck_assert_uint_lt(n_accepted * 2, ENDS_MAX);
	end->wire = wire;
	end->echo = echo_accepted;
	transport->ops->set_handler(transport->impl, wire, &handler, end);
}

static void on_refused(void *user, const char *address, const struct tp_error *why)
{
	(void)user;
	(void)address;
	n_refused++;
	refused_why = *why;
}

static void make_url(int kind, char *out, size_t size)
{
	if (strchr(kinds[kind], '0') != NULL)
		snprintf(out, size, "%s", kinds[kind]);
	else if (strncmp(kinds[kind], "abstract", 8) == 0)
		snprintf(out, size, "%stest-transport-%d", kinds[kind], (int)getpid());
	else
		snprintf(out, size, "%s%s/s", kinds[kind], dir);
}

static void start(int kind)
{
	struct tp_error err = { 0 };
	struct tp_listen spec = {
		.accept = on_accept, .refused = on_refused, .limits = limits
	};

	strcpy(strrchr(dir, '.'), ".XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	loop = tp_loop_create(NULL, &err);
	ck_assert_msg(loop != NULL, "%s", err.text);
	ck_assert_msg(tp_transport_create(loop, &transport, &err) == 0, "%s", err.text);
	make_url(kind, url, sizeof url);
	spec.url = url;
	ck_assert_msg(
		transport->ops->listen(transport->impl, &spec, &listener, &err) == 0,
		"%s", err.text);
}

static void finish(void)
{
	if (listener != NULL)
		transport->ops->unlisten(transport->impl, listener);
	tp_transport_destroy(transport);
	tp_loop_destroy(loop);
	for (size_t i = 0; i < ENDS_MAX; i++)
		tp_strbuf_fini(&ends[i].last);
	rmdir(dir);
}

static struct end *dial(size_t i)
{
	struct end *end = &ends[i * 2];
	struct tp_error err = { 0 };
	const char *to = transport->ops->listener_url(transport->impl, listener);
	int r = transport->ops->dial(
		transport->impl, to, &limits, &handler, end, &end->wire, &err);

	ck_assert_msg(r == 0, "%s: %s", to, err.text);
	ck_assert_uint_eq(end->opened, 0);
	return end;
}

static int send_number(struct end *end, uint32_t number, size_t len)
{
	static uint8_t data[2 << 20];

	memcpy(data, &number, sizeof number);
	return transport->ops->send(transport->impl, end->wire, data, len);
}

/* Turns the loop until *value reaches want. */
static void until(const size_t *value, size_t want)
{
	for (int i = 0; i < TURNS_MAX && *value < want; i++)
		tp_loop_turn(loop, 5 * TP_SEC);
	ck_assert_uint_ge(*value, want);
}

static struct end *connect_one(void)
{
	struct end *end = dial(0);

	until(&end->opened, 1);
	until(&n_accepted, 1);
	return end;
}

START_TEST(frames_go_both_ways)
{
	struct end *a, *b = &ends[1];

	start(_i);
	a = connect_one();
	ck_assert_int_eq(send_number(a, 0, 100), 0);
	ck_assert_int_eq(send_number(b, 0, 200), 0);
	ck_assert_int_eq(transport->ops->send(transport->impl, b->wire, "", 0), 0);
	until(&b->frames, 1);
	until(&a->frames, 2);
	ck_assert_uint_eq(a->bytes, 200);
	ck_assert_uint_eq(b->bytes, 100);
	transport->ops->close(transport->impl, a->wire, true);
	until(&a->closed, 1);
	until(&b->closed, 1);
	ck_assert_int_eq(a->why.code, ECANCELED);
	finish();
}
END_TEST

START_TEST(the_peer_is_known)
{
	struct tp_wire_peer peer;
	struct stat st;

	start(_i);
	connect_one();
	transport->ops->peer(transport->impl, ends[1].wire, &peer);
	ck_assert(peer.address[0] != '\0');
	ck_assert_int_eq(peer.local, strstr(url, "tcp://") == NULL);
	if (peer.local) {
		ck_assert_uint_eq(peer.uid, getuid());
		ck_assert_int_eq(peer.pid, getpid());
	}
	if (strchr(url, '/') != NULL && strstr(url, ":///") != NULL) {
		ck_assert_int_eq(stat(strstr(url, "///") + 2, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
	}
	finish();
}
END_TEST

START_TEST(many_frames_come_back_in_order)
{
	struct end *a;
	uint32_t sent = 0;

	echo_accepted = true;
	start(_i);
	a = connect_one();
	for (int turn = 0; turn < TURNS_MAX && a->frames < 20000; turn++) {
		while (sent < 20000 && sent - a->frames < 300) {
			ck_assert_int_eq(send_number(a, sent, 4 + sent % 500), 0);
			sent++;
		}
		tp_loop_turn(loop, 5 * TP_SEC);
	}
	ck_assert_uint_eq(a->frames, 20000);
	ck_assert_uint_eq(ends[1].frames, 20000);
	finish();
}
END_TEST

START_TEST(big_frames_survive)
{
	struct tp_wire_limits wide = { 4 << 20, 4 << 20, 16 << 20, 64 << 10 };
	struct end *a;

	echo_accepted = true;
	start(_i);
	a = connect_one();
	transport->ops->set_limits(transport->impl, a->wire, &wide);
	transport->ops->set_limits(transport->impl, ends[1].wire, &wide);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_int_eq(send_number(a, i, 2000000 + i), 0);
	until(&a->frames, 5);
	ck_assert_uint_eq(a->bytes, 5 * 2000000 + 10);
	finish();
}
END_TEST

START_TEST(a_frame_over_the_limit_ends_the_wire)
{
	struct tp_wire_limits narrow = { 1000, 64 << 10, 1 << 20, 64 << 10 };
	struct end *a, *b = &ends[1];

	start(_i);
	a = connect_one();
	transport->ops->set_limits(transport->impl, b->wire, &narrow);
	ck_assert_int_eq(send_number(a, 0, 1000), 0);
	until(&b->frames, 1);
	ck_assert_int_eq(send_number(a, 1, 1001), 0);
	until(&b->closed, 1);
	ck_assert_int_eq(b->why.code, EMSGSIZE);
	ck_assert_uint_eq(b->frames, 1);
	until(&a->closed, 1);
	finish();
}
END_TEST

START_TEST(a_slow_reader_meets_the_limits)
{
	struct end *a, *b = &ends[1];
	uint32_t sent = 0;
	size_t total;

	start(_i);
	a = connect_one();
	b->pause_after_one = true;
	ck_assert_int_eq(send_number(a, sent++, 1000), 0);
	until(&b->frames, 1);
	/* Fills the kernel's buffers, then our queue up to the hard limit. */
	for (int i = 0; i < 100000; i++) {
		if (send_number(a, sent, 10000) == -ENOBUFS)
			break;
		sent++;
		if (i % 8 == 0)
			tp_loop_turn(loop, 0);
	}
	ck_assert_int_eq(send_number(a, sent, 10000), -ENOBUFS);
	total = transport->ops->queued_bytes(transport->impl, a->wire);
	ck_assert_uint_le(total, limits.out_hard_bytes);
	ck_assert_uint_gt(total, limits.out_hard_bytes - 11000);
	ck_assert_uint_eq(b->frames, 1);
	/* While the kernel's buffers took what came, the queue had drained before. */
	a->drained = 0;
	for (int i = 0; i < 10; i++)
		tp_loop_turn(loop, 0);
	ck_assert_uint_eq(a->drained, 0);
	/* It reads again: nothing was lost, and the sender hears that there is room. */
	b->pause_after_one = false;
	transport->ops->pause(transport->impl, b->wire, false);
	until(&b->frames, sent);
	until(&a->drained, 1);
	ck_assert_uint_eq(b->next, sent);
	ck_assert_uint_eq(a->drained, 1);
	finish();
}
END_TEST

START_TEST(pausing_loses_nothing)
{
	struct end *a, *b = &ends[1];

	start(_i);
	a = connect_one();
	b->pause_after_one = true;
	for (uint32_t i = 0; i < 200; i++)
		ck_assert_int_eq(send_number(a, i, 4 + i), 0);
	for (size_t i = 1; i <= 200; i++) {
		until(&b->frames, i);
		ck_assert_uint_eq(b->frames, i);
		transport->ops->pause(transport->impl, b->wire, false);
	}
	finish();
}
END_TEST

START_TEST(a_flushed_close_delivers_what_was_queued)
{
	struct end *a, *b = &ends[1];

	start(_i);
	a = connect_one();
	for (uint32_t i = 0; i < 50; i++)
		ck_assert_int_eq(send_number(a, i, 10000), 0);
	transport->ops->close(transport->impl, a->wire, true);
	ck_assert_int_eq(send_number(a, 50, 10), -EPIPE);
	ck_assert_uint_eq(a->closed, 0);
	until(&a->closed, 1);
	until(&b->closed, 1);
	ck_assert_uint_eq(b->frames, 50);
	finish();
}
END_TEST

START_TEST(a_close_in_mid_traffic_is_said_once_on_each_side)
{
	struct end *a, *b = &ends[1];
	uint32_t sent = 0;

	start(_i);
	a = connect_one();
	for (int i = 0; i < 50; i++) {
		while (sent < (uint32_t)i * 10)
			ck_assert_int_eq(send_number(a, sent++, 500), 0);
		tp_loop_turn(loop, 0);
	}
	transport->ops->close(transport->impl, _i % 2 ? a->wire : b->wire, false);
	until(&a->closed, 1);
	until(&b->closed, 1);
	for (int i = 0; i < 20; i++)
		tp_loop_turn(loop, 0);
	finish();
}
END_TEST

START_TEST(dialling_nobody_closes)
{
	struct end *a = &ends[0];
	struct tp_error err = { 0 };
	char to[128];

	start(_i);
	snprintf(to, sizeof to, "%s",
		transport->ops->listener_url(transport->impl, listener));
	transport->ops->unlisten(transport->impl, listener);
	listener = NULL;
	ck_assert_int_eq(transport->ops->dial(transport->impl, to, &limits, &handler, a,
				 &a->wire, &err),
		0);
	until(&a->closed, 1);
	ck_assert_uint_eq(a->opened, 0);
	finish();
}
END_TEST

START_TEST(a_dial_can_be_taken_back)
{
	struct end *a;

	start(_i);
	for (int turns = 0; turns < 4; turns++) {
		a = dial((size_t)turns);
		for (int i = 0; i < turns; i++)
			tp_loop_turn(loop, 0);
		transport->ops->close(transport->impl, a->wire, turns % 2);
		until(&a->closed, 1);
	}
	finish();
}
END_TEST

START_TEST(destroying_with_wires_and_traffic_is_clean)
{
	struct end *a;

	echo_accepted = true;
	start(_i);
	a = connect_one();
	for (uint32_t i = 0; i < 100; i++)
		ck_assert_int_eq(send_number(a, i, 1000), 0);
	tp_loop_turn(loop, 0);
	dial(1);
	finish();
	ck_assert_uint_eq(a->closed, 0);
}
END_TEST

START_TEST(connections_churn)
{
	size_t done = 0, next = 0;

	start(_i);
	for (int turn = 0; turn < TURNS_MAX && done < 200; turn++) {
		while (next < 200 && next - done < 20) {
			dial(next)->echo = false;
			next++;
		}
		tp_loop_turn(loop, 5 * TP_SEC);
		done = 0;
		for (size_t i = 0; i < next; i++) {
			struct end *end = &ends[i * 2];

			done += end->closed;
			if (end->wire == NULL || end->opened == 0)
				continue;
			if (end->next++ == 0)
				send_number(end, 0, 64 * (i % 7) + 4);
			else
				transport->ops->close(
					transport->impl, end->wire, i % 3 != 0);
		}
	}
	ck_assert_uint_eq(done, 200);
	for (size_t i = 0; i < n_accepted; i++)
		until(&ends[i * 2 + 1].closed, 1);
	finish();
}
END_TEST

/* Bytes from a bare socket of another kind of client. */
static int raw_connect(void);

START_TEST(strangers_are_closed_with_a_reason)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd;
	char buf[512] = "";
	size_t len = 0;
	ssize_t n;

	start(_i);
	if (strstr(url, "tcp://127") == NULL) {
		finish();
		return;
	}
	fd = raw_connect();
	ck_assert_int_eq(write(fd, request, sizeof request - 1), sizeof request - 1);
	until(&n_refused, 1);
	ck_assert_msg(strstr(refused_why.text, "HTTP") != NULL, "%s", refused_why.text);
	ck_assert_uint_eq(n_accepted, 0);
	/* An answer in HTTP, which is what it speaks, and then the end. */
	while (len < sizeof buf - 1 &&
		(n = read(fd, buf + len, sizeof buf - 1 - len)) > 0)
		len += (size_t)n;
	ck_assert_msg(strncmp(buf, "HTTP/1.1 400 ", 13) == 0, "%s", buf);
	ck_assert_ptr_nonnull(strstr(buf, "native protocol"));
	close(fd);
	finish();
}
END_TEST

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int raw_connect(void)
{
	const char *to = transport->ops->listener_url(transport->impl, listener);
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)atoi(strrchr(to, ':') + 1));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static size_t frames_in_all(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_accepted; i++)
		n += ends[i * 2 + 1].frames;
	return n;
}

/* However many strangers have something to say, a turn of the loop hears a few of them. */
START_TEST(strangers_do_not_fill_a_turn)
{
	static const uint8_t hello[] = { 0, 'S', 'P', 0, 0, 0x10, 0, 0 };
	static const uint8_t frame[] = { 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0 };
	enum { STRANGERS = 200, IN_A_TURN = 4 };
	int fds[STRANGERS];
	size_t before = 0, now = 0;

	start(_i);
	if (strncmp(url, "tcp://127", 9) != 0) {
		finish();
		return;
	}
	for (int i = 0; i < STRANGERS; i++) {
		fds[i] = raw_connect();
		ck_assert_int_eq(write(fds[i], hello, sizeof hello), sizeof hello);
	}
	until(&n_accepted, STRANGERS);
	for (int i = 0; i < STRANGERS; i++)
		ck_assert_int_eq(write(fds[i], frame, sizeof frame), sizeof frame);
	for (int i = 0; i < TURNS_MAX && now < STRANGERS; i++) {
		before = now;
		tp_loop_turn(loop, 5 * TP_SEC);
		now = frames_in_all();
		ck_assert_uint_le(now - before, IN_A_TURN);
	}
	ck_assert_uint_eq(now, STRANGERS);
	for (int i = 0; i < STRANGERS; i++)
		close(fds[i]);
	finish();
}
END_TEST

START_TEST(running_out_of_descriptors_is_survived)
{
	struct rlimit old, few = { 64, 64 };
	struct rusage before, after;
	int fds[64], n = 0;
	struct end *a;

	start(_i);
	if (strstr(url, "tcp://127") == NULL) {
		finish();
		return;
	}
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	fds[n++] = raw_connect();
	while (n < 64 && (fds[n] = dup(fds[0])) >= 0)
		n++;
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 10; i++)
		tp_loop_turn(loop, 30 * TP_MSEC);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt((after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
			after.ru_utime.tv_usec - before.ru_utime.tv_usec,
		100000);
	setrlimit(RLIMIT_NOFILE, &old);
	while (n > 0)
		close(fds[--n]);
	a = connect_one();
	ck_assert_int_eq(send_number(a, 0, 100), 0);
	until(&ends[1].frames, 1);
	finish();
}
END_TEST

START_TEST(addresses_that_cannot_work_are_refused)
{
	static const char *const bad[] = { "unix://relative", "plain+tcp://127.0.0.1",
		"plain+tcp://name.example:1", "plain+tcp://127.0.0.1:70000",
		"carrier-pigeon://x", "nonsense", "tcp://" };
	struct tp_listen spec = { .accept = on_accept, .limits = limits };
	struct tp_listener *other;
	struct end *a = &ends[0];
	struct tp_error err;

	start(0);
	for (size_t i = 0; i < TP_COUNT(bad); i++) {
		spec.url = bad[i];
		err.text[0] = '\0';
		ck_assert_int_lt(
			transport->ops->listen(transport->impl, &spec, &other, &err), 0);
		ck_assert(err.text[0] != '\0');
		err.text[0] = '\0';
		ck_assert_int_lt(transport->ops->dial(transport->impl, bad[i], &limits,
					 &handler, a, &a->wire, &err),
			0);
		ck_assert(err.text[0] != '\0');
	}
	spec.url = url;
	ck_assert_int_eq(transport->ops->listen(transport->impl, &spec, &other, &err),
		-EADDRINUSE);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transport");
	TCase *tc = tcase_create("transport");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, frames_go_both_ways, 0, N_KINDS);
	tcase_add_loop_test(tc, the_peer_is_known, 0, N_KINDS);
	tcase_add_loop_test(tc, many_frames_come_back_in_order, 0, N_KINDS);
	tcase_add_loop_test(tc, big_frames_survive, 0, N_KINDS);
	tcase_add_loop_test(tc, a_frame_over_the_limit_ends_the_wire, 0, N_KINDS);
	tcase_add_loop_test(tc, a_slow_reader_meets_the_limits, 0, N_KINDS);
	tcase_add_loop_test(tc, pausing_loses_nothing, 0, N_KINDS);
	tcase_add_loop_test(tc, a_flushed_close_delivers_what_was_queued, 0, N_KINDS);
	tcase_add_loop_test(
		tc, a_close_in_mid_traffic_is_said_once_on_each_side, 0, N_KINDS);
	tcase_add_loop_test(tc, dialling_nobody_closes, 0, N_KINDS);
	tcase_add_loop_test(tc, a_dial_can_be_taken_back, 0, N_KINDS);
	tcase_add_loop_test(tc, destroying_with_wires_and_traffic_is_clean, 0, N_KINDS);
	tcase_add_loop_test(tc, connections_churn, 0, N_KINDS);
	tcase_add_loop_test(tc, strangers_are_closed_with_a_reason, 0, N_KINDS);
	tcase_add_loop_test(tc, strangers_do_not_fill_a_turn, 0, N_KINDS);
	tcase_add_loop_test(tc, running_out_of_descriptors_is_survived, 0, N_KINDS);
	tcase_add_test(tc, addresses_that_cannot_work_are_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
