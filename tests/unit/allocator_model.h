/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an allocator must do, slow and obvious: written from the rules of allocation alone, and
 * knowing nothing of how the allocators do it. Everything is a list that is walked, every share is
 * summed up from what is held when it is asked for. It keeps its own time and its own candidates.
 *
 * Told the same events, it gives the same offers. Chance is part of the rules: candidates are
 * shuffled by the same numbers.
 */
#ifndef TESTS_UNIT_ALLOCATOR_MODEL_H
#define TESTS_UNIT_ALLOCATOR_MODEL_H

#include "tepui/quantities.h"
#include "tepui/resources.h"

#define MODEL_AGENTS 6
#define MODEL_FRAMEWORKS 8
#define MODEL_ROLES 8 /* of one framework */
#define MODEL_NAME 24
#define MODEL_LIST 512

enum model_can {
	MODEL_REVOCABLE = 1,
	MODEL_SHARED = 2,
	MODEL_REFINED = 4,
	MODEL_GPUS = 8
};

/* What a framework holds of an agent in a role, offered or in use. */
struct model_hold {
	int framework, agent;
	char role[MODEL_NAME];
	struct tp_resources resources; /* without allocation */
};

struct model_filter {
	int framework, agent;
	char role[MODEL_NAME];
	struct tp_resources refused;
	int64_t due_ns;
};

struct model_agent {
	bool used, active, allowed;
	struct tp_resources total, free, owed;
};

struct model_framework {
	bool used, active;
	unsigned can;
	int n_roles;
	char roles[MODEL_ROLES][MODEL_NAME]; /* subscribed */
	bool suppressed[MODEL_ROLES];
};

/* How often something was given at or below a path; "a/." is what "a" itself was given while
 * there is somebody below it. */
struct model_gifts {
	char path[MODEL_NAME];
	int framework; /* in the order of a role's frameworks, else -1 */
	int level;     /* the priority, whose roles have an order of their own */
	int64_t n;
};

struct model_rule { /* of a top-level role */
	char role[MODEL_NAME];
	struct tp_quantities guarantees, limits;
	bool guaranteed, limited;
};

struct model_weight {
	char role[MODEL_NAME];
	double weight;
};

struct model_offer {
	int framework, agent;
	char role[MODEL_NAME];
	struct tp_resources resources;
};

struct model {
	int64_t now_ns, interval_ns;
	struct tp_quantity_names names;
	/* Policy: higher goes first; NULL: all are equal. */
	int (*priority)(const char *role);
	struct model_agent agents[MODEL_AGENTS];
	struct model_framework frameworks[MODEL_FRAMEWORKS];
	struct model_hold holds[MODEL_LIST];
	int n_holds;
	struct model_filter filters[MODEL_LIST];
	int n_filters;
	struct model_gifts gifts[MODEL_LIST];
	int n_gifts;
	struct model_rule rules[16];
	int n_rules;
	struct model_weight weights[16];
	int n_weights;
	int wanted[MODEL_AGENTS], n_wanted;
	bool all_wanted, soon;
	int held_back[MODEL_AGENTS], n_held_back;
	int64_t retry_ns;
	int64_t later_ns; /* of the next run by the interval; INT64_MAX = none */
	uint64_t chance;
	struct model_offer offers[MODEL_LIST]; /* of the last runs; the test takes them */
	int n_offers, run_begin;               /* run_begin: the first of the run */
	/* While a run goes on: shared volumes of agents that were offered in it. */
	struct tp_resources shared_offered[MODEL_AGENTS];
};

void model_init(struct model *m, int64_t now_ns, int64_t interval_ns);
void model_fini(struct model *m);

/* The events of the allocator kind. */
void model_add_agent(struct model *m, int agent, const struct tp_resources *total);
void model_update_agent(
	struct model *m, int agent, const struct tp_resources *total, bool active);
void model_remove_agent(struct model *m, int agent);
void model_activate_agent(struct model *m, int agent, bool active);
void model_add_framework(struct model *m, int framework, unsigned can);
/* The roles it has from now on; suppressed is by place. */
void model_set_roles(struct model *m, int framework, const char *const *roles,
	const bool *suppressed, int n);
void model_remove_framework(struct model *m, int framework);
void model_activate_framework(struct model *m, int framework, bool active);
void model_suppress(struct model *m, int framework, const char *role, bool suppressed);
/* refuse_ns < 0: no filter was given. */
void model_recover(struct model *m, int framework, int agent, const char *role,
	const struct tp_resources *resources, int64_t refuse_ns);
void model_convert(struct model *m, int framework, int agent, const char *role,
	const struct tp_resources *from, const struct tp_resources *to);
void model_quota(struct model *m, const char *role,
	const struct tp_quantities *guarantees, const struct tp_quantities *limits);
void model_weight(struct model *m, const char *role, double weight);
void model_request(struct model *m, int agent);
void model_run_all(struct model *m);
/* What is to be done now; then lets time pass, with all that comes on the way. */
void model_settle(struct model *m);
void model_advance(struct model *m, int64_t ns);

/* The books. */
void model_role_held(const struct model *m, const char *role, struct tp_quantities *ret);
void model_framework_held(const struct model *m, int framework, const char *role,
	struct tp_quantities *ret);
int64_t model_gifts(const struct model *m, int framework, const char *role);
void model_headroom(const struct model *m, struct tp_quantities *ret);
void model_consumed(const struct model *m, const char *top, struct tp_quantities *ret);

#endif
