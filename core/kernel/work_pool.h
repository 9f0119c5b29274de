/* SPDX-License-Identifier: Apache-2.0 */
/* The `work` service on a few threads: see tepui/work.h. */
#ifndef CORE_KERNEL_WORK_POOL_H
#define CORE_KERNEL_WORK_POOL_H

#include "tepui/loop.h"
#include "tepui/work.h"

#define WORK_POOL_THREADS 2

struct work_pool;

/* Starts no thread yet: each comes with a work that finds all others busy. */
struct work_pool *work_pool_create(struct tp_loop *loop, unsigned n_threads_max);
/*
 * On the loop's thread. Works that run come to their end, those that wait are done() with
 * -ECANCELED, both before this returns.
 */
void work_pool_destroy(struct work_pool *pool);
struct tp_work_service work_pool_service(struct work_pool *pool);
/* How many threads there are, for tests and status. */
unsigned work_pool_threads(struct work_pool *pool);

#endif
