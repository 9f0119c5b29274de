/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offers that overlap: with an allocator that offers the same resources to several frameworks,
 * whoever accepts first has them, and the offers that do not fit any more are rescinded. With
 * other allocators nothing here changes anything.
 */
#ifndef MASTER_OVERLAP_H
#define MASTER_OVERLAP_H

#include "tepui/resources.h"

#include "master.h"

struct agent;

bool overlap_allowed(const struct master *m);
/* What of the agent neither tasks nor executors hold; without allocation. Shared volumes stay. */
void overlap_free(const struct agent *a, struct tp_resources *ret);
/*
 * Rescinds what does not fit into what is free: after a use began, or before `taken` (NULL = nothing;
 * without allocation) is converted.
 */
void overlap_yield(struct agent *a, const struct tp_resources *taken);
/* Are the offers of one ACCEPT, all together, still there? -EINVAL says what is missing. */
int overlap_check(
	const struct agent *a, const struct tp_resources *offered, struct tp_error *err);
/*
 * All that is offered of the agent, with its allocation, to roles within `role` (NULL = any). What
 * several offers have is counted once.
 */
void overlap_offered(const struct agent *a, const char *role, struct tp_resources *ret);

#endif
