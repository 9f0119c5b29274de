/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheduler driver is told by its options and the environment, and what it says of mistakes. */
#include <check.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/tmpdir.h"
#include "tests/unit/scheduler_fixture.h"

static struct scheduler_fixture fixture;
static struct scheduler_fixture *const f = &fixture;
static struct tp_error err;

static void setup(void)
{
	static const char *const names[] = { "MASTER", "CREDENTIAL", "AUTHENTICATEE",
		"REGISTRATION_BACKOFF_FACTOR", "AUTHENTICATION_BACKOFF_FACTOR",
		"AUTHENTICATION_TIMEOUT", "AUTHENTICATION_TIMEOUT_MIN",
		"AUTHENTICATION_TIMEOUT_MAX" };
	char key[64];

	for (size_t i = 0; i < TP_COUNT(names); i++) {
		snprintf(key, sizeof key, "TEPUI_%s", names[i]);
		unsetenv(key);
		snprintf(key, sizeof key, "MESOS_%s", names[i]);
		unsetenv(key);
	}
	scheduler_fixture_start(f);
}

static void teardown(void)
{
	scheduler_fixture_stop(f);
}

static int create(const char *master)
{
	static const struct tp_scheduler none;
	const struct tp_scheduler_place place = { .loop = f->loop,
		.transport = *fake_transport_get(f->transport) };
	struct tp_framework_info info = { .name = "n" };
	const struct tp_scheduler_options options = {
		.scheduler = &none, .framework = &info, .master = master
	};

	tp_scheduler_driver_destroy(f->driver);
	f->driver = NULL;
	err.text[0] = '\0';
	return tp_scheduler_driver_create_at(&options, &place, &f->driver, &err);
}

static void expect_bad(const char *master, const char *text)
{
	ck_assert_int_lt(create(master), 0);
	ck_assert_str_eq(err.text, text);
	ck_assert_ptr_null(f->driver);
}

static void subscribe(void)
{
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_RUNNING);
	scheduler_fixture_advance(f, TP_SEC);
}

START_TEST(addresses_of_the_master)
{
	static const char *const good[] = { "h:5060", "master@h:5060", "tcp://h:5060",
		"tls+tcp://h:5060", "[::1]:5060", "master@[fe80::1]:5060",
		"h1:5060,h2:5060, tcp://h3:5060", "file:///nonexistent/later" };

	for (size_t i = 0; i < TP_COUNT(good); i++)
		ck_assert_msg(create(good[i]) == 0, "%s: %s", good[i], err.text);
	expect_bad("h", "master: 'h' is not HOST:PORT with a port from 1 to 65535");
	expect_bad("h:0", "master: 'h:0' is not HOST:PORT with a port from 1 to 65535");
	expect_bad("h1:5060,h2:port",
		"master: 'h2:port' is not HOST:PORT with a port from 1 to 65535");
	expect_bad("::1:5060",
		"master: '::1:5060': an IPv6 address stands in brackets, "
		"like [::1]:5060");
	expect_bad(",", "master: no address in ','");
	expect_bad(NULL,
		"a scheduler driver needs the master's address, like "
		"127.0.0.1:5060, in its options or in TEPUI_MASTER");
}
END_TEST

START_TEST(zookeeper_is_refused_after_it_was_read)
{
	static const char none[] = "master: zk://: there is no module for ZooKeeper yet; "
				   "give the masters as HOST:PORT,HOST:PORT or "
				   "file:///PATH";

	expect_bad("zk://h/mesos", none);
	expect_bad("zk://user:secret@h1:2181,[::1]:2181/a/b", none);
	expect_bad("zk://h1:2181,h2:x/mesos",
		"master: zk://: server 'h2': its port is not a number from 1 to 65535");
	expect_bad("zk://u@h/mesos",
		"master: zk://: user 'u' has no password: write USER:PASSWORD@");
	expect_bad("zk://h:2181",
		"master: zk://: there is no path: write "
		"zk://HOST:PORT,HOST:PORT/PATH");
	setenv("MESOS_MASTER", "zk://h1,,h2/mesos", 1);
	expect_bad(NULL,
		"MESOS_MASTER: zk://: a server has no name: write "
		"HOST:PORT,HOST:PORT");
}
END_TEST

START_TEST(the_master_comes_from_the_environment)
{
	setenv("MESOS_MASTER", f->masters[1].url, 1);
	ck_assert_msg(create(NULL) == 0, "%s", err.text);
	subscribe();
	ck_assert_int_eq(f->masters[1].n_subscribes, 1);
	/* Our own name is stronger, and an option stronger still; empty is unset. */
	setenv("TEPUI_MASTER", f->masters[0].url, 1);
	ck_assert_int_eq(create(""), 0);
	subscribe();
	ck_assert_int_eq(f->masters[0].n_subscribes, 1);
	ck_assert_int_eq(create(f->masters[1].url), 0);
	subscribe();
	ck_assert_int_eq(f->masters[1].n_subscribes, 2);
	setenv("TEPUI_MASTER", "", 1);
	ck_assert_int_eq(create(NULL), 0);
	subscribe();
	ck_assert_int_eq(f->masters[1].n_subscribes, 3);
}
END_TEST

START_TEST(an_empty_user_is_the_calling_one)
{
	tp_cleanup(ptr) char *user = NULL;
	tp_cleanup(ptr) char *host = NULL;
	char name[256];

	ck_assert_int_eq(gethostname(name, sizeof name), 0);
	user = tp_asprintf("'user':'%s'", getpwuid(geteuid())->pw_name);
	host = tp_asprintf("'hostname':'%s'", name);
	ck_assert_int_eq(create(f->masters[0].url), 0);
	subscribe();
	ck_assert_ptr_nonnull(strstr(tp_strbuf_text(&f->masters[0].heard), user));
	expect_heard_parts(&f->masters[0], host);
	tp_scheduler_driver_destroy(f->driver);
	scheduler_fixture_subscribe(
		f, "{'user':'','name':'n','hostname':''}", false, false);
	fake_master_hang_up(&f->masters[0]);
	scheduler_fixture_advance(f, TP_SEC);
	ck_assert_ptr_nonnull(strstr(tp_strbuf_text(&f->masters[0].heard), user));
	expect_heard_parts(&f->masters[0], host);
}
END_TEST

START_TEST(mistakes_of_the_environment_are_named)
{
	struct test_tmpdir dir;
	const char *path;
	FILE *file;

	setenv("MESOS_REGISTRATION_BACKOFF_FACTOR", "1x", 1);
	expect_bad("h:1",
		"MESOS_REGISTRATION_BACKOFF_FACTOR: '1x' is not a duration "
		"(like 500ms, 2s, 10mins, 1.5h)");
	setenv("TEPUI_REGISTRATION_BACKOFF_FACTOR", "0s", 1);
	expect_bad("h:1",
		"TEPUI_REGISTRATION_BACKOFF_FACTOR: '0s' is not longer than "
		"nothing");
	setenv("TEPUI_REGISTRATION_BACKOFF_FACTOR", "2secs", 1);
	setenv("MESOS_AUTHENTICATION_TIMEOUT", "5secs", 1);
	ck_assert_msg(create("h:1") == 0, "%s", err.text);
	setenv("MESOS_AUTHENTICATEE", "kerberos", 1);
	expect_bad("h:1",
		"TEPUI_AUTHENTICATEE: there is no 'kerberos' in this driver, "
		"only 'crammd5'");
	setenv("MESOS_AUTHENTICATEE", "crammd5", 1);
	test_tmpdir_init(&dir);
	path = test_tmpdir_file(&dir, "credential");
	setenv("MESOS_CREDENTIAL", path, 1);
	ck_assert_int_lt(create("h:1"), 0);
	ck_assert_ptr_eq(strstr(err.text, "MESOS_CREDENTIAL: "), err.text);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("principal secret\n", file);
	fclose(file);
	ck_assert_msg(create("h:1") == 0, "%s", err.text);
	test_tmpdir_fini(&dir);
}
END_TEST

/* In the environment of frameworks that hurry less than ours. */
START_TEST(the_backoff_is_as_the_environment_says)
{
	setenv("MESOS_REGISTRATION_BACKOFF_FACTOR", "6secs", 1);
	f->masters[0].refuses_code = EAGAIN;
	f->masters[0].refuses_text = "later";
	ck_assert_int_eq(create(f->masters[0].url), 0);
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_RUNNING);
	scheduler_fixture_advance(f, TP_MIN);
	ck_assert_uint_ge(f->masters[0].n_subscribes, 10);
	ck_assert_uint_le(f->masters[0].n_subscribes, 31);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scheduler_options");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, addresses_of_the_master);
	tcase_add_test(tc, zookeeper_is_refused_after_it_was_read);
	tcase_add_test(tc, the_master_comes_from_the_environment);
	tcase_add_test(tc, an_empty_user_is_the_calling_one);
	tcase_add_test(tc, mistakes_of_the_environment_are_named);
	tcase_add_test(tc, the_backoff_is_as_the_environment_says);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
