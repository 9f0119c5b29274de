/* SPDX-License-Identifier: Apache-2.0 */
/* Whose descendants processes are, by one pass over /proc. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/process.h"

static void read_byte(int fd)
{
	char byte;

	ck_assert_int_eq(read(fd, &byte, 1), 1);
}

/* A process that forks n more, the first of them into a session of its own, and says so. */
static pid_t tree(int n, int fd)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	for (int i = 0; i < n; i++) {
		if (fork() == 0) {
			if (i == 0)
				setsid();
			if (write(fd, "x", 1) == 1)
				pause();
			_exit(1);
		}
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (write(fd, "e", 1) == 1)
		pause();
	_exit(0);
}

START_TEST(trees_of_processes_are_told_apart)
{
	size_t counts[3] = { 9, 9, 9 };
	pid_t roots[3], *pids;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	roots[0] = tree(1, fds[1]);
	roots[1] = tree(3, fds[1]);
	roots[2] = tree(0, fds[1]);
	for (int i = 0; i < 5; i++)
		read_byte(fds[0]);
	ck_assert_uint_eq(tp_process_below(roots[1], &pids), 3);
	tp_free(pids);
	tp_process_signal_trees(roots, 3, SIGKILL, counts);
	ck_assert_uint_eq(counts[0], 1);
	ck_assert_uint_eq(counts[1], 3);
	ck_assert_uint_eq(counts[2], 0);
	/* Theirs are dead and reaped, they are not. */
	read_byte(fds[0]);
	read_byte(fds[0]);
	tp_process_signal_trees(roots, 3, SIGKILL, counts);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(counts[i], 0);
		ck_assert_int_eq(kill(roots[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(roots[i], NULL, 0), roots[i]);
	}
	close(fds[0]);
	close(fds[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process_tree");
	TCase *tcase = tcase_create("trees");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, trees_of_processes_are_told_apart);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
