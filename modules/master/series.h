/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A metric of how long things take: the last value under its name, and count, max, min and
 * percentiles of the newest thousand values under NAME/count and so on, as the field prints them.
 */
#ifndef MASTER_SERIES_H
#define MASTER_SERIES_H

#include "tepui/metrics.h"

#define SERIES_METRICS 10
#define SERIES_SAMPLES 1000

struct series {
	struct tp_metrics *metrics;
	struct series_metric {
		struct tp_metric metric;
		struct series *series;
		char name[64];
	} values[SERIES_METRICS];
	double *samples; /* a ring; made with the first value */
	size_t n, next;
};

void series_init(struct series *series, struct tp_metrics *metrics, const char *name);
void series_fini(struct series *series);
void series_add(struct series *series, double value);

#endif
