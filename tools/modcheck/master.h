/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A master for allocators: tells of agents and frameworks by text, keeps the books, and holds every
 * offer to what an allocator promises for all of them (promises.c). The first broken promise fails
 * the case.
 *
 * JSON is written with ' for ".
 */
#ifndef MODCHECK_MASTER_H
#define MODCHECK_MASTER_H

#include "check.h"
#include "tepui/arena.h"
#include "tepui/kind/allocator.h"
#include "tepui/kind/allocator_explanation.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

#define AGENTS_MAX 8
#define FRAMEWORKS_MAX 4
#define HELD_MAX 64
#define ROLES_MAX 4

#define ANY UINT32_MAX
/* Long enough for any allocation interval that makes sense. */
#define WHILE TP_MIN
#define ALL "cpus:4;mem:4096"

/* Bits of capabilities. */
#define CAN(name) (1U << TP_FRAMEWORK_INFO_CAPABILITY_##name)
#define AGENT_CAN(name) (1U << TP_AGENT_INFO_CAPABILITY_##name)

struct agent_spec {
	const char *total; /* NULL = ALL */
	const char *used;  /* allocated to "role"; NULL = nothing. When it comes only */
	uint32_t by;       /* who uses it */
	const char *info;  /* JSON of AgentInfo; NULL: "host" and the slot is its name */
	uint32_t cannot;   /* of what agents can, roles are what it is about */
	const struct tp_unavailability *unavailability;
	bool inactive;
};

struct framework_spec {
	const char *roles;       /* "a,b"; NULL = "role" */
	const char *suppressed;  /* "a,b"; NULL = none */
	uint32_t can;            /* of CAN() */
	const char *constraints; /* JSON of OfferConstraints; NULL = none */
	const char *filters;     /* JSON of FrameworkInfo.offer_filters; NULL = none */
	bool inactive;
};

struct master_agent {
	bool used, active;
	const struct tp_agent_info *info;
	uint32_t capabilities;
	struct tp_resources total;
	const struct tp_unavailability *unavailability;
};

struct master_framework {
	bool used, active;
	const struct tp_framework_info *info;
	const struct tp_offer_constraints *constraints;
	const char *suppressed[ROLES_MAX];
	size_t n_suppressed;
};

/* What a framework has of an agent: an offer, or something in use. */
struct master_held {
	uint32_t framework, agent;
	struct tp_resources resources; /* with allocation */
};

struct master {
	struct check *check;
	const struct tp_allocator_ops *ops;
	void *impl;
	struct tp_arena *arena; /* of all records */
	bool inside;            /* a call that must not offer */
	bool overlapping;       /* it may offer the same to several frameworks */
	struct master_agent agents[AGENTS_MAX];
	struct master_framework frameworks[FRAMEWORKS_MAX];
	struct master_held offers[HELD_MAX]; /* outstanding, oldest first */
	size_t n_offers;
	struct master_held uses[HELD_MAX];
	size_t n_uses;
	struct master_held inverse[HELD_MAX]; /* outstanding; without resources */
	size_t n_inverse;
	unsigned n_calls; /* of offer() */
	bool runs;        /* run() is under way, and has told these: */
	bool told[FRAMEWORKS_MAX];
	const char *region;     /* of the master; NULL = not told */
	const char **whitelist; /* NULL = everyone */
	size_t n_whitelist;
};

/* For the files of this master. `role`: what they are allocated to, or NULL. */
struct tp_resources master_parse(struct master *m, const char *text, const char *role);
void master_note_use(struct master *m, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources);
void master_held_remove(struct master_held *list, size_t *n, size_t i);

/* False when the allocator lacks what is needed. */
bool master_init(struct master *m, struct check *c);
/* The same for the instance `i`, which the case has more than one of. */
bool master_init_at(struct master *m, struct check *c, size_t i);
void master_fini(struct master *m);

/* promises.c: the offer fits into the books, and is one that nobody may object to. */
bool offer_is_right(
	struct master *m, uint32_t framework, const struct tp_allocation *item);
bool inverse_offer_is_right(struct master *m, uint32_t framework, uint32_t agent,
	const struct tp_unavailability *when);

/* Comes, or changes when it is there already. */
void master_agent(struct master *m, uint32_t slot, const struct agent_spec *spec);
void master_framework(struct master *m, uint32_t slot, const struct framework_spec *spec);
/* The usual ones. used: what framework `by` has of it already; NULL = nothing. */
void master_add_agent(struct master *m, uint32_t slot, const char *total,
	const char *used, uint32_t by);
void master_add_framework(struct master *m, uint32_t slot);
void master_remove_agent(struct master *m, uint32_t slot);
void master_remove_framework(struct master *m, uint32_t slot);
void master_activate_agent(struct master *m, uint32_t slot, bool active);
void master_activate_framework(struct master *m, uint32_t slot, bool active);
/* role NULL = all of them. */
void master_suppress(struct master *m, uint32_t slot, const char *role, bool suppressed);
/* Runs the allocator over everything. */
void master_run(struct master *m);

/* How many offers of the agent the framework has; ANY is any. */
size_t master_count(const struct master *m, uint32_t framework, uint32_t agent);
/* All that these offers have together of a scalar, in thousandths. */
int64_t master_milli(
	const struct master *m, uint32_t framework, uint32_t agent, const char *name);
/* Do these offers have at least this, together? */
bool master_has(
	struct master *m, uint32_t framework, uint32_t agent, const char *resources);
/* Keeps the offer's first `keep` (text, "" = nothing) and gives back the rest. */
void master_answer(struct master *m, size_t offer, const char *keep, int64_t refuse_ns);
/* All of them. */
void master_answer_all(struct master *m, const char *keep, int64_t refuse_ns);
/* A framework gives back what it kept. */
void master_give_back(
	struct master *m, uint32_t framework, uint32_t agent, const char *resources);

/* An operation on the oldest offer of the framework. */
void master_convert(
	struct master *m, uint32_t framework, const char *from, const char *to);
/* An operator's, on what is free. What the allocator said. */
int master_convert_free(struct master *m, uint32_t agent, const char *from,
	const char *to, struct tp_error *err);
/* "cpus:4;mem:64"; NULL = none. */
void master_quota(
	struct master *m, const char *role, const char *guarantees, const char *limits);
void master_weight(struct master *m, const char *role, double weight);
/* Names separated by commas; NULL = everyone. */
void master_whitelist(struct master *m, const char *hostnames);
void master_region(struct master *m, const char *region);
/* From a second after the start of time times `hour`; < 0: no longer. */
void master_unavailability(struct master *m, uint32_t slot, int64_t hour);
const struct tp_unavailability *master_when(struct master *m, int64_t hour);
void master_answer_inverse(struct master *m, bool answered, int64_t refuse_ns);

/* Tells all that `from` knows to the allocator of `to`, as who replaces one does. */
void master_replay(struct master *to, const struct master *from);

#endif
