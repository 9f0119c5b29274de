/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator-drf: whose turn it is, what is offered to whom, and when. The names in comments are those
 * of the field's own tests of the same behaviour (HierarchicalAllocatorTest), where there is one.
 * Time is virtual.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drf_fixture.h"

#define SOON (100 * TP_MSEC) /* well before the interval of one second */
#define CAN(name) (1u << TP_FRAMEWORK_INFO_CAPABILITY_##name)

static struct drf_fixture f;

static void setup(void)
{
	fixture_start(&f, NULL);
}

static void teardown(void)
{
	fixture_stop(&f);
}

START_TEST(rest_goes_to_the_next_framework)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	fixture_framework(&f, 1, "*", 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 0, 0, "*", "cpus:4;mem:4096");
	fixture_accept(&f, "cpus:3;mem:3072", 5 * TP_SEC);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 1, 0, "*", "cpus:1;mem:1024");
}
END_TEST

START_TEST(weights_divide_shares)
{
	struct tp_weight_info heavy = { .role = "heavy", .weight = 3 };
	struct tp_weight_info *const weights[] = { &heavy };
	int got[2] = { 0 };

	for (uint32_t i = 0; i < 40; i++)
		fixture_agent(&f, i, "cpus:1;mem:1024", NULL, 0, NULL);
	f.ops->update_weights(f.drf, weights, 1);
	fixture_framework(&f, 0, "heavy", 0);
	fixture_framework(&f, 1, "light", 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 40);
	for (size_t i = 0; i < f.n_offers; i++)
		got[f.offers[i].framework]++;
	ck_assert_int_eq(got[0], 30);
	ck_assert_int_eq(got[1], 10);
	ck_assert_uint_eq(f.n_calls, 2);
}
END_TEST

/* SameShareFairness */
START_TEST(ties_go_to_who_had_less_often)
{
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 3, "same", 0);
	fixture_framework(&f, 2, "same", 0);
	f.ops->run(f.drf);
	fixture_expect(&f, 2, 0, "same", "cpus:1;mem:64"); /* the lower slot */
	fixture_decline(&f, 0);
	f.ops->run(f.drf);
	fixture_expect(&f, 3, 0, "same", "cpus:1;mem:64"); /* had nothing so far */
	fixture_decline(&f, 0);
	f.ops->run(f.drf);
	fixture_expect(&f, 2, 0, "same", "cpus:1;mem:64");
}
END_TEST

START_TEST(roles_tie_by_name)
{
	fixture_framework(&f, 0, "b", 0);
	fixture_framework(&f, 1, "a", 0);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
	fixture_expect(&f, 1, 0, "a", "cpus:1;mem:64");
}
END_TEST

/* OfferFilter */
START_TEST(filters_last_as_long_as_asked)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	fixture_decline(&f, 5 * TP_SEC);
	fixture_advance(&f, 5 * TP_SEC - 1);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_advance(&f, SOON); /* its end is an event of its own */
	fixture_expect(&f, 0, 0, "*", "cpus:4;mem:4096");
}
END_TEST

/* SmallOfferFilterTimeout */
START_TEST(filters_last_at_least_the_interval)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	fixture_decline(&f, 1);
	fixture_advance(&f, TP_SEC - 1);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

/* What was refused filters equal or smaller offers, not larger ones. */
START_TEST(filters_yield_to_larger_offers)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", "cpus:2;mem:2048", 1, "*");
	fixture_framework(&f, 1, "*", 0);
	f.ops->suppress(f.drf, 1, NULL, 0);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "*", "cpus:2;mem:2048");
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_recover(&f, 1, 0, "*", "cpus:1;mem:1024");
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "*", "cpus:3;mem:3072");
	fixture_decline(&f, TP_HOUR);
	ck_assert_uint_eq(fixture_filters(&f, 0), 1); /* the larger one says it all */
}
END_TEST

START_TEST(filters_are_of_one_framework_and_role)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "a,b", 0);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "a", "cpus:4;mem:4096");
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "b", "cpus:4;mem:4096");
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_framework(&f, 1, "a", 0);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 1, 0, "a", "cpus:4;mem:4096");
}
END_TEST

/* ReviveOffers, SuppressAndReviveOffers */
START_TEST(revive_ends_filters_and_suppression)
{
	const char *const only_b[] = { "b" };

	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "a,b", 0);
	fixture_advance(&f, SOON);
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->revive(f.drf, 0, only_b, 1);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 0, 0, "b", "cpus:4;mem:4096");
	f.ops->suppress(f.drf, 0, NULL, 0);
	fixture_decline(&f, -1);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->revive(f.drf, 0, NULL, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

START_TEST(a_role_left_and_joined_again_has_no_filters)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "a,b", 0);
	fixture_framework_update(&f, 0, "a,b", "b");
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "a", "cpus:4;mem:4096");
	fixture_decline(&f, TP_HOUR);
	fixture_framework_update(&f, 0, "b", "b");
	fixture_framework_update(&f, 0, "a,b", "b");
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "a", "cpus:4;mem:4096");
}
END_TEST

/* However often: what was refused long ago does not come to life when epochs begin anew. */
START_TEST(a_role_joined_again_and_again_has_no_filters)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "a", 0);
	fixture_advance(&f, SOON);
	fixture_decline(&f, TP_HOUR);
	for (int i = 0; i < UINT16_MAX; i++) {
		f.ops->remove_framework(f.drf, 0);
		fixture_framework(&f, 0, "a", 0);
	}
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "a", "cpus:4;mem:4096");
}
END_TEST

/* "Do not filter" means: again with the next interval, not at once and for ever. */
START_TEST(declining_without_filter_does_not_spin)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	for (int i = 0; i < 10; i++) {
		ck_assert_uint_eq(f.n_offers, 1);
		fixture_decline(&f, 0);
		fixture_advance(&f, TP_SEC - 1);
		ck_assert_uint_eq(f.n_offers, 0);
		fixture_advance(&f, 1);
	}
}
END_TEST

/* Allocatable */
START_TEST(crumbs_are_not_offered)
{
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:0.009;mem:31;disk:999", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:0.01", NULL, 0, NULL);
	fixture_agent(&f, 2, "mem:32", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 2);
	if (f.offers[0].agent == 2) /* chance decides which agent is first */
		fixture_decline(&f, -1);
	fixture_expect(&f, 0, 1, "*", "cpus:0.01");
}
END_TEST

START_TEST(min_allocatable_is_configured)
{
	fixture_stop(&f);
	fixture_start(&f, "{min_allocatable_resources: \"disk:5|cpus:2;mem:10\"}");
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:2;mem:9;disk:4", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:2;mem:10", NULL, 0, NULL);
	fixture_agent(&f, 2, "disk:5", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 2);
}
END_TEST

START_TEST(min_allocatable_must_be_quantities)
{
	const struct tp_module *modules[] = { &tp_module };
	struct test_host host = { 0 };
	struct tp_error err;

	ck_assert_int_lt(test_host_try(&host, modules, 1,
				 "{min_allocatable_resources: \"cpus:x\"}", &err),
		0);
	ck_assert_ptr_nonnull(strstr(err.text, "min_allocatable_resources"));
}
END_TEST

START_TEST(gpus_are_for_who_knows_them)
{
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:4;mem:64;gpus:1", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_framework(&f, 1, "*", CAN(GPU_RESOURCES));
	f.ops->run(f.drf);
	fixture_expect(&f, 1, 0, "*", "cpus:4;mem:64;gpus:1");
}
END_TEST

START_TEST(gpus_are_for_all_when_configured)
{
	fixture_stop(&f);
	fixture_start(&f, "{filter_gpu_resources: false}");
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:4;gpus:1", NULL, 0, NULL);
	f.ops->run(f.drf);
	fixture_expect(&f, 0, 0, "*", "cpus:4;gpus:1");
}
END_TEST

START_TEST(reservations_are_for_their_role)
{
	fixture_framework(&f, 0, "a", 0);
	fixture_agent(&f, 0, "cpus:1;cpus(a):2;cpus(b):4", NULL, 0, NULL);
	f.ops->run(f.drf);
	fixture_expect(&f, 0, 0, "a", "cpus:1;cpus(a):2");
	fixture_expect_free(&f, 0, "cpus(b):4");
	fixture_framework(&f, 1, "b", 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 2);
}
END_TEST

#define REVOCABLE \
	"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":2}}," \
	"{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1}," \
	"\"revocable\":{}}]"

START_TEST(revocable_is_for_who_asked)
{
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, REVOCABLE, NULL, 0, NULL);
	f.ops->run(f.drf);
	fixture_expect(&f, 0, 0, "*", "cpus:2");
	fixture_framework(&f, 1, "*", CAN(REVOCABLE_RESOURCES));
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert(tp_resource_is_revocable(&f.offers[1].resources.items[0], NULL));
}
END_TEST

#define SHARED_DISK \
	"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":5}," \
	"\"role\":\"r\",\"shared\":{},\"disk\":{\"persistence\":{\"id\":\"v\"}," \
	"\"volume\":{\"container_path\":\"v\",\"mode\":\"RW\"}}}"
#define SHARED \
	"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":2}}," SHARED_DISK \
	"]"

/* AllocateSharedResources: A shared volume is offered once in a run, and again in the next whoever uses it. */
START_TEST(shared_is_never_used_up)
{
	const uint32_t can = CAN(SHARED_RESOURCES);

	fixture_framework(&f, 0, "r", can);
	fixture_framework(&f, 1, "r", can);
	fixture_framework(&f, 2, "r", 0);
	fixture_agent(&f, 0, SHARED, NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 1);
	ck_assert_uint_eq(f.offers[0].resources.n, 2);
	fixture_accept(&f, "[" SHARED_DISK "]", 0);
	fixture_expect_free(&f, 0, SHARED);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 1);
	ck_assert_uint_eq(f.offers[0].framework, 1);
	ck_assert_uint_eq(f.offers[0].resources.n, 2);
	fixture_decline(&f, -1);
	f.ops->run(f.drf); /* the third has no share, and gets none of the volume */
	fixture_expect(&f, 2, 0, "r", "cpus:2");
}
END_TEST

START_TEST(a_framework_leaves)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_framework(&f, 1, "*", 0);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "*", "cpus:4;mem:4096");
	fixture_accept(&f, "cpus:1;mem:1024", TP_HOUR);
	f.ops->remove_framework(f.drf, 0);
	fixture_recover(&f, 0, 0, "*", "cpus:1;mem:1024"); /* late, and still counted */
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 1, 0, "*", "cpus:4;mem:4096");
	ck_assert_int_eq(fixture_role_held(&f, "*", TP_CPUS), 4000);
	fixture_framework(&f, 0, "*", 0); /* its slot is used again: no filter is left */
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "*", "cpus:4;mem:4096");
}
END_TEST

/* DeactivateAndReactivateFramework */
START_TEST(inactive_frameworks_and_agents_get_nothing)
{
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	f.ops->deactivate_framework(f.drf, 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->deactivate_agent(f.drf, 0);
	f.ops->activate_framework(f.drf, 0);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->activate_agent(f.drf, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

/* NoDoubleAccounting: After a failover, agents and frameworks come in any order: use is counted once. */
START_TEST(use_is_counted_once)
{
	struct tp_framework_info info = { .role = "*" };
	struct tp_resources used = fixture_parse("cpus:1;mem:512", "*");
	const struct tp_allocator_framework spec = { .info = &info, .active = true };
	const struct tp_allocator_use use = { 0, 0, &used };

	fixture_agent(&f, 0, "cpus:4;mem:4096", "cpus:1;mem:512", 0, "*");
	fixture_expect_free(&f, 0, "cpus:3;mem:3584");
	f.ops->add_framework(f.drf, 0, &spec, &use, 1);
	fixture_expect_free(&f, 0, "cpus:3;mem:3584");
	ck_assert_int_eq(fixture_role_held(&f, "*", TP_CPUS), 1000);
	fixture_agent(&f, 1, "cpus:4;mem:4096", "cpus:1;mem:512", 0, "*");
	ck_assert_int_eq(fixture_role_held(&f, "*", TP_CPUS), 2000);
	fixture_recover(&f, 0, 0, "*", "cpus:1;mem:512");
	fixture_expect_free(&f, 0, "cpus:4;mem:4096");
	f.ops->remove_agent(f.drf, 1);
	fixture_recover(&f, 0, 1, "*", "cpus:1;mem:512");
	ck_assert_int_eq(fixture_role_held(&f, "*", TP_CPUS), 0);
	tp_resources_fini(&used);
}
END_TEST

/* UpdateSlaveTotalResources */
START_TEST(an_agent_shrinks_below_what_is_used)
{
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:4;mem:4096", "cpus:4;mem:1024", 0, "*");
	fixture_agent_update(&f, 0, "cpus:2;mem:4096", true);
	fixture_expect_free(&f, 0, "mem:3072");
	f.ops->suppress(f.drf, 0, NULL, 0);
	fixture_recover(&f, 0, 0, "*", "cpus:1;mem:512");
	fixture_expect_free(&f, 0, "mem:3584");
	fixture_recover(&f, 0, 0, "*", "cpus:3;mem:512");
	fixture_expect_free(&f, 0, "cpus:2;mem:4096");
	fixture_agent_update(&f, 0, "cpus:8", true);
	fixture_expect_free(&f, 0, "cpus:8");
}
END_TEST

START_TEST(an_agent_returns_with_more_in_use_than_it_has)
{
	fixture_framework(&f, 0, "*", 0);
	f.ops->suppress(f.drf, 0, NULL, 0);
	fixture_agent(&f, 0, "cpus:4;mem:4096", "cpus:6;mem:1024", 0, "*");
	fixture_expect_free(&f, 0, "mem:3072");
	fixture_recover(&f, 0, 0, "*", "cpus:3;mem:512");
	fixture_expect_free(&f, 0, "cpus:1;mem:3584");
	fixture_recover(&f, 0, 0, "*", "cpus:3;mem:512");
	fixture_expect_free(&f, 0, "cpus:4;mem:4096");
}
END_TEST

/* UpdateAllocation, UpdateAvailableFail */
START_TEST(operations_convert)
{
	struct tp_resources from = fixture_parse("cpus:1", "a");
	struct tp_resources to = fixture_parse("cpus(a):1", "a");
	struct tp_resources free_from = fixture_parse("cpus:9", NULL);
	struct tp_resources free_to = fixture_parse("cpus(a):9", NULL);
	struct tp_error err;

	fixture_framework(&f, 0, "a", 0);
	fixture_agent(&f, 0, "cpus:4", NULL, 0, NULL);
	f.ops->run(f.drf);
	f.ops->update_allocation(f.drf, 0, 0, &from, &to);
	ck_assert_int_eq(
		f.ops->update_available(f.drf, 0, &free_from, &free_to, &err), -ENOSPC);
	fixture_recover(&f, 0, 0, "a", "cpus:3");
	fixture_recover(&f, 0, 0, "a", "cpus(a):1");
	fixture_expect_free(&f, 0, "cpus:3;cpus(a):1");
	ck_assert_int_eq(fixture_role_held(&f, "a", TP_CPUS), 0);
	tp_resources_fini(&from);
	tp_resources_fini(&to);
	tp_resources_fini(&free_from);
	tp_resources_fini(&free_to);
}
END_TEST

/* Many events of one turn make one run. */
START_TEST(events_are_batched)
{
	for (uint32_t i = 0; i < 10; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	ck_assert_double_eq(fixture_runs(&f), 1);
	ck_assert_uint_eq(f.n_calls, 1);
	ck_assert_uint_eq(f.n_offers, 10);
	fixture_advance(&f, TP_HOUR);
	ck_assert_double_eq(fixture_runs(&f), 1); /* nothing happens, nothing runs */
}
END_TEST

/* Agents that waited one at a time are all there when somebody comes. */
START_TEST(all_agents_are_looked_at_together)
{
	for (uint32_t i = 0; i < 200; i++) {
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
		fixture_advance(&f, SOON);
	}
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 200);
	ck_assert_uint_eq(f.n_calls, 1);
}
END_TEST

/* Its place may have been taken by another instance already. */
START_TEST(a_stopped_allocator_is_silent)
{
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	tp_allotment_stop(((struct tp_allotment_head *)f.drf)->allotment);
	fixture_advance(&f, TP_MIN);
	fixture_agent(&f, 1, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
}
END_TEST

START_TEST(a_paused_allocator_waits)
{
	f.ops->pause(f.drf);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->resume(f.drf);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

START_TEST(a_removed_agent_that_waited_is_passed_over)
{
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->remove_agent(f.drf, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_agent(&f, 0, "cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "*", "cpus:2;mem:64");
}
END_TEST

/* DRFWithFairnessExclusion */
START_TEST(excluded_names_count_for_nobody)
{
	fixture_stop(&f);
	fixture_start(&f, "{fair_sharing_excluded_resource_names: [gpus]}");
	fixture_framework(&f, 0, "*", CAN(GPU_RESOURCES));
	fixture_agent(&f, 0, "cpus:1;gpus:8", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:9", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_double_eq_tol(fixture_role_share(&f, "*"), 1.0, 1e-9);
	fixture_recover(&f, 0, 1, "*", "cpus:9");
	ck_assert_double_eq_tol(fixture_role_share(&f, "*"), 0.1, 1e-9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_drf");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rest_goes_to_the_next_framework);
	tcase_add_test(tc, weights_divide_shares);
	tcase_add_test(tc, ties_go_to_who_had_less_often);
	tcase_add_test(tc, roles_tie_by_name);
	tcase_add_test(tc, filters_last_as_long_as_asked);
	tcase_add_test(tc, filters_last_at_least_the_interval);
	tcase_add_test(tc, filters_yield_to_larger_offers);
	tcase_add_test(tc, filters_are_of_one_framework_and_role);
	tcase_add_test(tc, revive_ends_filters_and_suppression);
	tcase_add_test(tc, a_role_left_and_joined_again_has_no_filters);
	tcase_add_test(tc, a_role_joined_again_and_again_has_no_filters);
	tcase_add_test(tc, declining_without_filter_does_not_spin);
	tcase_add_test(tc, crumbs_are_not_offered);
	tcase_add_test(tc, min_allocatable_is_configured);
	tcase_add_test(tc, min_allocatable_must_be_quantities);
	tcase_add_test(tc, gpus_are_for_who_knows_them);
	tcase_add_test(tc, gpus_are_for_all_when_configured);
	tcase_add_test(tc, reservations_are_for_their_role);
	tcase_add_test(tc, revocable_is_for_who_asked);
	tcase_add_test(tc, shared_is_never_used_up);
	tcase_add_test(tc, a_framework_leaves);
	tcase_add_test(tc, inactive_frameworks_and_agents_get_nothing);
	tcase_add_test(tc, use_is_counted_once);
	tcase_add_test(tc, an_agent_shrinks_below_what_is_used);
	tcase_add_test(tc, an_agent_returns_with_more_in_use_than_it_has);
	tcase_add_test(tc, operations_convert);
	tcase_add_test(tc, events_are_batched);
	tcase_add_test(tc, all_agents_are_looked_at_together);
	tcase_add_test(tc, a_stopped_allocator_is_silent);
	tcase_add_test(tc, a_paused_allocator_waits);
	tcase_add_test(tc, a_removed_agent_that_waited_is_passed_over);
	tcase_add_test(tc, excluded_names_count_for_nobody);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
