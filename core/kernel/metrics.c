/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics registry: a map from names to metrics that their owners keep and write. Adding is
 * frequent and looking is rare, so that the sorting happens when somebody looks.
 */
#include "tepui/metrics.h"

#include <stdlib.h>
#include <string.h>

struct tp_metrics {
	struct tp_map map;
};

struct tp_metrics *tp_metrics_create(void)
{
	struct tp_metrics *metrics = tp_alloc(sizeof *metrics);

	tp_map_init(&metrics->map);
	return metrics;
}

void tp_metrics_destroy(struct tp_metrics *metrics)
{
	if (metrics == NULL)
		return;
	tp_map_fini(&metrics->map);
	tp_free(metrics);
}

bool tp_metrics_add(struct tp_metrics *metrics, struct tp_metric *metric)
{
	return tp_map_add(&metrics->map, &metric->node, metric->name);
}

void tp_metrics_remove(struct tp_metrics *metrics, struct tp_metric *metric)
{
	/* An owner whose metric was refused may remove it all the same. */
	if (tp_map_find(&metrics->map, metric->name) == &metric->node)
		tp_map_remove(&metrics->map, &metric->node);
}

static int by_name(const void *a, const void *b)
{
	const struct tp_metric *ma = *(struct tp_metric *const *)a;
	const struct tp_metric *mb = *(struct tp_metric *const *)b;

	return strcmp(ma->name, mb->name);
}

void tp_metrics_each(struct tp_metrics *metrics,
	void (*each)(void *arg, const char *name, double value), void *arg)
{
	struct tp_metric **sorted;
	struct tp_list *node, *tmp;
	size_t n = 0;

	if (metrics->map.n == 0)
		return;
	sorted = tp_alloc(metrics->map.n * sizeof(*sorted));
	tp_map_foreach (node, tmp, &metrics->map)
		sorted[n++] = tp_map_entry(node, struct tp_metric, node);
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		struct tp_metric *metric = sorted[i];

		each(arg, metric->name,
			metric->read != NULL ? metric->read(metric) : metric->value);
	}
	tp_free(sorted);
}
