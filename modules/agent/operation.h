/* SPDX-License-Identifier: Apache-2.0 */
/* One operation on the agent's resources: what was asked for, and what became of it. */
#ifndef AGENT_OPERATION_H
#define AGENT_OPERATION_H

#include "tepui/resources.h"
#include "tepui/wire/internal.h"

#include "agent.h"

struct operation {
	struct tp_list node;
	struct agent *agent;
	struct tp_arena *arena;
	struct tp_operation *record;  /* its latest_status is what will be told */
	struct tp_resources gone;     /* volumes to destroy once it is stored */
	uint64_t generation;          /* of the state that has to be stored first */
	bool waiting;                 /* not to be stored yet; all after it wait, too */
	struct tp_resources from, to; /* what it converted, while it waits */
	struct tp_timer again;
	int64_t again_ns;
};

/* At the end of the list, without a record. It is told again with tell() after again_ns. */
struct operation *operation_create(struct agent *agent, struct tp_list *list,
	void (*tell)(struct tp_timer *again), int64_t again_ns);
void operation_destroy(struct operation *op);
/* What the message asks for is its record now. */
void operation_read(struct operation *op, const struct tp_apply_operation *message);
/* Somebody will acknowledge its end. */
bool operation_wants_feedback(const struct operation *op);
/* It need not wait any longer. */
void operation_stop_waiting(struct operation *op);
/* How it ended; why NULL: it was done. */
void operation_end(struct operation *op, int state, const char *why);

#endif
