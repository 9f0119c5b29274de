/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slot numbers: an array of owners and a stack of free numbers, both of one capacity, so that a
 * release never allocates. Not a container with an order: walk it by number.
 */
#include "slots.h"

void slots_fini(struct slots *slots)
{
	tp_free(slots->items);
	tp_free(slots->free);
	*slots = (struct slots){ 0 };
}

static void grow(struct slots *slots)
{
	uint32_t size = slots->size == 0 ? 16 : slots->size * 2;

	tp_assert(size > slots->size);
	slots->items = tp_realloc(slots->items, size * sizeof *slots->items);
	slots->free = tp_realloc(slots->free, size * sizeof *slots->free);
	slots->size = size;
}

uint32_t slots_take(struct slots *slots, void *item)
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

void slots_release(struct slots *slots, uint32_t slot)
{
	tp_assert(slot < slots->n && slots->items[slot] != NULL);
	slots->items[slot] = NULL;
	slots->free[slots->n_free++] = slot;
}

void *slots_get(const struct slots *slots, uint32_t slot)
{
	return slot < slots->n ? slots->items[slot] : NULL;
}
