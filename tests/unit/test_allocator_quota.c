/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quota, reservations and roles in a tree. Each test names the field's own test of the same
 * behaviour (HierarchicalAllocatorTest), where there is one. Time is virtual.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drf_fixture.h"

#define SOON (100 * TP_MSEC) /* well before the interval of one second */

static struct drf_fixture f;

static void setup(void)
{
	fixture_start(&f, NULL);
	f.capabilities = ROLE_AWARE;
}

static void teardown(void)
{
	fixture_stop(&f);
}

static int64_t offered(uint32_t framework, const char *name)
{
	int64_t sum = 0;

	for (size_t i = 0; i < f.n_offers; i++)
		if (f.offers[i].framework == framework)
			sum += tp_resources_milli(&f.offers[i].resources, name);
	return sum / 1000;
}

/* QuotaProvidesGuarantee: the guaranteed role first, though its share is the larger one. */
START_TEST(a_guarantee_goes_first)
{
	fixture_quota(&f, "q", "cpus:2;mem:1024", NULL);
	fixture_framework(&f, 0, "q", 0);
	fixture_framework(&f, 1, "other", 0);
	fixture_agent(&f, 0, "cpus:1;mem:512", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "q", "cpus:1;mem:512");
	fixture_agent(&f, 1, "cpus:1;mem:512", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert_uint_eq(f.offers[1].framework, 0);
	fixture_agent(&f, 2, "cpus:1;mem:512", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.offers[2].framework, 1); /* it has what it was promised */
}
END_TEST

/* QuotaProvidesLimit: not more, and the rest is for others. */
START_TEST(a_limit_is_kept)
{
	fixture_quota(&f, "q", NULL, "cpus:2");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus:3;mem:512", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:1;mem:512", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 2);
	fixture_advance(&f, TP_MIN);
	ck_assert_int_eq(offered(0, "cpus"), 2);
	fixture_framework(&f, 1, "other", 0);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(1, "cpus"), 2);
}
END_TEST

/* RemoveQuota: what a limit kept back is offered when the limit is gone. */
START_TEST(a_quota_ends)
{
	fixture_quota(&f, "q", NULL, "cpus:1");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus:4;mem:512", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 1);
	fixture_quota(&f, "q", NULL, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 4);
}
END_TEST

/*
 * What comes back of one agent makes room under the limit on another: found by the interval, and not by
 * the run for the one, which passes over who is held back.
 */
START_TEST(room_under_a_limit_is_found)
{
	fixture_quota(&f, "q", NULL, "cpus:4");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus:4", "cpus:4", 0, "q");
	fixture_agent(&f, 1, "cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 0);
	f.ops->deactivate_agent(f.drf, 0);
	fixture_recover(&f, 0, 0, "q", "cpus:4");
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 0);
	fixture_advance(&f, TP_SEC);
	ck_assert_int_eq(offered(0, "cpus"), 2);
}
END_TEST

/* QuotaAllocationGranularity: an agent larger than the guarantee is cut, the rest is for others. */
START_TEST(a_guarantee_is_cut_to_its_size)
{
	fixture_quota(&f, "q", "cpus:1;mem:256", "cpus:1;mem:256");
	fixture_framework(&f, 0, "q", 0);
	fixture_framework(&f, 1, "other", 0);
	fixture_agent(&f, 0, "cpus:4;mem:1024", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert_int_eq(offered(0, "cpus"), 1);
	ck_assert_int_eq(offered(0, "mem"), 256);
	ck_assert_int_eq(offered(1, "cpus"), 3);
	ck_assert_int_eq(offered(1, "mem"), 768);
}
END_TEST

#define MOUNT \
	"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":100}," \
	"\"disk\":{\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/m\"}}}}"
#define WITH_MOUNT \
	"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":2}}," MOUNT "]"

/* QuotaAllocationGranularityUnchoppableResources: what cannot be cut goes whole or not at all. */
START_TEST(what_cannot_be_cut_goes_whole)
{
	fixture_quota(&f, "q", NULL, "disk:50");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, WITH_MOUNT, NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "q", "cpus:2");
	fixture_quota(&f, "q", NULL, "disk:100");
	fixture_decline(&f, -1);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "q", WITH_MOUNT);
}
END_TEST

/* QuotaAgainstStarvation, QuotaAbsentFrameworkWholeAgent: nobody is there to take the guarantee, and still
 * nobody else gets what it would need. */
START_TEST(headroom_is_kept_for_who_is_not_there)
{
	fixture_quota(&f, "q", "cpus:3;mem:300", NULL);
	fixture_framework(&f, 0, "other", 0);
	fixture_agent(&f, 0, "cpus:2;mem:512", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:2;mem:512", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 1);
	ck_assert_int_eq(offered(0, "mem"), 724);
	fixture_framework(&f, 1, "q", 0);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(1, "cpus"), 3);
}
END_TEST

/* MultiQuotaAbsentFrameworks: two of them. */
START_TEST(headroom_is_kept_for_several)
{
	fixture_quota(&f, "q", "cpus:1", NULL);
	fixture_quota(&f, "r", "cpus:2", NULL);
	fixture_framework(&f, 0, "other", 0);
	fixture_agent(&f, 0, "cpus:5;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 2);
}
END_TEST

/* ReservationWithinQuota: reservations of the role are part of what it was promised. */
START_TEST(reservations_count_for_the_guarantee)
{
	fixture_quota(&f, "q", "cpus:4", NULL);
	fixture_framework(&f, 0, "other", 0);
	fixture_agent(&f, 0, "cpus(q):4;mem(q):64", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 1, "other", "cpus:2;mem:64");
}
END_TEST

/* QuotaSetAsideReservedResources: what is reserved for others is no headroom. */
START_TEST(reservations_are_no_headroom)
{
	fixture_quota(&f, "q", "cpus:2", NULL);
	fixture_framework(&f, 0, "other", 0);
	fixture_agent(&f, 0, "cpus(r):8;mem(r):64", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:3;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 1);
}
END_TEST

/* QuotaHeadroomWhenReservationsExceedQuota: more reserved than guaranteed: nothing is owed. */
START_TEST(more_reserved_than_guaranteed_owes_nothing)
{
	fixture_quota(&f, "q", "cpus:1", NULL);
	fixture_framework(&f, 0, "other", 0);
	fixture_agent(&f, 0, "cpus(q):4;mem(q):64;cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "other", "cpus:2;mem:64");
}
END_TEST

/* Reservations may exceed a limit: they are offered whatever it says. */
START_TEST(reservations_exceed_limits)
{
	fixture_quota(&f, "q", NULL, "cpus:2");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus(q):4;mem(q):64;cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "q", "cpus(q):4;mem(q):64;mem:64");
}
END_TEST

/* QuotaWithNestedRoleReservation, QuotaHeadroomWithNestedRoleAllocation: what is below counts. */
START_TEST(what_is_below_counts)
{
	fixture_quota(&f, "a", "cpus:4", "cpus:6");
	fixture_framework(&f, 0, "other", 0);
	f.ops->suppress(f.drf, 0, NULL, 0);
	fixture_framework(&f, 1, "a/b", 0);
	fixture_agent(&f, 0, "cpus(a/c):1;mem(a/c):64", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:3;mem:64", "cpus:3", 1, "a/b");
	fixture_agent(&f, 2, "cpus:9;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(1, "cpus"), 2); /* 6 - 1 reserved - 3 in use */
	f.ops->revive(f.drf, 0, NULL, 0);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 7); /* nothing is owed any more */
}
END_TEST

/* OfferAncestorReservationsToDescendantChild: to children, not to siblings or parents. */
START_TEST(reservations_serve_those_below)
{
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "a/b/c", 0);
	fixture_framework(&f, 2, "a/d", 0);
	fixture_agent(&f, 0, "cpus(a/b):1;mem(a/b):64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 1, 0, "a/b/c", "cpus(a/b):1;mem(a/b):64");
}
END_TEST

/*
 * NestedRoleDRF, by hand: 12 agents of 1 cpu. a and b share as 1 to 1, so 6 and 6; below a, x and y
 * as 1 to 2, so 2 and 4.
 */
START_TEST(shares_inside_a_tree)
{
	fixture_weight(&f, "a/y", 2);
	fixture_framework(&f, 0, "a/x", 0);
	fixture_framework(&f, 1, "a/y", 0);
	fixture_framework(&f, 2, "b", 0);
	for (uint32_t i = 0; i < 12; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_int_eq(offered(2, "cpus"), 6);
	ck_assert_int_eq(offered(0, "cpus"), 2);
	ck_assert_int_eq(offered(1, "cpus"), 4);
	ck_assert_double_eq_tol(fixture_role_share(&f, "a/y"), 4.0 / 12 / 2, 1e-9);
}
END_TEST

/* An agent that knows roles by one flat name only is not for what is newer. */
START_TEST(old_agents_serve_flat_roles_only)
{
	f.capabilities = 0;
	fixture_framework(&f, 0, "a/b", 0);
	fixture_framework(&f, 1, "a", 1u << TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	f.capabilities = ROLE_AWARE;
	fixture_agent_update(&f, 0, "cpus:1;mem:64", true);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

/* After a failover use counts for its role before its framework is back. */
START_TEST(use_counts_before_its_framework_is_back)
{
	fixture_quota(&f, "q", NULL, "cpus:4");
	fixture_agent(&f, 0, "cpus:4", "cpus:3", 7, "q");
	fixture_agent(&f, 1, "cpus:4;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "q", 0);
	fixture_advance(&f, SOON);
	ck_assert_int_eq(offered(0, "cpus"), 1);
}
END_TEST

/* With quotas offers wait for most agents, or for the timeout; without them for nobody. */
START_TEST(recovery_waits_for_agents)
{
	fixture_quota(&f, "q", "cpus:1", NULL);
	f.ops->recover(f.drf, 5);
	fixture_framework(&f, 0, "q", 0);
	for (uint32_t i = 0; i < 3; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_agent(&f, 3, "cpus:1;mem:64", NULL, 0, NULL); /* four fifths of five */
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 4);
}
END_TEST

/* An agent that comes back, goes and comes back again is one that is back. */
START_TEST(recovery_counts_an_agent_once)
{
	fixture_quota(&f, "q", "cpus:1", NULL);
	f.ops->recover(f.drf, 5);
	fixture_framework(&f, 0, "q", 0);
	for (uint32_t i = 0; i < 4; i++) {
		fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
		f.ops->remove_agent(f.drf, 0);
	}
	for (uint32_t i = 0; i < 3; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_agent(&f, 3, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 4);
}
END_TEST

/* Another failover of which the allocator hears counts from the beginning. */
START_TEST(recovery_counts_anew)
{
	fixture_quota(&f, "q", "cpus:1", NULL);
	f.ops->recover(f.drf, 5);
	for (uint32_t i = 0; i < 3; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	for (uint32_t i = 0; i < 3; i++)
		f.ops->remove_agent(f.drf, i);
	f.ops->recover(f.drf, 5);
	fixture_framework(&f, 0, "q", 0);
	for (uint32_t i = 0; i < 4; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 4);
}
END_TEST

START_TEST(recovery_ends_in_time)
{
	fixture_quota(&f, "q", "cpus:1", NULL);
	f.ops->recover(f.drf, 5);
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, 10 * TP_MIN - SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

START_TEST(recovery_without_quota_waits_for_nobody)
{
	f.ops->recover(f.drf, 5);
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

/* --- names ----------------------------------------------------------------------------- */

/* Limits of one of each of `n` resources, called first, first + 1, ... */
static int check_names(char first, uint32_t n, struct tp_error *err)
{
	char names[TP_QUANTITIES_MAX][2];
	struct tp_value_scalar one = { .value_milli = 1000 };
	struct tp_quota_config_limits_entry rows[TP_QUANTITIES_MAX];
	struct tp_quota_config_limits_entry *limits[TP_QUANTITIES_MAX];
	struct tp_quota_config quota = { .role = "q", .limits = limits, .n_limits = n };
	struct tp_quota_config *const quotas[] = { &quota };

	for (uint32_t i = 0; i < n; i++) {
		names[i][0] = (char)(first + (char)i);
		names[i][1] = '\0';
		rows[i] = (struct tp_quota_config_limits_entry){ names[i], &one };
		limits[i] = &rows[i];
	}
	return f.ops->check_quota(f.drf, quotas, 1, err);
}

/* Twelve beside cpus, mem, disk and gpus; one too many takes none. */
START_TEST(quotas_are_of_so_many_resources)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(check_names('a', 10, &err), 0);
	ck_assert_int_eq(check_names('k', 3, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, "Quota of role 'q': 'm' is one kind") != NULL,
		"%s", err.text);
	ck_assert_int_eq(check_names('x', 2, &err), 0);
	ck_assert_int_eq(check_names('a', 10, &err), 0);
	ck_assert_int_eq(check_names('k', 1, &err), -EINVAL);
}
END_TEST

/* Agents come first, or a quota does: who has a place keeps it. */
START_TEST(what_has_no_place_is_offered_all_the_same)
{
	const struct tp_allotment_head *head = f.drf;
	struct tp_error err = { 0 };

	ck_assert_int_eq(check_names('a', 12, &err), 0);
	fixture_quota(&f, "q", NULL, "l:1");
	fixture_framework(&f, 0, "q", 0);
	ck_assert(!head->allotment->names_warned);
	fixture_agent(&f, 0, "cpus:1;mem:64;l:5;z:5", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "q", "cpus:1;l:1;mem:64;z:5");
	ck_assert_int_eq(check_names('z', 1, &err), -EINVAL);
	ck_assert(head->allotment->names_warned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_quota");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_guarantee_goes_first);
	tcase_add_test(tc, a_limit_is_kept);
	tcase_add_test(tc, a_quota_ends);
	tcase_add_test(tc, room_under_a_limit_is_found);
	tcase_add_test(tc, a_guarantee_is_cut_to_its_size);
	tcase_add_test(tc, what_cannot_be_cut_goes_whole);
	tcase_add_test(tc, headroom_is_kept_for_who_is_not_there);
	tcase_add_test(tc, headroom_is_kept_for_several);
	tcase_add_test(tc, reservations_count_for_the_guarantee);
	tcase_add_test(tc, reservations_are_no_headroom);
	tcase_add_test(tc, more_reserved_than_guaranteed_owes_nothing);
	tcase_add_test(tc, reservations_exceed_limits);
	tcase_add_test(tc, what_is_below_counts);
	tcase_add_test(tc, reservations_serve_those_below);
	tcase_add_test(tc, shares_inside_a_tree);
	tcase_add_test(tc, old_agents_serve_flat_roles_only);
	tcase_add_test(tc, use_counts_before_its_framework_is_back);
	tcase_add_test(tc, recovery_waits_for_agents);
	tcase_add_test(tc, recovery_counts_an_agent_once);
	tcase_add_test(tc, recovery_counts_anew);
	tcase_add_test(tc, recovery_ends_in_time);
	tcase_add_test(tc, recovery_without_quota_waits_for_nobody);
	tcase_add_test(tc, quotas_are_of_so_many_resources);
	tcase_add_test(tc, what_has_no_place_is_offered_all_the_same);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
