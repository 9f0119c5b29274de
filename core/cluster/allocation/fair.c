/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fair sorter: dominant resource fairness over a tree of clients. While the tree stays what
 * it is, a gift or a return moves one child on each level; its place is found by halving, and the
 * list of all clients is mended by moving one stretch of it. A new member, weight or cluster
 * total costs one sort of everything, when somebody asks next.
 *
 * No texts are compared but when members changed: they have ranks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cluster/allocation/fair_tree.h"
#include "core/cluster/allocation/vector.h"
#include "tepui/module.h"

#define FEW 16 /* children */

static void *fair_create(void *impl, const struct tp_sorter_spec *spec)
{
	struct fair *self = tp_alloc(sizeof *self);

	(void)impl;
	self->spec = *spec;
	fair_tree_init(self);
	return self;
}

static void fair_destroy(void *sorter)
{
	struct fair *self = sorter;

	fair_tree_fini(self);
	tp_free(self);
}

/* --- order ----------------------------------------------------------------------------- */

static void totals_read(struct fair *self)
{
	const struct tp_sorter_cluster *cluster = self->spec.cluster;
	uint32_t i;

	self->n_counted = 0;
	for (i = 0; i < cluster->n_names; i++) {
		if (cluster->total.milli[i] <= 0 ||
			(cluster->excluded_mask & UINT32_C(1) << i) != 0)
			continue;
		self->counted[self->n_counted] = i;
		self->total[self->n_counted++] = (double)cluster->total.milli[i];
	}
}

static double share_of(const struct fair *self, const struct fair_node *node)
{
	double largest = 0, fraction;
	uint32_t i;

	for (i = 0; i < self->n_counted; i++) {
		fraction = (double)node->held.milli[self->counted[i]] / self->total[i];
		if (fraction > largest)
			largest = fraction;
	}
	return node->weight == 1 ? largest : largest / node->weight;
}

static uint64_t share_bits(const struct fair *self, const struct fair_node *node)
{
	double share = share_of(self, node);
	uint64_t bits;

	memcpy(&bits, &share, sizeof bits);
	return bits;
}

/* Without branches: nobody can foretell who comes before whom. */
static bool key_before(const struct fair_key *a, const struct fair_key *b)
{
	unsigned less = a->share < b->share, same = a->share == b->share;

	return (less | (same & (a->turn < b->turn))) != 0;
}

/* How many of the ordered children items[0..n) come before the key. */
static uint32_t place_of(const struct fair *self, const uint32_t *items, uint32_t n,
	const struct fair_key *key)
{
	uint32_t low = 0, half;
	bool before;

	if (n == 0 || !key_before(&self->keys[items[0]], key))
		return 0;
	while (n > 0) {
		half = n / 2;
		before = key_before(&self->keys[items[low + half]], key);
		low = before ? low + half + 1 : low;
		n = before ? n - half - 1 : half;
	}
	return low;
}

/* Where in `order` the clients of a parent's child number `place` begin, from the parent's own. */
static uint32_t offset_of(
	const struct fair *self, const struct fair_node *parent, uint32_t place)
{
	uint32_t offset = 0, i;

	if (parent->n_inner == 0)
		return place;
	for (i = 0; i < place; i++)
		offset += self->keys[parent->children[i]].n_active;
	return offset;
}

static uint32_t child_place(const struct fair *self, const struct fair_node *node)
{
	const struct fair_node *parent = node->parent;
	uint32_t i;

	if (parent->n_live > FEW)
		return place_of(
			self, parent->children, parent->n_live, &self->keys[node->index]);
	for (i = 0; parent->children[i] != node->index; i++)
		;
	return i;
}

/* Where in `order` the clients at or below a node begin. */
static uint32_t order_begin(const struct fair *self, const struct fair_node *node)
{
	uint32_t begin = 0;

	for (; node->parent != NULL; node = node->parent)
		begin += offset_of(self, node->parent, child_place(self, node));
	return begin;
}

static void rotate_one(uint32_t *items, uint32_t from, uint32_t to)
{
	uint32_t one = items[from];

	if (to > from && to - from < FEW) /* sooner done than called */
		for (; from < to; from++)
			items[from] = items[from + 1];
	else if (to > from)
		memmove(items + from, items + from + 1, (to - from) * sizeof *items);
	else
		memmove(items + to + 1, items + to, (from - to) * sizeof *items);
	items[to] = one;
}

static void rotate_many(uint32_t *items, uint32_t from, uint32_t to, uint32_t n)
{
	uint32_t few[64], *held = few;

	if (n > TP_COUNT(few))
		held = tp_alloc(n * sizeof *held);
	memcpy(held, items + from, n * sizeof *held);
	if (to > from)
		memmove(items + from, items + from + n, (to - from) * sizeof *items);
	else
		memmove(items + to + n, items + to, (from - to) * sizeof *items);
	memcpy(items + to, held, n * sizeof *held);
	if (held != few)
		tp_free(held);
}

/* Moves items[from..from+n) to begin at `to`, as counted without them. */
static void rotate(uint32_t *items, uint32_t from, uint32_t to, uint32_t n)
{
	if (from == to || n == 0)
		return;
	if (n == 1)
		rotate_one(items, from, to);
	else
		rotate_many(items, from, to, n);
}

/* Where the node, whose key changed from `old`, stood among its siblings. Mostly it was the first. */
static uint32_t place_before(
	struct fair *self, const struct fair_node *node, const struct fair_key *old)
{
	const struct fair_node *parent = node->parent;
	struct fair_key *key = &self->keys[node->index], now = *key;
	uint32_t from;

	if (parent->children[0] == node->index)
		return 0;
	*key = *old;
	from = place_of(self, parent->children, parent->n_live, key);
	*key = now;
	return from;
}

/* Where the child number `from` belongs, as counted without it. Often it stays, or becomes the last. */
static uint32_t place_after(
	const struct fair *self, const struct fair_node *parent, uint32_t from)
{
	const uint32_t *items = parent->children;
	const struct fair_key *key = &self->keys[items[from]];
	uint32_t last = parent->n_live - 1;

	if (from == last || key_before(key, &self->keys[items[from + 1]]))
		return place_of(self, items, from, key);
	if (key_before(&self->keys[items[last]], key))
		return last;
	return from + place_of(self, items + from + 1, last - from, key);
}

/*
 * Its place among few siblings: it steps over them. Returns how many clients are before its own, and
 * how many were.
 */
static inline uint32_t node_step(struct fair *self, const struct fair_node *node,
	struct fair_key from, struct fair_key to, uint32_t *ret_were)
{
	const struct fair_key *keys = self->keys;
	uint32_t *items = node->parent->children, last = node->parent->n_live - 1;
	uint32_t at = 0, n_before = 0;
	bool more = key_before(&from, &to);

	for (; items[at] != node->index; at++)
		n_before += keys[items[at]].n_active;
	*ret_were = n_before;
	for (; more && at < last && key_before(&keys[items[at + 1]], &to); at++) {
		items[at] = items[at + 1];
		n_before += keys[items[at]].n_active;
	}
	for (; !more && at > 0 && key_before(&to, &keys[items[at - 1]]); at--) {
		items[at] = items[at - 1];
		n_before -= keys[items[at]].n_active;
	}
	items[at] = node->index;
	return n_before;
}

/* The same among many: both places are found by halving. */
static uint32_t node_leap(struct fair *self, const struct fair_node *node,
	struct fair_key from, uint32_t *ret_were)
{
	const struct fair_node *parent = node->parent;
	uint32_t was = place_before(self, node, &from);
	uint32_t is = place_after(self, parent, was);

	*ret_were = offset_of(self, parent, was);
	rotate_one(parent->children, was, is);
	return offset_of(self, parent, is);
}

/*
 * The node's key changed: its place among its siblings, and its clients' in `order`, where those of its
 * parent begin at `begin`. Returns where its own do. Keys come by value: one that is read as a whole
 * right after parts of it were written makes a processor wait.
 */
static inline uint32_t node_move(struct fair *self, const struct fair_node *node,
	struct fair_key from, struct fair_key to, uint32_t begin)
{
	uint32_t were, now;

	now = node->parent->n_live <= FEW ? node_step(self, node, from, to, &were)
					  : node_leap(self, node, from, &were);
	rotate(self->order + begin, were, now, to.n_active);
	return begin + now;
}

static int rank_compare(const void *a, const void *b, void *arg)
{
	const struct fair *self = arg;

	return strcmp(self->nodes[*(const uint32_t *)a]->by_path.key,
		self->nodes[*(const uint32_t *)b]->by_path.key);
}

static int key_compare(const void *a, const void *b, void *arg)
{
	const struct fair *self = arg;
	const struct fair_key *left = &self->keys[*(const uint32_t *)a];
	const struct fair_key *right = &self->keys[*(const uint32_t *)b];

	return key_before(left, right) ? -1 : 1;
}

static void rank_set(struct fair_key *key, uint32_t rank)
{
	key->turn = (key->turn & ~(FAIR_GIFT - 1)) | rank;
}

static void children_rank(struct fair *self, struct fair_node *node)
{
	uint32_t i;

	if (node->n_children == 0)
		return;
	qsort_r(node->children, node->n_children, sizeof *node->children, rank_compare,
		self);
	for (i = 0; i < node->n_children; i++)
		rank_set(&self->keys[node->children[i]], i);
}

/* Inactive clients to the end, the others by their keys. */
static void children_sort(struct fair *self, struct fair_node *node)
{
	uint32_t i, child;

	node->n_live = node->n_children;
	for (i = node->n_children; i-- > 0;) {
		child = node->children[i];
		if (self->nodes[child]->kind != FAIR_INACTIVE)
			continue;
		node->children[i] = node->children[--node->n_live];
		node->children[node->n_live] = child;
	}
	if (node->n_live > 0)
		qsort_r(node->children, node->n_live, sizeof *node->children, key_compare,
			self);
}

static void order_append(struct fair *self, const struct fair_node *node, uint32_t *n)
{
	const struct fair_node *child;
	uint32_t i;

	for (i = 0; i < node->n_live; i++) {
		child = self->nodes[node->children[i]];
		if (child->kind == FAIR_ACTIVE)
			self->order[(*n)++] = child->tag;
		else
			order_append(self, child, n);
	}
}

static void sort_all(struct fair *self)
{
	uint32_t i, n = 0;

	totals_read(self);
	for (i = 0; i < self->n_nodes; i++)
		if (self->nodes[i] != NULL)
			self->keys[i].share = share_bits(self, self->nodes[i]);
	for (i = 0; i < self->n_nodes; i++) {
		if (self->nodes[i] == NULL || self->nodes[i]->kind != FAIR_INNER)
			continue;
		if (!self->ranked)
			children_rank(self, self->nodes[i]);
		children_sort(self, self->nodes[i]);
	}
	if (self->order_room < self->n_clients) {
		self->order_room = self->n_clients;
		self->order =
			tp_realloc(self->order, self->order_room * sizeof *self->order);
	}
	order_append(self, self->root, &n);
	self->ranked = self->sorted = true;
	self->generation = self->spec.cluster->generation;
}

static bool is_sorted(const struct fair *self)
{
	return self->sorted && self->generation == self->spec.cluster->generation;
}

static const uint32_t *fair_sort(void *sorter, uint32_t *ret_n)
{
	struct fair *self = sorter;

	if (!is_sorted(self))
		sort_all(self);
	*ret_n = self->keys[self->root->index].n_active;
	return self->order;
}

/* --- members --------------------------------------------------------------------------- */

static uint32_t fair_add(void *sorter, const char *path, uint32_t tag)
{
	return fair_client_add(sorter, path, tag)->index;
}

static void fair_remove(void *sorter, uint32_t client)
{
	struct fair *self = sorter;

	fair_client_remove(self, self->nodes[client]);
}

static uint32_t active_count(const struct fair *self)
{
	return self->keys[self->root->index].n_active;
}

static void count_active(struct fair *self, const struct fair_node *node, bool more)
{
	for (; node != NULL; node = node->parent)
		self->keys[node->index].n_active += more ? 1U : -1U;
}

/* Among the ordered children, and in `order`. */
static void child_enter(struct fair *self, struct fair_node *node)
{
	struct fair_node *parent = node->parent;
	uint32_t at = parent->n_live, place, begin;

	place = place_of(
		self, parent->children, parent->n_live, &self->keys[node->index]);
	begin = order_begin(self, parent) + offset_of(self, parent, place);
	while (parent->children[at] != node->index)
		at++;
	parent->children[at] = parent->children[parent->n_live];
	parent->children[parent->n_live] = node->index;
	rotate(parent->children, parent->n_live, place, 1);
	parent->n_live++;
	memmove(self->order + begin + 1, self->order + begin,
		(active_count(self) - begin) * sizeof *self->order);
	self->order[begin] = node->tag;
}

static void child_leave(struct fair *self, struct fair_node *node)
{
	struct fair_node *parent = node->parent;
	uint32_t place = child_place(self, node);
	uint32_t begin = order_begin(self, parent) + offset_of(self, parent, place);

	memmove(self->order + begin, self->order + begin + 1,
		(active_count(self) - begin - 1) * sizeof *self->order);
	rotate(parent->children, place, parent->n_live - 1, 1);
	parent->n_live--;
}

static void fair_activate(void *sorter, uint32_t client)
{
	struct fair *self = sorter;
	struct fair_node *node = self->nodes[client];

	if (node->kind == FAIR_ACTIVE)
		return;
	if (is_sorted(self))
		child_enter(self, node);
	node->kind = FAIR_ACTIVE;
	count_active(self, node, true);
}

static void fair_deactivate(void *sorter, uint32_t client)
{
	struct fair *self = sorter;
	struct fair_node *node = self->nodes[client];

	if (node->kind == FAIR_INACTIVE)
		return;
	if (is_sorted(self))
		child_leave(self, node);
	node->kind = FAIR_INACTIVE;
	count_active(self, node, false);
}

static void fair_update_weight(void *sorter, const char *path, double weight)
{
	fair_weight_set(sorter, path, weight);
}

/* --- amounts --------------------------------------------------------------------------- */

/*
 * What a client holds changed: new keys for it and all above it, in a tree that is sorted, from the top
 * down, since where a node's clients begin is counted from where its parent's do. Returns where
 * they do.
 */
static uint32_t shares_renew(
	struct fair *self, const struct fair_node *node, uint64_t gifts)
{
	struct fair_key *key = &self->keys[node->index];
	struct fair_key from = { key->share, key->turn, key->n_active };
	struct fair_key to = { share_bits(self, node), from.turn + gifts * FAIR_GIFT,
		from.n_active };
	uint32_t begin = node->parent->parent == NULL
		? 0
		: shares_renew(self, node->parent, gifts);

	key->share = to.share;
	key->turn = to.turn;
	return node->kind == FAIR_INACTIVE ? begin
					   : node_move(self, node, from, to, begin);
}

static void holdings_add(struct fair *self, uint32_t client,
	const struct tp_quantities *more, uint64_t gifts)
{
	struct fair_node *node;

	for (node = self->nodes[client]; node != NULL; node = node->parent)
		vector_add(&node->held, more, self->spec.cluster->n_names);
	if (is_sorted(self))
		shares_renew(self, self->nodes[client], gifts);
	else
		for (node = self->nodes[client]; node != NULL; node = node->parent)
			self->keys[node->index].turn += gifts * FAIR_GIFT;
}

static void holdings_subtract(
	struct fair *self, uint32_t client, const struct tp_quantities *less)
{
	struct fair_node *node;

	for (node = self->nodes[client]; node != NULL; node = node->parent)
		vector_subtract(&node->held, less, self->spec.cluster->n_names);
	if (is_sorted(self))
		shares_renew(self, self->nodes[client], 0);
}

static void fair_allocated(
	void *sorter, uint32_t client, uint32_t agent, const struct tp_quantities *amount)
{
	(void)agent;
	holdings_add(sorter, client, amount, 1);
}

static void fair_update(void *sorter, uint32_t client, uint32_t agent,
	const struct tp_quantities *from, const struct tp_quantities *to)
{
	(void)agent;
	holdings_subtract(sorter, client, from);
	holdings_add(sorter, client, to, 0);
}

static void fair_unallocated(
	void *sorter, uint32_t client, uint32_t agent, const struct tp_quantities *amount)
{
	(void)agent;
	holdings_subtract(sorter, client, amount);
}

static void fair_allocation(
	const void *sorter, uint32_t client, struct tp_quantities *ret)
{
	const struct fair *self = sorter;

	*ret = self->nodes[client]->held;
}

static void fair_allocation_total(const void *sorter, struct tp_quantities *ret)
{
	const struct fair *self = sorter;

	*ret = self->root->held;
}

static bool fair_contains(const void *sorter, const char *path)
{
	return fair_client_find(sorter, path) != NULL;
}

static uint32_t fair_count(const void *sorter)
{
	const struct fair *self = sorter;

	return self->n_clients;
}

static double fair_share(void *sorter, uint32_t client)
{
	struct fair *self = sorter;

	totals_read(self);
	return share_of(self, self->nodes[client]);
}

const struct tp_sorter_ops tp_sorter_fair_ops = {
	.create = fair_create,
	.destroy = fair_destroy,
	.add = fair_add,
	.remove = fair_remove,
	.activate = fair_activate,
	.deactivate = fair_deactivate,
	.update_weight = fair_update_weight,
	.allocated = fair_allocated,
	.update = fair_update,
	.unallocated = fair_unallocated,
	.allocation = fair_allocation,
	.allocation_total = fair_allocation_total,
	.sort = fair_sort,
	.contains = fair_contains,
	.count = fair_count,
	.share = fair_share,
};

int tp_sorter_find(const struct tp_services *sorters, const char *key,
	struct tp_sorter *ret, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf keys = TP_STRBUF_INIT;
	size_t i;

	for (i = 0; i < sorters->n; i++) {
		const struct tp_service_item *item = &sorters->items[i];

		if (tp_streq(item->key, key)) {
			*ret = (struct tp_sorter){ item->service.ops,
				item->service.impl };
			return 0;
		}
		tp_strbuf_printf(&keys, "%s'%s'", i == 0 ? "" : ", ",
			item->key == NULL ? "" : item->key);
	}
	return tp_fail(err, ENOENT,
		"no sorter '%s' among the modules of the manifest, which have %s", key,
		sorters->n == 0 ? "none" : tp_strbuf_text(&keys));
}
