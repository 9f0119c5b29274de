/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui-launch: the init of a container that runs a custom executor. It applies the plan to
 * itself, starts the executor, reaps whatever ends below it, writes the executor's exit status to
 * the termination file and ends what is left. One thread, static, outlives the agent.
 *
 * Not for people: the containerizer starts it with the plan on descriptor 3.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan.h"
#include "tepui/process.h"
#include "tepui/record.h"

#define EXIT_PLAN_FAILED 125

static int executor_start(struct tp_arena *arena, const struct tp_launch_plan *plan,
	pid_t *ret, struct tp_error *err)
{
	const struct tp_container_launch_info *info = plan->info;
	const char *const *env;
	const char *const *argv;
	const char *path;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	if (info->command == NULL)
		return tp_fail(err, EINVAL, "launch plan: there is no command");
	env = plan_environment(
		arena, info->environment, info->command->environment, NULL);
	r = plan_command(arena, info->command, env, &path, &argv, err);
	if (r < 0)
		return r;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	/* posix_spawn does not write to them; its prototype is older than const. */
	r = posix_spawn(ret, path, NULL, &attr, (char *const *)(uintptr_t)argv,
		(char *const *)(uintptr_t)env);
	posix_spawnattr_destroy(&attr);
	return r == 0 ? 0 : tp_fail_errno(err, r, "executing '%s'", path);
}

/* Reaps everything until the executor itself is dead. */
static int executor_wait(pid_t executor)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid == executor)
			return status;
		if (pid < 0 && errno != EINTR)
			return -1;
	}
}

static int launch(struct tp_arena *arena, int *ret_termination_fd,
	struct tp_container_termination *end, struct tp_error *err)
{
	struct tp_launch_plan *plan;
	pid_t executor;
	int r = plan_read(PLAN_FD, arena, &plan, err);

	if (r < 0)
		return r;
	close(PLAN_FD);
	r = termination_open(plan->termination_path, err);
	if (r < 0)
		return r;
	*ret_termination_fd = r;
	r = plan_apply(plan, err);
	if (r == 0)
		r = executor_start(arena, plan, &executor, err);
	if (r < 0)
		return r;
	end->has_status = true;
	end->status = executor_wait(executor);
	plan_end_leftovers();
	return 0;
}

int main(int argc, char **argv)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_container_termination *end =
		tp_record_new(&tp_container_termination_desc, arena);
	struct tp_error err = { 0 };
	int fd = -1, r;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr,
			"tepui-launch CONTAINER-ID: starts a container for "
			"containerizer-native,"
			" with its plan on descriptor 3\n");
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	r = launch(arena, &fd, end, &err);
	if (r < 0) {
		fprintf(stderr, "tepui-launch: container %s: %s\n", argv[1], err.text);
		end->message = tp_arena_strdup(arena, err.text);
		end->has_status = true;
		end->status = EXIT_PLAN_FAILED << 8;
		end->has_reason = true;
		end->reason = TP_REASON_CONTAINER_LAUNCH_FAILED;
	}
	if (fd >= 0 && termination_write(fd, end, true, &err) < 0)
		fprintf(stderr, "tepui-launch: container %s: %s\n", argv[1], err.text);
	return WIFEXITED(end->status) ? WEXITSTATUS(end->status)
				      : 128 + WTERMSIG(end->status);
}
