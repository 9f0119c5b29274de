/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a record by their row: where they are, how big one value is, how many there are.
 * Inline, because both encoders ask for every field of every record.
 */
#ifndef TEPUI_CODEC_MEMBER_H
#define TEPUI_CODEC_MEMBER_H

#include <string.h>

#include "tepui/field.h"

static inline bool member_is_many(const struct tp_field *field)
{
	return field->label >= TP_MANY;
}

/* The values of a field, *ret_n of them in a row; 0 when the field is absent. */
static inline const void *member_values(
	const struct tp_field *field, const void *record, size_t *ret_n)
{
	const char *at = (const char *)record + field->offset;
	const void *ptr;

	if (member_is_many(field)) {
		memcpy(ret_n, (const char *)record + field->extra, sizeof *ret_n);
		memcpy(&ptr, at, sizeof ptr);
		return ptr;
	}
	if (field->type == TP_STRING || field->type == TP_RECORD ||
		field->type == TP_BYTES) { /* struct tp_bytes begins with its pointer */
		memcpy(&ptr, at, sizeof ptr);
		*ret_n = ptr != NULL;
	} else {
		*ret_n = *(const bool *)((const char *)record + field->extra);
	}
	return at;
}

#endif
