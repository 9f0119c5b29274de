/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An executor that is no process: it talks to its agent over the test's transport, runs as many
 * tasks as it is given and does what their texts say (sim_containers.h). A command executor ends
 * with its task; one of a framework's own stays until it is told to go. Who checkpoints looks for
 * an agent that is away for its recovery timeout, then ends; who does not ends with the agent.
 */
#ifndef TESTS_LIB_SIM_EXECUTOR_H
#define TESTS_LIB_SIM_EXECUTOR_H

#include "tepui/arena.h"
#include "tepui/kind/containerizer.h"
#include "tepui/list.h"
#include "tepui/loop.h"
#include "tepui/net.h"
#include "tepui/wire.h"

struct sim_containers;

struct sim_executor {
	struct tp_list node; /* of its owner */
	struct sim_containers *world;
	struct tp_defer bury; /* the owner's: runs once it is dead */
	bool dead;
	int status; /* as of wait(2) */

	/* Of sim_executor.c. */
	struct tp_loop *loop;
	struct tp_instance instance;
	struct tp_arena *arena;
	const char *id, *address, *session_id;
	struct tp_framework_id framework_id;
	struct tp_executor_id executor_id;
	bool command, checkpoint, was_up;
	int64_t recovery_timeout_ns, own_cpus_milli;
	struct tp_link *link;
	struct tp_call subscribe;
	struct tp_list tasks;
	struct tp_timer exit_timer, recovery, redial;
};

/* One that was never heard of, and is dead: `spec` NULL, only the id. */
struct sim_executor *sim_executor_create(
	struct tp_loop *loop, const char *id, const struct tp_container_spec *spec);
void sim_executor_free(struct sim_executor *self);
/* It begins to talk. */
void sim_executor_start(struct sim_executor *self, const struct tp_transport *transport);
/* Ends it; owner's `bury` follows. */
void sim_executor_die(struct sim_executor *self, int status);
/* Says nothing more to anybody. */
void sim_executor_hang_up(struct sim_executor *self);

/*
 * Of tasks that run and whose end was not reported: how many, what they have (of what may be taken
 * back at any time, or of the rest), whether this one.
 */
size_t sim_executor_n_tasks(const struct sim_executor *self);
int64_t sim_executor_cpus_milli(const struct sim_executor *self, bool revocable);
bool sim_executor_runs(const struct sim_executor *self, const char *task_id);
/* The nth of them fails. */
void sim_executor_fail_task(struct sim_executor *self, unsigned n);

#endif
