/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of what is in use. Its sums are what the allocator is told when an agent or a
 * framework is added, and what operators see as allocated.
 */
#include "use.h"

#include "agents.h"
#include "frameworks.h"

struct use *use_find(const struct framework *f, const struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->uses) {
		struct use *use = tp_container_of(node, struct use, in_agent);

		if (use->framework == f)
			return use;
	}
	return NULL;
}

void use_take(struct framework *f, struct agent *a, const struct tp_resources *resources)
{
	struct use *use = use_find(f, a);

	if (use == NULL) {
		use = tp_alloc(sizeof *use);
		use->framework = f;
		use->agent = a;
		tp_list_append(&f->uses, &use->in_framework);
		tp_list_append(&a->uses, &use->in_agent);
	}
	use->holders++;
	tp_resources_add(&use->resources, resources);
}

void use_release(
	struct framework *f, struct agent *a, const struct tp_resources *resources)
{
	struct master *m = a->master;
	struct use *use = use_find(f, a);

	tp_assert(use != NULL && use->holders > 0);
	tp_resources_subtract(&use->resources, resources);
	if (--use->holders == 0) {
		tp_list_remove(&use->in_framework);
		tp_list_remove(&use->in_agent);
		tp_resources_fini(&use->resources);
		tp_free(use);
	}
	if (!a->in_allocator || tp_resources_empty(resources))
		return;
	if (m->allocator.ops->end_use != NULL)
		m->allocator.ops->end_use(m->allocator.impl, f->slot, a->slot, resources);
	m->allocator.ops->recover_resources(
		m->allocator.impl, f->slot, a->slot, resources, NULL);
}
