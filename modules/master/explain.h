/* SPDX-License-Identifier: Apache-2.0 */
/* Why a framework is offered what it is offered: the allocator's word, for people. */
#ifndef MASTER_EXPLAIN_H
#define MASTER_EXPLAIN_H

#include "master.h"

/* The answer to the call, in `arena`. -EINVAL: no such framework, role or agent; -ENOTSUP. */
int explain_record(struct master *m, const struct tp_master_call_explain_offers *call,
	struct tp_arena *arena, struct tp_master_response_explain_offers **ret,
	struct tp_error *err);

#endif
