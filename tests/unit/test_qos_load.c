/* SPDX-License-Identifier: Apache-2.0 */
/* qos-load: who goes when the load is too high. The load is a file that the test writes. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/kind/qos_controller.h"
#include "tepui/record.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"
#include "tests/lib/tmpdir.h"

extern const struct tp_module tp_module;

static struct test_host host;
static struct test_tmpdir dir;
static const struct tp_qos_controller_ops *ops;
static void *impl;
static struct tp_arena *arena;
static struct tp_resource_usage usage;
static struct tp_qos_controller_request request;
static int n_done, status;
static char said[256]; /* the executors that have to go */

static const struct tp_resource_usage *get_usage(void *user, struct tp_arena *into)
{
	(void)into;
	ck_assert_ptr_eq(user, &usage);
	return &usage;
}

static void on_done(struct tp_qos_controller_request *done, int r)
{
	ck_assert_ptr_eq(done, &request);
	n_done++;
	status = r;
	said[0] = '\0';
	for (size_t i = 0; r >= 0 && i < done->n_corrections; i++) {
		const struct tp_qos_correction *correction = done->corrections[i];
		size_t len = strlen(said);

		ck_assert_int_eq(correction->type, TP_QOS_CORRECTION_KILL);
		snprintf(said + len, sizeof said - len, "%s/%s/%s ",
			correction->kill->framework_id->value,
			correction->kill->executor_id->value,
			correction->kill->container_id->value);
	}
}

static void write_load(const char *text)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/loadavg", dir.path);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void start(const char *thresholds)
{
	const struct tp_qos_controller_user user = { &usage, get_usage };
	tp_cleanup(ptr) char *config =
		tp_asprintf("{ %s, loadavg: %s/loadavg }", thresholds, dir.path);
	struct tp_error err = { 0 };

	test_host_start(&host, &tp_module, config);
	ops = test_host_ops(&tp_module);
	impl = test_host_impl(&host);
	ck_assert_int_ge(ops->open(impl, &user, &err), 0);
}

static void run(const char *id, bool revocable)
{
	tp_cleanup(ptr) char *json = tp_asprintf(
		"{\"executor_info\":{\"executor_id\":{\"value\":\"%s\"},"
		"\"framework_id\":{\"value\":\"F\"}},\"container_id\":{\"value\":\"c\"},"
		"\"allocated\":[{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":"
		"{\"value\":32}},{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
		"{\"value\":1}%s}]}",
		id, revocable ? ",\"revocable\":{}" : "");
	char *text = tp_arena_strdup(arena, json);
	struct tp_error err = { 0 };
	void *executor;

	ck_assert_msg(tp_json_decode(&tp_resource_usage_executor_desc, text, strlen(text),
			      arena, &executor, &err) >= 0,
		"%s", err.text);
	tp_arena_push(arena, &usage.executors, &usage.n_executors,
		(struct tp_resource_usage_executor *)executor);
}

static void setup(void)
{
	memset(&host, 0, sizeof host);
	memset(&usage, 0, sizeof usage);
	test_tmpdir_init(&dir);
	arena = tp_arena_create(0);
	n_done = 0;
	run("mine", true);
	run("own", false);
	run("theirs", true);
}

static void teardown(void)
{
	test_host_stop(&host);
	tp_arena_destroy(arena);
	test_tmpdir_fini(&dir);
}

static void correct(void)
{
	n_done = 0;
	request = (struct tp_qos_controller_request){ .done = on_done };
	ops->correct(impl, &request);
	ck_assert_int_eq(n_done, 0);
	test_clock_settle(&host.clock, host.loop);
	ck_assert_int_eq(n_done, 1);
}

#define ALL "F/mine/c F/theirs/c "

static const struct {
	const char *thresholds, *load, *said;
} rows[] = {
	{ "load_threshold_5min: 2", "9.00 2.00 9.00 1/1 1\n", "" },
	{ "load_threshold_5min: 2", "0.00 2.01 0.00 1/1 1\n", ALL },
	{ "load_threshold_15min: 0.5", "9.00 9.00 0.50 1/1 1\n", "" },
	{ "load_threshold_15min: 0.5", "0.00 0.00 0.51 1/1 1\n", ALL },
	{ "load_threshold_5min: 2, load_threshold_15min: 3", "0 2.5 3 1/1 1\n", ALL },
	{ "load_threshold_5min: 2, load_threshold_15min: 3", "0 2 3.5 1/1 1\n", ALL },
	{ "load_threshold_5min: 2, load_threshold_15min: 3", "9 2 3 1/1 1\n", "" },
};

START_TEST(who_goes)
{
	start(rows[_i].thresholds);
	write_load(rows[_i].load);
	correct();
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(said, rows[_i].said);
}
END_TEST

START_TEST(the_load_is_read_anew)
{
	start("load_threshold_5min: 1");
	write_load("0 0.5 0 1/1 1\n");
	correct();
	ck_assert_str_eq(said, "");
	write_load("0 1.5 0 1/1 1\n");
	correct();
	ck_assert_str_eq(said, ALL);
	usage.n_executors = 0;
	correct();
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_load_that_cannot_be_read_is_an_error)
{
	start("load_threshold_5min: 1");
	correct();
	ck_assert_int_eq(status, -ENOENT);
	ck_assert_msg(strstr(request.err.text, "loadavg: No such file") != NULL, "%s",
		request.err.text);
	write_load("much\n");
	correct();
	ck_assert_int_eq(status, -EPROTO);
	ck_assert_msg(strstr(request.err.text, "'much'") != NULL, "%s", request.err.text);
}
END_TEST

START_TEST(a_question_can_be_taken_back)
{
	start("load_threshold_5min: 1");
	write_load("9 9 9 1/1 1\n");
	request = (struct tp_qos_controller_request){ .done = on_done };
	ops->correct(impl, &request);
	ops->cancel(impl, &request);
	test_clock_settle(&host.clock, host.loop);
	ck_assert_int_eq(n_done, 0);
	correct();
	ck_assert_str_eq(said, ALL);
}
END_TEST

static const struct {
	const char *config, *error;
} mistakes[] = {
	{ "{}", "or load_threshold_15min" },
	{ "{ load_threshold_5min: -1 }", "load_threshold_5min: must not be negative" },
	{ "{ load_threshold_15min: -1 }", "load_threshold_15min: must not be negative" },
};

START_TEST(a_threshold_is_needed)
{
	const struct tp_module *modules[] = { &tp_module };
	struct tp_error err = { 0 };

	ck_assert_int_lt(test_host_try(&host, modules, 1, mistakes[_i].config, &err), 0);
	ck_assert_msg(strstr(err.text, mistakes[_i].error) != NULL, "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qos_load");
	TCase *tc = tcase_create("qos_load");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, who_goes, 0, TP_COUNT(rows));
	tcase_add_test(tc, the_load_is_read_anew);
	tcase_add_test(tc, a_load_that_cannot_be_read_is_an_error);
	tcase_add_test(tc, a_question_can_be_taken_back);
	tcase_add_loop_test(tc, a_threshold_is_needed, 0, TP_COUNT(mistakes));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
