/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning and the end of an allotment, and its status. */
#include <errno.h>
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/metric.h"
#include "core/cluster/allocation/run.h"

/* Shuffles begin the same way in every process: what happens decides all the rest. */
#define SEED UINT64_C(20130401)

/* "cpus:0.01|mem:32": alternatives, any of which makes an offer worth sending. */
static int minimum_read(
	struct tp_allotment *self, const char *alternatives, struct tp_error *err)
{
	tp_cleanup(ptr) char *text = tp_strdup(alternatives);
	struct alloc_minimum *minimum = &self->minimum;
	char *rest = text, *one;
	int r;

	while ((one = strsep(&rest, "|")) != NULL) {
		if (one[0] == '\0')
			continue;
		minimum->any_of = tp_realloc(
			minimum->any_of, (minimum->n + 1) * sizeof *minimum->any_of);
		r = tp_quantities_parse(
			&minimum->any_of[minimum->n], &self->names, one, err);
		if (r < 0)
			return tp_wrap(err, r, "min_allocatable_resources");
		minimum->n++;
	}
	return 0;
}

static int excluded_read(struct tp_allotment *self,
	const struct tp_allotment_options *options, struct tp_error *err)
{
	size_t i;
	int at;

	for (i = 0; i < options->n_excluded; i++) {
		at = tp_quantity_names_add(&self->names, options->excluded[i]);
		if (at < 0)
			return tp_fail(err, ENOSPC,
				"fair_sharing_excluded_resource_names: more than %d "
				"names",
				TP_QUANTITIES_MAX);
		self->cluster.excluded_mask |= UINT32_C(1) << at;
	}
	return 0;
}

static int options_read(struct tp_allotment *self,
	const struct tp_allotment_options *options, struct tp_error *err)
{
	int r;

	self->interval_ns = options->interval_ns;
	self->filter_gpus = options->filter_gpus;
	self->recovery_factor = options->recovery_factor;
	self->recovery_timeout_ns = options->recovery_timeout_ns;
	if (!(options->recovery_factor >= 0 && options->recovery_factor <= 1))
		return tp_fail(err, EINVAL,
			"allocator_agent_recovery_factor: %g is not between 0 and 1",
			options->recovery_factor);
	r = excluded_read(self, options, err);
	if (r >= 0)
		r = minimum_read(self, options->min_allocatable, err);
	self->cluster.n_names = self->names.n;
	return r;
}

int tp_allotment_create(struct tp_instance *instance,
	const struct tp_allotment_options *options, struct tp_allotment **ret,
	struct tp_error *err)
{
	struct tp_allotment *self = tp_alloc(sizeof *self);
	struct tp_allotment_options known = { .size = 0 };
	struct tp_sorter_spec spec = { .cluster = &self->cluster, .seed = SEED };
	int r;

	/* What the policy was compiled with may end earlier than ours. */
	memcpy(&known, options,
		options->size < sizeof known ? options->size : sizeof known);
	self->instance = instance;
	self->seed = self->chance = SEED;
	self->free_client = ALLOC_NONE;
	self->role_sorter = known.role_sorter;
	self->framework_sorter = known.framework_sorter;
	tp_quantity_names_init(&self->names);
	tp_map_init(&self->roles_by_name);
	tp_map_init(&self->whitelist);
	self->expiry.fire = alloc_filters_expired;
	self->recovery.fire = alloc_recovery_timeout;
	self->judge_more.run = alloc_constraints_judge_more;
	alloc_run_init(self);
	alloc_metrics_init(self);
	self->role_order = self->role_sorter.ops->create(self->role_sorter.impl, &spec);
	r = options_read(self, &known, err);
	if (r < 0) {
		tp_allotment_destroy(self);
		return r;
	}
	*ret = self;
	return 0;
}

void tp_allotment_stop(struct tp_allotment *self)
{
	if (self == NULL)
		return;
	self->stopped = true;
	tp_timer_disarm(self->instance->loop, &self->recovery);
	tp_timer_disarm(self->instance->loop, &self->expiry);
	tp_timer_disarm(self->instance->loop, &self->run_later);
	tp_timer_disarm(self->instance->loop, &self->retry);
	tp_loop_undefer(self->instance->loop, &self->run_soon);
	tp_loop_undefer(self->instance->loop, &self->judge_more);
}

void tp_allotment_destroy(struct tp_allotment *self)
{
	if (self == NULL)
		return;
	tp_timer_disarm(self->instance->loop, &self->recovery);
	alloc_agents_fini(self);
	tp_timer_disarm(self->instance->loop, &self->expiry);
	tp_loop_undefer(self->instance->loop, &self->judge_more);
	alloc_run_fini(self);
	alloc_clients_fini(self);
	alloc_roles_fini(self);
	alloc_frameworks_fini(self);
	self->role_sorter.ops->destroy(self->role_order);
	alloc_metrics_fini(self);
	tp_quantity_names_fini(&self->names);
	tp_free(self->minimum.any_of);
	tp_free(self->judge_from);
	tp_free(self);
}

int tp_allotment_guarantee(struct tp_allotment *allotment, const char *role,
	const char *quantities, struct tp_error *err)
{
	return alloc_quota_guarantee(allotment, role, quantities, err);
}

void tp_allotment_status(const struct tp_allotment *self, struct tp_strbuf *out)
{
	const struct tp_sorter_ops *ops = self->role_sorter.ops;
	uint32_t i;

	for (i = 0; i < self->n_roles; i++) {
		const struct alloc_role *role = self->roles[i];

		if (role == NULL || role->n_clients == 0)
			continue;
		tp_strbuf_printf(out, "role %s:", role->text->text);
		if (ops->share != NULL)
			tp_strbuf_printf(out, " share %.4f,",
				ops->share(self->role_order, role->handle));
		tp_strbuf_printf(out, " %u frameworks, %u want offers\n", role->n_clients,
			role->n_listed);
	}
	tp_strbuf_printf(out, "runs: %.0f\n", self->runs.value);
}
