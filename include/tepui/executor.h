/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor SDK: write an executor against this header and libtepui or, for a small static
 * program, libtepui-executor.a, which has neither nng nor threads.
 *
 * The driver talks to the agent that started the executor, over a unix socket, on the thread
 * that runs it: tp_executor_driver_run() is the executor's event loop, and callbacks run inside
 * it, one at a time. An executor hears nothing else until a callback returns: who works for long
 * in launch_task() cannot be killed meanwhile. Work of its own hangs on
 * tp_executor_driver_loop() (timers, fds, child processes). Everything here belongs to that
 * thread; another one comes back to it with tp_loop_post(). Calls never call back from inside;
 * in a wrong state they do nothing and return that state.
 *
 * Updates get a uuid, are kept and sent again until the agent has acknowledged them, in the
 * order in which they were made; when the agent restarts, the driver subscribes again with what
 * is unacknowledged. When the agent stays away longer than the recovery timeout (checkpointing
 * frameworks) or goes at all (others), shutdown() is called, and who has not ended the driver
 * when the shutdown grace is over is killed, its process group with it.
 */
#ifndef TEPUI_EXECUTOR_H
#define TEPUI_EXECUTOR_H

#include "tepui/error.h"
#include "tepui/loop.h"
#include "tepui/wire.h"

struct tp_executor_driver;

/* The callbacks; members may be NULL. Records are borrowed during the call. */
struct tp_executor {
	/* Once; tasks follow. */
	void (*registered)(struct tp_executor_driver *driver, void *user,
		const struct tp_executor_info *executor,
		const struct tp_framework_info *framework,
		const struct tp_agent_info *agent);
	/* The agent was away, or restarted; tasks go on, unacknowledged updates were sent again. */
	void (*reregistered)(struct tp_executor_driver *driver, void *user,
		const struct tp_agent_info *agent);
	void (*disconnected)(struct tp_executor_driver *driver, void *user);
	void (*launch_task)(struct tp_executor_driver *driver, void *user,
		const struct tp_task_info *task);
	/* NULL: each task of the group is handed to launch_task(). */
	void (*launch_task_group)(struct tp_executor_driver *driver, void *user,
		const struct tp_task_group_info *group);
	/* policy NULL = that of the task. */
	void (*kill_task)(struct tp_executor_driver *driver, void *user,
		const struct tp_task_id *task_id, const struct tp_kill_policy *policy);
	void (*framework_message)(struct tp_executor_driver *driver, void *user,
		const void *data, size_t len);
	/*
	 * Once, by the agent's word or for want of an agent: end all tasks and stop the driver. What
	 * is left after the grace is killed. NULL: the driver stops at once.
	 */
	void (*shutdown)(struct tp_executor_driver *driver, void *user);
	/* The driver was aborted before this is called; nothing follows. */
	void (*error)(struct tp_executor_driver *driver, void *user, const char *message);
};

/*
 * Everything else comes from the environment that the agent sets: TEPUI_AGENT_ADDRESS, and as
 * TEPUI_* or MESOS_*: FRAMEWORK_ID, EXECUTOR_ID, AGENT_ID (MESOS_SLAVE_ID), CHECKPOINT (1 = the
 * framework checkpoints), RECOVERY_TIMEOUT, EXECUTOR_SHUTDOWN_GRACE_PERIOD and
 * SUBSCRIPTION_BACKOFF_MAX (how often a missing agent is looked for; 1 s).
 */
TP_EXPORT int tp_executor_driver_create(const struct tp_executor *executor, void *user,
	struct tp_executor_driver **ret, struct tp_error *err);
TP_EXPORT void tp_executor_driver_destroy(struct tp_executor_driver *driver);

TP_EXPORT struct tp_loop *tp_executor_driver_loop(struct tp_executor_driver *driver);

/*
 * How long shutdown() may take while there is no agent to see to it, instead of
 * EXECUTOR_SHUTDOWN_GRACE_PERIOD; < 0: for ever.
 */
TP_EXPORT void tp_executor_driver_set_shutdown_grace(
	struct tp_executor_driver *driver, int64_t grace_ns);

/* start + join. */
TP_EXPORT enum tp_status tp_executor_driver_run(struct tp_executor_driver *driver);
TP_EXPORT enum tp_status tp_executor_driver_start(struct tp_executor_driver *driver);
/* Runs the loop until the driver was stopped or aborted. */
TP_EXPORT enum tp_status tp_executor_driver_join(struct tp_executor_driver *driver);
/* Ends after the updates that are waiting were acknowledged, or after `linger_ns`. */
TP_EXPORT enum tp_status tp_executor_driver_stop(
	struct tp_executor_driver *driver, int64_t linger_ns);
TP_EXPORT enum tp_status tp_executor_driver_abort(struct tp_executor_driver *driver);

/*
 * Reports a task's state: task_id and state are needed; uuid, timestamp, source and the ids are
 * filled in. The record is copied. Without an agent it waits. An update that no agent would take
 * (no id, no state, TASK_STAGING) aborts the driver: error() says why.
 */
TP_EXPORT enum tp_status tp_executor_driver_send_status_update(
	struct tp_executor_driver *driver, const struct tp_task_status *status);
/* At most once, in no particular order. */
TP_EXPORT enum tp_status tp_executor_driver_send_framework_message(
	struct tp_executor_driver *driver, const void *data, size_t len);

#endif
