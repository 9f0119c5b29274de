/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte buffers: growth, formatting, reserve, steal and JSON escapes of good and bad UTF-8.
 */
#include "tepui/strbuf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(empty_is_text)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	char *stolen;

	ck_assert_str_eq(tp_strbuf_text(&buf), "");
	stolen = tp_strbuf_steal(&buf);
	ck_assert_str_eq(stolen, "");
	tp_free(stolen);
	tp_strbuf_add(&buf, NULL, 0);
	ck_assert_str_eq(buf.data, "");
}
END_TEST

START_TEST(grows_and_stays_terminated)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	int i;

	for (i = 0; i < 1000; i++) {
		tp_strbuf_putc(&buf, (char)('a' + i % 26));
		ck_assert_uint_eq(strlen(buf.data), buf.len);
	}
	tp_strbuf_clear(&buf);
	ck_assert_str_eq(tp_strbuf_text(&buf), "");
	tp_strbuf_puts(&buf, "ab");
	tp_strbuf_add(&buf, "\0c", 2);
	ck_assert_uint_eq(buf.len, 4);
	ck_assert_mem_eq(buf.data, "ab\0c", 5);
}
END_TEST

START_TEST(formats_what_does_not_fit)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;

	tp_strbuf_puts(&buf, "<");
	tp_strbuf_printf(&buf, "%0500d", 7);
	tp_strbuf_printf(&buf, "%s", ">");
	ck_assert_uint_eq(buf.len, 502);
	ck_assert_str_eq(buf.data + 500, "7>");
}
END_TEST

START_TEST(reserve_gives_room)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	char *room;

	tp_strbuf_puts(&buf, "a");
	room = tp_strbuf_reserve(&buf, 300);
	memset(room, 'b', 300);
	buf.len += 300;
	ck_assert_uint_eq(strlen(buf.data), 301);
}
END_TEST

static const struct {
	const char *from, *to;
} escapes[] = {
	{ "plain", "plain" },
	{ "a\"b\\c", "a\\\"b\\\\c" },
	{ "\n\r\t\b\f", "\\n\\r\\t\\b\\f" },
	{ "\x01\x1f\x7f", "\\u0001\\u001f\x7f" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "\xff"
	  "a",
		"\\ufffda" },
	{ "\xc3", "\\ufffd" },
	{ "\xc3(\xf0\x90\x80(", "\\ufffd(\\ufffd\\ufffd\\ufffd(" },
	{ "\xf0\x90\x80\x80\xe0\xa0\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf",
		"\xf0\x90\x80\x80\xe0\xa0\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf" },
	{ "\xf5\x80\x80\x80\xc2\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\xc2\x80" },
	{ "\xc0\x80", "\\ufffd\\ufffd" },
	{ "\xe0\x80\x80", "\\ufffd\\ufffd\\ufffd" },
	{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
	{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ "\xe2\x82", "\\ufffd\\ufffd" },
	{ "", "" },
};

START_TEST(json_escapes)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;

	tp_strbuf_json_escape(&buf, escapes[_i].from, strlen(escapes[_i].from));
	ck_assert_str_eq(buf.data, escapes[_i].to);
}
END_TEST

START_TEST(json_escapes_nul)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;

	tp_strbuf_json_escape(&buf, "a\0b", 3);
	ck_assert_str_eq(buf.data, "a\\u0000b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strbuf");
	TCase *tc = tcase_create("strbuf");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, empty_is_text);
	tcase_add_test(tc, grows_and_stays_terminated);
	tcase_add_test(tc, formats_what_does_not_fit);
	tcase_add_test(tc, reserve_gives_room);
	tcase_add_loop_test(tc, json_escapes, 0, TP_COUNT(escapes));
	tcase_add_test(tc, json_escapes_nul);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
