/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of the config: those that a registry begins with which has none. */
#ifndef MASTER_WEIGHTS_FLAG_H
#define MASTER_WEIGHTS_FLAG_H

#include "master.h"

/* -EINVAL with the reason: not like "a=2,b=0.5", or a role that may have no weight. */
int weights_flag_check(const struct master *m, struct tp_error *err);
/*
 * The registry was read: they hold when it has none. Before weights_allocate(). 1: and must be
 * stored; 0: there is nothing to store; -ENOTSUP with the reason: the allocator knows none.
 */
int weights_flag_take(struct master *m, struct tp_error *err);
/* The allocator can do all that it was asked for. */
void weights_flag_store(struct master *m);

#endif
