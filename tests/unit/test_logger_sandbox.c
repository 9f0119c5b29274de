/* SPDX-License-Identifier: Apache-2.0 */
/* logger-sandbox: files where people look for them, and nothing else than files. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/kind/logger.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"
#include "tests/lib/tmpdir.h"

#define NOBODY 65534

extern const struct tp_module tp_module;

static struct test_host host;
static struct test_tmpdir dir;
static const struct tp_logger_ops *ops;

static void setup(void)
{
	test_tmpdir_init(&dir);
	memset(&host, 0, sizeof(host));
	test_host_start(&host, &tp_module, NULL);
	ops = test_host_ops(&tp_module);
}

static void teardown(void)
{
	test_host_stop(&host);
	test_tmpdir_fini(&dir);
}

static int prepare(uid_t uid, int *out, int *err_fd, struct tp_error *err)
{
	struct tp_container_config config = { .directory = dir.path };

	return ops->prepare(
		test_host_impl(&host), "c", &config, uid, (gid_t)-1, out, err_fd, err);
}

static void expect_refused(void)
{
	int out = -7, err_fd = -7;
	struct tp_error err;

	ck_assert_int_lt(prepare((uid_t)-1, &out, &err_fd, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "stdout"));
	ck_assert_int_eq(out, -7);
}

static size_t size_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(test_tmpdir_file(&dir, name), &st), 0);
	return (size_t)st.st_size;
}

START_TEST(writes_at_the_end)
{
	int out, err_fd;

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(prepare((uid_t)-1, &out, &err_fd, NULL), 0);
		ck_assert_int_eq(write(out, "out", 3), 3);
		ck_assert_int_eq(write(err_fd, "e", 1), 1);
		ck_assert_int_eq(fcntl(out, F_GETFL) & O_NONBLOCK, 0);
		close(out);
		close(err_fd);
	}
	ck_assert_uint_eq(size_of("stdout"), 6);
	ck_assert_uint_eq(size_of("stderr"), 2);
}
END_TEST

START_TEST(files_belong_to_the_user)
{
	int out, err_fd;
	struct stat st;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(prepare(NOBODY, &out, &err_fd, NULL), 0);
	close(out);
	close(err_fd);
	ck_assert_int_eq(stat(test_tmpdir_file(&dir, "stderr"), &st), 0);
	ck_assert_uint_eq(st.st_uid, NOBODY);
}
END_TEST

START_TEST(a_link_is_refused)
{
	int fd = open(test_tmpdir_file(&dir, "secret"), O_WRONLY | O_CREAT, 0600);

	close(fd);
	ck_assert_int_eq(symlink(test_tmpdir_file(&dir, "secret"),
				 test_tmpdir_file(&dir, "stdout")),
		0);
	expect_refused();
	ck_assert_int_eq(unlink(test_tmpdir_file(&dir, "stdout")), 0);
	ck_assert_int_eq(
		link(test_tmpdir_file(&dir, "secret"), test_tmpdir_file(&dir, "stdout")),
		0);
	expect_refused();
	ck_assert_uint_eq(size_of("secret"), 0);
}
END_TEST

START_TEST(a_pipe_is_refused)
{
	ck_assert_int_eq(mkfifo(test_tmpdir_file(&dir, "stdout"), 0600), 0);
	expect_refused(); /* and does not wait for a reader */
	int reader = open(test_tmpdir_file(&dir, "stdout"), O_RDONLY | O_NONBLOCK);
	expect_refused();
	close(reader);
}
END_TEST

START_TEST(a_missing_sandbox_is_named)
{
	struct tp_container_config config = { .directory = "/nowhere/at/all" };
	struct tp_error err;
	int out, err_fd;

	ck_assert_int_eq(ops->prepare(test_host_impl(&host), "c", &config, (uid_t)-1,
				 (gid_t)-1, &out, &err_fd, &err),
		-ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logger_sandbox");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, writes_at_the_end);
	tcase_add_test(tc, files_belong_to_the_user);
	tcase_add_test(tc, a_link_is_refused);
	tcase_add_test(tc, a_pipe_is_refused);
	tcase_add_test(tc, a_missing_sandbox_is_named);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
