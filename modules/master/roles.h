/* SPDX-License-Identifier: Apache-2.0 */
/* Roles as operators see them: those in use, who is in them, and what they hold. */
#ifndef MASTER_ROLES_H
#define MASTER_ROLES_H

#include "master.h"

/* Is it a name, and one that the master's `roles` allow? -EINVAL with the reason. */
int roles_check(const struct master *m, const char *role, struct tp_error *err);

struct tp_master_response_get_roles *roles_record(
	const struct master *m, struct tp_arena *arena);

#endif
