/* SPDX-License-Identifier: Apache-2.0 */
/* The `work` service on the loop's own thread, for tests and the simulation. */
#ifndef TESTS_LIB_WORK_INLINE_H
#define TESTS_LIB_WORK_INLINE_H

#include "tepui/loop.h"
#include "tepui/work.h"

struct work_inline;

/*
 * One work runs per turn. Seed 0: in order of submission; any other seed chooses among those
 * that wait, always in the same way.
 */
struct work_inline *work_inline_create(struct tp_loop *loop, uint64_t seed);
/* Works that wait are done() with -ECANCELED before this returns. */
void work_inline_destroy(struct work_inline *inline_work);
struct tp_work_service work_inline_service(struct work_inline *inline_work);

#endif
