/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills the members of an object from a YAML mapping by the object's field table: the config of
 * a module instance, and the records nested in it.
 */
#ifndef KERNEL_CONFIG_H
#define KERNEL_CONFIG_H

#include "core/kernel/node.h"
#include "tepui/field.h"

struct config_table {
	const struct tp_field *fields; /* NULL = no rows */
	size_t field_size;             /* their stride */
	size_t n_fields; /* at most; a row without a name ends the table earlier */
};

/*
 * `owner` begins every message (the instance's name); `where` is the place to name for keys that
 * are missing. `config` NULL is an empty mapping. Texts and lists live in `arena`, which must
 * outlive `object`; nothing points into the nodes. All that is wrong goes to `issues`.
 */
void config_fill(const struct config_table *table, const char *owner,
	const struct mark *where, const struct node *config, struct tp_arena *arena,
	void *object, struct issues *issues);
/* Where a key was written in the mapping, under whichever name; NULL when it was not. */
const struct mark *config_mark(
	const struct config_table *table, const struct node *config, const char *key);
/* Do two objects have the same value of a key? A record that was filled twice counts as another. */
bool config_same(const struct tp_field *field, const void *a, const void *b);
/* Copies the value; what it points to is shared. */
void config_move(const struct tp_field *field, void *to, const void *from);

#endif
