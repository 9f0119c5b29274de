/* SPDX-License-Identifier: Apache-2.0 */
/* isolator-posix: what a container uses, measured on real children in a session of their own. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/kind/isolator.h"
#include "tepui/process.h"
#include "tepui/record.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"

extern const struct tp_module tp_module;

static struct test_host host;
static const struct tp_isolator_ops *ops;
static struct tp_arena *arena;

static void setup(void)
{
	memset(&host, 0, sizeof(host));
	test_host_start(&host, &tp_module, NULL);
	ops = test_host_ops(&tp_module);
	arena = tp_arena_create(0);
}

static void teardown(void)
{
	tp_arena_destroy(arena);
	test_host_stop(&host);
}

/* Starts a shell in a new session; returns when its script has written one byte. */
static pid_t start(const char *script)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		dup2(ready[1], 1);
		close(ready[0]);
		close(ready[1]);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(-pid, SIGKILL); /* its group: the script left nobody in another one */
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static const struct tp_resource_statistics *usage(pid_t pid)
{
	struct tp_resource_statistics *statistics =
		tp_record_new(&tp_resource_statistics_desc, arena);

	ck_assert_int_eq(
		ops->usage(test_host_impl(&host), "c", pid, statistics, arena, NULL), 0);
	return statistics;
}

/* One child burns time and is reaped, one lives: both count, each once. */
START_TEST(a_busy_child)
{
	pid_t pid = start("sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; "
			  "sleep 30 & echo; wait");
	const struct tp_resource_statistics *s = usage(pid);
	int64_t used_ns = s->cpus_user_time_ns + s->cpus_system_time_ns;

	ck_assert_int_ge(used_ns, 30 * TP_MSEC);
	ck_assert_int_lt(used_ns, 20 * TP_SEC);
	ck_assert_uint_eq(s->processes, 2);
	ck_assert_uint_eq(s->threads, 2);
	ck_assert_uint_gt(s->mem_rss_bytes, 4096);
	ck_assert_uint_lt(s->mem_rss_bytes, 64u * 1024 * 1024);
	end(pid);
}
END_TEST

/* Who starts a session of its own does not leave the container. */
START_TEST(a_session_of_its_own)
{
	pid_t pid = start("setsid sh -c 'echo; sleep 30' & wait");
	const struct tp_resource_statistics *s = usage(pid);

	ck_assert_uint_ge(s->processes, 2);
	tp_process_signal_below(pid, SIGKILL);
	end(pid);
}
END_TEST

START_TEST(nobody)
{
	pid_t pid = start("echo");

	end(pid);
	ck_assert_uint_eq(usage(pid)->processes, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolator_posix");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_busy_child);
	tcase_add_test(tc, a_session_of_its_own);
	tcase_add_test(tc, nobody);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
