/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strangers on our port: a stock nng pair0 socket that speaks the protocol by hand, and two
 * processes of ours that exchange calls over nng and over plain sockets.
 */
#include <check.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/net.h"

#define CALLS 500

static struct tp_loop *loop;
static struct tp_transport *transport;
static struct tp_server *server;
static struct tp_link *tp_link;
static struct tp_instance instance = { .topic.name = "test" };
static struct tp_call call;
static int n_opened, n_closed, n_calls, n_answers;

static void on_call(void *user, struct tp_message *message)
{
	(void)user;
	n_calls++;
	ck_assert_int_eq(
		tp_server_reply(server, message->peer, message->call, NULL, NULL, false),
		0);
}

static const struct tp_handler handlers[] = { { 1, 0, NULL, on_call } };

static void on_opened(void *user, uint64_t peer)
{
	(void)user;
	(void)peer;
	n_opened++;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	(void)user;
	(void)peer;
	(void)why;
	n_closed++;
}

static const char *start_server(const char *url, bool plain)
{
	struct tp_server_config config = {
		.instance = &instance,
		.self = { "master", "m1", 7 },
		.handlers = handlers,
		.n_handlers = 1,
		.opened = on_opened,
		.closed = on_closed,
	};
	struct tp_error err = { 0 };

	loop = tp_loop_create(NULL, &err);
	ck_assert_ptr_nonnull(loop);
	instance.loop = loop;
	ck_assert_int_eq((plain ? tp_transport_create_plain : tp_transport_create)(
				 loop, &transport, &err),
		0);
	config.transport = *transport;
	ck_assert_int_eq(tp_server_create(&config, &server, &err), 0);
	ck_assert_msg(tp_server_listen(server, url, 0, &err) == 0, "%s", err.text);
	return tp_server_url(server, 0);
}

static void stop_server(void)
{
	tp_server_destroy(server);
	tp_transport_destroy(transport);
	tp_loop_destroy(loop);
}

/* Sends `bytes`, turns our loop, and expects this answer. */
static void expect(nng_socket socket, const void *bytes, size_t len, const void *answer,
	size_t answer_len)
{
	char buf[256];
	size_t n = 0;
	int r = NNG_EAGAIN;

	/* Until the connection stands it cannot send, and we are the other end. */
	for (int i = 0; i < 2000 && r == NNG_EAGAIN; i++) {
		tp_loop_turn(loop, 5 * TP_MSEC);
		r = nng_send(socket, (void *)(uintptr_t)bytes, len, NNG_FLAG_NONBLOCK);
	}
	ck_assert_int_eq(r, 0);
	r = NNG_EAGAIN;
	for (int i = 0; i < 2000 && r == NNG_EAGAIN; i++) {
		tp_loop_turn(loop, 5 * TP_MSEC);
		n = sizeof buf;
		r = nng_recv(socket, buf, &n, NNG_FLAG_NONBLOCK);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(n, answer_len);
	ck_assert_mem_eq(buf, answer, n);
}

START_TEST(a_stock_pair0_socket_is_a_peer)
{
	static const uint8_t hello[] = { 0x94, 1, 1, 1, 0x93, 0xa1, 'x', 0xa1, 'y', 2 };
	static const uint8_t ready[] = { 0x94, 3, 1, 0, 0x94, 0xa6, 'm', 'a', 's', 't',
		'e', 'r', 0xa2, 'm', '1', 7, 0xc0 };
	static const uint8_t ask[] = { 0x94, 5, 9, 1, 0xc0 };
	static const uint8_t reply[] = { 0x94, 6, 9, 0, 0xc0 };
	char dir[] = "/tmp/test_interop.XXXXXX", url[64];
	nng_socket socket;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(url, sizeof url, "%s%s",
		_i == 0           ? "tcp://127.0.0.1:0"
			: _i == 1 ? "ipc://"
				  : "unix://",
		_i == 0 ? "" : dir);
	if (_i > 0)
		strcat(url, "/s");
	start_server(url, false);
	snprintf(url, sizeof url, "%s%s", _i == 2 ? "ipc" : "",
		tp_server_url(server, 0) + (_i == 2 ? 4 : 0));
	ck_assert_int_eq(nng_pair0_open(&socket), 0);
	ck_assert_int_eq(nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK), 0);
	expect(socket, hello, sizeof hello, ready, sizeof ready);
	expect(socket, ask, sizeof ask, reply, sizeof reply);
	expect(socket, "\x91\x0a", 2, "\x94\x0b\x00\x00\xc0", 5);
	ck_assert_int_eq(n_opened, 1);
	nng_close(socket);
	for (int i = 0; i < 2000 && n_closed == 0; i++)
		tp_loop_turn(loop, 5 * TP_MSEC);
	ck_assert_int_eq(n_closed, 1);
	stop_server();
	rmdir(dir);
}
END_TEST

/* --- two processes --------------------------------------------------------------------- */

static void ask_again(struct tp_call *c, const struct tp_reply *reply)
{
	struct tp_error err = { 0 };

	if (reply->status < 0) {
		tp_loop_stop(loop, 2);
	} else if (++n_answers == CALLS) {
		tp_loop_stop(loop, 0);
	} else if (tp_link_call(tp_link, c, 1, NULL, NULL, 10 * TP_SEC, &err) < 0) {
		tp_loop_stop(loop, 3);
	}
}

static void on_up(void *user, const struct tp_hello *who)
{
	(void)user;
	(void)who;
	call.done = ask_again;
	if (tp_link_call(tp_link, &call, 1, NULL, NULL, 10 * TP_SEC, NULL) < 0)
		tp_loop_stop(loop, 4);
}

/* What this program does when it is given an address: the other process. */
static int client_main(const char *url)
{
	struct tp_link_config config = { .instance = &instance,
		.self = { "scheduler", "", 1 },
		.urls = url,
		.up = on_up };
	struct tp_error err = { 0 };
	int status;

	loop = tp_loop_create(NULL, &err);
	instance.loop = loop;
	if (tp_transport_create(loop, &transport, &err) < 0)
		return 5;
	config.transport = *transport;
	if (tp_link_create(&config, &tp_link, &err) < 0)
		return 6;
	alarm(60);
	status = tp_loop_run(loop);
	tp_link_destroy(tp_link);
	tp_transport_destroy(transport);
	tp_loop_destroy(loop);
	return status;
}

static char program[256];

START_TEST(two_processes_exchange_calls)
{
	char dir[] = "/tmp/test_interop.XXXXXX", url[64];
	int status;
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(url, sizeof url, "%s%s", _i == 0 ? "tcp://127.0.0.1:0" : "unix://",
		_i == 0 ? "" : dir);
	if (_i > 0)
		strcat(url, "/s");
	start_server(url, _i > 0);
	snprintf(url, sizeof url, "%s", tp_server_url(server, 0));
	pid = fork();
	if (pid == 0) {
		execl(program, program, url, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 100000 && n_closed == 0; i++)
		tp_loop_turn(loop, 100 * TP_MSEC);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(n_calls, CALLS);
	ck_assert_int_eq(n_closed, 1);
	stop_server();
	rmdir(dir);
}
END_TEST

int main(int argc, char **argv)
{
	SRunner *runner;
	Suite *suite;
	TCase *tc;
	int failed;

	if (argc > 1)
		return client_main(argv[1]);
	suite = suite_create("interop");
	tc = tcase_create("interop");
	if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
		return 1;
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_stock_pair0_socket_is_a_peer, 0, 3);
	tcase_add_loop_test(tc, two_processes_exchange_calls, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
