/* SPDX-License-Identifier: Apache-2.0 */
/* Clients: a framework in one of its roles; and frameworks. */
#ifndef ALLOCATION_CLIENT_H
#define ALLOCATION_CLIENT_H

#include "core/cluster/allocation/constraint.h"
#include "tepui/arena.h"
#include "tepui/kind/allocator.h"
#include "tepui/quantities.h"
#include "tepui/wire.h"

struct tp_allotment;

struct alloc_minimum {
	struct tp_quantities *any_of;
	uint32_t n; /* 0: any offer will do, or none while there is a record */
	/* What it was read from, while names in it have no place: the alternatives that an offer
	 * can meet are above. */
	const struct tp_offer_filters_min_allocatable_resources *record;
	struct tp_arena *arena;
};

struct alloc_client {
	bool used, subscribed, suppressed;
	bool listed;         /* active in the sorter of its role */
	uint8_t demands_met; /* of enum alloc_class: the framework's, and its role's */
	uint16_t epoch;      /* of its filters */
	uint32_t framework, role, handle;
	uint32_t n_filters, n_holds;
	/* While one agent is shared out, see filter.c: it has live filters there. */
	uint32_t mark;
	uint32_t mark_refusal; /* of its only filter; ALLOC_NONE: several */
	bool mark_covered;     /* one of them contains all that it could get */
	struct tp_quantities held, unreserved; /* unreserved: and not revocable */
	struct alloc_minimum *minimum;         /* NULL: that of the config */
	struct alloc_constraints *constraints; /* NULL = none */
};

struct alloc_framework {
	bool used, active;
	uint8_t can; /* of enum alloc_class */
	char *id;
	uint32_t *clients;
	uint32_t n_clients, room;
};

/* clients.c: frameworks in their roles */
uint32_t alloc_client_find(
	const struct tp_allotment *self, uint32_t framework, const char *role);
uint32_t alloc_client_get(
	struct tp_allotment *self, uint32_t framework, const char *role);
/* Lists or unlists it as it is now. */
void alloc_client_refresh(struct tp_allotment *self, uint32_t client);
/* Gone when it is neither subscribed nor holds anything. */
void alloc_client_release(struct tp_allotment *self, uint32_t client);
void alloc_client_remove(struct tp_allotment *self, uint32_t client);
void alloc_clients_fini(struct tp_allotment *self);

/* minimum.c */
struct alloc_minimum *alloc_minimum_create(const struct tp_allotment *self,
	const struct tp_offer_filters_min_allocatable_resources *record);
void alloc_minimum_destroy(struct alloc_minimum *minimum);
/* There are new names. */
void alloc_minimums_resolve(struct tp_allotment *self);
/* NULL: that of the config. */
void alloc_minimum_set(
	struct tp_allotment *self, uint32_t client, struct alloc_minimum *take_minimum);
bool alloc_minimum_met(const struct tp_allotment *self,
	const struct alloc_minimum *minimum, const struct tp_quantities *offer);

/* frameworks.c */
struct alloc_framework *alloc_framework_at(struct tp_allotment *self, uint32_t slot);
void alloc_framework_read(struct tp_allotment *self, uint32_t slot,
	const struct tp_allocator_framework *spec);
void alloc_frameworks_fini(struct tp_allotment *self);

#endif
