/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out a table and writes it to stdout. */
#include "table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void table_init(struct table *table, struct tp_arena *arena, const char *const *headings)
{
	*table = (struct table){ .arena = arena };
	while (table->n_columns < TABLE_COLUMNS_MAX && headings[table->n_columns] != NULL)
		table->n_columns++;
	table_row(table, headings);
}

void table_row(struct table *table, const char *const *cells)
{
	const char **row = tp_arena_alloc(table->arena, table->n_columns * sizeof(*row));

	for (size_t i = 0; i < table->n_columns; i++)
		row[i] = cells[i] != NULL && cells[i][0] != '\0' ? cells[i] : "-";
	tp_arena_push(table->arena, &table->rows, &table->n_rows, row);
}

void table_print(const struct table *table)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < table->n_rows; i++) {
		for (size_t j = 0; j < table->n_columns; j++) {
			size_t width = strlen(table->rows[i][j]);

			if (width > widths[j])
				widths[j] = width;
		}
	}
	for (size_t i = 0; i < table->n_rows; i++) {
		for (size_t j = 0; j + 1 < table->n_columns; j++)
			printf("%-*s  ", (int)widths[j], table->rows[i][j]);
		printf("%s\n", table->rows[i][table->n_columns - 1]);
	}
}

const char *table_time(const struct tp_time_info *time, struct tp_arena *arena)
{
	char text[32];
	struct tm parts;
	time_t seconds;

	if (time == NULL)
		return NULL;
	seconds = (time_t)(time->nanoseconds / TP_SEC);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
	return tp_arena_strdup(arena, text);
}
