/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' calls that reserve resources and make or remove volumes on an agent. */
#ifndef MASTER_OPERATOR_RESOURCES_H
#define MASTER_OPERATOR_RESOURCES_H

#include "tepui/kind/calls.h"

#include "master.h"

/*
 * RESERVE_RESOURCES, UNRESERVE_RESOURCES, CREATE_VOLUMES, DESTROY_VOLUMES, GROW_VOLUME,
 * SHRINK_VOLUME. 202: on its way to the agent. -ENOSPC when tasks hold what it needs.
 */
int operator_resources(struct master *m, const struct tp_principal *principal,
	const struct tp_master_call *call, struct tp_error *err);

#endif
