/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a fault domain: in the config, in a file, and what is wrong with it. */
#include "tepui/domain.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/wire/machine.h"
#include "tests/lib/tmpdir.h"

#define WEST \
	"{\"fault_domain\":{\"region\":{\"name\":\"west\"},\"zone\":{\"name\":\"a\"}}}"

static struct tp_arena *arena;
static struct tp_domain_info *domain;
static struct tp_error err;

static void setup(void)
{
	arena = tp_arena_create(0);
	domain = NULL;
	err = (struct tp_error){ 0 };
}

static void teardown(void)
{
	tp_arena_destroy(arena);
}

START_TEST(a_domain_is_json)
{
	ck_assert_msg(tp_domain_parse(WEST, arena, &domain, &err) == 0, "%s", err.text);
	ck_assert_str_eq(domain->fault_domain->region->name, "west");
	ck_assert_str_eq(domain->fault_domain->zone->name, "a");
}
END_TEST

START_TEST(no_text_is_no_domain)
{
	ck_assert_int_eq(tp_domain_parse(NULL, arena, &domain, &err), 0);
	ck_assert_ptr_null(domain);
	ck_assert_int_eq(tp_domain_parse("", arena, &domain, &err), 0);
	ck_assert_ptr_null(domain);
}
END_TEST

START_TEST(a_domain_can_be_in_a_file)
{
	static const char *const schemes[] = { "", "file://" };
	struct test_tmpdir dir;
	const char *path;
	FILE *out;

	test_tmpdir_init(&dir);
	path = test_tmpdir_file(&dir, "domain");
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fputs(WEST "\n", out);
	fclose(out);
	domain = NULL;
	ck_assert_msg(tp_domain_parse(tp_arena_printf(arena, "%s%s", schemes[_i], path),
			      arena, &domain, &err) == 0,
		"%s", err.text);
	ck_assert_str_eq(domain->fault_domain->region->name, "west");
	test_tmpdir_fini(&dir);
}
END_TEST

START_TEST(a_check_reads_no_file)
{
	ck_assert_int_eq(tp_domain_check(NULL, &err), 0);
	ck_assert_int_eq(tp_domain_check(WEST, &err), 0);
	ck_assert_int_eq(tp_domain_check("/nowhere/at/all", &err), 0);
	ck_assert_int_eq(tp_domain_check("file:///nowhere/at/all", &err), 0);
	ck_assert_int_lt(tp_domain_check("{}", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "there is no 'fault_domain'"));
}
END_TEST

static const struct {
	const char *text, *why;
} wrong[] = {
	{ "west", "domain: " },
	{ "{}", "there is no 'fault_domain' in it" },
	{ "{\"fault_domain\":{\"region\":{\"name\":\"west\"}}}", "zone" },
	{ "{\"fault_domain\":{\"region\":{},\"zone\":{\"name\":\"a\"}}}", "name" },
	{ "{\"fault_domain\":{\"region\":{\"name\":\"\"},\"zone\":{\"name\":\"a\"}}}",
		"need a name" },
	{ "/nowhere/at/all", "open '/nowhere/at/all'" },
	{ "file:///nowhere/at/all", "open '/nowhere/at/all'" },
	{ "file:///dev/zero", "too long" },
};

START_TEST(a_wrong_domain_is_told)
{
	ck_assert_int_lt(tp_domain_parse(wrong[_i].text, arena, &domain, &err), 0);
	ck_assert_msg(strstr(err.text, wrong[_i].why) != NULL, "%s", err.text);
	ck_assert_ptr_null(domain);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_domain_is_json);
	tcase_add_test(tc, no_text_is_no_domain);
	tcase_add_test(tc, a_check_reads_no_file);
	tcase_add_loop_test(tc, a_domain_can_be_in_a_file, 0, 2);
	tcase_add_loop_test(tc, a_wrong_domain_is_told, 0, TP_COUNT(wrong));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
