/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents that the registry knows and that are not there:
 *
 *	recovered     admitted by an earlier master, not back yet (TP_REGISTRY_AGENT)
 *	unreachable   silent for too long; may come back any time (TP_REGISTRY_UNREACHABLE)
 *	gone          declared so by an operator, or its machine went DOWN; never comes back
 *	              (TP_REGISTRY_GONE)
 *
 * Recovered ones become unreachable agent_reregister_timeout after the election. Unreachable and
 * gone ones are forgotten by and by (registry_gc_interval).
 */
#ifndef MASTER_ABSENT_H
#define MASTER_ABSENT_H

#include "tepui/registry_variable.h"

#include "master.h"

int absent_create(struct master *m);
/* Its registry operations are over. */
void absent_destroy(struct master *m);

/* A variable of the registry, as it was read: others than those of agents are ignored. */
void absent_load(struct master *m, const struct tp_registry_variable *row,
	const struct tp_registry_entry *entry, const void *record);
/* The registry was read: the time to come back begins. */
void absent_recovered(struct master *m);

size_t absent_n(const struct master *m, enum tp_registry_what place);
/* Admitted agents that the registry held when it was read. */
size_t absent_n_at_start(const struct master *m);
bool absent_is(const struct master *m, enum tp_registry_what place, const char *id);
bool absent_is_known(const struct master *m, const char *id);
/* Since when (wall) it is in that place; 0 = it is not. */
int64_t absent_since(const struct master *m, enum tp_registry_what place, const char *id);
/* Does the registry know a recovered one exactly so? */
bool absent_is_stored(const struct master *m, const struct tp_agent_info *info);
/* The registry is being told of it, or it is held: come again later. */
bool absent_is_changing(const struct master *m, const char *id);
/* AgentInfos of the recovered ones, appended to an array in `arena`. */
void absent_infos(const struct master *m, struct tp_arena *arena,
	struct tp_agent_info ***items, size_t *n);

/* It is in this place from now on and in no other. */
void absent_put(
	struct master *m, enum tp_registry_what place, const char *id, int64_t since_ns);
/* It is gone, because its machine went DOWN. */
void absent_put_down(struct master *m, const char *id, int64_t since_ns);
bool absent_is_down(const struct master *m, const char *id);
/*
 * While it is held its state is changing: nothing else makes it unreachable, and whatever waited
 * to is called off.
 */
void absent_hold(struct master *m, const char *id, bool hold);
/* It is back. */
void absent_forget(struct master *m, const char *id);

#endif
