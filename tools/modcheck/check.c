/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts the module under examination. A probe that is linked into this program requires its kind,
 * so that the kernel checks the ABI and hands over a table of our length. Time is virtual, but
 * threads and processes are real: a wait lets them catch up without moving the clock.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tepui/kind/logger.h"
#include "tepui/module.h"

#define WAIT_NS (20 * TP_SEC)
#define TURNS_MAX 100000

/* --- modules of our own ---------------------------------------------------------------- */

struct probe {
	struct tp_instance instance;
	struct tp_services found, others;
};

/* The first to start, so the last to stop: it can hold all the others up. */
struct fake_logger {
	struct tp_instance instance;
	bool holds, held;
	struct tp_done *done;
};

static int fake_prepare(void *impl, const char *id,
	const struct tp_container_config *config, uid_t uid, gid_t gid, int *ret_out,
	int *ret_err, struct tp_error *err)
{
	(void)impl, (void)id, (void)config, (void)uid, (void)gid;
	*ret_out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*ret_err = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return *ret_out < 0 || *ret_err < 0 ? tp_fail_errno(err, errno, "/dev/null") : 0;
}

static void fake_stop(void *impl, struct tp_done *done)
{
	struct fake_logger *self = impl;

	self->done = done;
	self->held = true;
	if (!self->holds)
		tp_done(done, 0);
}

static const struct tp_logger_ops fake_logger_ops = { .prepare = fake_prepare };
static const struct tp_provide fake_logger_gives[] = {
	TP_PROVIDE("logger", TP_LOGGER_ABI, fake_logger_ops), { 0 }
};
static const struct tp_module fake_logger = {
	TP_MODULE_HEADER,
	.name = "modcheck-logger",
	.provides = fake_logger_gives,
	.instance_size = sizeof(struct fake_logger),
	.stop = fake_stop,
};

/* --- time ------------------------------------------------------------------------------ */

static int64_t clock_now_ns(struct tp_clock *clock)
{
	return tp_container_of(clock, struct check_clock, clock)->now_ns;
}

static int64_t clock_wall_ns(struct tp_clock *clock)
{
	return INT64_C(1700000000) * TP_SEC + clock_now_ns(clock);
}

static void settle(struct check *c)
{
	for (int i = 0; i < TURNS_MAX && tp_loop_turn(c->loop, 0) > 0; i++)
		;
}

void check_advance(struct check *c, int64_t ns)
{
	int64_t end_ns = c->clock.now_ns + ns;

	settle(c);
	for (int i = 0; i < TURNS_MAX; i++) {
		int64_t due_ns = tp_loop_next_due_ns(c->loop);

		if (due_ns > end_ns)
			break;
		if (due_ns > c->clock.now_ns)
			c->clock.now_ns = due_ns;
		settle(c);
	}
	c->clock.now_ns = end_ns;
	settle(c);
}

bool check_wait(struct check *c, const bool *flag)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		tp_loop_turn(c->loop, 20 * TP_MSEC);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!*flag &&
		(now.tv_sec - begun.tv_sec) * TP_SEC + now.tv_nsec - begun.tv_nsec <
			WAIT_NS);
	return *flag;
}

/* --- what a case finds ----------------------------------------------------------------- */

bool expect(struct check *c, bool holds, const char *fmt, ...)
{
	va_list args;

	if (holds || c->failed)
		return holds;
	c->failed = true;
	va_start(args, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, args);
	va_end(args);
	return false;
}

void skip(struct check *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->skipped, sizeof(c->skipped), fmt, args);
	va_end(args);
}

void report(struct check *c, bool ok, const char *what, const char *why)
{
	c->n_failed += !ok;
	printf("%s  %s%s%s\n", ok ? "ok    " : "FAILED", what, why[0] != '\0' ? ": " : "",
		why);
	fflush(stdout);
}

/* --- one case -------------------------------------------------------------------------- */

static void on_stopped(struct tp_done *done, int status)
{
	(void)status;
	tp_container_of(done, struct check, stopping)->stopped = true;
}

static int load(struct check *c, size_t n_instances, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	size_t n_settings = n_instances * c->target->n_config;
	const char **settings = tp_alloc((n_settings + 1) * sizeof(*settings));
	int r;

	for (size_t i = 0; i < n_settings; i++)
		settings[i] = tp_asprintf("it%s.%s", i < c->target->n_config ? "" : "2",
			c->target->config[i % c->target->n_config]);
	tp_strbuf_printf(
		&text, "log: {level: error}\nmodules:\n  - module: modcheck-logger\n");
	for (size_t i = 0; i < c->target->n_with; i++)
		tp_strbuf_printf(&text, "  - module: \"%s\"\n", c->target->with[i]);
	for (size_t i = 0; i < n_instances; i++)
		tp_strbuf_printf(&text, "  - module: \"%s\"\n    as: it%s\n",
			c->target->file, i == 0 ? "" : "2");
	tp_strbuf_printf(&text, "  - module: modcheck-probe\n");
	r = tp_kernel_load_text(
		c->kernel, "modcheck", tp_strbuf_text(&text), settings, n_settings, err);
	for (size_t i = 0; i < n_settings; i++)
		tp_free((char *)settings[i]);
	tp_free(settings);
	return r;
}

static void add_it(struct check *c, const struct tp_service_item *item)
{
	c->it_key[c->n_it] = item->key;
	c->it[c->n_it++] = item->service;
}

/* Those of the module itself, not of what --with brought along. */
static void find(struct check *c)
{
	const struct probe *probe = tp_kernel_instance(c->kernel, "modcheck-probe");

	c->n_it = 0;
	for (size_t i = 0; i < probe->found.n && c->n_it < INSTANCES_MAX; i++) {
		const struct tp_service_item *item = &probe->found.items[i];

		if (tp_streq(item->instance, "it") || tp_streq(item->instance, "it2"))
			add_it(c, item);
	}
	c->others = probe->others;
}

static int start_kernel(struct check *c, const struct suite *suite, size_t n_instances,
	struct tp_error *err)
{
	const struct tp_require requires[] = {
		{ suite->kind, suite->abi, suite->ops_size, offsetof(struct probe, found),
			TP_REQUIRE_IS_MANY },
		{ suite->other, suite->other_abi, suite->other_ops_size,
			offsetof(struct probe, others), TP_REQUIRE_IS_MANY },
		{ 0 },
	};
	const struct tp_module probe = {
		TP_MODULE_HEADER,
		.name = "modcheck-probe",
		.requires = requires,
		.instance_size = sizeof(struct probe),
	};
	const struct tp_module *const modules[] = { &fake_logger, &probe };
	struct tp_kernel_options options = {
		.loop = c->loop,
		.modules = modules,
		.n_modules = TP_COUNT(modules),
		.stop_timeout_ns = TP_HOUR,
	};
	int r;

	options.services = tp_services_host_rows(c->services, &options.n_services);
	c->kernel = tp_kernel_create(&options);
	r = load(c, n_instances, err);
	if (r < 0) {
		tp_kernel_destroy(c->kernel);
		c->kernel = NULL;
		return r;
	}
	r = tp_kernel_start(c->kernel, err);
	if (r >= 0)
		find(c);
	return r;
}

int check_start(struct check *c, const struct suite *suite, size_t n_instances,
	struct tp_error *err)
{
	int r;

	snprintf(c->dir, sizeof(c->dir), "/tmp/tepui-modcheck-XXXXXX");
	if (mkdtemp(c->dir) == NULL)
		return tp_fail_errno(err, errno, "making '%s'", c->dir);
	c->clock = (struct check_clock){ { clock_now_ns, clock_wall_ns }, TP_HOUR };
	c->loop = tp_loop_create(&c->clock.clock, err);
	if (c->loop == NULL)
		return -EIO;
	r = tp_services_host_create(c->loop, &c->services, err);
	return r < 0 ? r : start_kernel(c, suite, n_instances, err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void begin_to_stop(struct check *c)
{
	c->stopping.call = on_stopped;
	c->stopping_now = true;
	c->stopped = false;
	tp_kernel_stop(c->kernel, &c->stopping);
}

void check_halt(struct check *c)
{
	struct fake_logger *logger = tp_kernel_instance(c->kernel, "modcheck-logger");

	logger->holds = true;
	begin_to_stop(c);
	check_wait(c, &logger->held);
	expect(c, logger->held, "it does not stop");
}

static void finish(struct check *c)
{
	struct fake_logger *logger = tp_kernel_instance(c->kernel, "modcheck-logger");

	if (!c->stopping_now)
		begin_to_stop(c);
	else if (logger->held)
		tp_done(logger->done, 0);
	logger->holds = false;
	check_wait(c, &c->stopped);
	expect(c, c->stopped, "it does not stop");
	c->stopping_now = false;
}

void check_stop(struct check *c)
{
	if (c->loop == NULL)
		return;
	if (c->kernel != NULL)
		finish(c);
	tp_services_host_destroy(c->services);
	tp_kernel_destroy(c->kernel);
	tp_loop_destroy(c->loop);
	nftw(c->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	c->kernel = NULL;
	c->services = NULL;
	c->loop = NULL;
}

void check_one(struct check *c, const struct suite *suite, const struct check_case *one,
	const void *arg)
{
	size_t n = one->n_instances == 0 ? 1 : one->n_instances;
	tp_cleanup(ptr) char *name = tp_asprintf("%s: %s", suite->kind, one->name);
	struct tp_error err = { 0 };

	c->arg = arg;
	c->failed = false;
	c->skipped[0] = c->text[0] = '\0';
	if (check_start(c, suite, n, &err) < 0)
		expect(c, false, "%s", err.text);
	else if (expect(c, c->n_it == n, "provided by %zu instances of %zu", c->n_it, n))
		one->run(c);
	check_stop(c);
	if (c->failed || c->skipped[0] == '\0') {
		report(c, !c->failed, name, c->text);
		return;
	}
	printf("skip    %s: %s\n", name, c->skipped);
	fflush(stdout);
}

void check_suite(struct check *c, const struct suite *suite)
{
	c->kind = suite->kind;
	if (suite->run != NULL) {
		suite->run(c, suite);
		return;
	}
	for (const struct check_case *one = suite->cases; one->name != NULL; one++)
		check_one(c, suite, one, NULL);
}
