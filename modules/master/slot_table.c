/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slot numbers: an array of owners and a stack of free numbers, both of one capacity, so that a
 * release never allocates. Not a container with an order: walk it by number.
 */
#include "slot_table.h"

void slot_table_fini(struct slot_table *slots)
{
	tp_free(slots->items);
	tp_free(slots->free);
	*slots = (struct slot_table){ 0 };
}

static void grow(struct slot_table *slots)
{
	uint32_t size = slots->size == 0 ? 16 : slots->size * 2;

	tp_assert(size > slots->size);
	slots->items = tp_realloc(slots->items, size * sizeof *slots->items);
	slots->free = tp_realloc(slots->free, size * sizeof *slots->free);
	slots->size = size;
}

uint32_t slot_table_take(struct slot_table *slots, void *item)
{
	uint32_t slot;

	tp_assert(item != NULL);
	if (slots->n_free > 0) {
		slot = slots->free[--slots->n_free];
	} else {
		if (slots->n == slots->size)
			grow(slots);
		slot = slots->n++;
	}
	slots->items[slot] = item;
	return slot;
}

void slot_table_release(struct slot_table *slots, uint32_t slot)
{
	tp_assert(slot < slots->n && slots->items[slot] != NULL);
	slots->items[slot] = NULL;
	slots->free[slots->n_free++] = slot;
}

void *slot_table_get(const struct slot_table *slots, uint32_t slot)
{
	return slot < slots->n ? slots->items[slot] : NULL;
}
