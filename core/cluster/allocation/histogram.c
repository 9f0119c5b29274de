/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A histogram of durations as a family of metrics in milliseconds, of the last hour: two halves,
 * the older of which is forgotten when the newer is half an hour old. Buckets grow by a quarter of
 * an octave, so a percentile is right within a fifth.
 */
#include <math.h>
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/metric.h"

#define HALF_NS (30 * TP_MIN)
#define N_BUCKETS 176 /* up to an hour and more */
#define PER_OCTAVE 4

static const struct {
	const char *suffix;
	double part; /* of all; NAN: see `suffix` */
} rows[] = { { "", 1 }, { "/count", NAN }, { "/min", 0 }, { "/max", 1 }, { "/p50", 0.5 },
	{ "/p90", 0.9 }, { "/p95", 0.95 }, { "/p99", 0.99 }, { "/p999", 0.999 },
	{ "/p9999", 0.9999 } };

struct half {
	uint64_t n;
	int64_t min_ns, max_ns;
	uint64_t buckets[N_BUCKETS];
};

struct row {
	struct tp_metric metric;
	struct alloc_histogram *histogram;
	size_t which;
};

struct alloc_histogram {
	struct tp_instance *instance;
	struct half halves[2]; /* the newer one first */
	int64_t begun_ns, last_ns;
	struct row rows[TP_COUNT(rows)];
};

static void turn(struct alloc_histogram *histogram)
{
	int64_t now_ns = tp_loop_now_ns(histogram->instance->loop);

	if (now_ns - histogram->begun_ns < HALF_NS)
		return;
	histogram->halves[1] = histogram->halves[0];
	if (now_ns - histogram->begun_ns >= 2 * HALF_NS)
		memset(&histogram->halves[1], 0, sizeof histogram->halves[1]);
	memset(&histogram->halves[0], 0, sizeof histogram->halves[0]);
	histogram->begun_ns = now_ns;
}

static size_t bucket_of(int64_t ns)
{
	unsigned octave;
	size_t bucket;

	if (ns < PER_OCTAVE)
		return ns < 0 ? 0 : (size_t)ns;
	octave = 63U - (unsigned)__builtin_clzll((unsigned long long)ns);
	bucket = (octave - 1) * PER_OCTAVE + ((size_t)(ns >> (octave - 2)) & 3);
	return bucket < N_BUCKETS ? bucket : N_BUCKETS - 1;
}

/* Where the bucket ends. */
static int64_t bucket_end_ns(size_t bucket)
{
	if (bucket < PER_OCTAVE)
		return (int64_t)bucket + 1;
	return (int64_t)(bucket % PER_OCTAVE + PER_OCTAVE + 1)
		<< (bucket / PER_OCTAVE - 1);
}

void alloc_histogram_add(struct alloc_histogram *histogram, int64_t ns)
{
	struct half *half = &histogram->halves[0];

	turn(histogram);
	if (half->n == 0 || ns < half->min_ns)
		half->min_ns = ns;
	if (half->n == 0 || ns > half->max_ns)
		half->max_ns = ns;
	half->n++;
	half->buckets[bucket_of(ns)]++;
	histogram->last_ns = ns;
}

static int64_t edge_ns(const struct alloc_histogram *histogram, bool max)
{
	int64_t edge = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct half *half = &histogram->halves[i];
		int64_t ns = max ? half->max_ns : half->min_ns;

		if (half->n > 0 && (!any || (max ? ns > edge : ns < edge)))
			edge = ns;
		any = any || half->n > 0;
	}
	return edge;
}

static double percentile_ns(const struct alloc_histogram *histogram, double part)
{
	uint64_t n = histogram->halves[0].n + histogram->halves[1].n, seen = 0;
	int64_t end_ns, max_ns = edge_ns(histogram, true);
	double wanted = part * (double)n;
	size_t i;

	for (i = 0; i < N_BUCKETS; i++) {
		seen += histogram->halves[0].buckets[i] + histogram->halves[1].buckets[i];
		end_ns = bucket_end_ns(i);
		if (seen > 0 && (double)seen >= wanted)
			return (double)(end_ns < max_ns ? end_ns : max_ns);
	}
	return 0;
}

static double row_read(struct tp_metric *metric)
{
	struct row *row = tp_container_of(metric, struct row, metric);
	struct alloc_histogram *histogram = row->histogram;
	double part = rows[row->which].part;

	turn(histogram);
	if (isnan(part))
		return (double)(histogram->halves[0].n + histogram->halves[1].n);
	if (row->which == 0)
		return (double)histogram->last_ns / (double)TP_MSEC;
	if (part == 0 || part == 1)
		return (double)edge_ns(histogram, part == 1) / (double)TP_MSEC;
	return percentile_ns(histogram, part) / (double)TP_MSEC;
}

struct alloc_histogram *alloc_histogram_create(
	struct tp_allotment *self, const char *name)
{
	struct alloc_histogram *histogram = tp_alloc(sizeof *histogram);
	size_t i;

	histogram->instance = self->instance;
	histogram->begun_ns = tp_loop_now_ns(self->instance->loop);
	for (i = 0; i < TP_COUNT(rows); i++) {
		struct row *row = &histogram->rows[i];

		row->histogram = histogram;
		row->which = i;
		row->metric.read = row_read;
		row->metric.name = tp_asprintf("%s%s", name, rows[i].suffix);
	}
	return histogram;
}

/* Rows whose names another instance has are not shown. */
void alloc_histogram_show(struct alloc_histogram *histogram)
{
	for (size_t i = 0; i < TP_COUNT(rows) && histogram->instance->metrics != NULL;
		i++)
		tp_metrics_add(histogram->instance->metrics, &histogram->rows[i].metric);
}

void alloc_histogram_destroy(struct alloc_histogram *histogram)
{
	size_t i;

	for (i = 0; i < TP_COUNT(rows); i++) {
		struct row *row = &histogram->rows[i];

		if (histogram->instance->metrics != NULL)
			tp_metrics_remove(histogram->instance->metrics, &row->metric);
		tp_free((char *)row->metric.name);
	}
	tp_free(histogram);
}
