/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators' reads: files of sandboxes, paths that try to lead elsewhere, and the answers about
 * tasks, executors and containers.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agent_fixture.h"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

static void put(const char *name, const char *text)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/%s", agent_fixture_container(f)->directory, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void setup(void)
{
	agent_fixture_init(f);
	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	put("stdout", "hello world\n");
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static const struct tp_agent_response *read_file(
	const char *path, uint64_t offset, uint64_t length, int *ret_status)
{
	struct tp_agent_call_read_file body = { .path = path,
		.has_offset = true,
		.offset = offset,
		.has_length = length != 0,
		.length = length };

	return agent_fixture_ask(f,
		&(struct tp_agent_call){ .has_type = true,
			.type = TP_AGENT_CALL_READ_FILE,
			.read_file = &body },
		ret_status);
}

static const struct tp_agent_response *list_files(const char *path, int *ret_status)
{
	struct tp_agent_call_list_files body = { .path = path };

	return agent_fixture_ask(f,
		&(struct tp_agent_call){ .has_type = true,
			.type = TP_AGENT_CALL_LIST_FILES,
			.list_files = &body },
		ret_status);
}

static const struct tp_agent_response *get(int type)
{
	const struct tp_agent_response *response;
	int status;

	response = agent_fixture_ask(
		f, &(struct tp_agent_call){ .has_type = true, .type = type }, &status);
	ck_assert_int_eq(status, 200);
	ck_assert_ptr_nonnull(response);
	return response;
}

static void expect_text(const char *path)
{
	const struct tp_agent_response *response;
	int status;

	response = read_file(path, 6, 5, &status);
	ck_assert_msg(status == 200, "%s: %d", path, status);
	ck_assert_uint_eq(response->read_file->size, 12);
	ck_assert_uint_eq(response->read_file->data.len, 5);
	ck_assert_mem_eq(response->read_file->data.data, "world", 5);
}

START_TEST(a_file_is_read_by_each_of_its_names)
{
	const struct container *c = agent_fixture_container(f);
	tp_cleanup(ptr) char *run =
		tp_asprintf("/frameworks/F/executors/t1/runs/%s/stdout", c->id);
	tp_cleanup(ptr) char *real = tp_asprintf("%s/stdout", c->directory);
	tp_cleanup(ptr) char *beside = tp_asprintf("%.*slatest/stdout",
		(int)(strlen(c->directory) - strlen(c->id)), c->directory);

	expect_text("/frameworks/F/executors/t1/latest/stdout");
	expect_text("/frameworks/F/executors/t1/runs/latest/stdout");
	expect_text("frameworks/F/executors/t1//latest/./stdout");
	expect_text(run);
	expect_text(real);
	expect_text(beside);
}
END_TEST

START_TEST(reading_has_edges)
{
	const struct tp_agent_response *response;
	int status;

	response = read_file("/frameworks/F/executors/t1/latest/stdout", 0, 0, &status);
	ck_assert_uint_eq(response->read_file->data.len, 12);
	response = read_file("/frameworks/F/executors/t1/latest/stdout", 99, 0, &status);
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(response->read_file->data.len, 0);
	response = read_file(
		"/frameworks/F/executors/t1/latest/stdout", UINT64_MAX, 1, &status);
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(response->read_file->data.len, 0);
	read_file("/frameworks/F/executors/t1/latest", 0, 0, &status);
	ck_assert_int_eq(status, 400);
	read_file("/frameworks/F/executors/t1/latest/none", 0, 0, &status);
	ck_assert_int_eq(status, 404);
}
END_TEST

START_TEST(no_path_leads_out)
{
	static const char *const paths[] = {
		"/etc/passwd",
		"/frameworks/F/executors/t1/latest/../../../../../../../../etc/passwd",
		"/frameworks/F/executors/t1/latest/../latest/stdout",
		"/frameworks/../../../etc/passwd",
		"/frameworks/F/executors/../../../x/latest/stdout",
		"/frameworks/F/executors/t1/runs/../latest/stdout",
		"/frameworks/F/executors/t1/latest/absolute",
		"/frameworks/F/executors/t1/latest/relative",
		"/frameworks/F/executors/t1/latest/folder/passwd",
		"/frameworks/F/executors/t1/latest/proc",
		"/frameworks/F/executors/t2/latest/stdout",
		"/frameworks/F/executors/t1",
		"/frameworks",
		"/",
		"",
		"../meta/lock",
	};
	const char *sandbox = agent_fixture_container(f)->directory;
	tp_cleanup(ptr) char *absolute = tp_asprintf("%s/absolute", sandbox);
	tp_cleanup(ptr) char *relative = tp_asprintf("%s/relative", sandbox);
	tp_cleanup(ptr) char *folder = tp_asprintf("%s/folder", sandbox);
	tp_cleanup(ptr) char *proc = tp_asprintf("%s/proc", sandbox);
	tp_cleanup(ptr) char *lock =
		tp_asprintf("%s/daemon/slaves/../meta/lock", f->dir.path);
	int status;

	ck_assert_int_eq(symlink("/etc/passwd", absolute), 0);
	ck_assert_int_eq(symlink("../../../../../../../../../meta/lock", relative), 0);
	ck_assert_int_eq(symlink("/etc", folder), 0);
	ck_assert_int_eq(symlink("/proc/self/environ", proc), 0);
	for (size_t i = 0; i < TP_COUNT(paths); i++) {
		ck_assert_ptr_null(read_file(paths[i], 0, 0, &status));
		ck_assert_msg(status == 404, "%s: %d", paths[i], status);
		if (strstr(paths[i], "latest/") == NULL) {
			ck_assert_ptr_null(list_files(paths[i], &status));
			ck_assert_msg(status == 404, "%s: %d", paths[i], status);
		}
	}
	ck_assert_ptr_null(read_file(lock, 0, 0, &status));
	ck_assert_int_eq(status, 404);
}
END_TEST

START_TEST(a_pipe_does_not_block)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/pipe", agent_fixture_container(f)->directory);
	int status;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	read_file("/frameworks/F/executors/t1/latest/pipe", 0, 0, &status);
	ck_assert_int_eq(status, 400);
}
END_TEST

START_TEST(a_folder_is_listed)
{
	const struct tp_agent_response *response;
	const struct tp_file_info *info;
	int status;

	put("stderr", "");
	response = list_files("/frameworks/F/executors/t1/latest", &status);
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(response->list_files->n_file_infos, 2);
	info = response->list_files->file_infos[1];
	ck_assert_str_eq(info->path, "/frameworks/F/executors/t1/latest/stdout");
	ck_assert_uint_eq(info->size, 12);
	ck_assert(S_ISREG(info->mode));
	response = list_files("/frameworks/F/executors/t1/latest/stdout", &status);
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(response->list_files->n_file_infos, 1);
}
END_TEST

START_TEST(tasks_are_where_they_stand)
{
	struct peer *e;

	ck_assert_uint_eq(get(TP_AGENT_CALL_GET_TASKS)->get_tasks->n_queued_tasks, 1);
	e = agent_fixture_executor(f, 0, "t1", true);
	ck_assert_uint_eq(get(TP_AGENT_CALL_GET_TASKS)->get_tasks->n_launched_tasks, 1);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 1);
	ck_assert_uint_eq(get(TP_AGENT_CALL_GET_TASKS)->get_tasks->n_terminated_tasks, 1);
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(get(TP_AGENT_CALL_GET_TASKS)->get_tasks->n_completed_tasks, 1);
	ck_assert_uint_eq(
		get(TP_AGENT_CALL_GET_EXECUTORS)->get_executors->n_executors, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	ck_assert_uint_eq(get(TP_AGENT_CALL_GET_STATE)
				  ->get_state->get_executors->n_completed_executors,
		1);
	ck_assert_uint_eq(
		get(TP_AGENT_CALL_GET_FRAMEWORKS)->get_frameworks->n_completed_frameworks,
		1);
	ck_assert_uint_eq(get(TP_AGENT_CALL_GET_TASKS)->get_tasks->n_completed_tasks, 1);
}
END_TEST

START_TEST(containers_are_measured)
{
	const struct tp_agent_response_get_containers *list =
		get(TP_AGENT_CALL_GET_CONTAINERS)->get_containers;

	ck_assert_uint_eq(list->n_containers, 1);
	ck_assert_str_eq(list->containers[0]->executor_id->value, "t1");
	ck_assert_ptr_nonnull(list->containers[0]->resource_statistics);
	ck_assert_ptr_nonnull(list->containers[0]->container_status);
}
END_TEST

static double metric(const char *name)
{
	const struct tp_agent_response_get_metrics *list =
		get(TP_AGENT_CALL_GET_METRICS)->get_metrics;

	for (size_t i = 0; i < list->n_metrics; i++) {
		if (strcmp(list->metrics[i]->name, name) == 0)
			return list->metrics[i]->value;
	}
	ck_abort_msg("no metric %s", name);
	return 0;
}

START_TEST(metrics_count)
{
	ck_assert_double_eq(metric("slave/registered"), 1);
	ck_assert_double_eq(metric("slave/tasks_staging"), 1);
	ck_assert_double_eq(metric("slave/executors_registering"), 1);
	ck_assert_double_eq(metric("slave/cpus_total"), 4);
	ck_assert_double_eq(metric("slave/cpus_used"), 1);
	ck_assert_double_eq(metric("slave/cpus_percent"), 0.25);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	ck_assert_double_eq(metric("slave/tasks_failed"), 1);
	ck_assert_double_eq(metric("slave/cpus_used"), 0);
}
END_TEST

START_TEST(what_is_missing_says_so)
{
	int status;

	agent_fixture_ask(f,
		&(struct tp_agent_call){
			.has_type = true, .type = TP_AGENT_CALL_PRUNE_IMAGES },
		&status);
	ck_assert_int_eq(status, 501);
	agent_fixture_ask(f, &(struct tp_agent_call){ .has_type = false }, &status);
	ck_assert_int_eq(status, 400);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_files");
	TCase *tc = tcase_create("files");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_is_read_by_each_of_its_names);
	tcase_add_test(tc, reading_has_edges);
	tcase_add_test(tc, no_path_leads_out);
	tcase_add_test(tc, a_pipe_does_not_block);
	tcase_add_test(tc, a_folder_is_listed);
	tcase_add_test(tc, tasks_are_where_they_stand);
	tcase_add_test(tc, containers_are_measured);
	tcase_add_test(tc, metrics_count);
	tcase_add_test(tc, what_is_missing_says_so);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
