/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SET_QUOTA and REMOVE_QUOTA, as clients know them that are older than UPDATE_QUOTA: one role, which
 * must have none or one, and what it is guaranteed is also its limit.
 */
#ifndef MASTER_QUOTA_REQUEST_H
#define MASTER_QUOTA_REQUEST_H

#include "tepui/kind/calls.h"

#include "master.h"

void quota_request_set(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);
void quota_request_remove(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);

#endif
