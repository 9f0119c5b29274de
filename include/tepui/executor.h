/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor SDK: write an executor against this header and libtepui or, for a small static
 * program, libtepui-executor.a, which has neither nng nor threads.
 *
 * The driver talks to the agent that started the executor, over a unix socket, on the thread
 * that runs it: tp_executor_driver_run() is the executor's event loop, and callbacks run inside
 * it, one at a time. An executor hears nothing else until a callback returns. Work of its own
 * hangs on tp_executor_driver_loop() (timers, fds, child processes).
 *
 * Updates are kept and sent again until the agent has acknowledged them; when the agent
 * restarts, the driver subscribes again with what is unacknowledged. When the agent stays away
 * longer than the recovery timeout (checkpointing frameworks) or at all (others), shutdown() is
 * called and the driver stops.
 */
#ifndef TEPUI_EXECUTOR_H
#define TEPUI_EXECUTOR_H

#include "tepui/error.h"
#include "tepui/loop.h"
#include "tepui/wire.h"

struct tp_executor_driver;

/* The callbacks; members may be NULL. Records are borrowed during the call. */
struct tp_executor {
	void (*registered)(struct tp_executor_driver *driver, void *user,
		const struct tp_executor_info *executor,
		const struct tp_framework_info *framework,
		const struct tp_agent_info *agent);
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
	/* End all tasks and stop the driver; the agent kills what is left after its grace. */
	void (*shutdown)(struct tp_executor_driver *driver, void *user);
	/* The driver was aborted before this is called; nothing follows. */
	void (*error)(struct tp_executor_driver *driver, void *user, const char *message);
};

/*
 * Everything else comes from the environment that the agent sets: TEPUI_AGENT_ADDRESS,
 * TEPUI_FRAMEWORK_ID, TEPUI_EXECUTOR_ID, TEPUI_CHECKPOINT, TEPUI_RECOVERY_TIMEOUT.
 */
TP_EXPORT int tp_executor_driver_create(const struct tp_executor *executor, void *user,
	struct tp_executor_driver **ret, struct tp_error *err);
TP_EXPORT void tp_executor_driver_destroy(struct tp_executor_driver *driver);

TP_EXPORT struct tp_loop *tp_executor_driver_loop(struct tp_executor_driver *driver);

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
 * filled in. The record is copied.
 */
TP_EXPORT enum tp_status tp_executor_driver_send_status_update(
	struct tp_executor_driver *driver, const struct tp_task_status *status);
/* At most once, in no particular order. */
TP_EXPORT enum tp_status tp_executor_driver_send_framework_message(
	struct tp_executor_driver *driver, const void *data, size_t len);

#endif
