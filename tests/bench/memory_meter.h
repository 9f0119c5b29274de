/* SPDX-License-Identifier: Apache-2.0 */
/* What memory a process costs, in bytes; -1 when it is gone. */
#ifndef TESTS_BENCH_MEMORY_METER_H
#define TESTS_BENCH_MEMORY_METER_H

#include <sys/types.h>

/* Anonymous or private dirty pages: what it alone makes the machine hold. */
long memory_own(pid_t pid);
/* Proportional: shared pages are divided among those who share them. */
long memory_pss(pid_t pid);

#endif
