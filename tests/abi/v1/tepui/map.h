/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intrusive hash map from text to objects. The node sits in the object, the key is borrowed
 * from it; the map allocates only its bucket array. Iteration is in order of insertion, so that
 * everything that walks a map is deterministic.
 */
#ifndef TEPUI_MAP_H
#define TEPUI_MAP_H

#include "tepui/list.h"

struct tp_map_node {
	struct tp_map_node *chain;
	const char *key; /* borrowed; must not change while it is in the map */
	uint32_t hash;
	struct tp_list order;
};

struct tp_map {
	struct tp_map_node **buckets;
	size_t n_buckets; /* a power of two, or 0 */
	size_t n;
	struct tp_list order;
};

TP_EXPORT void tp_map_init(struct tp_map *map);
/* Frees the bucket array; the objects are the caller's. */
TP_EXPORT void tp_map_fini(struct tp_map *map);
/* The node must not be in a map. Returns false and does nothing when the key is there. */
TP_EXPORT bool tp_map_add(struct tp_map *map, struct tp_map_node *node, const char *key);
TP_EXPORT void tp_map_remove(struct tp_map *map, struct tp_map_node *node);
TP_EXPORT struct tp_map_node *tp_map_find(const struct tp_map *map, const char *key);

/* The object with that key, or NULL. */
#define tp_map_get(map, key, type, member) \
	((type *)tp_map_owner(tp_map_find((map), (key)), offsetof(type, member)))
static inline void *tp_map_owner(struct tp_map_node *node, size_t offset)
{
	return node == NULL ? NULL : (char *)node - offset;
}

/* `node` and `tmp` are struct tp_list *; tp_map_entry() gives the object. */
#define tp_map_foreach(node, tmp, map) tp_list_foreach (node, tmp, &(map)->order)
#define tp_map_entry(node, type, member) \
	tp_container_of(tp_container_of(node, struct tp_map_node, order), type, member)

TP_EXPORT uint32_t tp_hash_text(const char *text);

#endif
