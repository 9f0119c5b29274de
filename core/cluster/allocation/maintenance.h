/* SPDX-License-Identifier: Apache-2.0 */
/* Agents that will be unavailable, and the inverse offers about them. */
#ifndef ALLOCATION_MAINTENANCE_H
#define ALLOCATION_MAINTENANCE_H

#include "core/cluster/allocation/agent.h"
#include "tepui/kind/allocator.h"

struct tp_allotment;

/* maintenance.c */
void alloc_maintenance_set(
	struct tp_allotment *self, uint32_t agent, const struct tp_unavailability *when);
void alloc_maintenance_answer(struct tp_allotment *self, uint32_t agent,
	uint32_t framework, const struct tp_allocator_inverse_answer *answer);
void alloc_maintenance_forget(
	struct tp_allotment *self, uint32_t framework, bool filters_only);
void alloc_maintenance_ask(struct tp_allotment *self, const uint32_t *agents, uint32_t n);

#endif
