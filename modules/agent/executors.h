/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executors: one container each, with the tasks it runs.
 *
 *	REGISTERING ─SUBSCRIBE─► RUNNING ─shutdown─► TERMINATING ─container gone─► TERMINATED
 *	     └────────────────── late, killed, container gone ──────────────────────┘
 *
 * A TERMINATED executor stays until the last update of its tasks is acknowledged; then it is
 * among its framework's completed ones.
 */
#ifndef AGENT_EXECUTORS_H
#define AGENT_EXECUTORS_H

#include "tepui/kind/calls.h"
#include "tepui/map.h"
#include "tepui/wire/containerizer.h"
#include "tepui/wire/executor.h"
#include "tepui/wire/task.h"

#include "agent.h"
#include "operations.h"

struct framework;
struct task;

enum executor_state {
	EXECUTOR_REGISTERING,
	EXECUTOR_RUNNING,
	EXECUTOR_TERMINATING,
	EXECUTOR_TERMINATED,
};

struct executor {
	struct framework *framework;
	struct tp_map_node node;      /* of framework.executors, until completed */
	struct tp_list completed;     /* of framework.completed_executors */
	struct tp_map_node container; /* of containers.executors, by container id */
	enum executor_state state;
	uint64_t serial;
	struct tp_arena *arena;
	const char *id; /* these and info are in the arena */
	const char *container_id;
	const char *directory; /* the sandbox; absolute */
	struct tp_executor_info *info;
	const char *user; /* whom it runs as; NULL = the agent's own */
	uid_t uid;
	bool command; /* made by the agent for one task without an executor of its own */
	bool recovered; /* found in the checkpoint */
	bool stored;    /* it is in the checkpoint */

	/* The container. */
	const struct tp_containerizer *containerizer; /* NULL: none took it yet */
	bool begun;                                   /* the container was asked for */
	struct operations_waiter settled; /* until then nothing is asked for */
	bool launched;        /* the launch completed with success, or it was adopted */
	bool destroy_wanted;  /* as soon as it is launched */
	bool limits_stale;    /* tasks came or went since the limits were set */
	bool limits_updating; /* LAUNCH events wait for new limits */
	int64_t pid;          /* of its init process; 0 = unknown */
	uint64_t start_ticks;

	/* Why it will have ended, when we end it: for its tasks' last updates. */
	bool has_end_reason;
	int end_reason; /* enum tp_task_status_reason */
	int end_state;  /* enum tp_task_state */
	const char *end_message;

	struct tp_sink *sink;  /* its event stream; NULL = not connected */
	struct tp_timer timer; /* until it must have subscribed, or ended */

	struct tp_map tasks; /* struct task, all but completed ones */
	struct tp_list completed_tasks;
	size_t n_completed_tasks;
};

/* In memory only: adds it to the framework. Takes the arena, in which info lives. */
struct executor *executor_create(struct framework *framework,
	struct tp_executor_info *info, const char *container_id, struct tp_arena *arena);
/* Out of memory with its tasks; the container is left alone. */
void executor_destroy(struct executor *executor);

struct executor *executor_find(
	struct agent *agent, const char *framework_id, const char *executor_id);
struct executor *executor_by_container(struct agent *agent, const char *container_id);

/* What its container may use: its own share and that of its tasks. Borrowed from it. */
void executor_resources(const struct executor *executor, struct tp_arena *arena,
	struct tp_resource ***ret, size_t *ret_n);

/* Sandbox, checkpoint, container; what fails becomes the tasks' last update. */
void executor_launch(struct executor *executor, const struct tp_task_info *first);
/* Told by containers.c. */
void executor_launched(struct executor *executor, int status, const struct tp_error *err);
void executor_limits_updated(
	struct executor *executor, int status, const struct tp_error *err);
void executor_terminated(
	struct executor *executor, const struct tp_container_termination *termination);

/* Sends queued tasks to a running executor, after new limits where they are needed. */
void executor_flush(struct executor *executor);
/* Remembers why we are about to end it; the first reason stays. */
void executor_set_end(
	struct executor *executor, int state, int reason, const char *message);
/* Ends the container, at once or as soon as it was launched. */
void executor_destroy_container(struct executor *executor);
/* Sends one event; false: there is nobody to send it to. */
bool executor_event(struct executor *executor, const struct tp_executor_event *event);
/* TERMINATED and nothing left to acknowledge: it becomes completed. */
void executor_check_finished(struct executor *executor);
/* Does anything of it still wait or run? */
bool executor_is_idle(const struct executor *executor);

#endif
