/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sorter for each priority that has clients or had some; they are few. A client's handle is
 * ours and leads to its level and its handle there. What those sorters do without we do without.
 */
#include "order.h"

#include <math.h>
#include <string.h>

#include "tepui/role.h"

struct level {
	int64_t number;
	void *sorter;
};

struct client {
	bool used;
	uint32_t level, handle;
};

struct weight {
	char *path;
	double weight;
};

struct order {
	const struct priorities *priorities;
	struct tp_sorter_spec spec;
	struct level *levels; /* highest first */
	uint32_t n_levels;
	uint32_t *by_rank; /* levels in order; `levels` itself is in order of arrival */
	struct client *clients;
	uint32_t n_clients, room, n_used;
	struct weight *weights;
	uint32_t n_weights;
	uint32_t *tags;
	uint32_t tags_room;
};

int64_t priority_of(const struct priorities *priorities, const char *role)
{
	size_t len, i;

	for (len = strlen(role); len > 0; len = tp_role_parent(role, len))
		for (i = 0; i < priorities->n; i++)
			if (strncmp(priorities->items[i].role, role, len) == 0 &&
				priorities->items[i].role[len] == '\0')
				return priorities->items[i].level;
	return priorities->other;
}

static const struct tp_sorter_ops *within(const struct order *self)
{
	return self->priorities->within.ops;
}

static void *order_create(void *impl, const struct tp_sorter_spec *spec)
{
	struct order *self = tp_alloc(sizeof *self);

	self->priorities = impl;
	self->spec = *spec;
	return self;
}

static void order_destroy(void *sorter)
{
	struct order *self = sorter;
	uint32_t i;

	for (i = 0; i < self->n_levels; i++)
		within(self)->destroy(self->levels[i].sorter);
	for (i = 0; i < self->n_weights; i++)
		tp_free(self->weights[i].path);
	tp_free(self->levels);
	tp_free(self->by_rank);
	tp_free(self->clients);
	tp_free(self->weights);
	tp_free(self->tags);
	tp_free(self);
}

/* --- levels ---------------------------------------------------------------------------- */

static uint32_t level_get(struct order *self, int64_t number)
{
	struct level *level;
	uint32_t i, at;

	for (i = 0; i < self->n_levels; i++)
		if (self->levels[i].number == number)
			return i;
	self->levels =
		tp_realloc(self->levels, (self->n_levels + 1) * sizeof *self->levels);
	self->by_rank =
		tp_realloc(self->by_rank, (self->n_levels + 1) * sizeof *self->by_rank);
	level = &self->levels[self->n_levels];
	level->number = number;
	level->sorter = within(self)->create(self->priorities->within.impl, &self->spec);
	for (i = 0; within(self)->update_weight != NULL && i < self->n_weights; i++)
		within(self)->update_weight(
			level->sorter, self->weights[i].path, self->weights[i].weight);
	for (at = self->n_levels;
		at > 0 && self->levels[self->by_rank[at - 1]].number < number; at--)
		self->by_rank[at] = self->by_rank[at - 1];
	self->by_rank[at] = self->n_levels;
	return self->n_levels++;
}

static void *sorter_of(const struct order *self, uint32_t client)
{
	return self->levels[self->clients[client].level].sorter;
}

/* --- members --------------------------------------------------------------------------- */

static uint32_t order_add(void *sorter, const char *path, uint32_t tag)
{
	struct order *self = sorter;
	uint32_t level = level_get(self, priority_of(self->priorities, path));
	uint32_t i;

	for (i = 0; i < self->n_clients && self->clients[i].used; i++)
		;
	if (i == self->room) {
		self->room = self->room == 0 ? 8 : 2 * self->room;
		self->clients =
			tp_realloc(self->clients, self->room * sizeof *self->clients);
	}
	self->n_clients += i == self->n_clients;
	self->clients[i] = (struct client){
		.used = true,
		.level = level,
		.handle = within(self)->add(self->levels[level].sorter, path, tag),
	};
	self->n_used++;
	return i;
}

static void order_remove(void *sorter, uint32_t client)
{
	struct order *self = sorter;

	within(self)->remove(sorter_of(self, client), self->clients[client].handle);
	self->clients[client].used = false;
	self->n_used--;
}

static void order_activate(void *sorter, uint32_t client)
{
	struct order *self = sorter;

	within(self)->activate(sorter_of(self, client), self->clients[client].handle);
}

static void order_deactivate(void *sorter, uint32_t client)
{
	struct order *self = sorter;

	within(self)->deactivate(sorter_of(self, client), self->clients[client].handle);
}

static void order_update_weight(void *sorter, const char *path, double weight)
{
	struct order *self = sorter;
	uint32_t i;

	for (i = 0; i < self->n_weights && strcmp(self->weights[i].path, path) != 0; i++)
		;
	if (i == self->n_weights) {
		self->weights =
			tp_realloc(self->weights, (i + 1) * sizeof *self->weights);
		self->weights[self->n_weights++].path = tp_strdup(path);
	}
	self->weights[i].weight = weight;
	for (i = 0; within(self)->update_weight != NULL && i < self->n_levels; i++)
		within(self)->update_weight(self->levels[i].sorter, path, weight);
}

/* --- amounts --------------------------------------------------------------------------- */

static void order_allocated(
	void *sorter, uint32_t client, uint32_t agent, const struct tp_quantities *amount)
{
	struct order *self = sorter;

	within(self)->allocated(
		sorter_of(self, client), self->clients[client].handle, agent, amount);
}

static void order_update(void *sorter, uint32_t client, uint32_t agent,
	const struct tp_quantities *from, const struct tp_quantities *to)
{
	struct order *self = sorter;

	within(self)->update(
		sorter_of(self, client), self->clients[client].handle, agent, from, to);
}

static void order_unallocated(
	void *sorter, uint32_t client, uint32_t agent, const struct tp_quantities *amount)
{
	struct order *self = sorter;

	within(self)->unallocated(
		sorter_of(self, client), self->clients[client].handle, agent, amount);
}

static void order_allocation(
	const void *sorter, uint32_t client, struct tp_quantities *ret)
{
	const struct order *self = sorter;

	*ret = (struct tp_quantities){ { 0 } };
	if (within(self)->allocation == NULL)
		return;
	within(self)->allocation(
		sorter_of(self, client), self->clients[client].handle, ret);
}

static void order_allocation_total(const void *sorter, struct tp_quantities *ret)
{
	const struct order *self = sorter;
	struct tp_quantities part;
	uint32_t i;

	*ret = (struct tp_quantities){ { 0 } };
	for (i = 0; within(self)->allocation_total != NULL && i < self->n_levels; i++) {
		within(self)->allocation_total(self->levels[i].sorter, &part);
		tp_quantities_add(ret, &part);
	}
}

/* --- order ----------------------------------------------------------------------------- */

static const uint32_t *order_sort(void *sorter, uint32_t *ret_n)
{
	struct order *self = sorter;
	uint32_t n = 0, n_part, i;

	if (self->tags_room < self->n_used) {
		self->tags_room = self->n_used;
		self->tags = tp_realloc(self->tags, self->tags_room * sizeof *self->tags);
	}
	for (i = 0; i < self->n_levels; i++) {
		const uint32_t *part = within(self)->sort(
			self->levels[self->by_rank[i]].sorter, &n_part);

		if (n_part > 0)
			memcpy(self->tags + n, part, n_part * sizeof *part);
		n += n_part;
	}
	*ret_n = n;
	return self->tags;
}

static bool order_contains(const void *sorter, const char *path)
{
	const struct order *self = sorter;
	uint32_t i;

	for (i = 0; within(self)->contains != NULL && i < self->n_levels; i++)
		if (within(self)->contains(self->levels[i].sorter, path))
			return true;
	return false;
}

static uint32_t order_count(const void *sorter)
{
	return ((const struct order *)sorter)->n_used;
}

static double order_share(void *sorter, uint32_t client)
{
	struct order *self = sorter;

	if (within(self)->share == NULL)
		return NAN;
	return within(self)->share(sorter_of(self, client), self->clients[client].handle);
}

const struct tp_sorter_ops priority_order_ops = {
	.create = order_create,
	.destroy = order_destroy,
	.add = order_add,
	.remove = order_remove,
	.activate = order_activate,
	.deactivate = order_deactivate,
	.update_weight = order_update_weight,
	.allocated = order_allocated,
	.update = order_update,
	.unallocated = order_unallocated,
	.allocation = order_allocation,
	.allocation_total = order_allocation_total,
	.sort = order_sort,
	.contains = order_contains,
	.count = order_count,
	.share = order_share,
};
