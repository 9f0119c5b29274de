/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of roles by priority: a sorter of our own. Roles of one priority stand in the order of
 * another sorter; the orders of all priorities stand one behind the other, the highest first.
 */
#ifndef ALLOCATOR_PRIORITY_ORDER_H
#define ALLOCATOR_PRIORITY_ORDER_H

#include "tepui/kind/sorter.h"

struct priority {
	const char *role;
	int64_t level; /* higher goes first */
};

struct priorities {
	struct priority *items;
	size_t n;
	int64_t other; /* of roles that neither are here nor are below one that is */
	struct tp_sorter within; /* among roles of one priority */
};

/* The impl of a sorter with these ops is a struct priorities, which outlives it. */
extern const struct tp_sorter_ops priority_order_ops;

/* Of the role itself, or the nearest one above it. */
int64_t priority_of(const struct priorities *priorities, const char *role);

#endif
