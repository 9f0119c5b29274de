/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Minimums: an offer has at least one of some alternatives. A framework that asks for what nobody
 * has is offered nothing by that alternative; it takes no place in vectors, and is read again when
 * somebody has it.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/vector.h"
#include "tepui/record.h"

/* false when a name in it has no place: no offer meets it. */
static bool alternative_read(const struct tp_allotment *self,
	const struct tp_offer_filters_resource_quantities *record,
	struct tp_quantities *ret)
{
	size_t i;

	*ret = (struct tp_quantities){ { 0 } };
	for (i = 0; i < record->n_quantities; i++) {
		const struct tp_value_scalar *value = record->quantities[i]->value;
		int at = tp_quantity_names_find(&self->names, record->quantities[i]->key);

		if (value == NULL || value->value_milli <= 0)
			continue;
		if (at < 0)
			return false;
		ret->milli[at] = value->value_milli;
	}
	return true;
}

static void resolve(const struct tp_allotment *self, struct alloc_minimum *minimum)
{
	size_t i;

	minimum->n = 0;
	for (i = 0; i < minimum->record->n_quantities; i++)
		if (alternative_read(self, minimum->record->quantities[i],
			    &minimum->any_of[minimum->n]))
			minimum->n++;
	if (minimum->n < minimum->record->n_quantities)
		return;
	tp_arena_destroy(minimum->arena);
	minimum->arena = NULL;
	minimum->record = NULL;
}

struct alloc_minimum *alloc_minimum_create(const struct tp_allotment *self,
	const struct tp_offer_filters_min_allocatable_resources *record)
{
	struct alloc_minimum *minimum = tp_alloc(sizeof *minimum);

	minimum->any_of = tp_alloc((record->n_quantities + 1) * sizeof *minimum->any_of);
	minimum->arena = tp_arena_create(0);
	minimum->record = tp_record_copy(
		&tp_offer_filters_min_allocatable_resources_desc, record, minimum->arena);
	resolve(self, minimum);
	return minimum;
}

void alloc_minimum_destroy(struct alloc_minimum *minimum)
{
	if (minimum == NULL)
		return;
	tp_arena_destroy(minimum->arena);
	tp_free(minimum->any_of);
	tp_free(minimum);
}

void alloc_minimum_set(
	struct tp_allotment *self, uint32_t slot, struct alloc_minimum *take_minimum)
{
	struct alloc_client *client = &self->clients[slot];
	struct alloc_role *role = self->roles[client->role];

	if (client->minimum != NULL) {
		self->n_minimums--;
		role->n_minimums--;
		alloc_minimum_destroy(client->minimum);
	}
	if (take_minimum != NULL) {
		self->n_minimums++;
		role->n_minimums++;
	}
	client->minimum = take_minimum;
}

void alloc_minimums_resolve(struct tp_allotment *self)
{
	uint32_t i;

	for (i = 0; self->n_minimums > 0 && i < self->n_clients; i++) {
		struct alloc_minimum *minimum = self->clients[i].minimum;

		if (self->clients[i].used && minimum != NULL && minimum->record != NULL)
			resolve(self, minimum);
	}
}

bool alloc_minimum_met(const struct tp_allotment *self,
	const struct alloc_minimum *minimum, const struct tp_quantities *offer)
{
	uint32_t i;

	for (i = 0; i < minimum->n; i++)
		if (vector_contains(offer, &minimum->any_of[i], self->cluster.n_names))
			return true;
	return minimum->n == 0 && minimum->record == NULL;
}
