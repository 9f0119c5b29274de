/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations, sizes and thousandths: tables of good and bad texts, and printing.
 */
#include "tepui/units.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct row {
	const char *text;
	int r;
	int64_t value;
};

static const struct row durations[] = {
	{ "5ns", 0, 5 },
	{ "5us", 0, 5000 },
	{ "500ms", 0, 500 * TP_MSEC },
	{ "15s", 0, 15 * TP_SEC },
	{ "15secs", 0, 15 * TP_SEC },
	{ "1sec", 0, TP_SEC },
	{ "10mins", 0, 10 * TP_MIN },
	{ "1.5h", 0, 90 * TP_MIN },
	{ "1hr", 0, TP_HOUR },
	{ "2hours", 0, 2 * TP_HOUR },
	{ "1d", 0, TP_DAY },
	{ "2days", 0, 2 * TP_DAY },
	{ "1weeks", 0, TP_WEEK },
	{ "0.1secs", 0, 100 * TP_MSEC },
	{ ".5s", 0, 500 * TP_MSEC },
	{ "0.123456789012345678901234567890s", 0, 123456789 },
	{ "0s", 0, 0 },
	{ "5", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ ".s", -EINVAL, 0 },
	{ "1.s", -EINVAL, 0 },
	{ "-1s", -EINVAL, 0 },
	{ "+1s", -EINVAL, 0 },
	{ "1x", -EINVAL, 0 },
	{ "1 s", -EINVAL, 0 },
	{ "1sx", -EINVAL, 0 },
	{ "1S", -EINVAL, 0 },
	{ "99999999weeks", -ERANGE, 0 },
	{ "99999999999999999999s", -ERANGE, 0 },
};

static const struct row sizes[] = {
	{ "0B", 0, 0 },
	{ "7B", 0, 7 },
	{ "1KB", 0, 1024 },
	{ "64MB", 0, 64 << 20 },
	{ "64mb", 0, 64 << 20 },
	{ "2Gb", 0, INT64_C(2) << 30 },
	{ "3TB", 0, INT64_C(3) << 40 },
	{ "64", -EINVAL, 0 },
	{ "1.5GB", -EINVAL, 0 },
	{ "MB", -EINVAL, 0 },
	{ "-1MB", -EINVAL, 0 },
	{ "64M", -EINVAL, 0 },
	{ "9000000TB", -ERANGE, 0 },
	{ "99999999999999999999B", -ERANGE, 0 },
};

static const struct row millis[] = {
	{ "4", 0, 4000 },
	{ "0.5", 0, 500 },
	{ "1.125", 0, 1125 },
	{ "1.0004", 0, 1000 },
	{ "1.0005", 0, 1001 },
	{ "-1.0005", 0, -1001 },
	{ "0.0004999999999999999999999", 0, 0 },
	{ ".25", 0, 250 },
	{ "5.", 0, 5000 },
	{ "+2", 0, 2000 },
	{ "1e3", 0, 1000000 },
	{ "2.5E-1", 0, 250 },
	{ "9200000000000000", 0, INT64_C(9200000000000000000) },
	{ "9200000000000001", -ERANGE, 0 },
	{ "1e300", -ERANGE, 0 },
	{ "123456789012345678901234567890", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ ".", -EINVAL, 0 },
	{ "-", -EINVAL, 0 },
	{ "nan", -EINVAL, 0 },
	{ "inf", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1e", -EINVAL, 0 },
	{ "4cpus", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
};

typedef int parse_f(const char *, int64_t *, struct tp_error *);

static void check_row(parse_f *parse, const struct row *row)
{
	struct tp_error err = { 0, "" };
	int64_t value = 42;

	ck_assert_msg(parse(row->text, &value, &err) == row->r, "'%s'", row->text);
	ck_assert_msg(value == (row->r < 0 ? 42 : row->value), "'%s': %lld", row->text,
		(long long)value);
	ck_assert_msg((err.text[0] != '\0') == (row->r < 0), "'%s'", row->text);
}

START_TEST(duration_rows)
{
	check_row(tp_duration_parse, &durations[_i]);
}
END_TEST

START_TEST(size_rows)
{
	check_row(tp_size_parse, &sizes[_i]);
}
END_TEST

START_TEST(milli_rows)
{
	check_row(tp_milli_parse, &millis[_i]);
}
END_TEST

START_TEST(prints)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	static const int64_t ns[] = { 0, 90 * TP_SEC, 10 * TP_MIN, TP_WEEK, 1500000, 7,
		TP_DAY, 36 * TP_HOUR, -TP_SEC };
	static const int64_t milli[] = { 4000, 500, 1125, 0, -500, -1010, 1,
		INT64_C(9200000000000000000) };
	size_t i;

	for (i = 0; i < TP_COUNT(ns); i++) {
		tp_duration_print(ns[i], &buf);
		tp_strbuf_putc(&buf, ' ');
	}
	ck_assert_str_eq(
		buf.data, "0ns 90secs 10mins 1weeks 1500us 7ns 1days 36hrs -1secs ");
	tp_strbuf_clear(&buf);
	for (i = 0; i < TP_COUNT(milli); i++) {
		tp_milli_print(milli[i], &buf);
		tp_strbuf_putc(&buf, ' ');
	}
	ck_assert_str_eq(buf.data, "4 0.5 1.125 0 -0.5 -1.01 0.001 9200000000000000 ");
	tp_strbuf_clear(&buf);
	tp_size_print(64 << 20, &buf);
	tp_size_print(0, &buf);
	tp_size_print(1025, &buf);
	ck_assert_str_eq(buf.data, "64MB0B1025B");
}
END_TEST

START_TEST(doubles)
{
	int64_t milli = 42;

	ck_assert_int_eq(tp_milli_from_double(0.1 + 0.2, &milli, NULL), 0);
	ck_assert_int_eq(milli, 300);
	ck_assert_int_eq(tp_milli_from_double(-0.0005, &milli, NULL), 0);
	ck_assert_int_eq(milli, -1);
	ck_assert_int_eq(tp_milli_from_double(NAN, &milli, NULL), -EINVAL);
	ck_assert_int_eq(tp_milli_from_double(INFINITY, &milli, NULL), -ERANGE);
	ck_assert_int_eq(tp_milli_from_double(-1e16, &milli, NULL), -ERANGE);
	ck_assert_int_eq(milli, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tc = tcase_create("units");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, duration_rows, 0, TP_COUNT(durations));
	tcase_add_loop_test(tc, size_rows, 0, TP_COUNT(sizes));
	tcase_add_loop_test(tc, milli_rows, 0, TP_COUNT(millis));
	tcase_add_test(tc, prints);
	tcase_add_test(tc, doubles);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
