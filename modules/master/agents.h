/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of agents.
 *
 *	registered    known with its tasks; connected while its session stands
 *	recovered     admitted by an earlier master, not back yet: only its AgentInfo is known
 *	unreachable   silent for too long; its id may come back any time
 *
 * What the registry must know is stored before anybody is told of it.
 */
#ifndef MASTER_AGENTS_H
#define MASTER_AGENTS_H

#include "tepui/map.h"
#include "tepui/resources.h"

#include "master.h"
#include "registrar.h"

struct framework;

struct agent {
	struct tp_map_node node;
	const char *id;         /* of info */
	struct tp_arena *arena; /* of info and all below that is text or a record */
	struct tp_agent_info *info;
	struct tp_agent_info_capability **capability_records;
	size_t n_capabilities;
	uint32_t capabilities; /* bit n = AgentInfo.Capability.Type n */
	const char *version;
	const char *address; /* of its native operator port */
	const char *ip;      /* its session came from here; of `arena` */
	struct tp_url *url;  /* of its HTTP port, for offers */
	struct tp_uuid *resource_version;
	struct tp_resources total;

	struct master *master;
	uint32_t slot;
	uint64_t peer;                          /* 0 = disconnected */
	int64_t registered_ns, reregistered_ns; /* wall; 0 = never */
	struct tp_timer reregister;             /* armed while disconnected */
	bool in_allocator;
	bool leaving; /* a registry operation that ends it is on its way */
	struct registrar_operation ending;

	struct tp_list tasks;
	struct tp_list executors;
	struct tp_list offers;
	struct tp_list uses;
	struct tp_list operations;
	struct tp_list kills; /* to be sent when it is back */
};

int agents_create(struct master *m);
/* Its registry operations are over. */
void agents_destroy(struct master *m);

/* Registered agents only. */
struct agent *agents_find(const struct master *m, const char *id);
struct agent *agents_at(const struct master *m, uint32_t slot);
uint32_t agents_slots(const struct master *m);
/* Registered, recovered or unreachable. */
bool agents_is_known(const struct master *m, const char *id);
/* Admitted by an earlier master and not back yet. */
bool agents_is_recovered(const struct master *m, const char *id);
size_t agents_n_recovered(const struct master *m);
/* The registry is being told of its end: it has to come again later. */
bool agents_is_leaving(const struct master *m, const char *id);
/* 0 when it is not unreachable, else since when (wall). */
int64_t agents_unreachable_since(const struct master *m, const char *id);
size_t agents_n_unreachable(const struct master *m);
/* AgentInfos of the recovered ones, appended to an array in `arena`. */
void agents_recovered_infos(const struct master *m, struct tp_arena *arena,
	struct tp_agent_info ***items, size_t *n);

/* What the registry knew when it was read. */
void agents_recover(struct master *m, const struct tp_agent_info *info);
void agents_recover_unreachable(
	struct master *m, const struct tp_registry_state_unreachable_agent *record);
/* The registry was read: absentees have agent_reregister_timeout to come back. */
void agents_recovered(struct master *m);
/* The AgentInfo of a recovered one, or NULL. */
const struct tp_agent_info *agents_recovered_info(const struct master *m, const char *id);
/* It is back: neither recovered nor unreachable any more. */
void agents_forget_absent(struct master *m, const char *id);

/* What an agent says about itself in both kinds of registration. */
struct registration {
	const struct tp_agent_info *info; /* with its id */
	const char *address, *version;
	struct tp_agent_info_capability **capabilities;
	size_t n_capabilities;
	const struct tp_uuid *resource_version;
	struct tp_resource **checkpointed; /* reservations and volumes that it has */
	size_t n_checkpointed;
};

/* All that it has, reservations and volumes included. -EINVAL with the reason. */
int registration_total(const struct registration *registration, struct tp_resources *ret,
	struct tp_error *err);

/* The next id, `<master id>-S<n>`; the caller's. */
char *agents_next_id(struct master *m);
/* New in the table, disconnected and not yet with the allocator. */
struct agent *agents_add(struct master *m, const struct registration *registration);
/* Takes over what it says now. The resources are valid. */
void agent_set(struct agent *a, const struct registration *registration);
/* The allocator hears of it, or of what changed; it may be offered. */
void agent_allocate(struct agent *a);
/* Ends it: what it runs ends in `state` (or LOST), everybody is told. */
void agents_remove(struct agent *a, int state);

static inline bool agent_connected(const struct agent *a)
{
	return a->peer != 0;
}
/* -ENOTCONN when it is disconnected: whoever sends must be prepared for it anyway. */
int agent_send(
	struct agent *a, uint16_t type, const struct tp_desc *desc, const void *body);
/* The session ended. */
void agents_disconnected(struct agent *a, const struct tp_error *why);

/* Its session ended before it was in the table: as if it broke just now. */
void agents_lost_early(struct agent *a);
/* It leaves for good, at its own wish: first the registry, then everybody else. */
void agents_leave(struct agent *a);
/* Silent for too long: first the registry, then everybody else. */
void agents_mark_unreachable(struct agent *a);

#endif
