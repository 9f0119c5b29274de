/* SPDX-License-Identifier: Apache-2.0 */
/* Offer constraints of clients: of which agents a client wants no offers. */
#ifndef ALLOCATION_CONSTRAINT_H
#define ALLOCATION_CONSTRAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "tepui/loop.h"

struct tp_allotment;
struct tp_offer_constraints_role_constraints;
struct alloc_constraint;

/* Constraints of one client, judged once for each agent. */
struct alloc_constraints {
	struct tp_arena *arena;
	const struct tp_offer_constraints_role_constraints *record;
	struct alloc_constraint *items; /* of all groups, one after the other */
	uint32_t n_items;
	uint8_t *excluded; /* by agent: a bit */
	uint32_t n_bytes;
	uint32_t next; /* agent to be judged; UINT32_MAX: all were */
};

/* Judging goes on in later turns of the loop where there are many agents. */
void alloc_constraints_set(struct tp_allotment *self, uint32_t client,
	const struct tp_offer_constraints_role_constraints *record);
/* An agent came, or what is judged of it changed. In later turns, too, where many come. */
void alloc_constraints_judge_agent(struct tp_allotment *self, uint32_t agent);
void alloc_constraints_judge_more(struct tp_defer *defer);
void alloc_constraints_destroy(struct alloc_constraints *constraints);

/* An agent that is not judged yet is as good as excluded: it is offered when it is. */
static inline bool alloc_constraints_exclude(
	const struct alloc_constraints *constraints, uint32_t agent)
{
	return agent >= constraints->next ||
		(constraints->excluded[agent / 8] >> agent % 8 & 1) != 0;
}

#endif
