/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories are made on the loop: a handful of mkdir calls cost less than a trip to another
 * thread. Ids come from outside and become names of directories: whoever creates an executor has
 * checked them (run_task.c).
 */
#include "sandbox.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/strbuf.h"

#include "directories.h"
#include "executors.h"
#include "frameworks.h"

const char *sandbox_path(const struct executor *executor, struct tp_arena *arena)
{
	const struct agent *agent = executor->framework->agent;

	return tp_arena_printf(arena, "%s/slaves/%s/frameworks/%s/executors/%s/runs/%s",
		agent->config.work_dir, agent->id, executor->framework->id, executor->id,
		executor->container_id);
}

static const char *wanted_user(
	const struct executor *executor, const struct tp_task_info *first)
{
	if (executor->command && first != NULL && first->command != NULL &&
		first->command->user != NULL)
		return first->command->user;
	if (executor->info->command != NULL && executor->info->command->user != NULL)
		return executor->info->command->user;
	return executor->framework->info->user;
}

int sandbox_pick_user(struct executor *executor, const struct tp_task_info *first,
	gid_t *ret_gid, struct tp_error *err)
{
	const struct agent *agent = executor->framework->agent;
	const char *name = wanted_user(executor, first);
	struct passwd entry, *found = NULL;
	char text[4096];

	*ret_gid = (gid_t)-1;
	executor->user = NULL;
	executor->uid = (uid_t)-1;
	if (!agent->config.switch_user || geteuid() != 0 || name == NULL ||
		name[0] == '\0' || tp_streq(name, "root"))
		return 0;
	if (getpwnam_r(name, &entry, text, sizeof(text), &found) != 0 || found == NULL)
		return tp_fail(err, ENOENT,
			"user '%s' does not exist on this agent: create it or set "
			"switch_user: false",
			name);
	executor->user = tp_arena_strdup(executor->arena, name);
	executor->uid = entry.pw_uid;
	*ret_gid = entry.pw_gid;
	return 0;
}

/* runs/latest -> <container>; replaced in one step when it is there. */
static int link_latest(const char *directory, const char *container_id)
{
	size_t len = strlen(directory) - strlen(container_id);

	tp_cleanup(ptr) char *latest = tp_asprintf("%.*slatest", (int)len, directory);
	if (symlink(container_id, latest) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	tp_cleanup(ptr) char *fresh = tp_asprintf("%s.%s", latest, container_id);
	if (symlink(container_id, fresh) < 0 && errno != EEXIST)
		return -errno;
	return rename(fresh, latest) < 0 ? -errno : 0;
}

int sandbox_create(
	struct executor *executor, const struct tp_task_info *first, struct tp_error *err)
{
	gid_t gid;
	int r = sandbox_pick_user(executor, first, &gid, err);

	if (r < 0)
		return r;
	const char *path = executor->directory;
	r = directories_make(path,
		strlen(path) - strlen(executor->container_id) - strlen("/runs/"), 0750);
	if (r < 0)
		return tp_fail_errno(err, -r, "making the sandbox '%s'", path);
	if (executor->uid != (uid_t)-1 && chown(path, executor->uid, gid) < 0)
		return tp_fail_errno(err, errno, "giving the sandbox '%s' to user '%s'",
			path, executor->user);
	r = link_latest(executor->directory, executor->container_id);
	if (r < 0)
		return tp_fail_errno(err, -r, "linking 'latest' beside '%s'", path);
	return 0;
}
