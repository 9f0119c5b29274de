/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of resources: what it means, what is refused and where, JSON, and printing.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/resources.h"

/* Text and how it is printed again; NULL = refused. */
static const struct {
	const char *text, *role, *printed;
} rows[] = {
	{ "cpus:4;mem:2048", NULL, "cpus:4; mem:2048" },
	{ " cpus : 4 ; mem : 2048 ", "*", "cpus:4; mem:2048" },
	{ "cpus:4;", NULL, "cpus:4" },
	{ "", NULL, "" },
	{ "  ", NULL, "" },
	{ "cpus:1;cpus:2", NULL, "cpus:3" },
	{ "cpus:1;cpus(r):2;cpus(r):0.5", NULL, "cpus:1; cpus(r):2.5" },
	{ "cpus(*):4;mem:1", "r", "cpus:4; mem(r):1" },
	{ "cpus(a/b):4", "r", "cpus(a/b):4" },
	{ "cpus( r ):4", NULL, "cpus(r):4" },
	{ "cpus:0;mem:0.000", NULL, "" },
	{ "cpus:0.001;mem:1.0004", NULL, "cpus:0.001; mem:1" },
	{ "ports:[21000-24000,30000-34000]", NULL, "ports:[21000-24000, 30000-34000]" },
	{ "ports:[ 3 - 4 , 1-2 ,10-12, 11-20]", NULL, "ports:[1-4, 10-20]" },
	{ "ports:[0-18446744073709551615,5-6]", NULL, "ports:[0-18446744073709551615]" },
	{ "ports:[7-7]", NULL, "ports:[7-7]" },
	{ "ports:[]", NULL, "" },
	{ "bugs(debug_role):{c, a,b}", NULL, "bugs(debug_role):{a, b, c}" },
	{ "bugs:{}", NULL, "" },
	{ "gpus:2", NULL, "gpus:2" },
	{ "cpus:4;;mem:1", NULL, NULL },
	{ ";cpus:4", NULL, NULL },
	{ ";", NULL, NULL },
	{ "cpus", NULL, NULL },
	{ "cpus:", NULL, NULL },
	{ ":4", NULL, NULL },
	{ "(r):4", NULL, NULL },
	{ "cpus:4:5", NULL, NULL },
	{ "cpus:-1", NULL, NULL },
	{ "cpus:nan", NULL, NULL },
	{ "cpus:inf", NULL, NULL },
	{ "cpus:1e300", NULL, NULL },
	{ "cpus:0.0001", NULL, NULL },
	{ "cpus:four", NULL, NULL },
	{ "gpus:0.5", NULL, NULL },
	{ "cpus(r:4", NULL, NULL },
	{ "cpus)r(:4", NULL, NULL },
	{ "cpus(r)x:4", NULL, NULL },
	{ "cpus():4", NULL, NULL },
	{ "cpus(a b):4", NULL, NULL },
	{ "cpus(/a):4", NULL, NULL },
	{ "ports:[1-2", NULL, NULL },
	{ "ports:1-2]", NULL, NULL },
	{ "ports:[1-2]]", NULL, NULL },
	{ "ports:[2-1]", NULL, NULL },
	{ "ports:[1]", NULL, NULL },
	{ "ports:[1-2,]", NULL, NULL },
	{ "ports:[a-b]", NULL, NULL },
	{ "ports:[-1-2]", NULL, NULL },
	{ "ports:[1-18446744073709551616]", NULL, NULL },
	{ "bugs:{a,a}", NULL, NULL },
	{ "bugs:{a,}", NULL, NULL },
	{ "bugs:{a", NULL, NULL },
	{ "bugs:{a]", NULL, NULL },
};

/* [ResourcesTest.Parsing, ParsingWithRoles; ValuesTest.RangesCoalesceParse] */
START_TEST(text_rows)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources again = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_error err = { 0, "" };
	int result = tp_resources_parse(&r, rows[_i].text, rows[_i].role, &err);

	if (rows[_i].printed == NULL) {
		ck_assert_msg(result < 0, "'%s' is accepted", rows[_i].text);
		ck_assert_ptr_nonnull(strstr(err.text, "at byte"));
		return;
	}
	ck_assert_msg(result == 0, "%s", err.text);
	tp_resources_print(&r, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), rows[_i].printed);
	ck_assert_int_eq(tp_resources_parse(&again, tp_strbuf_text(&out), NULL, &err), 0);
	ck_assert(tp_resources_equal(&r, &again));
}
END_TEST

/* [ResourcesTest.ParseError] */
START_TEST(errors_say_where)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_resources_parse(&r, "cpus:4; mem:x", NULL, &err), -EINVAL);
	ck_assert_str_eq(err.text,
		"resources 'mem:x' (at byte 8): 'x' is neither a number nor [ranges] nor "
		"a {set}");
}
END_TEST

START_TEST(records_keep_what_was_said)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource **records;
	size_t n;

	ck_assert_int_eq(tp_resource_records_parse("gpus:0;cpus:1;cpus:1;ports:[]", "r",
				 arena, &records, &n, NULL),
		0);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(records[0]->name, "gpus");
	ck_assert_int_eq(records[0]->scalar->value_milli, 0);
	ck_assert_str_eq(records[1]->reservations[0]->role, "r");
}
END_TEST

static const char disk_json[] =
	" [{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1.5}},"
	"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":2048},"
	" \"role\":\"db\",\"reservation\":{\"principal\":\"ops\"},"
	" \"disk\":{\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/mnt\"}}}}]";

/* [ResourcesTest.ParsingFromJSON] */
START_TEST(json)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_error err = { 0, "" };

	ck_assert_msg(
		tp_resources_parse(&r, disk_json, "web", &err) == 0, "%s", err.text);
	tp_resources_print(&r, &out);
	ck_assert_str_eq(out.data,
		"cpus(web):1.5; disk(reservations: [(DYNAMIC,db,ops)])[MOUNT:/mnt]:2048");
	ck_assert_int_lt(tp_resources_parse(&r, "[{\"name\":\"cpus\"}]", NULL, &err), 0);
	ck_assert_int_lt(tp_resources_parse(&r, "[{\"name\"", NULL, &err), 0);
	ck_assert_int_lt(tp_resources_parse(&r,
				 "[{\"name\":\"cpus\",\"type\":\"SCALAR\","
				 "\"scalar\":{\"value\":-1}}]",
				 NULL, &err),
		0);
	ck_assert_ptr_nonnull(strstr(err.text, "value < 0"));
	/* A failure leaves what was there. */
	ck_assert_int_eq(tp_resources_milli(&r, "cpus"), 1500);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resource_text");
	TCase *tc = tcase_create("resource_text");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, text_rows, 0, TP_COUNT(rows));
	tcase_add_test(tc, errors_say_where);
	tcase_add_test(tc, records_keep_what_was_said);
	tcase_add_test(tc, json);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
