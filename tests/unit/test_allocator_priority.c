/* SPDX-License-Identifier: Apache-2.0 */
/* allocator-priority: who goes first, and what is set aside all the same. Time is virtual. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drf_fixture.h"
#include "tepui/kind/allocator_explanation.h"

#define SOON (100 * TP_MSEC) /* well before the interval of one second */

static struct drf_fixture f;

static void begin(const char *config)
{
	fixture_start(&f, config);
	f.capabilities = ROLE_AWARE;
}

static void agents(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
}

static void keep_explanation(void *user, const struct tp_allocator_explanation *why)
{
	*(struct tp_allocator_explanation *)user = *why;
}

static unsigned offers_of(uint32_t framework)
{
	unsigned n = 0;

	for (size_t i = 0; i < f.n_offers; i++)
		n += f.offers[i].framework == framework;
	return n;
}

START_TEST(the_first_role_has_all_that_it_wants)
{
	begin("{roles: [prod, batch]}");
	fixture_framework(&f, 0, "batch", 0);
	fixture_framework(&f, 1, "prod", 0);
	fixture_framework(&f, 2, "unnamed", 0);
	agents(4);
	ck_assert_uint_eq(offers_of(1), 4);
	for (int i = 0; i < 4; i++)
		fixture_decline(&f, TP_HOUR);
	f.ops->run(f.drf);
	ck_assert_uint_eq(offers_of(0), 4); /* what prod refused */
	for (int i = 0; i < 4; i++)
		fixture_decline(&f, TP_HOUR);
	f.ops->run(f.drf);
	ck_assert_uint_eq(offers_of(2), 4);
	fixture_stop(&f);
}
END_TEST

START_TEST(equal_numbers_share_by_weight)
{
	begin("{priorities: [a=5, b=5, c=9], other_priority: 7}");
	fixture_weight(&f, "b", 3);
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b", 0);
	agents(8);
	ck_assert_uint_eq(offers_of(0), 2);
	ck_assert_uint_eq(offers_of(1), 6);
	while (f.n_offers > 0)
		fixture_decline(&f, -1);
	fixture_framework(&f, 2, "d", 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(offers_of(2), 8); /* 7 is more than 5 */
	while (f.n_offers > 0)
		fixture_decline(&f, -1);
	fixture_framework(&f, 3, "c", 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(offers_of(3), 8);
	fixture_stop(&f);
}
END_TEST

START_TEST(roles_below_have_the_priority_of_those_above)
{
	begin("{roles: [prod/db, batch, prod]}");
	fixture_framework(&f, 0, "prod/web", 0);
	fixture_framework(&f, 1, "batch/night", 0);
	fixture_framework(&f, 2, "prod/db/main", 0);
	f.ops->suppress(f.drf, 2, NULL, 0);
	agents(2);
	ck_assert_uint_eq(offers_of(1), 2);
	while (f.n_offers > 0)
		fixture_decline(&f, -1);
	f.ops->revive(f.drf, 2, NULL, 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(offers_of(2), 2);
	fixture_stop(&f);
}
END_TEST

START_TEST(a_minimum_is_set_aside)
{
	begin("{roles: [prod, batch], minimums: [\"batch=cpus:2\"]}");
	fixture_framework(&f, 0, "prod", 0);
	agents(6);
	ck_assert_uint_eq(
		offers_of(0), 6); /* what is offered of the last two has no cpus */
	ck_assert_int_eq(fixture_role_held(&f, "prod", TP_CPUS), 4000);
	fixture_framework(&f, 1, "batch", 0);
	f.ops->run(f.drf);
	ck_assert_int_eq(fixture_role_held(&f, "batch", TP_CPUS), 2000);
	fixture_stop(&f);
}
END_TEST

/* Quota and minimum: the larger one counts. */
START_TEST(a_minimum_is_no_limit_for_quota)
{
	begin("{roles: [prod, batch], minimums: [\"batch=cpus:1\"]}");
	fixture_quota(&f, "batch", "cpus:3", NULL);
	fixture_framework(&f, 0, "prod", 0);
	agents(6);
	ck_assert_int_eq(fixture_role_held(&f, "prod", TP_CPUS), 3000);
	fixture_quota(&f, "batch", NULL, NULL);
	f.ops->run(f.drf);
	ck_assert_int_eq(fixture_role_held(&f, "prod", TP_CPUS), 5000);
	fixture_stop(&f);
}
END_TEST

/* --- another sorter, which has nothing but what is needed: the fair order backwards --------- */

static struct tp_sorter_ops
	backwards_ops; /* filled in main(): the fair ones are no constants */

static const uint32_t *backwards_sort(void *sorter, uint32_t *ret_n)
{
	static uint32_t tags[16];
	const uint32_t *fair = tp_sorter_fair_ops.sort(sorter, ret_n);

	ck_assert_uint_le(*ret_n, TP_COUNT(tags));
	for (uint32_t i = 0; i < *ret_n; i++)
		tags[i] = fair[*ret_n - 1 - i];
	return tags;
}

static void backwards_fill(void)
{
	const struct tp_sorter_ops *fair = &tp_sorter_fair_ops;

	backwards_ops = (struct tp_sorter_ops){
		.create = fair->create,
		.destroy = fair->destroy,
		.add = fair->add,
		.remove = fair->remove,
		.activate = fair->activate,
		.deactivate = fair->deactivate,
		.allocated = fair->allocated,
		.update = fair->update,
		.unallocated = fair->unallocated,
		.sort = backwards_sort,
	};
}

static const struct tp_module backwards = {
	TP_MODULE_HEADER,
	.name = "sorter-backwards",
	.version = "1",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("sorter", TP_SORTER_ABI,
							 backwards_ops, "backwards"),
		{ 0 } },
	.instance_size = sizeof(struct tp_instance),
};

/* Inside one priority it decides, and not between two. */
START_TEST(roles_of_one_priority_have_the_sorter_of_the_config)
{
	struct tp_allocator_explanation why;

	fixture_start_with(
		&f, &backwards, "{priorities: [a=5, b=5, c=9], role_sorter: backwards}");
	f.capabilities = ROLE_AWARE;
	fixture_weight(&f, "b", 3); /* it has no weights */
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b", 0);
	fixture_framework(&f, 2, "c", 0);
	agents(2);
	ck_assert_uint_eq(offers_of(2), 2);
	fixture_decline(&f, TP_HOUR);
	fixture_decline(&f, TP_HOUR);
	f.ops->run(f.drf);
	/* The first to "b", which the fair order has last; now "b" holds more, and is so again. */
	ck_assert_uint_eq(offers_of(1), 2);
	f.ops->explain(f.drf, 1, keep_explanation, &why);
	ck_assert_uint_eq(why.role_place, 1);
	ck_assert(isnan(why.role_share));
	fixture_stop(&f);
}
END_TEST

static const struct {
	const char *config, *says;
} wrong[] = {
	{ "{roles: [a], priorities: [b=1]}", "use one of them" },
	{ "{roles: [a, a]}", "two priorities" },
	{ "{roles: [\"a//b\"]}", "invalid" },
	{ "{priorities: [a]}", "like prod=10" },
	{ "{priorities: [a=x]}", "is not a number" },
	{ "{priorities: [a=99999999999999999999]}", "is not a number" },
	{ "{minimums: [a]}", "like prod=cpus:4" },
	{ "{minimums: [\"a/b=cpus:1\"]}", "top-level" },
	{ "{minimums: [\"a=cpus:-1\"]}", "minimums" },
	{ "{framework_sorter: nosuch}", "framework_sorter: no sorter 'nosuch'" },
	{ "{role_sorter: nosuch}", "role_sorter: no sorter 'nosuch'" },
	{ "{allocator_agent_recovery_factor: 1.5}", "between 0 and 1" },
};

START_TEST(wrong_config_is_refused)
{
	const struct tp_module *modules[] = { &tp_module };
	struct test_host host = { 0 };
	struct tp_error err;

	ck_assert_int_lt(test_host_try(&host, modules, 1, wrong[_i].config, &err), 0);
	ck_assert_msg(strstr(err.text, wrong[_i].says) != NULL, "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_priority");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	backwards_fill();
	tcase_add_test(tc, the_first_role_has_all_that_it_wants);
	tcase_add_test(tc, equal_numbers_share_by_weight);
	tcase_add_test(tc, roles_below_have_the_priority_of_those_above);
	tcase_add_test(tc, a_minimum_is_set_aside);
	tcase_add_test(tc, a_minimum_is_no_limit_for_quota);
	tcase_add_test(tc, roles_of_one_priority_have_the_sorter_of_the_config);
	tcase_add_loop_test(tc, wrong_config_is_refused, 0, (int)TP_COUNT(wrong));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
