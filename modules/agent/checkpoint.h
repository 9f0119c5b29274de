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
 *	.../executors/<E>/runs/<container>/executor.sentinel	it is over; then the run is removed
 *	.../runs/<container>/tasks/<T>/{task.info,task.updates}
 *
 * .info files are records in msgpack. Only agent.info, framework.info and task.updates are written
 * with fsync: the rest is needed after kill -9 of the agent, not after a loss of power, which leaves
 * no executor to find (and remains.h reports what became of its tasks). Only what frameworks with
 * `checkpoint` run is written at all.
 */
#ifndef AGENT_CHECKPOINT_H
#define AGENT_CHECKPOINT_H

#include "tepui/strbuf.h"

#include "agent.h"
#include "updates.h"

struct executor;
struct journal_entry;
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
/*
 * Names below a folder, one tp_free(); none when it is missing. What cannot be read is an error and
 * never an empty folder: empty ones are removed.
 */
int checkpoint_list(const struct agent *agent, const char *path, char ***ret,
	size_t *ret_n, struct tp_error *err);
/* Plays the log of a task's updates, see updates_recover(); one that is missing said nothing. */
int checkpoint_play_updates(const struct agent *agent, const char *path,
	struct tp_arena *arena, struct updates_recovered *ret, struct tp_error *err);

/*
 * agent.info and `latest`; entry->done() tells when they are durable. Negative: it will not come.
 * agent_info.c tries again.
 */
int checkpoint_agent(struct agent *agent, struct journal_entry *entry);
/* Notes which boot this is: what the checkpoint says of running executors is of this boot. */
void checkpoint_boot(struct agent *agent);
/* The next start is that of a new agent. */
void checkpoint_forget_agent(struct agent *agent);
/* The boot id of this machine; "" when it cannot be read. The caller's. */
char *checkpoint_boot_id(void);

/* What cannot be written must not start: a restarted agent would not find it. */
int checkpoint_framework(struct framework *framework, struct tp_error *err);
/* Before its container starts: the executor and the tasks that it has by now. */
int checkpoint_executor(struct executor *executor, struct tp_error *err);
/* Its container runs: the pid. */
void checkpoint_container(struct executor *executor);
/* A task more; nothing before checkpoint_executor(). */
int checkpoint_task(struct task *task, struct tp_error *err);
/* Its last update was acknowledged: it needs not be found again. */
void checkpoint_remove_task(struct task *task);
void checkpoint_remove_executor(struct executor *executor);
void checkpoint_remove_framework(struct framework *framework);

#endif
