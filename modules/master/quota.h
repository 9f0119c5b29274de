/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quota of top-level roles: what each is sure to get (guarantees) and what it may have at most
 * (limits), by names of scalars. Durable. A role without an entry has neither.
 */
#ifndef MASTER_QUOTA_H
#define MASTER_QUOTA_H

#include "tepui/kind/calls.h"

#include "master.h"

struct settings_change;

/* Kinds of resources in one quota; each is compared with each. */
#define QUOTA_KINDS_MAX 100

int quota_create(struct master *m);
void quota_destroy(struct master *m);

/* From the registry. */
void quota_load(struct master *m, const struct tp_quota_config *config);
/*
 * The allocator is told of all; before it is told of agents and frameworks. -ENOTSUP when it knows
 * no quota, and there is some or soon will be.
 */
int quota_allocate(const struct master *m, struct tp_error *err);

/* NULL without one. Borrowed until it changes. */
const struct tp_quota_config *quota_of(const struct master *m, const char *role);
/* GET_QUOTA. Borrows from the table. */
struct tp_master_response_get_quota *quota_record(
	const struct master *m, struct tp_arena *arena);
/*
 * UPDATE_QUOTA: all or nothing; answered when it is durable. Without `force` guarantees must fit
 * into the cluster, and what a role has into its limits.
 */
void quota_update(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);
/* May it be set so? -ENOSPC for what only `force` would set, -EINVAL for what is wrong. */
int quota_check(const struct master *m, const struct tp_master_call_update_quota *wanted,
	struct tp_error *err);
/* Takes the change, which `wanted` lives with: stored and enforced, or refused for `r`. */
void quota_apply(struct settings_change *change,
	const struct tp_master_call_update_quota *wanted, int r,
	const struct tp_error *err);

#endif
