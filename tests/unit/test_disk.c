/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk service on real files, on the loop's thread and on the work pool: what is written,
 * in which order it completes, what is fsynced, and what an error leaves behind.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/kernel/disk.h"
#include "core/kernel/work_pool.h"
#include "tests/lib/tmpdir.h"

#define REQUESTS 64

struct request {
	struct tp_disk_request disk;
	int status;
	int n_done;
	int place; /* in the order of completion, from 1 */
};

static struct tp_loop *loop;
static struct work_pool *pool;
static struct disk *disk;
static struct tp_disk_service service;
static struct test_tmpdir dir;
static struct request requests[REQUESTS];
static int n_requests, n_done;
static struct tp_error err;

/* What the batches fsynced, by the last part of the path; the one to fail. */
static char synced[1024];
static const char *sync_fails;

static int watch_sync(void *arg, int fd, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	size_t len = strlen(synced);

	(void)arg;
	snprintf(synced + len, sizeof synced - len, "%s ", base);
	if (sync_fails != NULL && strcmp(sync_fails, base) == 0)
		return -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

static int n_synced(const char *base)
{
	size_t len = strlen(base);
	int n = 0;

	for (const char *at = synced; *at != '\0'; at += strcspn(at, " ") + 1)
		n += strncmp(at, base, len) == 0 && at[len] == ' ';
	return n;
}

static int no_sync(void *arg, int fd, const char *path)
{
	(void)arg, (void)fd;
	snprintf(synced, sizeof synced, "%s ", strrchr(path, '/') + 1);
	return 0;
}

static void setup_services(bool pooled)
{
	struct tp_work_service work = { NULL, NULL };

	pool = pooled ? work_pool_create(loop, 2) : NULL;
	if (pooled)
		work = work_pool_service(pool);
	disk = disk_create(loop, work);
	disk_set_sync(disk, watch_sync, NULL);
	service = disk_service(disk);
}

static void teardown_services(void)
{
	work_pool_destroy(pool);
	disk_destroy(disk);
}

static void setup_with(bool pooled)
{
	loop = tp_loop_create(NULL, NULL);
	setup_services(pooled);
	test_tmpdir_init(&dir);
	memset(requests, 0, sizeof requests);
	n_requests = n_done = 0;
	synced[0] = '\0';
	sync_fails = NULL;
}

static void setup_inline(void)
{
	setup_with(false);
}

static void setup_pool(void)
{
	setup_with(true);
}

static void teardown(void)
{
	teardown_services();
	tp_loop_destroy(loop);
	test_tmpdir_fini(&dir);
}

static const char *file(const char *name)
{
	return test_tmpdir_file(&dir, name);
}

static void on_done(struct tp_disk_request *disk_request, int status)
{
	struct request *request = tp_container_of(disk_request, struct request, disk);

	ck_assert_int_eq(status < 0, disk_request->err.code != 0);
	request->status = status;
	request->n_done++;
	request->place = ++n_done;
}

static struct tp_disk_request *next_request(void)
{
	struct request *request = &requests[n_requests++];

	ck_assert_int_le(n_requests, REQUESTS);
	request->disk.done = on_done;
	return &request->disk;
}

static void replace(const char *name, const char *text, unsigned flags)
{
	service.ops->replace(
		service.impl, next_request(), file(name), text, strlen(text), flags);
}

static void append(const char *name, const char *text, unsigned flags)
{
	service.ops->append(
		service.impl, next_request(), file(name), text, strlen(text), flags);
}

static void remove_path(const char *name, unsigned flags)
{
	service.ops->remove(service.impl, next_request(), file(name), flags);
}

static void finish(void)
{
	int64_t end_ns = tp_loop_now_ns(loop) + 30 * TP_SEC;

	ck_assert(!disk_idle(disk) || n_done == n_requests);
	while (n_done < n_requests && tp_loop_now_ns(loop) < end_ns)
		tp_loop_turn(loop, TP_SEC);
	ck_assert_int_eq(n_done, n_requests);
	ck_assert(disk_idle(disk));
	for (int i = 0; i < n_requests; i++) {
		ck_assert_int_eq(requests[i].n_done, 1);
		ck_assert_int_eq(requests[i].place, i + 1);
	}
}

static void finish_well(void)
{
	finish();
	for (int i = 0; i < n_requests; i++)
		ck_assert_msg(requests[i].status == 0, "%s", requests[i].disk.err.text);
}

static void check_file(const char *name, const char *expected)
{
	size_t len = 0;
	char *text = NULL;
	int r;

	r = service.ops->read(service.impl, file(name), 4096, &text, &len, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(len, strlen(expected));
	tp_free(text);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(file(name), &st) == 0;
}

START_TEST(requests_take_effect_in_order)
{
	replace("a", "one", 0);
	append("a", " two", 0);
	replace("b", "gone", 0);
	append("a", " three", TP_DISK_SYNC);
	remove_path("b", 0);
	append("b", "new", 0);
	replace("c", "", TP_DISK_SYNC);
	ck_assert_int_eq(n_done, 0);
	finish_well();
	check_file("a", "one two three");
	check_file("b", "new");
	check_file("c", "");
}
END_TEST

/* A file that is open for appending is another one after it was replaced or removed. */
START_TEST(appending_goes_to_the_file_that_is_there)
{
	append("a", "old", TP_DISK_SYNC);
	replace("a", "new", 0);
	append("a", " end", 0);
	append("b", "old", 0);
	remove_path("b", 0);
	append("b", "end", 0);
	finish_well();
	check_file("a", "new end");
	check_file("b", "end");
	/* What was promised before the replacing was kept before it. */
	ck_assert_int_eq(strncmp(synced, "a ", 2), 0);
}
END_TEST

/* The limit lets a write succeed in part. */
START_TEST(half_an_append_is_taken_back)
{
	const struct rlimit limit = { 10, RLIM_INFINITY };
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	append("a", "12345678", 0);
	append("a", "abcd", TP_DISK_SYNC);
	append("a", "9", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	ck_assert_int_eq(requests[0].status, 0);
	ck_assert_int_eq(requests[1].status, -EFBIG);
	ck_assert_int_eq(requests[2].status, 0);
	check_file("a", "123456789");
}
END_TEST

START_TEST(a_batch_syncs_each_file_and_directory_once)
{
	for (int i = 0; i < 10; i++) {
		append("log", "x", TP_DISK_SYNC);
		append("other", "y", 0);
	}
	append("log", "x", TP_DISK_SYNC | TP_DISK_MKDIRS);
	finish_well();
	ck_assert_int_eq(strncmp(synced, "log tepui-test-", 15), 0);
	ck_assert_int_eq(n_synced("log"), 1);
	ck_assert_int_eq(n_synced(strrchr(dir.path, '/') + 1), 1);
	synced[0] = '\0';
	append("log", "x", TP_DISK_SYNC);
	append("log", "x", TP_DISK_SYNC);
	append("other", "y", 0);
	finish_well();
	ck_assert_str_eq(synced, "log ");
	check_file("log", "xxxxxxxxxxxxx");
}
END_TEST

START_TEST(replacing_syncs_before_the_rename_and_the_directory_after)
{
	ck_assert_int_eq(mkdir(file("d"), 0700), 0);
	replace("d/a", "1", TP_DISK_SYNC);
	replace("d/b", "2", TP_DISK_SYNC);
	replace("d/c", "3", 0);
	finish_well();
	ck_assert_int_eq(strncmp(synced, ".tp-new .tp-new d ", 18), 0);
	ck_assert(!exists("d/.tp-new"));
	replace("d/b", "4", TP_DISK_SYNC);
	finish_well();
	synced[0] = '\0';
	replace("d/b", "5", TP_DISK_SYNC);
	finish_well();
	ck_assert_str_eq(synced, ".tp-new d ");
}
END_TEST

START_TEST(missing_directories_are_made_on_request)
{
	replace("p/q/r/a", "1", TP_DISK_SYNC | TP_DISK_MKDIRS);
	append("p/s/b", "2", TP_DISK_MKDIRS);
	append("no/such/c", "3", 0);
	finish();
	ck_assert_int_eq(requests[0].status, 0);
	ck_assert_int_eq(requests[1].status, 0);
	ck_assert_int_eq(requests[2].status, -ENOENT);
	ck_assert_ptr_nonnull(strstr(requests[2].disk.err.text, "no/such/c"));
	check_file("p/q/r/a", "1");
	check_file("p/s/b", "2");
	ck_assert_ptr_nonnull(strstr(synced, " p "));
	ck_assert_ptr_nonnull(strstr(synced, " q "));
	ck_assert_ptr_nonnull(strstr(synced, " r "));
	ck_assert_ptr_null(strstr(synced, " s "));
}
END_TEST

/* Whoever made the directories: here nobody told the service. */
START_TEST(a_synced_write_makes_its_whole_path_last)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(mkdir(file("x"), 0700), 0);
		ck_assert_int_eq(mkdir(file("x/y"), 0700), 0);
		synced[0] = '\0';
		append("x/y/log", "1", TP_DISK_SYNC);
		finish_well();
		ck_assert_int_eq(n_synced("log"), 1);
		ck_assert_int_eq(n_synced("y"), 1);
		ck_assert_int_eq(n_synced("x"), 1);
		ck_assert_int_eq(n_synced(strrchr(dir.path, '/') + 1), 1);
		synced[0] = '\0';
		append("x/y/log", "2", TP_DISK_SYNC);
		finish_well();
		ck_assert_str_eq(synced, "log ");
		/* Others of these names begin anew. */
		ck_assert_int_eq(tp_disk_tree_remove(file("x"), &err), 0);
	}
}
END_TEST

START_TEST(a_name_made_without_sync_lasts_with_the_next_that_is_synced)
{
	replace("d/a", "1", TP_DISK_SYNC | TP_DISK_MKDIRS);
	finish_well();
	append("d/log", "1", 0);
	finish_well();
	synced[0] = '\0';
	append("d/log", "2", TP_DISK_SYNC);
	finish_well();
	ck_assert_int_eq(n_synced("log"), 1);
	ck_assert_int_eq(n_synced("d"), 1);
}
END_TEST

START_TEST(a_path_that_does_not_last_fails_what_is_below_each_time)
{
	ck_assert_int_eq(mkdir(file("x"), 0700), 0);
	ck_assert_int_eq(mkdir(file("x/y"), 0700), 0);
	sync_fails = "x";
	append("x/y/log", "1", TP_DISK_SYNC);
	append("x/y/other", "1", 0);
	append("log", "1", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[0].status, -EIO);
	ck_assert_int_eq(requests[1].status, 0);
	ck_assert_int_eq(requests[2].status, 0);
	append("x/y/log", "2", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[3].status, -EIO);
	sync_fails = NULL;
	append("x/y/log", "3", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[4].status, 0);
}
END_TEST

/* More than are remembered: each is synced, none twice in a row. */
START_TEST(many_directories_of_one_service)
{
	char name[32];

	disk_set_sync(disk, no_sync, NULL);
	for (int i = 0; i < 1100; i++) {
		snprintf(name, sizeof name, "d%d/log", i);
		n_requests = n_done = 0;
		memset(requests, 0, sizeof requests);
		append(name, "1", TP_DISK_SYNC | TP_DISK_MKDIRS);
		finish_well();
		append(name, "2", TP_DISK_SYNC);
		finish_well();
		ck_assert_str_eq(synced, "log ");
	}
}
END_TEST

/* More files than stay open at once: those closed early are synced then, once each. */
START_TEST(many_files_of_one_batch)
{
	char name[16];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof name, "f%d", i);
			append(name, round == 0 ? "a" : "b", TP_DISK_SYNC);
		}
	finish_well();
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "f%d", i);
		check_file(name, "ab");
	}
}
END_TEST

START_TEST(an_error_loses_no_later_request)
{
	service.ops->append(service.impl, next_request(), "/dev/full", "x", 1, 0);
	replace("no/such/a", "1", 0);
	replace("a", "2", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[0].status, -ENOSPC);
	ck_assert_ptr_nonnull(strstr(requests[0].disk.err.text, "/dev/full"));
	ck_assert_int_eq(requests[1].status, -ENOENT);
	ck_assert_int_eq(requests[2].status, 0);
	check_file("a", "2");
}
END_TEST

START_TEST(a_failed_sync_is_never_a_success_later)
{
	append("log", "0", TP_DISK_SYNC);
	finish_well();
	sync_fails = "log";
	append("log", "1", TP_DISK_SYNC);
	append("log", "2", 0);
	append("other", "3", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[1].status, -EIO);
	ck_assert_int_eq(requests[2].status, -EIO);
	ck_assert_int_eq(requests[3].status, 0);
	sync_fails = NULL;
	append("log", "4", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[4].status, -EIO);
	replace("log", "anew", TP_DISK_SYNC);
	append("log", " and on", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[5].status, 0);
	ck_assert_int_eq(requests[6].status, 0);
	check_file("log", "anew and on");
}
END_TEST

START_TEST(a_replace_that_cannot_be_synced_leaves_the_old)
{
	replace("a", "old", TP_DISK_SYNC);
	finish_well();
	sync_fails = ".tp-new";
	replace("a", "new", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[1].status, -EIO);
	check_file("a", "old");
	ck_assert(!exists(".tp-new"));
}
END_TEST

START_TEST(a_directory_that_cannot_be_synced_fails_what_is_in_it)
{
	ck_assert_int_eq(mkdir(file("d"), 0700), 0);
	sync_fails = "d";
	replace("d/a", "1", TP_DISK_SYNC);
	replace("d/b", "2", 0);
	replace("c", "3", TP_DISK_SYNC);
	finish();
	ck_assert_int_eq(requests[0].status, -EIO);
	ck_assert_int_eq(requests[1].status, 0);
	ck_assert_int_eq(requests[2].status, 0);
}
END_TEST

START_TEST(trees_go_and_links_are_not_followed)
{
	replace("keep/precious", "1", TP_DISK_MKDIRS);
	replace("t/x/y/z", "2", TP_DISK_MKDIRS);
	finish_well();
	ck_assert_int_eq(symlink(file("keep"), file("t/x/link")), 0);
	ck_assert_int_eq(symlink(file("keep"), file("outer")), 0);
	remove_path("t", TP_DISK_SYNC);
	remove_path("outer", 0);
	remove_path("never/was", TP_DISK_SYNC);
	finish_well();
	ck_assert(!exists("t"));
	ck_assert(!exists("outer"));
	check_file("keep/precious", "1");
}
END_TEST

/* 300 levels, longer than a path may be, and fewer descriptors than levels. */
START_TEST(very_deep_trees_go)
{
	const struct rlimit few = { 100, 100 };
	char name[32];
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(mkdir(file("deep"), 0700), 0);
	ck_assert_int_eq(chdir(file("deep")), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "a-level-of-the-tree-%d", i);
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(chdir(name), 0);
	}
	ck_assert_int_eq(fchdir(here), 0);
	close(here);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	remove_path("deep", 0);
	finish_well();
	ck_assert(!exists("deep"));
}
END_TEST

/* Needs a mount namespace: without the right to one there is nothing to test. */
START_TEST(a_mount_inside_a_tree_is_left_alone)
{
	bool pooled = pool != NULL;

	replace("keep/precious", "1", TP_DISK_MKDIRS);
	finish_well();
	ck_assert_int_eq(service.ops->mkdirs(service.impl, file("t/m"), 0755, &err), 0);
	if (unshare(CLONE_NEWNS) < 0)
		return;
	/* A pool's thread that is there already lives in the old namespace. */
	teardown_services();
	setup_services(pooled);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(file("keep"), file("t/m"), NULL, MS_BIND, NULL), 0);
	remove_path("t", 0);
	finish();
	ck_assert_int_eq(requests[1].status, -EBUSY);
	check_file("keep/precious", "1");
	ck_assert_int_eq(umount(file("t/m")), 0);
	remove_path("t", 0);
	finish();
	ck_assert_int_eq(requests[2].status, 0);
}
END_TEST

/* A task may have planted links where the service writes. */
START_TEST(planted_links_are_not_followed)
{
	replace("victim", "safe", 0);
	finish_well();
	ck_assert_int_eq(symlink(file("victim"), file(".tp-new")), 0);
	ck_assert_int_eq(symlink(file("victim"), file("log")), 0);
	replace("a", "1", 0);
	append("log", "2", 0);
	finish();
	ck_assert_int_eq(requests[1].status, 0);
	ck_assert_int_eq(requests[2].status, -ELOOP);
	check_file("victim", "safe");
	check_file("a", "1");
}
END_TEST

START_TEST(reading_listing_and_linking_are_at_once)
{
	char **names = NULL;
	char *text = NULL;
	size_t n = 0, len = 0;

	ck_assert_int_eq(service.ops->mkdirs(service.impl, file("l/m"), 0755, &err), 0);
	ck_assert_int_eq(service.ops->mkdirs(service.impl, file("l/m"), 0755, &err), 0);
	replace("l/b", "12345", 0);
	replace("l/a", "", 0);
	replace("l/.tp-new-leftover", "", 0);
	finish_well();
	ck_assert_int_eq(service.ops->symlink(service.impl, "b", file("l/s"), &err), 0);
	ck_assert_int_eq(service.ops->symlink(service.impl, "m", file("l/s"), &err), 0);
	ck_assert_int_eq(service.ops->list(service.impl, file("l"), &names, &n, &err), 0);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[1], "b");
	ck_assert_str_eq(names[2], "m");
	ck_assert_str_eq(names[3], "s");
	ck_assert_ptr_null(names[4]);
	tp_free(names);
	ck_assert_int_eq(
		service.ops->read(service.impl, file("l/b"), 4, &text, &len, &err),
		-EFBIG);
	ck_assert_int_eq(
		service.ops->read(service.impl, file("l/c"), 4, &text, &len, &err),
		-ENOENT);
	ck_assert_int_eq(
		service.ops->mkdirs(service.impl, file("l/b/x"), 0755, &err), -ENOTDIR);
	ck_assert_int_eq(
		service.ops->list(service.impl, file("none"), &names, &n, &err), -ENOENT);
	ck_assert_ptr_null(text);
}
END_TEST

/* Files of the kernel say that they are empty. */
START_TEST(a_file_without_a_size_is_read_to_its_end)
{
	char *text = NULL;
	size_t len = 0;

	ck_assert_int_eq(service.ops->read(service.impl, "/proc/self/status", 65536,
				 &text, &len, &err),
		0);
	ck_assert_uint_gt(len, 100);
	ck_assert_uint_eq(strlen(text), len);
	tp_free(text);
	ck_assert_int_eq(service.ops->read(service.impl, "/proc/self/status", 50, &text,
				 &len, &err),
		-EFBIG);
}
END_TEST

/* What was accepted is written, whoever stops first. */
START_TEST(the_end_loses_nothing)
{
	append("a", "1", TP_DISK_SYNC);
	tp_loop_turn(loop, 0);
	append("a", "2", TP_DISK_SYNC);
	work_pool_destroy(pool);
	pool = NULL;
	disk_destroy(disk);
	disk = disk_create(loop, (struct tp_work_service){ NULL, NULL });
	service = disk_service(disk);
	check_file("a", "12");
	ck_assert_int_le(n_done, 2);
}
END_TEST

static void add_tests(Suite *suite, const char *name, void (*setup)(void))
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, requests_take_effect_in_order);
	tcase_add_test(tcase, appending_goes_to_the_file_that_is_there);
	tcase_add_test(tcase, half_an_append_is_taken_back);
	tcase_add_test(tcase, a_batch_syncs_each_file_and_directory_once);
	tcase_add_test(tcase, replacing_syncs_before_the_rename_and_the_directory_after);
	tcase_add_test(tcase, missing_directories_are_made_on_request);
	tcase_add_test(tcase, a_synced_write_makes_its_whole_path_last);
	tcase_add_test(
		tcase, a_name_made_without_sync_lasts_with_the_next_that_is_synced);
	tcase_add_test(tcase, a_path_that_does_not_last_fails_what_is_below_each_time);
	tcase_add_test(tcase, many_directories_of_one_service);
	tcase_add_test(tcase, many_files_of_one_batch);
	tcase_add_test(tcase, an_error_loses_no_later_request);
	tcase_add_test(tcase, a_failed_sync_is_never_a_success_later);
	tcase_add_test(tcase, a_replace_that_cannot_be_synced_leaves_the_old);
	tcase_add_test(tcase, a_directory_that_cannot_be_synced_fails_what_is_in_it);
	tcase_add_test(tcase, trees_go_and_links_are_not_followed);
	tcase_add_test(tcase, very_deep_trees_go);
	tcase_add_test(tcase, a_mount_inside_a_tree_is_left_alone);
	tcase_add_test(tcase, planted_links_are_not_followed);
	tcase_add_test(tcase, reading_listing_and_linking_are_at_once);
	tcase_add_test(tcase, a_file_without_a_size_is_read_to_its_end);
	tcase_add_test(tcase, the_end_loses_nothing);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	Suite *suite = suite_create("disk");
	SRunner *runner;
	int n_failed;

	add_tests(suite, "inline", setup_inline);
	add_tests(suite, "pool", setup_pool);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
