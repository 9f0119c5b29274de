/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in field tables and enums by name. Tables are short and in order of number,
 * so a walk is fine here; a codec that is in a hurry builds its own index.
 */
#include "tepui/field.h"

#include <errno.h>
#include <string.h>

const struct tp_field *tp_desc_find(const struct tp_desc *desc, const char *name)
{
	const struct tp_field *field;
	uint32_t i;

	for (i = 0; i < desc->n_fields; i++) {
		field = tp_desc_field(desc, i);
		if (strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

const char *tp_enum_name(const struct tp_enum *e, int number)
{
	const struct tp_enum_value *value;

	for (value = e->values; value->name != NULL; value++)
		if (value->number == number)
			return value->name;
	return NULL;
}

int tp_enum_number(const struct tp_enum *e, const char *name, int *ret)
{
	const struct tp_enum_value *value;

	for (value = e->values; value->name != NULL; value++) {
		if (strcmp(value->name, name) == 0) {
			*ret = value->number;
			return 0;
		}
	}
	return -ENOENT;
}
