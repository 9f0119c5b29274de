/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of frameworks. A framework is connected while a scheduler holds its stream, active
 * while it may be offered resources, recovered while it is known from agents only (the master
 * was restarted and its scheduler has not come back yet).
 */
#ifndef MASTER_FRAMEWORKS_H
#define MASTER_FRAMEWORKS_H

#include "tepui/kind/calls.h"
#include "tepui/map.h"

#include "calls.h"
#include "master.h"

struct framework {
	struct tp_map_node node; /* frameworks->by_id; not while it is completed */
	struct tp_list list;     /* frameworks->completed */
	char *id;
	uint32_t slot;
	struct tp_arena *arena;         /* of info, roles, suppressed, constraints */
	struct tp_framework_info *info; /* as the scheduler gave it, with the id */
	const char **roles;             /* normalised: never empty, no duplicates */
	size_t n_roles;
	const char **suppressed;
	size_t n_suppressed;
	const struct tp_offer_constraints *constraints;
	uint32_t capabilities; /* bit n = FrameworkInfo.Capability.Type n */

	struct sink_owner owner;
	struct tp_sink *sink; /* NULL = disconnected */
	char scheduler[64]; /* who subscribed last, as it calls itself; "" = not known */
	bool active, recovered;
	bool in_allocator;
	int64_t registered_ns, reregistered_ns, unregistered_ns; /* wall; 0 = never */
	uint64_t removal; /* counts up with each removal; 0 = it lives */
	struct tp_timer failover;
	struct master *master;

	struct tp_map tasks; /* live ones */
	struct tp_list completed, unreachable;
	uint32_t n_completed, n_unreachable;
	struct tp_list offers;
	struct tp_list unsent; /* of them */
	struct tp_list inverse_offers;
	struct tp_list uses;
	struct tp_timer
		held; /* both kinds of offers wait until its stream is less busy */
};

int frameworks_create(struct master *m);
void frameworks_destroy(struct master *m);

struct framework *frameworks_find(const struct master *m, const char *id);
struct framework *frameworks_at(const struct master *m, uint32_t slot);
uint32_t frameworks_slots(const struct master *m);
/* One that was removed, while the ring remembers it. */
struct framework *frameworks_find_completed(const struct master *m, const char *id);
/* The oldest of the ring that was removed after that removal, or NULL. */
struct framework *frameworks_completed_after(const struct master *m, uint64_t removal);

/* A framework that an agent runs tasks of, before its scheduler is back. */
struct framework *frameworks_recover(
	struct master *m, const struct tp_framework_info *info);
/* Its end: tasks KILLED, agents told, executors gone, into the ring. */
void frameworks_remove(struct master *m, struct framework *f, const char *why);

bool framework_can(
	const struct framework *f, enum tp_framework_info_capability_type what);
bool framework_has_role(const struct framework *f, const char *role);
/* Its tasks outlive a break of their agent's session. */
static inline bool framework_checkpoints(const struct framework *f)
{
	return f->info->has_checkpoint && f->info->checkpoint;
}
static inline bool framework_connected(const struct framework *f)
{
	return f->sink != NULL;
}

/* Sends one event; what cannot be sent is lost, as "sent never means delivered" says. */
int framework_send(struct framework *f, struct tp_scheduler_event *event);
/* An ERROR event and the end of the stream; the framework itself stays. */
void framework_error(struct framework *f, const char *message);

/* A new one, disconnected and not yet with the allocator. `info` has the id. */
struct framework *frameworks_add(struct master *m, const struct tp_framework_info *info);
/* A fresh id, `<master id>-%04d`. */
void frameworks_next_id(struct master *m, char *id, size_t size);
/* Tells the allocator of it, or of what changed. */
void framework_allocate(struct framework *f);
/* No offers: what was offered goes back. With `rescind` its scheduler is told. */
void framework_deactivate(struct framework *f, bool rescind);
/* Heartbeats to all that are connected start with the first call. */
void frameworks_start_heartbeats(struct master *m);

/* The scheduler call handlers of this concern; see calls.c. */
int frameworks_teardown(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int frameworks_revive(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int frameworks_suppress(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int frameworks_request(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
#endif
