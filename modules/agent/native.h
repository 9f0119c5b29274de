/* SPDX-License-Identifier: Apache-2.0 */
/* The native carriage of the operator API: the agent's listener. */
#ifndef AGENT_NATIVE_H
#define AGENT_NATIVE_H

#include "agent.h"

/* Before the start: `ip` and `ip_discovery_command` become what listen says. */
int native_choose_address(struct agent *agent, struct tp_error *err);
int native_start(struct agent *agent, struct tp_error *err);
void native_stop(struct agent *agent, struct tp_done *done);
void native_fini(struct agent *agent);
/* As bound: "tcp://127.0.0.1:5061"; NULL before start. */
const char *native_url(const struct agent *agent);
/* What masters are told instead, if the config says so; after start. */
const char *native_advertised_url(const struct agent *agent);

#endif
