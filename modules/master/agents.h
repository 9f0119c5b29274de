/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of agents that are registered: known with their tasks, connected while their session
 * stands. Those that the registry knows and that are not there are absent.c's; how agents come is
 * register.c's, how they go departure.c's, whether they live health.c's concern.
 */
#ifndef MASTER_AGENTS_H
#define MASTER_AGENTS_H

#include "tepui/map.h"
#include "tepui/net.h"
#include "tepui/resources.h"

#include "master.h"
#include "registrar.h"
#include "removal.h"

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
	struct tp_unavailability *unavailability; /* of maintenance.c; NULL = none */
	bool planned;                             /* its machine is in the plan */

	struct master *master;
	uint32_t slot;
	uint64_t peer;                          /* 0 = disconnected */
	int64_t registered_ns, reregistered_ns; /* wall; 0 = never */
	bool in_allocator;

	struct tp_timer ping;        /* armed while connected */
	struct tp_timer reregister;  /* armed while disconnected */
	struct tp_list disconnected; /* agents->disconnected, meanwhile */
	uint32_t missed_pings;       /* in a row */
	bool heard;                  /* something, since the last ping */
	struct removal removal;      /* it was silent for too long */

	bool leaving;       /* a registry operation that ends it is on its way */
	int64_t leaving_ns; /* wall */
	struct registrar_operation ending;
	struct tp_message farewell; /* its UNREGISTER: peer and call, for the answer */

	struct tp_list tasks;
	struct tp_list executors;
	struct tp_list offers;
	struct tp_list inverse_offers;
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
/* Those whose session is broken, in order; node: struct agent's `disconnected`. */
struct tp_list *agents_disconnected(const struct master *m);

/* What an agent says about itself in both kinds of registration. */
struct registration {
	const struct tp_agent_info *info; /* with its id */
	const char *address, *version;
	struct tp_agent_info_capability **capabilities;
	size_t n_capabilities;
	const struct tp_uuid *resource_version;
	struct tp_resource **checkpointed; /* reservations and volumes that it has */
	size_t n_checkpointed;
	const char *ip; /* its session comes from there; NULL = unknown */
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
/* The allocator hears of it, or of what changed; it may be offered unless it is leaving. */
void agent_allocate(struct agent *a);
/*
 * Out of the allocator until agent_allocate(), which tells it anew what is in use: before more is
 * in use than the allocator gave.
 */
void agent_deallocate(struct agent *a);
/* Out of the table; nothing of it is left anywhere. */
void agents_forget(struct agent *a);

static inline bool agent_connected(const struct agent *a)
{
	return a->peer != 0;
}
/* -ENOTCONN when it is disconnected: whoever sends must be prepared for it anyway. */
int agent_send(
	struct agent *a, uint16_t type, const struct tp_desc *desc, const void *body);

#endif
