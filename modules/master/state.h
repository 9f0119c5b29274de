/* SPDX-License-Identifier: Apache-2.0 */
/* The master's entities as the records of the operator API. */
#ifndef MASTER_STATE_H
#define MASTER_STATE_H

#include "tepui/kind/state.h"

#include "master.h"

struct agent;
struct framework;

extern const struct tp_state_ops state_ops;

/* Records in `arena`; they borrow from their entities until the loop turns. */
struct tp_master_response_get_agents_agent *state_agent(
	const struct agent *a, struct tp_arena *arena);
struct tp_master_response_get_frameworks_framework *state_framework(
	const struct framework *f, struct tp_arena *arena);

struct tp_master_response_get_agents *state_agents(
	const struct master *m, struct tp_arena *arena);
struct tp_master_response_get_frameworks *state_frameworks(
	const struct master *m, struct tp_arena *arena);
struct tp_master_response_get_executors *state_executors(
	const struct master *m, struct tp_arena *arena);
struct tp_master_response_get_tasks *state_tasks(
	const struct master *m, struct tp_arena *arena);
struct tp_master_response_get_state *state_all(
	const struct master *m, struct tp_arena *arena);

#endif
