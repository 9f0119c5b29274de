/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status updates in virtual time: retries, duplicates, acknowledgements that nobody expects,
 * and what is durable before it is sent.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "modules/agent/updates.h"
#include "tests/unit/agent_fixture.h"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

static void setup(void)
{
	agent_fixture_init(f);
	agent_fixture_start(f, "");
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static size_t sent(void)
{
	return agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE);
}

static struct peer *running_task(bool checkpoint)
{
	struct peer *e;

	agent_fixture_run(f, "t1", checkpoint);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	return e;
}

static void acknowledge_uuid(uint8_t seed)
{
	uint8_t uuid[16];
	struct tp_agent_id agent = { .value = "M-S0" };
	struct tp_framework_id framework = { .value = "F" };
	struct tp_task_id task = { .value = "t1" };

	memset(uuid, seed, sizeof uuid);
	agent_fixture_send(f, TP_MESSAGE_STATUS_UPDATE_ACK, &tp_status_update_ack_desc,
		&(struct tp_status_update_ack){ .agent_id = &agent,
			.framework_id = &framework,
			.task_id = &task,
			.uuid = { uuid, 16 } });
	agent_fixture_settle(f);
}

START_TEST(an_update_is_sent_again_until_it_is_acknowledged)
{
	running_task(false);
	ck_assert_uint_eq(sent(), 1);
	agent_fixture_advance(f, 10 * TP_SEC - 1);
	ck_assert_uint_eq(sent(), 1);
	agent_fixture_advance(f, 1);
	ck_assert_uint_eq(sent(), 2);
	agent_fixture_advance(f, 20 * TP_SEC - 1);
	ck_assert_uint_eq(sent(), 2);
	agent_fixture_advance(f, 1);
	ck_assert_uint_eq(sent(), 3);
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 3);
}
END_TEST

START_TEST(retries_are_at_most_ten_minutes_apart)
{
	running_task(false);
	agent_fixture_advance(f, 3 * TP_HOUR);
	agent_fixture_forget(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 6);
}
END_TEST

START_TEST(only_the_front_is_in_flight)
{
	struct peer *e = running_task(false);

	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_RUNNING);
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(sent(), 2);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
}
END_TEST

START_TEST(a_retry_tells_the_latest_state)
{
	struct peer *e = running_task(false);
	const struct tp_status_update *update;

	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_advance(f, 10 * TP_SEC);
	update = agent_fixture_last(f, TP_MESSAGE_STATUS_UPDATE);
	ck_assert_int_eq(update->status->state, TP_TASK_RUNNING);
	ck_assert_int_eq(update->latest_state, TP_TASK_FINISHED);
}
END_TEST

START_TEST(the_executor_is_acknowledged_after_the_framework)
{
	struct peer *e = running_task(false);

	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 0);
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 1);
	ck_assert_uint_eq(agent_fixture_event(e)->acknowledged->uuid.data[0], 1);
}
END_TEST

START_TEST(a_duplicate_before_the_acknowledgement_is_ignored)
{
	struct peer *e = running_task(false);

	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_int_eq(e->call_status, 0);
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

START_TEST(a_duplicate_after_the_acknowledgement_is_acknowledged_again)
{
	struct peer *e = running_task(false);

	agent_fixture_acknowledge(f);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 2);
}
END_TEST

/* Of a task that is over: an executor that was away says it again. */
START_TEST(an_end_that_was_acknowledged_is_not_sent_again)
{
	struct peer *e = running_task(false);
	size_t n;

	agent_fixture_acknowledge(f);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_acknowledge(f);
	n = sent();
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(sent(), n);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 3);
}
END_TEST

START_TEST(an_unexpected_acknowledgement_is_ignored)
{
	struct peer *e = running_task(false);

	acknowledge_uuid(9);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 0);
	agent_fixture_advance(f, 10 * TP_SEC);
	ck_assert_uint_eq(sent(), 2);
	acknowledge_uuid(1);
	acknowledge_uuid(1);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 1);
}
END_TEST

static char *log_path(void)
{
	return tp_asprintf("%s/daemon/meta/slaves/M-S0/frameworks/F/executors/t1/runs/%s/"
			   "tasks/t1/task.updates",
		f->dir.path, agent_fixture_container(f)->id);
}

static int sync_is_late(void *arg, int fd, const char *path)
{
	(void)fd;
	if (strstr(path, "task.updates") != NULL)
		*(size_t *)arg = sent();
	return 0;
}

START_TEST(an_update_is_durable_before_it_is_sent)
{
	size_t sent_at_sync = 99;
	struct stat st;

	disk_set_sync(f->disk, sync_is_late, &sent_at_sync);
	running_task(true);
	ck_assert_uint_eq(sent_at_sync, 0);
	ck_assert_uint_eq(sent(), 1);
	tp_cleanup(ptr) char *path = log_path();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_size, 16);
}
END_TEST

START_TEST(without_checkpoint_nothing_is_written)
{
	struct stat st;

	running_task(false);
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/daemon/meta/slaves/M-S0/frameworks", f->dir.path);
	ck_assert_int_ne(stat(path, &st), 0);
}
END_TEST

START_TEST(nothing_is_sent_without_a_master_and_everything_when_it_is_back)
{
	running_task(false);
	agent_fixture_master_down(f);
	agent_fixture_forget(f);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_uint_eq(sent(), 0);
	agent_fixture_master_up(f);
	agent_fixture_advance(f, 10 * TP_SEC);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REREGISTER), 1);
	ck_assert_uint_eq(sent(), 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_RUNNING);
}
END_TEST

START_TEST(an_end_is_taken_in_however_many_updates_wait)
{
	struct peer *e = running_task(false);
	uint32_t seed = 1000;

	for (size_t n = 1; n < UPDATES_PENDING_MAX; n++)
		agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, seed++);
	ck_assert_int_eq(e->call_status, 0);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, seed++);
	ck_assert_int_ne(e->call_status, 0);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, seed++);
	ck_assert_int_eq(e->call_status, 0);
}
END_TEST

START_TEST(bad_updates_are_refused)
{
	struct peer *e = running_task(false);

	agent_fixture_update(e, "t1", "t1", TP_TASK_STAGING, 7);
	ck_assert_int_ne(e->call_status, 0);
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_updates");
	TCase *tc = tcase_create("updates");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_update_is_sent_again_until_it_is_acknowledged);
	tcase_add_test(tc, retries_are_at_most_ten_minutes_apart);
	tcase_add_test(tc, only_the_front_is_in_flight);
	tcase_add_test(tc, a_retry_tells_the_latest_state);
	tcase_add_test(tc, the_executor_is_acknowledged_after_the_framework);
	tcase_add_test(tc, a_duplicate_before_the_acknowledgement_is_ignored);
	tcase_add_test(tc, a_duplicate_after_the_acknowledgement_is_acknowledged_again);
	tcase_add_test(tc, an_end_that_was_acknowledged_is_not_sent_again);
	tcase_add_test(tc, an_unexpected_acknowledgement_is_ignored);
	tcase_add_test(tc, an_update_is_durable_before_it_is_sent);
	tcase_add_test(tc, without_checkpoint_nothing_is_written);
	tcase_add_test(
		tc, nothing_is_sent_without_a_master_and_everything_when_it_is_back);
	tcase_add_test(tc, an_end_is_taken_in_however_many_updates_wait);
	tcase_add_test(tc, bad_updates_are_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
