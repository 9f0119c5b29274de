/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers of one agent that are no processes: module fake-containerizer, and in each container
 * an executor (sim_executor.h) that does what the text of a task says, which is its command, or
 * the name of a task of a framework's own executor:
 *
 *	"run MS STATUS"  runs for so many ms, then exits with the status
 *	"stubborn"       runs until it is killed and the grace is over
 *	"hang"           runs until it is killed; so does any other text
 *
 * They outlive the agent's kernel, as processes do.
 */
#ifndef TESTS_LIB_SIM_CONTAINERS_H
#define TESTS_LIB_SIM_CONTAINERS_H

#include "tepui/loop.h"
#include "tepui/module.h"
#include "tepui/transport.h"

struct sim_containers;

/* Name of the module: fake-containerizer. */
extern const struct tp_module sim_containerizer;

struct sim_containers *sim_containers_create(
	struct tp_loop *loop, const struct tp_transport *transport);
/* After the kernel has gone. */
void sim_containers_destroy(struct sim_containers *self);
/* Between load and start; `instance` is that of fake-containerizer, NULL: the agent has gone. */
void sim_containers_bind(struct sim_containers *self, void *instance);
/* Executors that start from now on never register, or do. */
void sim_containers_mute(struct sim_containers *self, bool mute);
/* The machine restarts: everything is gone at once. */
void sim_containers_power_loss(struct sim_containers *self);
/* The nth of those that live, counted round, is killed; or its task fails. False: nothing did. */
bool sim_containers_crash(struct sim_containers *self, unsigned n);
bool sim_containers_fail_task(struct sim_containers *self, unsigned n);
size_t sim_containers_alive(const struct sim_containers *self);
/* Tasks that run, and whose end was not reported. */
size_t sim_containers_tasks(const struct sim_containers *self);
/* Does a container run this task, and has not reported its end? */
bool sim_containers_runs(const struct sim_containers *self, const char *task_id);
/* What those tasks have together, and with them the executors of frameworks that live. */
int64_t sim_containers_cpus_milli(const struct sim_containers *self);
/* The same of what may be taken back, which the other does not count. */
int64_t sim_containers_lent_milli(const struct sim_containers *self);

#endif
