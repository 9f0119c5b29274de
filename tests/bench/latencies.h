/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles of a list of times, and the rows they become. */
#ifndef TESTS_BENCH_LATENCIES_H
#define TESTS_BENCH_LATENCIES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline int latencies_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts them; of `percent` from 0 to 100, in milliseconds. */
static inline double latencies_ms(int64_t *ns, size_t n, double percent)
{
	size_t at = (size_t)((double)n * percent / 100);

	if (n == 0)
		return 0;
	qsort(ns, n, sizeof *ns, latencies_compare);
	return (double)ns[at < n ? at : n - 1] / 1e6;
}

static inline void row(
	const char *name, double value, const char *unit, const char *conditions)
{
	printf("%s\t%.3f\t%s\t%s\n", name, value, unit, conditions);
	fflush(stdout);
}

#endif
