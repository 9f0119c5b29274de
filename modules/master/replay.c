/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order is that of kind/allocator.h. The master is the owner of the truth, so nothing is asked
 * of the allocator that goes; filters, which only it knows, begin anew.
 */
#include "replay.h"

#include <errno.h>

#include "absent.h"
#include "agents.h"
#include "domain.h"
#include "frameworks.h"
#include "maintenance.h"
#include "offers.h"
#include "quota.h"
#include "weights.h"
#include "whitelist.h"

static void replay_agents(struct master *m)
{
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		struct agent *a = agents_at(m, i);

		if (a == NULL || !a->in_allocator)
			continue;
		a->in_allocator = false;
		agent_allocate(a);
		if (!agent_connected(a))
			m->allocator.ops->deactivate_agent(m->allocator.impl, a->slot);
	}
}

static void replay_frameworks(struct master *m)
{
	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		struct framework *f = frameworks_at(m, i);

		if (f == NULL || !f->in_allocator)
			continue;
		f->in_allocator = false;
		framework_allocate(f);
	}
}

/* Copies of shared volumes come and go by update_allocation(). */
static int check_volumes(const struct master *m, struct tp_error *err)
{
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		const struct agent *a = agents_at(m, i);

		for (uint32_t k = 0; a != NULL && k < a->total.n; k++) {
			if (tp_resource_is_shared(&a->total.items[k], NULL))
				return tp_fail(err, ENOTSUP,
					"there are shared volumes, and the allocator "
					"knows none: use another, or destroy them first");
		}
	}
	return 0;
}

int replay(struct master *m, struct tp_error *err)
{
	const struct tp_allocator_ops *ops = m->allocator.ops;
	int r;

	if (ops->pause == NULL || ops->resume == NULL)
		return tp_fail(err, ENOTSUP,
			"the allocator cannot come into a running master: it has no "
			"pause()");
	r = ops->update_allocation == NULL ? check_volumes(m, err) : 0;
	if (r < 0)
		return r;
	offers_open(m);
	ops->pause(m->allocator.impl);
	r = domain_allocate(m, err);
	if (r >= 0)
		r = whitelist_allocate(m, err);
	if (r >= 0)
		r = weights_allocate(m, err);
	if (r >= 0)
		r = quota_allocate(m, err);
	if (r >= 0)
		r = maintenance_allocate(m, err);
	if (r < 0)
		return r;
	offers_renew(m);
	/* After a failover it may wait for the agents: those that are back count at once. */
	if (ops->recover != NULL && absent_n(m, TP_REGISTRY_AGENT) > 0)
		ops->recover(m->allocator.impl, absent_n_at_start(m));
	replay_agents(m);
	replay_frameworks(m);
	ops->resume(m->allocator.impl);
	tp_info(m, "another allocator goes on", "offers=%zu", offers_count(m));
	return 0;
}
