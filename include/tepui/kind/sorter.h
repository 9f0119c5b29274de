/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `sorter`: says whose turn it is. An allocator makes one sorter for its roles and one for
 * the frameworks of each role; the key of the provide row ("drf", "random") is what operators
 * write as `role_sorter` and `framework_sorter`.
 *
 * Clients are paths ("eng/web"); the order is that of a tree walked depth first, children in the
 * order of the policy. A path that is a client and has clients below it uses what it uses itself
 * through a child of its own, named ".".
 *
 * Dense: add() gives a client its handle (small, reused after removal), sort() returns the tags
 * that came with add(). Amounts are vectors of thousandths (quantities.h); who holds what of which
 * agent is the allocator's knowledge: a shared resource that one client holds twice on one agent
 * is told once.
 *
 * Who calls: the allocator, on the loop. May it block: never. May it call back: never. Nothing
 * here fails: paths are valid, and each is one client.
 *
 * Needed are create, destroy, add, remove, activate, deactivate, allocated, update, unallocated
 * and sort. An allocator does without what is NULL.
 *
 * Changelog of TP_SORTER_ABI:  1 first
 */
#ifndef TEPUI_KIND_SORTER_H
#define TEPUI_KIND_SORTER_H

#include "tepui/error.h"
#include "tepui/quantities.h"

#define TP_SORTER_ABI 1

struct tp_services;

/*
 * What all agents have together: one for all sorters of an allocator, which changes it and then
 * counts `generation` up. Sorters look at it when they sort.
 */
struct tp_sorter_cluster {
	struct tp_quantities total; /* revocable ones included */
	uint64_t generation;
	uint32_t n_names;       /* places of the vectors that are in use */
	uint32_t excluded_mask; /* bit n: place n counts for nobody's share */
};

struct tp_sorter_spec {
	const struct tp_sorter_cluster *cluster; /* borrowed; outlives the sorter */
	bool flat;     /* paths are names: a '/' in them means nothing */
	uint64_t seed; /* for orders that chance decides */
};

struct tp_sorter_ops {
	void *(*create)(void *impl, const struct tp_sorter_spec *spec);
	void (*destroy)(void *sorter);

	/* A new client, inactive, that holds nothing. Returns its handle. The path is copied. */
	uint32_t (*add)(void *sorter, const char *path, uint32_t tag);
	/* What it still holds is forgotten. */
	void (*remove)(void *sorter, uint32_t client);
	/* Only active clients are listed by sort(). Both are idempotent. */
	void (*activate)(void *sorter, uint32_t client);
	void (*deactivate)(void *sorter, uint32_t client);
	/* Of the path among its siblings, > 0; also before it is there. Default 1. */
	void (*update_weight)(void *sorter, const char *path, double weight);

	/* It was given something of this agent: counts as one more gift. */
	void (*allocated)(void *sorter, uint32_t client, uint32_t agent,
		const struct tp_quantities *amount);
	/* What it holds was converted; no gift. */
	void (*update)(void *sorter, uint32_t client, uint32_t agent,
		const struct tp_quantities *from, const struct tp_quantities *to);
	void (*unallocated)(void *sorter, uint32_t client, uint32_t agent,
		const struct tp_quantities *amount);
	/* What a client holds, and what all of them hold. */
	void (*allocation)(
		const void *sorter, uint32_t client, struct tp_quantities *ret);
	void (*allocation_total)(const void *sorter, struct tp_quantities *ret);

	/* Tags of the active clients, whose turn it is first. Borrowed until the next call of
	 * anything but the queries. */
	const uint32_t *(*sort)(void *sorter, uint32_t *ret_n);

	bool (*contains)(const void *sorter, const char *path);
	uint32_t (*count)(const void *sorter); /* of clients, active or not */
	/* The number that orders the client, for people; NULL when the policy has none. */
	double (*share)(void *sorter, uint32_t client);
};

struct tp_sorter {
	const struct tp_sorter_ops *ops;
	void *impl;
};

/*
 * Dominant resource fairness: the smallest of (share / weight, gifts so far, path) first. A share
 * is the largest fraction of a resource's total that the client holds. For policies that are
 * fair inside something else; the module for manifests wraps it.
 */
TP_EXPORT extern const struct tp_sorter_ops tp_sorter_fair_ops;

/* The provider with this key. -ENOENT names the keys that there are. */
TP_EXPORT int tp_sorter_find(const struct tp_services *sorters, const char *key,
	struct tp_sorter *ret, struct tp_error *err);

#endif
