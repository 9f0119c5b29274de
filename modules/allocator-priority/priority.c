/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator-priority: strict priority between roles. What is free goes to the roles of the highest
 * priority as long as they want it; roles of one priority, and the frameworks of a role, share it
 * fairly. A role may have a minimum that is set aside for it whatever the others want.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "tepui/allotment.h"
#include "tepui/role.h"

struct priority_allocator {
	struct tp_allotment_head head; /* must stay first */
	struct tp_services sorters;
	const char *role_sorter, *framework_sorter;
	const char **order, **numbers, **minimums;
	size_t n_order, n_numbers, n_minimums;
	int64_t other;
	struct tp_allotment_options options;
	struct priorities priorities;
};

/* --- config ---------------------------------------------------------------------------- */

static int role_add(struct priority_allocator *self, const char *key, char *take_role,
	int64_t level, struct tp_error *err)
{
	struct priorities *all = &self->priorities;
	int r = tp_role_validate(take_role, err);
	size_t i;

	all->items = tp_realloc(all->items, (all->n + 1) * sizeof *all->items);
	all->items[all->n++] = (struct priority){ take_role, level };
	if (r < 0)
		return tp_wrap(err, r, "%s", key);
	for (i = 0; i + 1 < all->n; i++)
		if (strcmp(all->items[i].role, take_role) == 0)
			return tp_fail(err, EINVAL,
				"%s: role '%s' has two priorities, leave one of them out",
				key, take_role);
	return 0;
}

/* The first of the list goes first, and all of them before the roles that are not in it. */
static int order_read(struct priority_allocator *self, struct tp_error *err)
{
	size_t i;
	int r = 0;

	if (self->n_order > 0 && self->n_numbers > 0)
		return tp_fail(err, EINVAL,
			"roles and priorities say the same in two ways: use one of them");
	for (i = 0; i < self->n_order && r >= 0; i++)
		r = role_add(self, "roles", tp_strdup(self->order[i]),
			self->other + (int64_t)(self->n_order - i), err);
	return r;
}

/* "role=value": returns where the value begins and sets *ret_role, or NULL. */
static const char *pair_split(const char *pair, char **ret_role)
{
	const char *equals = strrchr(pair, '=');

	if (equals == NULL || equals == pair || equals[1] == '\0')
		return NULL;
	*ret_role = tp_strndup(pair, (size_t)(equals - pair));
	return equals + 1;
}

static int numbers_read(struct priority_allocator *self, struct tp_error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; i < self->n_numbers && r >= 0; i++) {
		char *role, *end;
		const char *value = pair_split(self->numbers[i], &role);
		long long level;

		if (value == NULL)
			return tp_fail(err, EINVAL,
				"priorities: '%s' is not a role and its number, like "
				"prod=10",
				self->numbers[i]);
		errno = 0;
		level = strtoll(value, &end, 10);
		if (errno != 0 || *end != '\0') {
			tp_free(role);
			return tp_fail(err, EINVAL,
				"priorities: '%s' is not a number, in '%s'", value,
				self->numbers[i]);
		}
		r = role_add(self, "priorities", role, level, err);
	}
	return r;
}

static int minimums_read(struct priority_allocator *self, struct tp_error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; i < self->n_minimums && r >= 0; i++) {
		char *role;
		const char *value = pair_split(self->minimums[i], &role);

		if (value == NULL)
			return tp_fail(err, EINVAL,
				"minimums: '%s' is not a role and what it is guaranteed, "
				"like "
				"prod=cpus:4;mem:1024",
				self->minimums[i]);
		r = tp_allotment_guarantee(self->head.allotment, role, value, err);
		tp_free(role);
	}
	return r < 0 ? tp_wrap(err, r, "minimums") : 0;
}

/* The manifest's own sorter of that name, if it has one; "drf" needs none. */
static int sorter_choose(const struct priority_allocator *self, const char *key,
	const char *name, struct tp_sorter *ret, struct tp_error *err)
{
	int r = tp_sorter_find(&self->sorters, name, ret, err);

	if (r < 0 && strcmp(name, "drf") == 0) {
		*ret = (struct tp_sorter){ &tp_sorter_fair_ops, NULL };
		return 0;
	}
	return r < 0 ? tp_wrap(err, r, "%s", key) : 0;
}

/* --- life ------------------------------------------------------------------------------ */

static int priority_init(void *impl, struct tp_error *err)
{
	struct priority_allocator *self = impl;
	struct tp_allotment_options *options = &self->options;
	int r;

	self->priorities.other = self->other;
	r = order_read(self, err);
	if (r >= 0)
		r = numbers_read(self, err);
	if (r >= 0)
		r = sorter_choose(self, "role_sorter", self->role_sorter,
			&self->priorities.within, err);
	if (r >= 0)
		r = sorter_choose(self, "framework_sorter", self->framework_sorter,
			&options->framework_sorter, err);
	if (r < 0)
		return r;
	options->size = sizeof *options;
	options->role_sorter =
		(struct tp_sorter){ &priority_order_ops, &self->priorities };
	r = tp_allotment_create(
		&self->head.instance, options, &self->head.allotment, err);
	return r < 0 ? r : minimums_read(self, err);
}

static void priority_stop(void *impl, struct tp_done *done)
{
	struct priority_allocator *self = impl;

	tp_allotment_stop(self->head.allotment);
	tp_done(done, 0);
}

static void priority_fini(void *impl)
{
	struct priority_allocator *self = impl;
	size_t i;

	tp_allotment_destroy(self->head.allotment);
	for (i = 0; i < self->priorities.n; i++)
		tp_free((char *)self->priorities.items[i].role);
	tp_free(self->priorities.items);
}

static void priority_status(void *impl, struct tp_strbuf *out)
{
	struct priority_allocator *self = impl;
	size_t i;

	for (i = 0; i < self->priorities.n; i++)
		tp_strbuf_printf(out, "priority of %s: %lld\n",
			self->priorities.items[i].role,
			(long long)self->priorities.items[i].level);
	tp_allotment_status(self->head.allotment, out);
}

static const struct tp_field priority_config[] = {
	TP_ALLOTMENT_CONFIG(struct priority_allocator, options),
	TP_CONFIG_LIST("roles", struct priority_allocator, order,
		"Roles in order of priority; roles below one of them have its priority, "
		"all "
		"others come last."),
	TP_CONFIG_PAIRS("priorities", struct priority_allocator, numbers,
		"The same as numbers, role=number: the highest goes first, equal ones "
		"share."),
	TP_CONFIG("other_priority", TP_INT64, struct priority_allocator, other, "0",
		"Priority of roles that are not named."),
	TP_CONFIG_PAIRS("minimums", struct priority_allocator, minimums,
		"What a top-level role is guaranteed before anybody's priority counts, "
		"role=cpus:4;mem:1024."),
	TP_CONFIG("role_sorter", TP_STRING, struct priority_allocator, role_sorter, "drf",
		"Whose turn it is among roles of one priority."),
	TP_CONFIG("framework_sorter", TP_STRING, struct priority_allocator,
		framework_sorter, "drf",
		"Whose turn it is among the frameworks of a role."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "allocator-priority",
	.version = "1.0",
	.summary = "Strict priority between roles, fairness inside them",
	.provides = (const struct tp_provide[]){ { .kind = "allocator",
							 .abi = TP_ALLOCATOR_ABI,
							 .ops_size = sizeof(
								 struct tp_allocator_ops),
							 .ops = &tp_allotment_ops },
		{ 0 } },
	.requires =
		(const struct tp_require[]){
			TP_REQUIRE_MANY("sorter", TP_SORTER_ABI, struct tp_sorter_ops,
				struct priority_allocator, sorters),
			{ 0 } },
	.config = priority_config,
	.instance_size = sizeof(struct priority_allocator),
	.init = priority_init,
	.stop = priority_stop,
	.fini = priority_fini,
	.status = priority_status,
};
