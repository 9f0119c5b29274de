/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding, ordering and wiring of instances, with linked-in toy modules: what lands in which
 * slot, and the words for what cannot be bound.
 */
#include "core/kernel/kernel.h"

#include <check.h>
#include <string.h>

struct alpha_ops {
	int (*one)(void *impl);
	int (*two)(void *impl);
};
struct alpha {
	const struct alpha_ops *ops;
	void *impl;
};

struct toy {
	struct tp_instance instance;
	struct alpha alpha;
	struct tp_services all;
};

static int one(void *impl)
{
	(void)impl;
	return 1;
}
static int two(void *impl)
{
	(void)impl;
	return 2;
}

static const struct alpha_ops full_ops = { one, two };
static const struct {
	int (*one)(void *impl);
} short_ops = { one };

#define MODULE(var, text, provide_rows, require_rows) \
	static const struct tp_module var = { \
		TP_MODULE_HEADER, \
		.name = (text), \
		.version = "1", \
		.provides = (provide_rows), \
		.requires = (require_rows), \
		.instance_size = sizeof(struct toy), \
	}

static const struct tp_provide gives_alpha[] = { TP_PROVIDE("alpha", 1, full_ops),
	{ 0 } };
static const struct tp_provide gives_alpha2[] = { TP_PROVIDE("alpha", 2, full_ops),
	{ 0 } };
static const struct tp_provide gives_short[] = { TP_PROVIDE("alpha", 1, short_ops),
	{ 0 } };
static const struct tp_provide gives_beta[] = { TP_PROVIDE("beta", 1, full_ops), { 0 } };
static const struct tp_provide gives_keys[] = { TP_PROVIDE_KEY(
							"alpha", 1, full_ops, "k1"),
	TP_PROVIDE_KEY("alpha", 1, short_ops, "k2"), { 0 } };
static const struct tp_require takes_alpha[] = {
	TP_REQUIRE("alpha", 1, struct toy, alpha), { 0 }
};
static const struct tp_require takes_beta[] = { TP_REQUIRE("beta", 1, struct toy, alpha),
	{ 0 } };
static const struct tp_require may_take_alpha[] = {
	TP_REQUIRE_OPTIONAL("alpha", 1, struct toy, alpha), { 0 }
};
static const struct tp_require takes_all[] = {
	TP_REQUIRE_MANY("alpha", 1, struct alpha_ops, struct toy, all), { 0 }
};

MODULE(provider, "provider", gives_alpha, NULL);
MODULE(provider2, "provider2", gives_alpha2, NULL);
MODULE(short_provider, "short", gives_short, NULL);
MODULE(keyed, "keyed", gives_keys, NULL);
MODULE(user, "user", NULL, takes_alpha);
MODULE(optional, "optional", NULL, may_take_alpha);
MODULE(many, "many", NULL, takes_all);
MODULE(wrapper, "wrapper", gives_alpha, takes_alpha);
MODULE(ring_a, "ring_a", gives_alpha, takes_beta);
MODULE(ring_b, "ring_b", gives_beta, takes_alpha);
static const struct tp_module *const modules[] = { &provider, &provider2, &short_provider,
	&keyed, &user, &optional, &many, &wrapper, &ring_a, &ring_b };

static int service_impl;
static const struct tp_kernel_service services[] = {
	{ "clockwork", 1, sizeof(full_ops), &full_ops, &service_impl },
};

static struct tp_kernel *kernel;

static void setup(void)
{
	struct tp_kernel_options options = {
		.services = services,
		.n_services = TP_COUNT(services),
		.modules = modules,
		.n_modules = TP_COUNT(modules),
	};

	kernel = tp_kernel_create(&options);
}

static void teardown(void)
{
	tp_kernel_destroy(kernel);
}

static int load(const char *text)
{
	struct tp_error err = { 0 };

	return tp_kernel_load_text(kernel, "m.yaml", text, NULL, 0, &err);
}

static struct toy *toy(const char *name)
{
	return tp_kernel_instance(kernel, name);
}

static void expect_graph(const char *text)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	tp_kernel_graph(kernel, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), text);
}

START_TEST(providers_come_before_users)
{
	ck_assert_int_eq(load("modules:\n"
			      "  - module: user\n"
			      "  - module: provider\n"
			      "    as: p\n"
			      "  - module: many\n"),
		0);
	ck_assert_ptr_eq(toy("user")->alpha.ops, &full_ops);
	ck_assert_ptr_eq(toy("user")->alpha.impl, toy("p"));
	ck_assert_str_eq(toy("p")->instance.topic.name, "p");
	expect_graph("clockwork: service of the kernel\n"
		     "\tprovides clockwork ABI 1\n"
		     "modules: service of the kernel\n"
		     "\tprovides modules ABI 1\n"
		     "p: provider 1\n"
		     "\tprovides alpha ABI 1\n"
		     "user: user 1\n"
		     "\trequires alpha ABI 1 <- p\n"
		     "many: many 1\n"
		     "\trequires alpha ABI 1 <- p\n");
}
END_TEST

START_TEST(use_chooses)
{
	ck_assert_int_eq(load("modules:\n"
			      "  - { module: user, use: { alpha: p2 } }\n"
			      "  - { module: provider, as: p1 }\n"
			      "  - { module: provider, as: p2 }\n"),
		0);
	ck_assert_ptr_eq(toy("user")->alpha.impl, toy("p2"));
}
END_TEST

START_TEST(many_come_in_the_order_of_the_manifest)
{
	const struct tp_services *all;

	ck_assert_int_eq(
		load("modules:\n"
		     "  - { module: provider, as: z }\n"
		     "  - { module: many, as: everybody }\n"
		     "  - { module: many, as: chosen, use: { alpha: [keyed, z] } }\n"
		     "  - { module: many, as: none, use: { alpha: [] } }\n"
		     "  - { module: provider, as: a }\n"
		     "  - { module: keyed }\n"),
		0);
	all = &toy("everybody")->all;
	ck_assert_uint_eq(all->n, 4);
	ck_assert_str_eq(all->items[0].instance, "z");
	ck_assert_ptr_eq(all->items[0].service.impl, toy("z"));
	ck_assert_ptr_null(all->items[0].key);
	ck_assert_str_eq(all->items[1].instance, "a");
	ck_assert_str_eq(all->items[2].key, "k1");
	ck_assert_str_eq(all->items[3].key, "k2");
	all = &toy("chosen")->all;
	ck_assert_uint_eq(all->n, 3);
	ck_assert_str_eq(all->items[0].key, "k1");
	ck_assert_str_eq(all->items[2].instance, "z");
	ck_assert_uint_eq(toy("none")->all.n, 0);
}
END_TEST

START_TEST(shorter_tables_are_extended)
{
	const struct alpha_ops *ops;

	ck_assert_int_eq(load("modules: [{ module: short }, { module: user }, "
			      "{ module: many }]"),
		0);
	ops = toy("user")->alpha.ops;
	ck_assert_ptr_ne((const void *)ops, (const void *)&short_ops);
	ck_assert(ops->one == one);
	ck_assert(ops->two == NULL);
	ops = toy("many")->all.items[0].service.ops;
	ck_assert(ops->one == one && ops->two == NULL);
}
END_TEST

START_TEST(optional_slots_stay_empty)
{
	ck_assert_int_eq(load("modules: [{ module: optional }, { module: many }]"), 0);
	ck_assert_ptr_null(toy("optional")->alpha.ops);
	ck_assert_uint_eq(toy("many")->all.n, 0);
	expect_graph("clockwork: service of the kernel\n"
		     "\tprovides clockwork ABI 1\n"
		     "modules: service of the kernel\n"
		     "\tprovides modules ABI 1\n"
		     "optional: optional 1\n"
		     "\trequires alpha ABI 1 <- nobody\n"
		     "many: many 1\n"
		     "\trequires alpha ABI 1 <- nobody\n");
}
END_TEST

START_TEST(a_wrapper_takes_the_other_one)
{
	ck_assert_int_eq(load("modules:\n"
			      "  - { module: wrapper }\n"
			      "  - { module: user, use: { alpha: wrapper } }\n"
			      "  - { module: provider }\n"),
		0);
	ck_assert_ptr_eq(toy("wrapper")->alpha.impl, toy("provider"));
	ck_assert_ptr_eq(toy("user")->alpha.impl, toy("wrapper"));
}
END_TEST

START_TEST(an_empty_list_leaves_an_optional_slot_empty)
{
	ck_assert_int_eq(load("modules:\n"
			      "  - { module: optional, use: { alpha: [] } }\n"
			      "  - { module: provider }\n"),
		0);
	ck_assert_ptr_null(toy("optional")->alpha.ops);
}
END_TEST

static const struct {
	const char *text, *issues;
} bad[] = {
	{ "modules: [{ module: user }]",
		"m.yaml:1:21: user: requires alpha ABI 1, which no instance provides: "
		"add a "
		"module that does\n" },
	{ "modules: [{ module: wrapper }]",
		"m.yaml:1:21: wrapper: requires alpha ABI 1, which no other instance "
		"provides: "
		"add a module that does\n" },
	{ "modules: [{ module: wrapper, use: { alpha: wrapper } }]",
		"m.yaml:1:44: wrapper: use alpha: an instance cannot use itself\n" },
	{ "modules: [{ module: provider, as: p1 }, { module: user }, { module: provider "
	  "}]",
		"m.yaml:1:51: user: several instances provide alpha (p1, provider): "
		"choose "
		"one, as in 'use: { alpha: p1 }'\n" },
	{ "modules: [{ module: optional }, { module: keyed }]",
		"m.yaml:1:21: optional: several instances provide alpha (keyed, keyed): "
		"choose one, as in 'use: { alpha: keyed }'\n" },
	{ "modules: [{ module: user }, { module: provider2, as: p }]",
		"m.yaml:1:21: user: user requires alpha ABI 1, but 'p' (provider2) "
		"provides "
		"alpha ABI 2\n" },
	{ "modules: [{ module: optional }, { module: provider2 }]",
		"m.yaml:1:21: optional: optional requires alpha ABI 1, but 'provider2' "
		"(provider2) provides alpha ABI 2\n" },
	{ "modules: [{ module: many }, { module: provider2 }]",
		"m.yaml:1:21: many: many requires alpha ABI 1, but 'provider2' "
		"(provider2) "
		"provides alpha ABI 2\n" },
	{ "modules: [{ module: user, use: { alpha: provider2 } }, { module: provider2 }, "
	  "{ module: provider }]",
		"m.yaml:1:41: user: user requires alpha ABI 1, but 'provider2' "
		"(provider2) "
		"provides alpha ABI 2\n" },
	{ "modules: [{ module: user, use: { alpha: providr } }, { module: provider }]",
		"m.yaml:1:41: user: use alpha: there is no instance 'providr', did you "
		"mean "
		"'provider'?\n" },
	{ "modules: [{ module: user, use: { alpha: many } }, { module: many }]",
		"m.yaml:1:41: user: use alpha: 'many' (many) does not provide alpha\n" },
	{ "modules: [{ module: user, use: { alpha: clockwork } }]",
		"m.yaml:1:41: user: use alpha: 'clockwork' (the kernel) does not provide "
		"alpha\n" },
	{ "modules: [{ module: user, use: { alpha: [provider] } }, { module: provider }]",
		"m.yaml:1:41: user: use alpha: takes the name of one instance, this is a "
		"list\n" },
	{ "modules: [{ module: user, use: { alpha: { a: b } } }, { module: provider }]",
		"m.yaml:1:41: the name of an instance must be a single value, this is a "
		"mapping\n" },
	{ "modules: [{ module: many, use: { alpha: [[provider]] } }, { module: provider "
	  "}]",
		"m.yaml:1:42: the name of an instance must be a single value, this is a "
		"list\n" },
	{ "modules: [{ module: user, use: { alpa: provider } }, { module: provider }]",
		"m.yaml:1:34: user: user does not require 'alpa', did you mean "
		"'alpha'?\n" },
	{ "modules: [{ module: provider, use: { what: user } }]",
		"m.yaml:1:38: provider: provider does not require 'what'\n" },
	{ "modules: [{ module: ring_a }, { module: ring_b }]",
		"m.yaml:1:21: ring_a: modules use each other in a circle: ring_a -> "
		"ring_b -> "
		"ring_a\n" },
	{ "modules: [{ module: user }, { module: ring_a }, { module: ring_b }]",
		"m.yaml:1:39: ring_a: modules use each other in a circle: ring_a -> "
		"ring_b -> "
		"ring_a\n" },
	{ "modules: [{ module: provider, as: clockwork }]",
		"m.yaml:1:21: 'clockwork' is the name of a service of the kernel: give "
		"this "
		"instance another one with 'as'\n" },
	{ "modules: [{ module: user, config: { x: 1 } }]",
		"m.yaml:1:37: user: unknown key 'x'\n"
		"m.yaml:1:21: user: requires alpha ABI 1, which no instance provides: "
		"add a "
		"module that does\n" },
};

START_TEST(refuses)
{
	ck_assert_int_lt(load(bad[_i].text), 0);
	ck_assert_str_eq(tp_kernel_issues(kernel), bad[_i].issues);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("graph");
	TCase *tc = tcase_create("graph");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, providers_come_before_users);
	tcase_add_test(tc, use_chooses);
	tcase_add_test(tc, many_come_in_the_order_of_the_manifest);
	tcase_add_test(tc, shorter_tables_are_extended);
	tcase_add_test(tc, optional_slots_stay_empty);
	tcase_add_test(tc, an_empty_list_leaves_an_optional_slot_empty);
	tcase_add_test(tc, a_wrapper_takes_the_other_one);
	tcase_add_loop_test(tc, refuses, 0, TP_COUNT(bad));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
