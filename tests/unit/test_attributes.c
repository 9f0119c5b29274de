/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes as text: types, separators, repeated names, refusals, comparison.
 */
#include "tepui/attributes.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *text, *printed; /* NULL = refused */
} rows[] = {
	{ "rack:abc;zone:west;cores:8;ports:[1-10,20-30]",
		"rack:abc;zone:west;cores:8;ports:[1-10, 20-30]" },
	{ "", "" },
	{ "a:b\nc:1.5\n", "a:b;c:1.5" },
	{ " a : b c ; ;", "a:b c" },
	{ "rack:a;rack:b", "rack:a;rack:b" },
	{ "url:http://host:80/x", "url:http://host:80/x" },
	{ "version:1.2.3;n:-4;inf:inf", "version:1.2.3;n:-4;inf:inf" },
	{ "rack", NULL },
	{ "rack:", NULL },
	{ ":x", NULL },
	{ "s:{a,b}", NULL },
	{ "p:[1-", NULL },
	{ "p:[a-b]", NULL },
	{ "p:[3-2]", NULL },
};

/* [AttributesTest.Parsing] */
START_TEST(text_rows)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_attribute **attributes = NULL, **again = NULL;
	struct tp_error err = { 0, "" };
	size_t n = 0, m = 0;
	int r = tp_attributes_parse(rows[_i].text, arena, &attributes, &n, &err);

	if (rows[_i].printed == NULL) {
		ck_assert_msg(r == -EINVAL, "'%s' is accepted", rows[_i].text);
		ck_assert_str_ne(err.text, "");
		return;
	}
	ck_assert_msg(r == 0, "%s", err.text);
	tp_attributes_print(attributes, n, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), rows[_i].printed);
	ck_assert_int_eq(
		tp_attributes_parse(tp_strbuf_text(&out), arena, &again, &m, &err), 0);
	ck_assert(tp_attributes_equal(attributes, n, again, m));
}
END_TEST

START_TEST(comparison)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_attribute **a, **b, **c;
	size_t n_a, n_b, n_c;

	ck_assert_int_eq(tp_attributes_parse("x:1;x:1;y:2", arena, &a, &n_a, NULL), 0);
	ck_assert_int_eq(tp_attributes_parse("y:2;x:1;x:1", arena, &b, &n_b, NULL), 0);
	ck_assert_int_eq(tp_attributes_parse("x:1;y:2;y:2", arena, &c, &n_c, NULL), 0);
	ck_assert_int_eq(a[0]->type, TP_VALUE_SCALAR);
	ck_assert(tp_attributes_equal(a, n_a, b, n_b));
	ck_assert(!tp_attributes_equal(a, n_a, c, n_c));
	ck_assert(!tp_attributes_equal(a, n_a, b, 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attributes");
	TCase *tc = tcase_create("attributes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, text_rows, 0, TP_COUNT(rows));
	tcase_add_test(tc, comparison);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
