/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of operations on resources. What an operation converts counts as converted as soon as
 * it leaves for its agent: later ones build on it, and the agent carries them out in order. One
 * stays in the table until the agent has said how it went and, when it has an id, until its
 * framework has acknowledged that.
 *
 *	PENDING ─► FINISHED | FAILED | ERROR | DROPPED	as its agent says
 *	        ─► DROPPED	the agent came back and does not know it
 *	        ─► UNREACHABLE | GONE_BY_OPERATOR	with its agent
 */
#ifndef MASTER_OPERATIONS_H
#define MASTER_OPERATIONS_H

#include "tepui/net.h"

#include "conversion.h"

struct operation;

int operations_create(struct master *m);
void operations_destroy(struct master *m);

/* What was checked leaves for its agent, and the agent's total is converted. */
void operations_begin(const struct conversion *c);
/* Tells the framework, if the operation has an id, that it never began. */
void operations_refuse(struct framework *f, const struct tp_offer_operation *operation,
	int state, const char *why);
/* Has the framework an operation of this id that is not over and acknowledged? */
bool operations_has_id(const struct framework *f, const char *id);

/* The agent is back and says which it has: the others are over. */
void operations_return(struct agent *a, struct tp_operation *const *items, size_t n);
/* The agent is gone: all of its operations end in this state. */
void operations_end_all_of_agent(struct agent *a, int state);

void operations_on_update(struct master *m, struct tp_message *message);
int operations_acknowledge(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int operations_reconcile(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

/* For operators; borrows from the table. */
struct tp_master_response_get_operations *operations_record(
	const struct master *m, struct tp_arena *arena);

#endif
