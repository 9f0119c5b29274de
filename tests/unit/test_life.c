/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of instances in virtual time: the order of calls, what happens when any single call
 * fails, slow and silent stops, and what instances tell the kernel. Modules are linked in and
 * write what is called into one text.
 */
#include "core/kernel/kernel.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/host/ready.h"
#include "tests/lib/clock.h"
#include "tests/lib/tmpdir.h"

struct step_ops {
	int unused;
};
struct step {
	const struct step_ops *ops;
	void *impl;
};

struct worker {
	struct tp_instance instance;
	struct step before; /* bound by the manifest */
	const char *fail;   /* the call that fails */
	int64_t stop_ns;    /* how long a stop takes; 0 = reports from inside stop() */
	bool silent;        /* a stop that never reports */
	struct tp_timer timer;
	struct tp_done *done;
};

static struct test_clock clock_;
static struct tp_loop *loop;
static struct tp_kernel *kernel;
static struct tp_strbuf calls;
static struct tp_done stopped;
static bool has_stopped;

static int call(struct worker *self, const char *what, struct tp_error *err)
{
	tp_strbuf_printf(&calls, "%s %s\n", what, self->instance.topic.name);
	if (self->fail != NULL && strcmp(self->fail, what) == 0)
		return tp_fail(err, EIO, "out of order");
	return 0;
}

static int worker_init(void *impl, struct tp_error *err)
{
	return call(impl, "init", err);
}

static int worker_start(void *impl, struct tp_error *err)
{
	return call(impl, "start", err);
}

static int worker_recover(void *impl, struct tp_error *err)
{
	return call(impl, "recover", err);
}

static void on_timer(struct tp_timer *timer)
{
	struct worker *self = tp_container_of(timer, struct worker, timer);

	tp_done(self->done, 0);
}

static void worker_stop(void *impl, struct tp_done *done)
{
	struct worker *self = impl;

	call(self, "stop", NULL);
	self->done = done;
	self->timer.fire = on_timer;
	if (self->stop_ns > 0)
		tp_timer_arm(self->instance.loop, &self->timer, self->stop_ns);
	else if (!self->silent)
		tp_done(done, 0);
}

static void worker_fini(void *impl)
{
	call(impl, "fini", NULL);
}

static const struct step_ops step_ops = { 0 };

static const struct tp_module worker = {
	TP_MODULE_HEADER,
	.name = "worker",
	.provides = (const struct tp_provide[]){ TP_PROVIDE("step", 1, step_ops), { 0 } },
	.requires =
		(const struct tp_require[]){
			TP_REQUIRE_OPTIONAL("step", 1, struct worker, before), { 0 } },
	.config = (const struct tp_field[]){ TP_CONFIG("fail", TP_STRING, struct worker,
						     fail, NULL, NULL),
		TP_CONFIG("stop", TP_DURATION, struct worker, stop_ns, "0s", NULL),
		TP_CONFIG("silent", TP_BOOL, struct worker, silent, NULL, NULL), { 0 } },
	.instance_size = sizeof(struct worker),
	.init = worker_init,
	.start = worker_start,
	.recover = worker_recover,
	.stop = worker_stop,
	.fini = worker_fini,
};

/* A module that does nothing at all. */
static const struct tp_module idle = {
	TP_MODULE_HEADER,
	.name = "idle",
	.instance_size = sizeof(struct tp_instance),
};

static const struct tp_module *const modules[] = { &worker, &idle };

/* c comes first although it is written last; every worker after the one it needs. */
static const char three[] = "modules:\n"
			    "  - { module: worker, as: a, use: { step: b } }\n"
			    "  - { module: worker, as: b, use: { step: c } }\n"
			    "  - { module: idle }\n"
			    "  - { module: worker, as: c, use: { step: d } }\n"
			    "  - { module: worker, as: d, use: { step: [] } }\n";

static void on_stopped(struct tp_done *done, int status)
{
	(void)done;
	ck_assert(!has_stopped);
	ck_assert_int_eq(status, 0);
	has_stopped = true;
}

static int exit_status;

static void on_exit_asked(void *user, int status)
{
	ck_assert_ptr_eq(user, &exit_status);
	exit_status = status;
}

static void create(int64_t timeout_ns)
{
	struct tp_kernel_options options = {
		.loop = loop,
		.modules = modules,
		.n_modules = TP_COUNT(modules),
		.stop_timeout_ns = timeout_ns,
		.exit = on_exit_asked,
		.user = &exit_status,
	};

	kernel = tp_kernel_create(&options);
}

static void setup(void)
{
	struct tp_error err = { 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	tp_log_setup(TP_LOG_TEXT, null); /* warnings of this test are expected */
	test_clock_init(&clock_);
	loop = tp_loop_create(&clock_.clock, &err);
	ck_assert_ptr_nonnull(loop);
	calls = (struct tp_strbuf)TP_STRBUF_INIT;
	stopped.call = on_stopped;
	has_stopped = false;
	exit_status = -1;
	create(0);
}

static void teardown(void)
{
	tp_kernel_destroy(kernel);
	tp_loop_destroy(loop);
	tp_strbuf_fini(&calls);
}

static int load(const char *text, const char *setting)
{
	struct tp_error err = { 0 };
	int r = tp_kernel_load_text(
		kernel, "m.yaml", text, &setting, setting != NULL ? 1 : 0, &err);

	ck_assert_str_eq(tp_kernel_issues(kernel), "");
	return r;
}

static void expect(const char *text)
{
	ck_assert_str_eq(tp_strbuf_text(&calls), text);
	tp_strbuf_clear(&calls);
}

static void stop(void)
{
	tp_kernel_stop(kernel, &stopped);
	ck_assert(!has_stopped); /* never from inside */
	test_clock_settle(&clock_, loop);
}

START_TEST(calls_come_in_order)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(load(three, NULL), 0);
	expect(""); /* loading runs nothing */
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	expect("init d\ninit c\ninit b\ninit a\n"
	       "start d\nstart c\nstart b\nstart a\n"
	       "recover d\nrecover c\nrecover b\nrecover a\n");
	stop();
	ck_assert(has_stopped);
	expect("stop a\nstop b\nstop c\nstop d\nfini a\nfini b\nfini c\nfini d\n");
}
END_TEST

/* Every single call of every instance fails once: what was done is undone, in reverse. */
static const struct {
	const char *fail, *error, *calls;
} failures[] = {
	{ "d.fail=init", "m.yaml:6:15: d: init: out of order", "init d\nfini d\n" },
	{ "c.fail=init", "m.yaml:5:15: c: init: out of order",
		"init d\ninit c\nfini c\nfini d\n" },
	{ "b.fail=init", "m.yaml:3:15: b: init: out of order",
		"init d\ninit c\ninit b\nfini b\nfini c\nfini d\n" },
	{ "a.fail=init", "m.yaml:2:15: a: init: out of order",
		"init d\ninit c\ninit b\ninit a\nfini a\nfini b\nfini c\nfini d\n" },
	{ "d.fail=start", "m.yaml:6:15: d: start: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\n"
		"fini a\nfini b\nfini c\nfini d\n" },
	{ "c.fail=start", "m.yaml:5:15: c: start: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\n"
		"stop d\nfini a\nfini b\nfini c\nfini d\n" },
	{ "b.fail=start", "m.yaml:3:15: b: start: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\nstart b\n"
		"stop c\nstop d\nfini a\nfini b\nfini c\nfini d\n" },
	{ "a.fail=start", "m.yaml:2:15: a: start: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\nstart b\nstart a\n"
		"stop b\nstop c\nstop d\nfini a\nfini b\nfini c\nfini d\n" },
	{ "d.fail=recover", "m.yaml:6:15: d: recover: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\nstart b\nstart a\n"
		"recover d\n"
		"stop a\nstop b\nstop c\nstop d\nfini a\nfini b\nfini c\nfini d\n" },
	{ "c.fail=recover", "m.yaml:5:15: c: recover: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\nstart b\nstart a\n"
		"recover d\nrecover c\n"
		"stop a\nstop b\nstop c\nstop d\nfini a\nfini b\nfini c\nfini d\n" },
	{ "b.fail=recover", "m.yaml:3:15: b: recover: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\nstart b\nstart a\n"
		"recover d\nrecover c\nrecover b\n"
		"stop a\nstop b\nstop c\nstop d\nfini a\nfini b\nfini c\nfini d\n" },
	{ "a.fail=recover", "m.yaml:2:15: a: recover: out of order",
		"init d\ninit c\ninit b\ninit a\nstart d\nstart c\nstart b\nstart a\n"
		"recover d\nrecover c\nrecover b\nrecover a\n"
		"stop a\nstop b\nstop c\nstop d\nfini a\nfini b\nfini c\nfini d\n" },
};

START_TEST(a_failed_start_is_undone)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(load(three, failures[_i].fail), 0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), -EIO);
	ck_assert_str_eq(err.text, failures[_i].error);
	stop();
	ck_assert(has_stopped);
	expect(failures[_i].calls);
}
END_TEST

START_TEST(a_stop_is_waited_for)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(load(three, "b.stop=10s"), 0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	tp_strbuf_clear(&calls);
	stop();
	expect("stop a\nstop b\n");
	test_clock_advance(&clock_, loop, 10 * TP_SEC - 1);
	expect("");
	test_clock_advance(&clock_, loop, 1);
	ck_assert(has_stopped);
	expect("stop c\nstop d\nfini a\nfini b\nfini c\nfini d\n");
	ck_assert_int_eq(tp_loop_next_due_ns(loop), INT64_MAX); /* no timer is left */
}
END_TEST

START_TEST(a_silent_stop_ends_after_its_time)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(load(three, "c.silent=true"), 0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	tp_strbuf_clear(&calls);
	stop();
	test_clock_advance(&clock_, loop, 30 * TP_SEC - 1);
	expect("stop a\nstop b\nstop c\n");
	ck_assert(!has_stopped);
	test_clock_advance(&clock_, loop, 1);
	ck_assert(has_stopped);
	expect("stop d\nfini a\nfini b\nfini c\nfini d\n");
}
END_TEST

/* c reports while d is awaited: that word is not d's. */
START_TEST(a_late_report_changes_nothing)
{
	struct tp_error err = { 0 };
	struct worker *d;

	tp_kernel_destroy(kernel);
	create(5 * TP_SEC);
	ck_assert_int_eq(load(three, "c.stop=7s"), 0);
	d = tp_kernel_instance(kernel, "d");
	d->stop_ns = 4 * TP_SEC;
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	tp_strbuf_clear(&calls);
	stop();
	test_clock_advance(&clock_, loop, 8 * TP_SEC);
	expect("stop a\nstop b\nstop c\nstop d\n");
	ck_assert(!has_stopped);
	test_clock_advance(&clock_, loop, TP_SEC);
	ck_assert(has_stopped);
	expect("fini a\nfini b\nfini c\nfini d\n");
}
END_TEST

START_TEST(a_kernel_that_never_started_stops)
{
	ck_assert_int_eq(load(three, NULL), 0);
	stop();
	ck_assert(has_stopped);
	expect("");
}
END_TEST

START_TEST(instances_publish_values)
{
	struct tp_instance *a, *b;
	struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_strbuf want = TP_STRBUF_INIT;
	struct tp_error err = { 0 };
	char path[] = "/tmp/tepui-ready-XXXXXX";
	char got[200] = "";
	int fd = mkstemp(path);

	ck_assert_int_eq(load(three, NULL), 0);
	a = tp_kernel_instance(kernel, "a");
	b = tp_kernel_instance(kernel, "b");
	ck_assert_ptr_null(tp_kernel_instance(kernel, "nobody"));
	tp_instance_ready(a, "listen", "tcp://127.0.0.1:1");
	tp_instance_ready(b, "listen", "tcp://127.0.0.1:2");
	tp_instance_ready(a, "listen", "tcp://127.0.0.1:3");
	tp_kernel_ready(kernel, &text);
	ck_assert_str_eq(
		text.data, "a.listen=tcp://127.0.0.1:3\nb.listen=tcp://127.0.0.1:2\n");
	ck_assert_int_eq(ready_write(path, kernel, "ipc:///x", &err), 0);
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* another file by now */
	ck_assert_int_gt(read(fd, got, sizeof(got) - 1), 0);
	tp_strbuf_printf(&want, "tepuid.pid=%d\ntepuid.admin=ipc:///x\n%s", (int)getpid(),
		text.data);
	ck_assert_str_eq(got, want.data);
	close(fd);
	unlink(path);
	ck_assert_int_eq(ready_write("/nonexistent/x", kernel, NULL, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "open '/nonexistent/x."));
	tp_strbuf_fini(&text);
	tp_strbuf_fini(&want);
}
END_TEST

START_TEST(an_instance_ends_the_process)
{
	ck_assert_int_eq(load(three, NULL), 0);
	tp_instance_exit(tp_kernel_instance(kernel, "a"), 7);
	ck_assert_int_eq(exit_status, 7);
}
END_TEST

/* From real files: an old greeter serves a caller of today. */
START_TEST(files_run)
{
	static const char *const dirs[] = { TOY_DIR };
	struct tp_kernel_options options = {
		.loop = loop, .module_dirs = dirs, .n_module_dirs = 1
	};
	struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_error err = { 0 };

	tp_kernel_destroy(kernel);
	kernel = tp_kernel_create(&options);
	ck_assert_int_eq(
		load("modules:\n"
		     "  - { module: toy_caller, as: one, use: { greeter: new } }\n"
		     "  - { module: toy_caller, as: two, use: { greeter: old } }\n"
		     "  - { module: toy_greeter, as: new }\n"
		     "  - { module: toy_old, as: old }\n",
			"new.text=welcome"),
		0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	tp_kernel_ready(kernel, &text);
	ck_assert_str_eq(
		text.data, "new.text=welcome\none.heard=welcome\ntwo.heard=good day\n");
	stop();
	ck_assert(has_stopped);
	tp_strbuf_fini(&text);
}
END_TEST

struct asker {
	struct tp_instance instance;
	struct tp_modules modules;
};

static const struct tp_module asker = {
	TP_MODULE_HEADER,
	.name = "asker",
	.version = "3",
	.requires = (const struct tp_require[]){ TP_REQUIRE("modules", TP_MODULES_ABI,
							 struct asker, modules),
		{ 0 } },
	.instance_size = sizeof(struct asker),
};

START_TEST(modules_are_listed)
{
	static const char *const dirs[] = { TOY_DIR };
	static const struct tp_module *const own[] = { &asker };
	struct tp_kernel_options options = { .loop = loop,
		.modules = own,
		.n_modules = 1,
		.module_dirs = dirs,
		.n_module_dirs = 1 };
	struct tp_strbuf text = TP_STRBUF_INIT;
	const struct tp_modules *m;

	tp_kernel_destroy(kernel);
	kernel = tp_kernel_create(&options);
	ck_assert_int_eq(load("modules:\n"
			      "  - module: asker\n"
			      "  - { module: toy_greeter, as: greeter }\n",
				 NULL),
		0);
	m = &((struct asker *)tp_kernel_instance(kernel, "asker"))->modules;
	ck_assert_uint_eq(m->ops->count(m->impl), 2);
	ck_assert_str_eq(m->ops->instance_name(m->impl, 0), "asker");
	ck_assert_str_eq(m->ops->file(m->impl, 0), "");
	ck_assert_str_eq(m->ops->instance_name(m->impl, 1), "greeter");
	ck_assert_str_eq(m->ops->module(m->impl, 1)->name, "toy_greeter");
	ck_assert_str_eq(m->ops->file(m->impl, 1), TOY_DIR "/toy_greeter.so");
	m->ops->status(m->impl, 0, &text);
	ck_assert_uint_eq(text.len, 0);
	m->ops->status(m->impl, 1, &text);
	ck_assert_str_eq(text.data, "greeted: 0\n");
	tp_strbuf_clear(&text);
	m->ops->graph(m->impl, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "asker: asker 3\n"));
	tp_strbuf_fini(&text);
}
END_TEST

/* Two kernels on one loop know nothing of each other. */
START_TEST(kernels_share_a_loop)
{
	struct tp_kernel *first = kernel;
	struct tp_error err = { 0 };

	ck_assert_int_eq(load(three, NULL), 0);
	ck_assert_int_eq(tp_kernel_start(first, &err), 0);
	create(0);
	ck_assert_int_eq(load("modules: [{ module: worker, as: other }]", NULL), 0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	tp_strbuf_clear(&calls);
	stop();
	ck_assert(has_stopped);
	expect("stop other\nfini other\n");
	tp_kernel_destroy(kernel);
	kernel = first;
	has_stopped = false;
	stop();
	ck_assert(has_stopped);
}
END_TEST

/* b may fail and does, in one phase or the other; c can do without it, or not. */
START_TEST(what_may_fail_is_left_out)
{
	struct worker *a;
	struct tp_error err = { 0 };

	ck_assert_int_eq(load("modules:\n"
			      "  - { module: worker, as: a, use: { step: b } }\n"
			      "  - { module: worker, as: b, use: { step: [] },\n"
			      "      config: { fail: init }, on-failure: ignore }\n"
			      "  - { module: nowhere, if: exists }\n"
			      "  - { module: nowhere, as: n2, on-failure: ignore }\n",
				 NULL),
		0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), 0);
	a = tp_kernel_instance(kernel, "a");
	ck_assert_ptr_null(a->before.ops);
	stop();
	ck_assert(has_stopped);
	expect("init b\nfini b\ninit a\nstart a\nrecover a\nstop a\nfini a\n");
}
END_TEST

START_TEST(what_somebody_needs_may_not_fail)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(load("modules:\n"
			      "  - { module: worker, as: a, use: { step: b } }\n"
			      "  - { module: worker, as: b, use: { step: [] },\n"
			      "      config: { fail: start }, on-failure: ignore }\n",
				 NULL),
		0);
	ck_assert_int_eq(tp_kernel_start(kernel, &err), -EIO);
	ck_assert_str_eq(err.text,
		"m.yaml:3:15: b: start: it may not fail: 'a' needs it: out of order");
	stop();
	expect("init b\ninit a\nstart b\nfini a\nfini b\n");
}
END_TEST

START_TEST(what_is_left_out_has_no_users)
{
	ck_assert_int_lt(tp_kernel_load_text(kernel, "m.yaml",
				 "modules:\n"
				 "  - { module: worker, as: b, use: { step: [] } }\n"
				 "  - { module: /etc/passwd.so, as: a, if: exists }\n"
				 "  - { module: worker, as: c, use: { step: gone } }\n"
				 "  - { module: gone, if: exists }\n",
				 NULL, 0, NULL),
		0);
	ck_assert_str_eq(tp_kernel_issues(kernel),
		"m.yaml:4:43: c: use step: there is no instance 'gone'\n");
}
END_TEST

struct tuned {
	struct tp_instance instance;
	const char *text;
	uint32_t number;
	const char **list;
	size_t n_list;
	const char *fixed;
	struct tp_modules modules;
	int n_reloads;
};

static int tuned_reload(void *self, struct tp_error *err)
{
	struct tuned *tuned = self;

	tuned->n_reloads++;
	return tuned->number == 13 ? tp_fail(err, EINVAL, "13 is unlucky") : 0;
}

static void tuned_check(const void *self)
{
	const struct tuned *tuned = self;

	if (tuned->number > 100)
		tp_complain(tuned, "number", "must be at most %d", 100);
	if (tp_streq(tuned->text, tuned->fixed))
		tp_complain(tuned, "fixed", "is the text");
}

static const struct tp_module tuned = {
	TP_MODULE_HEADER,
	.name = "tuned",
	.requires = (const struct tp_require[]){ TP_REQUIRE_OPTIONAL("modules",
							 TP_MODULES_ABI, struct tuned,
							 modules),
		{ 0 } },
	.config = (const struct tp_field[]){ TP_CONFIG_RELOAD("text", TP_STRING,
						     struct tuned, text, "a", NULL),
		TP_CONFIG_RELOAD("number", TP_UINT32, struct tuned, number, "1", NULL),
		{ .name = "list",
			.type = TP_STRING,
			.label = TP_MANY,
			.flags = TP_FIELD_RELOAD,
			.offset = offsetof(struct tuned, list),
			.extra = offsetof(struct tuned, n_list) },
		TP_CONFIG("fixed", TP_STRING, struct tuned, fixed, "f", NULL),
		TP_CONFIG_ALIAS("count", TP_UINT32, struct tuned, number, NULL), { 0 } },
	.instance_size = sizeof(struct tuned),
	.reload = tuned_reload,
	.check = tuned_check,
};

/* With the mistakes of others; a key is found under its old name, a default has no place. */
START_TEST(values_that_cannot_be_are_issues_of_the_manifest)
{
	static const struct tp_module *const own[] = { &tuned };
	const struct tp_kernel_options options = {
		.loop = loop, .modules = own, .n_modules = 1
	};
	static const char text[] =
		"modules:\n"
		"- { module: tuned, as: a, config: { number: 101 } }\n"
		"- { module: tuned, as: b, config: { text: 1, nmber: 1 } }\n"
		"- { module: tuned, as: c, config: { count: 102 } }\n"
		"- { module: tuned, as: d, config: { text: f } }\n";

	tp_kernel_destroy(kernel);
	kernel = tp_kernel_create(&options);
	ck_assert_int_eq(
		tp_kernel_load_text(kernel, "m.yaml", text, NULL, 0, NULL), -EINVAL);
	ck_assert_str_eq(tp_kernel_issues(kernel),
		"m.yaml:2:45: a: number: must be at most 100\n"
		"m.yaml:3:46: b: unknown key 'nmber', did you mean 'number'?\n"
		"m.yaml:4:44: c: number: must be at most 100\n"
		"m.yaml:5:13: d: fixed: is the text\n");
}
END_TEST

/* What a reload of this text says: applied, pending and refused, in this order. */
static void reload(struct test_tmpdir *dir, const char *text, const char *want)
{
	FILE *file = fopen(test_tmpdir_file(dir, "m.yaml"), "w");
	struct tp_kernel_changes changes = { 0 };
	struct tp_strbuf have = TP_STRBUF_INIT;
	struct tp_error err = { 0 };

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	tp_kernel_reload(kernel, &changes, &err);
	tp_strbuf_printf(&have, "%s|%s|%s", tp_strbuf_text(&changes.applied),
		tp_strbuf_text(&changes.pending), tp_strbuf_text(&changes.refused));
	ck_assert_str_eq(have.data, want);
	tp_kernel_changes_fini(&changes);
	tp_strbuf_fini(&have);
}

static struct tuned *start_tuned(struct test_tmpdir *dir)
{
	static const struct tp_module *const own[] = { &tuned };
	const struct tp_kernel_options options = {
		.loop = loop, .modules = own, .n_modules = 1
	};
	const char *const settings[] = { "t.fixed=g" };
	FILE *file;

	test_tmpdir_init(dir);
	file = fopen(test_tmpdir_file(dir, "m.yaml"), "w");
	fputs("modules: [{ module: tuned, as: t, config: { list: [x, y] } }]", file);
	fclose(file);
	tp_kernel_destroy(kernel);
	kernel = tp_kernel_create(&options);
	ck_assert_int_eq(tp_kernel_load(kernel, test_tmpdir_file(dir, "m.yaml"), settings,
				 1, NULL),
		0);
	ck_assert_int_eq(tp_kernel_start(kernel, NULL), 0);
	return tp_kernel_instance(kernel, "t");
}

START_TEST(a_reload_changes_what_may_change)
{
	struct test_tmpdir dir;
	struct tuned *t = start_tuned(&dir);

	reload(&dir, "modules: [{ module: tuned, as: t, config: { list: [x, y] } }]",
		"||");
	ck_assert_int_eq(t->n_reloads, 0);
	reload(&dir,
		"modules:\n"
		"- { module: tuned, as: t, config: { list: [z], text: b, fixed: h } }\n"
		"- { module: tuned }",
		"t.text\nt.list\n|tuned: is new\n|");
	ck_assert_str_eq(t->text, "b");
	ck_assert_uint_eq(t->number, 1);
	ck_assert_uint_eq(t->n_list, 1);
	ck_assert_str_eq(t->list[0], "z");
	ck_assert_str_eq(t->fixed, "g"); /* the setting still wins */
	ck_assert_int_eq(t->n_reloads, 1);
	/* A key that is gone means its default again; the module may write its members. */
	t->fixed = "own";
	reload(&dir, "modules: [{ module: tuned, as: t, use: { modules: [] } }]",
		"t.text\nt.list\n|t: its use\n|");
	ck_assert_str_eq(t->text, "a");
	ck_assert_uint_eq(t->n_list, 0);
	stop();
	test_tmpdir_fini(&dir);
}
END_TEST

START_TEST(a_bad_reload_changes_nothing)
{
	struct test_tmpdir dir;
	struct tuned *t = start_tuned(&dir);
	const char *path = test_tmpdir_file(&dir, "m.yaml");
	tp_cleanup(ptr) char *broken =
		tp_asprintf("||%s:1:62: t: number: 'x' is not a whole number\n"
			    "%s:1:65: t: unknown key 'txt', did you mean 'text'?\n",
			path, path);
	tp_cleanup(ptr) char *refused =
		tp_asprintf("||%s:1:21: t: 13 is unlucky\n", path);

	/* Issues come in the order in which keys were written. */
	reload(&dir,
		"modules: [{ module: tuned, as: t, config: { text: b, number: x, txt: c "
		"} }]",
		broken);
	ck_assert_str_eq(t->text, "a");
	ck_assert_int_eq(t->n_reloads, 0);
	reload(&dir,
		"modules: [{ module: tuned, as: t, config: { text: b, number: 13,\n"
		"  list: [x, y] } }]",
		refused);
	ck_assert_str_eq(t->text, "a");
	ck_assert_uint_eq(t->number, 1);
	ck_assert_int_eq(t->n_reloads, 1);
	reload(&dir,
		"modules: [{ module: tuned, as: t, config: { number: 14, list: [x, y] } "
		"}]",
		"t.number\n||");
	ck_assert_uint_eq(t->number, 14);
	stop();
	test_tmpdir_fini(&dir);
}
END_TEST

/* Beside a good change of an instance that runs, and of that instance itself. */
static const char *const wrong[][2] = {
	{ "config: { number: 2 } }, { module: tuned, config: {\n  nubmer: 1 } }]",
		":2:3: tuned: unknown key 'nubmer', did you mean 'number'?\n" },
	{ "config: { number: 2 } }, { module:\n  /nowhere/more.so }]",
		":2:3: more: no module '/nowhere/more.so': No such file or directory\n" },
	{ "config: { text: b,\n  number: 101 } }]",
		":2:11: t: number: must be at most 100\n" },
	{ "config: { number: 2 }, use: { modules:\n  nobody } }]",
		":2:3: t: use modules: there is no instance 'nobody'\n" },
	{ "config: { number: 2 } }]\nlog: { level: loud }",
		":2:15: 'loud' is not a log level (debug, info, warning or error)\n" },
};

START_TEST(what_the_next_start_would_refuse_changes_nothing)
{
	struct test_tmpdir dir;
	struct tuned *t = start_tuned(&dir);
	tp_cleanup(ptr) char *text =
		tp_asprintf("modules: [{ module: tuned, as: t, %s", wrong[_i][0]);
	tp_cleanup(ptr) char *want =
		tp_asprintf("||%s%s", test_tmpdir_file(&dir, "m.yaml"), wrong[_i][1]);

	reload(&dir, text, want);
	ck_assert_uint_eq(t->number, 1);
	ck_assert_int_eq(t->n_reloads, 0);
	stop();
	test_tmpdir_fini(&dir);
}
END_TEST

/* Its module is not what runs: that it cannot be opened is no reason to change the others. */
START_TEST(a_module_that_cannot_be_opened_changes_nothing)
{
	struct test_tmpdir dir;
	struct tuned *t = start_tuned(&dir);
	tp_cleanup(ptr) char *want = tp_asprintf(
		"||%s:1:21: t: no module '/nowhere/t.so': No such file or directory\n",
		test_tmpdir_file(&dir, "m.yaml"));

	reload(&dir, "modules: [{ module: /nowhere/t.so, as: t }, { module: tuned }]",
		want);
	ck_assert_int_eq(t->n_reloads, 0);
	stop();
	test_tmpdir_fini(&dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("life");
	TCase *tc = tcase_create("life");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, calls_come_in_order);
	tcase_add_loop_test(tc, a_failed_start_is_undone, 0, TP_COUNT(failures));
	tcase_add_test(tc, a_stop_is_waited_for);
	tcase_add_test(tc, a_silent_stop_ends_after_its_time);
	tcase_add_test(tc, a_late_report_changes_nothing);
	tcase_add_test(tc, a_kernel_that_never_started_stops);
	tcase_add_test(tc, instances_publish_values);
	tcase_add_test(tc, an_instance_ends_the_process);
	tcase_add_test(tc, files_run);
	tcase_add_test(tc, modules_are_listed);
	tcase_add_test(tc, kernels_share_a_loop);
	tcase_add_test(tc, values_that_cannot_be_are_issues_of_the_manifest);
	tcase_add_test(tc, a_reload_changes_what_may_change);
	tcase_add_test(tc, a_bad_reload_changes_nothing);
	tcase_add_loop_test(
		tc, what_the_next_start_would_refuse_changes_nothing, 0, TP_COUNT(wrong));
	tcase_add_test(tc, a_module_that_cannot_be_opened_changes_nothing);
	tcase_add_test(tc, what_may_fail_is_left_out);
	tcase_add_test(tc, what_somebody_needs_may_not_fail);
	tcase_add_test(tc, what_is_left_out_has_no_users);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
