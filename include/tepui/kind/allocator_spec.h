/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an allocator is told of agents, frameworks, what they use and what they refuse: the
 * arguments of kind/allocator.h. All is borrowed during the call.
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
