/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: columns as wide as their widest cell. */
#ifndef TOOLS_TEPUI_TABLE_H
#define TOOLS_TEPUI_TABLE_H

#include "tepui/arena.h"
#include "tepui/wire.h"

#define TABLE_COLUMNS_MAX 12

struct table {
	struct tp_arena *arena;
	size_t n_columns;
	const char ***rows; /* the first is the heading */
	size_t n_rows;
};

/* headings: ends with NULL. */
void table_init(struct table *table, struct tp_arena *arena, const char *const *headings);
/* One cell text for each column; the pointers are borrowed until the table was printed. */
void table_row(struct table *table, const char *const *cells);
void table_print(const struct table *table);

/* Cells: a wall time in UTC; NULL for NULL. */
const char *table_time(const struct tp_time_info *time, struct tp_arena *arena);

#endif
