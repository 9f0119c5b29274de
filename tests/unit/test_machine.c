/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent offers by itself: after given sizes, and that this machine has some.
 */
#include "tepui/machine.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GB (UINT64_C(1) << 30)

static const struct {
	struct tp_machine_size machine;
	const char *text, *role, *printed;
} rows[] = {
	{ { 8, 16 * GB, 100 * GB }, NULL, NULL,
		"cpus:8; mem:15360; disk:97280; ports:[31000-32000]" },
	{ { 2, GB, 8 * GB }, "", "*", "cpus:2; mem:512; disk:4096; ports:[31000-32000]" },
	{ { 2, 2 * GB, 10 * GB }, "", NULL,
		"cpus:2; mem:1024; disk:5120; ports:[31000-32000]" },
	{ { 0, 0, 0 }, NULL, NULL, "cpus:1; mem:1024; disk:10240; ports:[31000-32000]" },
	{ { 8, 4 * GB, 20 * GB }, "cpus:4", NULL,
		"cpus:4; mem:3072; disk:15360; ports:[31000-32000]" },
	{ { 8, 4 * GB, 20 * GB }, "cpus(r):1;mem:0;ports:[]", NULL,
		"cpus(r):1; disk:15360" },
	{ { 8, 4 * GB, 20 * GB }, "tapes:2;disk:1;mem:1", "r",
		"tapes(r):2; disk(r):1; mem(r):1; cpus(r):8; ports(r):[31000-32000]" },
};

START_TEST(detection_rows)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_error err = { 0, "" };

	ck_assert_msg(tp_machine_resources(&rows[_i].machine, rows[_i].text,
			      rows[_i].role, &r, &err) == 0,
		"%s", err.text);
	tp_resources_print(&r, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), rows[_i].printed);
}
END_TEST

START_TEST(bad_text_is_refused)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_machine_size machine = { 1, GB, GB };
	struct tp_error err = { 0, "" };

	ck_assert_int_lt(tp_machine_resources(&machine, "cpus:x", NULL, &r, &err), 0);
	ck_assert_str_ne(err.text, "");
	ck_assert(tp_resources_empty(&r));
}
END_TEST

START_TEST(resources_may_be_in_a_file)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_machine_size machine = { 8, 4 * GB, 20 * GB };
	char path[] = "/tmp/test_machine.XXXXXX", url[64] = "file://";
	static const char text[] = "cpus:4;mem:16;disk:7;ports:[]\n";
	struct tp_error err = { 0, "" };
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
	strcat(url, path);
	for (int i = 0; i < 2; i++) {
		tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;

		ck_assert_msg(tp_machine_resources(
				      &machine, i == 0 ? url : path, NULL, &r, &err) == 0,
			"%s", err.text);
		tp_resources_print(&r, &out);
	}
	ck_assert_str_eq(
		tp_strbuf_text(&out), "cpus:4; mem:16; disk:7cpus:4; mem:16; disk:7");
	close(fd);
	unlink(path);
	for (int i = 0; i < 2; i++) {
		tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;

		ck_assert_int_eq(tp_machine_resources(
					 &machine, i == 0 ? url : path, NULL, &r, &err),
			-ENOENT);
		ck_assert_ptr_nonnull(strstr(err.text, path));
	}
}
END_TEST

START_TEST(this_machine_has_something)
{
	struct tp_machine_size machine;

	tp_machine_measure("/", &machine);
	ck_assert_uint_ge(machine.cpus, 1);
	ck_assert_uint_gt(machine.mem_bytes, 0);
	ck_assert_uint_gt(machine.disk_bytes, 0);
	tp_machine_measure("/does/not/exist", &machine);
	ck_assert_uint_eq(machine.disk_bytes, 0);
}
END_TEST

static const struct {
	const char *ip, *command, *want; /* want: the IP, or part of the error */
	bool fine;
} ips[] = {
	{ NULL, NULL, NULL, true },
	{ "", "", NULL, true },
	{ "10.0.0.7", NULL, "10.0.0.7", true },
	{ "fe80::1", "", "fe80::1", true },
	{ NULL, "echo ' 10.1.2.3 '", "10.1.2.3", true },
	{ "10.0.0.7", "echo 10.1.2.3", "give only one", false },
	{ "10.0.0", NULL, "'10.0.0' is not an IP address", false },
	{ "host", NULL, "'host' is not an IP address", false },
	{ NULL, "echo nonsense", "it printed 'nonsense'", false },
	{ NULL, "true", "it printed ''", false },
	{ NULL, "exit 3", "failed (status 3)", false },
	{ NULL, "yes", "too long", false },
};

START_TEST(an_address_is_given_or_discovered)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = { 0 };
	const char *ip = NULL;
	int r = tp_machine_ip(ips[_i].ip, ips[_i].command, arena, &ip, &err);

	if (ips[_i].fine) {
		ck_assert_int_eq(r, 0);
		ck_assert(tp_streq(ip, ips[_i].want));
	} else {
		ck_assert_int_lt(r, 0);
		ck_assert_msg(strstr(err.text, ips[_i].want) != NULL, "%s", err.text);
	}
	tp_arena_destroy(arena);
}
END_TEST

START_TEST(addresses_become_urls)
{
	struct tp_arena *arena = tp_arena_create(0);

	ck_assert_str_eq(tp_machine_url(arena, "10.0.0.7", 5060), "tcp://10.0.0.7:5060");
	ck_assert_str_eq(tp_machine_url(arena, "::1", 1), "tcp://[::1]:1");
	tp_arena_destroy(arena);
}
END_TEST

static const struct {
	const char *ip;
	bool lookup;
	const char *want; /* NULL = the machine's own name */
} hostnames[] = {
	{ "127.0.0.1", true, "localhost" },
	{ "127.0.0.1", false, "127.0.0.1" },
	{ "::1", true, "localhost" },
	{ "192.0.2.1", false, "192.0.2.1" },
	{ "2001:db8::1", false, "2001:db8::1" },
	{ "0.0.0.0", true, NULL },
	{ "0.0.0.0", false, NULL },
	{ "::", true, NULL },
	{ "no-address", true, NULL },
	{ NULL, true, NULL },
};

START_TEST(a_hostname_comes_from_the_address)
{
	struct tp_arena *arena = tp_arena_create(0);
	char own[256] = "";

	ck_assert_int_eq(gethostname(own, sizeof(own) - 1), 0);
	ck_assert_str_eq(
		tp_machine_hostname(hostnames[_i].ip, hostnames[_i].lookup, arena),
		hostnames[_i].want != NULL ? hostnames[_i].want : own);
	tp_arena_destroy(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("machine");
	TCase *tc = tcase_create("machine");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, detection_rows, 0, TP_COUNT(rows));
	tcase_add_test(tc, bad_text_is_refused);
	tcase_add_test(tc, resources_may_be_in_a_file);
	tcase_add_test(tc, this_machine_has_something);
	tcase_add_loop_test(tc, an_address_is_given_or_discovered, 0, TP_COUNT(ips));
	tcase_add_test(tc, addresses_become_urls);
	tcase_add_loop_test(
		tc, a_hostname_comes_from_the_address, 0, TP_COUNT(hostnames));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
