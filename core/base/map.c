/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash map: chained buckets, a power of two of them, doubled when there is one node per
 * bucket. Each node keeps its hash, so growing touches no key. The ring `order` carries the
 * order of insertion. It never shrinks: maps of daemons fill up again.
 */
#include "tepui/map.h"

#include <string.h>

#define BUCKETS_MIN ((size_t)8)

/* FNV-1a, finished with the mixer of murmur3 so that the low bits depend on all of them. */
uint32_t tp_hash_text(const char *text)
{
	uint32_t hash = UINT32_C(2166136261);
	const unsigned char *c;

	for (c = (const unsigned char *)text; *c != '\0'; c++)
		hash = (hash ^ *c) * UINT32_C(16777619);
	hash = (hash ^ (hash >> 16)) * UINT32_C(0x85ebca6b);
	hash = (hash ^ (hash >> 13)) * UINT32_C(0xc2b2ae35);
	return hash ^ (hash >> 16);
}

void tp_map_init(struct tp_map *map)
{
	map->buckets = NULL;
	map->n_buckets = 0;
	map->n = 0;
	tp_list_init(&map->order);
}

void tp_map_fini(struct tp_map *map)
{
	tp_free(map->buckets);
	map->buckets = NULL;
	map->n_buckets = 0;
	map->n = 0;
	tp_list_init(&map->order);
}

static struct tp_map_node **bucket(const struct tp_map *map, uint32_t hash)
{
	return &map->buckets[hash & (map->n_buckets - 1)];
}

static struct tp_map_node *find(const struct tp_map *map, const char *key, uint32_t hash)
{
	struct tp_map_node *node;

	if (map->n_buckets == 0)
		return NULL;
	for (node = *bucket(map, hash); node != NULL; node = node->chain)
		if (node->hash == hash && strcmp(node->key, key) == 0)
			return node;
	return NULL;
}

static void put(struct tp_map *map, struct tp_map_node *node)
{
	struct tp_map_node **head = bucket(map, node->hash);

	node->chain = *head;
	*head = node;
}

static void grow(struct tp_map *map)
{
	struct tp_list *link, *tmp;

	map->n_buckets = map->n_buckets == 0 ? BUCKETS_MIN : map->n_buckets * 2;
	tp_free(map->buckets);
	map->buckets = tp_alloc(map->n_buckets * sizeof *map->buckets);
	tp_list_foreach (link, tmp, &map->order)
		put(map, tp_container_of(link, struct tp_map_node, order));
}

bool tp_map_add(struct tp_map *map, struct tp_map_node *node, const char *key)
{
	uint32_t hash = tp_hash_text(key);

	if (find(map, key, hash) != NULL)
		return false;
	if (map->n >= map->n_buckets)
		grow(map);
	node->key = key;
	node->hash = hash;
	put(map, node);
	tp_list_append(&map->order, &node->order);
	map->n++;
	return true;
}

void tp_map_remove(struct tp_map *map, struct tp_map_node *node)
{
	struct tp_map_node **at;

	tp_assert(map->n > 0);
	for (at = bucket(map, node->hash); *at != node; at = &(*at)->chain)
		tp_assert(*at != NULL);
	*at = node->chain;
	node->chain = NULL;
	tp_list_remove(&node->order);
	map->n--;
}

struct tp_map_node *tp_map_find(const struct tp_map *map, const char *key)
{
	return find(map, key, tp_hash_text(key));
}
