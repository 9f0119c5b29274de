/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges and sets. Every operation makes a new block from two that it leaves alone; counts are
 * plain integers, since all that shares a block lives on one thread.
 */
#include "core/cluster/resource_value.h"

#include <stdlib.h>
#include <string.h>

static int span_compare(const void *a, const void *b)
{
	const struct tp_span *one = a, *two = b;

	return one->begin < two->begin ? -1 : one->begin > two->begin;
}

const struct tp_spans *spans_create(struct tp_span *spans, size_t n)
{
	struct tp_spans *made;
	size_t i, last = 0;

	if (n == 0)
		return NULL;
	qsort(spans, n, sizeof *spans, span_compare);
	for (i = 1; i < n; i++) {
		if (spans[last].end != UINT64_MAX && spans[i].begin > spans[last].end + 1)
			spans[++last] = spans[i];
		else if (spans[i].end > spans[last].end)
			spans[last].end = spans[i].end;
	}
	made = tp_alloc(sizeof *made + (last + 1) * sizeof *spans);
	made->refs = 1;
	made->n = (uint32_t)last + 1;
	memcpy(made->items, spans, (last + 1) * sizeof *spans);
	return made;
}

const struct tp_spans *spans_ref(const struct tp_spans *spans)
{
	if (spans != NULL)
		((struct tp_spans *)spans)->refs++;
	return spans;
}

void spans_unref(const struct tp_spans *spans)
{
	if (spans != NULL && --((struct tp_spans *)spans)->refs == 0)
		tp_free((void *)spans);
}

const struct tp_spans *spans_union(const struct tp_spans *a, const struct tp_spans *b)
{
	const struct tp_spans *sum;
	struct tp_span *all;

	if (a == NULL || b == NULL)
		return spans_ref(a == NULL ? b : a);
	all = tp_alloc(((size_t)a->n + b->n) * sizeof *all);
	memcpy(all, a->items, a->n * sizeof *all);
	memcpy(all + a->n, b->items, b->n * sizeof *all);
	sum = spans_create(all, (size_t)a->n + b->n);
	tp_free(all);
	return sum;
}

/* Cuts the sorted spans of `less` out of `span`; returns how many pieces went to `out`. */
static size_t cut(struct tp_span span, const struct tp_spans *less, struct tp_span *out)
{
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < less->n && less->items[i].begin <= span.end; i++) {
		if (less->items[i].end < span.begin)
			continue;
		if (less->items[i].begin > span.begin)
			out[n++] =
				(struct tp_span){ span.begin, less->items[i].begin - 1 };
		if (less->items[i].end >= span.end)
			return n;
		span.begin = less->items[i].end + 1;
	}
	out[n++] = span;
	return n;
}

const struct tp_spans *spans_minus(const struct tp_spans *a, const struct tp_spans *b)
{
	const struct tp_spans *rest;
	struct tp_span *pieces;
	size_t n = 0;
	uint32_t i;

	if (a == NULL || b == NULL)
		return spans_ref(a);
	/* Each span of b adds at most one piece to those of a. */
	pieces = tp_alloc(((size_t)a->n + b->n) * sizeof *pieces);
	for (i = 0; i < a->n; i++)
		n += cut(a->items[i], b, pieces + n);
	rest = spans_create(pieces, n);
	tp_free(pieces);
	return rest;
}

bool spans_contain(const struct tp_spans *spans, const struct tp_spans *part)
{
	uint32_t i, j = 0;

	if (part == NULL || spans == NULL)
		return part == NULL;
	for (i = 0; i < part->n; i++) {
		while (j < spans->n && spans->items[j].end < part->items[i].begin)
			j++;
		if (j == spans->n || spans->items[j].begin > part->items[i].begin ||
			spans->items[j].end < part->items[i].end)
			return false;
	}
	return true;
}

static int word_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const struct tp_words *words_create(const char **words, size_t n)
{
	size_t i, last = 0, size = 0;
	struct tp_words *made;
	char *text;

	if (n == 0)
		return NULL;
	qsort(words, n, sizeof *words, word_compare);
	for (i = 1; i < n; i++)
		if (strcmp(words[last], words[i]) != 0)
			words[++last] = words[i];
	n = last + 1;
	for (i = 0; i < n; i++)
		size += strlen(words[i]) + 1;
	made = tp_alloc(sizeof *made + n * sizeof *words + size);
	made->refs = 1;
	made->n = (uint32_t)n;
	text = (char *)(made->items + n);
	for (i = 0; i < n; i++) {
		made->items[i] = text;
		text = stpcpy(text, words[i]) + 1;
	}
	return made;
}

const struct tp_words *words_ref(const struct tp_words *words)
{
	if (words != NULL)
		((struct tp_words *)words)->refs++;
	return words;
}

void words_unref(const struct tp_words *words)
{
	if (words != NULL && --((struct tp_words *)words)->refs == 0)
		tp_free((void *)words);
}

static bool has_word(const struct tp_words *words, const char *word)
{
	return words != NULL &&
		bsearch(&word, words->items, words->n, sizeof word, word_compare) != NULL;
}

const struct tp_words *words_union(const struct tp_words *a, const struct tp_words *b)
{
	const struct tp_words *sum;
	const char **all;

	if (a == NULL || b == NULL)
		return words_ref(a == NULL ? b : a);
	all = tp_alloc(((size_t)a->n + b->n) * sizeof *all);
	memcpy(all, a->items, a->n * sizeof *all);
	memcpy(all + a->n, b->items, b->n * sizeof *all);
	sum = words_create(all, (size_t)a->n + b->n);
	tp_free(all);
	return sum;
}

const struct tp_words *words_minus(const struct tp_words *a, const struct tp_words *b)
{
	const struct tp_words *rest;
	const char **left;
	size_t n = 0;
	uint32_t i;

	if (a == NULL || b == NULL)
		return words_ref(a);
	left = tp_alloc(a->n * sizeof *left);
	for (i = 0; i < a->n; i++)
		if (!has_word(b, a->items[i]))
			left[n++] = a->items[i];
	rest = words_create(left, n);
	tp_free(left);
	return rest;
}

bool words_contain(const struct tp_words *words, const struct tp_words *part)
{
	uint32_t i;

	for (i = 0; part != NULL && i < part->n; i++)
		if (!has_word(words, part->items[i]))
			return false;
	return true;
}

const struct tp_shared_text *shared_text_create(const char *text)
{
	struct tp_shared_text *made = tp_alloc(sizeof *made + strlen(text) + 1);

	made->refs = 1;
	strcpy(made->text, text);
	return made;
}

const struct tp_shared_text *shared_text_ref(const struct tp_shared_text *text)
{
	if (text != NULL)
		((struct tp_shared_text *)text)->refs++;
	return text;
}

void shared_text_refs(const struct tp_shared_text *text, uint32_t n)
{
	((struct tp_shared_text *)text)->refs += n;
}

void shared_text_unref(const struct tp_shared_text *text)
{
	if (text != NULL && --((struct tp_shared_text *)text)->refs == 0)
		tp_free((void *)text);
}
