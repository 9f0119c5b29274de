/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of roles. A role exists while something refers to it: a role below it, a framework, a
 * reservation, a quota or a weight. Its index is dense and given again.
 */
#include "core/cluster/allocation/role.h"

#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/metric.h"
#include "core/cluster/resource_value.h"
#include "tepui/role.h"

static uint32_t index_take(struct tp_allotment *self)
{
	uint32_t i;

	for (i = 0; i < self->n_roles; i++)
		if (self->roles[i] == NULL)
			return i;
	if (self->n_roles == self->roles_room) {
		self->roles_room = self->roles_room == 0 ? 8 : 2 * self->roles_room;
		self->roles =
			tp_realloc(self->roles, self->roles_room * sizeof *self->roles);
	}
	return self->n_roles++;
}

struct alloc_role *alloc_role_find(const struct tp_allotment *self, const char *name)
{
	return tp_map_get(&self->roles_by_name, name, struct alloc_role, by_name);
}

static struct alloc_role *role_create(
	struct tp_allotment *self, const char *name, struct alloc_role *parent)
{
	struct alloc_role *role = tp_alloc(sizeof *role);

	role->index = index_take(self);
	self->roles[role->index] = role;
	role->parent = parent == NULL ? ALLOC_NONE : parent->index;
	role->top = parent == NULL ? role->index : parent->top;
	role->depth = parent == NULL ? 0 : parent->depth + 1;
	role->weight = 1;
	role->text = shared_text_create(name);
	tp_map_add(&self->roles_by_name, &role->by_name, role->text->text);
	if (parent != NULL)
		parent->n_children++;
	return role;
}

struct alloc_role *alloc_role_get(struct tp_allotment *self, const char *name)
{
	struct alloc_role *role = alloc_role_find(self, name), *parent = NULL;
	size_t len;

	if (role != NULL)
		return role;
	len = tp_role_parent(name, strlen(name));
	if (len > 0) {
		tp_cleanup(ptr) char *above = tp_strndup(name, len);

		parent = alloc_role_get(self, above);
	}
	return role_create(self, name, parent);
}

static bool role_needed(const struct alloc_role *role)
{
	return role->n_children > 0 || role->n_portions > 0 || role->n_clients > 0 ||
		role->n_reserved > 0 || role->quota != NULL || role->config != NULL ||
		role->weighted;
}

void alloc_role_release(struct tp_allotment *self, struct alloc_role *role)
{
	struct alloc_role *parent;

	while (role != NULL && !role_needed(role)) {
		parent = role->parent == ALLOC_NONE ? NULL : self->roles[role->parent];
		if (parent != NULL)
			parent->n_children--;
		alloc_role_metrics_remove(role);
		tp_map_remove(&self->roles_by_name, &role->by_name);
		self->roles[role->index] = NULL;
		shared_text_unref(role->text);
		tp_free(role);
		role = parent;
	}
}

bool alloc_role_within(const struct tp_allotment *self, uint32_t role, uint32_t other)
{
	uint32_t depth = self->roles[other]->depth;

	while (role != other && self->roles[role]->depth > depth)
		role = self->roles[role]->parent;
	return role == other;
}

/* The reservations among what an agent has came or went. */
void alloc_reserved_change(
	struct tp_allotment *self, const struct tp_resources *total, bool more)
{
	const struct tp_resource_item *item;
	struct alloc_role *role, *top;
	uint32_t i;
	int at;

	for (i = 0; i < total->n; i++) {
		item = &total->items[i];
		if (item->key->n_reservations == 0)
			continue;
		role = alloc_role_get(self, item->key->role);
		top = self->roles[role->top];
		at = tp_quantity_of(&self->names, item);
		if (at >= 0) {
			int64_t milli = more ? item->milli : -item->milli;

			role->reserved.milli[at] += milli;
			top->all_reserved.milli[at] += milli;
		}
		role->n_reserved += more ? 1U : -1U;
		if (more)
			alloc_role_metrics_add(self, role);
		else
			alloc_role_release(self, role);
	}
}

void alloc_roles_fini(struct tp_allotment *self)
{
	uint32_t i;

	for (i = 0; i < self->n_roles; i++) {
		struct alloc_role *role = self->roles[i];

		if (role == NULL)
			continue;
		if (role->frameworks != NULL)
			self->framework_sorter.ops->destroy(role->frameworks);
		alloc_role_metrics_remove(role);
		tp_map_remove(&self->roles_by_name, &role->by_name);
		tp_free(role->quota);
		tp_free(role->config);
		shared_text_unref(role->text);
		tp_free(role);
	}
	tp_free(self->roles);
	tp_map_fini(&self->roles_by_name);
}
