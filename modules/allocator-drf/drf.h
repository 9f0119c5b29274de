/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of allocator-drf. Agents, frameworks and roles are dense arrays; a framework's place
 * in a role is a `member`. Nothing here is looked up by name while offers are made.
 *
 * Source of the policy: Ghodsi et al., "Dominant Resource Fairness: Fair Allocation of Multiple
 * Resource Types", NSDI 2011; ties and helper rules as the field's own allocator has them.
 */
#ifndef ALLOCATOR_DRF_DRF_H
#define ALLOCATOR_DRF_DRF_H

#include "tepui/kind/allocator.h"
#include "tepui/metrics.h"
#include "tepui/module.h"
#include "tepui/quantities.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

/* What somebody holds, offered or allocated, and how often it was given something. */
struct drf_share {
	struct tp_quantities held;
	uint64_t count;
	double dominant; /* largest held / total over the names, by weight; kept by share.c */
};

/* A framework in one of its roles. */
struct drf_member {
	uint32_t framework;
	bool subscribed; /* the framework still lists the role; else only what it holds counts */
	bool suppressed;
	struct drf_share share;
};

struct drf_role {
	char *name;
	int64_t weight_milli; /* 1000 = weight 1 */
	struct drf_share share;
	struct drf_member *members; /* unordered; sorted by the order array */
	uint32_t n_members, members_size;
};

/* Offers that were refused: not again while the refused contain what would be offered. */
struct drf_filter {
	uint32_t framework, role;
	int64_t due_ns;
	struct tp_resources refused; /* without allocation */
};

struct drf_agent {
	bool used, active;
	bool waiting;  /* looked at again in the next run */
	bool has_gpus; /* offered only to frameworks that know GPUs */
	bool has_shared;
	uint32_t capabilities;
	struct tp_resources total;
	struct tp_resources available; /* total - offered or allocated */
	struct tp_resources owed;      /* offered or allocated, no longer in total */
	struct drf_filter *filters;
	uint32_t n_filters, filters_size;
};

struct drf_framework {
	bool used, active;
	bool revocable, shared, gpus; /* capabilities */
	bool refinement;
};

struct drf {
	struct tp_instance instance;
	/* config */
	int64_t interval_ns;
	bool filter_gpus;
	const char *min_allocatable_text;
	const char **excluded;
	size_t n_excluded;

	struct tp_allocator_user user;
	struct tp_quantity_names names;
	struct tp_quantities total; /* of all agents */
	uint32_t excluded_mask;     /* bit n: name n counts for no share */
	struct tp_quantities *min_allocatable;
	size_t n_min_allocatable;

	struct drf_agent *agents;
	uint32_t n_agents; /* slots, used or not */
	struct drf_framework *frameworks;
	uint32_t n_frameworks;
	struct drf_role *roles; /* never removed: roles are few */
	uint32_t n_roles, roles_size;

	uint32_t *waiting; /* slots of agents that wait for a run */
	uint32_t n_waiting, waiting_size;
	struct tp_defer run_soon;
	struct tp_timer run_later; /* no later than the interval */
	struct tp_timer expiry;    /* of the earliest filter */
	int64_t last_cost_ns, last_end_ns;
	bool paused;

	struct tp_metric runs;
};

/* share.c: who holds how much, and whose turn it is */
uint32_t drf_role_find(struct drf *self, const char *name); /* made when missing */
struct drf_member *drf_member_find(struct drf_role *role, uint32_t framework);
struct drf_member *drf_member_make(struct drf_role *role, uint32_t framework);
void drf_members_remove(struct drf *self, uint32_t framework);
/* Books resources (allocation_info set) for or from a framework, role by role. */
void drf_hold(struct drf *self, uint32_t framework, const struct tp_resources *resources);
void drf_release(
	struct drf *self, uint32_t framework, const struct tp_resources *resources);
/* The total changed: every share is another. */
void drf_shares_refresh(struct drf *self);
/* Slots in order of whose turn it is; `order` has room for all. Returns how many. */
uint32_t drf_roles_order(struct drf *self, uint32_t *order);
uint32_t drf_members_order(struct drf *self, struct drf_role *role, uint32_t *order);
bool drf_member_eligible(const struct drf *self, const struct drf_member *member);

/* filter.c */
void drf_filter_add(struct drf *self, uint32_t framework, uint32_t agent, uint32_t role,
	const struct tp_resources *refused, int64_t refuse_ns);
bool drf_filtered(const struct drf *self, const struct drf_agent *agent,
	uint32_t framework, uint32_t role, const struct tp_resources *offer);
/* role UINT32_MAX: all roles. */
void drf_filters_clear(struct drf *self, uint32_t framework, uint32_t role);
void drf_agent_filters_clear(struct drf_agent *agent);
void drf_filters_expired(struct tp_timer *timer);

/* run.c */
/* Looks at the agent in the next run; urgent: at the end of this turn, else by the interval. */
void drf_want(struct drf *self, uint32_t agent, bool urgent);
void drf_want_all(struct drf *self, bool urgent);
void drf_run_soon(struct tp_defer *defer);
void drf_run_later(struct tp_timer *timer);
void drf_run(struct drf *self);

#endif
