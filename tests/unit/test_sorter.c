/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fair order that allocators build on. The names in comments are those of the field's own
 * tests of the same behaviour. Linked with sorter-random for chance by weight.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cluster/allocation/fair_tree.h"
#include "tepui/module.h"
#include "tests/lib/sim_random.h"

extern const struct tp_module tp_module; /* sorter-random */

static struct tp_sorter_cluster cluster;
static const struct tp_sorter_ops *ops = &tp_sorter_fair_ops;
static void *sorter;
static const char *names[64];
static uint32_t handles[64];
static uint32_t n_names;

static struct tp_quantities amount(int64_t cpus, int64_t mem)
{
	return (struct tp_quantities){ .milli = { cpus * 1000, mem * 1000 } };
}

static void start(bool flat)
{
	const struct tp_sorter_spec spec = {
		.cluster = &cluster, .flat = flat, .seed = 1
	};

	cluster = (struct tp_sorter_cluster){ .total = amount(100, 100), .n_names = 4 };
	n_names = 0;
	sorter = ops->create(NULL, &spec);
}

static void stop(void)
{
	ops->destroy(sorter);
}

static uint32_t at(const char *name)
{
	for (uint32_t i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	ck_abort_msg("no client %s", name);
	return 0;
}

static void add(const char *name)
{
	names[n_names] = name;
	handles[n_names] = ops->add(sorter, name, n_names);
	ops->activate(sorter, handles[n_names]);
	n_names++;
}

static void allocated(const char *name, int64_t cpus, int64_t mem)
{
	const struct tp_quantities q = amount(cpus, mem);

	ops->allocated(sorter, handles[at(name)], 0, &q);
}

static void unallocated(const char *name, int64_t cpus, int64_t mem)
{
	const struct tp_quantities q = amount(cpus, mem);

	ops->unallocated(sorter, handles[at(name)], 0, &q);
}

/* "a b c" */
static void expect_order(const char *wanted)
{
	char text[512] = "";
	uint32_t n;
	const uint32_t *tags = ops->sort(sorter, &n);

	for (uint32_t i = 0; i < n; i++) {
		strcat(text, i == 0 ? "" : " ");
		strcat(text, names[tags[i]]);
	}
	ck_assert_str_eq(text, wanted);
}

/* DRFSorterTest.DRF */
START_TEST(lowest_dominant_share_first)
{
	start(true);
	add("a");
	allocated("a", 5, 5);
	add("b");
	allocated("b", 6, 6);
	expect_order("a b");
	add("c");
	add("d");
	allocated("d", 3, 1);
	expect_order("c d a b");
	ops->remove(sorter, handles[at("a")]);
	allocated("b", 0, 1);
	expect_order("c d b");
	add("e");
	allocated("e", 1, 5);
	add("f");
	allocated("f", 5, 1);
	unallocated("b", 6, 7);
	allocated("b", 2, 1);
	expect_order("c b d e f");
	ops->deactivate(sorter, handles[at("d")]);
	expect_order("c b e f");
	ck_assert(ops->contains(sorter, "d"));
	ck_assert_uint_eq(ops->count(sorter), 5);
	ops->activate(sorter, handles[at("d")]);
	expect_order("c b d e f");
	stop();
}
END_TEST

/* The arithmetic of the paper: of 8 cpus and 32 GB, 2 cpus and 1 GB are a quarter. */
START_TEST(a_share_is_that_of_the_dominant_resource)
{
	start(true);
	cluster.total = amount(8, 32);
	add("a");
	allocated("a", 2, 1);
	ck_assert_double_eq(ops->share(sorter, handles[0]), 0.25);
	cluster.excluded_mask = 1u << TP_CPUS;
	ck_assert_double_eq(ops->share(sorter, handles[0]), 1.0 / 32);
	stop();
}
END_TEST

/* DRFSorterTest.WDRF: a has weight 1, b 2, c 4. */
START_TEST(weights_divide_shares)
{
	start(true);
	add("a");
	add("b");
	add("c");
	ops->update_weight(sorter, "b", 2);
	ops->update_weight(sorter, "c", 4);
	allocated("a", 5, 5);   /* 0.05 */
	allocated("b", 6, 6);   /* 0.03 */
	allocated("c", 10, 10); /* 0.025 */
	expect_order("c b a");
	allocated("c", 6, 6); /* 0.04 */
	expect_order("b c a");
	ops->update_weight(sorter, "b", 1);
	expect_order("c a b");
	stop();
}
END_TEST

/* DRFSorterTest.AllocationCountTieBreak */
START_TEST(ties_go_to_who_was_given_less_often)
{
	start(true);
	add("a");
	add("b");
	allocated("a", 1, 1);
	allocated("a", 1, 1);
	allocated("b", 2, 2);
	expect_order("b a");
	unallocated("a", 2, 2);
	unallocated("b", 2, 2);
	expect_order("b a");
	allocated("b", 1, 1);
	unallocated("b", 1, 1);
	expect_order("a b"); /* two gifts each: by name */
	stop();
}
END_TEST

/* DRFSorterTest.SplitResourceShares: an amount in two parts is the same amount. */
START_TEST(parts_add_up)
{
	start(true);
	cluster.total = amount(100, 50);
	cluster.total.milli[TP_MEM] += 50000;
	add("a");
	add("b");
	allocated("a", 4, 4);
	allocated("b", 2, 3);
	allocated("b", 2, 2); /* 0.05 */
	expect_order("a b");
	ck_assert_double_eq(ops->share(sorter, handles[at("a")]), 0.04);
	ck_assert_double_eq(ops->share(sorter, handles[at("b")]), 0.05);
	stop();
}
END_TEST

/* DRFSorterTest.RemoveResources: of a smaller cluster the same is more, and another may dominate. */
START_TEST(a_cluster_shrinks)
{
	start(true);
	add("a");
	add("b");
	allocated("a", 10, 5);
	allocated("b", 4, 9);
	expect_order("b a"); /* 0.09 and 0.1 */
	cluster.total.milli[TP_MEM] -= 50000;
	cluster.generation++;
	expect_order("a b"); /* 0.1 and 0.18 */
	ck_assert_double_eq(ops->share(sorter, handles[at("b")]), 0.18);
	stop();
}
END_TEST

/*
 * DRFSorterTest.DeepHierarchy, ChangeWeightOnSubtree, by hand: a holds 6 in all (a itself 1, a/b 2,
 * a/c 3), d 4, e/f 5.
 */
START_TEST(a_tree_is_walked_depth_first)
{
	start(false);
	add("a");
	add("a/b");
	add("a/c");
	add("d");
	add("e/f");
	allocated("a", 1, 1);
	allocated("a/b", 2, 2);
	allocated("a/c", 3, 3);
	allocated("d", 4, 4);
	allocated("e/f", 5, 5);
	expect_order("d e/f a a/b a/c");
	ops->update_weight(sorter, "a", 2); /* 0.03 */
	expect_order("a a/b a/c d e/f");
	ops->update_weight(sorter, "a/c", 4); /* 0.0075, before a itself with 0.01 */
	expect_order("a/c a a/b d e/f");
	allocated("a/c", 3, 3); /* a: 0.045 */
	expect_order("d a a/c a/b e/f");
	stop();
}
END_TEST

/* CommonSorterTest.RemoveLeafCollapseParent, AllocationForInactiveClient */
START_TEST(a_parent_alone_is_a_leaf_again)
{
	struct tp_quantities held;

	start(false);
	add("a");
	allocated("a", 1, 1);
	add("a/b");
	allocated("a/b", 6, 6);
	add("c");
	allocated("c", 4, 4);
	expect_order("c a a/b");
	ops->deactivate(sorter, handles[at("a")]);
	expect_order("c a/b");
	ops->allocation(sorter, handles[at("a")], &held);
	ck_assert_int_eq(held.milli[TP_CPUS], 1000);
	ops->activate(sorter, handles[at("a")]);
	ops->remove(sorter, handles[at("a/b")]);
	expect_order("a c");
	ck_assert(ops->contains(sorter, "a"));
	ck_assert(!ops->contains(sorter, "a/b"));
	ops->allocation_total(sorter, &held);
	ck_assert_int_eq(held.milli[TP_CPUS], 5000);
	stop();
}
END_TEST

/* What moves one client at a time is what one sort of everything would give. */
START_TEST(moves_are_those_of_a_whole_sort)
{
	static const char *const paths[] = { "a", "a/b", "a/b/c", "a/d", "e", "e/f",
		"g/h/i", "g/h", "j", "k" };
	struct sim_random random = { .state = (uint64_t)_i + 1 };
	bool active[TP_COUNT(paths)];
	int64_t held[TP_COUNT(paths)] = { 0 };

	start(false);
	for (uint32_t i = 0; i < TP_COUNT(paths); i++) {
		add(paths[i]);
		active[i] = true;
	}
	for (int i = 0; i < 3000; i++) {
		struct fair *fair = sorter;
		uint32_t who = sim_random_below(&random, TP_COUNT(paths)), n, n_whole;
		uint32_t order[TP_COUNT(paths)];

		switch (sim_random_below(&random, 3)) {
		case 0:
			active[who] = !active[who];
			(active[who] ? ops->activate : ops->deactivate)(
				sorter, handles[who]);
			break;
		case 1:
			held[who] += 2;
			allocated(paths[who], 2, 1);
			break;
		default:
			if (held[who] < 2)
				continue;
			held[who] -= 2;
			unallocated(paths[who], 2, 1);
		}
		memcpy(order, ops->sort(sorter, &n), sizeof order);
		fair->sorted = false;
		ck_assert_mem_eq(order, ops->sort(sorter, &n_whole), n * sizeof *order);
		ck_assert_uint_eq(n, n_whole);
	}
	stop();
}
END_TEST

/* RandomSorterTest.HierarchicalProbabilityDistribution: a (weight 3) over b; below a, a/x and a/y
 * share its three quarters as 2 to 1. */
START_TEST(chance_follows_weights)
{
	enum { DRAWS = 20000 };
	int first[3] = { 0 };

	ops = tp_module.provides[0].ops;
	start(false);
	add("a/x");
	add("a/y");
	add("b");
	ops->update_weight(sorter, "a", 3);
	ops->update_weight(sorter, "a/x", 2);
	for (int i = 0; i < DRAWS; i++) {
		uint32_t n;
		const uint32_t *tags = ops->sort(sorter, &n);

		ck_assert_uint_eq(n, 3);
		first[tags[0]]++;
	}
	ck_assert_double_eq_tol(first[0], DRAWS * 0.5, DRAWS * 0.02);
	ck_assert_double_eq_tol(first[1], DRAWS * 0.25, DRAWS * 0.02);
	ck_assert_double_eq_tol(first[2], DRAWS * 0.25, DRAWS * 0.02);
	ops->deactivate(sorter, handles[at("b")]);
	ops->update_weight(sorter, "a", 1);
	memset(first, 0, sizeof first);
	for (int i = 0; i < DRAWS; i++) {
		uint32_t n;

		first[ops->sort(sorter, &n)[0]]++;
	}
	ck_assert_double_eq_tol(first[0], DRAWS * 2.0 / 3, DRAWS * 0.02);
	ops->remove(sorter, handles[at("a/x")]);
	ck_assert(!ops->contains(sorter, "a/x"));
	stop();
	ops = &tp_sorter_fair_ops;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sorter");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int n_failed;

	tcase_add_test(tc, lowest_dominant_share_first);
	tcase_add_test(tc, a_share_is_that_of_the_dominant_resource);
	tcase_add_test(tc, weights_divide_shares);
	tcase_add_test(tc, ties_go_to_who_was_given_less_often);
	tcase_add_test(tc, parts_add_up);
	tcase_add_test(tc, a_cluster_shrinks);
	tcase_add_test(tc, a_tree_is_walked_depth_first);
	tcase_add_test(tc, a_parent_alone_is_a_leaf_again);
	tcase_add_loop_test(tc, moves_are_those_of_a_whole_sort, 0, 5);
	tcase_add_test(tc, chance_follows_weights);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
