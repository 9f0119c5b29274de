/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random records of any descriptor, for tests, fuzz seeds and benches. The same seed gives the
 * same record.
 */
#ifndef TESTS_LIB_RANDOM_RECORD_H
#define TESTS_LIB_RANDOM_RECORD_H

#include "tepui/arena.h"
#include "tepui/field.h"

/* Values stay within what a double holds exactly, so that JSON gives them back. */
void *random_record(const struct tp_desc *desc, uint64_t seed, struct tp_arena *arena);

#endif
