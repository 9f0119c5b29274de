/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles of resources: sums, differences and comparisons. Invariants: no item is empty, and no
 * two items could be merged. Order is that of arrival, so that whoever walks a bundle does the
 * same everywhere. The array has room for exactly what a copy needs and doubles when it grows.
 */
#include "tepui/resources.h"

#include <errno.h>
#include <string.h>

#include "core/cluster/resource_item.h"

void tp_resources_fini(struct tp_resources *r)
{
	uint32_t i;

	for (i = 0; i < r->n; i++)
		item_release(&r->items[i]);
	tp_free(r->items);
	r->items = NULL;
	r->n = r->room = 0;
}

void tp_resources_cleanup(struct tp_resources *r)
{
	tp_resources_fini(r);
}

static void make_room(struct tp_resources *r, uint32_t room)
{
	if (room <= r->room)
		return;
	r->items = tp_realloc(r->items, room * sizeof *r->items);
	r->room = room;
}

void tp_resources_copy(struct tp_resources *to, const struct tp_resources *from)
{
	struct tp_resources copy = TP_RESOURCES_INIT;

	make_room(&copy, from->n);
	for (; copy.n < from->n; copy.n++)
		copy.items[copy.n] = item_copy(&from->items[copy.n]);
	tp_resources_fini(to);
	*to = copy;
}

void tp_resources_move(struct tp_resources *to, struct tp_resources *from)
{
	struct tp_resources moved = *from;

	*from = (struct tp_resources)TP_RESOURCES_INIT;
	tp_resources_fini(to);
	*to = moved;
}

/* How many items of r are just like the one that only goes as a whole. */
static uint32_t count_wholes(
	const struct tp_resources *r, const struct tp_resource_item *item)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += item_subtractable(&r->items[i], item);
	return n;
}

static bool contains_item(const struct tp_resources *r, const struct tp_resources *part,
	const struct tp_resource_item *item)
{
	unsigned whole = item->key->flags & (TP_RESOURCE_WHOLE | TP_RESOURCE_SHARED);
	uint32_t i;

	if (whole == TP_RESOURCE_WHOLE)
		return count_wholes(r, item) >= count_wholes(part, item);
	for (i = 0; i < r->n; i++)
		if (item_contains(&r->items[i], item))
			return true;
	return false;
}

bool tp_resources_contains(const struct tp_resources *r, const struct tp_resources *part)
{
	uint32_t i;

	for (i = 0; i < part->n; i++)
		if (!contains_item(r, part, &part->items[i]))
			return false;
	return true;
}

bool tp_resources_equal(const struct tp_resources *a, const struct tp_resources *b)
{
	return a->n == b->n && tp_resources_contains(a, b) && tp_resources_contains(b, a);
}

/* The first item that `item` can be merged into, or NULL. */
static struct tp_resource_item *find_addable(
	const struct tp_resources *r, const struct tp_resource_item *item)
{
	uint32_t i;

	for (i = 0; i < r->n; i++)
		if (item_addable(&r->items[i], item))
			return &r->items[i];
	return NULL;
}

void tp_resources_add_item(struct tp_resources *r, const struct tp_resource_item *item)
{
	struct tp_resource_item *there = find_addable(r, item), copy;

	if (there != NULL) {
		item_add(there, item);
		return;
	}
	copy = item_copy(item); /* which may stand in the array that moves now */
	if (r->n == r->room)
		make_room(r, r->n < 2 ? 2 : r->n * 2);
	r->items[r->n++] = copy;
}

void tp_resources_add(struct tp_resources *r, const struct tp_resources *more)
{
	uint32_t i, n = more->n; /* of before, should both be the same */

	for (i = 0; i < n; i++)
		tp_resources_add_item(r, &more->items[i]);
}

static void remove_at(struct tp_resources *r, uint32_t at)
{
	item_release(&r->items[at]);
	r->n--;
	memmove(&r->items[at], &r->items[at + 1], (r->n - at) * sizeof *r->items);
}

void tp_resources_subtract_item(
	struct tp_resources *r, const struct tp_resource_item *item)
{
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		if (!item_subtractable(&r->items[i], item))
			continue;
		if (item_subtract(&r->items[i], item))
			remove_at(r, i);
		return;
	}
}

void tp_resources_subtract(struct tp_resources *r, const struct tp_resources *less)
{
	uint32_t i;

	if (r == less) {
		tp_resources_fini(r);
		return;
	}
	for (i = 0; i < less->n; i++)
		tp_resources_subtract_item(r, &less->items[i]);
}

int tp_resources_convert(struct tp_resources *r, const struct tp_resources *from,
	const struct tp_resources *to, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf has = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf wanted = TP_STRBUF_INIT;

	if (!tp_resources_contains(r, from)) {
		tp_resources_print(r, &has);
		tp_resources_print(from, &wanted);
		return tp_fail(err, ENOSPC, "%s does not contain %s",
			r->n == 0 ? "nothing" : tp_strbuf_text(&has),
			tp_strbuf_text(&wanted));
	}
	tp_resources_subtract(r, from);
	tp_resources_add(r, to);
	return 0;
}

void tp_resources_filter(struct tp_resources *to, const struct tp_resources *from,
	tp_resource_test_f *test, const void *user)
{
	uint32_t i;

	tp_assert(to != from);
	for (i = 0; i < from->n; i++)
		if (test(&from->items[i], user))
			tp_resources_add_item(to, &from->items[i]);
}

int64_t tp_resources_milli(const struct tp_resources *r, const char *name)
{
	const struct tp_resource_item *item;
	int64_t sum = 0;
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		item = &r->items[i];
		if (item->key->type == TP_VALUE_SCALAR &&
			strcmp(item->key->name, name) == 0 &&
			__builtin_add_overflow(sum, item->milli, &sum))
			return INT64_MAX;
	}
	return sum;
}

bool tp_resources_has(const struct tp_resources *r, const char *name)
{
	uint32_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->items[i].key->name, name) == 0)
			return true;
	return false;
}
