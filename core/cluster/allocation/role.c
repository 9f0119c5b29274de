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
	self->n_roles_ever++;
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

/* From the top down: each role needs the one above it. */
struct alloc_role *alloc_role_get(struct tp_allotment *self, const char *name)
{
	struct alloc_role *role = alloc_role_find(self, name), *parent = NULL;
	tp_cleanup(ptr) char *path = NULL;
	char *slash;

	if (role != NULL)
		return role;
	path = tp_strdup(name);
	for (slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		role = alloc_role_find(self, path);
		parent = role != NULL ? role : role_create(self, path, parent);
		*slash = '/';
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

/* Spans that begin at 0 and end with how many they hold, counted upwards; returns the depth. */
static uint32_t spans_measure(struct tp_allotment *self)
{
	uint32_t deepest = 0, i, at;

	for (i = 0; i < self->n_roles; i++)
		self->spans[i] = (struct alloc_span){ 0, 0 };
	for (i = 0; i < self->n_roles; i++) {
		if (self->roles[i] == NULL)
			continue;
		if (self->roles[i]->depth > deepest)
			deepest = self->roles[i]->depth;
		for (at = i; at != ALLOC_NONE; at = self->roles[at]->parent)
			self->spans[at].end++;
	}
	return deepest;
}

/* Gives each role of this depth its place inside its parent's span. */
static void spans_place(
	struct tp_allotment *self, uint32_t depth, uint32_t *used, uint32_t *top)
{
	uint32_t i, *next;

	for (i = 0; i < self->n_roles; i++) {
		const struct alloc_role *role = self->roles[i];

		if (role == NULL || role->depth != depth)
			continue;
		next = role->parent == ALLOC_NONE ? top : &used[role->parent];
		self->spans[i].begin = *next;
		*next += self->spans[i].end;
		self->spans[i].end = *next;
		used[i] = self->spans[i].begin + 1;
	}
}

/* A role that went leaves a gap, which does no harm. */
void alloc_roles_walk(struct tp_allotment *self)
{
	uint32_t top = 0, depth, deepest, *used;

	if (self->walked == self->n_roles_ever)
		return;
	if (self->spans_room < self->n_roles) {
		self->spans_room = self->n_roles;
		self->spans =
			tp_realloc(self->spans, self->spans_room * sizeof *self->spans);
	}
	used = tp_alloc(self->n_roles * sizeof *used);
	deepest = spans_measure(self);
	for (depth = 0; depth <= deepest; depth++)
		spans_place(self, depth, used, &top);
	tp_free(used);
	self->walked = self->n_roles_ever;
}

bool alloc_role_within(const struct tp_allotment *self, uint32_t role, uint32_t other)
{
	const struct alloc_span *outer = &self->spans[other];

	return self->spans[role].begin >= outer->begin &&
		self->spans[role].begin < outer->end;
}

bool alloc_role_is_leaf(const struct tp_allotment *self, uint32_t role)
{
	return self->spans[role].end - self->spans[role].begin == 1;
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
	tp_free(self->spans);
	tp_map_fini(&self->roles_by_name);
}
