/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: codes, texts, context on the way up, texts that are too long, and no error at all.
 */
#include "tepui/error.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(fail_sets_code_and_text)
{
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_fail(&err, EINVAL, "port %d", 7), -EINVAL);
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_str_eq(err.text, "port 7");
}
END_TEST

START_TEST(fail_takes_its_own_text_as_argument)
{
	struct tp_error err = { 0, "" };

	tp_fail(&err, EINVAL, "inner");
	tp_fail(&err, EIO, "outer (%s)", err.text);
	ck_assert_int_eq(err.code, EIO);
	ck_assert_str_eq(err.text, "outer (inner)");
}
END_TEST

START_TEST(fail_errno_names_the_reason)
{
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_fail_errno(&err, EACCES, "open '%s'", "/x"), -EACCES);
	ck_assert_str_eq(err.text, "open '/x': Permission denied");
}
END_TEST

START_TEST(wrap_puts_context_before)
{
	struct tp_error err = { 0, "" };
	int r = tp_fail(&err, EIO, "disk");

	ck_assert_int_eq(tp_wrap(&err, r, "registry %d", 1), -EIO);
	ck_assert_str_eq(err.text, "registry 1: disk");
	ck_assert_int_eq(err.code, EIO);
}
END_TEST

START_TEST(long_texts_lose_their_end)
{
	struct tp_error err = { 0, "" };
	char text[3000];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	tp_fail(&err, EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.text), TP_ERROR_TEXT_MAX - 1);
	tp_wrap(&err, -EIO, "context");
	ck_assert_uint_eq(strlen(err.text), TP_ERROR_TEXT_MAX - 1);
	ck_assert(strncmp(err.text, "context: xxx", 12) == 0);
	tp_wrap(&err, -EIO, "%s", text);
	ck_assert_uint_lt(strlen(err.text), TP_ERROR_TEXT_MAX);
}
END_TEST

START_TEST(no_error_is_fine)
{
	ck_assert_int_eq(tp_fail(NULL, EINVAL, "x"), -EINVAL);
	ck_assert_int_eq(tp_fail_errno(NULL, EIO, "x"), -EIO);
	ck_assert_int_eq(tp_wrap(NULL, -ENOENT, "x"), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tc = tcase_create("error");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, fail_sets_code_and_text);
	tcase_add_test(tc, fail_takes_its_own_text_as_argument);
	tcase_add_test(tc, fail_errno_names_the_reason);
	tcase_add_test(tc, wrap_puts_context_before);
	tcase_add_test(tc, long_texts_lose_their_end);
	tcase_add_test(tc, no_error_is_fine);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
