/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities: the table of names and what connects vectors with bundles. The arithmetic itself
 * is inline in the header.
 */
#include "tepui/quantities.h"

#include <errno.h>
#include <string.h>

static const char *const known_names[TP_KNOWN_MAX] = { "cpus", "mem", "disk", "gpus" };

void tp_quantity_names_init(struct tp_quantity_names *names)
{
	memset(names, 0, sizeof *names);
	for (; names->n < TP_KNOWN_MAX; names->n++)
		names->names[names->n] = known_names[names->n];
}

void tp_quantity_names_fini(struct tp_quantity_names *names)
{
	while (names->n > TP_KNOWN_MAX)
		tp_free((void *)names->names[--names->n]);
}

int tp_quantity_names_find(const struct tp_quantity_names *names, const char *name)
{
	uint32_t i;

	for (i = 0; i < names->n; i++)
		if (strcmp(names->names[i], name) == 0)
			return (int)i;
	return -ENOENT;
}

int tp_quantity_names_add(struct tp_quantity_names *names, const char *name)
{
	int at = tp_quantity_names_find(names, name);

	if (at >= 0)
		return at;
	if (names->n == TP_QUANTITIES_MAX)
		return -ENOSPC;
	names->names[names->n] = tp_strdup(name);
	return (int)names->n++;
}

void tp_quantities_add_resources(struct tp_quantities *q, struct tp_quantity_names *names,
	const struct tp_resources *r)
{
	const struct tp_resource_item *item;
	uint32_t i;
	int at;

	for (i = 0; i < r->n; i++) {
		item = &r->items[i];
		at = tp_quantity_of(names, item);
		if (at < 0 && item->key->type == TP_VALUE_SCALAR)
			at = tp_quantity_names_add(names, item->key->name);
		if (at >= 0 &&
			__builtin_add_overflow(q->milli[at], item->milli, &q->milli[at]))
			q->milli[at] = INT64_MAX;
	}
}

void tp_quantities_subtract_resources(struct tp_quantities *q,
	const struct tp_quantity_names *names, const struct tp_resources *r)
{
	struct tp_quantities less = { { 0 } };
	const struct tp_resource_item *item;
	uint32_t i;
	int at;

	for (i = 0; i < r->n; i++) {
		item = &r->items[i];
		at = tp_quantity_of(names, item);
		if (at >= 0 &&
			__builtin_add_overflow(
				less.milli[at], item->milli, &less.milli[at]))
			less.milli[at] = INT64_MAX;
	}
	tp_quantities_subtract(q, &less);
}

/* Keeps of the item what fits into *left; false when nothing is kept. */
static bool shrink_item(struct tp_resource_item *item, int64_t *left)
{
	if (item->milli > *left) {
		if ((item->key->flags & TP_RESOURCE_WHOLE) != 0 || *left <= 0)
			return false;
		item->milli = *left;
	}
	if (*left != INT64_MAX)
		*left -= item->milli;
	return true;
}

void tp_resources_shrink(struct tp_resources *r, const struct tp_quantity_names *names,
	struct tp_quantities *left)
{
	struct tp_resources kept = TP_RESOURCES_INIT;
	struct tp_resource_item item;
	uint32_t i;
	int at;

	for (i = 0; i < r->n; i++) {
		item = r->items[i]; /* borrows its references */
		at = tp_quantity_of(names, &item);
		if (at < 0 || shrink_item(&item, &left->milli[at]))
			tp_resources_add_item(&kept, &item);
	}
	tp_resources_move(r, &kept);
}

int tp_quantities_parse(struct tp_quantities *ret, struct tp_quantity_names *names,
	const char *text, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_quantities q = { { 0 } };
	uint32_t i;
	int result;

	result = tp_resources_parse(&r, text, NULL, err);
	if (result < 0)
		return result;
	for (i = 0; i < r.n; i++) {
		if (r.items[i].key->type != TP_VALUE_SCALAR ||
			r.items[i].key->n_reservations > 0)
			return tp_fail(err, EINVAL,
				"'%s': quantities are numbers without roles, '%s' is not",
				text, r.items[i].key->name);
		if (tp_quantity_names_add(names, r.items[i].key->name) < 0)
			return tp_fail(err, ENOSPC,
				"'%s': only %d different resources are counted", text,
				TP_QUANTITIES_MAX);
	}
	tp_quantities_add_resources(&q, names, &r);
	*ret = q;
	return 0;
}
