/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's entities for readers, as cursors. */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "tepui/kind/state.h"

#include "agent.h"

extern const struct tp_state_ops state_ops;

size_t state_next(struct agent *agent, enum tp_state_what what, uint64_t *cursor,
	struct tp_arena *arena, const void **records, size_t max);

#endif
