/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of an allocation. Agents, frameworks, roles and clients (a framework in one of its
 * roles) are dense arrays; indices are all that a run sees. What of an agent is free lies sorted
 * by who may have it, in portions: so a run takes a portion or leaves it, and looks at single
 * resources only where a quota cuts them.
 *
 * Invariants: for each agent, total + owed = free + what is held of it (shared ones, which are
 * always free, aside). headroom is the sum of what is free, unreserved and not revocable. Sums
 * of roles, clients and sorters are those of the holds.
 */
#ifndef ALLOCATION_ALLOC_H
#define ALLOCATION_ALLOC_H

#include "core/cluster/allocation/agent.h"
#include "core/cluster/allocation/client.h"
#include "core/cluster/allocation/intern.h"
#include "core/cluster/allocation/role.h"
#include "tepui/allotment.h"
#include "tepui/metrics.h"

struct alloc_histogram;

struct tp_allotment {
	struct tp_instance *instance;
	int64_t interval_ns, recovery_timeout_ns;
	double recovery_factor;
	bool filter_gpus;
	struct tp_sorter role_sorter, framework_sorter;
	struct tp_allocator_user user;
	struct tp_quantity_names names;
	bool names_warned;
	struct tp_sorter_cluster cluster;
	struct alloc_minimum minimum;
	uint64_t seed;

	struct alloc_agent *agents; /* in `agents_block`, at the begin of a line */
	void *agents_block;
	uint32_t n_agents;        /* slots, used or not */
	struct alloc_host *hosts; /* by slot */
	uint32_t n_hosts;
	uint8_t *standing; /* by slot: of enum alloc_standing */
	uint32_t n_standing;
	struct alloc_framework *frameworks;
	uint32_t n_frameworks;
	struct alloc_client *clients;
	uint32_t n_clients, clients_room, n_listed;
	uint32_t free_client;      /* its `handle` is the next one; ALLOC_NONE = none */
	struct alloc_role **roles; /* NULL = free */
	uint32_t n_roles, roles_room;
	struct alloc_span *spans; /* by role; right for `walked` roles that ever came */
	uint64_t n_roles_ever, walked;
	uint32_t spans_room;
	struct tp_map roles_by_name;
	void *role_order;       /* the sorter of roles */
	uint32_t n_quotas;      /* roles with one */
	uint32_t n_minimums;    /* clients with a minimum of their own */
	uint32_t n_constrained; /* clients with constraints */
	uint32_t n_unjudged;    /* of them: not by all agents yet */
	uint64_t judge_cost;    /* of judging, in this turn */
	/* By agent: 0, or 1 + the first client whose constraints have not judged it. */
	uint32_t *judge_from;
	uint32_t n_judge_from, n_late;          /* late: agents with one */
	uint32_t n_maintained;                  /* agents that will be unavailable */
	struct tp_quantities headroom, offered; /* offered: or allocated, all together */
	struct alloc_interns interns;
	struct tp_map whitelist;
	bool whitelisted;
	char *region; /* of the master; NULL = none */

	bool all_waiting;  /* every agent waits for a run */
	uint32_t *waiting; /* slots of agents that wait for a run */
	uint32_t n_waiting, waiting_room;
	uint32_t *held_back; /* slots of agents that wait until `retry` */
	uint32_t n_held_back, held_back_room;
	uint32_t *wakes; /* heap of agents by the end of their first filter */
	uint32_t n_wakes, wakes_room;
	struct tp_defer run_soon, judge_more;
	struct tp_timer run_later; /* no later than the interval */
	struct tp_timer retry;     /* an interval after the first was held back */
	struct tp_timer expiry;    /* of the earliest filter */
	struct tp_timer recovery;
	int64_t wanted_ns; /* when the first agent that waits began to */
	int64_t last_cost_ns, last_end_ns;
	bool paused, stopped;
	uint64_t n_awaited; /* agents, before the recovery is over; 0 = it is */
	uint64_t chance;
	uint64_t run;       /* number of the run */
	uint64_t share_out; /* number of the agents' turns */
	uint64_t n_removed; /* agents and frameworks, since ever */
	uint32_t mark;      /* number of the agent that is shared out */
	bool marked;        /* its filters marked their clients, see filter.c */
	struct alloc_run *scratch;

	struct tp_metric runs;
	struct alloc_histogram *cost, *latency;
	struct alloc_totals *totals;
};

static inline struct alloc_host *alloc_host_of(
	const struct tp_allotment *self, const struct alloc_agent *agent)
{
	return &self->hosts[agent - self->agents];
}

/* Grows an array of slots so that `slot` is in it; new ones are zero. */
void *alloc_grow(void *items, uint32_t *n, uint32_t slot, size_t size);

#endif
