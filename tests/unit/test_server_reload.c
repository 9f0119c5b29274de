/* SPDX-License-Identifier: Apache-2.0 */
/* A server takes new certificates by listening again, and comes back to its address whatever happens. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tepui/net.h"
#include "tests/lib/clock.h"

#define URL "tls+tcp://127.0.0.1:5060"
#define PROBE "tls+tcp://127.0.0.1:0"

/* A transport that only listens. */
struct tp_listener {
	char url[64];
};
static struct {
	int probe_fails, address_fails; /* errno, 0 = no */
	int listening, probes, tries;
	const struct tp_listener *at; /* the address itself */
} transport;

static int stub_listen(void *impl, const struct tp_listen *spec, struct tp_listener **ret,
	struct tp_error *err)
{
	bool is_probe = strcmp(spec->url, PROBE) == 0;
	int code = is_probe ? transport.probe_fails : transport.address_fails;

	(void)impl;
	ck_assert(is_probe || strcmp(spec->url, URL) == 0);
	transport.probes += is_probe;
	transport.tries += !is_probe;
	if (code != 0)
		return tp_fail(err, code, "%s", strerror(code));
	*ret = tp_alloc(sizeof **ret);
	strcpy((*ret)->url, is_probe ? "tls+tcp://127.0.0.1:40000" : URL);
	transport.listening++;
	if (!is_probe)
		transport.at = *ret;
	return 0;
}

static const char *stub_url(void *impl, struct tp_listener *listener)
{
	(void)impl;
	return listener->url;
}

static void stub_unlisten(void *impl, struct tp_listener *listener)
{
	(void)impl;
	transport.listening--;
	if (transport.at == listener)
		transport.at = NULL;
	tp_free(listener);
}

static const struct tp_transport_ops ops = {
	.listen = stub_listen,
	.listener_url = stub_url,
	.unlisten = stub_unlisten,
};

static struct test_clock virtual_time;
static struct tp_instance instance = { .topic.name = "test" };
static struct tp_server *server;

static void setup(void)
{
	struct tp_server_config config = {
		.instance = &instance,
		.transport = { .ops = &ops },
		.self = { "master", "m1", 7 },
	};
	struct tp_error err;

	test_clock_init(&virtual_time);
	instance.loop = tp_loop_create(&virtual_time.clock, NULL);
	ck_assert_int_eq(tp_server_create(&config, &server, &err), 0);
	ck_assert_int_eq(tp_server_listen(server, URL, 0, &err), 0);
}

static void teardown(void)
{
	tp_server_destroy(server);
	ck_assert_int_eq(transport.listening, 0);
	tp_loop_destroy(instance.loop);
}

static void reload(void)
{
	kill(getpid(), SIGHUP);
	test_clock_settle(&virtual_time, instance.loop);
}

START_TEST(new_certificates_at_the_old_address)
{
	reload();
	ck_assert_int_eq(transport.probes, 1);
	ck_assert_int_eq(transport.tries, 2);
	ck_assert_int_eq(transport.listening, 1);
	ck_assert_ptr_nonnull(transport.at);
	ck_assert_str_eq(tp_server_url(server, 0), URL);
}
END_TEST

START_TEST(bad_ones_change_nothing)
{
	const struct tp_listener *before = transport.at;

	transport.probe_fails = EINVAL;
	reload();
	ck_assert_ptr_eq(transport.at, before);
	ck_assert_int_eq(transport.listening, 1);
	test_clock_advance(&virtual_time, instance.loop, TP_MIN);
	ck_assert_int_eq(transport.tries, 1);
}
END_TEST

START_TEST(an_address_that_was_taken_is_tried_until_it_is_free)
{
	transport.address_fails = EADDRINUSE;
	reload();
	ck_assert_ptr_null(transport.at);
	ck_assert_int_eq(transport.listening, 0);
	ck_assert_str_eq(tp_server_url(server, 0), URL);
	/* Another reload meanwhile is nothing else. */
	reload();
	test_clock_advance(&virtual_time, instance.loop, TP_MIN);
	ck_assert_int_gt(transport.tries, 10);
	transport.address_fails = 0;
	test_clock_advance(&virtual_time, instance.loop, 5 * TP_SEC);
	ck_assert_ptr_nonnull(transport.at);
	ck_assert_int_eq(transport.listening, 1);
	reload();
	ck_assert_int_eq(transport.listening, 1);
	ck_assert_str_eq(tp_server_url(server, 0), URL);
}
END_TEST

static void on_stopped(struct tp_done *done, int status)
{
	(void)done;
	ck_assert_int_eq(status, 0);
}

START_TEST(a_server_that_stops_tries_no_more)
{
	struct tp_done done = { .call = on_stopped };
	int tries;

	transport.address_fails = EADDRINUSE;
	reload();
	tp_server_stop(server, &done);
	tries = transport.tries;
	test_clock_advance(&virtual_time, instance.loop, TP_MIN);
	ck_assert_int_eq(transport.tries, tries);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server reload");
	TCase *tc = tcase_create("server reload");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, new_certificates_at_the_old_address);
	tcase_add_test(tc, bad_ones_change_nothing);
	tcase_add_test(tc, an_address_that_was_taken_is_tried_until_it_is_free);
	tcase_add_test(tc, a_server_that_stops_tries_no_more);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
