/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedulers that race for the same offers, with the allocator of examples/module-template that
 * offers everything to everybody. Whatever the order in which the network delivers: nothing is
 * used twice, who is late is told so, and in the end nothing is lost. TEPUI_TEST_SEEDS=1000: more
 * races.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/framework.h"

#define SEEDS 50
#define STEPS 15
#define N_AGENTS 2
#define N_FRAMEWORKS 4
#define AGENT_CPUS_MILLI 4000
#define LONGER_THAN_FILTERS_MS 60000

static struct cluster *c;
static struct machine *master, *agents[N_AGENTS];
static struct framework *frameworks[N_FRAMEWORKS];
static unsigned n_tasks;

static void begin(uint64_t seed, const char *allocator)
{
	char name[16];

	c = cluster_create(seed);
	c->allocator = allocator;
	master = cluster_add_master(c, "sim-registry", NULL);
	for (unsigned i = 0; i < N_AGENTS; i++) {
		snprintf(name, sizeof name, "a%u", i);
		agents[i] = cluster_add_agent(c, name, "cpus:4;mem:4096", NULL);
	}
	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		snprintf(name, sizeof name, "f%u", i);
		frameworks[i] = framework_subscribe(c, name, NULL);
	}
	n_tasks = 0;
}

static void teardown(void)
{
	cluster_destroy(c);
}

/* --- what must hold -------------------------------------------------------------------- */

static const struct tp_master_response *ask(int type, struct tp_arena *arena)
{
	const struct tp_master_call call = { .has_type = true, .type = type };

	return cluster_ask(master, &call, arena);
}

static int64_t cpus(struct tp_resource *const *items, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i]->name, "cpus") == 0)
			sum += items[i]->scalar->value_milli;
	}
	return sum;
}

static void check_agents(unsigned step)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response_get_agents *all =
		ask(TP_MASTER_CALL_GET_AGENTS, arena)->get_agents;

	for (size_t i = 0; i < all->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent = all->agents[i];
		int64_t used =
			cpus(agent->allocated_resources, agent->n_allocated_resources);
		int64_t offered =
			cpus(agent->offered_resources, agent->n_offered_resources);

		ck_assert_msg(used + offered <= AGENT_CPUS_MILLI,
			"step %u: %lld thousandths of cpus are used and %lld offered",
			step, (long long)used, (long long)offered);
	}
	for (unsigned i = 0; i < N_AGENTS; i++)
		ck_assert_msg(sim_containers_cpus_milli(agents[i]->containers) <=
				AGENT_CPUS_MILLI,
			"step %u: agent %s runs more than it has", step, agents[i]->name);
}

/* Each offer fits into what its agent has not in use. */
static void check_offers(unsigned step)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *response = ask(TP_MASTER_CALL_GET_STATE, arena);
	const struct tp_master_response_get_agents *all = response->get_state->get_agents;
	const struct tp_master_response_get_frameworks *who =
		response->get_state->get_frameworks;

	for (size_t i = 0; i < who->n_frameworks; i++) {
		for (size_t k = 0; k < who->frameworks[i]->n_offers; k++) {
			const struct tp_offer *offer = who->frameworks[i]->offers[k];
			int64_t used = 0;

			for (size_t n = 0; n < all->n_agents; n++) {
				if (strcmp(all->agents[n]->agent_info->id->value,
					    offer->agent_id->value) == 0)
					used = cpus(all->agents[n]->allocated_resources,
						all->agents[n]->n_allocated_resources);
			}
			ck_assert_msg(cpus(offer->resources, offer->n_resources) + used <=
					AGENT_CPUS_MILLI,
				"step %u: offer %s has what is in use", step,
				offer->id->value);
		}
	}
}

/* One end for each task: also of those that came too late. */
static void check_tasks(unsigned step)
{
	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		const struct framework_book *book = frameworks[i]->book;

		for (size_t k = 0; k < book->n_tasks; k++)
			ck_assert_msg(book->tasks[k].wrong == NULL,
				"step %u: task %s: %s", step, book->tasks[k].id,
				book->tasks[k].wrong);
	}
}

static unsigned count_reason(int reason)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		const struct framework_book *book = frameworks[i]->book;

		for (size_t k = 0; k < book->n_tasks; k++)
			n += book->tasks[k].ended >= 0 && book->tasks[k].reason == reason;
	}
	return n;
}

static unsigned count_unended(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		const struct framework_book *book = frameworks[i]->book;

		for (size_t k = 0; k < book->n_tasks; k++)
			n += book->tasks[k].ended < 0;
	}
	return n;
}

static int64_t held(const struct framework *f)
{
	int64_t sum = 0;

	for (size_t i = 0; i < f->n_offers; i++)
		sum += f->offers[i].cpus_milli;
	return sum;
}

/* Nothing runs, no filter lives: everybody is offered everything, and knows of it. */
static void check_end(void)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response_get_frameworks *all;

	cluster_advance(c, LONGER_THAN_FILTERS_MS);
	ck_assert_uint_eq(count_unended(), 0);
	check_tasks(STEPS);
	check_agents(STEPS);
	all = ask(TP_MASTER_CALL_GET_FRAMEWORKS, arena)->get_frameworks;
	ck_assert_uint_eq(all->n_frameworks, N_FRAMEWORKS);
	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		const struct framework *f = frameworks[i];

		ck_assert_msg(held(f) == N_AGENTS * AGENT_CPUS_MILLI,
			"%s is offered %lld thousandths of cpus", f->name,
			(long long)held(f));
		for (size_t k = 0; k < all->n_frameworks; k++) {
			if (strcmp(all->frameworks[k]->framework_info->id->value,
				    f->id) == 0)
				ck_assert_uint_eq(
					all->frameworks[k]->n_offers, f->n_offers);
		}
	}
}

/* --- the race -------------------------------------------------------------------------- */

static void launch(struct framework *f, const struct framework_offer *offer)
{
	char task_id[32], command[32];
	int64_t wants = 500 * (1 + (int64_t)sim_random_below(&c->random, 8));

	if (wants > offer->cpus_milli)
		wants = offer->cpus_milli;
	snprintf(task_id, sizeof task_id, "t%u", n_tasks++);
	snprintf(command, sizeof command, "run %u 0",
		50 + sim_random_below(&c->random, 2000));
	framework_accept(f, offer, task_id, wants, command);
}

/* What a scheduler does next with one of its offers, or with one of its tasks. */
static void act(struct framework *f)
{
	const struct framework_offer *offer;

	if (f->n_offers == 0)
		return;
	offer = &f->offers[sim_random_below(&c->random, (unsigned)f->n_offers)];
	switch (sim_random_below(&c->random, 8)) {
	case 0:
		framework_decline(
			f, offer, (int64_t)sim_random_below(&c->random, 3) * 500);
		break;
	case 1:
		if (f->book->n_tasks > 0)
			framework_kill(f, f->book->tasks[f->book->n_tasks - 1].id);
		break;
	case 2:
		framework_revive(f);
		break;
	default:
		if (offer->cpus_milli >= 500)
			launch(f, offer);
		else
			framework_decline(f, offer, 0);
	}
}

START_TEST(who_races_gets_it_once)
{
	begin((uint64_t)_i, OPTIMISTIC);
	for (unsigned step = 0; step < STEPS; step++) {
		for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
			if (sim_random_below(&c->random, 3) > 0)
				act(frameworks[i]);
		}
		cluster_advance(c, sim_random_below(&c->random, 200));
		check_agents(step);
		check_offers(step);
		check_tasks(step);
	}
	check_end();
}
END_TEST

/* --- one race, step by step ------------------------------------------------------------ */

static const struct framework_offer *offer_of(struct framework *f, const char *hostname)
{
	for (size_t i = 0; i < f->n_offers; i++) {
		if (strcmp(f->offers[i].hostname, hostname) == 0)
			return &f->offers[i];
	}
	return NULL;
}

static void expect_everything(void)
{
	cluster_advance(c, LONGER_THAN_FILTERS_MS);
	for (unsigned i = 0; i < N_FRAMEWORKS; i++)
		ck_assert_int_eq(held(frameworks[i]), N_AGENTS * AGENT_CPUS_MILLI);
}

START_TEST(four_want_the_same)
{
	begin(0, OPTIMISTIC);
	expect_everything();
	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		char task_id[16];

		snprintf(task_id, sizeof task_id, "t%u", i);
		framework_accept(frameworks[i], offer_of(frameworks[i], "a0"), task_id,
			AGENT_CPUS_MILLI, "run 5000 0");
	}
	cluster_advance(c, 2000);
	ck_assert_int_eq(
		sim_containers_cpus_milli(agents[0]->containers), AGENT_CPUS_MILLI);
	ck_assert_uint_eq(sim_containers_alive(agents[0]->containers), 1);
	ck_assert_uint_eq(count_reason(TP_REASON_INVALID_OFFERS), N_FRAMEWORKS - 1);
	/* The other agent is everybody's as before. */
	for (unsigned i = 0; i < N_FRAMEWORKS; i++)
		ck_assert_ptr_nonnull(offer_of(frameworks[i], "a1"));
	expect_everything();
}
END_TEST

START_TEST(who_looks_on_hears_that_it_is_gone)
{
	begin(0, OPTIMISTIC);
	expect_everything();
	framework_accept(
		frameworks[0], offer_of(frameworks[0], "a0"), "t", 1000, "run 5000 0");
	cluster_advance(c, 2000);
	for (unsigned i = 1; i < N_FRAMEWORKS; i++) {
		ck_assert_uint_eq(frameworks[i]->n_rescinded, 1);
		/* And what is left is offered to all. */
		ck_assert_int_eq(offer_of(frameworks[i], "a0")->cpus_milli,
			AGENT_CPUS_MILLI - 1000);
	}
	ck_assert_uint_eq(frameworks[0]->n_rescinded, 0);
	expect_everything();
}
END_TEST

/* --- another allocator ----------------------------------------------------------------- */

static void swap(const char *to)
{
	struct tp_error err = { 0 };

	ck_assert_msg(
		tp_kernel_swap(master->kernel, "allocator-drf", to, NULL, &err) >= 0,
		"%s", err.text);
	cluster_advance(c, LONGER_THAN_FILTERS_MS);
}

static int64_t held_by_all(void)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < N_FRAMEWORKS; i++)
		sum += held(frameworks[i]);
	return sum;
}

START_TEST(one_that_overlaps_comes_and_goes)
{
	const int64_t all = N_AGENTS * AGENT_CPUS_MILLI;

	begin(0, "allocator-drf");
	cluster_advance(c, 5000);
	ck_assert_int_eq(held_by_all(), all);
	for (unsigned i = 0; i < N_FRAMEWORKS; i++) {
		const struct framework_offer *offer = offer_of(frameworks[i], "a0");

		if (offer != NULL)
			framework_accept(frameworks[i], offer, "t", 1000, "hang");
	}
	cluster_advance(c, 5000);
	swap(OPTIMISTIC);
	ck_assert_int_eq(held_by_all(), N_FRAMEWORKS * (all - 1000));
	check_agents(0);
	swap("allocator-drf");
	ck_assert_int_eq(held_by_all(), all - 1000);
	check_agents(1);
	ck_assert_int_eq(sim_containers_cpus_milli(agents[0]->containers), 1000);
}
END_TEST

START_TEST(the_next_master_knows_what_is_used)
{
	begin(0, OPTIMISTIC);
	expect_everything();
	framework_accept(frameworks[0], offer_of(frameworks[0], "a0"), "t", 1000, "hang");
	cluster_advance(c, 2000);
	cluster_kill(master);
	cluster_advance(c, 1000);
	cluster_restart(master);
	cluster_advance(c, LONGER_THAN_FILTERS_MS);
	ck_assert_int_eq(
		held_by_all(), N_FRAMEWORKS * (N_AGENTS * AGENT_CPUS_MILLI - 1000));
	framework_kill(frameworks[0], "t");
	expect_everything();
}
END_TEST

static int n_seeds(void)
{
	const char *wanted = getenv("TEPUI_TEST_SEEDS");

	return wanted == NULL ? SEEDS : atoi(wanted);
}

int main(void)
{
	Suite *suite = suite_create("overlap");
	TCase *steps = tcase_create("step by step"), *race = tcase_create("race");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(steps, NULL, teardown);
	tcase_set_timeout(steps, 150);
	tcase_add_test(steps, four_want_the_same);
	tcase_add_test(steps, who_looks_on_hears_that_it_is_gone);
	tcase_add_test(steps, one_that_overlaps_comes_and_goes);
	tcase_add_test(steps, the_next_master_knows_what_is_used);
	suite_add_tcase(suite, steps);
	tcase_add_checked_fixture(race, NULL, teardown);
	tcase_set_timeout(race, 150);
	tcase_add_loop_test(race, who_races_gets_it_once, 1, n_seeds() + 1);
	suite_add_tcase(suite, race);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
