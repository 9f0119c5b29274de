/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an allocator says about a framework in one of its roles: the answer of explain() and,
 * agent by agent, of explain_agents() in kind/allocator.h. It describes this moment and changes
 * nothing.
 */
#ifndef TEPUI_KIND_ALLOCATOR_EXPLANATION_H
#define TEPUI_KIND_ALLOCATOR_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a framework gets, or does not get, offers in one of its roles. */
struct tp_allocator_explanation {
	const char *role;
	bool active, suppressed, subscribed;
	/* Whose turn it is: places from 0. UINT32_MAX: not listed. */
	uint32_t role_place, n_roles, framework_place, n_frameworks;
	double role_share, role_weight,
		framework_share; /* share NAN: the order has none */
	/* Quota of the top-level role, in `names`; NULL without one. INT64_MAX = no limit. */
	const char *const *names;
	size_t n_names;
	const int64_t *guarantee_milli, *limit_milli, *consumed_milli;
	/* Agents by what comes of them now: the first reason that holds. */
	uint32_t agents_inactive, agents_not_whitelisted, agents_full;
	uint32_t agents_capability; /* the framework cannot: see enum tp_allocator_lack */
	uint32_t agents_constraints; /* its offer constraints exclude them */
	uint32_t agents_reserved;    /* what is free is reserved for others */
	uint32_t agents_quota;       /* held back for guarantees, or over the limit */
	uint32_t agents_too_small;   /* less than min_allocatable_resources */
	uint32_t agents_filtered;    /* it refused as much already */
	uint32_t agents_free;        /* may be offered in its turn */

	/* From here on: when the allocator has explain_agents(). */
	bool paused;             /* no offers to anybody until resume() */
	uint64_t agents_awaited; /* after a failover, before there are offers; 0 = none */
	int64_t recovery_left_ns; /* but no longer than this */
	/* In `names`: free, unreserved and not revocable in the cluster, and what of it is kept
	 * for guarantees that are not met. */
	const int64_t *headroom_milli, *required_milli;
};

/* What comes of an agent now, for a framework in one of its roles: the first that holds. */
enum tp_allocator_reason {
	TP_ALLOCATOR_FREE, /* may be offered in its turn */
	TP_ALLOCATOR_INACTIVE,
	TP_ALLOCATOR_NOT_WHITELISTED,
	TP_ALLOCATOR_FULL,        /* all of it is in use or offered */
	TP_ALLOCATOR_CAPABILITY,  /* the framework cannot: see `lacks` */
	TP_ALLOCATOR_CONSTRAINTS, /* its offer constraints exclude it */
	TP_ALLOCATOR_RESERVED,    /* what is free is reserved for others */
	TP_ALLOCATOR_QUOTA,       /* held back for guarantees, or over the limit */
	TP_ALLOCATOR_TOO_SMALL,   /* less than min_allocatable_resources */
	TP_ALLOCATOR_FILTERED,    /* it refused as much already */
};

/* What a framework would have to be able to. */
enum tp_allocator_lack {
	TP_ALLOCATOR_LACKS_GPUS = 1 << 0,
	TP_ALLOCATOR_LACKS_REGION = 1 << 1,
	TP_ALLOCATOR_LACKS_REVOCABLE = 1 << 2,
	TP_ALLOCATOR_LACKS_SHARED = 1 << 3,
	TP_ALLOCATOR_LACKS_REFINEMENT = 1 << 4,
	/* Here it is the agent that cannot. */
	TP_ALLOCATOR_LACKS_AGENT_MULTI_ROLE = 1 << 5,
	TP_ALLOCATOR_LACKS_AGENT_HIERARCHY = 1 << 6,
};

/* One agent for a framework in a role: what explain_agents() says. */
struct tp_allocator_agent_reason {
	uint32_t agent;
	enum tp_allocator_reason reason;
	uint32_t lacks;  /* with TP_ALLOCATOR_CAPABILITY: of enum tp_allocator_lack */
	int64_t left_ns; /* with TP_ALLOCATOR_FILTERED: until its last filter there ends */
};

#endif
