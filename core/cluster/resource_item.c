/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items: a key, an allocation and an amount. Which items merge, which can be cut and which go
 * only as a whole is decided here and nowhere else.
 */
#include "core/cluster/resource_item.h"

#include <string.h>

#include "core/cluster/resource_value.h"
#include "tepui/role.h"

static bool value_from_record(
	struct tp_resource_item *item, const struct tp_resource *record)
{
	const struct tp_value_ranges *ranges = record->ranges;
	struct tp_span *spans;
	const char **words;
	size_t i;

	if (record->type == TP_VALUE_SCALAR) {
		item->milli = record->scalar->value_milli;
		return item->milli > 0;
	}
	if (record->type == TP_VALUE_RANGES) {
		spans = tp_alloc(ranges->n_range * sizeof *spans);
		for (i = 0; i < ranges->n_range; i++)
			spans[i] = (struct tp_span){ ranges->range[i]->begin,
				ranges->range[i]->end };
		item->spans = spans_create(spans, ranges->n_range);
		tp_free(spans);
		return item->spans != NULL;
	}
	words = tp_alloc(record->set->n_item * sizeof *words);
	if (record->set->n_item > 0)
		memcpy(words, record->set->item, record->set->n_item * sizeof *words);
	item->words = words_create(words, record->set->n_item);
	tp_free(words);
	return item->words != NULL;
}

static const struct tp_resource_key *find_key(
	const struct tp_resource *record, const struct tp_resource_item *with, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (key_fits(with[i].key, record))
			return key_ref(with[i].key);
	return key_create(record);
}

static const struct tp_shared_text *find_text(
	const char *text, const struct tp_resource_item *with, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tp_streq(tp_resource_allocation(&with[i]), text))
			return shared_text_ref(with[i].allocation);
	return shared_text_create(text);
}

bool item_from_record(struct tp_resource_item *ret, const struct tp_resource *record,
	const struct tp_resource_item *with, size_t n)
{
	struct tp_resource_item item = { .copies = 1 };

	if (!value_from_record(&item, record))
		return false;
	item.key = find_key(record, with, n);
	if (record->allocation_info != NULL && record->allocation_info->role != NULL)
		item.allocation = find_text(record->allocation_info->role, with, n);
	*ret = item;
	return true;
}

struct tp_resource_item item_copy(const struct tp_resource_item *item)
{
	key_ref(item->key);
	shared_text_ref(item->allocation);
	if (item->key->type == TP_VALUE_RANGES)
		spans_ref(item->spans);
	else if (item->key->type == TP_VALUE_SET)
		words_ref(item->words);
	return *item;
}

void item_release(struct tp_resource_item *item)
{
	if (item->key->type == TP_VALUE_RANGES)
		spans_unref(item->spans);
	else if (item->key->type == TP_VALUE_SET)
		words_unref(item->words);
	shared_text_unref(item->allocation);
	key_unref(item->key);
}

static bool same(const struct tp_resource_item *a, const struct tp_resource_item *b)
{
	return (a->allocation == b->allocation ||
		       tp_streq(tp_resource_allocation(a), tp_resource_allocation(b))) &&
		key_same(a->key, b->key);
}

/* Of shared resources and of those that are never cut: all are disks, so scalars. */
static bool size_equal(const struct tp_resource_item *a, const struct tp_resource_item *b)
{
	tp_assert(a->key->type == TP_VALUE_SCALAR);
	return a->milli == b->milli;
}

bool item_addable(const struct tp_resource_item *a, const struct tp_resource_item *b)
{
	if (!same(a, b))
		return false;
	if ((a->key->flags & TP_RESOURCE_SHARED) != 0)
		return size_equal(a, b);
	return (a->key->flags & TP_RESOURCE_WHOLE) == 0;
}

void item_add(struct tp_resource_item *a, const struct tp_resource_item *b)
{
	const struct tp_spans *spans;
	const struct tp_words *words;

	if ((a->key->flags & TP_RESOURCE_SHARED) != 0) {
		if (__builtin_add_overflow(a->copies, b->copies, &a->copies))
			a->copies = UINT32_MAX;
	} else if (a->key->type == TP_VALUE_SCALAR) {
		if (__builtin_add_overflow(a->milli, b->milli, &a->milli))
			a->milli = INT64_MAX;
	} else if (a->key->type == TP_VALUE_RANGES) {
		spans = spans_union(a->spans, b->spans);
		spans_unref(a->spans);
		a->spans = spans;
	} else {
		words = words_union(a->words, b->words);
		words_unref(a->words);
		a->words = words;
	}
}

bool item_subtractable(const struct tp_resource_item *a, const struct tp_resource_item *b)
{
	if (!same(a, b))
		return false;
	return (a->key->flags & (TP_RESOURCE_SHARED | TP_RESOURCE_WHOLE)) == 0 ||
		size_equal(a, b);
}

bool item_subtract(struct tp_resource_item *a, const struct tp_resource_item *b)
{
	const struct tp_spans *spans;
	const struct tp_words *words;

	if ((a->key->flags & TP_RESOURCE_SHARED) != 0) {
		a->copies -= b->copies < a->copies ? b->copies : a->copies;
		return a->copies == 0;
	}
	if (a->key->type == TP_VALUE_SCALAR) {
		a->milli -= b->milli < a->milli ? b->milli : a->milli;
		return a->milli == 0;
	}
	if (a->key->type == TP_VALUE_RANGES) {
		spans = spans_minus(a->spans, b->spans);
		spans_unref(a->spans);
		a->spans = spans;
		return spans == NULL;
	}
	words = words_minus(a->words, b->words);
	words_unref(a->words);
	a->words = words;
	return words == NULL;
}

bool item_contains(const struct tp_resource_item *a, const struct tp_resource_item *b)
{
	if (!item_subtractable(a, b))
		return false;
	if ((a->key->flags & TP_RESOURCE_SHARED) != 0)
		return a->copies >= b->copies;
	if (a->key->type == TP_VALUE_SCALAR)
		return a->milli >= b->milli;
	if (a->key->type == TP_VALUE_RANGES)
		return spans_contain(a->spans, b->spans);
	return words_contain(a->words, b->words);
}
