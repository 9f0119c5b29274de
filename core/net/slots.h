/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that hands out handles instead of pointers: a handle is a slot and the generation of
 * its use, so one that outlived its object finds nothing instead of somebody else's.
 */
#ifndef CORE_NET_SLOTS_H
#define CORE_NET_SLOTS_H

#include "tepui/base.h"

#define SLOTS_BITS 20 /* of a handle that number the slot */

struct slots_row {
	void *item;          /* NULL = free */
	uint64_t value;      /* the user's; of a free row: the next free one, 1-based */
	uint64_t generation; /* of the present or next use; begins with 1 */
};

/* Zeroed is empty. */
struct slots {
	struct slots_row *rows;
	uint32_t size;   /* rows allocated */
	uint32_t n;      /* rows in use */
	uint32_t free_1; /* first free row, 1-based; 0 = none */
};

void slots_fini(struct slots *self);
/* The handle, never 0. `item` is not NULL. */
uint64_t slots_add(struct slots *self, void *item, uint64_t value);
/* NULL when the handle is over. */
struct slots_row *slots_find(const struct slots *self, uint64_t handle);
void slots_remove(struct slots *self, uint64_t handle);
/* The handle of row i, 0 when it is free. */
uint64_t slots_handle(const struct slots *self, uint32_t i);

#endif
