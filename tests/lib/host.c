/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts a module in the test's process. Work and disk run on the loop's thread, so that a test
 * sees every step; nothing here waits longer than 20 seconds.
 */
#include "tests/lib/host.h"

#include <stdio.h>
#include <time.h>

#include "tepui/strbuf.h"

#define WAIT_NS (20 * TP_SEC)

static void on_stopped(struct tp_done *done, int status)
{
	(void)status;
	tp_container_of(done, struct test_host, done)->stopped = true;
}

static int host_load(struct test_host *host, const struct tp_module *const *modules,
	size_t n_modules, const char *config, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	int r;

	tp_strbuf_printf(&text, "log: {level: error}\nmodules:\n");
	for (size_t i = 1; i < n_modules; i++)
		tp_strbuf_printf(&text, "  - module: %s\n", modules[i]->name);
	tp_strbuf_printf(&text, "  - module: %s\n    as: it\n", modules[0]->name);
	if (config != NULL)
		tp_strbuf_printf(&text, "    config: %s\n", config);
	r = tp_kernel_load_text(
		host->kernel, "test.yaml", tp_strbuf_text(&text), NULL, 0, err);
	return r < 0 ? r : tp_kernel_start(host->kernel, err);
}

int test_host_try(struct test_host *host, const struct tp_module *const *modules,
	size_t n_modules, const char *config, struct tp_error *err)
{
	struct tp_work_service work;
	struct tp_disk_service disk;
	int r;

	test_clock_init(&host->clock);
	host->stopped = false;
	host->loop = tp_loop_create(host->real_time ? NULL : &host->clock.clock, NULL);
	tp_assert(host->loop != NULL);
	host->work = work_inline_create(host->loop, 0);
	work = work_inline_service(host->work);
	host->disk = disk_create(host->loop, work);
	disk = disk_service(host->disk);
	host->services[0] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("work", TP_WORK_ABI, work);
	host->services[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, disk);
	struct tp_kernel_options options = {
		.loop = host->loop,
		.services = host->services,
		.n_services = TP_COUNT(host->services),
		.modules = modules,
		.n_modules = n_modules,
	};
	host->kernel = tp_kernel_create(&options);
	r = host_load(host, modules, n_modules, config, err);
	if (r < 0)
		test_host_stop(host);
	return r;
}

void test_host_start(
	struct test_host *host, const struct tp_module *module, const char *config)
{
	struct tp_error err;

	if (test_host_try(host, &module, 1, config, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		tp_assert(!"the module starts");
	}
}

const void *test_host_ops(const struct tp_module *module)
{
	return module->provides[0].ops;
}

void *test_host_impl(const struct test_host *host)
{
	return tp_kernel_instance(host->kernel, "it");
}

void test_host_stop(struct test_host *host)
{
	if (host->loop == NULL)
		return;
	host->done.call = on_stopped;
	tp_kernel_stop(host->kernel, &host->done);
	for (int i = 0; i < 1000 && !host->stopped; i++)
		tp_loop_turn(host->loop, 0);
	tp_assert(host->stopped);
	work_inline_destroy(host->work);
	tp_kernel_destroy(host->kernel);
	disk_destroy(host->disk);
	tp_loop_destroy(host->loop);
	host->loop = NULL;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * TP_SEC + now.tv_nsec;
}

bool test_host_wait(struct test_host *host, const bool *flag)
{
	int64_t end_ns = now_ns() + WAIT_NS;

	while (!*flag && now_ns() < end_ns)
		tp_loop_turn(host->loop, 100 * TP_MSEC);
	return *flag;
}
