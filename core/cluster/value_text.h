/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as text, for resources and attributes alike: a number, "[1-10, 20-30]", "{a, b}", or
 * any other text.
 */
#ifndef CLUSTER_VALUE_TEXT_H
#define CLUSTER_VALUE_TEXT_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/strbuf.h"
#include "tepui/wire/resource.h"

/*
 * Fills *ret after the shape of text[0..len), which has no white space around it. What is no
 * number and has no brackets is text. -EINVAL, -ERANGE with the reason.
 */
int value_parse(const char *text, size_t len, struct tp_arena *arena,
	struct tp_value *ret, struct tp_error *err);

/* The first byte of text[0..*len) that is no white space; *len becomes what is left of it. */
const char *text_trim(const char *text, size_t *len);

#endif
