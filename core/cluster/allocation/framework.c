/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frameworks, read from what they say about themselves. A framework that is held by an agent's use
 * before it was added is a slot that is not used yet: what it holds counts for its roles all the
 * same, so that no quota is exceeded while it is away.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/maintenance.h"

struct alloc_framework *alloc_framework_at(struct tp_allotment *self, uint32_t slot)
{
	if (slot >= self->n_frameworks || !self->frameworks[slot].used)
		return NULL;
	return &self->frameworks[slot];
}

static bool named(const char *const *roles, size_t n, const char *role)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(roles[i], role) == 0)
			return true;
	return false;
}

static uint8_t capabilities_read(const struct tp_framework_info *info)
{
	static const struct {
		int type;
		uint8_t class;
	} rows[] = {
		{ TP_FRAMEWORK_INFO_CAPABILITY_REVOCABLE_RESOURCES, ALLOC_REVOCABLE },
		{ TP_FRAMEWORK_INFO_CAPABILITY_SHARED_RESOURCES, ALLOC_SHARED },
		{ TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT, ALLOC_REFINED },
		{ TP_FRAMEWORK_INFO_CAPABILITY_GPU_RESOURCES, ALLOC_GPUS },
		{ TP_FRAMEWORK_INFO_CAPABILITY_REGION_AWARE, ALLOC_REGION },
	};
	unsigned can = ALLOC_SINGLE_ROLE;
	size_t i, j;

	for (i = 0; i < info->n_capabilities; i++) {
		if (!info->capabilities[i]->has_type)
			continue;
		if (info->capabilities[i]->type ==
			TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE)
			can &= ~(unsigned)ALLOC_SINGLE_ROLE;
		for (j = 0; j < TP_COUNT(rows); j++)
			if (rows[j].type == info->capabilities[i]->type)
				can |= rows[j].class;
	}
	return (uint8_t)can;
}

/* --- what it wants in a role ----------------------------------------------------------- */

static struct alloc_minimum *minimum_read(
	struct tp_allotment *self, const struct tp_framework_info *info, const char *role)
{
	const struct tp_offer_filters_min_allocatable_resources *record = NULL;
	size_t i;

	for (i = 0; i < info->n_offer_filters; i++)
		if (strcmp(info->offer_filters[i]->key, role) == 0 &&
			info->offer_filters[i]->value != NULL)
			record = info->offer_filters[i]->value->min_allocatable_resources;
	return record == NULL ? NULL : alloc_minimum_create(self, record);
}

static const struct tp_offer_constraints_role_constraints *constraints_of(
	const struct tp_offer_constraints *record, const char *role)
{
	size_t i;

	for (i = 0; record != NULL && i < record->n_role_constraints; i++)
		if (strcmp(record->role_constraints[i]->key, role) == 0)
			return record->role_constraints[i]->value;
	return NULL;
}

static void subscribe(struct tp_allotment *self, uint32_t slot,
	const struct tp_allocator_framework *spec, const char *name)
{
	uint32_t at = alloc_client_get(self, slot, name);
	struct alloc_client *client = &self->clients[at];
	const struct alloc_role *role = self->roles[client->role];
	unsigned met = self->frameworks[slot].can;

	if (role->depth == 0)
		met |= ALLOC_FLAT_ROLE;
	client->demands_met = (uint8_t)met;
	client->subscribed = true;
	client->suppressed =
		named(spec->suppressed_roles, spec->n_suppressed_roles, name);
	alloc_minimum_set(self, at, minimum_read(self, spec->info, name));
	alloc_constraints_set(self, at, constraints_of(spec->constraints, name));
}

void alloc_framework_read(struct tp_allotment *self, uint32_t slot,
	const struct tp_allocator_framework *spec)
{
	const struct tp_framework_info *info = spec->info;
	struct alloc_framework *framework = &self->frameworks[slot];
	size_t i;
	uint32_t at;

	framework->can = capabilities_read(info);
	framework->active = spec->active;
	for (i = 0; i < framework->n_clients; i++)
		self->clients[framework->clients[i]].subscribed = false;
	for (i = 0; i < info->n_roles; i++)
		subscribe(self, slot, spec, info->roles[i]);
	if (info->n_roles == 0)
		subscribe(self, slot, spec, info->role != NULL ? info->role : "*");
	for (at = framework->n_clients; at-- > 0;) {
		uint32_t client = framework->clients[at];

		alloc_client_refresh(self, client);
		if (!self->clients[client].subscribed) {
			alloc_filters_clear_client(self, client);
			alloc_client_release(self, client);
		}
	}
}

void alloc_frameworks_fini(struct tp_allotment *self)
{
	uint32_t i;

	for (i = 0; i < self->n_frameworks; i++) {
		tp_free(self->frameworks[i].id);
		tp_free(self->frameworks[i].clients);
	}
	tp_free(self->frameworks);
}
