/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: when there is one, and what it gives to whom. */
#ifndef ALLOCATION_RUN_H
#define ALLOCATION_RUN_H

#include "core/cluster/allocation/agent.h"
#include "core/cluster/allocation/hold.h"
#include "tepui/loop.h"
#include "tepui/quantities.h"

/* Whose array of the agent resources are in. */
enum alloc_home { ALLOC_HOMELESS, ALLOC_HOME_PLAIN, ALLOC_HOME_OTHER };

/* One offer. */
struct alloc_given {
	uint32_t agent;
	enum alloc_home home;
	const char *role; /* text of the resources */
	struct tp_resources resources;
};

/* The plain part of an offer to a role, as far as its quota goes: the same for all its clients. */
struct alloc_plain {
	uint32_t mark; /* of the agent and what was given of it; 0 = of one client */
	uint32_t
		limit_of; /* the top-level role whose limit it keeps; ALLOC_NONE = none */
	struct tp_resource_item *items; /* borrow their references */
	uint32_t n;
	bool cut;      /* not all that is free */
	bool worth;    /* an offer by the minimum of the config */
	uint32_t moot; /* the mark, when no role may have enough of it for an offer */
	struct tp_quantities sum;
	struct tp_quantities free_sum;  /* of all that is free and plain of the agent */
	struct tp_quantities guarantee; /* in stage one: what of it is guaranteed */
	struct tp_resource_item *own;   /* for items that are cut */
	uint32_t own_room;
};

/* What a run needs, kept from one to the next so that runs take no memory but for offers. */
struct alloc_run {
	uint32_t *candidates, *maintained;
	uint32_t *copy, *blocks; /* for shuffles */
	uint32_t n_candidates, n_maintained, candidates_room;
	struct alloc_given *given;
	uint32_t *next; /* by offer: of the same framework; ALLOC_NONE = the last */
	uint32_t n_given, given_room;
	uint32_t n_first;       /* of them in stage one */
	uint32_t *first, *last; /* offer of each framework */
	uint32_t *touched;      /* frameworks in order of their first offer */
	uint32_t n_touched, frameworks_room;
	struct tp_allocation *items; /* of the framework that is told */
	uint32_t items_room;
	struct tp_resource_item *view;
	uint32_t view_room;
	struct alloc_gift *gifts; /* of the agent that is shared out */
	uint32_t n_gifts, gifts_room;
	struct alloc_plain plain;
	struct alloc_amount amount; /* of the offer that is made */
	uint32_t n_missing; /* roles whose guarantees are not met and that want offers */
	bool requires;      /* guarantees are not met */
	struct tp_quantities required;
};

/* run.c. urgent: at the end of this turn, else by the interval. */
void alloc_want(struct tp_allotment *self, uint32_t agent, bool urgent);
void alloc_want_all(struct tp_allotment *self, bool urgent);
void alloc_run_soon(struct tp_defer *defer);
void alloc_run_later(struct tp_timer *timer);
void alloc_run(struct tp_allotment *self);
void alloc_run_init(struct tp_allotment *self);
void alloc_run_fini(struct tp_allotment *self);

/* stage.c: shares one agent out; stage one gives to roles whose guarantees are not met. */
void alloc_stage_one(struct tp_allotment *self, uint32_t agent);
void alloc_stage_two(struct tp_allotment *self, uint32_t agent);
bool alloc_agent_exhausted(
	const struct tp_allotment *self, const struct alloc_agent *agent);

/* plain.c: after a gift and for each role, before it is offered anything of the agent. */
struct alloc_role;
void alloc_plain_prepare(struct tp_allotment *self, const struct alloc_agent *agent,
	const struct alloc_role *role, const struct tp_quantities *missing);
/* Of what is plain. */
void alloc_plain_sum(const struct tp_allotment *self, const struct alloc_agent *agent,
	struct tp_quantities *ret);
/* Adds scalars, whatever their reservation. */
void alloc_free_sum(const struct tp_allotment *self, const struct tp_resources *free,
	struct tp_quantities *sum);
/* offer.c: what of the agent a client may have now, given to it. False: nothing. `missing`: of
 * the role's guarantee, in stage one; NULL in stage two. */
bool alloc_offer(struct tp_allotment *self, uint32_t agent, uint32_t client,
	struct tp_quantities *missing);
/* Why not, for people; what alloc_offer() would do without doing it. */
enum alloc_verdict {
	ALLOC_GIVES,
	ALLOC_NOTHING,
	ALLOC_HELD_BACK,
	ALLOC_SMALL,
	ALLOC_REFUSED
};
enum alloc_verdict alloc_judge(
	struct tp_allotment *self, uint32_t agent, uint32_t client);

/* recovery.c */
void alloc_recover(struct tp_allotment *self, size_t expected);
void alloc_recovered_one(struct tp_allotment *self, uint32_t slot);
void alloc_recovery_timeout(struct tp_timer *timer);

#endif
