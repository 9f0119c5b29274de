/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles are computed when somebody looks: by the nearest rank of the sorted samples. */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST, COUNT, MAX, MIN, FIRST_PERCENTILE };

static const struct row {
	const char *suffix;
	double quantile;
} rows[SERIES_METRICS] = {
	[LAST] = { "", 0 },
	[COUNT] = { "/count", 0 },
	[MAX] = { "/max", 1 },
	[MIN] = { "/min", 0 },
	{ "/p50", 0.5 },
	{ "/p90", 0.9 },
	{ "/p95", 0.95 },
	{ "/p99", 0.99 },
	{ "/p999", 0.999 },
	{ "/p9999", 0.9999 },
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const struct series *series, double q)
{
	tp_cleanup(ptr) double *sorted = tp_alloc(series->n * sizeof *sorted);
	size_t rank = (size_t)(q * (double)(series->n - 1) + 0.5);

	memcpy(sorted, series->samples, series->n * sizeof *sorted);
	qsort(sorted, series->n, sizeof *sorted, compare);
	return sorted[rank];
}

static double read_value(struct tp_metric *metric)
{
	const struct series_metric *value =
		tp_container_of(metric, struct series_metric, metric);
	const struct series *series = value->series;
	size_t which = (size_t)(value - series->values);

	if (which == COUNT)
		return (double)series->n;
	if (series->n == 0)
		return 0;
	if (which == LAST)
		return series
			->samples[(series->next + SERIES_SAMPLES - 1) % SERIES_SAMPLES];
	return quantile(series, rows[which].quantile);
}

void series_init(struct series *series, struct tp_metrics *metrics, const char *name)
{
	*series = (struct series){ .metrics = metrics };
	for (size_t i = 0; i < SERIES_METRICS; i++) {
		struct series_metric *value = &series->values[i];

		snprintf(value->name, sizeof value->name, "%s%s", name, rows[i].suffix);
		value->series = series;
		value->metric.name = value->name;
		value->metric.read = read_value;
		tp_metrics_add(metrics, &value->metric);
	}
}

void series_fini(struct series *series)
{
	for (size_t i = 0; i < SERIES_METRICS && series->metrics != NULL; i++)
		tp_metrics_remove(series->metrics, &series->values[i].metric);
	tp_free(series->samples);
	*series = (struct series){ 0 };
}

void series_add(struct series *series, double value)
{
	if (series->samples == NULL)
		series->samples = tp_alloc(SERIES_SAMPLES * sizeof *series->samples);
	series->samples[series->next] = value;
	series->next = (series->next + 1) % SERIES_SAMPLES;
	if (series->n < SERIES_SAMPLES)
		series->n++;
}
