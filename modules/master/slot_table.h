/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense slot numbers for things that come and go: a freed number is given again. The allocator
 * keeps arrays by them, cursors walk over them.
 */
#ifndef MASTER_SLOT_TABLE_H
#define MASTER_SLOT_TABLE_H

#include "tepui/base.h"

struct slot_table {
	void **items; /* NULL = free */
	uint32_t *free;
	uint32_t n; /* numbers given so far: items[0..n) */
	uint32_t n_free;
	uint32_t size;
};

void slot_table_fini(struct slot_table *slots);
uint32_t slot_table_take(struct slot_table *slots, void *item);
void slot_table_release(struct slot_table *slots, uint32_t slot);
/* NULL when the slot is free or was never given. */
void *slot_table_get(const struct slot_table *slots, uint32_t slot);
static inline uint32_t slot_table_used(const struct slot_table *slots)
{
	return slots->n - slots->n_free;
}

#endif
