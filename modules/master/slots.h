/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense slot numbers for things that come and go: a freed number is given again. The allocator
 * keeps arrays by them, cursors walk over them.
 */
#ifndef MASTER_SLOTS_H
#define MASTER_SLOTS_H

#include "tepui/base.h"

struct slots {
	void **items; /* NULL = free */
	uint32_t *free;
	uint32_t n; /* numbers given so far: items[0..n) */
	uint32_t n_free;
	uint32_t size;
};

void slots_fini(struct slots *slots);
uint32_t slots_take(struct slots *slots, void *item);
void slots_release(struct slots *slots, uint32_t slot);
/* NULL when the slot is free or was never given. */
void *slots_get(const struct slots *slots, uint32_t slot);
static inline uint32_t slots_used(const struct slots *slots)
{
	return slots->n - slots->n_free;
}

#endif
