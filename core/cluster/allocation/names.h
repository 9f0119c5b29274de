/* SPDX-License-Identifier: Apache-2.0 */
/* Which scalar resources have a place in vectors of quantities, and what comes of the others. */
#ifndef ALLOCATION_NAMES_H
#define ALLOCATION_NAMES_H

#include <stddef.h>

#include "tepui/error.h"

struct tp_allotment;
struct tp_quota_config;
struct tp_resources;

/* After names may have been added: whoever waits for them finds them. */
void alloc_names_grown(struct tp_allotment *self);
/* Says, once, that there are resources without a place: an agent has these. */
void alloc_names_judge_agent(struct tp_allotment *self, const struct tp_resources *total);
/* Makes room for the names in all of them, or, with -EINVAL and the reason, for none. */
int alloc_names_claim(struct tp_allotment *self, struct tp_quota_config *const *quotas,
	size_t n, struct tp_error *err);

#endif
