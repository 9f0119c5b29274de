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
 * What of all this is contract, and what policy: kind/allocator_spec.h.
 *
 * Members that an allocator knows nothing of are NULL: the master refuses what needs them. Needed
 * are open, the framework and agent events, recover_resources, revive, suppress and run.
 *
 * What is offered counts as taken by the framework until it comes back with recover_resources().
 *
 * Replay: the owner of the truth can fill an instance at any time, after a failover or because it
 * takes the place of another one while the master runs. The order is: open(); pause();
 * update_domain(), update_whitelist(), update_weights() and update_quota() for each role that has
 * one; add_agent() for every agent, with its unavailability, and with all that is used of it and all
 * that is offered of it, which is one to the allocator; add_framework() for every framework; resume().
 * After a failover of the master recover() follows the quotas, and nothing is paused; while some of
 * its agents are awaited it does so in a replay as well, with their number at the failover. What the
 * owner does not have begins anew, as after a failover: filters, and refusals of inverse offers.
 * Outstanding offers stay valid: they come back to the new instance with recover_resources(). So do
 * inverse offers: one that is made again is the one that is out, and one that ends may have been the
 * old instance's. That one gets no more calls and is stopped: a stopped allocator makes no offers.
 *
 * Overlapping offers: an allocator whose `flags` have TP_ALLOCATOR_OVERLAPPING may offer the same
 * resources of an agent to several frameworks at once, never twice to one of them. The owner takes
 * the first accept: as soon as something is used or converted, all other offers that do not fit into
 * what is left are rescinded and come back with recover_resources(). A late accept is answered
 * with INVALID_OFFERS. When such an allocator comes or goes in a running master, all offers are
 * rescinded before the replay, and neither instance hears of them. Without the flag an allocator that
 * offers twice is in error.
 *
 * Changelog of TP_ALLOCATOR_ABI:  1 first; then update_domain, update_inverse_offer, explain and
 * flags, then explain_agents, begin_use and end_use, then check_quota appended to the ops
 */
#ifndef TEPUI_KIND_ALLOCATOR_H
#define TEPUI_KIND_ALLOCATOR_H

#include "tepui/error.h"
#include "tepui/kind/allocator_spec.h"

#define TP_ALLOCATOR_ABI 1

struct tp_resources;
struct tp_quota_config;
struct tp_weight_info;
struct tp_unavailability;
struct tp_domain_info;
struct tp_allocator_explanation;  /* kind/allocator_explanation.h */
struct tp_allocator_agent_reason; /* the same */

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

enum tp_allocator_flags { TP_ALLOCATOR_OVERLAPPING = 1 << 0 };

struct tp_allocator_ops {
	/* Once, in the master's start(), before anything else. */
	void (*open)(void *impl, const struct tp_allocator_user *user);
	/* After a failover, with the quotas told: how many agents are expected back. With
	 * quotas offers may be held until most of them are. */
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
	/* The framework asks for offers, of these agents or (n 0) of any: a run at once. */
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

	/* Where the master is; agents elsewhere are for frameworks with REGION_AWARE. NULL: nowhere. */
	void (*update_domain)(void *impl, const struct tp_domain_info *domain);
	/* The end of an inverse offer. What frameworks answered is the master's to keep. */
	void (*update_inverse_offer)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_allocator_inverse_answer *answer);
	/* Calls `each` for every role of the framework, before it returns; all is borrowed. */
	void (*explain)(void *impl, uint32_t framework,
		void (*each)(void *user, const struct tp_allocator_explanation *why),
		void *user);
	uint64_t flags; /* enum tp_allocator_flags */
	/*
	 * Calls `each` for every agent that it was told of, before it returns: what comes of it
	 * for the framework in this role. Never when the framework has no such role.
	 */
	void (*explain_agents)(void *impl, uint32_t framework, const char *role,
		void (*each)(void *user, const struct tp_allocator_agent_reason *why),
		void *user);

	/*
	 * What was offered is used from now on, by a task or an executor; is used no longer, and
	 * comes back with recover_resources() at once. For who must tell one from the other: what
	 * comes back otherwise was offered. What is used when add_agent() says so began then.
	 */
	void (*begin_use)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_resources *resources);
	void (*end_use)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_resources *resources);

	/*
	 * Can all of these quotas be kept, with those it knows? Asked before they are promised to
	 * anybody, and again before they are told in a replay. What it takes to keep them, room for
	 * new kinds of resources, say, is theirs from then on. -EINVAL with the reason; NULL: any
	 * can.
	 */
	int (*check_quota)(void *impl, struct tp_quota_config *const *quotas, size_t n,
		struct tp_error *err);
};

struct tp_allocator {
	const struct tp_allocator_ops *ops;
	void *impl;
};

#endif
