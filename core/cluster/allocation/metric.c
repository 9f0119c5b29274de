/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of the whole and of each role. A role has those of its frameworks while it has some,
 * and those of its quota for the names that its quota has; "consumed" is there for all of them.
 * Two allocators in one process share a registry: the first one has the names. They are taken in
 * the first turn of the loop: who takes another one's place does so before, and has them then.
 */
#include "core/cluster/allocation/metric.h"

#include <math.h>

#include "core/cluster/allocation/alloc.h"

#define N_SHOWN 3 /* cpus, mem, disk */

struct gauge {
	struct tp_metric metric;
	struct tp_allotment *allotment;
	struct alloc_role *role; /* NULL: of the whole */
	unsigned place;          /* of the resource */
	double (*value)(const struct gauge *gauge);
};

struct alloc_role_metrics {
	struct tp_metrics *registry;
	struct gauge **gauges;
	size_t n;
};

struct alloc_totals {
	struct alloc_role_metrics list;
	struct tp_allotment *allotment;
	struct tp_defer show;
	bool shown;
};

static double gauge_read(struct tp_metric *metric)
{
	const struct gauge *gauge = tp_container_of(metric, struct gauge, metric);

	return gauge->value(gauge);
}

static void gauge_add(
	struct alloc_role_metrics *list, const struct gauge *spec, char *take_name)
{
	struct gauge *gauge = tp_alloc(sizeof *gauge);

	*gauge = *spec;
	gauge->metric.name = take_name;
	gauge->metric.read = gauge_read;
	if (list->registry == NULL || !tp_metrics_add(list->registry, &gauge->metric)) {
		tp_free(take_name);
		tp_free(gauge);
		return;
	}
	list->gauges = tp_realloc(list->gauges, (list->n + 1) * sizeof *list->gauges);
	list->gauges[list->n++] = gauge;
}

static void gauges_remove(struct alloc_role_metrics *list)
{
	while (list->n > 0) {
		struct gauge *gauge = list->gauges[--list->n];

		tp_metrics_remove(list->registry, &gauge->metric);
		tp_free((char *)gauge->metric.name);
		tp_free(gauge);
	}
	tp_free(list->gauges);
	list->gauges = NULL;
}

static double units(int64_t milli)
{
	return milli == INT64_MAX ? INFINITY : (double)milli / 1000;
}

/* --- of a role ------------------------------------------------------------------------- */

static double share_value(const struct gauge *gauge)
{
	const struct tp_allotment *self = gauge->allotment;

	if (self->role_sorter.ops->share == NULL || gauge->role->n_clients == 0)
		return 0;
	return self->role_sorter.ops->share(self->role_order, gauge->role->handle);
}

static double filters_value(const struct gauge *gauge)
{
	return gauge->role->n_filters;
}

static double held_value(const struct gauge *gauge)
{
	return units(gauge->role->held.milli[gauge->place]);
}

static double reserved_value(const struct gauge *gauge)
{
	return units(gauge->role->reserved.milli[gauge->place]);
}

static double guarantee_value(const struct gauge *gauge)
{
	return units(gauge->role->quota->guarantees.milli[gauge->place]);
}

static double limit_value(const struct gauge *gauge)
{
	return units(gauge->role->quota->limits.milli[gauge->place]);
}

static double consumed_value(const struct gauge *gauge)
{
	struct tp_quantities consumed;

	alloc_quota_consumed(gauge->role, &consumed);
	return units(consumed.milli[gauge->place]);
}

/* How long it has wanted offers and got none, though it refuses nothing. */
static double waiting_value(const struct gauge *gauge)
{
	const struct alloc_role *role = gauge->role;
	int64_t now_ns = tp_loop_now_ns(gauge->allotment->instance->loop);

	if (role->n_listed == 0 || role->n_filters > 0)
		return 0;
	return (double)(now_ns - role->hungry_ns) / (double)TP_SEC;
}

static void quota_gauges(struct tp_allotment *self, struct alloc_role *role)
{
	static const char path[] = "allocator/mesos/quota/roles";
	const struct alloc_quota *quota = role->quota;
	const char *name = role->text->text;
	unsigned i;

	for (i = 0; i < self->names.n; i++) {
		struct gauge gauge = { .allotment = self, .role = role, .place = i };
		bool guaranteed = quota->guarantees.milli[i] > 0;
		bool limited = quota->limits.milli[i] != INT64_MAX;
		const char *of = self->names.names[i];

		if (!guaranteed && !limited)
			continue;
		gauge.value = consumed_value;
		gauge_add(role->metrics, &gauge,
			tp_asprintf("%s/%s/resources/%s/consumed", path, name, of));
		gauge.value = guarantee_value;
		if (guaranteed)
			gauge_add(role->metrics, &gauge,
				tp_asprintf(
					"%s/%s/resources/%s/guarantee", path, name, of));
		gauge.value = limit_value;
		if (limited)
			gauge_add(role->metrics, &gauge,
				tp_asprintf("%s/%s/resources/%s/limit", path, name, of));
	}
}

void alloc_role_metrics_add(struct tp_allotment *self, struct alloc_role *role)
{
	static const char path[] = "allocator/mesos/roles";
	struct gauge gauge = { .allotment = self, .role = role };
	const char *name = role->text->text;

	if (role->metrics != NULL || !self->totals->shown)
		return;
	role->metrics = tp_alloc(sizeof *role->metrics);
	role->metrics->registry = self->instance->metrics;
	gauge.value = share_value;
	gauge_add(
		role->metrics, &gauge, tp_asprintf("%s/%s/shares/dominant", path, name));
	gauge.value = waiting_value;
	gauge_add(role->metrics, &gauge, tp_asprintf("%s/%s/waiting_secs", path, name));
	gauge.value = filters_value;
	gauge_add(role->metrics, &gauge,
		tp_asprintf("allocator/mesos/offer_filters/roles/%s/active", name));
	for (; gauge.place < N_SHOWN; gauge.place++) {
		const char *of = self->names.names[gauge.place];

		gauge.value = held_value;
		gauge_add(role->metrics, &gauge,
			tp_asprintf("%s/%s/resources/%s/offered_or_allocated", path, name,
				of));
		gauge.value = reserved_value;
		gauge_add(role->metrics, &gauge,
			tp_asprintf("%s/%s/resources/%s/reserved", path, name, of));
	}
	if (role->quota != NULL)
		quota_gauges(self, role);
}

void alloc_role_metrics_remove(struct alloc_role *role)
{
	if (role->metrics == NULL)
		return;
	gauges_remove(role->metrics);
	tp_free(role->metrics);
	role->metrics = NULL;
}

/* --- of the whole ---------------------------------------------------------------------- */

static double total_value(const struct gauge *gauge)
{
	return units(gauge->allotment->cluster.total.milli[gauge->place]);
}

static double offered_value(const struct gauge *gauge)
{
	return units(gauge->allotment->offered.milli[gauge->place]);
}

static double queue_value(const struct gauge *gauge)
{
	return gauge->allotment->n_waiting;
}

static void totals_add(struct tp_allotment *self)
{
	struct alloc_role_metrics *list = &self->totals->list;
	struct gauge gauge = { .allotment = self };

	gauge.value = queue_value;
	gauge_add(list, &gauge, tp_strdup("allocator/mesos/event_queue_dispatches"));
	gauge_add(list, &gauge, tp_strdup("allocator/event_queue_dispatches"));
	for (; gauge.place < N_SHOWN; gauge.place++) {
		const char *of = self->names.names[gauge.place];

		gauge.value = total_value;
		gauge_add(list, &gauge,
			tp_asprintf("allocator/mesos/resources/%s/total", of));
		gauge.value = offered_value;
		gauge_add(list, &gauge,
			tp_asprintf(
				"allocator/mesos/resources/%s/offered_or_allocated", of));
	}
}

static void show(struct tp_defer *defer)
{
	struct alloc_totals *totals = tp_container_of(defer, struct alloc_totals, show);
	struct tp_allotment *self = totals->allotment;

	totals->shown = true;
	if (totals->list.registry != NULL &&
		!tp_metrics_add(totals->list.registry, &self->runs))
		self->runs.name = NULL;
	alloc_histogram_show(self->cost);
	alloc_histogram_show(self->latency);
	totals_add(self);
	for (uint32_t i = 0; i < self->n_roles; i++) {
		struct alloc_role *role = self->roles[i];

		if (role != NULL &&
			(role->n_clients > 0 || role->n_reserved > 0 ||
				role->quota != NULL))
			alloc_role_metrics_add(self, role);
	}
}

void alloc_metrics_init(struct tp_allotment *self)
{
	self->totals = tp_alloc(sizeof *self->totals);
	self->totals->allotment = self;
	self->totals->list.registry = self->instance->metrics;
	self->totals->show.run = show;
	self->runs.name = "allocator/mesos/allocation_runs";
	self->cost = alloc_histogram_create(self, "allocator/mesos/allocation_run_ms");
	self->latency =
		alloc_histogram_create(self, "allocator/mesos/allocation_run_latency_ms");
	tp_loop_defer(self->instance->loop, &self->totals->show);
}

void alloc_metrics_fini(struct tp_allotment *self)
{
	struct tp_metrics *registry = self->instance->metrics;

	tp_loop_undefer(self->instance->loop, &self->totals->show);
	if (registry != NULL && self->runs.name != NULL)
		tp_metrics_remove(registry, &self->runs);
	alloc_histogram_destroy(self->cost);
	alloc_histogram_destroy(self->latency);
	gauges_remove(&self->totals->list);
	tp_free(self->totals);
}
