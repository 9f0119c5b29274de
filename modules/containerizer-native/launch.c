/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a container: the chain of isolators says what the container needs, the process is
 * spawned and waits, the isolators put it into its cage, then the plan is written to its
 * descriptor 3 and it goes on. No code of ours runs between fork and exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "tepui/codec.h"
#include "tepui/record.h"

/* A plan is an environment, a command and a few lists: 1 MiB is the kernel's own limit for pipes. */
#define PLAN_MAX_BYTES (1024 * 1024)
#define PIPE_DEFAULT_BYTES (64 * 1024)
#define GROUPS_MAX 64

/* Who the container's processes are. */
struct identity {
	bool set;
	uid_t uid;
	gid_t gid;
	uint32_t groups[GROUPS_MAX];
	size_t n_groups;
};

static int identity_find(const struct native *self, const char *user,
	struct identity *ret, struct tp_error *err)
{
	char text[4096];
	struct passwd entry, *found = NULL;
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	*ret = (struct identity){ .set = false };
	if (!self->switch_user || user == NULL || user[0] == '\0')
		return 0;
	int r = getpwnam_r(user, &entry, text, sizeof(text), &found);
	if (r != 0)
		return tp_fail_errno(err, r, "looking up user '%s'", user);
	if (found == NULL)
		return tp_fail(
			err, ENOENT, "user '%s' does not exist on this agent", user);
	if (entry.pw_uid == geteuid())
		return 0;
	if (getgrouplist(user, entry.pw_gid, groups, &n) < 0)
		n = GROUPS_MAX;
	for (int i = 0; i < n; i++)
		ret->groups[i] = groups[i];
	ret->n_groups = (size_t)n;
	ret->uid = entry.pw_uid;
	ret->gid = entry.pw_gid;
	ret->set = true;
	return 0;
}

static int plan_make(struct container *container, const struct tp_container_spec *spec,
	const struct identity *identity, struct tp_arena *arena,
	struct tp_launch_plan **ret, struct tp_error *err)
{
	struct native *self = container->self;
	struct tp_launch_plan *plan = tp_record_new(&tp_launch_plan_desc, arena);
	struct tp_container_launch_info *info =
		tp_record_new(&tp_container_launch_info_desc, arena);

	plan->container_id = container->id;
	plan->termination_path = container_path(container, "termination");
	plan->info = info;
	if (identity->set) {
		plan->has_uid = plan->has_gid = true;
		plan->uid = identity->uid;
		plan->gid = identity->gid;
		info->supplementary_groups = tp_arena_memdup(arena, identity->groups,
			identity->n_groups * sizeof(identity->groups[0]));
		info->n_supplementary_groups = identity->n_groups;
	}
	info->command =
		tp_record_copy(&tp_command_info_desc, spec->config->command_info, arena);
	info->environment =
		tp_record_copy(&tp_environment_desc, spec->environment, arena);
	info->working_directory = tp_arena_strdup(arena, spec->config->directory);
	for (size_t i = 0; i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);
		int r = isolator.ops->prepare == NULL
			? 0
			: isolator.ops->prepare(isolator.impl, container->id,
				  spec->config, info, arena, err);

		if (r < 0)
			return tp_wrap(err, r, "%s", self->isolators.items[i].instance);
	}
	*ret = plan;
	return 0;
}

/* The process reads until end of file: everything must fit the pipe, so that we never wait. */
static int plan_write(const struct tp_launch_plan *plan, int fd, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf bytes = TP_STRBUF_INIT;

	tp_msgpack_encode(&tp_launch_plan_desc, plan, &bytes);
	if (bytes.len > PLAN_MAX_BYTES)
		return tp_fail(err, E2BIG,
			"the launch plan has %zu bytes, %d are allowed: shorten the "
			"environment",
			bytes.len, PLAN_MAX_BYTES);
	if (bytes.len > PIPE_DEFAULT_BYTES &&
		fcntl(fd, F_SETPIPE_SZ, PLAN_MAX_BYTES) < (int)bytes.len)
		return tp_fail_errno(err, errno,
			"making room for a launch plan of %zu bytes", bytes.len);
	ssize_t written = write(fd, bytes.data, bytes.len);
	if (written < 0)
		return tp_fail_errno(err, errno, "writing the launch plan");
	if ((size_t)written != bytes.len)
		return tp_fail(err, EIO, "the launch plan was written in part");
	return 0;
}

static void init_exited(struct tp_child *child, int wait_status)
{
	container_over(tp_container_of(child, struct container, init), wait_status);
}

static int init_spawn(struct container *container, bool command_executor, int out_fd,
	int err_fd, int plan_fd, struct tp_error *err)
{
	struct native *self = container->self;
	const char *name = command_executor ? "tepui-executor" : "tepui-launch";
	const char *dir = self->launcher_dir;
	const char *path = tp_arena_printf(container->arena, "%s/%s", dir, name);
	const char *const argv[] = { name, container->id, NULL };
	const char *const envp[] = { NULL };
	const int fds[] = { -1, out_fd, err_fd, plan_fd };
	const struct tp_spawn spawn = {
		.path = path,
		.argv = argv,
		.envp = envp,
		.cwd = "/",
		.fds = fds,
		.n_fds = TP_COUNT(fds),
		.new_session = true,
	};
	int r;

	container->init.exited = init_exited;
	r = tp_child_spawn(self->instance.loop, &container->init, &spawn, err);
	if (r < 0)
		return r;
	container->pid = container->init.pid;
	return container_checkpoint(container, err);
}

static int init_isolate(struct container *container, struct tp_error *err)
{
	struct native *self = container->self;

	for (size_t i = 0; i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);
		int r = isolator.ops->isolate == NULL
			? 0
			: isolator.ops->isolate(
				  isolator.impl, container->id, container->pid, err);

		if (r < 0)
			return tp_wrap(err, r, "%s", self->isolators.items[i].instance);
	}
	return 0;
}

int container_launch(struct container *container, const struct tp_container_spec *spec,
	struct tp_error *err)
{
	struct native *self = container->self;
	tp_cleanup(fd) int out_fd = -1;
	tp_cleanup(fd) int err_fd = -1;
	tp_cleanup(fd) int read_fd = -1;
	tp_cleanup(fd) int write_fd = -1;
	tp_cleanup(arena) struct tp_arena *scratch = tp_arena_create(4096);
	struct tp_launch_plan *plan = NULL;
	struct identity identity;
	int fds[2], r;

	if (mkdir(container->dir, 0755) < 0 && errno != EEXIST)
		return tp_fail_errno(err, errno, "making '%s'", container->dir);
	r = identity_find(self, spec->config->user, &identity, err);
	if (r < 0)
		return r;
	r = plan_make(container, spec, &identity, scratch, &plan, err);
	if (r < 0)
		return r;
	r = self->logger.ops->prepare(self->logger.impl, container->id, spec->config,
		identity.set ? identity.uid : (uid_t)-1,
		identity.set ? identity.gid : (gid_t)-1, &out_fd, &err_fd, err);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return tp_fail_errno(err, errno, "making the plan's pipe");
	read_fd = fds[0];
	write_fd = fds[1];
	r = init_spawn(container, spec->command_executor, out_fd, err_fd, read_fd, err);
	if (r < 0)
		return r;
	r = init_isolate(container, err);
	if (r < 0)
		return r;
	r = plan_write(plan, write_fd, err);
	if (r < 0)
		return r;
	container->state = CONTAINER_RUNNING;
	container->is_told = true;
	return 0;
}
