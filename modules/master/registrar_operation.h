/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations on the registry, one row per kind: each looks at who is a member, changes that,
 * and adds what must be written to a batch. An operation that finds its work done already writes
 * nothing and succeeds.
 *
 *	admit         an agent that has no place yet; -EEXIST when it has one
 *	update        the AgentInfo of an admitted one; -ENOENT
 *	unreachable   admitted -> unreachable; -ENOENT when it has no place or is gone
 *	reachable     unreachable (or unknown, say after pruning) -> admitted; -EPERM when gone
 *	remove        an admitted one, for ever
 *	gone          admitted or unreachable -> gone; -ENOENT
 *	prune         forgets unreachable and gone ones
 *	recover       who leads
 *	set           settings by their keys: quota, weights, machines and their schedule
 */
#ifndef MASTER_REGISTRAR_OPERATION_H
#define MASTER_REGISTRAR_OPERATION_H

#include "tepui/map.h"
#include "tepui/registry_variable.h"

#include "master.h"

enum registrar_kind {
	REGISTRAR_RECOVER,
	REGISTRAR_ADMIT_AGENT,
	REGISTRAR_UPDATE_AGENT,
	REGISTRAR_MARK_AGENT_UNREACHABLE,
	REGISTRAR_MARK_AGENT_REACHABLE,
	REGISTRAR_REMOVE_AGENT,
	REGISTRAR_MARK_AGENT_GONE,
	REGISTRAR_PRUNE,
	REGISTRAR_SET,
};

/* A variable that is a record under a key. */
struct registrar_setting {
	enum tp_registry_what what;
	const char *key;    /* "" where there is only one */
	const void *record; /* NULL: there is none any more */
};

struct registrar_arguments {
	const char *agent_id;
	const struct tp_agent_info *agent;   /* admit, update, reachable */
	const struct tp_master_info *master; /* recover */
	int64_t at_ns;                       /* wall; unreachable, gone */
	bool machine_down;                   /* gone */
	const char *const *agent_ids;        /* prune */
	size_t n_agent_ids;
	const struct registrar_setting *settings; /* set */
	size_t n_settings;
};

/* One operation; the caller's until done(). */
struct registrar_operation {
	void (*done)(struct registrar_operation *operation, int status);
	struct tp_list node; /* private, as is the rest */
	enum registrar_kind kind;
	struct registrar_arguments arguments;
	int status;
};

/* Who has a place in the registry, as it will be when all that was applied is durable. */
struct registrar_members {
	struct tp_map by_id;
	struct tp_map settings; /* by the names of their variables */
	uint64_t size_bytes;    /* of all variables */
	uint64_t master_bytes;
};

/* What one store writes. */
struct registrar_batch {
	struct tp_arena *arena;
	struct tp_registry_entry *entries;
	size_t n, size;
};

void registrar_members_init(struct registrar_members *members);
void registrar_members_fini(struct registrar_members *members);
/* A variable that was read. -EEXIST: the agent has a place already. */
int registrar_members_load(struct registrar_members *members,
	const struct tp_registry_variable *row, const struct tp_registry_entry *entry,
	struct tp_error *err);

void registrar_batch_begin(struct registrar_batch *batch);
void registrar_batch_end(struct registrar_batch *batch);
/* 0 or a negative errno with nothing changed. For logs, `err` says why. */
int registrar_operation_apply(struct registrar_members *members,
	const struct registrar_operation *operation, struct registrar_batch *batch,
	struct tp_error *err);
const char *registrar_operation_name(const struct registrar_operation *operation);

#endif
