/* SPDX-License-Identifier: Apache-2.0 */
/* The whole environment of an executor: what it dials, who it is, and what operators add. */
#ifndef AGENT_ENVIRONMENT_H
#define AGENT_ENVIRONMENT_H

#include "tepui/wire/common.h"

#include "agent.h"

struct executor;

/* Records are allocated in `arena` and borrow from the executor. */
struct tp_environment *environment_create(
	struct executor *executor, struct tp_arena *arena);
/* Complains about what is not NAME=value of the config. */
void environment_check(const struct agent *agent);

#endif
