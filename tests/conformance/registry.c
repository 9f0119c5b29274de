/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every registry promises (include/tepui/kind/registry.h). Built once per registry; one that
 * keeps its data beyond the process defines REGISTRY_DURABLE.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/arena.h"
#include "tepui/disk.h"
#include "tepui/kind/registry.h"
#include "tepui/strbuf.h"
#include "tests/lib/host.h"
#include "tests/lib/tmpdir.h"

extern const struct tp_module tp_module;

static struct test_host host;
static struct test_tmpdir dir;
static const struct tp_registry_ops *ops;
static void *impl;

#ifdef REGISTRY_DURABLE
/* What was fsynced; ends itself before the call of that number that changes names or syncs. */
static char syncs[16384];
static int die_at;

static void may_die(void)
{
	if (die_at > 0 && --die_at == 0)
		raise(SIGKILL);
}

/* These take the place of libc's, for the registry and its library. */
TP_EXPORT int fsync(int fd)
{
	size_t len = strlen(syncs);
	char link[32];
	ssize_t n;

	may_die();
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, syncs + len, sizeof syncs - len - 2);
	ck_assert_int_gt(n, 0);
	snprintf(syncs + len + n, 2, "\n");
	return (int)syscall(SYS_fsync, fd);
}

TP_EXPORT int fdatasync(int fd)
{
	may_die();
	return (int)syscall(SYS_fdatasync, fd);
}

TP_EXPORT int rename(const char *from, const char *to)
{
	may_die();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

TP_EXPORT int renameat2(
	int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	may_die();
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}
#endif

/* A request, and what came of it. */
struct ask {
	struct tp_registry_request request;
	int n_done, status;
	/* of a fetch: "name=data ..." */
	char text[512];
	struct ask *then; /* stored from inside done() */
};

static void on_done(struct tp_registry_request *request, int status)
{
	struct ask *ask = tp_container_of(request, struct ask, request);
	size_t len = 0;

	ask->n_done++;
	ask->status = status;
	if (status < 0)
		ck_assert_str_ne(request->err.text, "");
	for (size_t i = 0; status == 0 && i < request->n_entries; i++)
		len += (size_t)snprintf(ask->text + len, sizeof(ask->text) - len,
			"%s=%.*s ", request->entries[i].name,
			(int)request->entries[i].len,
			(const char *)request->entries[i].data);
	if (ask->then != NULL)
		ops->store(impl, &ask->then->request,
			&(struct tp_registry_entry){ "then", "1", 1 }, 1);
}

static void begin(void)
{
	struct tp_error err;

	test_host_start(&host, &tp_module, NULL);
	ops = test_host_ops(&tp_module);
	impl = test_host_impl(&host);
	if (ops->open(impl, dir.path, &err) < 0)
		ck_abort_msg("%s", err.text);
}

static void setup(void)
{
	test_tmpdir_init(&dir);
	memset(&host, 0, sizeof(host));
	begin();
}

static void teardown(void)
{
	test_host_stop(&host);
	test_tmpdir_fini(&dir);
}

static void settle(void)
{
	test_clock_settle(&host.clock, host.loop);
}

static void fetch(struct ask *ask)
{
	*ask = (struct ask){ .request.done = on_done };
	ops->fetch(impl, &ask->request);
}

static void store(struct ask *ask, uint64_t version, const char *name, const char *data)
{
	const struct tp_registry_entry change = { name, data,
		data == NULL ? 0 : strlen(data) };

	*ask = (struct ask){ .request = { .done = on_done, .version = version } };
	ops->store(impl, &ask->request, &change, 1);
}

static void expect(const char *text, uint64_t version)
{
	struct ask ask;

	fetch(&ask);
	settle();
	ck_assert_int_eq(ask.n_done, 1);
	ck_assert_int_eq(ask.status, 0);
	ck_assert_str_eq(ask.text, text);
	ck_assert_uint_eq(ask.request.version, version);
}

START_TEST(begins_empty)
{
	expect("", 0);
}
END_TEST

START_TEST(stores_and_fetches)
{
	struct ask ask;

	store(&ask, 0, "b", "two");
	ck_assert_int_eq(ask.n_done, 0); /* never from inside the call */
	settle();
	ck_assert_int_eq(ask.n_done, 1);
	ck_assert_int_eq(ask.status, 0);
	ck_assert_uint_eq(ask.request.version, 1);
	store(&ask, 1, "a", "one");
	settle();
	expect("a=one b=two ", 2);
	store(&ask, 2, "b", "new");
	settle();
	expect("a=one b=new ", 3);
}
END_TEST

START_TEST(removes)
{
	struct ask ask;

	store(&ask, 0, "a", "one");
	settle();
	store(&ask, 1, "a", NULL);
	settle();
	ck_assert_int_eq(ask.status, 0);
	expect("", 2);
	store(&ask, 2, "a", NULL); /* a missing one is fine */
	settle();
	ck_assert_int_eq(ask.status, 0);
	expect("", 3);
}
END_TEST

START_TEST(empty_data_is_kept)
{
	struct ask ask;

	store(&ask, 0, "a", "");
	settle();
	expect("a= ", 1);
}
END_TEST

START_TEST(a_stale_version_is_refused)
{
	struct ask first, second;

	store(&first, 0, "a", "one");
	store(&second, 0, "a", "other");
	settle();
	ck_assert_int_eq(first.status, 0);
	ck_assert_int_eq(second.status, -ESTALE);
	expect("a=one ", 1);
	store(&second, 7, "a", "future");
	settle();
	ck_assert_int_eq(second.status, -ESTALE);
	expect("a=one ", 1);
}
END_TEST

/* All changes of a store or none. */
START_TEST(changes_go_together)
{
	const struct tp_registry_entry changes[] = { { "a", "1", 1 }, { "b", "2", 1 },
		{ "a", NULL, 0 } };
	struct ask ask = { .request.done = on_done };

	ops->store(impl, &ask.request, changes, 3);
	settle();
	expect("b=2 ", 1);
	ask = (struct ask){ .request.done = on_done };
	ops->store(impl, &ask.request, changes, 3);
	settle();
	ck_assert_int_eq(ask.status, -ESTALE);
	expect("b=2 ", 1);
}
END_TEST

START_TEST(many_stores_wait_together)
{
	struct ask asks[50], seen;
	char name[16];

	for (uint64_t i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "v%02d", (int)i % 10);
		store(&asks[i], i, name, "x");
	}
	fetch(&seen);
	settle();
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(asks[i].n_done, 1);
		ck_assert_int_eq(asks[i].status, 0);
		ck_assert_uint_eq(asks[i].request.version, (uint64_t)i + 1);
	}
	ck_assert_uint_eq(seen.request.version, 50);
}
END_TEST

/* What was fetched is as it was, whatever is stored behind it. */
START_TEST(a_fetch_is_not_disturbed)
{
	struct ask ask, seen;

	store(&ask, 0, "a", "one");
	settle();
	fetch(&seen);
	store(&ask, 1, "a", NULL);
	settle();
	ck_assert_str_eq(seen.text, "a=one ");
	ck_assert_uint_eq(seen.request.version, 1);
	expect("", 2);
}
END_TEST

START_TEST(done_may_store_again)
{
	struct ask first, second,
		third = { .request = { .done = on_done, .version = 2 } };

	store(&first, 0, "a", "1");
	store(&second, 1, "b", "2");
	first.then = &third;
	settle();
	ck_assert_int_eq(first.n_done, 1);
	ck_assert_int_eq(second.n_done, 1);
	ck_assert_int_eq(third.n_done, 1);
	ck_assert_int_eq(third.status, 0);
	expect("a=1 b=2 then=1 ", 3);
}
END_TEST

/* The process ends while a store is on its way: it is answered first, and once. */
START_TEST(stops_after_what_is_under_way)
{
	struct ask ask;

	store(&ask, 0, "a", "one");
	test_host_stop(&host);
	ck_assert_int_eq(ask.n_done, 1);
	ck_assert_int_eq(ask.status, 0);
}
END_TEST

#ifdef REGISTRY_DURABLE
START_TEST(keeps_data)
{
	struct ask ask;

	store(&ask, 0, "agent/1", "one");
	settle();
	store(&ask, 1, "agent/2", "two");
	settle();
	test_host_stop(&host);
	begin();
	expect("agent/1=one agent/2=two ", 2);
	store(&ask, 2, "agent/1", NULL);
	settle();
	ck_assert_int_eq(ask.status, 0);
	test_host_stop(&host);
	begin();
	expect("agent/2=two ", 3);
}
END_TEST

START_TEST(is_held_by_one)
{
	struct test_host second = { 0 };
	struct tp_error err;

	test_host_start(&second, &tp_module, NULL);
	ck_assert_int_eq(
		ops->open(test_host_impl(&second), dir.path, &err), -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(err.text, dir.path));
	ck_assert_ptr_nonnull(strstr(err.text, "another master"));
	test_host_stop(&second);
	expect("", 0);
}
END_TEST

static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What does not fit is refused as a whole, and the registry works on; the same store fits later. */
START_TEST(a_store_without_room_may_be_tried_again)
{
	tp_cleanup(ptr) char *much = tp_alloc(300000);
	struct ask ask;

	memset(much, 'x', 299999);
	signal(SIGXFSZ, SIG_IGN);
	store(&ask, 0, "a", "one");
	settle();
	limit_files(100000);
	for (int i = 0; i < 3; i++) {
		store(&ask, 1, "much", much);
		settle();
		ck_assert_int_eq(ask.status, -ENOSPC);
		ck_assert_ptr_nonnull(strstr(ask.request.err.text, dir.path));
		expect("a=one ", 1);
	}
	limit_files(RLIM_INFINITY);
	store(&ask, 1, "much", much);
	settle();
	ck_assert_int_eq(ask.status, 0);
	ck_assert_uint_eq(ask.request.version, 2);
	test_host_stop(&host);
	begin();
	store(&ask, 2, "much", NULL);
	settle();
	ck_assert_int_eq(ask.status, 0);
	expect("a=one ", 3);
}
END_TEST

static bool synced(const char *path)
{
	tp_cleanup(ptr) char *line = tp_asprintf("%s\n", path);

	return strstr(syncs, line) != NULL;
}

/* A database whose own name is lost with the power is lost itself. */
START_TEST(the_path_to_it_is_durable)
{
	tp_cleanup(ptr) char *work_dir = tp_asprintf("%s/made/master", dir.path);
	tp_cleanup(ptr) char *made = tp_asprintf("%s/made", dir.path);
	tp_cleanup(ptr) char *registry = tp_asprintf("%s/registry", work_dir);
	struct tp_error err;

	test_host_stop(&host);
	ck_assert(mkdir(made, 0700) == 0 && mkdir(work_dir, 0700) == 0);
	syncs[0] = '\0';
	test_host_start(&host, &tp_module, NULL);
	impl = test_host_impl(&host);
	ck_assert_int_eq(ops->open(impl, work_dir, &err), 0);
	ck_assert(synced(registry));
	ck_assert(synced(work_dir));
	ck_assert(synced(made));
	ck_assert(synced(dir.path));
}
END_TEST

static char *set_aside(void)
{
	struct tp_error err = { 0 };
	char *where = NULL;

	test_host_stop(&host);
	test_host_start(&host, &tp_module, NULL);
	impl = test_host_impl(&host);
	ck_assert_msg(ops->set_aside(impl, dir.path, &where, &err) == 0, "%s", err.text);
	return where;
}

START_TEST(what_is_set_aside_stands_until_it_is_replaced)
{
	tp_cleanup(ptr) char *where = NULL;
	tp_cleanup(ptr) char *second = NULL;
	struct tp_error err;
	struct ask ask;

	store(&ask, 0, "a", "one");
	settle();
	where = set_aside();
	ck_assert_ptr_nonnull(where);
	ck_assert_int_eq(ops->open(impl, dir.path, &err), 0);
	expect("", 0);
	ck_assert_int_lt(access(where, F_OK), 0);
	test_host_stop(&host);
	begin();
	expect("a=one ", 1);
	tp_free(where);
	where = set_aside();
	ck_assert_int_eq(ops->open(impl, dir.path, &err), 0);
	syncs[0] = '\0';
	store(&ask, 0, "b", "two");
	settle();
	ck_assert_int_eq(ask.status, 0);
	ck_assert_int_eq(access(where, F_OK), 0);
	ck_assert(synced(dir.path));
	expect("b=two ", 1);
	/* It is one as any other now. */
	store(&ask, 1, "c", "three");
	settle();
	test_host_stop(&host);
	begin();
	expect("b=two c=three ", 2);
	second = set_aside();
	ck_assert_ptr_nonnull(second);
	ck_assert_str_ne(second, where);
}
END_TEST

START_TEST(nothing_can_be_set_aside)
{
	tp_cleanup(ptr) char *registry = tp_asprintf("%s/registry", dir.path);
	struct tp_error err;
	struct ask ask;

	test_host_stop(&host);
	ck_assert_int_eq(tp_disk_tree_remove(registry, NULL), 0);
	ck_assert_ptr_null(set_aside());
	ck_assert_int_eq(ops->open(impl, dir.path, &err), 0);
	ck_assert_int_lt(access(registry, F_OK), 0);
	store(&ask, 0, "b", "two");
	settle();
	ck_assert_int_eq(ask.status, 0);
	test_host_stop(&host);
	begin();
	expect("b=two ", 1);
}
END_TEST

/* The process dies at each call that changes names: what is there then is whole. */
START_TEST(a_replacement_that_is_killed_leaves_one_of_both)
{
	struct ask ask, seen;
	int status = 1;

	store(&ask, 0, "a", "one");
	settle();
	test_host_stop(&host);
	for (int n = 1; status != 0; n++) {
		pid_t pid = fork();

		ck_assert_int_lt(n, 1000);
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			struct tp_error err;
			char *where;

			test_host_start(&host, &tp_module, NULL);
			impl = test_host_impl(&host);
			die_at = n;
			ops->set_aside(impl, dir.path, &where, &err);
			ops->open(impl, dir.path, &err);
			store(&ask, 0, "b", "two");
			settle();
			_exit(ask.status == 0 ? 0 : 2);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(status == 0 ||
			(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
		memset(&host, 0, sizeof host);
		begin();
		fetch(&seen);
		settle();
		ck_assert_int_eq(seen.status, 0);
		ck_assert_uint_eq(seen.request.version, 1);
		ck_assert(strcmp(seen.text, "b=two ") == 0 ||
			(status != 0 && strcmp(seen.text, "a=one ") == 0));
		test_host_stop(&host);
	}
}
END_TEST

/* Locks are a process's: only another one is kept out. */
START_TEST(what_is_in_use_is_not_set_aside)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct test_host second = { 0 };
		struct tp_error err = { 0 };
		char *where = NULL;
		int r;

		test_host_start(&second, &tp_module, NULL);
		r = ops->set_aside(test_host_impl(&second), dir.path, &where, &err);
		_exit(r == -EWOULDBLOCK && strstr(err.text, "in use") != NULL ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	expect("", 0);
}
END_TEST

/* Overwrites the files of the closed registry whose names begin so. */
static void damage(const char *prefix)
{
	tp_cleanup(ptr) char *command = tp_asprintf(
		"for f in %s/registry/%s*; do printf 'no such thing' > $f; done",
		dir.path, prefix);

	ck_assert_int_eq(system(command), 0);
}

static void expect_damaged(void)
{
	struct tp_error err;

	test_host_start(&host, &tp_module, NULL);
	impl = test_host_impl(&host);
	ck_assert_int_eq(ops->open(impl, dir.path, &err), -EUCLEAN);
	ck_assert_ptr_nonnull(strstr(err.text, dir.path));
	ck_assert_ptr_nonnull(strstr(err.text, "backup"));
	ck_assert_ptr_null(strchr(err.text, '\n'));
}

START_TEST(a_corrupt_manifest_is_one_error)
{
	struct ask ask;

	store(&ask, 0, "a", "one");
	settle();
	test_host_stop(&host);
	damage("MANIFEST");
	expect_damaged();
}
END_TEST

START_TEST(a_corrupt_pointer_is_one_error)
{
	test_host_stop(&host);
	damage("CURRENT");
	expect_damaged();
}
END_TEST

/* Without its pointer LevelDB would begin anew and forget every agent. */
START_TEST(a_lost_pointer_is_not_a_new_registry)
{
	struct ask ask;

	store(&ask, 0, "a", "one");
	settle();
	test_host_stop(&host);
	ck_assert_int_eq(remove(test_tmpdir_file(&dir, "registry/CURRENT")), 0);
	expect_damaged();
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("registry");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, begins_empty);
	tcase_add_test(tc, stores_and_fetches);
	tcase_add_test(tc, removes);
	tcase_add_test(tc, empty_data_is_kept);
	tcase_add_test(tc, a_stale_version_is_refused);
	tcase_add_test(tc, changes_go_together);
	tcase_add_test(tc, many_stores_wait_together);
	tcase_add_test(tc, a_fetch_is_not_disturbed);
	tcase_add_test(tc, done_may_store_again);
	tcase_add_test(tc, stops_after_what_is_under_way);
#ifdef REGISTRY_DURABLE
	tcase_add_test(tc, keeps_data);
	tcase_add_test(tc, is_held_by_one);
	tcase_add_test(tc, a_store_without_room_may_be_tried_again);
	tcase_add_test(tc, the_path_to_it_is_durable);
	tcase_add_test(tc, what_is_set_aside_stands_until_it_is_replaced);
	tcase_add_test(tc, nothing_can_be_set_aside);
	tcase_add_test(tc, a_replacement_that_is_killed_leaves_one_of_both);
	tcase_add_test(tc, what_is_in_use_is_not_set_aside);
	tcase_add_test(tc, a_corrupt_manifest_is_one_error);
	tcase_add_test(tc, a_corrupt_pointer_is_one_error);
	tcase_add_test(tc, a_lost_pointer_is_not_a_new_registry);
#endif
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
