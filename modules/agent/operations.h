/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on this agent's resources: what they made of them is kept in one durable file,
 *
 *	<work_dir>/meta/resources/resources_and_operations.state	msgpack ResourceState
 *
 * which outlives the agent's id. An operation is FINISHED when the file is stored; one with an id
 * says so again until its framework has acknowledged it.
 *
 *	APPLY_OPERATION ─► converted in memory ─► stored ─► FINISHED ─► acknowledged
 *	        └─ cannot be: DROPPED or FAILED ──────────────────────────────┘
 */
#ifndef AGENT_OPERATIONS_H
#define AGENT_OPERATIONS_H

#include "tepui/resources.h"
#include "tepui/wire/internal.h"

#include "agent.h"

struct operations;

/* Somebody who must not act on resources before they are stored. Yours until settled(). */
struct operations_waiter {
	void (*settled)(struct operations_waiter *waiter);
	struct tp_list node; /* private */
	bool waiting;
};

void operations_init(struct agent *agent);
/* Who waits is forgotten. */
void operations_fini(struct agent *agent);
struct handler_rows operations_rows(void);

/* Reads the file. With `strict` damage is an error. After the agent knows its resources. */
int operations_recover(struct agent *agent, struct tp_error *err);
/* Was there a file, whole, so that a volume it does not know is nobody's? */
bool operations_known(const struct agent *agent);
/* All of the agent's resources, as operations made them. */
const struct tp_resources *operations_total(const struct agent *agent);
/* What a registration tells: reservations and volumes, and what is not acknowledged. */
void operations_describe(const struct agent *agent, struct tp_arena *arena,
	struct tp_resource ***resources, size_t *n_resources,
	struct tp_operation ***records, size_t *n_records);
/*
 * For a registration: a name of its own for the resources as they are. The master drops an
 * operation that it sent before and that the registration does not mention, so one made for
 * an earlier name is dropped here, too. Launches may name any since the resources changed.
 */
struct tp_uuid *operations_announce(struct agent *agent);
bool operations_are_of(const struct agent *agent, const struct tp_uuid *version);
/* A master is there: all that was not acknowledged is said again. */
void operations_resume(struct agent *agent);
void operations_pause(struct agent *agent);

/* Do these resources need any that operations made? Then, are they there? */
bool operations_are_needed(struct tp_resource *const *resources, size_t n);
bool operations_have(
	const struct agent *agent, struct tp_resource *const *resources, size_t n);
/* Is all that was applied stored? If not, the waiter is called when it is. */
bool operations_settled(struct agent *agent, struct operations_waiter *waiter);
void operations_forget(struct operations_waiter *waiter);

#endif
