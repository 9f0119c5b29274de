/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and writers of the checkpoint. What a launch needs is written at once,
 * before the container starts; recover.c reads.
 */
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tepui/wire/machine.h"

#include "directories.h"
#include "executors.h"
#include "frameworks.h"
#include "journal.h"
#include "litter.h"
#include "tasks.h"

#define LOG_MAX_BYTES (64 * 1024 * 1024)

char *checkpoint_agent_path(const struct agent *agent)
{
	return tp_asprintf("%s/meta/slaves/%s", agent->config.work_dir, agent->id);
}

char *checkpoint_framework_path(const struct framework *framework)
{
	const struct agent *agent = framework->agent;

	return tp_asprintf("%s/meta/slaves/%s/frameworks/%s", agent->config.work_dir,
		agent->id, framework->id);
}

char *checkpoint_executor_path(const struct executor *executor)
{
	const struct agent *agent = executor->framework->agent;

	return tp_asprintf("%s/meta/slaves/%s/frameworks/%s/executors/%s",
		agent->config.work_dir, agent->id, executor->framework->id, executor->id);
}

char *checkpoint_run_path(const struct executor *executor)
{
	const struct agent *agent = executor->framework->agent;

	return tp_asprintf("%s/meta/slaves/%s/frameworks/%s/executors/%s/runs/%s",
		agent->config.work_dir, agent->id, executor->framework->id, executor->id,
		executor->container_id);
}

char *checkpoint_task_path(const struct task *task)
{
	tp_cleanup(ptr) char *run = checkpoint_run_path(task->executor);

	return tp_asprintf("%s/tasks/%s", run, task->id);
}

char *checkpoint_updates_path(const struct task *task)
{
	if (!task->executor->stored)
		return NULL;
	tp_cleanup(ptr) char *path = checkpoint_task_path(task);
	return tp_asprintf("%s/task.updates", path);
}

int checkpoint_list(const struct agent *agent, const char *path, char ***ret,
	size_t *ret_n, struct tp_error *err)
{
	int r = agent->disk.ops->list(agent->disk.impl, path, ret, ret_n, err);

	if (r != -ENOENT)
		return r;
	*ret = NULL;
	*ret_n = 0;
	return 0;
}

int checkpoint_play_updates(const struct agent *agent, const char *path,
	struct tp_arena *arena, struct updates_recovered *ret, struct tp_error *err)
{
	tp_cleanup(ptr) char *data = NULL;
	size_t len;
	int r = agent->disk.ops->read(
		agent->disk.impl, path, LOG_MAX_BYTES, &data, &len, err);

	*ret = (struct updates_recovered){ .last = NULL };
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	return updates_recover(agent->updates, path, data, len, arena, ret, err);
}

char *checkpoint_boot_id(void)
{
	char text[64];
	tp_cleanup(fd) int fd =
		open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (len < 0)
		len = 0;
	return tp_strndup(text, strnlen(text, (size_t)len));
}

void checkpoint_boot(struct agent *agent)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/meta/boot_id", agent->config.work_dir);
	tp_cleanup(ptr) char *boot_id = checkpoint_boot_id();

	journal_replace_text(agent->journal, path, boot_id, TP_DISK_SYNC, NULL);
}

int checkpoint_agent(struct agent *agent, struct journal_entry *entry)
{
	const struct tp_disk_service *disk = &agent->disk;
	struct tp_error err;
	int r;

	tp_cleanup(ptr) char *dir = checkpoint_agent_path(agent);
	tp_cleanup(ptr) char *info = tp_asprintf("%s/agent.info", dir);
	tp_cleanup(ptr) char *latest =
		tp_asprintf("%s/meta/slaves/latest", agent->config.work_dir);
	/* The synced write makes all of it last, the folder's name and so the link beside it. */
	r = disk->ops->mkdirs(disk->impl, dir, 0755, &err);
	if (r >= 0)
		r = disk->ops->symlink(disk->impl, agent->id, latest, &err);
	if (r < 0)
		return r;
	journal_replace(agent->journal, info, &tp_agent_info_desc, agent->info,
		TP_DISK_SYNC, entry);
	return 0;
}

void checkpoint_forget_agent(struct agent *agent)
{
	tp_cleanup(ptr) char *latest =
		tp_asprintf("%s/meta/slaves/latest", agent->config.work_dir);

	journal_remove(agent->journal, latest);
}

static int make(const char *path, size_t known, struct tp_error *err)
{
	int r = directories_make(path, known, 0755);

	return r < 0 ? tp_fail_errno(err, -r, "making '%s'", path) : 0;
}

int checkpoint_framework(struct framework *framework, struct tp_error *err)
{
	struct journal *journal = framework->agent->journal;
	int r;

	if (!framework_checkpoints(framework) || framework->stored)
		return 0;
	tp_cleanup(ptr) char *dir = checkpoint_framework_path(framework);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/framework.info", dir);
	r = make(dir, strlen(dir), err);
	if (r >= 0)
		r = journal_record_now(
			path, &tp_framework_info_desc, framework->info, err);
	if (r < 0)
		return tp_wrap(err, r, "checkpoint");
	framework->stored = true;
	/* Once for many tasks: here an fsync, which nobody waits for, costs nothing. */
	journal_replace(journal, path, &tp_framework_info_desc, framework->info,
		TP_DISK_SYNC, NULL);
	return 0;
}

int checkpoint_executor(struct executor *executor, struct tp_error *err)
{
	struct tp_list *node, *tmp;
	int r;

	if (!framework_checkpoints(executor->framework))
		return 0;
	tp_cleanup(ptr) char *dir = checkpoint_executor_path(executor);
	tp_cleanup(ptr) char *info = tp_asprintf("%s/executor.info", dir);
	tp_cleanup(ptr) char *run = checkpoint_run_path(executor);
	r = make(run, strlen(dir), err);
	if (r >= 0 && !executor->command)
		r = journal_record_now(info, &tp_executor_info_desc, executor->info, err);
	if (r < 0)
		return tp_wrap(err, r, "checkpoint");
	executor->stored = true;
	tp_map_foreach (node, tmp, &executor->tasks) {
		r = checkpoint_task(tp_map_entry(node, struct task, node), err);
		if (r < 0)
			return r;
	}
	return 0;
}

void checkpoint_container(struct executor *executor)
{
	struct tp_error err;
	char text[64];
	int len = snprintf(text, sizeof(text), "%lld %llu\n", (long long)executor->pid,
		(unsigned long long)executor->start_ticks);

	if (!executor->stored)
		return;
	tp_cleanup(ptr) char *run = checkpoint_run_path(executor);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/forked.pid", run);
	/* The containerizer has its own note; this one is for people. */
	if (journal_write_now(path, text, (size_t)len, &err) < 0)
		tp_warn(executor->framework->agent,
			"the pid of an executor cannot be noted, going on", "error=%s",
			err.text);
}

int checkpoint_task(struct task *task, struct tp_error *err)
{
	int r;

	if (!task->executor->stored || task->place == TASK_TERMINATED)
		return 0;
	tp_cleanup(ptr) char *run = checkpoint_run_path(task->executor);
	tp_cleanup(ptr) char *dir = checkpoint_task_path(task);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/task.info", dir);
	r = make(dir, strlen(run), err);
	if (r >= 0)
		r = journal_record_now(path, &tp_task_info_desc, task->info, err);
	return r < 0 ? tp_wrap(err, r, "checkpoint") : 0;
}

void checkpoint_remove_task(struct task *task)
{
	struct executor *executor = task->executor;

	if (!executor->stored || executor->command)
		return;
	tp_cleanup(ptr) char *path = checkpoint_task_path(task);
	journal_remove(executor->framework->agent->journal, path);
}

void checkpoint_remove_executor(struct executor *executor)
{
	if (!executor->stored)
		return;
	executor->stored = false;
	if (executor->command) {
		litter_add(executor);
		return;
	}
	/* Its id may be used again at once: only the run goes. */
	tp_cleanup(ptr) char *path = checkpoint_run_path(executor);
	tp_cleanup(ptr) char *sentinel = tp_asprintf("%s/executor.sentinel", path);
	journal_write_now(sentinel, "", 0, NULL); /* for an agent that is killed now */
	journal_remove(executor->framework->agent->journal, path);
}

void checkpoint_remove_framework(struct framework *framework)
{
	if (!framework->stored)
		return;
	tp_cleanup(ptr) char *path = checkpoint_framework_path(framework);
	journal_remove(framework->agent->journal, path);
	framework->stored = false;
}
