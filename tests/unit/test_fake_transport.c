/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport in memory keeps the contract of tepui/transport.h, and does what tests ask of
 * it: refuse, cut, stall. What the real transports are tested for is asked here too.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/clock.h"
#include "tests/lib/fake_transport.h"

#define URL "tcp://127.0.0.1:0"

struct end {
	struct tp_wire *wire;
	int n_opened, n_frames, n_drained, n_closed;
	struct tp_error why;
	char text[256];
	bool echo;
	bool close_on_frame;
};

static struct test_clock test_clock;
static struct tp_loop *loop;
static struct fake_transport *fake;
static const struct tp_transport_ops *ops;
static void *impl;
static struct tp_listener *listener;
static char url[64];
static struct end client, server;
static struct tp_error err;
static bool in_call;
static const struct tp_wire_limits limits = {
	.frame_max_bytes = 100,
	.out_soft_bytes = 100,
	.out_hard_bytes = 200,
	.in_max_bytes = 1000,
};

static int send_text(struct end *end, const char *text)
{
	int r;

	in_call = true;
	r = ops->send(impl, end->wire, text, strlen(text));
	in_call = false;
	return r;
}

static void close_end(struct end *end, bool flush)
{
	in_call = true;
	ops->close(impl, end->wire, flush);
	in_call = false;
}

static void on_opened(void *user, struct tp_wire *wire)
{
	struct end *end = user;

	ck_assert(!in_call);
	ck_assert_ptr_eq(end->wire, wire);
	end->n_opened++;
}

static void on_frame(void *user, struct tp_wire *wire, const uint8_t *data, size_t len)
{
	struct end *end = user;
	size_t at = strlen(end->text);

	ck_assert(!in_call);
	ck_assert_int_eq(end->n_closed, 0);
	end->n_frames++;
	snprintf(end->text + at, sizeof end->text - at, "%.*s ", (int)len,
		(const char *)data);
	if (end->echo)
		ck_assert_int_eq(ops->send(impl, wire, data, len), 0);
	if (end->close_on_frame)
		ops->close(impl, wire, false);
}

static void on_drained(void *user, struct tp_wire *wire)
{
	struct end *end = user;

	ck_assert(!in_call);
	ck_assert_uint_lt(ops->queued_bytes(impl, wire), 100);
	end->n_drained++;
}

static void on_closed(void *user, struct tp_wire *wire, const struct tp_error *why)
{
	struct end *end = user;

	(void)wire;
	ck_assert(!in_call);
	end->wire = NULL;
	end->n_closed++;
	end->why = *why;
}

static const struct tp_wire_handler handler = {
	.opened = on_opened,
	.frame = on_frame,
	.drained = on_drained,
	.closed = on_closed,
};

static void on_accept(void *user, struct tp_wire *wire)
{
	struct end *end = user;

	ck_assert_ptr_null(end->wire);
	end->wire = wire;
	ops->set_handler(impl, wire, &handler, end);
}

static void settle(void)
{
	test_clock_settle(&test_clock, loop);
}

static void dial(struct end *end)
{
	ck_assert_int_eq(
		ops->dial(impl, url, &limits, &handler, end, &end->wire, &err), 0);
	ck_assert_int_eq(end->n_opened + end->n_closed, 0);
}

static void setup(void)
{
	const struct tp_listen spec = {
		.url = URL, .accept = on_accept, .user = &server, .limits = limits
	};

	test_clock_init(&test_clock);
	loop = tp_loop_create(&test_clock.clock, NULL);
	fake = fake_transport_create(loop);
	ops = fake_transport_get(fake)->ops;
	impl = fake_transport_get(fake)->impl;
	memset(&client, 0, sizeof client);
	memset(&server, 0, sizeof server);
	ck_assert_int_eq(ops->listen(impl, &spec, &listener, &err), 0);
	snprintf(url, sizeof url, "%s", ops->listener_url(impl, listener));
	ck_assert_str_ne(url, URL);
}

static void setup_connected(void)
{
	setup();
	dial(&client);
	settle();
	ck_assert_int_eq(client.n_opened, 1);
	ck_assert_ptr_nonnull(server.wire);
}

static void teardown(void)
{
	fake_transport_destroy(fake);
	tp_loop_destroy(loop);
}

START_TEST(frames_go_both_ways_in_order)
{
	server.echo = true;
	ck_assert_int_eq(send_text(&client, "a"), 0);
	ck_assert_int_eq(send_text(&client, ""), 0);
	ck_assert_int_eq(send_text(&client, "c"), 0);
	ck_assert_int_eq(server.n_frames, 0);
	settle();
	ck_assert_str_eq(server.text, "a  c ");
	ck_assert_str_eq(client.text, "a  c ");
	ck_assert_int_eq(server.n_opened, 0);
	ck_assert_uint_eq(fake_transport_wires(fake), 2);
}
END_TEST

START_TEST(nobody_listens_or_all_are_refused)
{
	fake_transport_refuse(fake, url, true);
	dial(&client);
	settle();
	ck_assert_int_eq(client.n_closed, 1);
	ck_assert_int_eq(client.why.code, ECONNREFUSED);
	fake_transport_refuse(fake, url, false);
	client.n_closed = 0;
	dial(&client);
	settle();
	ck_assert_int_eq(client.n_opened, 1);
	ops->unlisten(impl, listener);
	memset(&client, 0, sizeof client);
	dial(&client);
	settle();
	ck_assert_int_eq(client.why.code, ECONNREFUSED);
	/* The connection that stood already still does. */
	ck_assert_int_eq(server.n_closed, 0);
}
END_TEST

START_TEST(an_address_is_taken_once)
{
	struct tp_listen spec = { .url = url, .accept = on_accept, .user = &server };
	struct tp_listener *second = NULL;

	ck_assert_int_eq(ops->listen(impl, &spec, &second, &err), -EADDRINUSE);
	spec.url = URL;
	ck_assert_int_eq(ops->listen(impl, &spec, &second, &err), 0);
	ck_assert_str_ne(ops->listener_url(impl, second), url);
}
END_TEST

START_TEST(limits_are_kept)
{
	char text[93];

	memset(text, 'x', sizeof text);
	text[92] = '\0';
	ck_assert_int_eq(send_text(&client, text), 0);
	ck_assert_int_eq(send_text(&client, text), 0);
	ck_assert_uint_eq(ops->queued_bytes(impl, client.wire), 200);
	ck_assert_int_eq(send_text(&client, ""), -ENOBUFS);
	settle();
	ck_assert_int_eq(server.n_frames, 2);
	ck_assert_int_eq(client.n_drained, 1);
	ck_assert_int_eq(send_text(&client, "short"), 0);
	settle();
	ck_assert_int_eq(client.n_drained, 1);
}
END_TEST

START_TEST(a_frame_that_is_too_long_ends_the_wire)
{
	char text[120];

	memset(text, 'x', sizeof text);
	text[101] = '\0';
	ck_assert_int_eq(send_text(&client, text), 0);
	ck_assert_int_eq(send_text(&client, "y"), 0);
	settle();
	ck_assert_int_eq(server.n_frames, 0);
	ck_assert_int_eq(server.why.code, EMSGSIZE);
	ck_assert_int_eq(client.why.code, ECONNRESET);
	ck_assert_uint_eq(fake_transport_wires(fake), 0);
}
END_TEST

START_TEST(pausing_holds_frames_back)
{
	ops->pause(impl, server.wire, true);
	ck_assert_int_eq(send_text(&client, "a"), 0);
	ck_assert_int_eq(send_text(&server, "b"), 0);
	settle();
	ck_assert_int_eq(server.n_frames, 0);
	ck_assert_str_eq(client.text, "b ");
	ck_assert_uint_eq(ops->queued_bytes(impl, client.wire), 9);
	ops->pause(impl, server.wire, false);
	settle();
	ck_assert_str_eq(server.text, "a ");
}
END_TEST

START_TEST(closing_with_a_flush_delivers_first)
{
	ck_assert_int_eq(send_text(&client, "last"), 0);
	close_end(&client, true);
	ck_assert_int_eq(send_text(&client, "too late"), -EPIPE);
	ck_assert_int_eq(client.n_closed, 0);
	settle();
	ck_assert_str_eq(server.text, "last ");
	ck_assert_int_eq(client.n_closed, 1);
	ck_assert_int_eq(client.why.code, ECANCELED);
	ck_assert_int_eq(server.n_closed, 1);
	ck_assert_int_eq(server.why.code, ECONNRESET);
}
END_TEST

START_TEST(a_flush_lasts_a_second_at_most)
{
	fake_wire_stall(client.wire, true);
	ck_assert_int_eq(send_text(&client, "last"), 0);
	close_end(&client, true);
	test_clock_advance(&test_clock, loop, TP_SEC - 1);
	ck_assert_int_eq(client.n_closed, 0);
	test_clock_advance(&test_clock, loop, 1);
	ck_assert_int_eq(client.why.code, ETIMEDOUT);
	ck_assert_int_eq(server.n_frames, 0);
	ck_assert_int_eq(server.n_closed, 1);
}
END_TEST

START_TEST(a_callback_may_close_its_wire)
{
	server.close_on_frame = true;
	ck_assert_int_eq(send_text(&client, "a"), 0);
	ck_assert_int_eq(send_text(&client, "b"), 0);
	settle();
	ck_assert_str_eq(server.text, "a ");
	ck_assert_int_eq(server.n_closed, 1);
	ck_assert_int_eq(client.n_closed, 1);
}
END_TEST

START_TEST(a_dial_can_be_given_up)
{
	dial(&client);
	close_end(&client, true);
	settle();
	ck_assert_int_eq(client.n_opened, 0);
	ck_assert_int_eq(client.n_closed, 1);
	ck_assert_ptr_null(server.wire);
}
END_TEST

START_TEST(a_cut_loses_what_is_under_way)
{
	ck_assert_int_eq(send_text(&client, "lost"), 0);
	fake_transport_cut(fake, "tcp://elsewhere:1");
	ck_assert_int_eq(fake_transport_wires(fake), 2);
	fake_transport_cut(fake, url);
	ck_assert_int_eq(send_text(&client, "later"), -EPIPE);
	settle();
	ck_assert_int_eq(server.n_frames, 0);
	ck_assert_int_eq(client.why.code, ECONNRESET);
	ck_assert_int_eq(server.why.code, ECONNRESET);
	ck_assert_int_eq(client.n_closed + server.n_closed, 2);
	ck_assert_uint_eq(fake_transport_wires(fake), 0);
}
END_TEST

START_TEST(a_stall_keeps_what_is_under_way)
{
	fake_transport_stall(fake, NULL, true);
	ck_assert_int_eq(send_text(&client, "a"), 0);
	ck_assert_int_eq(send_text(&server, "b"), 0);
	test_clock_advance(&test_clock, loop, TP_HOUR);
	ck_assert_int_eq(server.n_frames + client.n_frames, 0);
	fake_transport_stall(fake, url, false);
	settle();
	ck_assert_str_eq(server.text, "a ");
	ck_assert_str_eq(client.text, "b ");
}
END_TEST

/* All ends are of the one place here: it says nothing, hears nothing, then lives again. */
START_TEST(the_dead_say_nothing)
{
	fake_node_kill(impl, true);
	ck_assert_int_eq(send_text(&client, "last words"), 0);
	settle();
	fake_node_kill(impl, false);
	settle();
	ck_assert_int_eq(server.n_frames, 0);
	ck_assert_int_eq(send_text(&client, "a"), 0);
	settle();
	ck_assert_str_eq(server.text, "a ");
}
END_TEST

START_TEST(the_peer_is_who_the_test_says)
{
	struct tp_wire_peer other = { "10.0.0.7:4", false, 0, 0 };
	struct tp_wire_peer peer;

	ops->peer(impl, server.wire, &peer);
	ck_assert(peer.local);
	fake_wire_set_peer(server.wire, &other);
	ops->peer(impl, server.wire, &peer);
	ck_assert(!peer.local);
	ck_assert_str_eq(peer.address, "10.0.0.7:4");
}
END_TEST

static void add_connected(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup_connected, teardown);
	tcase_add_test(tcase, frames_go_both_ways_in_order);
	tcase_add_test(tcase, limits_are_kept);
	tcase_add_test(tcase, a_frame_that_is_too_long_ends_the_wire);
	tcase_add_test(tcase, pausing_holds_frames_back);
	tcase_add_test(tcase, closing_with_a_flush_delivers_first);
	tcase_add_test(tcase, a_flush_lasts_a_second_at_most);
	tcase_add_test(tcase, a_callback_may_close_its_wire);
	tcase_add_test(tcase, a_cut_loses_what_is_under_way);
	tcase_add_test(tcase, a_stall_keeps_what_is_under_way);
	tcase_add_test(tcase, the_dead_say_nothing);
	tcase_add_test(tcase, the_peer_is_who_the_test_says);
}

int main(void)
{
	Suite *suite = suite_create("fake_transport");
	TCase *fresh = tcase_create("fresh");
	TCase *connected = tcase_create("connected");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_add_checked_fixture(fresh, setup, teardown);
	tcase_add_test(fresh, nobody_listens_or_all_are_refused);
	tcase_add_test(fresh, an_address_is_taken_once);
	tcase_add_test(fresh, a_dial_can_be_given_up);
	suite_add_tcase(suite, fresh);
	add_connected(connected);
	suite_add_tcase(suite, connected);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
