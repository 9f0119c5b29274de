/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of roles, and their quotas. A role that nobody needs vanishes. */
#ifndef ALLOCATION_ROLE_H
#define ALLOCATION_ROLE_H

#include "tepui/map.h"
#include "tepui/quantities.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

struct tp_allotment;

struct alloc_quota {
	struct tp_quantities guarantees; /* of quota and config: the larger */
	struct tp_quantities limits;     /* INT64_MAX = none */
	bool guaranteed, limited;
};

/* Where a role stands when the tree is walked from the top: all below it are in between. */
struct alloc_span {
	uint32_t begin, end;
};

struct alloc_role {
	struct tp_map_node by_name;
	uint32_t index, parent, top; /* parent: ALLOC_NONE for a top-level role */
	uint32_t depth;
	uint32_t n_children, n_portions, n_reserved, n_clients, n_listed;
	uint32_t handle;     /* in the sorter of roles, with n_clients > 0 */
	uint32_t n_minimums; /* clients with a minimum of their own */
	uint32_t n_filters;
	uint32_t mark, covered; /* while one agent is shared out: see filter.c */
	uint64_t visible;
	uint64_t share_out; /* number of the last in which it had its turn */
	bool weighted;
	double weight;
	void *frameworks;                  /* their sorter */
	const struct tp_shared_text *text; /* its name, as offers carry it */
	struct tp_quantities held, reserved;
	/* Of a top-level role and all below it; unreserved: and not revocable. */
	struct tp_quantities unreserved, all_reserved;
	struct alloc_quota *quota;    /* NULL = none */
	struct tp_quantities *config; /* guarantee of the config; NULL = none */
	int64_t hungry_ns; /* since when nothing was offered to who wants offers */
	struct alloc_role_metrics *metrics;
};

/* roles.c: the tree. A role that nobody needs vanishes. */
struct alloc_role *alloc_role_get(struct tp_allotment *self, const char *name);
struct alloc_role *alloc_role_find(const struct tp_allotment *self, const char *name);
void alloc_role_release(struct tp_allotment *self, struct alloc_role *role);
/* Before alloc_role_within() is asked, after roles may have come. */
void alloc_roles_walk(struct tp_allotment *self);
/* Is `role` the same as `other`, or below it? */
bool alloc_role_within(const struct tp_allotment *self, uint32_t role, uint32_t other);
bool alloc_role_is_leaf(const struct tp_allotment *self, uint32_t role);
void alloc_roles_fini(struct tp_allotment *self);
void alloc_reserved_change(
	struct tp_allotment *self, const struct tp_resources *total, bool more);

/* quota.c */
void alloc_quota_set(struct tp_allotment *self, const char *role,
	const struct tp_quota_config *config);
int alloc_quota_guarantee(struct tp_allotment *self, const char *role, const char *text,
	struct tp_error *err);
void alloc_quota_consumed(const struct alloc_role *role, struct tp_quantities *ret);
void alloc_quota_missing(const struct alloc_role *role, struct tp_quantities *ret);
void alloc_quota_required(const struct tp_allotment *self, struct tp_quantities *ret);
/* How many roles want offers while their guarantees are not met. */
uint32_t alloc_quota_hungry(const struct tp_allotment *self);
void alloc_weight_set(struct tp_allotment *self, const char *role, double weight);

#endif
