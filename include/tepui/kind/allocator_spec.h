/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an allocator is told of agents, frameworks, what they use and what they refuse: the
 * arguments of kind/allocator.h. All is borrowed during the call.
 *
 * Contract: tepui-modcheck holds every allocator to it, as far as it has the members.
 *
 * - An offer is of what nobody has of an agent that is there, active and on the whitelist. It goes
 *   to a framework that is there and active, in one role that it has and does not suppress.
 * - What is reserved is for its role and those below. What is revocable, shared or of a refined
 *   reservation is for frameworks with that capability; agents of another region for those with
 *   REGION_AWARE. Agents without MULTI_ROLE are not for frameworks that have it, those without
 *   HIERARCHICAL_ROLE not for roles with a '/'.
 * - Whatever is free and may be offered is offered in time, without a further event; sooner or
 *   later to everybody who wants it.
 * - A refusal is of one framework, role and agent. It ends by itself, with a revival in that role, when
 *   the framework is deactivated, when hostname, attributes or domain of the agent change, and
 *   with either of them.
 * - What a framework has stays taken when its role leaves, or when it is removed itself, until it
 *   comes back. What an agent no longer has is not offered when it comes back.
 * - A role and those below it hold no more than its limits, of what is not reserved; what its guarantee
 *   lacks is offered to nobody else.
 * - Each active framework that holds something of an agent which will be unavailable is asked once,
 *   until update_inverse_offer(); again for another time, after the refusal's, and after a revival.
 * - Who waits for agents after a failover counts a slot once, and does not wait for ever.
 * - An instance that was told the state goes on as the one would that heard how it came about.
 *
 * Policy: whose turn it is, what weights mean, how much goes at once; whether offers wait
 * after a failover; whether refusals end for other reasons as well. An allocator may know nothing
 * of offer constraints, of a framework's min_allocatable_resources or of gpus, and may keep what is
 * revocable, shared or refined to itself.
 */
#ifndef TEPUI_KIND_ALLOCATOR_SPEC_H
#define TEPUI_KIND_ALLOCATOR_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tp_agent_info;
struct tp_framework_info;
struct tp_offer_constraints;
struct tp_resources;
struct tp_unavailability;

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

/* What became of an inverse offer. */
struct tp_allocator_inverse_answer {
	/* The framework answered, yes or no; else the offer expired or was withdrawn. */
	bool answered;
	/* >= 0: no inverse offer for this agent again within this time; else < 0. */
	int64_t refuse_ns;
};

#endif
