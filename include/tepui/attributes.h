/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of agents as text: "rack:abc;zone:west;cores:8;ports:[1-10,20-30]", pairs
 * separated by ';' or newlines and split at the first ':'. A number is a scalar, [..] ranges,
 * all else text; names may repeat.
 */
#ifndef TEPUI_ATTRIBUTES_H
#define TEPUI_ATTRIBUTES_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/strbuf.h"
#include "tepui/wire/resource.h"

/* -EINVAL names the offending pair. `ret` and `ret_n` are the members of a record. */
TP_EXPORT int tp_attributes_parse(const char *text, struct tp_arena *arena,
	struct tp_attribute ***ret, size_t *ret_n, struct tp_error *err);
/* "rack:abc;cores:8;ports:[1-10, 20-30]" */
TP_EXPORT void tp_attributes_print(
	struct tp_attribute *const *attributes, size_t n, struct tp_strbuf *out);
/* The value alone. */
TP_EXPORT void tp_attribute_value_print(
	const struct tp_attribute *attribute, struct tp_strbuf *out);

/* Same names, types and values, in any order. */
TP_EXPORT bool tp_attributes_equal(struct tp_attribute *const *a, size_t n_a,
	struct tp_attribute *const *b, size_t n_b);

#endif
