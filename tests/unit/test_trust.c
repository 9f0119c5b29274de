/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose code runs in our process: files and folders that others could change are refused, with
 * words that name them and the remedy. What needs chown is left out when not run as root.
 */
#include "core/kernel/trust.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/kernel/loader.h"
#include "tests/lib/tmpdir.h"

#define STRANGER 54321

static struct test_tmpdir dir;
static char folder[PATH_MAX], file[PATH_MAX];
static struct tp_error err;

static void setup(void)
{
	int fd;

	test_tmpdir_init(&dir);
	snprintf(folder, sizeof(folder), "%s", test_tmpdir_file(&dir, "modules"));
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	snprintf(file, sizeof(file), "%s", test_tmpdir_file(&dir, "modules/x.so"));
	fd = open(file, O_CREAT | O_WRONLY, 0644);
	ck_assert_int_ge(fd, 0);
	close(fd);
	err = (struct tp_error){ 0 };
}

static void teardown(void)
{
	chmod(folder, 0755);
	test_tmpdir_fini(&dir);
}

/* Refused, and the text has all of these words. */
static void refused(const char *path, const char *a, const char *b)
{
	ck_assert_int_eq(trust_check(path, &err), -EPERM);
	ck_assert_msg(strstr(err.text, a) != NULL && strstr(err.text, b) != NULL, "'%s'",
		err.text);
}

START_TEST(our_own_files_are_fine)
{
	ck_assert_int_eq(trust_check(file, &err), 0);
	ck_assert_int_eq(chmod(file, 0775), 0); /* our own group */
	ck_assert_int_eq(trust_check(file, &err), 0);
	ck_assert_int_eq(trust_check("/bin/sh", &err), 0); /* of root */
}
END_TEST

START_TEST(world_writable_files_are_refused)
{
	ck_assert_int_eq(chmod(file, 0646), 0);
	refused(file, file, "(mode 0646): chmod go-w");
}
END_TEST

START_TEST(files_of_other_groups_are_refused_when_those_may_write)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(file, (uid_t)-1, STRANGER), 0);
	ck_assert_int_eq(trust_check(file, &err), 0);
	ck_assert_int_eq(chmod(file, 0664), 0);
	refused(file, file, "its group (mode 0664): chmod go-w");
}
END_TEST

START_TEST(files_of_others_are_refused)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(file, STRANGER, (gid_t)-1), 0);
	refused(file, file, "belongs to user 54321");
	refused(file, "could change a module", "user 0, who runs it");
}
END_TEST

START_TEST(folders_where_all_may_write_are_refused)
{
	ck_assert_int_eq(chmod(folder, 0777), 0);
	refused(file, folder, "(mode 0777): chmod go-w");
	ck_assert_int_eq(
		chmod(folder, 01777), 0); /* as /tmp: only its owner replaces it */
	ck_assert_int_eq(trust_check(file, &err), 0);
}
END_TEST

/* They replace what is in them, whoever that belongs to. */
START_TEST(folders_of_others_are_refused)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(folder, STRANGER, (gid_t)-1), 0);
	refused(file, folder, "belongs to user 54321");
	ck_assert_int_eq(chmod(folder, 01777), 0);
	refused(file, folder, "belongs to user 54321");
}
END_TEST

START_TEST(folders_of_other_groups_are_refused_when_those_may_write)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(folder, (uid_t)-1, STRANGER), 0);
	ck_assert_int_eq(trust_check(file, &err), 0);
	ck_assert_int_eq(chmod(folder, 0775), 0);
	refused(file, folder, "its group (mode 0775): chmod go-w");
}
END_TEST

/* a -> between/b -> modules/x.so: who may replace b chooses the file. */
START_TEST(links_on_the_way_are_judged)
{
	const char *between = test_tmpdir_file(&dir, "between");
	const char *first = test_tmpdir_file(&dir, "a.so");
	const char *second = test_tmpdir_file(&dir, "between/b.so");

	ck_assert_int_eq(mkdir(between, 0755), 0);
	ck_assert_int_eq(symlink("between/b.so", first), 0);
	ck_assert_int_eq(symlink("../modules/x.so", second), 0);
	ck_assert_int_eq(trust_check(first, &err), 0);
	ck_assert_int_eq(chmod(between, 0777), 0);
	refused(first, between, "(mode 0777)");
	ck_assert_int_eq(chmod(between, 01777), 0);
	ck_assert_int_eq(trust_check(first, &err), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(lchown(second, STRANGER, (gid_t)-1), 0);
		refused(first, "between/b.so", "belongs to user 54321");
	}
	ck_assert_int_eq(unlink(second), 0);
	ck_assert_int_eq(symlink("../a.so", second), 0);
	ck_assert_int_eq(trust_check(first, &err), -ELOOP);
}
END_TEST

START_TEST(links_are_judged_on_both_sides)
{
	const char *link = test_tmpdir_file(&dir, "link.so");
	const char *open_link;

	ck_assert_int_eq(symlink(file, link), 0);
	ck_assert_int_eq(trust_check(link, &err), 0);
	ck_assert_int_eq(chmod(file, 0666), 0);
	refused(link, file, "(mode 0666)");
	/* A good file behind a link that everybody may replace. */
	ck_assert_int_eq(chmod(folder, 0777), 0);
	open_link = test_tmpdir_file(&dir, "modules/sh.so");
	ck_assert_int_eq(symlink("/bin/sh", open_link), 0);
	refused(open_link, folder, "(mode 0777)");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	refused(folder, folder, "not a regular file");
	ck_assert_int_eq(trust_check("/nonexistent/x.so", &err), -ENOENT);
}
END_TEST

START_TEST(the_loader_asks)
{
	struct loader loader;
	const struct loaded *loaded = NULL;

	ck_assert_int_eq(chmod(file, 0666), 0);
	loader_init(&loader, NULL, 0);
	loader_add_dir(&loader, folder);
	ck_assert_int_eq(loader_open(&loader, "x", &loaded, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "refusing to load x.so: "));
	ck_assert_ptr_null(loaded);
	loader_fini(&loader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trust");
	TCase *tc = tcase_create("trust");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, our_own_files_are_fine);
	tcase_add_test(tc, world_writable_files_are_refused);
	tcase_add_test(tc, files_of_other_groups_are_refused_when_those_may_write);
	tcase_add_test(tc, files_of_others_are_refused);
	tcase_add_test(tc, folders_of_others_are_refused);
	tcase_add_test(tc, folders_of_other_groups_are_refused_when_those_may_write);
	tcase_add_test(tc, links_on_the_way_are_judged);
	tcase_add_test(tc, folders_where_all_may_write_are_refused);
	tcase_add_test(tc, links_are_judged_on_both_sides);
	tcase_add_test(tc, what_is_no_file_is_refused);
	tcase_add_test(tc, the_loader_asks);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
