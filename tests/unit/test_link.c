/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links over virtual time: when they dial, where they dial, when they give up; and lists of
 * addresses.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/net/url.h"
#include "tests/unit/session_fixture.h"

static struct fixture fixture;
static struct fixture *const f = &fixture;

static void setup(void)
{
	fixture_start(f, NULL);
}

static void teardown(void)
{
	fixture_stop(f);
}

START_TEST(it_hurries_for_a_minute_then_backs_off)
{
	int64_t start, gap, longest = 0, previous = 0;
	struct client *c;
	int hurried = 0, grew = 0;

	c = fixture_client_at(f, 0, "unix:///nonexistent/s", false, NULL);
	start = f->clock.now_ns;
	ck_assert_int_eq(c->downs, 0);
	fixture_settle(f);
	ck_assert_int_eq(c->downs, 1);
	fixture_advance(f, 30 * TP_MIN);
	ck_assert_int_lt(c->downs, (int)TP_COUNT(c->downs_at));
	for (int i = 1; i < c->downs; i++) {
		gap = c->downs_at[i] - c->downs_at[i - 1];
		if (c->downs_at[i - 1] - start < TP_MIN) {
			ck_assert_int_ge(gap, 100 * TP_MSEC);
			ck_assert_int_le(gap, 300 * TP_MSEC);
			hurried++;
		} else {
			ck_assert_int_le(gap, TP_MIN);
			ck_assert_int_ge(gap, 400 * TP_MSEC);
			grew += gap > previous;
			longest = gap > longest ? gap : longest;
		}
		previous = gap;
	}
	ck_assert_int_ge(hurried, 200);
	ck_assert_int_ge(grew, 6);
	ck_assert_int_ge(longest, 45 * TP_SEC);
	ck_assert(!c->was_up);
	ck_assert_int_gt(c->why.code, 0);
}
END_TEST

START_TEST(it_comes_back_when_the_server_does)
{
	struct client *c = fixture_client(f, 0, "agent", "a1", 1, NULL);

	fixture_settle(f);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(c->ups, i + 1);
		tp_server_kick(f->server, f->peers[i], "try again");
		fixture_settle(f);
		ck_assert(!tp_link_is_up(c->link));
		ck_assert(c->was_up);
		fixture_advance(f, 301 * TP_MSEC);
	}
	ck_assert_int_eq(c->ups, 6);
	ck_assert_int_eq(c->downs, 5);
	/* Also long after the first minute it begins in a hurry. */
	fixture_advance(f, TP_HOUR);
	tp_server_kick(f->server, f->peers[5], "try again");
	fixture_advance(f, 301 * TP_MSEC);
	ck_assert_int_eq(c->ups, 7);
}
END_TEST

START_TEST(addresses_are_tried_in_turn)
{
	char urls[256];
	struct client *c;

	snprintf(urls, sizeof urls, "unix:///nonexistent/1, unix:///nonexistent/2,%s",
		f->url);
	c = fixture_client_at(f, 0, urls, false, NULL);
	fixture_advance(f, TP_SEC);
	ck_assert_int_eq(c->downs, 2);
	ck_assert_int_eq(c->ups, 1);
}
END_TEST

START_TEST(a_tool_tries_each_address_once)
{
	char urls[256];
	struct client *c;

	c = fixture_client_at(
		f, 0, "unix:///nonexistent/1,unix:///nonexistent/2", true, NULL);
	fixture_advance(f, TP_MIN);
	ck_assert_int_eq(c->downs, 1);
	snprintf(urls, sizeof urls, "unix:///nonexistent/1,%s", f->url);
	c = fixture_client_at(f, 1, urls, true, NULL);
	fixture_settle(f);
	ck_assert_int_eq(c->ups, 1);
	ck_assert_int_eq(c->downs, 0);
	tp_server_kick(f->server, f->peers[0], "enough");
	fixture_advance(f, TP_MIN);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_int_eq(c->ups, 1);
}
END_TEST

START_TEST(reconnect_dials_at_once)
{
	struct client *c = fixture_client(f, 0, "agent", "", 1, NULL);

	fixture_settle(f);
	tp_link_set_id(c->link, "a7");
	ck_assert_str_eq(tp_server_peer(f->server, f->peers[0])->hello.id, "");
	tp_link_reconnect(c->link);
	ck_assert_int_eq(c->downs, 0);
	fixture_settle(f);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_int_eq(c->ups, 2);
	ck_assert_str_eq(tp_server_peer(f->server, f->peers[1])->hello.id, "a7");
	ck_assert_ptr_null(tp_server_peer(f->server, f->peers[0]));
}
END_TEST

static void write_list(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(a_list_in_a_file_is_read_each_time)
{
	char path[128], urls[160];
	struct client *c;

	snprintf(path, sizeof path, "%.60s/list", f->dir);
	snprintf(urls, sizeof urls, "file://%s", path);
	c = fixture_client_at(f, 0, urls, false, NULL);
	fixture_settle(f);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_msg(strstr(c->why.text, path) != NULL, "%s", c->why.text);
	write_list(path, "unix:///nonexistent/1\n");
	fixture_advance(f, TP_SEC);
	ck_assert_int_eq(c->ups, 0);
	write_list(path, f->url);
	fixture_advance(f, TP_SEC);
	ck_assert_int_eq(c->ups, 1);
	unlink(path);
}
END_TEST

START_TEST(a_handshake_that_hangs_is_given_up)
{
	struct tp_net_limits limits = { .handshake_ns = 2 * TP_SEC };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client *c;
	char url[160];

	/* Nobody accepts here: the connection stands, but nobody greets. */
	snprintf(url, sizeof url, "unix://%.60s/mute", f->dir);
	strcpy(address.sun_path, url + 7);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(fd, 100), 0);
	c = fixture_client_at(f, 0, url, false, &limits);
	fixture_advance(f, TP_SEC);
	ck_assert_int_eq(c->downs, 0);
	fixture_advance(f, 30 * TP_SEC);
	ck_assert_int_eq(c->ups, 0);
	ck_assert_int_ge(c->downs, 8);
	ck_assert_int_eq(c->why.code, ETIMEDOUT);
	close(fd);
	unlink(address.sun_path);
}
END_TEST

START_TEST(lists_of_addresses)
{
	static const struct {
		const char *text, *first;
		size_t n;
	} good[] = {
		{ "127.0.0.1:5060", "tcp://127.0.0.1:5060", 1 },
		{ "master@host.example:5050", "tcp://host.example:5050", 1 },
		{ "tcp://h:1,h:2 , h:3", "tcp://h:1", 3 },
		{ "[::1]:5060", "tcp://[::1]:5060", 1 },
		{ "tls+tcp://h:1", "tls+tcp://h:1", 1 },
		{ "ipc:///run/x", "ipc:///run/x", 1 },
		{ " unix:///x\n", "unix:///x", 1 },
	};
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no address" },
		{ " , ", "no address" },
		{ "host", "HOST:PORT" },
		{ "host:", "HOST:PORT" },
		{ ":5050", "HOST:PORT" },
		{ "host:0", "HOST:PORT" },
		{ "host:65536", "HOST:PORT" },
		{ "host:5050x", "HOST:PORT" },
		{ "tcp://host", "HOST:PORT" },
		{ "::1:5050", "brackets" },
		{ "zk://h:2181/mesos", "ZooKeeper" },
		{ "file:///nonexistent/list", "nonexistent" },
		{ "h:1,zk://user:secret@x:2181/y", "ZooKeeper" },
	};
	struct url_list list;
	struct tp_error err;

	for (size_t i = 0; i < TP_COUNT(good); i++) {
		ck_assert_int_eq(url_list_parse(good[i].text, &list, &err), 0);
		ck_assert_uint_eq(list.n, good[i].n);
		ck_assert_str_eq(list.items[0], good[i].first);
		url_list_fini(&list);
	}
	for (size_t i = 0; i < TP_COUNT(bad); i++) {
		ck_assert_int_lt(url_list_parse(bad[i].text, &list, &err), 0);
		ck_assert_msg(strstr(err.text, bad[i].says) != NULL, "%s: %s",
			bad[i].text, err.text);
		ck_assert_ptr_null(strstr(err.text, "secret"));
	}
}
END_TEST

START_TEST(a_bad_list_is_refused_at_once)
{
	struct tp_link_config config = { .instance = &f->instance,
		.transport = *f->transport,
		.urls = "zk://h:2181/mesos" };
	struct tp_link *link = NULL;
	struct tp_error err;

	ck_assert_int_eq(tp_link_create(&config, &link, &err), -ENOTSUP);
	ck_assert_ptr_null(link);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("link");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_hurries_for_a_minute_then_backs_off);
	tcase_add_test(tc, it_comes_back_when_the_server_does);
	tcase_add_test(tc, addresses_are_tried_in_turn);
	tcase_add_test(tc, a_tool_tries_each_address_once);
	tcase_add_test(tc, reconnect_dials_at_once);
	tcase_add_test(tc, a_list_in_a_file_is_read_each_time);
	tcase_add_test(tc, a_handshake_that_hangs_is_given_up);
	tcase_add_test(tc, lists_of_addresses);
	tcase_add_test(tc, a_bad_list_is_refused_at_once);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
