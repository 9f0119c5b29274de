/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated disk loses what a real one may lose, and nothing else: over many seeds what was
 * synced is always there, and what was not is there, torn, as before or gone, each at least once.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/sim_disk.h"
#include "tests/lib/sim_time.h"
#include "tests/lib/tmpdir.h"

#define SEEDS 200

static struct test_tmpdir dir;
static struct sim_time virtual;
static struct sim_clock *sim_clock;
static struct disk *disk;
static struct sim_disk *sim;
static struct tp_disk_service service;
static struct tp_disk_request request;
static char root[4200], path[4300];
static int n_done, last_status;

static void on_done(struct tp_disk_request *done, int status)
{
	ck_assert_ptr_eq(done, &request);
	n_done++;
	last_status = status;
}

static void begin(uint64_t seed)
{
	test_tmpdir_init(&dir);
	snprintf(root, sizeof root, "%s/meta", dir.path);
	snprintf(path, sizeof path, "%s/file", root);
	sim_time_init(&virtual);
	sim_clock = sim_clock_create(&virtual);
	disk = disk_create(sim_clock->loop, (struct tp_work_service){ 0 });
	sim = sim_disk_create(sim_clock->loop, disk, root, seed);
	service = sim_disk_service(sim);
	request.done = on_done;
	ck_assert_int_eq(service.ops->mkdirs(service.impl, root, 0755, NULL), 0);
	n_done = 0;
}

static void end(void)
{
	disk_destroy(disk);
	sim_disk_destroy(sim);
	sim_clock_destroy(sim_clock);
	test_tmpdir_fini(&dir);
}

static void settle(void)
{
	sim_time_advance(&virtual, TP_SEC);
}

static void append(const char *text, unsigned flags)
{
	service.ops->append(service.impl, &request, path, text, strlen(text), flags);
}

static void replace(const char *text, unsigned flags)
{
	service.ops->replace(service.impl, &request, path, text, strlen(text), flags);
}

static void lose_power(void)
{
	sim_disk_kill(sim, true);
	settle();
	sim_disk_power_loss(sim);
	sim_disk_revive(sim);
}

/* What the next start finds; NULL: no file. */
static char *found(void)
{
	char *data = NULL;

	if (service.ops->read(service.impl, path, 1000, &data, NULL, NULL) < 0)
		return NULL;
	return data;
}

START_TEST(synced_bytes_are_there_and_others_may_be)
{
	unsigned n_all = 0, n_none = 0, n_torn = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		append("synced", TP_DISK_SYNC);
		settle();
		append("and more", 0);
		settle();
		ck_assert_int_eq(n_done, 2);
		lose_power();
		tp_cleanup(ptr) char *text = found();
		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(strncmp(text, "synced", 6), 0);
		n_all += strcmp(text, "syncedand more") == 0;
		n_none += strcmp(text, "synced") == 0;
		n_torn += strcmp(text, "syncedand") == 0;
		end();
	}
	ck_assert(n_all > 0 && n_none > 0 && n_torn > 0);
}
END_TEST

START_TEST(a_replacement_is_old_or_new_or_torn)
{
	unsigned n_new = 0, n_old = 0, n_other = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		replace("old", TP_DISK_SYNC);
		settle();
		replace("newer", 0);
		settle();
		lose_power();
		tp_cleanup(ptr) char *text = found();
		ck_assert_ptr_nonnull(text);
		n_new += strcmp(text, "newer") == 0;
		n_old += strcmp(text, "old") == 0;
		n_other += strcmp(text, "newer") != 0 && strcmp(text, "old") != 0;
		end();
	}
	ck_assert(n_new > 0 && n_old > 0 && n_other > 0);
}
END_TEST

START_TEST(what_was_never_synced_may_be_gone)
{
	unsigned n_there = 0, n_gone = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		replace("text", 0);
		settle();
		lose_power();
		tp_cleanup(ptr) char *text = found();
		n_there += text != NULL && strcmp(text, "text") == 0;
		n_gone += text == NULL;
		end();
	}
	ck_assert(n_there > 0 && n_gone > 0);
}
END_TEST

START_TEST(what_was_removed_may_return_until_something_is_synced)
{
	unsigned n_returned = 0, n_gone = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		append("text", TP_DISK_SYNC);
		settle();
		service.ops->remove(service.impl, &request, path, 0);
		settle();
		if (seed % 2 == 0)
			lose_power();
		tp_cleanup(ptr) char *text = found();
		n_returned += text != NULL;
		n_gone += text == NULL;
		ck_assert(text == NULL || seed % 2 == 0);
		end();
	}
	ck_assert(n_returned > 0 && n_gone > SEEDS / 2);
}
END_TEST

static void make_dirs(const char *last)
{
	tp_cleanup(ptr) char *below = tp_asprintf("%s/a", root);
	tp_cleanup(ptr) char *dirs = tp_asprintf("%s/a/%s", root, last);

	ck_assert(mkdir(below, 0755) == 0 && mkdir(dirs, 0755) == 0);
	snprintf(path, sizeof path, "%s/file", dirs);
}

/* Whoever made the directories. */
START_TEST(a_synced_write_is_there_under_its_whole_path)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		make_dirs("b");
		append("synced", TP_DISK_SYNC);
		settle();
		/* Another of its name begins anew. */
		if (seed % 2 == 0) {
			tp_cleanup(ptr) char *dirs = tp_asprintf("%s/a", root);

			ck_assert_int_eq(tp_disk_tree_remove(dirs, NULL), 0);
			make_dirs("b");
			append("synced", TP_DISK_SYNC);
			settle();
		}
		lose_power();
		tp_cleanup(ptr) char *text = found();
		ck_assert_ptr_nonnull(text);
		ck_assert_str_eq(text, "synced");
		end();
	}
}
END_TEST

START_TEST(a_directory_that_was_never_synced_may_be_gone)
{
	unsigned n_there = 0, n_gone = 0;
	struct stat st;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		make_dirs("b");
		append("text", 0);
		settle();
		lose_power();
		tp_cleanup(ptr) char *dirs = tp_asprintf("%s/a", root);
		if (stat(dirs, &st) == 0)
			n_there++;
		else
			n_gone++;
		end();
	}
	ck_assert(n_there > 0 && n_gone > 0);
}
END_TEST

START_TEST(a_link_lasts_with_the_names_beside_it)
{
	unsigned n_lost = 0, n_kept = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		char target[16] = { 0 };

		begin(seed);
		tp_cleanup(ptr) char *link = tp_asprintf("%s/link", root);
		ck_assert_int_eq(
			service.ops->symlink(service.impl, "file", link, NULL), 0);
		if (seed % 2 == 0)
			make_dirs("b"); /* elsewhere: only its own path is made to last */
		append("text", TP_DISK_SYNC);
		settle();
		ck_assert_int_eq(
			service.ops->symlink(service.impl, "other", link, NULL), 0);
		lose_power();
		ck_assert_int_gt(readlink(link, target, sizeof target - 1), 0);
		n_lost += strcmp(target, "file") == 0;
		n_kept += strcmp(target, "other") == 0;
		end();
	}
	ck_assert_uint_eq(n_lost + n_kept, SEEDS);
	ck_assert(n_lost > 0 && n_kept > 0);
}
END_TEST

/* In order: a prefix of what was under way, the next one by half. */
START_TEST(a_kill_comes_between_writes)
{
	unsigned n_all = 0, n_some = 0, n_none = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		append("first", TP_DISK_SYNC);
		settle();
		append(" second", 0);
		append(" third", 0);
		sim_disk_kill(sim, false);
		settle();
		ck_assert_int_eq(n_done, 3);
		tp_cleanup(ptr) char *text = found();
		n_all += strcmp(text, "first second third") == 0;
		n_some += strcmp(text, "first second") == 0;
		n_none += strcmp(text, "first") == 0;
		append("never", 0);
		settle();
		ck_assert_int_eq(last_status, -EIO);
		end();
	}
	ck_assert_uint_eq(n_all + n_some + n_none, SEEDS);
	ck_assert(n_all > 0 && n_some > 0 && n_none > 0);
}
END_TEST

/* Who hears that it was done may tell others. */
START_TEST(half_a_write_is_not_said_to_be_done)
{
	unsigned n_done_whole = 0, n_half = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		append("synced", TP_DISK_SYNC);
		lose_power();
		ck_assert_int_eq(n_done, 1);
		tp_cleanup(ptr) char *text = found();
		if (last_status == 0) {
			ck_assert_ptr_nonnull(text);
			ck_assert_str_eq(text, "synced");
			n_done_whole++;
		} else {
			ck_assert_int_eq(last_status, -EIO);
			n_half += text != NULL && text[0] == 's';
		}
		end();
	}
	ck_assert(n_done_whole > 0 && n_half > 0);
}
END_TEST

START_TEST(failures_and_slowness_are_on_demand)
{
	begin(1);
	sim_disk_fail(sim, ENOSPC, 1);
	append("x", 0);
	settle();
	ck_assert_int_eq(last_status, -ENOSPC);
	ck_assert_ptr_null(found());
	sim_disk_slow(sim, 5 * TP_SEC);
	append("x", 0);
	sim_time_advance(&virtual, 4900 * TP_MSEC);
	ck_assert_int_eq(n_done, 1);
	sim_time_advance(&virtual, 200 * TP_MSEC);
	ck_assert_int_eq(n_done, 2);
	ck_assert_int_eq(last_status, 0);
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disk");
	TCase *tc = tcase_create("disk");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 150);
	tcase_add_test(tc, synced_bytes_are_there_and_others_may_be);
	tcase_add_test(tc, a_replacement_is_old_or_new_or_torn);
	tcase_add_test(tc, what_was_never_synced_may_be_gone);
	tcase_add_test(tc, what_was_removed_may_return_until_something_is_synced);
	tcase_add_test(tc, a_synced_write_is_there_under_its_whole_path);
	tcase_add_test(tc, a_directory_that_was_never_synced_may_be_gone);
	tcase_add_test(tc, a_link_lasts_with_the_names_beside_it);
	tcase_add_test(tc, a_kill_comes_between_writes);
	tcase_add_test(tc, half_a_write_is_not_said_to_be_done);
	tcase_add_test(tc, failures_and_slowness_are_on_demand);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
