/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's config keys: the names and defaults of the flags of a Mesos agent. */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include "agent.h"

#define AGENT_LISTEN "tcp://127.0.0.1:5061" /* unless config says otherwise */

extern const struct tp_field config_fields[];

/* check() of the module: ranges, and texts that must be something. */
void config_check(const void *self);

#endif
