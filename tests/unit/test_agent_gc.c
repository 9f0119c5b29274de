/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage collection: what has ended goes by age and by how full the disk is, what runs stays,
 * and an agent that starts anew finds what earlier runs left.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modules/agent/gc.h"
#include "tests/unit/agent_fixture.h"

/* The disk of this machine is as full as it is: with this headroom everything goes at once, ... */
#define PRESSED "      gc_delay: 10mins\n      gc_disk_headroom: 1\n"
/* ... and with this it goes after ten minutes, or earlier, but not within the turn. */
#define RELAXED "      gc_delay: 10mins\n      gc_disk_headroom: 0\n"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

static void setup(void)
{
	agent_fixture_init(f);
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static char *below(const char *path)
{
	return tp_asprintf("%s/daemon/%s", f->dir.path, path);
}

/* A task that has ended and was acknowledged; its sandbox with a file in it. */
static const char *ended(const char *task_id)
{
	struct container *c;
	struct peer *e;

	agent_fixture_run(f, task_id, false);
	c = agent_fixture_container(f);
	tp_cleanup(ptr) char *file = tp_asprintf("%s/stdout", c->directory);
	int fd = open(file, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	e = agent_fixture_executor(f, 0, task_id, true);
	agent_fixture_update(e, task_id, task_id, TP_TASK_FINISHED, 1);
	agent_fixture_acknowledge(f);
	agent_fixture_terminate(f, c, 0);
	return c->directory;
}

static double metric(const char *name)
{
	int status;
	const struct tp_agent_call call = { .has_type = true,
		.type = TP_AGENT_CALL_GET_METRICS };
	const struct tp_agent_response_get_metrics *list =
		agent_fixture_ask(f, &call, &status)->get_metrics;

	for (size_t i = 0; i < list->n_metrics; i++) {
		if (strcmp(list->metrics[i]->name, name) == 0)
			return list->metrics[i]->value;
	}
	ck_abort_msg("no metric %s", name);
	return 0;
}

START_TEST(the_fuller_the_disk_the_shorter_the_life)
{
	ck_assert_int_eq(gc_max_age_ns(1000, 0.1, 0), 900);
	ck_assert_int_eq(gc_max_age_ns(1000, 0, 0.25), 750);
	ck_assert_int_eq(gc_max_age_ns(1000, 0.1, 0.9), 0);
	ck_assert_int_eq(gc_max_age_ns(1000, 0.1, 1), 0);
	ck_assert_int_eq(gc_max_age_ns(1000, 1, 0), 0);
}
END_TEST

START_TEST(a_sandbox_goes_after_the_delay)
{
	const char *sandbox;

	agent_fixture_start(f, RELAXED);
	sandbox = ended("t1");
	agent_fixture_settle(f);
	ck_assert(exists(sandbox));
	ck_assert_double_eq(metric("gc/path_removals_pending"), 1);
	ck_assert_double_gt(metric("slave/executor_directory_max_allowed_age_secs"), 0);
	ck_assert_double_le(metric("slave/executor_directory_max_allowed_age_secs"), 600);
	agent_fixture_advance(f, 10 * TP_MIN);
	ck_assert(!exists(sandbox));
	ck_assert_double_eq(metric("gc/path_removals_pending"), 0);
	ck_assert_double_eq(metric("gc/path_removals_succeeded"), 1);
	ck_assert_double_eq(metric("gc/path_removals_failed"), 0);
	/* With the last run of a framework its folders go. */
	tp_cleanup(ptr) char *agent = below("slaves/M-S0");
	ck_assert(!exists(agent));
}
END_TEST

START_TEST(under_pressure_it_goes_at_the_next_look)
{
	const char *sandbox;

	agent_fixture_start(f, PRESSED);
	sandbox = ended("t1");
	agent_fixture_advance(f, 59 * TP_SEC);
	ck_assert(exists(sandbox));
	agent_fixture_advance(f, TP_SEC);
	ck_assert(!exists(sandbox));
}
END_TEST

START_TEST(the_disk_is_looked_at_as_often_as_asked)
{
	const char *sandbox;

	agent_fixture_start(f, PRESSED "      disk_watch_interval: 5secs\n");
	sandbox = ended("t1");
	agent_fixture_advance(f, 5 * TP_SEC);
	ck_assert(!exists(sandbox));
}
END_TEST

START_TEST(what_runs_stays)
{
	const char *first, *second;
	struct peer *e;

	agent_fixture_start(f, PRESSED);
	agent_fixture_run_in(f, "t1", "e1", false);
	e = agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_update(e, "e1", "t1", TP_TASK_FINISHED, 1);
	agent_fixture_acknowledge(f);
	first = agent_fixture_container(f)->directory;
	agent_fixture_executor_gone(e);
	agent_fixture_terminate(f, agent_fixture_container(f), 0);
	/* The same executor again, before the old run is removed. */
	agent_fixture_run_in(f, "t2", "e1", false);
	second = agent_fixture_container(f)->directory;
	ck_assert_str_ne(first, second);
	agent_fixture_executor(f, 0, "e1", true);
	agent_fixture_advance(f, TP_HOUR);
	ck_assert(!exists(first));
	ck_assert(exists(second));
	tp_cleanup(ptr) char *latest =
		below("slaves/M-S0/frameworks/F/executors/e1/runs/latest");
	ck_assert(exists(latest));
}
END_TEST

START_TEST(an_end_that_is_not_acknowledged_keeps_its_sandbox)
{
	const char *sandbox;

	agent_fixture_start(f, PRESSED);
	agent_fixture_run(f, "t1", true);
	agent_fixture_terminate(f, agent_fixture_container(f), 256);
	sandbox = agent_fixture_container(f)->directory;
	agent_fixture_advance(f, TP_HOUR);
	ck_assert(exists(sandbox));
	agent_fixture_acknowledge(f);
	agent_fixture_advance(f, TP_MIN);
	ck_assert(!exists(sandbox));
}
END_TEST

static void make(const char *path)
{
	tp_cleanup(ptr) char *all = below(path);
	struct tp_disk_service disk = disk_service(f->disk);

	ck_assert_int_eq(disk.ops->mkdirs(disk.impl, all, 0755, NULL), 0);
}

static void set_age(const char *path, int64_t age_ns)
{
	tp_cleanup(ptr) char *all = below(path);
	int64_t at_ns = f->clock.wall_ns - age_ns;
	const struct timespec times[] = { { at_ns / TP_SEC, 0 }, { at_ns / TP_SEC, 0 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, all, times, 0), 0);
}

START_TEST(what_earlier_runs_left_is_found)
{
	const char *dead, *alive;
	struct peer *e;

	agent_fixture_start(f, RELAXED);
	agent_fixture_run(f, "t1", true);
	alive = agent_fixture_container(f)->directory;
	e = agent_fixture_executor(f, 1, "t1", true);
	agent_fixture_update(e, "t1", "t1", TP_TASK_RUNNING, 1);
	agent_fixture_acknowledge(f);
	dead = ended("t2");
	agent_fixture_stop(f);
	f->clock.wall_ns += TP_HOUR;
	agent_fixture_start(f, RELAXED);
	agent_fixture_executor(f, 1, "t1", true);
	agent_fixture_settle(f);
	ck_assert(!exists(dead));
	agent_fixture_advance(f, TP_HOUR);
	ck_assert(exists(alive));
}
END_TEST

START_TEST(agents_that_it_was_are_found)
{
	static const char run[] = "slaves/OLD/frameworks/F/executors/E/runs/C";

	agent_fixture_start(f, RELAXED);
	agent_fixture_stop(f);
	make(run);
	make("slaves/OLDER");
	make("meta/slaves/OLD");
	make("meta/slaves/OLDER");
	set_age("slaves/OLD", 8 * TP_WEEK);
	set_age("meta/slaves/OLD", 8 * TP_WEEK);
	set_age("slaves/OLDER", 8 * TP_WEEK);
	set_age("meta/slaves/OLDER", 8 * TP_WEEK);
	/* Its last run is young. */
	set_age(run, 0);
	agent_fixture_start(f, RELAXED);
	tp_cleanup(ptr) char *old = below("slaves/OLD");
	tp_cleanup(ptr) char *old_meta = below("meta/slaves/OLD");
	tp_cleanup(ptr) char *older = below("slaves/OLDER");
	tp_cleanup(ptr) char *older_meta = below("meta/slaves/OLDER");
	ck_assert(exists(old));
	ck_assert(exists(old_meta));
	ck_assert(!exists(older));
	ck_assert(!exists(older_meta));
	agent_fixture_advance(f, 10 * TP_MIN);
	ck_assert(!exists(old));
	ck_assert(!exists(old_meta));
	tp_cleanup(ptr) char *own = below("meta/slaves/M-S0/agent.info");
	ck_assert(exists(own));
}
END_TEST

START_TEST(what_is_removed_is_not_read_any_more)
{
	int status;
	struct tp_agent_call_list_files list = {
		.path = "/frameworks/F/executors/t1/runs/"
			"latest"
	};
	const struct tp_agent_call call = {
		.has_type = true, .type = TP_AGENT_CALL_LIST_FILES, .list_files = &list
	};

	agent_fixture_start(f, PRESSED);
	ended("t1");
	agent_fixture_ask(f, &call, &status);
	ck_assert_int_eq(status, 200);
	agent_fixture_advance(f, TP_MIN);
	agent_fixture_ask(f, &call, &status);
	ck_assert_int_eq(status, 404);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	struct tp_error err = { 0 };

	ck_assert_int_lt(
		agent_fixture_try_start(f, "      gc_disk_headroom: 1.5\n", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "gc_disk_headroom"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_gc");
	TCase *tc = tcase_create("gc");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_fuller_the_disk_the_shorter_the_life);
	tcase_add_test(tc, a_sandbox_goes_after_the_delay);
	tcase_add_test(tc, under_pressure_it_goes_at_the_next_look);
	tcase_add_test(tc, the_disk_is_looked_at_as_often_as_asked);
	tcase_add_test(tc, what_runs_stays);
	tcase_add_test(tc, an_end_that_is_not_acknowledged_keeps_its_sandbox);
	tcase_add_test(tc, what_earlier_runs_left_is_found);
	tcase_add_test(tc, agents_that_it_was_are_found);
	tcase_add_test(tc, what_is_removed_is_not_read_any_more);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
