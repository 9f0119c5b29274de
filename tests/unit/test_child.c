/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes: how they start, what they inherit, how their end is told, and processes that
 * are not ours. Real processes in real time; every wait has an end.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/loop.h"

#define PATIENCE_NS (30 * TP_SEC)

static struct tp_loop *loop;
static struct tp_error err;

struct probe {
	struct tp_child child;
	int n_exited;
	int status;
};

static void on_exited(struct tp_child *child, int wait_status)
{
	struct probe *probe = tp_container_of(child, struct probe, child);

	ck_assert_int_eq(child->pid, 0);
	probe->n_exited++;
	probe->status = wait_status;
}

static void setup(void)
{
	loop = tp_loop_create(NULL, &err);
	ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
	tp_loop_destroy(loop);
}

static void wait_for_end(struct probe *probe)
{
	int64_t end_ns = tp_loop_now_ns(loop) + PATIENCE_NS;

	while (probe->n_exited == 0 && tp_loop_now_ns(loop) < end_ns)
		tp_loop_turn(loop, TP_SEC);
	ck_assert_int_eq(probe->n_exited, 1);
}

static void spawn_with(struct probe *probe, const char *script, const int *fds,
	size_t n_fds, const char *cwd)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const char *const envp[] = { "COLOUR=green", NULL };
	const struct tp_spawn spec = {
		.path = "/bin/sh",
		.argv = argv,
		.envp = envp,
		.cwd = cwd,
		.fds = fds,
		.n_fds = n_fds,
		.new_session = true,
	};

	probe->child.exited = on_exited;
	ck_assert_msg(
		tp_child_spawn(loop, &probe->child, &spec, &err) == 0, "%s", err.text);
	ck_assert_int_gt(probe->child.pid, 0);
}

static void spawn(struct probe *probe, const char *script)
{
	const int fds[] = { -1, -1, 2 };

	spawn_with(probe, script, fds, 3, NULL);
}

/* What the script wrote to its descriptor `out`, which is the write end of a pipe. */
static void read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t r;

	while ((r = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)r;
	text[len] = '\0';
}

START_TEST(the_exit_status_arrives)
{
	struct probe probe = { 0 };

	spawn(&probe, "exit 7");
	wait_for_end(&probe);
	ck_assert(WIFEXITED(probe.status));
	ck_assert_int_eq(WEXITSTATUS(probe.status), 7);
	ck_assert_int_eq(tp_child_kill(&probe.child, 0), -ESRCH);
}
END_TEST

START_TEST(a_killed_child_tells_the_signal)
{
	struct probe probe = { 0 };

	spawn(&probe, "sleep 1000");
	ck_assert_int_eq(tp_child_kill(&probe.child, SIGKILL), 0);
	wait_for_end(&probe);
	ck_assert(WIFSIGNALED(probe.status));
	ck_assert_int_eq(WTERMSIG(probe.status), SIGKILL);
}
END_TEST

START_TEST(a_program_that_cannot_start_is_named)
{
	const char *const argv[] = { "x", NULL };
	const int fds[] = { -1, -1, -1 };
	struct tp_spawn spec = { "/no/such/program", argv, NULL, NULL, fds, 3, false };
	struct probe probe = { .child.exited = on_exited };

	ck_assert_int_eq(tp_child_spawn(loop, &probe.child, &spec, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "/no/such/program"));
	ck_assert_int_eq(probe.child.pid, 0);
	spec.path = "/bin/true";
	spec.cwd = "/no/such/folder";
	ck_assert_int_eq(tp_child_spawn(loop, &probe.child, &spec, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "/no/such/folder"));
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
}
END_TEST

START_TEST(environment_and_folder_are_as_asked)
{
	struct probe probe = { 0 };
	int fds[3] = { -1, -1, 2 };
	char text[128];
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	fds[1] = out[1];
	spawn_with(
		&probe, "echo $COLOUR $PWD; ls -l /proc/self/fd | wc -l", fds, 3, "/usr");
	close(out[1]);
	read_all(out[0], text, sizeof text);
	close(out[0]);
	/* ls has 0, 1, 2, its folder, and one line of header. */
	ck_assert_str_eq(text, "green /usr\n5\n");
	wait_for_end(&probe);
}
END_TEST

/* Each of two sources sits where the other is to go. */
START_TEST(descriptors_do_not_overwrite_each_other)
{
	struct probe probe = { 0 };
	int fds[32];
	char script[128];
	char text[32];
	int a[2], b[2];

	ck_assert_int_eq(pipe2(a, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(b, O_CLOEXEC), 0);
	ck_assert_int_lt(b[1], 32);
	for (int i = 0; i < 32; i++)
		fds[i] = -1;
	fds[a[1]] = b[1];
	fds[b[1]] = a[1];
	snprintf(script, sizeof script, "cd /proc/self/fd; echo to-b >%d; echo to-a >%d",
		a[1], b[1]);
	spawn_with(&probe, script, fds, 32, NULL);
	close(a[1]);
	close(b[1]);
	read_all(a[0], text, sizeof text);
	ck_assert_str_eq(text, "to-a\n");
	read_all(b[0], text, sizeof text);
	ck_assert_str_eq(text, "to-b\n");
	close(a[0]);
	close(b[0]);
	wait_for_end(&probe);
}
END_TEST

START_TEST(signals_are_as_at_the_beginning)
{
	struct probe probe = { 0 };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGTERM, SIG_IGN);
	spawn(&probe, "kill -TERM $$; exit 3");
	wait_for_end(&probe);
	ck_assert(WIFSIGNALED(probe.status));
	ck_assert_int_eq(WTERMSIG(probe.status), SIGTERM);
}
END_TEST

START_TEST(a_child_leads_its_own_session)
{
	struct probe probe = { 0 };

	spawn(&probe, "exec sleep 1000");
	ck_assert_int_eq(getsid(probe.child.pid), probe.child.pid);
	ck_assert_int_eq(tp_child_kill(&probe.child, SIGTERM), 0);
	wait_for_end(&probe);
	ck_assert_int_eq(WTERMSIG(probe.status), SIGTERM);
}
END_TEST

/* The grandchild is adopted by pid: its end is seen, its status is not. */
START_TEST(a_process_of_others_can_be_watched)
{
	struct probe parent = { 0 };
	struct probe other = { .child.exited = on_exited };
	int fds[3] = { -1, -1, 2 };
	char text[32];
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	fds[1] = out[1];
	spawn_with(&parent, "sleep 1000 >/dev/null & echo $!", fds, 3, NULL);
	close(out[1]);
	read_all(out[0], text, sizeof text);
	close(out[0]);
	ck_assert_int_eq(tp_child_adopt(loop, &other.child, atoi(text), &err), 0);
	wait_for_end(&parent);
	ck_assert_int_eq(other.n_exited, 0);
	ck_assert_int_eq(tp_child_kill(&other.child, SIGKILL), 0);
	wait_for_end(&other);
	ck_assert_int_eq(other.status, -1);
}
END_TEST

START_TEST(a_process_that_is_gone_cannot_be_adopted)
{
	struct probe probe = { 0 };
	struct probe again = { .child.exited = on_exited };
	uint64_t ticks = 99;
	pid_t pid;

	spawn(&probe, "exit 0");
	pid = probe.child.pid;
	wait_for_end(&probe);
	ck_assert_int_eq(tp_child_adopt(loop, &again.child, pid, &err), -ESRCH);
	ck_assert_int_eq(tp_child_adopt(loop, &again.child, -1, &err), -ESRCH);
	ck_assert_int_eq(tp_process_start_time(pid, &ticks, &err), -ESRCH);
	ck_assert_uint_eq(ticks, 99);
}
END_TEST

START_TEST(a_forgotten_child_tells_nothing)
{
	struct probe probe = { 0 };
	pid_t pid;

	spawn(&probe, "exit 0");
	pid = probe.child.pid;
	tp_child_forget(loop, &probe.child);
	tp_child_forget(loop, &probe.child);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	ck_assert_int_eq(probe.n_exited, 0);
}
END_TEST

START_TEST(a_process_has_one_start_time)
{
	uint64_t first = 0;
	uint64_t second = 1;
	uint64_t init = 0;

	ck_assert_int_eq(tp_process_start_time(getpid(), &first, &err), 0);
	ck_assert_int_eq(tp_process_start_time(getpid(), &second, &err), 0);
	ck_assert_uint_eq(first, second);
	ck_assert_int_eq(tp_process_start_time(1, &init, &err), 0);
	ck_assert_uint_lt(init, first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("child");
	TCase *tcase = tcase_create("child");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_exit_status_arrives);
	tcase_add_test(tcase, a_killed_child_tells_the_signal);
	tcase_add_test(tcase, a_program_that_cannot_start_is_named);
	tcase_add_test(tcase, environment_and_folder_are_as_asked);
	tcase_add_test(tcase, descriptors_do_not_overwrite_each_other);
	tcase_add_test(tcase, signals_are_as_at_the_beginning);
	tcase_add_test(tcase, a_child_leads_its_own_session);
	tcase_add_test(tcase, a_process_of_others_can_be_watched);
	tcase_add_test(tcase, a_process_that_is_gone_cannot_be_adopted);
	tcase_add_test(tcase, a_forgotten_child_tells_nothing);
	tcase_add_test(tcase, a_process_has_one_start_time);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
