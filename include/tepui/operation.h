/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations that convert resources (RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME,
 * SHRINK_VOLUME) as two bundles: what they take and what they give instead. Master, agent and
 * allocator apply them with tp_resources_convert(), so that all three agree.
 */
#ifndef TEPUI_OPERATION_H
#define TEPUI_OPERATION_H

#include "tepui/resources.h"
#include "tepui/wire/offer.h"

/*
 * Fills both bundles, which are replaced, and unchanged when the call fails. -EINVAL with the
 * reason for what is wrong with the operation itself; rules about who asks (principals, roles,
 * capabilities) and what is there (ids in use, tasks on a volume) are the caller's. The
 * bundles are allocated as the operation's records are: a master sets its offer's role on both
 * with tp_resources_allocate(). -ENOTSUP for operations that convert nothing.
 */
TP_EXPORT int tp_operation_resources(const struct tp_offer_operation *operation,
	struct tp_resources *ret_from, struct tp_resources *ret_to, struct tp_error *err);

/* Adds to `to` what an agent must remember of its resources: the traces of operations. */
TP_EXPORT void tp_resources_checkpointed(
	struct tp_resources *to, const struct tp_resources *from);
/*
 * Lays what was remembered over what an agent is configured with. -EINVAL, and `total` unchanged,
 * when there is too little to lay it over.
 */
TP_EXPORT int tp_resources_apply_checkpointed(struct tp_resources *total,
	const struct tp_resources *checkpointed, struct tp_error *err);

#endif
