/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splitmix64, and a getrandom() that comes before the C library's because the program itself
 * exports it. One thread calls it as long as the transport is the simulated one; on the real one
 * the numbers matter to nobody.
 */
#include "sim_random.h"

#include <string.h>
#include <sys/random.h>

static struct sim_random kernel;

uint64_t sim_random_next(struct sim_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned sim_random_below(struct sim_random *random, unsigned n)
{
	return (unsigned)(sim_random_next(random) % n);
}

void sim_random_seed(uint64_t seed)
{
	kernel.state = seed;
}

__attribute__((visibility("default"))) ssize_t getrandom(
	void *buffer, size_t length, unsigned flags)
{
	unsigned char *at = buffer;

	(void)flags;
	for (size_t left = length; left > 0;) {
		uint64_t number = sim_random_next(&kernel);
		size_t n = left < sizeof number ? left : sizeof number;

		memcpy(at, &number, n);
		at += n;
		left -= n;
	}
	return (ssize_t)length;
}
