/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator-drf: hierarchical weighted dominant resource fairness between roles, and between the
 * frameworks of a role. The books and the run are what all allocators share (tepui/allotment.h);
 * the policy is the order of two sorters, which the manifest may bring along.
 *
 * Source of the policy: Ghodsi et al., "Dominant Resource Fairness: Fair Allocation of Multiple
 * Resource Types", NSDI 2011; ties and helper rules as the field's own allocator has them.
 */
#include <string.h>

#include "tepui/allotment.h"

struct drf {
	struct tp_allotment_head head; /* must stay first */
	struct tp_services sorters;
	const char *role_sorter, *framework_sorter;
	struct tp_allotment_options options;
};

/* The manifest's own sorter of that name, if it has one; "drf" needs none. */
static int sorter_choose(const struct drf *self, const char *key, const char *name,
	struct tp_sorter *ret, struct tp_error *err)
{
	int r = tp_sorter_find(&self->sorters, name, ret, err);

	if (r < 0 && strcmp(name, "drf") == 0) {
		*ret = (struct tp_sorter){ &tp_sorter_fair_ops, NULL };
		return 0;
	}
	return r < 0 ? tp_wrap(err, r, "%s", key) : 0;
}

static int drf_init(void *impl, struct tp_error *err)
{
	struct drf *self = impl;
	struct tp_allotment_options *options = &self->options;
	int r;

	options->size = sizeof *options;
	r = sorter_choose(
		self, "role_sorter", self->role_sorter, &options->role_sorter, err);
	if (r < 0)
		return r;
	r = sorter_choose(self, "framework_sorter", self->framework_sorter,
		&options->framework_sorter, err);
	if (r < 0)
		return r;
	return tp_allotment_create(
		&self->head.instance, options, &self->head.allotment, err);
}

static void drf_stop(void *impl, struct tp_done *done)
{
	tp_allotment_stop(((struct drf *)impl)->head.allotment);
	tp_done(done, 0);
}

static void drf_fini(void *impl)
{
	tp_allotment_destroy(((struct drf *)impl)->head.allotment);
}

static void drf_status(void *impl, struct tp_strbuf *out)
{
	tp_allotment_status(((struct drf *)impl)->head.allotment, out);
}

static const struct tp_field drf_config[] = {
	TP_ALLOTMENT_CONFIG(struct drf, options),
	TP_CONFIG("role_sorter", TP_STRING, struct drf, role_sorter, "drf",
		"Whose turn it is among roles: drf, random or what another sorter module "
		"is "
		"called."),
	TP_CONFIG_ALIAS("user_sorter", TP_STRING, struct drf, role_sorter,
		"The old name of role_sorter."),
	TP_CONFIG("framework_sorter", TP_STRING, struct drf, framework_sorter, "drf",
		"Whose turn it is among the frameworks of a role."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "allocator-drf",
	.version = "2.0",
	.summary = "Weighted dominant resource fairness between roles and frameworks",
	.provides = (const struct tp_provide[]){ { .kind = "allocator",
							 .abi = TP_ALLOCATOR_ABI,
							 .ops_size = sizeof(
								 struct tp_allocator_ops),
							 .ops = &tp_allotment_ops },
		{ 0 } },
	.requires = (const struct tp_require[]){ TP_REQUIRE_MANY("sorter", TP_SORTER_ABI,
							 struct tp_sorter_ops, struct drf,
							 sorters),
		{ 0 } },
	.config = drf_config,
	.instance_size = sizeof(struct drf),
	.init = drf_init,
	.stop = drf_stop,
	.fini = drf_fini,
	.status = drf_status,
};
