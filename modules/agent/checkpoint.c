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

	journal_replace_text(agent->journal, path, boot_id, 0, NULL);
}

void checkpoint_agent(struct agent *agent)
{
	const struct tp_disk_service *disk = &agent->disk;
	struct tp_error err;

	tp_cleanup(ptr) char *dir = checkpoint_agent_path(agent);
	tp_cleanup(ptr) char *info = tp_asprintf("%s/agent.info", dir);
	tp_cleanup(ptr) char *latest =
		tp_asprintf("%s/meta/slaves/latest", agent->config.work_dir);
	checkpoint_boot(agent);
	if (disk->ops->mkdirs(disk->impl, dir, 0755, &err) < 0 ||
		disk->ops->symlink(disk->impl, agent->id, latest, &err) < 0)
		tp_err(agent, "cannot note the agent's id: a restart will be a new agent",
			"error=%s", err.text);
	journal_replace(agent->journal, info, &tp_agent_info_desc, agent->info,
		TP_DISK_SYNC, NULL);
}

void checkpoint_forget_agent(struct agent *agent)
{
	tp_cleanup(ptr) char *latest =
		tp_asprintf("%s/meta/slaves/latest", agent->config.work_dir);

	journal_remove(agent->journal, latest);
}

static void make(const struct agent *agent, const char *path, size_t known)
{
	int r = directories_make(path, known, 0755);

	if (r < 0)
		tp_err(agent, "cannot make a folder of the checkpoint",
			"path=%s error=%s", path, strerror(-r));
}

void checkpoint_framework(struct framework *framework)
{
	if (!framework_checkpoints(framework) || framework->stored)
		return;
	tp_cleanup(ptr) char *dir = checkpoint_framework_path(framework);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/framework.info", dir);
	make(framework->agent, dir, strlen(dir));
	journal_record_now(framework->agent->journal, path, &tp_framework_info_desc,
		framework->info);
	framework->stored = true;
}

void checkpoint_executor(struct executor *executor)
{
	struct agent *agent = executor->framework->agent;
	struct tp_list *node, *tmp;

	if (!framework_checkpoints(executor->framework))
		return;
	tp_cleanup(ptr) char *dir = checkpoint_executor_path(executor);
	tp_cleanup(ptr) char *info = tp_asprintf("%s/executor.info", dir);
	tp_cleanup(ptr) char *run = checkpoint_run_path(executor);
	make(agent, run, strlen(dir));
	executor->stored = true;
	if (!executor->command)
		journal_record_now(
			agent->journal, info, &tp_executor_info_desc, executor->info);
	tp_map_foreach (node, tmp, &executor->tasks) {
		checkpoint_task(tp_map_entry(node, struct task, node));
	}
}

void checkpoint_container(struct executor *executor)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%lld %llu\n", (long long)executor->pid,
		(unsigned long long)executor->start_ticks);

	if (!executor->stored)
		return;
	tp_cleanup(ptr) char *run = checkpoint_run_path(executor);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/forked.pid", run);
	journal_write_now(executor->framework->agent->journal, path, text, (size_t)len);
}

void checkpoint_task(struct task *task)
{
	if (!task->executor->stored || task->place == TASK_TERMINATED)
		return;
	tp_cleanup(ptr) char *run = checkpoint_run_path(task->executor);
	tp_cleanup(ptr) char *dir = checkpoint_task_path(task);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/task.info", dir);
	make(task->executor->framework->agent, dir, strlen(run));
	journal_record_now(task->executor->framework->agent->journal, path,
		&tp_task_info_desc, task->info);
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
