/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of keys by their hash, each with the ranges or the set that came with it first, and the
 * number of totals that have it: what nobody has any more is forgotten.
 */
#include "core/cluster/allocation/intern.h"

#include "core/cluster/resource_item.h"
#include "core/cluster/resource_value.h"

#define BUCKETS_FIRST 16

struct alloc_interned {
	struct alloc_interned *next;
	struct tp_resource_item item;
	uint32_t n_uses;
};

/* Where the entry of the key is pointed to, or would be. */
static struct alloc_interned **place_of(
	const struct alloc_interns *interns, const struct tp_resource_key *key)
{
	struct alloc_interned **at =
		&interns->buckets[key->hash & (interns->n_buckets - 1)];

	while (*at != NULL && !key_alike((*at)->item.key, key))
		at = &(*at)->next;
	return at;
}

static void buckets_double(struct alloc_interns *interns)
{
	struct alloc_interns wider = { .n = interns->n };
	struct alloc_interned *entry, *next, **at;
	uint32_t i;

	wider.n_buckets =
		interns->n_buckets == 0 ? BUCKETS_FIRST : 2 * interns->n_buckets;
	wider.buckets = tp_alloc(wider.n_buckets * sizeof *wider.buckets);
	for (i = 0; i < interns->n_buckets; i++)
		for (entry = interns->buckets[i]; entry != NULL; entry = next) {
			next = entry->next;
			at = &wider.buckets[entry->item.key->hash &
				(wider.n_buckets - 1)];
			entry->next = *at;
			*at = entry;
		}
	tp_free(interns->buckets);
	*interns = wider;
}

static struct alloc_interned *entry_get(
	struct alloc_interns *interns, const struct tp_resource_item *item)
{
	struct alloc_interned **at;

	if (interns->n == interns->n_buckets)
		buckets_double(interns);
	at = place_of(interns, item->key);
	if (*at == NULL) {
		*at = tp_alloc(sizeof **at);
		(*at)->item = item_copy(item);
		interns->n++;
	}
	return *at;
}

static bool spans_same(const struct tp_spans *a, const struct tp_spans *b)
{
	return spans_contain(a, b) && spans_contain(b, a);
}

static bool words_same(const struct tp_words *a, const struct tp_words *b)
{
	return words_contain(a, b) && words_contain(b, a);
}

/* The item as the entry has it, where they are alike. */
static void item_intern(
	struct tp_resource_item *item, const struct tp_resource_item *with)
{
	struct tp_resource_item own = *item;

	item->key = key_ref(with->key);
	if (item->key->type == TP_VALUE_RANGES)
		item->spans = spans_ref(
			spans_same(with->spans, own.spans) ? with->spans : own.spans);
	else if (item->key->type == TP_VALUE_SET)
		item->words = words_ref(
			words_same(with->words, own.words) ? with->words : own.words);
	shared_text_ref(own.allocation);
	item_release(&own);
}

void alloc_intern(struct alloc_interns *interns, struct tp_resources *total)
{
	uint32_t i;

	for (i = 0; i < total->n; i++) {
		struct alloc_interned *entry = entry_get(interns, &total->items[i]);

		entry->n_uses++;
		item_intern(&total->items[i], &entry->item);
	}
}

void alloc_intern_release(struct alloc_interns *interns, const struct tp_resources *total)
{
	struct alloc_interned **at, *entry;
	uint32_t i;

	for (i = 0; i < total->n; i++) {
		at = place_of(interns, total->items[i].key);
		entry = *at;
		if (--entry->n_uses > 0)
			continue;
		*at = entry->next;
		item_release(&entry->item);
		tp_free(entry);
		interns->n--;
	}
}

const struct tp_resource_key *alloc_intern_key(
	const struct alloc_interns *interns, const struct tp_resource_key *key)
{
	const struct alloc_interned *entry =
		interns->n == 0 ? NULL : *place_of(interns, key);

	return entry == NULL ? key : entry->item.key;
}

void alloc_interns_fini(struct alloc_interns *interns)
{
	tp_free(interns->buckets);
}
