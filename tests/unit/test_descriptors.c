/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers may not take the last descriptors. */
#include <check.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/net/descriptors.h"

START_TEST(some_are_kept)
{
	struct rlimit limit = { 64, 64 };
	int fds[128], n = 0;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert(!descriptors_are_short());
	while (n < 64 && !descriptors_are_short())
		ck_assert_int_ge(fds[n++] = dup(STDERR_FILENO), 0);
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, 64);
	for (int i = 0; i < 16; i++)
		ck_assert_int_ge(fds[n++] = dup(STDERR_FILENO), 0);
	ck_assert_int_lt(dup(STDERR_FILENO), 0);
	ck_assert(descriptors_are_short());
	while (n > 0) /* a leak checker needs one at the end */
		close(fds[--n]);
}
END_TEST

START_TEST(what_is_closed_counts)
{
	struct rlimit limit = { 64, 64 };
	int fd = -1;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (!descriptors_are_short())
		ck_assert_int_ge(fd = dup(STDERR_FILENO), 0);
	close(fd);
	ck_assert(!descriptors_are_short());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("descriptors");
	TCase *tc = tcase_create("descriptors");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, some_are_kept);
	tcase_add_test(tc, what_is_closed_counts);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
