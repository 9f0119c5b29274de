/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator-drf: examples whose shares are worked out by hand, and what keeps its books right while
 * resources come, go and change. The names in comments are those of the field's own tests of the
 * same behaviour (HierarchicalAllocatorTest), where there is one. Time is virtual.
 */
#include <check.h>
#include <stdlib.h>

#include "drf_fixture.h"

#define SOON (100 * TP_MSEC) /* well before the interval of one second */
#define CAN(name) (1u << TP_FRAMEWORK_INFO_CAPABILITY_##name)

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

/* A new agent, and who is offered it: nobody gives anything back. */
static void expect_next(
	uint32_t agent, const char *total, uint32_t framework, const char *role)
{
	size_t n_before = f.n_offers;
	const struct drf_offer *offer = &f.offers[n_before];
	struct tp_resources all = fixture_parse(total, role);

	fixture_agent(&f, agent, total, NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, n_before + 1);
	ck_assert_uint_eq(offer->agent, agent);
	ck_assert_uint_eq(offer->framework, framework);
	ck_assert_str_eq(offer->role, role);
	ck_assert(tp_resources_equal(&offer->resources, &all));
	tp_resources_fini(&all);
}

static int64_t offered_cpus(uint32_t framework)
{
	int64_t milli = 0;

	for (size_t i = 0; i < f.n_offers; i++)
		if (f.offers[i].framework == framework)
			milli += tp_resources_milli(&f.offers[i].resources, "cpus");
	return milli / 1000;
}

/* --- tasks until nothing fits ------------------------------------------------------------ */

/* Each framework launches one task of an offer as long as it fits; who has no room never asks
 * again. */
static void fill(const char *const *demand, int *tasks)
{
	f.ops->run(f.drf);
	for (int offers = 0; f.n_offers > 0 && offers < 100; offers++) {
		uint32_t who = f.offers[0].framework;
		struct tp_resources need = fixture_parse(demand[who], f.offers[0].role);
		bool fits = tp_resources_contains(&f.offers[0].resources, &need);

		tasks[who] += fits;
		fixture_accept(&f, fits ? demand[who] : "", fits ? 0 : TP_HOUR);
		tp_resources_fini(&need);
		f.ops->run(f.drf);
	}
	ck_assert_uint_eq(f.n_offers, 0);
}

/* Ghodsi et al., section 4.1: 9 CPUs and 18 GB, tasks of <1 CPU, 4 GB> and <3 CPU, 1 GB>. */
START_TEST(example_of_the_paper)
{
	static const char *const demand[] = { "cpus:1;mem:4096", "cpus:3;mem:1024" };
	int tasks[2] = { 0 };

	fixture_agent(&f, 0, "cpus:9;mem:18432", NULL, 0, NULL);
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b", 0);
	fill(demand, tasks);
	ck_assert_int_eq(tasks[0], 3);
	ck_assert_int_eq(tasks[1], 2);
	ck_assert_double_eq_tol(fixture_role_share(&f, "a"), 2.0 / 3, 1e-9);
	ck_assert_double_eq_tol(fixture_role_share(&f, "b"), 2.0 / 3, 1e-9);
	fixture_expect_free(&f, 0, "mem:4096");
}
END_TEST

/*
 * The same with three times the weight for a. Its tasks count 2/27 each, those of b 1/3: a, b, and
 * then a until it has four, 8/27. Neither fits any more.
 */
START_TEST(example_of_the_paper_with_weights)
{
	static const char *const demand[] = { "cpus:1;mem:4096", "cpus:3;mem:1024" };
	int tasks[2] = { 0 };

	fixture_weight(&f, "a", 3);
	fixture_agent(&f, 0, "cpus:9;mem:18432", NULL, 0, NULL);
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b", 0);
	fill(demand, tasks);
	ck_assert_int_eq(tasks[0], 4);
	ck_assert_int_eq(tasks[1], 1);
	ck_assert_double_eq_tol(fixture_role_share(&f, "a"), 8.0 / 27, 1e-9);
	fixture_expect_free(&f, 0, "cpus:2;mem:1024");
}
END_TEST

/*
 * Twice the cluster, and b is a parent of two. a's tasks are 1/9 each, those below b 1/6: a and b
 * end as in the paper, with six and four, and b's are two for each of its children.
 */
START_TEST(example_of_the_paper_in_a_tree)
{
	static const char *const demand[] = { "cpus:1;mem:4096", "cpus:3;mem:1024",
		"cpus:3;mem:1024" };
	int tasks[3] = { 0 };

	fixture_agent(&f, 0, "cpus:18;mem:36864", NULL, 0, NULL);
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b/x", 0);
	fixture_framework(&f, 2, "b/y", 0);
	fill(demand, tasks);
	ck_assert_int_eq(tasks[0], 6);
	ck_assert_int_eq(tasks[1], 2);
	ck_assert_int_eq(tasks[2], 2);
	ck_assert_double_eq_tol(fixture_role_share(&f, "b/x"), 1.0 / 3, 1e-9);
}
END_TEST

/* Of 8 cpus and 32 GB, 2 cpus and 1 GB are a quarter. */
START_TEST(a_share_is_that_of_the_dominant_resource)
{
	fixture_framework(&f, 0, "a", 0);
	f.ops->suppress(f.drf, 0, NULL, 0);
	fixture_agent(&f, 0, "cpus:8;mem:32768", "cpus:2;mem:1024", 0, "a");
	ck_assert_double_eq(fixture_role_share(&f, "a"), 0.25);
}
END_TEST

/* UnreservedDRF. In comments: the dominant shares at which the agent is given away. */
START_TEST(the_lowest_share_is_served)
{
	fixture_framework(&f, 0, "a", 0);
	expect_next(0, "cpus:2;mem:1024", 0, "a");
	fixture_framework(&f, 1, "b", 0);
	expect_next(1, "cpus:1;mem:512", 1, "b");  /* a 2/3, b 0 */
	expect_next(2, "cpus:3;mem:2048", 1, "b"); /* a 2/6, b 1/6 */
	expect_next(3, "cpus:4;mem:4096", 0, "a"); /* a 2/10, b 4/10 */
	fixture_framework(&f, 2, "a", 0);
	expect_next(4, "cpus:1;mem:512", 1, "b"); /* a 5120/8192 mem, b 4/11 cpus */
	expect_next(5, "cpus:8;mem:512", 1, "b"); /* a 5120/8704, b 3072/8704 mem */
	expect_next(6, "cpus:1;mem:64", 2, "a");  /* a 5120/8768, b 13/20 cpus */
}
END_TEST

/* ReservedDRF: what is reserved for a role counts for its share, once. */
START_TEST(reservations_count_for_shares)
{
	fixture_framework(&f, 0, "a", 0);
	expect_next(0, "cpus(a):1;mem(a):256", 0, "a");
	fixture_framework(&f, 1, "b", 0);
	expect_next(1, "cpus:1;mem:256", 1, "b");       /* a 1/2, b 0 */
	expect_next(2, "cpus:1;mem:256", 0, "a");       /* 1/3 each, one gift each */
	expect_next(3, "cpus(a):2;mem(a):512", 0, "a"); /* nobody else may */
	expect_next(4, "cpus:2;mem:512", 1, "b");       /* a 4/7, b 1/7 */
	expect_next(5, "cpus:1;mem:256", 1, "b");       /* a 4/8, b 3/8 */
	ck_assert_double_eq_tol(fixture_role_share(&f, "a"), 0.5, 1e-9);
	ck_assert_int_eq(fixture_role_held(&f, "a", TP_CPUS), 4000);
}
END_TEST

/* CoarseGrained: whole agents, in turn. */
START_TEST(agents_are_offered_whole)
{
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b", 0);
	fixture_agent(&f, 0, "cpus:2;mem:1024", NULL, 0, NULL);
	fixture_agent(&f, 1, "cpus:2;mem:1024", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert_int_eq(offered_cpus(0), 2);
	ck_assert_int_eq(offered_cpus(1), 2);
}
END_TEST

/*
 * UpdateWeight: 3 and 3 of 6 agents; with twice the weight for b, 6 more make it 4 and 8: a third of
 * the cluster for each unit of weight.
 */
START_TEST(a_weight_changes)
{
	fixture_framework(&f, 0, "a", 0);
	fixture_framework(&f, 1, "b", 0);
	for (uint32_t i = 0; i < 6; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_int_eq(offered_cpus(0), 3);
	ck_assert_int_eq(offered_cpus(1), 3);
	fixture_weight(&f, "b", 2);
	for (uint32_t i = 6; i < 12; i++)
		fixture_agent(&f, i, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_int_eq(offered_cpus(0), 4);
	ck_assert_int_eq(offered_cpus(1), 8);
}
END_TEST

/* FrameworkLoopMESOS_9554: who cannot have it does not end the turn of its role, in neither stage. */
START_TEST(an_incapable_framework_stops_nobody)
{
	fixture_framework(&f, 0, "r", 0);
	fixture_framework(&f, 1, "r", CAN(GPU_RESOURCES));
	expect_next(0, "cpus:2;mem:64;gpus:1", 1, "r");
	fixture_quota(&f, "r", "cpus:6", NULL);
	expect_next(1, "cpus:2;mem:64;gpus:1", 1, "r");
	ck_assert_int_eq(offered_cpus(0), 0);
}
END_TEST

/* SuppressAndReviveOffersWithMultiRole */
START_TEST(roles_are_suppressed_one_by_one)
{
	const char *const only_a[] = { "a" };

	fixture_framework(&f, 0, "a,b", 0);
	f.ops->suppress(f.drf, 0, only_a, 1);
	expect_next(0, "cpus:1;mem:64", 0, "b");
	expect_next(1, "cpus:1;mem:64", 0, "b");
	f.ops->revive(f.drf, 0, only_a, 1);
	expect_next(2, "cpus:1;mem:64", 0, "a");
	f.ops->suppress(f.drf, 0, NULL, 0);
	fixture_agent(&f, 3, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 3);
}
END_TEST

/* --- agents that change ------------------------------------------------------------------ */

/* RemoveSlaveRecoverResources */
START_TEST(what_comes_back_of_a_removed_agent_is_nobodys)
{
	fixture_framework(&f, 0, "a", 0);
	expect_next(0, "cpus:2;mem:1024", 0, "a");
	f.ops->remove_agent(f.drf, 0);
	fixture_decline(&f, TP_HOUR);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	ck_assert_int_eq(fixture_role_held(&f, "a", TP_CPUS), 0);
	expect_next(0, "cpus:4;mem:1024", 0, "a"); /* another in its slot, not filtered */
	ck_assert_double_eq_tol(fixture_role_share(&f, "a"), 1, 1e-9);
}
END_TEST

#define CPUS(n) "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" #n "}}"
#define REVOCABLE_CPUS(n) \
	"{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" #n "}," \
	"\"revocable\":{}}"

/* UpdateSlaveTotalResources, UpdateSlaveOversubscribedResources: what is new is offered, no more. */
START_TEST(revocable_resources_come_and_grow)
{
	fixture_framework(&f, 0, "a", CAN(REVOCABLE_RESOURCES));
	expect_next(0, "cpus:2", 0, "a");
	fixture_agent_update(&f, 0, "[" CPUS(2) "," REVOCABLE_CPUS(1) "]", true);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert(tp_resource_is_revocable(&f.offers[1].resources.items[0], NULL));
	ck_assert_int_eq(tp_resources_milli(&f.offers[1].resources, "cpus"), 1000);
	fixture_agent_update(&f, 0, "[" CPUS(2) "," REVOCABLE_CPUS(3) "]", true);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 3);
	ck_assert_int_eq(tp_resources_milli(&f.offers[2].resources, "cpus"), 2000);
}
END_TEST

/* UpdateAvailableSuccess: reserved by an operator, it is offered as such to its role alone. */
START_TEST(an_operator_reserves_what_is_free)
{
	struct tp_resources from = fixture_parse("cpus:1;mem:64", NULL);
	struct tp_resources to = fixture_parse("cpus(a):1;mem(a):64", NULL);
	struct tp_error err;

	fixture_agent(&f, 0, "cpus:2;mem:128", NULL, 0, NULL);
	ck_assert_int_eq(f.ops->update_available(f.drf, 0, &from, &to, &err), 0);
	fixture_expect_free(&f, 0, "cpus:1;mem:64;cpus(a):1;mem(a):64");
	fixture_framework(&f, 0, "b", 0);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "b", "cpus:1;mem:64");
	fixture_framework(&f, 1, "a", 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert_uint_eq(f.offers[1].framework, 1);
	ck_assert_int_eq(offered_cpus(1), 1);
	tp_resources_fini(&from);
	tp_resources_fini(&to);
}
END_TEST

#define SHARED_DISK \
	"[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":5}," \
	"\"role\":\"r\",\"shared\":{},\"disk\":{\"persistence\":{\"id\":\"v\"}," \
	"\"volume\":{\"container_path\":\"v\",\"mode\":\"RW\"}}}]"

/*
 * UpdateAllocationSharedPersistentVolume, and DRFSorterTest.SharedResources: a volume that its owner
 * makes shared is there for others of the role at once, and counts once for the role.
 */
START_TEST(a_volume_becomes_shared)
{
	struct tp_resources from = fixture_parse("disk(r):5", "r");
	struct tp_resources to = fixture_parse(SHARED_DISK, "r");

	fixture_framework(&f, 0, "r", CAN(SHARED_RESOURCES));
	expect_next(0, "cpus:2;mem:128;disk(r):5", 0, "r");
	f.ops->update_allocation(f.drf, 0, 0, &from, &to);
	fixture_recover(&f, 0, 0, "r", "cpus:2;mem:128");
	fixture_framework(&f, 1, "r", CAN(SHARED_RESOURCES));
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 2);
	ck_assert_uint_eq(f.offers[1].framework, 1);
	ck_assert_int_eq(tp_resources_milli(&f.offers[1].resources, "disk"), 5000);
	ck_assert_int_eq(fixture_role_held(&f, "r", TP_DISK), 5000);
	tp_resources_fini(&from);
	tp_resources_fini(&to);
}
END_TEST

#define MOUNT(n) \
	"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" #n "}," \
	"\"disk\":{\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/m" #n "\"}}}}"

/* QuotaAllocationGranularityMultipleDisk: of two disks, the one that fits under the limit. */
START_TEST(the_disk_that_fits_is_offered)
{
	fixture_quota(&f, "q", NULL, "disk:60");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "[" CPUS(2) "," MOUNT(100) "," MOUNT(50) "]", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "q", "[" CPUS(2) "," MOUNT(50) "]");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_shares");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, example_of_the_paper);
	tcase_add_test(tc, example_of_the_paper_with_weights);
	tcase_add_test(tc, example_of_the_paper_in_a_tree);
	tcase_add_test(tc, a_share_is_that_of_the_dominant_resource);
	tcase_add_test(tc, the_lowest_share_is_served);
	tcase_add_test(tc, reservations_count_for_shares);
	tcase_add_test(tc, agents_are_offered_whole);
	tcase_add_test(tc, a_weight_changes);
	tcase_add_test(tc, an_incapable_framework_stops_nobody);
	tcase_add_test(tc, roles_are_suppressed_one_by_one);
	tcase_add_test(tc, what_comes_back_of_a_removed_agent_is_nobodys);
	tcase_add_test(tc, revocable_resources_come_and_grow);
	tcase_add_test(tc, an_operator_reserves_what_is_free);
	tcase_add_test(tc, a_volume_becomes_shared);
	tcase_add_test(tc, the_disk_that_fits_is_offered);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
