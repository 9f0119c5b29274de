/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics registry: counters that code adds to and gauges that are computed when somebody
 * looks. Names are those operators know ("master/tasks_running"). Loop thread only. Every
 * instance reaches the process's registry through tp_instance.metrics.
 */
#ifndef TEPUI_METRICS_H
#define TEPUI_METRICS_H

#include "tepui/list.h"
#include "tepui/map.h"

struct tp_metrics;

struct tp_metric {
	const char *name; /* borrowed */
	double value;     /* of a counter or push gauge: just write it */
	double (*read)(
		struct tp_metric *); /* pull gauge: computes the value; NULL otherwise */
	struct tp_map_node node;     /* private */
};

TP_EXPORT struct tp_metrics *tp_metrics_create(void);
TP_EXPORT void tp_metrics_destroy(struct tp_metrics *metrics);
/* The metric stays its owner's; a name that is taken already is refused with false. */
TP_EXPORT bool tp_metrics_add(struct tp_metrics *metrics, struct tp_metric *metric);
TP_EXPORT void tp_metrics_remove(struct tp_metrics *metrics, struct tp_metric *metric);
/* Calls `each` for every metric, sorted by name. */
TP_EXPORT void tp_metrics_each(struct tp_metrics *metrics,
	void (*each)(void *arg, const char *name, double value), void *arg);

#endif
