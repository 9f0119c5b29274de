/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restarted agent: what it finds in the checkpoint that the same code wrote, executors that
 * come back and those that do not, updates that are sent again.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const struct tp_agent_reregister *reregistered(void)
{
	return agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER);
}

static void restart(void)
{
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
}

static struct peer *running(const char *executor_id, const char *task_id)
{
	struct peer *e;

	if (strcmp(executor_id, task_id) == 0)
		agent_fixture_run(f, task_id, true);
	else
		agent_fixture_run_in(f, task_id, executor_id, true);
	e = agent_fixture_executor(f, 0, executor_id, true);
	agent_fixture_update(e, executor_id, task_id, TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	return e;
}

static char *run_path(const char *executor_id, const char *name)
{
	return tp_asprintf(
		"%s/daemon/meta/slaves/M-S0/frameworks/F/executors/%s/runs/%s/%s",
		f->dir.path, executor_id, agent_fixture_container(f)->id, name);
}

START_TEST(it_keeps_its_id)
{
	restart();
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REGISTER), 0);
	ck_assert_ptr_nonnull(reregistered());
	ck_assert_str_eq(reregistered()->agent->id->value, "M-S0");
}
END_TEST

START_TEST(a_running_task_is_found_again)
{
	struct peer *e = running("t1", "t1");

	restart();
	ck_assert_uint_eq(f->n_recovered, 1);
	ck_assert_ptr_null(reregistered());
	agent_fixture_executor_gone(e);
	e = agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_ptr_nonnull(reregistered());
	ck_assert_uint_eq(reregistered()->n_tasks, 1);
	ck_assert_int_eq(reregistered()->tasks[0]->state, TP_TASK_RUNNING);
	ck_assert_uint_eq(reregistered()->n_frameworks, 1);
	ck_assert_uint_eq(reregistered()->n_executor_infos, 0);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_LAUNCH), 0);
	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
}
END_TEST

START_TEST(an_executor_of_its_own_is_found_again)
{
	running("e1", "t1");
	restart();
	agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(reregistered()->n_executor_infos, 1);
	ck_assert_str_eq(reregistered()->executor_infos[0]->executor_id->value, "e1");
	agent_fixture_run_in(f, "t2", "e1", true);
	ck_assert_uint_eq(
		agent_fixture_events(&f->peers[0], TP_EXECUTOR_EVENT_LAUNCH), 1);
}
END_TEST

START_TEST(an_unacknowledged_update_is_sent_again)
{
	struct peer *e = running("t1", "t1");

	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	restart();
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(reregistered()->tasks[0]->state, TP_TASK_FINISHED);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE), 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FINISHED);
	ck_assert_uint_eq(agent_fixture_last_status(f)->uuid.data[0], 2);
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE), 1);
}
END_TEST

START_TEST(an_acknowledged_end_leaves_nothing)
{
	struct peer *e = running("t1", "t1");
	struct stat st;

	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_acknowledge(f);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	tp_cleanup(ptr) char *path = run_path("t1", "");
	ck_assert_int_eq(stat(path, &st), 0);
	agent_fixture_advance(f, TP_MIN);
	ck_assert_int_ne(stat(path, &st), 0);
	restart();
	ck_assert_uint_eq(f->n_recovered, 0);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(reregistered()->n_tasks, 0);
}
END_TEST

START_TEST(an_acknowledged_end_is_not_told_twice)
{
	struct peer *e = running("t1", "t1");
	tp_cleanup(ptr) char *meta = tp_asprintf("%s/daemon/meta", f->dir.path);
	tp_cleanup(ptr) char *away = tp_asprintf("%s/daemon/away", f->dir.path);

	agent_fixture_update(e, "t1", "t1", TP_TASK_FINISHED, 2);
	agent_fixture_acknowledge(f);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	agent_fixture_run(f, "t2", true);
	agent_fixture_executor(f, 1, "t2", true);
	/* As after kill -9: what an orderly end would tidy up is out of its reach. */
	ck_assert_int_eq(rename(meta, away), 0);
	agent_fixture_stop(f);
	ck_assert_int_eq(rename(away, meta), 0);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 1);
	agent_fixture_advance(f, 4 * TP_SEC);
	ck_assert_uint_eq(reregistered()->n_tasks, 1);
	ck_assert_str_eq(reregistered()->tasks[0]->task_id->value, "t2");
}
END_TEST

START_TEST(who_does_not_come_back_is_ended)
{
	running("t1", "t1");
	agent_fixture_executor_gone(&f->peers[0]);
	restart();
	agent_fixture_advance(f, 2 * TP_SEC - 1);
	ck_assert_ptr_null(reregistered());
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	agent_fixture_advance(f, 1);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_ptr_nonnull(reregistered());
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_GONE);
	ck_assert_int_eq(agent_fixture_last_status(f)->reason,
		TP_REASON_EXECUTOR_REREGISTRATION_TIMEOUT);
}
END_TEST

START_TEST(a_task_its_executor_never_got_is_dropped)
{
	agent_fixture_run(f, "t1", true);
	restart();
	ck_assert_uint_eq(f->n_recovered, 1);
	agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_DROPPED);
	ck_assert_int_eq(agent_fixture_last_status(f)->reason, TP_REASON_AGENT_RESTARTED);
	ck_assert_uint_eq(
		agent_fixture_events(&f->peers[0], TP_EXECUTOR_EVENT_SHUTDOWN), 1);
}
END_TEST

START_TEST(what_an_executor_kept_arrives)
{
	struct tp_framework_id fid = { .value = "F" };
	struct tp_executor_id eid = { .value = "t1" };
	struct tp_task_id tid = { .value = "t1" };
	struct tp_task_status status = { .task_id = &tid,
		.has_state = true,
		.state = TP_TASK_FAILED,
		.has_source = true,
		.source = TP_SOURCE_EXECUTOR,
		.uuid = { (const uint8_t *)"0123456789abcdef", 16 } };
	struct tp_executor_call_update update = { .status = &status };
	struct tp_executor_call_update *updates[] = { &update };
	struct tp_executor_call_subscribe subscribe = { .unacknowledged_updates = updates,
		.n_unacknowledged_updates = 1 };
	struct peer *e;

	running("t1", "t1");
	restart();
	e = agent_fixture_executor(f, 0, "t1", false);
	agent_fixture_executor_call(e,
		&(struct tp_executor_call){ .framework_id = &fid,
			.executor_id = &eid,
			.has_type = true,
			.type = TP_EXECUTOR_CALL_SUBSCRIBE,
			.subscribe = &subscribe });
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	agent_fixture_acknowledge(f);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_ACKNOWLEDGED), 1);
}
END_TEST

START_TEST(a_torn_log_is_cut)
{
	struct stat st;
	off_t size;

	running("t1", "t1");
	agent_fixture_stop(f);
	tp_cleanup(ptr) char *path = run_path("t1", "tasks/t1/task.updates");
	int fd = open(path, O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	size = st.st_size;
	ck_assert_int_eq(write(fd, "\0\0\0\x40torn", 8), 8);
	close(fd);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 1);
	agent_fixture_executor(f, 0, "t1", true);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(reregistered()->tasks[0]->state, TP_TASK_RUNNING);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, size);
}
END_TEST

/* Room that a file system made for bytes that a loss of power kept from the disk. */
START_TEST(zeros_at_the_end_of_a_log_are_cut)
{
	static const char zeros[300];
	struct stat st;
	off_t size;

	running("t1", "t1");
	agent_fixture_stop(f);
	tp_cleanup(ptr) char *path = run_path("t1", "tasks/t1/task.updates");
	int fd = open(path, O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	size = st.st_size;
	ck_assert_int_eq(write(fd, "\0\0\0\x40sum?body", 12), 12);
	ck_assert_int_eq(write(fd, zeros, sizeof zeros), sizeof zeros);
	close(fd);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 1);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, size);
}
END_TEST

static void damage(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "damage", 6), 6);
	close(fd);
}

START_TEST(remains_are_removed)
{
	tp_cleanup(ptr) char *framework =
		tp_asprintf("%s/daemon/meta/slaves/M-S0/frameworks/F", f->dir.path);
	tp_cleanup(ptr) char *info = tp_asprintf("%s/framework.info", framework);
	struct stat st;

	running("t1", "t1");
	agent_fixture_stop(f);
	ck_assert_int_eq(unlink(info), 0);
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 0);
	/* A task whose end nobody knows is told as lost before its log goes. */
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_LOST);
	agent_fixture_acknowledge(f);
	restart();
	ck_assert_int_ne(stat(framework, &st), 0);
}
END_TEST

START_TEST(other_resources_need_another_agent)
{
	struct tp_error err;

	agent_fixture_stop(f);
	ck_assert_int_lt(
		agent_fixture_try_start(f, "      attributes: \"rack:b\"\n", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "meta/slaves/latest"));
}
END_TEST

START_TEST(more_is_fine_when_the_policy_is_additive)
{
	const char *additive = "      reconfiguration_policy: additive\n"
			       "      attributes: \"rack:b;cores:[1-4]\"\n";
	const char *narrow = "      reconfiguration_policy: additive\n"
			     "      attributes: \"rack:b;cores:[1-3]\"\n";
	const char *wide = "      reconfiguration_policy: additive\n"
			   "      attributes: \"zone:z;cores:[1-9];rack:b\"\n";
	struct tp_error err;

	agent_fixture_stop(f);
	f->resources = "cpus:6;mem:4096;gpus:1";
	ck_assert_int_lt(agent_fixture_try_start(f, "", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "resources"));
	ck_assert_ptr_nonnull(strstr(err.text, "reconfiguration_policy: additive"));
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	agent_fixture_start(f, additive);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_str_eq(reregistered()->agent->id->value, "M-S0");
	agent_fixture_stop(f);
	/* What was added has to stay. */
	ck_assert_int_lt(agent_fixture_try_start(f, narrow, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "attributes"));
	agent_fixture_stop(f);
	f->resources = "cpus:5;mem:4096;gpus:1";
	ck_assert_int_lt(agent_fixture_try_start(f, additive, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "resources"));
	agent_fixture_stop(f);
	f->resources = "cpus:6;mem:4096;gpus:2";
	agent_fixture_start(f, wide);
}
END_TEST

#define DOMAIN(zone) \
	"      domain: '{\"fault_domain\":{\"region\":{\"name\":\"west\"}," \
	"\"zone\":{\"name\":\"" zone "\"}}}'\n"

START_TEST(a_domain_may_come_and_does_not_change)
{
	static const char additive[] = "      reconfiguration_policy: additive\n";
	static const char west[] = "      reconfiguration_policy: additive\n" DOMAIN("a");
	static const char other[] =
		"      reconfiguration_policy: additive\n" DOMAIN("b");
	struct tp_error err;

	agent_fixture_stop(f);
	ck_assert_int_lt(agent_fixture_try_start(f, DOMAIN("a"), &err), 0);
	ck_assert_msg(strstr(err.text, "domain: not those") != NULL, "%s", err.text);
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	agent_fixture_start(f, west);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_str_eq(reregistered()->agent->domain->fault_domain->zone->name, "a");
	agent_fixture_stop(f);
	ck_assert_int_lt(agent_fixture_try_start(f, other, &err), 0);
	agent_fixture_stop(f);
	ck_assert_int_lt(agent_fixture_try_start(f, additive, &err), 0);
	ck_assert_msg(
		strstr(err.text, "domain: not all of those") != NULL, "%s", err.text);
	agent_fixture_stop(f);
	agent_fixture_start(f, west);
}
END_TEST

static void reboot(void)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/daemon/meta/boot_id", f->dir.path);
	int fd = open(path, O_WRONLY | O_TRUNC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "another boot\n", 13), 13);
	close(fd);
}

START_TEST(after_a_reboot_nobody_is_waited_for)
{
	running("t1", "t1");
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	reboot();
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 0);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_str_eq(reregistered()->agent->id->value, "M-S0");
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	ck_assert_int_eq(
		agent_fixture_last_status(f)->reason, TP_REASON_EXECUTOR_TERMINATED);
	ck_assert_ptr_nonnull(strstr(agent_fixture_last_status(f)->message, "rebooted"));
}
END_TEST

/* They are written without fsync; also the start after the next finds nothing torn. */
START_TEST(a_file_that_lost_power_left_torn_was_never_there)
{
	running("t1", "t1");
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	tp_cleanup(ptr) char *path = run_path("t1", "tasks/t1/task.info");
	damage(path);
	reboot();
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_GONE);
	agent_fixture_stop(f);
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_GONE);
}
END_TEST

START_TEST(a_reboot_with_other_resources_makes_a_new_agent)
{
	running("t1", "t1");
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	reboot();
	f->resources = "cpus:2;mem:4096";
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_REGISTER), 1);
	ck_assert_ptr_null(reregistered());
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_STATUS_UPDATE), 0);
}
END_TEST

START_TEST(a_run_with_a_sentinel_is_over)
{
	struct stat st;

	running("e1", "t1");
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	tp_cleanup(ptr) char *sentinel = run_path("e1", "executor.sentinel");
	tp_cleanup(ptr) char *run = run_path("e1", "");
	int fd = open(sentinel, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	agent_fixture_start(f, "");
	ck_assert_uint_eq(f->n_recovered, 0);
	ck_assert_int_ne(stat(run, &st), 0);
	agent_fixture_advance(f, TP_SEC);
	ck_assert_uint_eq(reregistered()->n_tasks, 0);
}
END_TEST

START_TEST(cleanup_ends_everything)
{
	running("t1", "t1");
	agent_fixture_stop(f);
	agent_fixture_start(f, "      recover: cleanup\n");
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	ck_assert_int_eq(f->exit_status, -1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_int_eq(f->exit_status, 0);
	ck_assert_ptr_null(reregistered());
}
END_TEST

static void leave(void)
{
	ck_assert_int_eq(raise(SIGUSR1), 0);
	agent_fixture_settle(f);
}

START_TEST(it_leaves_when_it_is_told_to)
{
	tp_cleanup(ptr) char *latest =
		tp_asprintf("%s/daemon/meta/slaves/latest", f->dir.path);
	const struct tp_agent_unregister *unregister;
	struct stat st;
	struct peer *e = running("t1", "t1");

	leave();
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_SHUTDOWN), 1);
	/* Nobody is told before it is true. */
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_UNREGISTER), 0);
	ck_assert_int_eq(f->exit_status, -1);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	unregister = agent_fixture_last(f, TP_MESSAGE_AGENT_UNREGISTER);
	ck_assert_ptr_nonnull(unregister);
	ck_assert_str_eq(unregister->agent_id->value, "M-S0");
	ck_assert_int_eq(f->exit_status, 0);
	ck_assert_int_ne(lstat(latest, &st), 0);
}
END_TEST

START_TEST(it_leaves_without_a_master_too)
{
	running("t1", "t1");
	agent_fixture_master_down(f);
	leave();
	ck_assert_int_eq(f->exit_status, -1);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	ck_assert_int_eq(f->exit_status, 0);
}
END_TEST

START_TEST(it_leaves_during_recovery_too)
{
	running("t1", "t1");
	agent_fixture_executor_gone(&f->peers[0]);
	restart();
	leave();
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 1);
	agent_fixture_terminate(f, agent_fixture_container(f), 9);
	ck_assert_int_eq(f->exit_status, 0);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert_ptr_null(reregistered());
}
END_TEST

START_TEST(an_orderly_end_leaves_executors_alone)
{
	struct peer *e = running("t1", "t1");

	agent_fixture_stop(f);
	ck_assert_uint_eq(agent_fixture_events(e, TP_EXECUTOR_EVENT_SHUTDOWN), 0);
	ck_assert_int_eq(agent_fixture_container(f)->destroys, 0);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_AGENT_UNREGISTER), 0);
}
END_TEST

START_TEST(one_agent_per_work_dir)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/daemon/meta/lock", f->dir.path);
	struct tp_error err;
	int fd;

	agent_fixture_stop(f);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_lt(agent_fixture_try_start(f, "", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "another agent"));
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_recovery");
	TCase *tc = tcase_create("recovery");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_keeps_its_id);
	tcase_add_test(tc, a_running_task_is_found_again);
	tcase_add_test(tc, an_executor_of_its_own_is_found_again);
	tcase_add_test(tc, an_unacknowledged_update_is_sent_again);
	tcase_add_test(tc, an_acknowledged_end_leaves_nothing);
	tcase_add_test(tc, an_acknowledged_end_is_not_told_twice);
	tcase_add_test(tc, who_does_not_come_back_is_ended);
	tcase_add_test(tc, a_task_its_executor_never_got_is_dropped);
	tcase_add_test(tc, what_an_executor_kept_arrives);
	tcase_add_test(tc, a_torn_log_is_cut);
	tcase_add_test(tc, zeros_at_the_end_of_a_log_are_cut);
	tcase_add_test(tc, remains_are_removed);
	tcase_add_test(tc, other_resources_need_another_agent);
	tcase_add_test(tc, more_is_fine_when_the_policy_is_additive);
	tcase_add_test(tc, a_domain_may_come_and_does_not_change);
	tcase_add_test(tc, after_a_reboot_nobody_is_waited_for);
	tcase_add_test(tc, a_file_that_lost_power_left_torn_was_never_there);
	tcase_add_test(tc, a_reboot_with_other_resources_makes_a_new_agent);
	tcase_add_test(tc, a_run_with_a_sentinel_is_over);
	tcase_add_test(tc, cleanup_ends_everything);
	tcase_add_test(tc, it_leaves_when_it_is_told_to);
	tcase_add_test(tc, it_leaves_without_a_master_too);
	tcase_add_test(tc, it_leaves_during_recovery_too);
	tcase_add_test(tc, an_orderly_end_leaves_executors_alone);
	tcase_add_test(tc, one_agent_per_work_dir);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
