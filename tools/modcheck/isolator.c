/* SPDX-License-Identifier: Apache-2.0 */
/* What every isolator promises, as far as it can be seen without a container. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "tepui/kind/isolator.h"
#include "tepui/record.h"
#include "tepui/wire.h"

static void on_limited(void *user, const char *container_id,
	const struct tp_container_limitation *limitation)
{
	(void)container_id, (void)limitation;
	expect(user, false, "a limit was hit that nobody set");
}

/* False when it cannot work here; the case is over then. */
static bool begin(struct check *c)
{
	const struct tp_isolator_ops *ops = c->it[0].ops;
	const struct tp_isolator_user user = { c, on_limited };
	struct tp_error err = { 0 };
	int r = ops->open == NULL ? 0 : ops->open(c->it[0].impl, &user, &err);

	if (r == -EPERM || r == -EACCES) {
		skip(c, "%s", err.text);
		return false;
	}
	return expect(c, r >= 0, "open: %s", err.text);
}

static void cleanup(struct check *c, const char *what)
{
	const struct tp_isolator_ops *ops = c->it[0].ops;
	struct tp_error err = { 0 };

	if (ops->cleanup != NULL)
		expect(c, ops->cleanup(c->it[0].impl, "modcheck", &err) >= 0,
			"cleanup %s: %s", what, err.text);
}

static void unknown_containers(struct check *c)
{
	if (!begin(c))
		return;
	cleanup(c, "of a container that never was");
	cleanup(c, "for the second time");
}

/* A process that waits, as tepui-launch does while it is put into its cage. */
static void one_container(struct check *c)
{
	const struct tp_isolator_ops *ops = c->it[0].ops;
	void *impl = c->it[0].impl;
	struct tp_command_info command = {
		.value = "true", .has_shell = true, .shell = true
	};
	struct tp_container_config config = { .command_info = &command,
		.directory = c->dir };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_container_launch_info *info =
		tp_record_new(&tp_container_launch_info_desc, arena);
	struct tp_resource_statistics *statistics =
		tp_record_new(&tp_resource_statistics_desc, arena);
	struct tp_error err = { 0 };
	pid_t pid;
	int r = 0;

	if (!begin(c))
		return;
	if (ops->prepare != NULL)
		r = ops->prepare(impl, "modcheck", &config, info, arena, &err);
	if (r == -EPERM || r == -EACCES) {
		skip(c, "%s", err.text);
		return;
	}
	expect(c, r >= 0, "prepare: %s", err.text);
	pid = fork();
	if (pid == 0) {
		setsid();
		pause();
		_exit(0);
	}
	if (!expect(c, pid > 0, "no process can be made"))
		return;
	if (ops->isolate != NULL)
		expect(c, ops->isolate(impl, "modcheck", pid, &err) >= 0, "isolate: %s",
			err.text);
	if (ops->usage != NULL)
		expect(c, ops->usage(impl, "modcheck", pid, statistics, arena, &err) >= 0,
			"usage: %s", err.text);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cleanup(c, "of a container that is over");
	cleanup(c, "for the second time");
}

const struct check_case isolator_cases[] = {
	{ "cleans up what it does not know", unknown_containers, 1 },
	{ "one container from prepare to cleanup", one_container, 1 },
	{ 0 },
};
