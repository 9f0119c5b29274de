/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this master is, and which agents it takes: those of a domain need a master that has one,
 * because without it nobody could say which of them are far away.
 */
#ifndef MASTER_DOMAIN_H
#define MASTER_DOMAIN_H

#include "master.h"

/* Reads the key `domain`, which may be a file; once, at the start. */
int domain_create(struct master *m, struct tp_error *err);
/* Tells the allocator, who must know of domains if there is one: -ENOTSUP. */
int domain_allocate(const struct master *m, struct tp_error *err);
/* -EINVAL when an agent that says this may not register. */
int domain_check(
	const struct master *m, const struct tp_agent_info *info, struct tp_error *err);

#endif
