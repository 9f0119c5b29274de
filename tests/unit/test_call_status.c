/* SPDX-License-Identifier: Apache-2.0 */
/* The table between the statuses of v1 and errno. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "tepui/call_status.h"

START_TEST(every_status_comes_back)
{
	static const int statuses[] = { 400, 403, 404, 409, 501, 503 };

	for (size_t i = 0; i < TP_COUNT(statuses); i++)
		ck_assert_int_eq(
			tp_call_status(-tp_call_errno(statuses[i])), statuses[i]);
}
END_TEST

START_TEST(errors_that_mean_the_same_have_one_status)
{
	ck_assert_int_eq(tp_call_status(-EACCES), tp_call_status(-EPERM));
	ck_assert_int_eq(tp_call_status(-EEXIST), tp_call_status(-EBUSY));
	ck_assert_int_eq(tp_call_status(-ENOSPC), tp_call_status(-EBUSY));
}
END_TEST

START_TEST(what_is_not_in_the_table_is_our_fault)
{
	ck_assert_int_eq(tp_call_status(-EIO), 500);
	ck_assert_int_eq(tp_call_status(-ENOMEM), 500);
	ck_assert_int_eq(tp_call_errno(500), EIO);
	ck_assert_int_eq(tp_call_errno(418), EIO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("call_status");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, every_status_comes_back);
	tcase_add_test(tc, errors_that_mean_the_same_have_one_status);
	tcase_add_test(tc, what_is_not_in_the_table_is_our_fault);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
