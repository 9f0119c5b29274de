/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast agents may become unreachable: agent_removal_rate_limit, like 1/20mins. Who waits for
 * its turn may still come back.
 */
#ifndef MASTER_REMOVAL_H
#define MASTER_REMOVAL_H

#include "tepui/list.h"

#include "master.h"

/* Yours; zero it. */
struct removal {
	struct tp_list node;
	bool waiting;
	/* Its turn has come; from inside removal_schedule() when there is no limit. */
	void (*turn)(struct removal *removal);
};

int removals_create(struct master *m);
/* Nobody waits any more. */
void removals_destroy(struct master *m);
/* Does nothing when it waits already. */
void removal_schedule(struct master *m, struct removal *removal);
/* false when it did not wait. */
bool removal_cancel(struct master *m, struct removal *removal);

/* "N/DURATION" as the time between two removals; -EINVAL. */
int removal_parse_rate(const char *text, int64_t *ret_interval_ns, struct tp_error *err);
/* "N%" from 0 to 100. */
int removal_parse_percent(const char *text, double *ret_percent, struct tp_error *err);

#endif
