/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What allocators have in common: the books of who holds what, the tree of roles, quotas, filters,
 * offer constraints, maintenance, and the run in two stages that turns free resources into
 * offers. What differs between allocators is whose turn it is, and that is a sorter's
 * (kind/sorter.h): a policy is a module with a config table and a choice of sorters.
 *
 * An instance of such a module begins with struct tp_allotment_head, provides
 * tp_allotment_ops as its allocator, creates its allotment in init(), stops it in stop() and destroys it
 * in fini().
 * Loop thread only.
 */
#ifndef TEPUI_ALLOTMENT_H
#define TEPUI_ALLOTMENT_H

#include "tepui/kind/allocator.h"
#include "tepui/kind/sorter.h"
#include "tepui/module.h"

struct tp_allotment;

struct tp_allotment_head {
	struct tp_instance instance;    /* must stay first */
	struct tp_allotment *allotment; /* of tp_allotment_create() */
};

struct tp_allotment_options {
	uint32_t size; /* sizeof this struct: it grows at its end */
	bool filter_gpus;
	int64_t interval_ns;
	const char *min_allocatable; /* "cpus:0.01|mem:32" */
	const char **excluded;
	size_t n_excluded;
	double recovery_factor;
	int64_t recovery_timeout_ns;
	struct tp_sorter role_sorter, framework_sorter; /* filled by the policy */
};

/* The rows of a config table for `member`, a struct tp_allotment_options of `object`. */
#define TP_ALLOTMENT_CONFIG(object, member) \
	TP_CONFIG("allocation_interval", TP_DURATION, object, member.interval_ns, "1s", \
		"Longest time between an event and its allocation run; shortest life " \
		"of " \
		"a filter."), \
		TP_CONFIG("min_allocatable_resources", TP_STRING, object, \
			member.min_allocatable, "cpus:0.01|mem:32", \
			"An offer contains at least one of these alternatives."), \
		TP_CONFIG("filter_gpu_resources", TP_BOOL, object, member.filter_gpus, \
			"true", \
			"Offer agents that have gpus only to frameworks with " \
			"GPU_RESOURCES."), \
		{ .name = "fair_sharing_excluded_resource_names", \
			.type = TP_STRING, \
			.label = TP_MANY, \
			.offset = offsetof(object, member.excluded), \
			.extra = offsetof(object, member.n_excluded), \
			.doc = "Resources that count for nobody's share." }, \
		TP_CONFIG("allocator_agent_recovery_factor", TP_DOUBLE, object, \
			member.recovery_factor, "0.8", \
			"With quotas, offers wait after a failover until this part of " \
			"the " \
			"agents is back."), \
		TP_CONFIG("allocator_recovery_timeout", TP_DURATION, object, \
			member.recovery_timeout_ns, "10mins", \
			"But no longer than this.")

/* `options` is looked at during the call; both sorters are set. */
TP_EXPORT int tp_allotment_create(struct tp_instance *instance,
	const struct tp_allotment_options *options, struct tp_allotment **ret,
	struct tp_error *err);
/* From the module's stop(): it makes no offers any more, whatever it is told. Takes NULL. */
TP_EXPORT void tp_allotment_stop(struct tp_allotment *allotment);
/* Takes NULL. */
TP_EXPORT void tp_allotment_destroy(struct tp_allotment *allotment);
/*
 * A guarantee from the config, "cpus:4;mem:1024", beside those of quota: the larger of both counts.
 * The role is a top-level one. -EINVAL says what is wrong.
 */
TP_EXPORT int tp_allotment_guarantee(struct tp_allotment *allotment, const char *role,
	const char *quantities, struct tp_error *err);
/* Lines for `tepui module status`. */
TP_EXPORT void tp_allotment_status(
	const struct tp_allotment *allotment, struct tp_strbuf *out);

/* Its impl is an instance that begins with struct tp_allotment_head. */
TP_EXPORT extern const struct tp_allocator_ops tp_allotment_ops;

#endif
