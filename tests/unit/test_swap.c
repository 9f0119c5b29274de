/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another module in the place of one that runs: the order of what happens, and that nothing
 * happens when anything is wrong. What is called is written into one text.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "tests/lib/clock.h"

struct word_ops {
	const char *text;
};
struct word {
	const struct word_ops *ops;
	void *impl;
};

struct speaker {
	struct tp_instance instance;
	const char *fail; /* the call that fails */
};

struct listener {
	struct tp_instance instance;
	struct word word;
	bool refuses;
};

static struct test_clock clock_;
static struct tp_loop *loop;
static struct tp_kernel *kernel;
static struct tp_strbuf calls;
static bool stopped;

static int call(struct speaker *self, const char *what, struct tp_error *err)
{
	tp_strbuf_printf(&calls, "%s %s; ", self->instance.module->name, what);
	if (self->fail != NULL && strcmp(self->fail, what) == 0)
		return tp_fail(err, EIO, "lost for words");
	return 0;
}

static int speaker_init(void *impl, struct tp_error *err)
{
	return call(impl, "init", err);
}

static int speaker_start(void *impl, struct tp_error *err)
{
	return call(impl, "start", err);
}

static void speaker_stop(void *impl, struct tp_done *done)
{
	call(impl, "stop", NULL);
	tp_done(done, 0);
}

static void speaker_fini(void *impl)
{
	call(impl, "fini", NULL);
}

static int listener_rebind(void *impl, const char *kind, struct tp_error *err)
{
	struct listener *self = impl;

	tp_strbuf_printf(&calls, "%s: %s; ", kind, self->word.ops->text);
	return self->refuses ? tp_fail(err, EPERM, "not that one") : 0;
}

static const struct word_ops yes = { "yes" }, no = { "no" };

static const struct tp_field speaker_config[] = {
	TP_CONFIG("fail", TP_STRING, struct speaker, fail, NULL, "A call."),
	{ 0 },
};
static const struct tp_field listener_config[] = {
	TP_CONFIG("refuses", TP_BOOL, struct listener, refuses, "false", "Anything new."),
	{ 0 },
};

#define SPEAKER(module_name, kind_name, table) \
	{ \
		TP_MODULE_HEADER, \
			.name = (module_name), .version = "1", .summary = "Says a word", \
			.provides = (const struct tp_provide[]){ TP_PROVIDE(kind_name, \
									 1, table), \
				{ 0 } }, \
			.config = speaker_config, \
			.instance_size = sizeof(struct speaker), .init = speaker_init, \
			.start = speaker_start, .stop = speaker_stop, \
			.fini = speaker_fini \
	}

static const struct tp_module speaker_yes = SPEAKER("yes", "word", yes);
static const struct tp_module speaker_no = SPEAKER("no", "word", no);
static const struct tp_module stranger = SPEAKER("stranger", "number", no);
static const struct tp_require requires[] = {
	TP_REQUIRE("word", 1, struct listener, word),
	{ 0 },
};
static const struct tp_module listener = {
	TP_MODULE_HEADER,
	.name = "listener",
	.version = "1",
	.summary = "Hears one",
	.requires = requires,
	.config = listener_config,
	.instance_size = sizeof(struct listener),
	.rebind = listener_rebind,
};
static const struct tp_module stubborn = {
	TP_MODULE_HEADER,
	.name = "stubborn",
	.version = "1",
	.summary = "Hears one for ever",
	.requires = requires,
	.instance_size = sizeof(struct listener),
};

static void begin(const char *manifest)
{
	static const struct tp_module *const modules[] = { &speaker_yes, &speaker_no,
		&stranger, &listener, &stubborn };
	struct tp_error err = { 0 };
	struct tp_kernel_options options = { .modules = modules,
		.n_modules = TP_COUNT(modules) };

	test_clock_init(&clock_);
	loop = tp_loop_create(&clock_.clock, &err);
	options.loop = loop;
	kernel = tp_kernel_create(&options);
	ck_assert_msg(tp_kernel_load_text(kernel, "m.yaml", manifest, NULL, 0, &err) >= 0,
		"%s", err.text);
	ck_assert_msg(tp_kernel_start(kernel, &err) >= 0, "%s", err.text);
	tp_strbuf_clear(&calls);
}

static void on_stopped(struct tp_done *done, int status)
{
	(void)done, (void)status;
	stopped = true;
}

static void end(void)
{
	struct tp_done done = { on_stopped };

	tp_kernel_stop(kernel, &done);
	while (!stopped)
		tp_loop_turn(loop, 0);
	tp_kernel_destroy(kernel);
	tp_loop_destroy(loop);
	tp_strbuf_fini(&calls);
}

static const char *heard(void)
{
	return ((struct listener *)tp_kernel_instance(kernel, "ear"))->word.ops->text;
}

#define EAR(module, config) \
	"modules:\n  - { module: \"yes\", as: mouth }\n  - { module: " module \
	", as: ear" config " }\n"

START_TEST(the_new_one_is_ready_before_the_old_one_ends)
{
	struct tp_error err = { 0 };

	begin(EAR("listener", ""));
	ck_assert_msg(
		tp_kernel_swap(kernel, "mouth", "no", NULL, &err) == 0, "%s", err.text);
	ck_assert_str_eq(tp_strbuf_text(&calls),
		"no init; no start; word: no; yes stop; yes fini; ");
	ck_assert_str_eq(heard(), "no");
	/* And back, and it ends like any other. */
	tp_strbuf_clear(&calls);
	ck_assert_int_eq(tp_kernel_swap(kernel, "mouth", "yes", NULL, &err), 0);
	ck_assert_str_eq(heard(), "yes");
	tp_strbuf_clear(&calls);
	end();
}
END_TEST

/* What is asked for, what goes wrong, and what was called meanwhile. */
static const struct {
	const char *manifest, *instance, *module, *why, *calls;
} wrong[] = {
	{ EAR("listener", ""), "mouth", "nobody", "no module 'nobody'", "" },
	{ EAR("listener", ""), "nobody", "no", "there is no instance 'nobody'", "" },
	{ EAR("listener", ""), "ear", "listener", "cannot be replaced while it runs",
		"" },
	{ EAR("listener", ""), "mouth", "stranger", "does not provide word ABI 1", "" },
	{ EAR("stubborn", ""), "mouth", "no", "cannot be replaced while it runs", "" },
	{ EAR("listener", ", config: { refuses: true }"), "mouth", "no", "not that one",
		"no init; no start; word: no; no stop; no fini; " },
};

START_TEST(whatever_goes_wrong_the_old_one_goes_on)
{
	struct tp_error err = { 0 };

	begin(wrong[_i].manifest);
	ck_assert_int_lt(
		tp_kernel_swap(kernel, wrong[_i].instance, wrong[_i].module, NULL, &err),
		0);
	ck_assert_msg(strstr(err.text, wrong[_i].why) != NULL, "%s", err.text);
	ck_assert_str_eq(tp_strbuf_text(&calls), wrong[_i].calls);
	ck_assert_str_eq(heard(), "yes");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("swap");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_new_one_is_ready_before_the_old_one_ends);
	tcase_add_loop_test(
		tc, whatever_goes_wrong_the_old_one_goes_on, 0, TP_COUNT(wrong));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
