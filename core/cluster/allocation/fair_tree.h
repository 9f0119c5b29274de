/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a fair sorter: its nodes, and the keys that order them. Keys are an array of their
 * own, so that finding a place among many siblings touches little memory.
 */
#ifndef ALLOCATION_FAIR_TREE_H
#define ALLOCATION_FAIR_TREE_H

#include "tepui/kind/sorter.h"
#include "tepui/map.h"

enum fair_kind { FAIR_INNER, FAIR_ACTIVE, FAIR_INACTIVE };

/* What a gift changes comes first. */
struct fair_node {
	struct fair_node *parent; /* NULL: the root */
	double weight;
	enum fair_kind kind;
	uint32_t index;            /* of its key; the handle of a client */
	uint32_t tag;              /* of a client */
	struct tp_quantities held; /* at or below it */
	/* Inner nodes and active clients in order, then inactive clients in none. */
	uint32_t *children;
	uint32_t n_children, n_live, n_inner, room;
	struct tp_map_node by_path; /* its key is the node's own */
};

#define FAIR_RANK_BITS 24
#define FAIR_GIFT (UINT64_C(1) << FAIR_RANK_BITS)

/* Order among siblings: by share, then by turn. */
struct fair_key {
	uint64_t share;    /* bits of a double >= 0: they are in its order (IEEE 754) */
	uint64_t turn;     /* gifts, and below them the rank by path among siblings */
	uint32_t n_active; /* active clients at or below it */
};

struct fair_weight {
	struct tp_map_node by_path;
	double weight;
};

/* What every gift needs comes first. */
struct fair {
	struct tp_sorter_spec spec;
	uint64_t generation; /* of the cluster, when it was sorted */
	bool sorted;         /* children and `order` are right for `generation` */
	bool ranked;         /* ranks are right */
	uint32_t n_counted;
	uint32_t *order; /* tags of active clients, depth first */
	struct fair_node *root;
	struct fair_node **nodes; /* by index; NULL = free */
	struct fair_key *keys;    /* by index */
	/* Of the cluster, when it was sorted: places that count, and what there is of each. */
	uint32_t counted[TP_QUANTITIES_MAX];
	double total[TP_QUANTITIES_MAX];
	uint32_t n_nodes, room, order_room;
	uint32_t *free_indices;
	uint32_t n_free, free_room;
	uint32_t n_clients;
	struct tp_map by_path, weights;
};

/* fair_tree.c: membership */
struct fair_node *fair_client_add(struct fair *self, const char *path, uint32_t tag);
void fair_client_remove(struct fair *self, struct fair_node *node);
struct fair_node *fair_client_find(const struct fair *self, const char *path);
void fair_weight_set(struct fair *self, const char *path, double weight);
void fair_tree_init(struct fair *self);
void fair_tree_fini(struct fair *self);

#endif
