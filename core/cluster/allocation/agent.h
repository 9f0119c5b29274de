/* SPDX-License-Identifier: Apache-2.0 */
/* Agents: what each has, what of it is free and for whom, who refused what of it. */
#ifndef ALLOCATION_AGENT_H
#define ALLOCATION_AGENT_H

#include "tepui/arena.h"
#include "tepui/kind/allocator.h"
#include "tepui/loop.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

struct tp_allotment;

#define ALLOC_NONE UINT32_MAX

/* What a framework must know to be offered a portion; also its capabilities. */
enum alloc_class {
	ALLOC_REVOCABLE = 1 << 0,
	ALLOC_SHARED = 1 << 1,
	ALLOC_REFINED = 1 << 2,
	ALLOC_CLASSES = ALLOC_REVOCABLE | ALLOC_SHARED | ALLOC_REFINED,
	/* What an agent may ask of a framework. */
	ALLOC_GPUS = 1 << 3,
	ALLOC_REGION = 1 << 4,
	ALLOC_SINGLE_ROLE = 1 << 5, /* the agent knows one role only */
	ALLOC_FLAT_ROLE = 1 << 6,   /* the agent knows no "a/b" */
};

/* Free resources of one agent that the same frameworks may have. */
struct alloc_portion {
	uint32_t role;       /* that it is reserved for; ALLOC_NONE: unreserved */
	uint32_t classes;    /* of enum alloc_class */
	uint64_t offered_in; /* a shared one: the run that offered it already */
	struct tp_resources free;
};

/* What a client holds of an agent: how much, as one number that adds up. */
struct alloc_hold {
	uint32_t client;
	uint64_t mass;
	struct tp_resources *shared; /* with counts; NULL = none */
};

struct alloc_refusal {
	struct tp_resources refused; /* without allocation */
	uint32_t n_filters;
	uint32_t checked; /* the version of the agent that `covers` is of */
	uint64_t covers;  /* bit n: portion n is contained in it */
};

struct alloc_filter {
	int64_t due_ns;
	uint32_t client;
	uint16_t refusal; /* place in the agent's list */
	uint16_t epoch;   /* of the client: another one, and the filter is dead */
};

struct alloc_inverse_filter {
	uint32_t framework;
	int64_t due_ns;
};

struct alloc_maintenance {
	struct tp_allotment *allotment;
	uint32_t agent;
	struct tp_timer wake; /* when the first filter ends */
	struct tp_arena *arena;
	const struct tp_unavailability *when;
	uint32_t *asked; /* frameworks with an inverse offer outstanding */
	uint32_t n_asked;
	struct alloc_inverse_filter *filters;
	uint32_t n_filters;
};

/* What of an agent's info is looked at. */
struct alloc_site {
	struct tp_arena *arena; /* of domain and attributes; NULL without any */
	const char *hostname;
	const struct tp_domain_info *domain;
	struct tp_attribute *const *attributes;
	size_t n_attributes;
};

/* What a run over all agents asks of each, in one byte. */
enum alloc_standing {
	ALLOC_OPEN = 1 << 0,    /* there, active and allowed */
	ALLOC_FREE = 1 << 1,    /* something of it is free */
	ALLOC_WAITING = 1 << 2, /* looked at again in the next run */
	ALLOC_HELD = 1 << 3,    /* a run left something free that quotas hold back */
};

#define ALLOC_LINE 64 /* bytes of a cache line */

/*
 * Each line has its purpose: what every run looks at, what gifts change, what refusals do. A run over
 * many agents costs as much as it fetches of them.
 */
struct alloc_agent {
	bool used, active, allowed; /* allowed: by the whitelist */
	bool given_first;           /* something of it, in stage one of this run */
	uint8_t demands;            /* of enum alloc_class, from its framework */
	bool odd;                   /* plain has scalars that are not in `known` */
	bool enough;                /* plain is, for an offer by the config's minimum */
	bool counted;               /* it came back while the others are awaited */
	uint32_t version; /* of what is free; what is given away whole changes nothing */
	uint32_t n_filters, n_others, n_holds;
	uint32_t holds_room;          /* 0: the one is here, if any */
	uint32_t others_room;         /* beyond n_others: portions that were */
	struct tp_resources plain;    /* free: unreserved, neither revocable nor shared */
	struct alloc_portion *others; /* also free; none of them empty */
	uint64_t sieve; /* of its filters: has the bits of each one's client */

	int64_t known[TP_KNOWN_MAX]; /* sums of plain */
	uint64_t mass;               /* of plain, see hold.h */
	union {
		struct alloc_hold one;
		struct alloc_hold *many;
	} holds;

	struct alloc_filter *filters;
	struct alloc_refusal *refusals;
	uint32_t n_refusals, filters_room;
	int64_t wake_ns;  /* when its first filter ends; INT64_MAX without one */
	uint32_t wake_at; /* place among those with filters, from 1; 0 = none */
} __attribute__((aligned(ALLOC_LINE)));

/* What of an agent no run looks at. */
struct alloc_host {
	struct tp_resources total;
	struct tp_resources owed; /* held, but no longer in total */
	struct alloc_site *site;
	struct alloc_maintenance *maintenance; /* NULL = none */
	uint32_t capabilities;
};

/* portions.c: what is free */
void alloc_free_set(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources);
void alloc_free_add(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources);
void alloc_free_subtract(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources);
void alloc_shared_refresh(struct tp_allotment *self, struct alloc_agent *agent);
/* As one bundle, without allocation, shared ones too. */
void alloc_free_copy(const struct alloc_agent *agent, struct tp_resources *ret);
/* What is free is not what it was. */
void alloc_free_changed(struct tp_allotment *self, struct alloc_agent *agent);
/* After items of plain changed. */
void alloc_plain_count(struct tp_allotment *self, struct alloc_agent *agent);
/* A portion other than plain is nobody's any more. */
void alloc_portion_remove(
	struct tp_allotment *self, struct alloc_agent *agent, uint32_t i);
/* Of one that was, and whose array was given away; NULL: none. */
struct tp_resources *alloc_portion_bare(const struct alloc_agent *agent);
void alloc_portions_fini(struct alloc_agent *agent);
static inline struct alloc_hold *alloc_holds_of(const struct alloc_agent *agent)
{
	return agent->holds_room == 0 ? (struct alloc_hold *)&agent->holds.one
				      : agent->holds.many;
}
uint32_t alloc_classes_of(const struct tp_resource_item *item);

/* agents.c */
/* After it came, went, changed its activity or what is free of it. */
void alloc_agent_stand(struct tp_allotment *self, uint32_t slot);
struct alloc_agent *alloc_agent_at(struct tp_allotment *self, uint32_t slot);
void alloc_agent_add(struct tp_allotment *self, uint32_t slot,
	const struct tp_allocator_agent *spec, const struct tp_allocator_use *used,
	size_t n_used);
bool alloc_agent_update(
	struct tp_allotment *self, uint32_t slot, const struct tp_allocator_agent *spec);
void alloc_agent_remove(struct tp_allotment *self, uint32_t slot);
void alloc_agent_convert(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *from, const struct tp_resources *to);
void alloc_agents_fini(struct tp_allotment *self);
void alloc_whitelist_set(
	struct tp_allotment *self, const char *const *hostnames, size_t n);
void alloc_whitelist_clear(struct tp_allotment *self);
void alloc_region_set(struct tp_allotment *self, const struct tp_domain_info *domain);

#endif
