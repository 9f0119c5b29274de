/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel gives out the lowest free descriptor: one that comes out near the limit says that
 * all below are taken. No bookkeeping, and whoever took them is counted.
 */
#include "core/net/descriptors.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define RESERVE_MAX 64

bool descriptors_are_short(void)
{
	struct rlimit limit;
	rlim_t reserve;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	reserve = limit.rlim_cur / 4 < RESERVE_MAX ? limit.rlim_cur / 4 : RESERVE_MAX;
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0)
		return true;
	close(fd);
	return (rlim_t)fd >= limit.rlim_cur - reserve;
}
