/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines through a pipe: both formats, quoting, values that try to forge pairs, levels.
 */
#include "tepui/log.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tepui/log_keys.h"

static const struct tp_topic topic = { "master" };
static int fds[2];
static char line[4096];

static void setup(void)
{
	ck_assert_int_eq(pipe(fds), 0);
	tp_log_setup(TP_LOG_TEXT, fds[1]);
	tp_log_set_level(TP_LOG_DEBUG);
}

static void teardown(void)
{
	close(fds[0]);
	close(fds[1]);
}

/* What one write put into the pipe, without the time. */
static const char *written(size_t time_len)
{
	ssize_t n = read(fds[0], line, sizeof line - 1);

	ck_assert_int_gt(n, (ssize_t)time_len);
	line[n] = '\0';
	return line + time_len;
}

#define AFTER_TIME strlen("2026-11-20T10:21:25.123456Z ")
#define AFTER_JSON_TIME strlen("{\"time\":\"2026-11-20T10:21:25.123456Z\",")

START_TEST(text_line)
{
	errno = EPERM;
	tp_warn(&topic, "agent is silent, marking it unreachable",
		"agent=%s silent_ms=%d", "a-S1", 75000);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_str_eq(written(AFTER_TIME),
		"warn master: agent is silent, marking it unreachable agent=a-S1 "
		"silent_ms=75000\n");
	ck_assert_int_eq(line[26], 'Z');
	tp_info(&topic, "ready", "");
	ck_assert_str_eq(written(AFTER_TIME), "info master: ready\n");
}
END_TEST

START_TEST(text_quotes)
{
	tp_err(NULL, "odd", "a=%s b=%s c=%s d=%s e=%s", "two words", "", "q\"", "x\ny",
		"k=v");
	ck_assert_str_eq(written(AFTER_TIME),
		"error tepui: odd a=\"two words\" b=\"\" c=\"q\\\"\" d=\"x\\ny\" "
		"e=k=v\n");
}
END_TEST

START_TEST(text_quotes_backslashes)
{
	tp_err(&topic, "odd", "a=%s b=%s c=%s", "x\\y", "x\x7f", "x\"");
	ck_assert_str_eq(written(AFTER_TIME),
		"error master: odd a=\"x\\\\y\" b=\"x\x7f\" c=\"x\\\"\"\n");
}
END_TEST

START_TEST(values_cannot_forge_pairs)
{
	tp_info(&topic, "m", "a=%s b=%s", "x\x1fuser=root", "y\x1e");
	ck_assert_str_eq(written(AFTER_TIME),
		"info master: m a=\"x\\u001fuser=root\" b=\"y\\u001e\"\n");
}
END_TEST

START_TEST(not_even_values_of_all_control_bytes)
{
	char bytes[64] = "x", *at = bytes + 1;

	for (char c = 1; c < ' '; c++)
		*at++ = c;
	strcpy(at, "level=error");
	tp_info(&topic, "m", "a=%s b=%s", bytes, "y");
	ck_assert_ptr_nonnull(strstr(written(AFTER_TIME), "info master: m a=\"x\\u0001"));
	ck_assert_int_eq(line[strlen(line) - 2], '"');
	ck_assert_ptr_eq(strchr(strchr(line, '"') + 1, '"'), line + strlen(line) - 2);
	ck_assert_ptr_nonnull(strstr(line, "b=y\"\n"));
	tp_log_setup(TP_LOG_JSON, fds[1]);
	tp_info(&topic, "m", "a=%s b=%s", bytes, "y");
	ck_assert_ptr_nonnull(strstr(written(AFTER_JSON_TIME), "\"m\",\"a\":\"x\\u0001"));
	ck_assert_ptr_null(strstr(line, "\"b\""));
}
END_TEST

START_TEST(json_line)
{
	tp_log_setup(TP_LOG_JSON, fds[1]);
	tp_debug(&topic, "say \"hi\"", "a=%s n=%u", "b\\ \xff", 7U);
	ck_assert_str_eq(written(AFTER_JSON_TIME),
		"\"level\":\"debug\",\"topic\":\"master\",\"message\":\"say \\\"hi\\\"\","
		"\"a\":\"b\\\\ \\ufffd\",\"n\":\"7\"}\n");
}
END_TEST

START_TEST(levels)
{
	enum tp_log_level level = TP_LOG_DEBUG;
	struct tp_error err = { 0, "" };

	tp_log_set_level(TP_LOG_WARN);
	tp_info(&topic, "not this", "");
	tp_warn(&topic, "this", "");
	ck_assert_str_eq(written(AFTER_TIME), "warn master: this\n");

	ck_assert_int_eq(tp_log_level_parse("WARNING", &level, &err), 0);
	ck_assert_int_eq(level, TP_LOG_WARN);
	ck_assert_int_eq(tp_log_level_parse("error", &level, &err), 0);
	ck_assert_int_eq(level, TP_LOG_ERROR);
	ck_assert_int_eq(tp_log_level_parse("loud", &level, &err), -EINVAL);
	ck_assert_int_eq(level, TP_LOG_ERROR);
	ck_assert_ptr_nonnull(strstr(err.text, "'loud'"));
}
END_TEST

START_TEST(other_files_get_every_line)
{
	int more[2];

	ck_assert_int_eq(pipe(more), 0);
	ck_assert_int_eq(tp_log_add_fd(more[1]), 0);
	tp_info(&topic, "both", "");
	ck_assert_str_eq(written(AFTER_TIME), "info master: both\n");
	ck_assert_int_gt(read(more[0], line, sizeof line), 0);
	tp_log_set_quiet(true);
	tp_info(&topic, "quiet", "");
	ck_assert_int_gt(read(more[0], line, sizeof line), 0);
	ck_assert_ptr_nonnull(strstr(line, "quiet"));
	tp_log_set_quiet(false);
	tp_log_remove_fd(more[1]);
	tp_info(&topic, "one", "");
	ck_assert_str_eq(written(AFTER_TIME), "info master: one\n");
	close(more[1]);
	ck_assert_int_eq(read(more[0], line, sizeof line), 0);
	close(more[0]);
}
END_TEST

START_TEST(other_files_are_bounded)
{
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(tp_log_add_fd(100 + i), 0);
	ck_assert_int_eq(tp_log_add_fd(104), -ENOSPC);
	for (int i = 0; i < 4; i++)
		tp_log_remove_fd(100 + i);
	ck_assert_int_eq(tp_log_add_fd(104), 0);
	tp_log_remove_fd(104);
}
END_TEST

START_TEST(keys_come_and_go)
{
	struct tp_log_keys keys = { .level = TP_LOG_WARN };
	struct tp_error err = { 0 };

	tp_log_set_level(TP_LOG_DEBUG);
	ck_assert_int_eq(tp_log_keys_apply(&keys, "m", &err), 0);
	ck_assert(tp_log_get_level() == TP_LOG_WARN);
	keys.level = TP_LOG_INFO;
	ck_assert_int_eq(tp_log_keys_apply(&keys, "m", &err), 0);
	ck_assert(tp_log_get_level() == TP_LOG_DEBUG);
	keys.level = TP_LOG_ERROR;
	ck_assert_int_eq(tp_log_keys_apply(&keys, "m", &err), 0);
	tp_log_keys_revert(&keys);
	ck_assert(tp_log_get_level() == TP_LOG_DEBUG);
	keys.dir = "/proc/none";
	ck_assert_int_lt(tp_log_keys_apply(&keys, "m", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "log_dir: making '/proc/none'"));
	tp_log_keys_revert(&keys);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, text_line);
	tcase_add_test(tc, text_quotes);
	tcase_add_test(tc, text_quotes_backslashes);
	tcase_add_test(tc, values_cannot_forge_pairs);
	tcase_add_test(tc, not_even_values_of_all_control_bytes);
	tcase_add_test(tc, json_line);
	tcase_add_test(tc, levels);
	tcase_add_test(tc, other_files_get_every_line);
	tcase_add_test(tc, other_files_are_bounded);
	tcase_add_test(tc, keys_come_and_go);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
