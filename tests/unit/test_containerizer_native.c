/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerizer-native with the real tepui-launch: real processes, each of which ends by itself
 * after a minute should a test fail. Logger and isolator are fakes.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/kind/containerizer.h"
#include "tepui/kind/isolator.h"
#include "tepui/kind/logger.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"
#include "tests/lib/tmpdir.h"

#define N_VARIABLES 2000
#define NOBODY "65534"

extern const struct tp_module tp_module;

/* --- fakes ----------------------------------------------------------------------------- */

struct fake {
	struct tp_instance instance;
};

static int fake_log(void *impl, const char *id, const struct tp_container_config *config,
	uid_t uid, gid_t gid, int *ret_out, int *ret_err, struct tp_error *err)
{
	(void)impl;
	(void)id;
	(void)config;
	(void)uid;
	(void)gid;
	(void)err;
	*ret_out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*ret_err = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return 0;
}

static int fails_prepare, fails_isolate, n_cleanups;
static struct tp_isolator_user isolator_user;

static int fake_open(
	void *impl, const struct tp_isolator_user *user, struct tp_error *err)
{
	(void)impl;
	(void)err;
	isolator_user = *user;
	return 0;
}

static int fake_prepare(void *impl, const char *id,
	const struct tp_container_config *config, struct tp_container_launch_info *info,
	struct tp_arena *arena, struct tp_error *err)
{
	(void)impl;
	(void)id;
	(void)config;
	(void)info;
	(void)arena;
	return fails_prepare ? tp_fail(err, EIO, "prepare failed") : 0;
}

static int fake_isolate(void *impl, const char *id, pid_t pid, struct tp_error *err)
{
	(void)impl;
	(void)id;
	(void)pid;
	return fails_isolate ? tp_fail(err, EIO, "isolate failed") : 0;
}

static int fake_cleanup(void *impl, const char *id, struct tp_error *err)
{
	(void)impl;
	(void)id;
	(void)err;
	n_cleanups++;
	return 0;
}

static const struct tp_logger_ops logger_ops = { .prepare = fake_log };
static const struct tp_isolator_ops isolator_ops = {
	.open = fake_open,
	.prepare = fake_prepare,
	.isolate = fake_isolate,
	.cleanup = fake_cleanup,
};
static const struct tp_provide gives_logger[] = {
	TP_PROVIDE("logger", TP_LOGGER_ABI, logger_ops), { 0 }
};
static const struct tp_provide gives_isolator[] = {
	TP_PROVIDE("isolator", TP_ISOLATOR_ABI, isolator_ops), { 0 }
};
static const struct tp_module fake_logger = { TP_MODULE_HEADER, .name = "fake-logger",
	.version = "1", .provides = gives_logger, .instance_size = sizeof(struct fake) };
static const struct tp_module fake_isolator = { TP_MODULE_HEADER, .name = "fake-isolator",
	.version = "1", .provides = gives_isolator,
	.instance_size = sizeof(struct fake) };

/* --- the agent's side ------------------------------------------------------------------ */

static struct test_host host;
static struct test_tmpdir dir;
static const struct tp_containerizer_ops *ops;
static void *impl;

/* The end of the container "c". */
static bool is_over;
static int n_over, end_status;
static char end_message[256];

struct ask {
	struct tp_container_request request;
	bool done;
	int status;
};

static void on_done(struct tp_container_request *request, int status)
{
	struct ask *ask = tp_container_of(request, struct ask, request);

	ask->done = true;
	ask->status = status;
}

static void on_terminated(
	void *user, const char *id, const struct tp_container_termination *termination)
{
	(void)user;
	ck_assert_str_eq(id, "c");
	is_over = true;
	n_over++;
	end_status = termination->has_status ? termination->status : -1;
	snprintf(end_message, sizeof(end_message), "%s",
		termination->message == NULL ? "" : termination->message);
}

static void begin(void)
{
	static const struct tp_containerizer_user user = { .terminated = on_terminated };
	const struct tp_module *modules[] = { &tp_module, &fake_logger, &fake_isolator };
	struct tp_error err;

	host.real_time = true;
	if (test_host_try(&host, modules, 3, "{launcher_dir: " TOOLS_DIR "}", &err) < 0)
		ck_abort_msg("%s", err.text);
	ops = test_host_ops(&tp_module);
	impl = test_host_impl(&host);
	is_over = false;
	if (ops->open(impl, &user, dir.path, dir.path, &err) < 0)
		ck_abort_msg("%s", err.text);
}

static void setup(void)
{
	test_tmpdir_init(&dir);
	chmod(dir.path, 0755);
	memset(&host, 0, sizeof(host));
	begin();
}

static void teardown(void)
{
	test_host_stop(&host);
	test_tmpdir_fini(&dir);
}

/* What the next launch does beside its script. */
static const char *user, *directory, *argv_command;
static struct tp_environment environment;

static void launch(struct ask *ask, const char *script)
{
	struct tp_command_info command = {
		.value = argv_command != NULL ? argv_command : script,
		.has_shell = true,
		.shell = argv_command == NULL,
	};
	struct tp_container_config config = {
		.command_info = &command,
		.directory = directory != NULL ? directory : dir.path,
		.user = user,
	};
	const struct tp_container_spec spec = {
		.id = "c", .config = &config, .environment = &environment
	};

	*ask = (struct ask){ .request.done = on_done };
	ops->launch(impl, &spec, &ask->request);
	ck_assert(!ask->done);
	ck_assert(test_host_wait(&host, &ask->done));
}

static void launch_well(const char *script)
{
	struct ask ask;

	launch(&ask, script);
	if (ask.status < 0)
		ck_abort_msg("%s", ask.request.err.text);
}

static void expect_exit(int code)
{
	ck_assert(test_host_wait(&host, &is_over));
	ck_assert_msg(end_status == code << 8, "status %x '%s'", end_status, end_message);
	ck_assert_int_eq(n_over, 1);
	ck_assert_int_lt(access(test_tmpdir_file(&dir, "containers/c"), F_OK), 0);
}

static void expect_file(const char *name)
{
	const char *path = test_tmpdir_file(&dir, name);

	for (int i = 0; i < 200 && access(path, F_OK) < 0; i++)
		tp_loop_turn(host.loop, 50 * TP_MSEC);
	ck_assert_int_eq(access(path, F_OK), 0);
}

static void touch(const char *name)
{
	close(open(test_tmpdir_file(&dir, name), O_WRONLY | O_CREAT, 0644));
}

/* How many processes bear `marker` in their command line. */
static int count_processes(const char *marker)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(proc)) != NULL) {
		char path[300], text[4096];
		FILE *file;
		size_t len;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		file = entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (file == NULL)
			continue;
		len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		for (size_t i = 0; i < len; i++)
			text[i] = text[i] == '\0' ? ' ' : text[i];
		text[len] = '\0';
		n += strstr(text, marker) != NULL;
	}
	closedir(proc);
	return n;
}

static pid_t init_pid(void)
{
	int64_t pid = 0;
	uint64_t ticks;

	ck_assert_int_eq(ops->process(impl, "c", &pid, &ticks), 0);
	return (pid_t)pid;
}

/* With so many descriptors to spare; negative: with enough. */
static struct ask try_recover(bool remembers, int spare)
{
	struct rlimit enough, few;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct tp_container_id id = { .value = "c" };
	struct tp_container_state state = { .container_id = &id };
	struct tp_container_state *const states[] = { &state };
	struct ask ask = { .request.done = on_done };

	ck_assert_int_ge(next, 0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &enough), 0);
	few = enough;
	if (spare >= 0)
		few.rlim_cur = (rlim_t)(next + spare);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ops->recover(impl, states, remembers ? 1 : 0, &ask.request);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &enough), 0);
	ck_assert(test_host_wait(&host, &ask.done));
	return ask;
}

static void recover(bool remembers)
{
	ck_assert_int_eq(try_recover(remembers, -1).status, 0);
}

static void destroy(void)
{
	struct ask ask = { .request.done = on_done };

	ops->destroy(impl, "c", &ask.request);
	ck_assert(test_host_wait(&host, &ask.done));
	ck_assert_int_eq(ask.status, 0);
}

#define WAIT_FOR_GO "while [ ! -e go ]; do sleep 0.05; done; exit 7"

/* --- starts and ends ------------------------------------------------------------------- */

START_TEST(an_exit_status)
{
	launch_well("exit 3");
	expect_exit(3);
	ck_assert_int_eq(n_cleanups, 1);
}
END_TEST

START_TEST(a_signal)
{
	launch_well("kill -9 $$");
	ck_assert(test_host_wait(&host, &is_over));
	ck_assert(WIFSIGNALED(end_status));
	ck_assert_int_eq(WTERMSIG(end_status), SIGKILL);
}
END_TEST

START_TEST(runs_in_its_directory)
{
	touch("here");
	launch_well("[ -e here ] && exit 9");
	expect_exit(9);
}
END_TEST

START_TEST(a_big_environment)
{
	static char names[N_VARIABLES][16], value[120];
	static struct tp_environment_variable variables[N_VARIABLES];
	static struct tp_environment_variable *pointers[N_VARIABLES];

	memset(value, 'x', sizeof(value) - 1);
	for (int i = 0; i < N_VARIABLES; i++) {
		snprintf(names[i], sizeof(names[i]), "V%d", i);
		variables[i] = (struct tp_environment_variable){ .name = names[i],
			.value = value };
		pointers[i] = &variables[i];
	}
	environment = (struct tp_environment){ pointers, N_VARIABLES };
	launch_well("[ $(env | grep -c ^V) -eq 2000 ] && exit 5");
	expect_exit(5);
}
END_TEST

START_TEST(another_user)
{
	if (geteuid() != 0)
		return;
	user = "nobody";
	launch_well("[ $(id -u) -eq " NOBODY " ] && exit 6");
	expect_exit(6);
}
END_TEST

/* --- failures -------------------------------------------------------------------------- */

static void expect_launch_error(int code, const char *text)
{
	struct ask ask;

	launch(&ask, "sleep 60");
	ck_assert_int_eq(ask.status, code);
	ck_assert_msg(
		strstr(ask.request.err.text, text) != NULL, "'%s'", ask.request.err.text);
	/* It is never reported as over, and its name is free again soon. */
	fails_prepare = fails_isolate = 0;
	user = NULL;
	for (int i = 0; i < 100; i++) {
		int64_t pid;
		uint64_t ticks;

		if (ops->process(impl, "c", &pid, &ticks) == -ENOENT)
			break;
		tp_loop_turn(host.loop, 50 * TP_MSEC);
	}
	ck_assert_int_eq(n_over, 0);
	launch_well("exit 4");
	expect_exit(4);
}

START_TEST(a_missing_user)
{
	user = "nobody-of-that-name";
	expect_launch_error(-ENOENT, "nobody-of-that-name");
}
END_TEST

START_TEST(an_isolator_that_fails_before)
{
	fails_prepare = 1;
	expect_launch_error(-EIO, "fake-isolator: prepare failed");
}
END_TEST

START_TEST(an_isolator_that_fails_after)
{
	fails_isolate = 1;
	expect_launch_error(-EIO, "fake-isolator: isolate failed");
}
END_TEST

START_TEST(a_missing_command)
{
	argv_command = "no-such-command";
	launch_well(NULL);
	expect_exit(125);
	ck_assert_ptr_nonnull(strstr(end_message, "no-such-command"));
}
END_TEST

START_TEST(a_missing_directory)
{
	directory = "/nowhere/at/all";
	launch_well("true");
	expect_exit(125);
	ck_assert_ptr_nonnull(strstr(end_message, "/nowhere/at/all"));
}
END_TEST

START_TEST(the_same_name_twice)
{
	struct ask ask;

	launch_well(WAIT_FOR_GO);
	launch(&ask, "true");
	ck_assert_int_eq(ask.status, -EEXIST);
	touch("go");
	expect_exit(7);
}
END_TEST

START_TEST(docker_is_for_others)
{
	struct tp_container_info info = { .has_type = true,
		.type = TP_CONTAINER_INFO_DOCKER };
	struct tp_container_config config = { .container_info = &info };
	const struct tp_container_spec spec = { .id = "c", .config = &config };
	struct ask ask = { .request.done = on_done };

	ops->launch(impl, &spec, &ask.request);
	ck_assert(test_host_wait(&host, &ask.done));
	ck_assert_int_eq(ask.status, -ENOTSUP);
}
END_TEST

/* --- killing --------------------------------------------------------------------------- */

START_TEST(nobody_survives)
{
	char marker[32], script[512];
	int64_t begin_ns;

	snprintf(marker, sizeof(marker), "sleep 60.%d", (int)getpid());
	snprintf(script, sizeof(script),
		"setsid sh -c 'setsid %s & %s' & (setsid %s &); (%s &); touch ready; "
		"wait",
		marker, marker, marker, marker);
	launch_well(script);
	expect_file("ready");
	begin_ns = tp_loop_now_ns(host.loop);
	destroy();
	ck_assert(test_host_wait(&host, &is_over));
	ck_assert_int_eq(count_processes(marker), 0);
	ck_assert(WIFSIGNALED(end_status));
	ck_assert_int_lt(tp_loop_now_ns(host.loop) - begin_ns, TP_SEC);
	ck_assert_int_eq(n_over, 1);
}
END_TEST

/* The command ends by itself and leaves processes behind: they go with it. */
START_TEST(leftovers_go_too)
{
	char marker[32], script[256];

	snprintf(marker, sizeof(marker), "sleep 60.%d", (int)getpid());
	snprintf(script, sizeof(script), "setsid %s & (%s &); exit 8", marker, marker);
	launch_well(script);
	expect_exit(8);
	ck_assert_int_eq(count_processes(marker), 0);
}
END_TEST

START_TEST(a_limit_is_the_reason)
{
	const struct tp_container_limitation limitation = {
		.message = "too much memory",
	};

	launch_well("sleep 60");
	isolator_user.limited(isolator_user.user, "c", &limitation);
	ck_assert(test_host_wait(&host, &is_over));
	ck_assert_str_eq(end_message, "too much memory");
}
END_TEST

START_TEST(destroying_the_unknown)
{
	struct ask ask = { .request.done = on_done };

	ops->destroy(impl, "never", &ask.request);
	ck_assert(test_host_wait(&host, &ask.done));
	ck_assert_int_eq(ask.status, -ENOENT);
}
END_TEST

/* --- the agent starts again ------------------------------------------------------------ */

START_TEST(a_running_container_is_adopted)
{
	pid_t pid;

	launch_well(WAIT_FOR_GO);
	pid = init_pid();
	test_host_stop(&host);
	begin();
	recover(true);
	ck_assert_int_eq(init_pid(), pid);
	ck_assert(!is_over);
	touch("go");
	expect_exit(7);
}
END_TEST

/* Destruction stops init first: who ends in the middle of it must not leave it so. */
START_TEST(an_agent_that_ends_leaves_nobody_stopped)
{
	struct ask ask = { .request.done = on_done };
	pid_t pid;

	launch_well(WAIT_FOR_GO);
	pid = init_pid();
	ops->destroy(impl, "c", &ask.request);
	test_host_stop(&host);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	begin();
	recover(true);
	ck_assert(test_host_wait(&host, &is_over));
}
END_TEST

START_TEST(an_end_meanwhile_is_told)
{
	pid_t pid;

	launch_well(WAIT_FOR_GO);
	pid = init_pid();
	test_host_stop(&host);
	touch("go");
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	begin();
	recover(true);
	expect_exit(7);
}
END_TEST

START_TEST(survivors_of_a_dead_init_are_found)
{
	char marker[32], script[64];
	pid_t pid;

	snprintf(marker, sizeof(marker), "sleep 60.%d", (int)getpid());
	snprintf(script, sizeof(script), "touch ready; %s", marker);
	launch_well(script);
	expect_file("ready");
	pid = init_pid();
	test_host_stop(&host);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	begin();
	recover(true);
	ck_assert(test_host_wait(&host, &is_over));
	ck_assert_int_eq(end_status, -1);
	for (int i = 0; i < 100 && count_processes(marker) > 0; i++)
		tp_loop_turn(host.loop, 20 * TP_MSEC);
	ck_assert_int_eq(count_processes(marker), 0);
}
END_TEST

START_TEST(orphans_are_ended_silently)
{
	char marker[32];
	pid_t pid;

	snprintf(marker, sizeof(marker), "sleep 60.%d", (int)getpid());
	launch_well(marker);
	pid = init_pid();
	test_host_stop(&host);
	mkdir(test_tmpdir_file(&dir, "containers/empty"), 0755);
	begin();
	recover(false);
	for (int i = 0;
		i < 200 && access(test_tmpdir_file(&dir, "containers/c"), F_OK) == 0; i++)
		tp_loop_turn(host.loop, 50 * TP_MSEC);
	ck_assert_int_lt(access(test_tmpdir_file(&dir, "containers/c"), F_OK), 0);
	ck_assert_int_lt(access(test_tmpdir_file(&dir, "containers/empty"), F_OK), 0);
	ck_assert_int_lt(kill(pid, 0), 0);
	ck_assert_int_eq(n_over, 0);
}
END_TEST

/* Remembered or not: an agent that cannot look calls nothing over, and finds it later. */
START_TEST(what_cannot_be_looked_at_is_not_over)
{
	bool remembers = _i < 2;
	struct ask ask;
	pid_t pid;

	launch_well(WAIT_FOR_GO);
	pid = init_pid();
	test_host_stop(&host);
	begin();
	ask = try_recover(remembers, remembers ? _i : _i - 2);
	ck_assert_int_eq(ask.status, -EMFILE);
	ck_assert_ptr_nonnull(strstr(ask.request.err.text, "container"));
	test_host_stop(&host);
	begin();
	ck_assert_int_eq(n_over, 0);
	recover(true);
	ck_assert_int_eq(init_pid(), pid);
	touch("go");
	expect_exit(7);
}
END_TEST

/* The pid was given to somebody else meanwhile: he is left alone. */
START_TEST(a_pid_used_again_is_not_ours)
{
	FILE *file;

	mkdir(test_tmpdir_file(&dir, "containers/c"), 0755);
	file = fopen(test_tmpdir_file(&dir, "containers/c/pid"), "w");
	fprintf(file, "%d 1\n", (int)getpid());
	fclose(file);
	recover(true);
	ck_assert(test_host_wait(&host, &is_over));
	ck_assert_int_eq(end_status, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("containerizer_native");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_exit_status);
	tcase_add_test(tc, a_signal);
	tcase_add_test(tc, runs_in_its_directory);
	tcase_add_test(tc, a_big_environment);
	tcase_add_test(tc, another_user);
	tcase_add_test(tc, a_missing_user);
	tcase_add_test(tc, an_isolator_that_fails_before);
	tcase_add_test(tc, an_isolator_that_fails_after);
	tcase_add_test(tc, a_missing_command);
	tcase_add_test(tc, a_missing_directory);
	tcase_add_test(tc, the_same_name_twice);
	tcase_add_test(tc, docker_is_for_others);
	tcase_add_test(tc, nobody_survives);
	tcase_add_test(tc, leftovers_go_too);
	tcase_add_test(tc, a_limit_is_the_reason);
	tcase_add_test(tc, destroying_the_unknown);
	tcase_add_test(tc, a_running_container_is_adopted);
	tcase_add_test(tc, an_agent_that_ends_leaves_nobody_stopped);
	tcase_add_test(tc, an_end_meanwhile_is_told);
	tcase_add_test(tc, survivors_of_a_dead_init_are_found);
	tcase_add_test(tc, orphans_are_ended_silently);
	tcase_add_loop_test(tc, what_cannot_be_looked_at_is_not_over, 0, 5);
	tcase_add_test(tc, a_pid_used_again_is_not_ours);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
