/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses strangers can reach, and who can be asked who he is. */
#include "tepui/listen.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tepui/kind/authenticator.h"

static const struct {
	const char *url;
	bool is_local;
} rows[] = {
	{ "tcp://127.0.0.1:5060", true },
	{ "tcp://127.1.2.3:0", true },
	{ "tls+tcp://127.0.0.1:5060", true },
	{ "tcp://localhost:5060", true },
	{ "tcp://[::1]:5060", true },
	{ "127.0.0.1:5060", true },
	{ "ipc:///run/tepui/master.sock", true },
	{ "unix:///run/tepui/master.sock", true },
	{ "abstract://tepui", true },
	{ "ipc:///run/my-tcp/master.sock", true },
	{ "unix:///run/tcp://10.0.0.1/master.sock", true },
	{ "plain+tcp://127.0.0.1:5060", true },
	{ "tcp://0.0.0.0:5060", false },
	{ "tcp://10.0.0.1:5060", false },
	{ "tls+tcp://10.0.0.1:5060", false },
	{ "tcp://[::]:5060", false },
	{ "tcp://[fe80::1]:5060", false },
	{ "tcp://:5060", false },
	{ "tcp://127.evil.example:5060", false },
	{ "tcp://localhost.example:5060", false },
	{ "tcp://a-name-that-is-longer-than-any-address-of-ip-could-be.example:1",
		false },
	{ "0.0.0.0:5060", false },
	{ "plain+tcp://0.0.0.0:5060", false },
	{ "tcp://[127.0.0.1]@0.0.0.0:5060", false },
	{ "tcp://[::1]@[::]:5060", false },
	{ "tcp://::1:5060", false },
	{ "tcp://[::1].example:5060", false },
	{ "tcp://[::1", false },
	{ "tcp://127.0.0.1@0.0.0.0:5060", false },
	{ "tcp://127.0.0.1:1@0.0.0.0:5060", false },
	{ "tcp://localhost:5060/@0.0.0.0", false },
	{ "sctp://127.0.0.1:5060", false },
	{ "ws+ipc://x", false },
	{ "", false },
};

START_TEST(reach_rows)
{
	ck_assert_msg(tp_listen_is_local(rows[_i].url) == rows[_i].is_local, "%s",
		rows[_i].url);
}
END_TEST

START_TEST(hosts_are_found)
{
	char host[16];

	ck_assert(tp_listen_host("tcp://10.0.0.1:5061", host, sizeof host));
	ck_assert_str_eq(host, "10.0.0.1");
	ck_assert(tp_listen_host("tls+tcp://[::1]:5061", host, sizeof host));
	ck_assert_str_eq(host, "::1");
	ck_assert(tp_listen_host("tcp://host", host, sizeof host));
	ck_assert_str_eq(host, "host");
	ck_assert(!tp_listen_host("ipc:///run/x", host, sizeof host));
	ck_assert(!tp_listen_host("ipc:///run/tcp", host, sizeof host));
	ck_assert(!tp_listen_host("tcp://[::1]x:5061", host, sizeof host));
	ck_assert(!tp_listen_host("tcp://longer-than-sixteen:1", host, sizeof host));
}
END_TEST

START_TEST(a_socket_of_this_machine_knows_its_own)
{
	struct tp_peer_info info = { .wire = { .local = true, .uid = geteuid() } };
	struct tp_error err = { 0 };

	ck_assert(tp_listen_is_own(&info.wire));
	ck_assert_int_eq(tp_listen_admit(&info, &err), 0);
	info.wire.uid = 0;
	ck_assert(tp_listen_is_own(&info.wire));
	info.wire.uid = geteuid() + 1;
	ck_assert(!tp_listen_is_own(&info.wire));
	ck_assert_int_eq(tp_listen_admit(&info, &err), -EACCES);
	ck_assert_ptr_nonnull(strstr(err.text, "others must authenticate"));
	info.wire.uid = (uid_t)-1;
	ck_assert_int_eq(tp_listen_admit(&info, &err), -EACCES);
	info.principal = "ops";
	ck_assert_int_eq(tp_listen_admit(&info, &err), 0);
}
END_TEST

START_TEST(elsewhere_uids_say_nothing)
{
	struct tp_peer_info info = { .wire = { .uid = geteuid() } };
	struct tp_error err = { 0 };

	ck_assert(!tp_listen_is_own(&info.wire));
	ck_assert_int_eq(tp_listen_admit(&info, &err), 0);
}
END_TEST

START_TEST(another_host_is_advertised)
{
	struct tp_arena *arena = tp_arena_create(0);

	ck_assert_str_eq(tp_listen_advertised(arena, "tcp://0.0.0.0:5061", "10.0.0.7"),
		"tcp://10.0.0.7:5061");
	ck_assert_str_eq(
		tp_listen_advertised(arena, "tls+tcp://0.0.0.0:5061", "10.0.0.7"),
		"tls+tcp://10.0.0.7:5061");
	ck_assert_str_eq(tp_listen_advertised(arena, "tls+tcp://[::]:1", "fd00::7"),
		"tls+tcp://[fd00::7]:1");
	ck_assert_str_eq(tp_listen_advertised(arena, "ipc:///run/a.sock", "10.0.0.7"),
		"ipc:///run/a.sock");
	tp_arena_destroy(arena);
}
END_TEST

static bool answer(void *impl)
{
	return *(bool *)impl;
}

START_TEST(a_usable_authenticator_is_needed)
{
	static const struct tp_authenticator_ops ops = { .usable = answer };
	bool no = false, yes = true;
	const struct tp_service_item items[] = {
		{ .service = { &ops, &no }, .key = "A", .instance = "a" },
		{ .service = { &ops, &yes }, .key = "B", .instance = "b" },
	};
	struct tp_services services = { items, 0 };

	ck_assert(!tp_listen_can_authenticate(&services));
	services.n = 1;
	ck_assert(!tp_listen_can_authenticate(&services));
	services.n = 2;
	ck_assert(tp_listen_can_authenticate(&services));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listen");
	TCase *tcase = tcase_create("listen");
	SRunner *runner;
	int n_failed;

	tcase_add_loop_test(tcase, reach_rows, 0, (int)TP_COUNT(rows));
	tcase_add_test(tcase, hosts_are_found);
	tcase_add_test(tcase, a_socket_of_this_machine_knows_its_own);
	tcase_add_test(tcase, elsewhere_uids_say_nothing);
	tcase_add_test(tcase, another_host_is_advertised);
	tcase_add_test(tcase, a_usable_authenticator_is_needed);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed != 0;
}
