/* SPDX-License-Identifier: Apache-2.0 */
/* ACCEPT and DECLINE: what becomes of offers. */
#ifndef MASTER_ACCEPT_H
#define MASTER_ACCEPT_H

#include "tepui/kind/allocator.h"
#include "tepui/resources.h"

#include "master.h"

struct agent;
struct framework;

/* One ACCEPT while its operations are carried out, in order. */
struct accept {
	struct master *master;
	struct framework *framework;
	struct agent *agent;
	char *role;
	struct tp_resources offered;   /* in all its offers */
	struct tp_resources remaining; /* of that, and of what it was converted to */
};

/* How long it is refused, of the filters of a call; NULL = the default. */
int64_t accept_refuse_ns(const struct tp_filters *filters);

int accept_call(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int accept_decline(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

#endif
