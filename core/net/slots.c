/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles in O(1): free rows form a list through their `value`; the generation counts up when a
 * row is freed. Small numbers come first, because handles of calls travel on the wire.
 */
#include "core/net/slots.h"

#include <string.h>

void slots_fini(struct slots *self)
{
	tp_free(self->rows);
	memset(self, 0, sizeof *self);
}

static void grow(struct slots *self)
{
	uint32_t size = self->size == 0 ? 4 : self->size * 2;

	tp_assert(size <= UINT32_C(1) << SLOTS_BITS);
	self->rows = tp_realloc(self->rows, size * sizeof *self->rows);
	for (uint32_t i = size; i-- > self->size;) {
		self->rows[i] = (struct slots_row){ NULL, self->free_1, 1 };
		self->free_1 = i + 1;
	}
	self->size = size;
}

uint64_t slots_add(struct slots *self, void *item, uint64_t value)
{
	struct slots_row *row;
	uint32_t i;

	if (self->free_1 == 0)
		grow(self);
	i = self->free_1 - 1;
	row = &self->rows[i];
	self->free_1 = (uint32_t)row->value;
	self->n++;
	row->item = item;
	row->value = value;
	return row->generation << SLOTS_BITS | i;
}

struct slots_row *slots_find(const struct slots *self, uint64_t handle)
{
	uint64_t i = handle & ((UINT64_C(1) << SLOTS_BITS) - 1);
	struct slots_row *row;

	if (i >= self->size)
		return NULL;
	row = &self->rows[i];
	return row->item != NULL && row->generation == handle >> SLOTS_BITS ? row : NULL;
}

void slots_remove(struct slots *self, uint64_t handle)
{
	struct slots_row *row = slots_find(self, handle);

	if (row == NULL)
		return;
	row->item = NULL;
	row->generation++;
	row->value = self->free_1;
	self->free_1 = (uint32_t)(row - self->rows) + 1;
	self->n--;
}

uint64_t slots_handle(const struct slots *self, uint32_t i)
{
	const struct slots_row *row = &self->rows[i];

	return row->item == NULL ? 0 : row->generation << SLOTS_BITS | i;
}
