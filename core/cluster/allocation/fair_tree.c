/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Membership in a fair sorter's tree. A leaf that gets company below it becomes the child "." of
 * a new inner node; when that child is alone again it takes the place of the inner node. Handles
 * stay what they were through both.
 */
#include "core/cluster/allocation/fair_tree.h"

#include <string.h>

static uint32_t index_take(struct fair *self, struct fair_node *node)
{
	uint32_t index;

	if (self->n_free > 0) {
		index = self->free_indices[--self->n_free];
	} else {
		if (self->n_nodes == self->room) {
			self->room = self->room == 0 ? 8 : 2 * self->room;
			self->nodes =
				tp_realloc(self->nodes, self->room * sizeof *self->nodes);
			self->keys =
				tp_realloc(self->keys, self->room * sizeof *self->keys);
		}
		index = self->n_nodes++;
	}
	self->nodes[index] = node;
	self->keys[index] = (struct fair_key){ 0 };
	return index;
}

static void index_give(struct fair *self, uint32_t index)
{
	if (self->n_free == self->free_room) {
		self->free_room = self->free_room == 0 ? 8 : 2 * self->free_room;
		self->free_indices = tp_realloc(
			self->free_indices, self->free_room * sizeof *self->free_indices);
	}
	self->nodes[index] = NULL;
	self->free_indices[self->n_free++] = index;
}

static double weight_of(const struct fair *self, const char *path)
{
	const struct fair_weight *set =
		tp_map_get(&self->weights, path, struct fair_weight, by_path);

	return set == NULL ? 1 : set->weight;
}

static struct fair_node *node_create(struct fair *self, char *take_path)
{
	struct fair_node *node = tp_alloc(sizeof *node);

	node->index = index_take(self, node);
	node->weight = weight_of(self, take_path);
	tp_map_add(&self->by_path, &node->by_path, take_path);
	return node;
}

static void node_destroy(struct fair *self, struct fair_node *node)
{
	char *path = (char *)node->by_path.key;

	tp_map_remove(&self->by_path, &node->by_path);
	tp_free(path);
	index_give(self, node->index);
	tp_free(node->children);
	tp_free(node);
}

static void node_rename(struct fair *self, struct fair_node *node, char *take_path)
{
	char *path = (char *)node->by_path.key;

	tp_map_remove(&self->by_path, &node->by_path);
	tp_free(path);
	node->weight = weight_of(self, take_path);
	tp_map_add(&self->by_path, &node->by_path, take_path);
}

static void child_append(struct fair_node *parent, struct fair_node *node)
{
	if (parent->n_children == parent->room) {
		parent->room = parent->room == 0 ? 4 : 2 * parent->room;
		parent->children = tp_realloc(
			parent->children, parent->room * sizeof *parent->children);
	}
	parent->children[parent->n_children++] = node->index;
	parent->n_inner += node->kind == FAIR_INNER;
	node->parent = parent;
}

static void child_drop(struct fair_node *parent, const struct fair_node *node)
{
	uint32_t i;

	for (i = 0; parent->children[i] != node->index; i++)
		;
	parent->children[i] = parent->children[--parent->n_children];
	parent->n_inner -= node->kind == FAIR_INNER;
}

/* A new inner node in the place of a leaf, which becomes its child ".". */
static struct fair_node *leaf_push_down(struct fair *self, struct fair_node *leaf)
{
	struct fair_node *parent = leaf->parent, *inner;
	char *path = tp_strdup(leaf->by_path.key);

	child_drop(parent, leaf);
	node_rename(self, leaf, tp_asprintf("%s/.", path));
	inner = node_create(self, path);
	inner->kind = FAIR_INNER;
	inner->held = leaf->held;
	self->keys[inner->index].n_active = self->keys[leaf->index].n_active;
	self->keys[inner->index].turn = self->keys[leaf->index].turn;
	child_append(parent, inner);
	child_append(inner, leaf);
	return inner;
}

/* The child "." alone takes the place of its parent, with the gifts of all that were there. */
static void leaf_pull_up(struct fair *self, struct fair_node *inner)
{
	struct fair_node *leaf = self->nodes[inner->children[0]];
	struct fair_node *parent = inner->parent;
	char *path = tp_strdup(inner->by_path.key);

	self->keys[leaf->index].turn = self->keys[inner->index].turn;
	child_drop(parent, inner);
	node_destroy(self, inner);
	node_rename(self, leaf, path);
	child_append(parent, leaf);
}

static bool is_own_child(const struct fair_node *node)
{
	const char *name = strrchr(node->by_path.key, '/');

	return name != NULL && strcmp(name, "/.") == 0;
}

/* The inner node of a path that clients will be below. */
static struct fair_node *inner_get(
	struct fair *self, struct fair_node *parent, const char *path, size_t len)
{
	char *name = tp_strndup(path, len);
	struct fair_node *node =
		tp_map_get(&self->by_path, name, struct fair_node, by_path);

	if (node == NULL) {
		node = node_create(self, name);
		node->kind = FAIR_INNER;
		child_append(parent, node);
		return node;
	}
	tp_free(name);
	return node->kind == FAIR_INNER ? node : leaf_push_down(self, node);
}

struct fair_node *fair_client_add(struct fair *self, const char *path, uint32_t tag)
{
	struct fair_node *parent = self->root, *there, *node;
	const char *slash;

	if (!self->spec.flat)
		for (slash = strchr(path, '/'); slash != NULL;
			slash = strchr(slash + 1, '/'))
			parent = inner_get(self, parent, path, (size_t)(slash - path));
	there = tp_map_get(&self->by_path, path, struct fair_node, by_path);
	if (there != NULL && there->kind == FAIR_INNER) {
		parent = there;
		node = node_create(self, tp_asprintf("%s/.", path));
	} else {
		node = node_create(self, tp_strdup(path));
	}
	node->kind = FAIR_INACTIVE;
	node->tag = tag;
	child_append(parent, node);
	self->n_clients++;
	self->ranked = self->sorted = false;
	return node;
}

void fair_client_remove(struct fair *self, struct fair_node *node)
{
	struct fair_node *parent = node->parent, *above;

	for (above = parent; above != NULL; above = above->parent) {
		self->keys[above->index].n_active -= self->keys[node->index].n_active;
		tp_quantities_subtract(&above->held, &node->held);
	}
	child_drop(parent, node);
	node_destroy(self, node);
	while (parent != self->root && parent->n_children == 0) {
		above = parent->parent;
		child_drop(above, parent);
		node_destroy(self, parent);
		parent = above;
	}
	if (parent != self->root && parent->n_children == 1 &&
		is_own_child(self->nodes[parent->children[0]]))
		leaf_pull_up(self, parent);
	self->n_clients--;
	self->ranked = self->sorted = false;
}

struct fair_node *fair_client_find(const struct fair *self, const char *path)
{
	struct fair_node *node =
		tp_map_get(&self->by_path, path, struct fair_node, by_path);

	if (node != NULL && node->kind == FAIR_INNER) {
		tp_cleanup(ptr) char *own = tp_asprintf("%s/.", path);

		node = tp_map_get(&self->by_path, own, struct fair_node, by_path);
	}
	return node;
}

void fair_weight_set(struct fair *self, const char *path, double weight)
{
	struct fair_weight *set =
		tp_map_get(&self->weights, path, struct fair_weight, by_path);
	struct fair_node *node =
		tp_map_get(&self->by_path, path, struct fair_node, by_path);

	if (set == NULL) {
		set = tp_alloc(sizeof *set);
		tp_map_add(&self->weights, &set->by_path, tp_strdup(path));
	}
	set->weight = weight;
	if (node != NULL) {
		node->weight = weight;
		self->sorted = false;
	}
}

void fair_tree_init(struct fair *self)
{
	tp_map_init(&self->by_path);
	tp_map_init(&self->weights);
	self->root = node_create(self, tp_strdup(""));
	self->root->kind = FAIR_INNER;
}

void fair_tree_fini(struct fair *self)
{
	struct tp_list *node, *tmp;
	uint32_t i;

	for (i = 0; i < self->n_nodes; i++)
		if (self->nodes[i] != NULL)
			node_destroy(self, self->nodes[i]);
	tp_map_foreach (node, tmp, &self->weights) {
		struct fair_weight *set = tp_map_entry(node, struct fair_weight, by_path);
		char *path = (char *)set->by_path.key;

		tp_map_remove(&self->weights, &set->by_path);
		tp_free(path);
		tp_free(set);
	}
	tp_map_fini(&self->by_path);
	tp_map_fini(&self->weights);
	tp_free(self->nodes);
	tp_free(self->keys);
	tp_free(self->free_indices);
	tp_free(self->order);
}
