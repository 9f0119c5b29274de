/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent whose disk refuses to write: what must be durable waits, everything else goes on, and
 * when the disk is well again nothing was forgotten and nothing is told twice.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agent_fixture.h"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

/* What the disk refuses: paths that contain this. */
static const char *refused;
static size_t n_refused;

static int sync_file(void *arg, int fd, const char *path)
{
	(void)arg, (void)fd;
	if (refused == NULL || strstr(path, refused) == NULL)
		return 0;
	n_refused++;
	return -ENOSPC;
}

static void setup(void)
{
	refused = NULL;
	n_refused = 0;
	agent_fixture_init(f);
	disk_set_sync(f->disk, sync_file, NULL);
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static size_t sent(void)
{
	return agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE);
}

static const struct tp_status_update *last_update(void)
{
	return agent_fixture_last(f, TP_MESSAGE_STATUS_UPDATE);
}

/* Executor i with its task running, acknowledged. */
static struct peer *running(int i, const char *task_id, bool checkpoint)
{
	struct peer *e;

	agent_fixture_run(f, task_id, checkpoint);
	e = agent_fixture_executor(f, i, task_id, true);
	agent_fixture_update(e, task_id, task_id, TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	return e;
}

static void restart(void)
{
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
}

START_TEST(an_update_that_cannot_be_stored_waits)
{
	struct peer *e;

	agent_fixture_start(f, "");
	e = running(0, "t1", true);
	refused = "task.updates";
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_advance(f, TP_SEC - 1);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 1);
	/* The repair writes a new file beside it. */
	refused = "tasks/t1";
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_ge(n_refused, 60);
	ck_assert_uint_le(n_refused, 70);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_ge(sent(), 2);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 2);
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 2);
}
END_TEST

START_TEST(other_work_goes_on)
{
	struct peer *e;

	agent_fixture_start(f, "");
	e = running(0, "t1", true);
	refused = "tasks/t1";
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	e = running(1, "t2", true);
	agent_fixture_update(e, "t2", "t2", TP_TASK_FAILED, 3);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 2);
	ck_assert_uint_eq(sent(), 3);
}
END_TEST

START_TEST(nobody_is_told_of_a_state_that_is_not_stored)
{
	const struct tp_agent_reregister *again;
	struct peer *e;

	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	refused = "tasks/t1";
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_advance(f, 10 * TP_SEC);
	ck_assert_uint_eq(sent(), 2);
	ck_assert_int_eq(last_update()->status->state, TP_TASK_RUNNING);
	ck_assert_int_eq(last_update()->latest_state, TP_TASK_RUNNING);
	agent_fixture_master_down(f);
	agent_fixture_master_up(f);
	agent_fixture_advance(f, 10 * TP_SEC);
	again = agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER);
	ck_assert_ptr_nonnull(again);
	ck_assert_int_eq(again->tasks[0]->state, TP_TASK_RUNNING);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	agent_fixture_acknowledge(f);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
}
END_TEST

START_TEST(what_is_read_again_is_stored_before_it_is_told)
{
	struct peer *e;

	agent_fixture_start(f, "");
	e = running(0, "t1", true);
	refused = "tasks/t1";
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	/* It is in the file, but not sure to last. */
	restart();
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER), 1);
	ck_assert_uint_eq(sent(), 0);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 2);
}
END_TEST

START_TEST(a_repaired_log_says_what_the_old_one_said)
{
	const struct tp_agent_reregister *again;
	struct peer *e;

	agent_fixture_start(f, "");
	e = running(0, "t1", true);
	refused = "tasks/t1";
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 2);
	agent_fixture_advance(f, 2 * TP_SEC);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	agent_fixture_acknowledge(f);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 3);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 3);
	restart();
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_advance(f, TP_SEC);
	again = agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER);
	ck_assert_int_eq(again->tasks[0]->state, TP_TASK_RUNNING);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 3);
	agent_fixture_acknowledge(f);
	/* Both are known as duplicates. */
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 2);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 3);
}
END_TEST

START_TEST(an_acknowledgement_during_the_repair_is_not_lost)
{
	struct peer *e;

	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	refused = "tasks/t1";
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 2);
	agent_fixture_acknowledge(f);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, 2 * TP_SEC);
	restart();
	agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

/* After a crash the front says what the framework heard last, and not what it knew before. */
START_TEST(no_update_overtakes_the_acknowledgement_of_the_one_before)
{
	struct peer *e;

	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	refused = "tasks/t1";
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(n_refused, 1);
	ck_assert_uint_eq(sent(), 1);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(sent(), 1);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_ge(sent(), 2);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_MIN);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
}
END_TEST

START_TEST(updates_wait_until_the_id_is_stored)
{
	struct peer *e;

	refused = "M-S0";
	agent_fixture_start(f, "");
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REGISTER), 1);
	agent_fixture_run(f, "t1", false);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 0);
	ck_assert_int_eq(f->exit_status, -1);
	ck_assert_uint_le(n_refused, 70);
	refused = NULL;
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_ge(sent(), 1);
	restart();
	agent_fixture_advance(f, 4 * TP_SEC);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER), 1);
}
END_TEST

/* A file where a folder has to be. */
static void block(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(what_cannot_be_noted_does_not_start)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/daemon/meta/slaves/M-S0/frameworks", f->dir.path);

	agent_fixture_start(f, "");
	block(path);
	agent_fixture_run(f, "t1", true);
	ck_assert_uint_eq(f->n_containers, 0);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	ck_assert_int_eq(
		agent_fixture_last_status(f)->reason, TP_REASON_CONTAINER_LAUNCH_FAILED);
	ck_assert_ptr_nonnull(
		strstr(agent_fixture_last_status(f)->message, "checkpoint"));
	agent_fixture_acknowledge(f);
	ck_assert_int_eq(unlink(path), 0);
	agent_fixture_run(f, "t2", true);
	ck_assert_uint_eq(f->n_containers, 1);
}
END_TEST

START_TEST(a_sandbox_that_cannot_be_made_fails_the_task)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/daemon/slaves", f->dir.path);

	agent_fixture_start(f, "");
	block(path);
	agent_fixture_run(f, "t1", true);
	ck_assert_uint_eq(f->n_containers, 0);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	ck_assert_ptr_nonnull(strstr(agent_fixture_last_status(f)->message, "sandbox"));
	agent_fixture_acknowledge(f);
	ck_assert_int_eq(unlink(path), 0);
	agent_fixture_run(f, "t2", true);
	ck_assert_uint_eq(f->n_containers, 1);
}
END_TEST

START_TEST(a_second_task_that_cannot_be_noted_does_not_reach_its_executor)
{
	struct peer *e;

	agent_fixture_start(f, "");
	agent_fixture_run_in(f, "t1", "e1", true);
	e = agent_fixture_executor(f, 0, "e1", true);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_LAUNCH), 1);
	tp_cleanup(ptr) char *path = tp_asprintf(
		"%s/daemon/meta/slaves/M-S0/frameworks/F/executors/e1/runs/%s/tasks/t2",
		f->dir.path, agent_fixture_container(f)->id);
	block(path);
	agent_fixture_run_in(f, "t2", "e1", true);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_LAUNCH), 1);
	ck_assert_uint_eq(sent(), 0); /* its log cannot be written either */
	ck_assert_int_eq(unlink(path), 0);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
}
END_TEST

/* --- a loss of power: what was written without fsync is gone ---------------------------- */

static char *task_file(const char *name)
{
	return tp_asprintf("%s/daemon/meta/slaves/M-S0/frameworks/F/executors/t1/runs/%s/"
			   "tasks/t1/%s",
		f->dir.path, agent_fixture_container(f)->id, name);
}

static void lose(char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	tp_free(path);
}

START_TEST(an_end_that_was_sent_survives_without_its_task)
{
	struct stat st;
	struct peer *e;

	agent_fixture_start(f, "");
	e = running(0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	lose(task_file("task.info"));
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(f->n_recovered, 0);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 2);
	agent_fixture_acknowledge(f);
	restart();
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 0);
	tp_cleanup(ptr) char *log = task_file("task.updates");
	ck_assert_int_ne(stat(log, &st), 0);
}
END_TEST

START_TEST(a_task_whose_record_is_lost_is_reported)
{
	const struct tp_agent_reregister *again;

	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	agent_fixture_update(
		agent_fixture_executor(f, 0, "t1", true), "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	lose(task_file("task.info"));
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	/* The master hears of it, but nothing that the updates do not say. */
	again = agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER);
	ck_assert_uint_eq(again->n_frameworks, 1);
	ck_assert_uint_eq(again->n_tasks, 1);
	ck_assert_str_eq(again->tasks[0]->task_id->value, "t1");
	ck_assert_int_eq(again->tasks[0]->state, TP_TASK_UNKNOWN);
	ck_assert(!again->tasks[0]->has_status_update_state);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_RUNNING);
	agent_fixture_acknowledge(f);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_GONE);
	ck_assert_int_eq(agent_fixture_last_status(f)->reason, TP_REASON_AGENT_RESTARTED);
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 2);
}
END_TEST

START_TEST(a_framework_that_goes_is_owed_nothing)
{
	struct tp_framework_id id = { .value = "F" };

	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	agent_fixture_update(
		agent_fixture_executor(f, 0, "t1", true), "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	lose(task_file("task.info"));
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(sent(), 1);
	agent_fixture_send(f, TP_MESSAGE_SHUTDOWN_FRAMEWORK, &tp_shutdown_framework_desc,
		&(struct tp_shutdown_framework){ .framework_id = &id });
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 1);
	restart();
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

START_TEST(an_acknowledgement_that_is_lost_costs_a_repetition)
{
	struct stat st;
	off_t synced;
	struct peer *e;

	agent_fixture_start(f, "");
	agent_fixture_run(f, "t1", true);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 7);
	tp_cleanup(ptr) char *log = task_file("task.updates");
	ck_assert_int_eq(stat(log, &st), 0);
	synced = st.st_size;
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, 2 * TP_SEC);
	ck_assert_int_eq(stat(log, &st), 0);
	ck_assert_int_gt(st.st_size, synced);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	ck_assert_int_eq(truncate(log, synced), 0);
	agent_fixture_start(f, "");
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_RUNNING);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 7);
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

START_TEST(without_its_framework_too)
{
	tp_cleanup(ptr) char *info = tp_asprintf(
		"%s/daemon/meta/slaves/M-S0/frameworks/F/framework.info", f->dir.path);
	struct peer *e;

	agent_fixture_start(f, "");
	e = running(0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FAILED, 2);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	ck_assert_int_eq(unlink(info), 0);
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_disk");
	TCase *tc = tcase_create("disk");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_update_that_cannot_be_stored_waits);
	tcase_add_test(tc, other_work_goes_on);
	tcase_add_test(tc, nobody_is_told_of_a_state_that_is_not_stored);
	tcase_add_test(tc, what_is_read_again_is_stored_before_it_is_told);
	tcase_add_test(tc, a_repaired_log_says_what_the_old_one_said);
	tcase_add_test(tc, an_acknowledgement_during_the_repair_is_not_lost);
	tcase_add_test(tc, no_update_overtakes_the_acknowledgement_of_the_one_before);
	tcase_add_test(tc, updates_wait_until_the_id_is_stored);
	tcase_add_test(tc, what_cannot_be_noted_does_not_start);
	tcase_add_test(tc, a_sandbox_that_cannot_be_made_fails_the_task);
	tcase_add_test(
		tc, a_second_task_that_cannot_be_noted_does_not_reach_its_executor);
	tcase_add_test(tc, an_end_that_was_sent_survives_without_its_task);
	tcase_add_test(tc, a_task_whose_record_is_lost_is_reported);
	tcase_add_test(tc, a_framework_that_goes_is_owed_nothing);
	tcase_add_test(tc, an_acknowledgement_that_is_lost_costs_a_repetition);
	tcase_add_test(tc, without_its_framework_too);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
