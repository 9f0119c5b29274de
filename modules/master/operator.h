/* SPDX-License-Identifier: Apache-2.0 */
/* The operator API of the master. */
#ifndef MASTER_OPERATOR_H
#define MASTER_OPERATOR_H

#include "tepui/kind/calls.h"

#include "master.h"

void operator_call(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);

#endif
