/* SPDX-License-Identifier: Apache-2.0 */
/* zk:// addresses: every part, and every way to get one wrong. */
#include "core/cluster/zk_address.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static struct tp_error err;

static void expect_zk(const char *text, const char *user, const char *password,
	const char *servers, const char *path)
{
	struct zk_address zk;

	ck_assert_msg(zk_address_parse(text, &zk, &err) == 0, "%s", err.text);
	ck_assert(tp_streq(zk.user, user) && tp_streq(zk.password, password));
	ck_assert_str_eq(zk.servers, servers);
	ck_assert_str_eq(zk.path, path);
	zk_address_fini(&zk);
}

static void expect_bad_zk(const char *text, const char *error)
{
	struct zk_address zk;

	ck_assert_int_eq(zk_address_parse(text, &zk, &err), -EINVAL);
	ck_assert_str_eq(err.text, error);
	ck_assert(zk.user == NULL && zk.servers == NULL && zk.path == NULL);
}

START_TEST(good_and_bad_addresses)
{
	expect_zk("zk://h/p", NULL, NULL, "h:2181", "/p");
	expect_zk("zk://h:1,[::1],i:2/a/b/", NULL, NULL, "h:1,[::1]:2181,i:2", "/a/b");
	expect_zk("zk://u:p@h/", "u", "p", "h:2181", "/");
	/* Passwords have what they like in them. */
	expect_zk("zk://u:p:/@q@h:1/x", "u", "p:/@q", "h:1", "/x");
	expect_bad_zk("h:1/p", "the address does not begin with zk://");
	expect_bad_zk("zk://:p@h/x", "zk://: there is no user before ':' or '@'");
	expect_bad_zk(
		"zk://u:@h/x", "zk://: user 'u' has no password: write USER:PASSWORD@");
	expect_bad_zk(
		"zk:///x", "zk://: a server has no name: write HOST:PORT,HOST:PORT");
	expect_bad_zk("zk://h:65536/x",
		"zk://: server 'h': its port is not a number from 1 to 65535");
	expect_bad_zk("zk://::1/x",
		"zk://: a server has no name: write "
		"HOST:PORT,HOST:PORT");
	expect_bad_zk("zk://fe80::1/x",
		"zk://: server 'fe80:...': an IPv6 address stands in brackets, like "
		"[::1]:2181");
	/* The '@' was forgotten. */
	expect_bad_zk("zk://user:secret/x",
		"zk://: server 'user': its port is not a number from 1 to 65535");
	expect_bad_zk("zk://user:sec:ret/x",
		"zk://: server 'user:...': an IPv6 address stands in brackets, like "
		"[::1]:2181");
	expect_bad_zk("zk://[::1/x",
		"zk://: server '[::1': an IPv6 address stands in brackets, like "
		"[::1]:2181");
	expect_bad_zk(
		"zk://h/a//b", "zk://: path '/a//b' has an empty, '.' or '..' part");
	expect_bad_zk("zk://h/a b", "zk://: path '/a b' has blanks in it");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zk_address");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, good_and_bad_addresses);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
