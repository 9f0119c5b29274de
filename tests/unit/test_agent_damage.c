/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent whose checkpoint is damaged or cannot be read: nothing that cannot be read is taken for
 * empty, `strict` decides about damage, and what is skipped stays for a start that can read it.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/agent_fixture.h"

#define NOT_STRICT "      strict: false\n"

/* The folders of a checkpoint, each in the one before. */
static const char *const folders[] = { "frameworks", "executors", "runs", "tasks" };

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

/* The real disk, but for one name that cannot be read. */
static struct tp_disk_service real, broken;
static struct tp_disk_ops broken_ops;
static const char *unreadable;
static int unreadable_code;

static bool is_unreadable(const char *path)
{
	const char *name = strrchr(path, '/');

	return unreadable != NULL && name != NULL && tp_streq(name + 1, unreadable);
}

static int broken_list(
	void *impl, const char *path, char ***ret, size_t *ret_n, struct tp_error *err)
{
	if (is_unreadable(path))
		return tp_fail_errno(err, unreadable_code, "list '%s'", path);
	return real.ops->list(impl, path, ret, ret_n, err);
}

static int broken_read(void *impl, const char *path, size_t max_len, char **ret,
	size_t *ret_len, struct tp_error *err)
{
	if (is_unreadable(path))
		return tp_fail_errno(err, unreadable_code, "read '%s'", path);
	return real.ops->read(impl, path, max_len, ret, ret_len, err);
}

static void break_disk(const char *name, int code)
{
	unreadable = name;
	unreadable_code = code;
}

static void setup(void)
{
	agent_fixture_init(f);
	real = disk_service(f->disk);
	broken_ops = *real.ops;
	broken_ops.list = broken_list;
	broken_ops.read = broken_read;
	broken = (struct tp_disk_service){ &broken_ops, real.impl };
	break_disk(NULL, 0);
	f->services[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, broken);
	agent_fixture_start(f, "");
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static void run_and_stop(void)
{
	struct peer *e;

	agent_fixture_run(f, "t1", true);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
}

static void refuses(const char *config, const char *name)
{
	struct tp_error err = { 0 };

	ck_assert_int_lt(agent_fixture_try_start(f, config, &err), 0);
	ck_assert_msg(strstr(err.text, name) != NULL, "%s", err.text);
	agent_fixture_stop(f);
}

static void finds_the_task(void)
{
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 1);
}

START_TEST(a_folder_that_cannot_be_read_is_not_empty)
{
	run_and_stop();
	break_disk(folders[_i], EIO);
	refuses("", folders[_i]);
	break_disk(NULL, 0);
	finds_the_task();
}
END_TEST

START_TEST(what_is_skipped_is_not_removed)
{
	run_and_stop();
	break_disk(folders[_i], EIO);
	agent_fixture_start(f, NOT_STRICT);
	ck_assert_uint_eq(f->n_recovered, 0);
	agent_fixture_stop(f);
	break_disk(NULL, 0);
	finds_the_task();
}
END_TEST

/* Not damage: going on would end tasks of which all is known. */
START_TEST(a_lack_of_descriptors_is_not_damage)
{
	run_and_stop();
	break_disk(folders[_i], EMFILE);
	refuses(NOT_STRICT, folders[_i]);
	break_disk("executor.sentinel", EMFILE);
	refuses(NOT_STRICT, "executor.sentinel");
	break_disk(NULL, 0);
	finds_the_task();
}
END_TEST

START_TEST(logs_of_unknown_tasks_are_not_removed_unread)
{
	tp_cleanup(ptr) char *info = tp_asprintf(
		"%s/daemon/meta/slaves/M-S0/frameworks/F/framework.info", f->dir.path);

	run_and_stop();
	ck_assert_int_eq(unlink(info), 0);
	break_disk(folders[_i], EIO);
	agent_fixture_start(f, NOT_STRICT);
	agent_fixture_stop(f);
	break_disk(NULL, 0);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_LOST);
}
END_TEST

static char *checkpoint_path(const char *name)
{
	return tp_asprintf("%s/daemon/meta/slaves/M-S0/%s", f->dir.path, name);
}

/* One byte in the first half: of a log not the tail. */
static void damage(const char *path)
{
	int fd = open(path, O_RDWR);
	off_t at = lseek(fd, 0, SEEK_END) / 4;
	char byte;

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte = (char)~byte;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	if (strstr(path, ".info") != NULL)
		ck_assert_int_eq(ftruncate(fd, at + 1), 0);
	close(fd);
}

/* Of an executor of its own that runs t1. */
START_TEST(damage_stops_a_strict_agent)
{
	static const char *const names[] = { "framework.info",
		"executors/e1/executor.info", "task.info", "task.updates" };
	tp_cleanup(ptr) char *run = NULL;
	tp_cleanup(ptr) char *name = NULL;
	tp_cleanup(ptr) char *path = NULL;
	struct peer *e;

	agent_fixture_run_in(f, "t1", "e1", true);
	e = agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_update(e, "e1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	run = tp_asprintf(
		"executors/e1/runs/%s/tasks/t1/", agent_fixture_container(f)->id);
	name = tp_asprintf("frameworks/F/%s%s", _i < 2 ? "" : run, names[_i]);
	path = checkpoint_path(name);
	damage(path);
	refuses("", path);
	refuses("", "strict: false");
	agent_fixture_start(f, NOT_STRICT);
	agent_fixture_advance(f, 4 * TP_SEC);
	ck_assert_ptr_nonnull(agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER));
}
END_TEST

START_TEST(an_agent_that_knows_not_who_it_is_is_a_new_one_unless_strict)
{
	tp_cleanup(ptr) char *path = checkpoint_path("agent.info");

	run_and_stop();
	if (_i == 0)
		damage(path);
	else
		break_disk("agent.info", _i == 1 ? EIO : EMFILE);
	refuses("", "agent.info");
	if (_i == 2) {
		refuses(NOT_STRICT, "agent.info");
		return;
	}
	refuses("", "strict: false");
	agent_fixture_start(f, NOT_STRICT);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_ptr_null(agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER));
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REGISTER), 1);
	ck_assert_uint_eq(f->n_recovered, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_damage");
	TCase *tc = tcase_create("damage");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
		tc, a_folder_that_cannot_be_read_is_not_empty, 0, TP_COUNT(folders));
	tcase_add_loop_test(tc, what_is_skipped_is_not_removed, 0, TP_COUNT(folders));
	tcase_add_loop_test(
		tc, a_lack_of_descriptors_is_not_damage, 0, TP_COUNT(folders));
	tcase_add_loop_test(
		tc, logs_of_unknown_tasks_are_not_removed_unread, 1, TP_COUNT(folders));
	tcase_add_loop_test(tc, damage_stops_a_strict_agent, 0, 4);
	tcase_add_loop_test(
		tc, an_agent_that_knows_not_who_it_is_is_a_new_one_unless_strict, 0, 3);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
