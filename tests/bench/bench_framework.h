/* SPDX-License-Identifier: Apache-2.0 */
/* A framework of a bench: one role, one driver that runs. */
#ifndef TESTS_BENCH_FRAMEWORK_H
#define TESTS_BENCH_FRAMEWORK_H

#include <stdbool.h>

#include "tepui/scheduler.h"

struct bench_framework {
	const char *name, *role, *master;
	bool checkpoint; /* and a minute to come back */
	const struct tp_scheduler *scheduler;
	void *user; /* of its callbacks, which may come before the call returns */
};

/* False after a line on stderr; what is in *ret then is the caller's to destroy, or NULL. */
bool bench_framework_start(
	const struct bench_framework *framework, struct tp_scheduler_driver **ret);

#endif
