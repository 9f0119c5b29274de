/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role names: what is valid, who is below whom, the way up.
 */
#include "tepui/role.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/strbuf.h"

static const char *const good[] = { "*", "web", "a/b/c", "a-b", "a.b", ".a", "...", "a*",
	"eng/.hidden", "gr\xc3\xbc\xc3\x9f" };
static const char *const bad[] = { "", ".", "..", "-web", "/a", "a/", "a//b", "a/./b",
	"a/..", "a/*", "*/a", "a b", "a\tb", "a\nb", "a\bb", "a/-b", "a\x7f" };

/* [RoleTest.Validate] */
START_TEST(good_names)
{
	struct tp_error err = { 0, "" };

	ck_assert_msg(tp_role_validate(good[_i], &err) == 0, "%s", err.text);
}
END_TEST

/* [RoleTest.Validate] */
START_TEST(bad_names)
{
	struct tp_error err = { 0, "" };

	ck_assert_msg(tp_role_validate(bad[_i], &err) == -EINVAL, "'%s'", bad[_i]);
	ck_assert_str_ne(err.text, "");
}
END_TEST

/* So many parts of so many bytes. */
static int check_parts(unsigned n_parts, unsigned n_bytes, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf role = TP_STRBUF_INIT;

	for (unsigned i = 0; i < n_parts; i++)
		tp_strbuf_printf(&role, "%s%0*d", i > 0 ? "/" : "", (int)n_bytes, 0);
	return tp_role_validate(tp_strbuf_text(&role), err);
}

START_TEST(names_are_bounded)
{
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(check_parts(TP_ROLE_PARTS_MAX, 1, &err), 0);
	ck_assert_int_eq(check_parts(TP_ROLE_PARTS_MAX + 1, 1, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "33 parts, at most 32"));
	ck_assert_int_eq(check_parts(1, TP_ROLE_PART_BYTES_MAX, &err), 0);
	ck_assert_int_eq(check_parts(1, TP_ROLE_PART_BYTES_MAX + 1, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "256 bytes, at most 255"));
	ck_assert_int_eq(check_parts(4, 255, &err), 0);
	ck_assert_int_eq(check_parts(5, 205, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "1029 bytes, at most 1024"));
}
END_TEST

/* What stands before the reason leaves room for it. */
START_TEST(long_names_hide_no_reason)
{
	char role[TP_ROLE_BYTES_MAX + 1];
	struct tp_error err = { 0, "" };

	memset(role, 'a', sizeof role - 1);
	role[sizeof role - 1] = '\0';
	role[sizeof role - 2] = ' ';
	ck_assert_int_eq(tp_role_validate(role, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "whitespace"));
}
END_TEST

/* [RoleTest.isStrictSubroleOf] */
START_TEST(subroles)
{
	ck_assert(tp_role_is_strict_subrole("a/b", "a"));
	ck_assert(tp_role_is_strict_subrole("a/b/c", "a"));
	ck_assert(!tp_role_is_strict_subrole("a", "a"));
	ck_assert(!tp_role_is_strict_subrole("ab", "a"));
	ck_assert(!tp_role_is_strict_subrole("a", "a/b"));
	ck_assert(!tp_role_is_strict_subrole("a", "*"));
	ck_assert(tp_role_is_within("a", "a"));
	ck_assert(tp_role_is_within("a/b", "a"));
	ck_assert(!tp_role_is_within("ab", "a"));
}
END_TEST

/* [RoleTest.Ancestors] */
START_TEST(ancestors)
{
	size_t len = strlen("a/bc/d");

	len = tp_role_parent("a/bc/d", len);
	ck_assert_uint_eq(len, 4);
	len = tp_role_parent("a/bc/d", len);
	ck_assert_uint_eq(len, 1);
	ck_assert_uint_eq(tp_role_parent("a/bc/d", len), 0);
	ck_assert_uint_eq(tp_role_parent("top", 3), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("role");
	TCase *tc = tcase_create("role");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, good_names, 0, TP_COUNT(good));
	tcase_add_loop_test(tc, bad_names, 0, TP_COUNT(bad));
	tcase_add_test(tc, names_are_bounded);
	tcase_add_test(tc, long_names_hide_no_reason);
	tcase_add_test(tc, subroles);
	tcase_add_test(tc, ancestors);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
