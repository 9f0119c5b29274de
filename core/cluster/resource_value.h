/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges and sets as immutable, counted blocks. NULL is the empty one everywhere. What returns
 * a block returns a reference of the caller's.
 */
#ifndef CLUSTER_RESOURCE_VALUE_H
#define CLUSTER_RESOURCE_VALUE_H

#include "tepui/resource.h"

/* Sorts and merges spans[0..n), which it may change. Each begin <= end. */
const struct tp_spans *spans_create(struct tp_span *spans, size_t n);
const struct tp_spans *spans_ref(const struct tp_spans *spans);
void spans_unref(const struct tp_spans *spans);
const struct tp_spans *spans_union(const struct tp_spans *a, const struct tp_spans *b);
const struct tp_spans *spans_minus(const struct tp_spans *a, const struct tp_spans *b);
bool spans_contain(const struct tp_spans *spans, const struct tp_spans *part);

/* Sorts words[0..n), which it may change, and drops what is there twice. */
const struct tp_words *words_create(const char **words, size_t n);
const struct tp_words *words_ref(const struct tp_words *words);
void words_unref(const struct tp_words *words);
const struct tp_words *words_union(const struct tp_words *a, const struct tp_words *b);
const struct tp_words *words_minus(const struct tp_words *a, const struct tp_words *b);
bool words_contain(const struct tp_words *words, const struct tp_words *part);

const struct tp_shared_text *shared_text_create(const char *text);
const struct tp_shared_text *shared_text_ref(const struct tp_shared_text *text);
/* n references at once. */
void shared_text_refs(const struct tp_shared_text *text, uint32_t n);
void shared_text_unref(const struct tp_shared_text *text);

#endif
