/* SPDX-License-Identifier: Apache-2.0 */
/* Agents without a domain are taken to be where the master is, unless they must have one. */
#include "domain.h"

#include <errno.h>

#include "tepui/domain.h"

int domain_create(struct master *m, struct tp_error *err)
{
	return tp_domain_parse(m->domain_text, m->arena, &m->domain, err);
}

int domain_allocate(const struct master *m, struct tp_error *err)
{
	if (m->domain == NULL)
		return 0;
	if (m->allocator.ops->update_domain == NULL)
		return tp_fail(err, ENOTSUP,
			"domain: the allocator knows no domains: use another, or leave "
			"it "
			"out");
	m->allocator.ops->update_domain(m->allocator.impl, m->domain);
	return 0;
}

int domain_check(
	const struct master *m, const struct tp_agent_info *info, struct tp_error *err)
{
	if (info->domain != NULL && m->domain == NULL)
		return tp_fail(err, EINVAL,
			"the agent has a domain and the master has none: give the master "
			"one");
	if (info->domain == NULL && m->require_agent_domain)
		return tp_fail(err, EINVAL,
			"the agent has no domain, and the master wants one "
			"(require_agent_domain)");
	return 0;
}
