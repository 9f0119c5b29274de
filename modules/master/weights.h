/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of roles: how much of the cluster is a role's fair share. Durable; 1 unless set. */
#ifndef MASTER_WEIGHTS_H
#define MASTER_WEIGHTS_H

#include "tepui/kind/calls.h"

#include "master.h"

int weights_create(struct master *m);
void weights_destroy(struct master *m);

/* Has the registry set any, be it to 1? */
bool weights_any(const struct master *m);
/* From the registry. */
void weights_load(struct master *m, const struct tp_weight_info *info);
/* The allocator is told of all; before it is told of anything else. -ENOTSUP: it knows none. */
int weights_allocate(const struct master *m, struct tp_error *err);

double weight_of(const struct master *m, const char *role);
/* GET_WEIGHTS. Borrows from the table. */
struct tp_master_response_get_weights *weights_record(
	const struct master *m, struct tp_arena *arena);
/* UPDATE_WEIGHTS: all or nothing; answered when it is durable. */
void weights_update(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);

#endif
