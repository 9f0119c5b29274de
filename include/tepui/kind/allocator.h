/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `allocator`: decides which framework is offered what. The master tells it every event and
 * stays the owner of the truth; the allocator answers with offers. Agents and frameworks are
 * dense slot numbers given by the master (small, reused after removal), so that an allocator
 * keeps arrays, not maps. Pointers in arguments are borrowed during the call; resources are
 * owned and copied as include/tepui/resources.h says.
 *
 * Who calls: the master, on the loop. May it block: never. Offers come from the allocator's own
 * loop turns (events are batched, `allocation_interval` is the upper bound), never from inside a
 * call, run() excepted.
 *
 * Members that an allocator knows nothing of are NULL: the master refuses what needs them. Needed
 * are open, the framework and agent events, recover_resources, revive, suppress and run.
 *
 * What is offered counts as taken by the framework until it comes back with recover_resources().
 *
 * Changelog of TP_ALLOCATOR_ABI:  1 first
 */
#ifndef TEPUI_KIND_ALLOCATOR_H
#define TEPUI_KIND_ALLOCATOR_H

#include "tepui/error.h"

#define TP_ALLOCATOR_ABI 1

struct tp_resources;
struct tp_framework_info;
struct tp_agent_info;
struct tp_offer_constraints;
struct tp_quota_config;
struct tp_weight_info;
struct tp_unavailability;

/* Resources of one agent for one role: one offer. */
struct tp_allocation {
	uint32_t agent;
	const char *role;
	const struct tp_resources *resources; /* with allocation_info.role set */
};

/* The master's side. */
struct tp_allocator_user {
	void *user;
	/* One call per framework and run; everything is borrowed during the call. */
	void (*offer)(void *user, uint32_t framework, const struct tp_allocation *items,
		size_t n);
	void (*inverse_offer)(void *user, uint32_t framework, uint32_t agent,
		const struct tp_unavailability *when);
};

/*
 * What is used already when an agent or framework is added (after failover, re-registration). An
 * agent comes with all that is used of it, whoever uses it; a framework with what it uses of
 * agents that were added before it.
 */
struct tp_allocator_use {
	uint32_t framework; /* or UINT32_MAX: unknown to the master so far */
	uint32_t agent;
	const struct tp_resources *resources; /* allocation_info set */
};

struct tp_allocator_framework {
	const struct tp_framework_info *info; /* id set; roles normalised into `roles` */
	const char *const *suppressed_roles;
	size_t n_suppressed_roles;
	const struct tp_offer_constraints *constraints; /* NULL = none */
	bool active;
};

struct tp_allocator_agent {
	const struct tp_agent_info *info; /* id set */
	uint32_t capabilities;            /* bit n = AgentInfo.Capability.Type n */
	const struct tp_resources *total;
	const struct tp_unavailability *unavailability; /* NULL = none */
	bool active;
};

/* Offers refused: not again within refuse_ns if the refused contain what would be offered. */
struct tp_allocator_filter {
	/* Already normalised: >= 0, <= 365 days. 0: refused, but only until the next regular
	 * run, so that a refusal is not answered with the same offer at once. */
	int64_t refuse_ns;
};

struct tp_allocator_ops {
	/* Once, in the master's start(), before anything else. */
	void (*open)(void *impl, const struct tp_allocator_user *user);
	/* After a failover: how many agents are expected back; offers may be held until then. */
	void (*recover)(void *impl, size_t expected_agents);

	void (*add_framework)(void *impl, uint32_t framework,
		const struct tp_allocator_framework *spec,
		const struct tp_allocator_use *used, size_t n_used);
	void (*update_framework)(void *impl, uint32_t framework,
		const struct tp_allocator_framework *spec);
	void (*remove_framework)(void *impl, uint32_t framework);
	void (*activate_framework)(void *impl, uint32_t framework);
	void (*deactivate_framework)(
		void *impl, uint32_t framework); /* clears its filters */

	void (*add_agent)(void *impl, uint32_t agent,
		const struct tp_allocator_agent *spec,
		const struct tp_allocator_use *used, size_t n_used);
	void (*update_agent)(
		void *impl, uint32_t agent, const struct tp_allocator_agent *spec);
	void (*remove_agent)(void *impl, uint32_t agent);
	void (*activate_agent)(void *impl, uint32_t agent);
	void (*deactivate_agent)(void *impl, uint32_t agent);

	/* Offered resources come back, unused or after use. filter NULL = none. */
	void (*recover_resources)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_resources *resources,
		const struct tp_allocator_filter *filter);
	/*
	 * An operation converted part of what the framework holds (reserve, create, ...). With
	 * `from` empty and `to` copies of a shared volume a task uses it, too: the framework holds
	 * them besides, until they come back with recover_resources(), and the agent has no more
	 * than before.
	 */
	void (*update_allocation)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_resources *from, const struct tp_resources *to);
	/* An operator converts free resources: -ENOSPC when the agent has not got them free. */
	int (*update_available)(void *impl, uint32_t agent,
		const struct tp_resources *from, const struct tp_resources *to,
		struct tp_error *err);

	/* n_roles 0 = all roles of the framework. */
	void (*revive)(
		void *impl, uint32_t framework, const char *const *roles, size_t n_roles);
	void (*suppress)(
		void *impl, uint32_t framework, const char *const *roles, size_t n_roles);
	void (*request)(
		void *impl, uint32_t framework, const uint32_t *agents, size_t n_agents);

	/* hostnames NULL = everyone; n 0 with hostnames = nobody. */
	void (*update_whitelist)(void *impl, const char *const *hostnames, size_t n);
	void (*update_quota)(
		void *impl, const char *role, const struct tp_quota_config *quota);
	void (*update_weights)(
		void *impl, struct tp_weight_info *const *weights, size_t n);
	void (*update_unavailability)(void *impl, uint32_t agent,
		const struct tp_unavailability *unavailability); /* NULL = none */

	void (*pause)(void *impl);
	void (*resume)(void *impl);
	/* Runs over everything now, offers inside the call: for tests and `module swap`. */
	void (*run)(void *impl);
};

struct tp_allocator {
	const struct tp_allocator_ops *ops;
	void *impl;
};

#endif
