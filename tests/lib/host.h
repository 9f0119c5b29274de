/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One module under test in a kernel of its own: loop, work, disk and config as a daemon would
 * have them, without threads. The module is linked into the test.
 */
#ifndef TESTS_LIB_HOST_H
#define TESTS_LIB_HOST_H

#include "core/kernel/disk.h"
#include "core/kernel/kernel.h"
#include "tests/lib/clock.h"
#include "tests/lib/work_inline.h"

struct test_host {
	struct test_clock clock; /* stands still unless the test moves it */
	bool real_time;          /* set before the start: the system's clock instead */
	struct tp_loop *loop;
	struct work_inline *work;
	struct disk *disk;
	struct tp_kernel *kernel;
	struct tp_kernel_service services[2];
	bool stopped;
	struct tp_done done;
};

/*
 * Starts the first module as instance "it" with `config` (YAML in one line, NULL = none), the
 * others beside it. Returns what the kernel says; on failure everything is gone already.
 */
int test_host_try(struct test_host *host, const struct tp_module *const *modules,
	size_t n_modules, const char *config, struct tp_error *err);
/* The same for one module that must start. */
void test_host_start(
	struct test_host *host, const struct tp_module *module, const char *config);
/* The ops table of the first kind that "it" provides, and its instance. */
const void *test_host_ops(const struct tp_module *module);
void *test_host_impl(const struct test_host *host);
/* Stops and frees everything; a host that did not start is fine. */
void test_host_stop(struct test_host *host);

/* Turns with real waiting until *flag, for at most 20 seconds. Returns *flag. */
bool test_host_wait(struct test_host *host, const bool *flag);

#endif
