/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance by seed. Programs that link this file have it in the place of getrandom(2), modules and
 * libtepui included, so that uuids and jitter are the same in every run with the same seed.
 */
#ifndef TESTS_LIB_SIM_RANDOM_H
#define TESTS_LIB_SIM_RANDOM_H

#include <stdint.h>

/* What getrandom() gives from now on. Without it: always the same. */
void sim_random_seed(uint64_t seed);

/* A generator of the caller's own. */
struct sim_random {
	uint64_t state;
};
/* Any number, and one from 0 to n - 1. */
uint64_t sim_random_next(struct sim_random *random);
unsigned sim_random_below(struct sim_random *random, unsigned n);

#endif
