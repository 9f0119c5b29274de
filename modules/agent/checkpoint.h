/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written so that a restarted agent finds its tasks again, and where:
 *
 *	<work_dir>/meta/boot_id
 *	<work_dir>/meta/slaves/latest -> <agent id>
 *	<work_dir>/meta/slaves/<A>/agent.info
 *	.../frameworks/<F>/framework.info
 *	.../frameworks/<F>/executors/<E>/executor.info		(not of command tasks)
 *	.../executors/<E>/runs/<container>/forked.pid		"<pid> <start time>"
 *	.../runs/<container>/tasks/<T>/{task.info,task.updates}
 *
 * .info files are records in msgpack. Only agent.info and task.updates are written with fsync:
 * the rest is needed after kill -9 of the agent, not after a loss of power, which leaves no
 * executor to find. Only what frameworks with `checkpoint` run is written at all.
 */
#ifndef AGENT_CHECKPOINT_H
#define AGENT_CHECKPOINT_H

#include "tepui/strbuf.h"

#include "agent.h"

struct executor;
struct framework;
struct task;

/* "<work_dir>/meta/slaves/<agent id>"; the caller's. */
char *checkpoint_agent_path(const struct agent *agent);
char *checkpoint_framework_path(const struct framework *framework);
char *checkpoint_executor_path(const struct executor *executor);
char *checkpoint_run_path(const struct executor *executor);
char *checkpoint_task_path(const struct task *task);
/* NULL when nothing is written for it. */
char *checkpoint_updates_path(const struct task *task);

/* The agent has an id: agent.info, `latest`, boot_id. */
void checkpoint_agent(struct agent *agent);
/* Notes which boot this is. */
void checkpoint_boot(struct agent *agent);
/* The next start is that of a new agent. */
void checkpoint_forget_agent(struct agent *agent);
/* The boot id of this machine; "" when it cannot be read. The caller's. */
char *checkpoint_boot_id(void);

void checkpoint_framework(struct framework *framework);
/* Before its container starts: the executor and the tasks that it has by now. */
void checkpoint_executor(struct executor *executor);
/* Its container runs: the pid. */
void checkpoint_container(struct executor *executor);
/* A task more; nothing before checkpoint_executor(). */
void checkpoint_task(struct task *task);
/* Its last update was acknowledged: it needs not be found again. */
void checkpoint_remove_task(struct task *task);
void checkpoint_remove_executor(struct executor *executor);
void checkpoint_remove_framework(struct framework *framework);

#endif
