/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be done with any record that has a field table. A record tree lives in one arena;
 * there are no per-type constructors, copiers or destructors.
 */
#ifndef TEPUI_RECORD_H
#define TEPUI_RECORD_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/field.h"

/* A zeroed record. Records are always allocated by descriptor, so that they can grow. */
TP_EXPORT void *tp_record_new(const struct tp_desc *desc, struct tp_arena *arena);

/* A deep copy into `arena`; NULL -> NULL. */
TP_EXPORT void *tp_record_copy(
	const struct tp_desc *desc, const void *record, struct tp_arena *arena);

/* Deep equality: same presence, same values, same order. */
TP_EXPORT bool tp_record_equal(const struct tp_desc *desc, const void *a, const void *b);

/* Is the field set (repeated fields: not empty)? */
TP_EXPORT bool tp_field_present(const struct tp_field *field, const void *record);

/*
 * Checks that every required field is set and at most one member of each oneof, all the way
 * down. -EINVAL with the path: "accept.operations[1].launch: Expecting 'task_infos' to be
 * present".
 */
TP_EXPORT int tp_record_check(
	const struct tp_desc *desc, const void *record, struct tp_error *err);

/*
 * Sets absent optional scalars, strings and enums that have a default in the schema to that
 * default, all the way down, so that readers need no defaults of their own.
 */
TP_EXPORT void tp_record_fill(
	const struct tp_desc *desc, void *record, struct tp_arena *arena);

#endif
