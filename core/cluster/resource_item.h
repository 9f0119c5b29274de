/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and items: what resources.c calculates with.
 */
#ifndef CLUSTER_RESOURCE_ITEM_H
#define CLUSTER_RESOURCE_ITEM_H

#include "tepui/resource.h"

/*
 * A key of its own for the record: without value and allocation. The record is valid, its
 * reservations in the `reservations` format.
 */
const struct tp_resource_key *key_create(const struct tp_resource *record);
const struct tp_resource_key *key_ref(const struct tp_resource_key *key);
void key_unref(const struct tp_resource_key *key);
/* The same resource? How a volume is mounted, and who made it, makes no difference. */
bool key_same(const struct tp_resource_key *a, const struct tp_resource_key *b);
/* Alike in everything: one may stand for the other. */
bool key_alike(const struct tp_resource_key *a, const struct tp_resource_key *b);
/* Is this the key that key_create() would make of the record? */
bool key_fits(const struct tp_resource_key *key, const struct tp_resource *record);

/*
 * From a valid record in the `reservations` format, with a key and text of with[0..n) if one
 * fits; false when there is nothing of it.
 */
bool item_from_record(struct tp_resource_item *ret, const struct tp_resource *record,
	const struct tp_resource_item *with, size_t n);
/* Takes references of its own. */
struct tp_resource_item item_copy(const struct tp_resource_item *item);
void item_release(struct tp_resource_item *item);

/* Can b be merged into a? */
bool item_addable(const struct tp_resource_item *a, const struct tp_resource_item *b);
void item_add(struct tp_resource_item *a, const struct tp_resource_item *b);
/* Can b be taken from a (all of it, when a cannot be cut)? */
bool item_subtractable(
	const struct tp_resource_item *a, const struct tp_resource_item *b);
/* Returns true when nothing is left; the item then waits for its release. */
bool item_subtract(struct tp_resource_item *a, const struct tp_resource_item *b);
/* Is all of b in a? */
bool item_contains(const struct tp_resource_item *a, const struct tp_resource_item *b);

#endif
