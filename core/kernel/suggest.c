/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edit distance (insert, delete, replace, swap of neighbours) between short words. Words above
 * MAX_WORD characters are never suggested, so that the cost is bounded.
 */
#include "core/kernel/suggest.h"

#include <string.h>

#define MAX_WORD 64

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* One cell of the table: `row` is the current row, `up` and `up2` the two before it. */
static size_t cell(const char *a, const char *b, size_t i, size_t j, const size_t *row,
	const size_t *up, const size_t *up2)
{
	size_t d = smaller(row[j - 1], up[j]) + 1;

	d = smaller(d, up[j - 1] + (a[i - 1] != b[j - 1]));
	if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
		d = smaller(d, up2[j - 2] + 1);
	return d;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][MAX_WORD + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++)
			row[j] = cell(
				a, b, i, j, row, rows[(i + 2) % 3], rows[(i + 1) % 3]);
	}
	return rows[a_len % 3][b_len];
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t a_len = strlen(suggest->word);
	size_t b_len = strlen(candidate);
	size_t d;

	if (a_len > MAX_WORD || b_len > MAX_WORD)
		return;
	d = distance(suggest->word, a_len, candidate, b_len);
	if (d > (b_len + 2) / 3 || (suggest->best != NULL && d >= suggest->distance))
		return;
	suggest->best = candidate;
	suggest->distance = d;
}
