/* SPDX-License-Identifier: Apache-2.0 */
/* May an agent register at all? Whatever needs the tables is register.c's. */
#ifndef MASTER_REGISTER_CHECK_H
#define MASTER_REGISTER_CHECK_H

#include "agents.h"

/* The oldest agents that this master works with. */
#define AGENT_VERSION_OLDEST "0.1.0"

/* -EINVAL: what it says of itself is wrong; -EPROTO: its version is too old or none. */
int register_check(const struct registration *registration, struct tp_error *err);
/* The master's sums over agents must hold: -EINVAL when this is more than any machine has. */
int register_check_amounts(const struct tp_resources *resources, struct tp_error *err);
/* Where a session comes from, without its port, in `arena`; NULL when it is not an IP address. */
const char *register_ip(const struct master *m, uint64_t peer, struct tp_arena *arena);

#endif
