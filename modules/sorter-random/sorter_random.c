/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sorter-random: an order that chance decides anew whenever it is asked for, by weight and without
 * replacement. A node's part of its parent's chance is its weight among the siblings that have an
 * active client at or below them; a client draws u^(1/part), and the largest goes first (Efraimidis
 * and Spirakis, "Weighted random sampling with a reservoir", 2006).
 *
 * A tree like that of other sorters, without amounts: what clients hold is only summed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/kind/sorter.h"
#include "tepui/map.h"
#include "tepui/module.h"

struct sorter_random {
	struct tp_instance instance;
};

/* A path, of a client or above one. What a client with clients below it uses itself stands for a
 * child of weight 1. */
struct node {
	struct tp_map_node by_path; /* its key is the node's own */
	struct node *parent;        /* NULL: top level, or the root itself */
	double weight;
	uint32_t n_refs;         /* children, its client, its weight */
	uint32_t client;         /* index, or UINT32_MAX */
	uint32_t n_active_below; /* active clients strictly below it */
	double sum;              /* of the weights of its live children, while sorting */
	double part;             /* of all chance, while sorting */
	uint64_t pass;           /* of the sorting that `sum` is of */
};

struct client {
	struct node *node; /* NULL = free */
	bool active;
	uint32_t tag;
	double key;
	struct tp_quantities held;
};

struct order {
	struct tp_sorter_spec spec;
	struct tp_map nodes;
	struct node root;
	struct client *clients;
	uint32_t n_clients, room, n_used;
	uint32_t *sorted; /* indices, then tags */
	uint32_t sorted_room;
	uint64_t chance, pass;
	struct tp_quantities held;
};

static void *random_create(void *impl, const struct tp_sorter_spec *spec)
{
	struct order *self = tp_alloc(sizeof *self);

	(void)impl;
	self->spec = *spec;
	self->chance = spec->seed;
	self->root.client = UINT32_MAX;
	tp_map_init(&self->nodes);
	return self;
}

static void node_destroy(struct order *self, struct node *node)
{
	char *path = (char *)node->by_path.key;

	tp_map_remove(&self->nodes, &node->by_path);
	tp_free(path);
	tp_free(node);
}

static void random_destroy(void *sorter)
{
	struct order *self = sorter;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &self->nodes)
		node_destroy(self, tp_map_entry(node, struct node, by_path));
	tp_map_fini(&self->nodes);
	tp_free(self->clients);
	tp_free(self->sorted);
	tp_free(self);
}

/* --- the tree -------------------------------------------------------------------------- */

static struct node *node_get(struct order *self, const char *path)
{
	struct node *node = tp_map_get(&self->nodes, path, struct node, by_path);
	const char *slash = self->spec.flat ? NULL : strrchr(path, '/');

	if (node != NULL)
		return node;
	node = tp_alloc(sizeof *node);
	node->weight = 1;
	node->client = UINT32_MAX;
	node->parent = &self->root;
	if (slash != NULL) {
		char *above = tp_strndup(path, (size_t)(slash - path));

		node->parent = node_get(self, above);
		tp_free(above);
	}
	node->parent->n_refs++;
	tp_map_add(&self->nodes, &node->by_path, tp_strdup(path));
	return node;
}

static void node_release(struct order *self, struct node *node)
{
	struct node *parent;

	while (--node->n_refs == 0 && node != &self->root) {
		parent = node->parent;
		node_destroy(self, node);
		node = parent;
	}
}

static uint32_t random_add(void *sorter, const char *path, uint32_t tag)
{
	struct order *self = sorter;
	struct node *node = node_get(self, path);
	uint32_t i;

	for (i = 0; i < self->n_clients && self->clients[i].node != NULL; i++)
		;
	if (i == self->room) {
		self->room = self->room == 0 ? 8 : 2 * self->room;
		self->clients =
			tp_realloc(self->clients, self->room * sizeof *self->clients);
	}
	if (i == self->n_clients)
		self->n_clients++;
	self->clients[i] = (struct client){ .node = node, .tag = tag };
	node->client = i;
	node->n_refs++;
	self->n_used++;
	return i;
}

static void count_above(struct node *node, uint32_t by)
{
	for (node = node->parent; node != NULL; node = node->parent)
		node->n_active_below += by;
}

static void random_activate(void *sorter, uint32_t client)
{
	struct order *self = sorter;

	if (self->clients[client].active)
		return;
	self->clients[client].active = true;
	count_above(self->clients[client].node, 1);
}

static void random_deactivate(void *sorter, uint32_t client)
{
	struct order *self = sorter;

	if (!self->clients[client].active)
		return;
	self->clients[client].active = false;
	count_above(self->clients[client].node, UINT32_MAX);
}

static void random_remove(void *sorter, uint32_t client)
{
	struct order *self = sorter;
	struct node *node = self->clients[client].node;

	random_deactivate(self, client);
	tp_quantities_subtract(&self->held, &self->clients[client].held);
	self->clients[client].node = NULL;
	self->n_used--;
	node->client = UINT32_MAX;
	node_release(self, node);
}

static void random_update_weight(void *sorter, const char *path, double weight)
{
	struct node *node = node_get(sorter, path);

	node->n_refs++; /* until we are done with it */
	if (node->weight == 1 && weight != 1)
		node->n_refs++;
	if (node->weight != 1 && weight == 1)
		node->n_refs--;
	node->weight = weight;
	node_release(sorter, node);
}

/* --- amounts --------------------------------------------------------------------------- */

static void random_allocated(
	void *sorter, uint32_t client, uint32_t agent, const struct tp_quantities *amount)
{
	struct order *self = sorter;

	(void)agent;
	tp_quantities_add(&self->clients[client].held, amount);
	tp_quantities_add(&self->held, amount);
}

static void random_unallocated(
	void *sorter, uint32_t client, uint32_t agent, const struct tp_quantities *amount)
{
	struct order *self = sorter;

	(void)agent;
	tp_quantities_subtract(&self->clients[client].held, amount);
	tp_quantities_subtract(&self->held, amount);
}

static void random_update(void *sorter, uint32_t client, uint32_t agent,
	const struct tp_quantities *from, const struct tp_quantities *to)
{
	random_unallocated(sorter, client, agent, from);
	random_allocated(sorter, client, agent, to);
}

static void random_allocation(
	const void *sorter, uint32_t client, struct tp_quantities *ret)
{
	*ret = ((const struct order *)sorter)->clients[client].held;
}

static void random_allocation_total(const void *sorter, struct tp_quantities *ret)
{
	*ret = ((const struct order *)sorter)->held;
}

/* --- order ----------------------------------------------------------------------------- */

/* Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014. In (0, 1). */
static double chance_next(struct order *self)
{
	uint64_t z = self->chance += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static bool client_active(const struct order *self, const struct node *node)
{
	return node->client != UINT32_MAX && self->clients[node->client].active;
}

/* Adds the node's weight to the sum of its parent, once in this pass, and so on upwards. */
static void sum_up(struct order *self, struct node *node)
{
	for (; node->parent != NULL && node->pass != self->pass; node = node->parent) {
		if (node->parent->pass != self->pass && node->parent != &self->root)
			node->parent->sum = 0;
		node->pass = self->pass;
		node->part = 0;
		node->parent->sum += node->weight;
	}
}

static double part_of(const struct order *self, struct node *node)
{
	if (node == &self->root)
		return 1;
	if (node->part == 0) {
		double above = part_of(self, node->parent);
		const struct node *parent = node->parent;
		double of_parent = client_active(self, parent) ? 1 : 0;

		node->part = above * node->weight / (parent->sum + of_parent);
	}
	return node->part;
}

static double client_part(const struct order *self, struct node *node)
{
	double part = part_of(self, node);

	return node->n_active_below == 0 ? part : part / (node->sum + 1);
}

static int key_compare(const void *a, const void *b, void *arg)
{
	const struct order *self = arg;
	double left = self->clients[*(const uint32_t *)a].key;
	double right = self->clients[*(const uint32_t *)b].key;

	return left < right ? -1 : left > right;
}

/* The key is -ln(u)/part: its order is that of u^(1/part), the largest first. */
static const uint32_t *random_sort(void *sorter, uint32_t *ret_n)
{
	struct order *self = sorter;
	uint32_t n = 0, i;

	if (self->sorted_room < self->n_clients) {
		self->sorted_room = self->n_clients;
		self->sorted = tp_realloc(
			self->sorted, self->sorted_room * sizeof *self->sorted);
	}
	self->pass++;
	self->root.sum = 0;
	for (i = 0; i < self->n_clients; i++)
		if (self->clients[i].node != NULL && self->clients[i].active) {
			self->sorted[n++] = i;
			sum_up(self, self->clients[i].node);
		}
	for (i = 0; i < n; i++) {
		struct client *client = &self->clients[self->sorted[i]];

		client->key = -log(chance_next(self)) / client_part(self, client->node);
	}
	if (n > 0)
		qsort_r(self->sorted, n, sizeof *self->sorted, key_compare, self);
	for (i = 0; i < n; i++)
		self->sorted[i] = self->clients[self->sorted[i]].tag;
	*ret_n = n;
	return self->sorted;
}

static bool random_contains(const void *sorter, const char *path)
{
	const struct order *self = sorter;
	const struct node *node = tp_map_get(&self->nodes, path, struct node, by_path);

	return node != NULL && node->client != UINT32_MAX;
}

static uint32_t random_count(const void *sorter)
{
	return ((const struct order *)sorter)->n_used;
}

static const struct tp_sorter_ops random_ops = {
	.create = random_create,
	.destroy = random_destroy,
	.add = random_add,
	.remove = random_remove,
	.activate = random_activate,
	.deactivate = random_deactivate,
	.update_weight = random_update_weight,
	.allocated = random_allocated,
	.update = random_update,
	.unallocated = random_unallocated,
	.allocation = random_allocation,
	.allocation_total = random_allocation_total,
	.sort = random_sort,
	.contains = random_contains,
	.count = random_count,
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "sorter-random",
	.version = "1.0",
	.summary = "By chance and weight, anew whenever it is asked",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("sorter", TP_SORTER_ABI,
							 random_ops, "random"),
		{ 0 } },
	.instance_size = sizeof(struct sorter_random),
};
