/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cluster promises of single failures, one by one: the registry's rows, schedulers that
 * come back, agents that are killed with all their tasks running, and loss of power.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/framework.h"

#define MINUTE_MS (60 * 1000)
#define POWER_SEEDS 30

static struct cluster *c;
static struct machine *master, *a1;
static struct framework *f;
static char agent_id[96];

static void begin(uint64_t seed)
{
	c = cluster_create(seed);
	master = cluster_add_master(c, "sim-registry", NULL);
	a1 = cluster_add_agent(c, "a1", "cpus:32;mem:4096", NULL);
	f = framework_subscribe(c, "f", NULL);
	ck_assert_ptr_nonnull(framework_wait_offer(f, 15000));
	cluster_advance(c, 100); /* the agent hears that it is admitted */
	snprintf(agent_id, sizeof agent_id, "%s", machine_id(a1));
}

static void setup(void)
{
	begin(0);
}

static void teardown(void)
{
	cluster_destroy(c);
}

static void launch(const char *task_id, const char *command)
{
	const struct framework_offer *offer;

	/* Memory alone is an offer too. */
	while ((offer = framework_wait_offer(f, 15000)) != NULL &&
		offer->cpus_milli < 1000)
		framework_decline(f, offer, 0);
	ck_assert_ptr_nonnull(offer);
	framework_accept(f, offer, task_id, 1000, command);
}

static void run_task(const char *task_id, const char *command)
{
	launch(task_id, command);
	ck_assert(framework_wait_state(f, task_id, TP_TASK_RUNNING, 10000));
}

static bool registry_has(const char *kind, const char *id)
{
	char name[128];

	snprintf(name, sizeof name, "%s/%s", kind, id);
	return sim_registry_has(c->registry, name);
}

static bool master_knows(const char *task_id)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_TASKS };
	const struct tp_master_response *response = cluster_ask(master, &call, arena);

	for (size_t i = 0; i < response->get_tasks->n_tasks; i++) {
		if (strcmp(response->get_tasks->tasks[i]->task_id->value, task_id) == 0)
			return true;
	}
	return false;
}

/* --- the registry ------------------------------------------------------------------------- */

START_TEST(an_agent_that_dies_without_a_master_is_known_to_the_next)
{
	run_task("t", "hang");
	cluster_kill(master);
	cluster_power_loss(a1);
	cluster_restart(master);
	cluster_advance(c, 9 * MINUTE_MS);
	ck_assert(registry_has("agent", agent_id));
	ck_assert_int_eq(framework_task_state(f, "t"), TP_TASK_RUNNING);
	cluster_advance(c, 2 * MINUTE_MS);
	ck_assert(registry_has("unreachable", agent_id));
	/* Nobody told the new master of the task: it can be asked for. */
	framework_reconcile(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_UNREACHABLE, 1000));
	cluster_restart(a1);
	cluster_advance(c, 20000);
	ck_assert_str_eq(machine_id(a1), agent_id);
	ck_assert_int_ge(framework_task(f, "t")->ended, 0);
	ck_assert_ptr_null(framework_task(f, "t")->wrong);
}
END_TEST

START_TEST(an_unreachable_agent_returns_to_another_master)
{
	run_task("t", "hang");
	cluster_cut(master, a1, true);
	ck_assert(framework_wait_state(f, "t", TP_TASK_UNREACHABLE, 2 * MINUTE_MS));
	cluster_kill(master);
	cluster_restart(master);
	cluster_advance(c, MINUTE_MS);
	ck_assert(registry_has("unreachable", agent_id));
	cluster_cut(master, a1, false);
	cluster_advance(c, 2 * MINUTE_MS);
	ck_assert_str_eq(machine_id(a1), agent_id);
	ck_assert(registry_has("agent", agent_id));
	ck_assert(!registry_has("unreachable", agent_id));
	ck_assert(master_knows("t"));
	ck_assert(sim_containers_runs(a1->containers, "t"));
	framework_reconcile(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_RUNNING, 1000));
}
END_TEST

START_TEST(an_agent_is_answered_when_its_admission_is_durable)
{
	struct machine *a2;

	sim_registry_slow(c->registry, 8000 * TP_MSEC);
	a2 = cluster_add_agent(c, "a2", "cpus:4;mem:4096", NULL);
	cluster_advance(c, 3000);
	ck_assert_str_eq(machine_id(a2), "");
	ck_assert_uint_eq(sim_registry_count(c->registry, "agent/"), 1);
	/* It is written, but nobody was told so. */
	cluster_advance(c, 3000);
	ck_assert_uint_eq(sim_registry_count(c->registry, "agent/"), 2);
	ck_assert_str_eq(machine_id(a2), "");
	cluster_advance(c, 4000);
	ck_assert(registry_has("agent", machine_id(a2)));
}
END_TEST

START_TEST(a_master_that_dies_before_admitting_has_told_nobody)
{
	struct machine *a2;

	sim_registry_slow(c->registry, 8000 * TP_MSEC);
	a2 = cluster_add_agent(c, "a2", "cpus:4;mem:4096", NULL);
	cluster_advance(c, 3000);
	cluster_power_loss(master);
	ck_assert_str_eq(machine_id(a2), "");
	sim_registry_slow(c->registry, 0);
	cluster_restart(master);
	cluster_advance(c, MINUTE_MS);
	ck_assert(registry_has("agent", machine_id(a2)));
	ck_assert_str_eq(machine_id(a1), agent_id);
}
END_TEST

/* --- schedulers ---------------------------------------------------------------------------- */

START_TEST(a_scheduler_learns_all_by_one_implicit_reconciliation)
{
	static const char *const running[] = { "r0", "r1", "r2", "r3" };
	struct framework *again;

	for (size_t i = 0; i < TP_COUNT(running); i++)
		run_task(running[i], "hang");
	run_task("good", "run 5000 0");
	run_task("bad", "run 5000 1");
	cluster_advance(c, 100); /* the acknowledgements arrive */
	framework_crash(f);
	cluster_advance(c, 20000);
	again = framework_subscribe(c, "f", f->id);
	framework_reconcile(again, NULL);
	cluster_advance(c, 1000);
	for (size_t i = 0; i < TP_COUNT(running); i++)
		ck_assert_int_eq(
			framework_task_state(again, running[i]), TP_TASK_RUNNING);
	ck_assert_int_eq(framework_task_state(again, "good"), TP_TASK_FINISHED);
	ck_assert_int_eq(framework_task_state(again, "bad"), TP_TASK_FAILED);
}
END_TEST

/* --- agents -------------------------------------------------------------------------------- */

START_TEST(an_agent_that_is_killed_finds_all_its_tasks)
{
	char task_id[16];

	for (int i = 0; i < 20; i++) {
		snprintf(task_id, sizeof task_id, "t%d", i);
		run_task(task_id, i == 7 ? "run 60000 3" : "hang");
	}
	cluster_kill(a1);
	cluster_advance(c, MINUTE_MS);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 20);
	cluster_restart(a1);
	ck_assert(framework_wait_state(f, "t7", TP_TASK_FAILED, 20000));
	cluster_advance(c, 20000);
	ck_assert_str_eq(machine_id(a1), agent_id);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 19);
	for (int i = 0; i < 20; i++) {
		snprintf(task_id, sizeof task_id, "t%d", i);
		ck_assert_ptr_null(framework_task(f, task_id)->wrong);
		ck_assert_int_eq(framework_task_state(f, task_id),
			i == 7 ? TP_TASK_FAILED : TP_TASK_RUNNING);
	}
}
END_TEST

/* --- executors of a framework's own --------------------------------------------------------- */

/* Each gets what it needs of the next offer; all run in one executor. */
static void run_three(void)
{
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = 0; i < TP_COUNT(names); i++) {
		const struct framework_offer *offer = framework_wait_offer(f, 15000);

		ck_assert_ptr_nonnull(offer);
		framework_accept_in(f, offer, "x", names[i], 500, "stubborn");
		ck_assert(framework_wait_state(f, names[i], TP_TASK_RUNNING, 10000));
	}
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 1);
	ck_assert_uint_eq(sim_containers_tasks(a1->containers), 3);
}

START_TEST(an_executor_of_many_tasks_outlives_its_agent)
{
	run_three();
	cluster_kill(a1);
	cluster_advance(c, 14 * MINUTE_MS);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 1);
	cluster_restart(a1);
	cluster_advance(c, 20000);
	ck_assert_uint_eq(sim_containers_tasks(a1->containers), 3);
	framework_kill_within(f, "b", 7000);
	cluster_advance(c, 6000);
	ck_assert_int_eq(framework_task_state(f, "b"), TP_TASK_RUNNING);
	cluster_advance(c, 2000);
	ck_assert_int_eq(framework_task_state(f, "b"), TP_TASK_KILLED);
	ck_assert_uint_eq(sim_containers_tasks(a1->containers), 2);
	framework_teardown(f);
	cluster_advance(c, 10000);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
}
END_TEST

START_TEST(an_executor_does_not_wait_for_its_agent_for_ever)
{
	static const char *const names[] = { "a", "b", "c" };

	run_three();
	cluster_kill(a1);
	cluster_advance(c, 16 * MINUTE_MS); /* recovery_timeout is 15 minutes */
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
	cluster_restart(a1);
	cluster_advance(c, MINUTE_MS);
	for (size_t i = 0; i < TP_COUNT(names); i++) {
		ck_assert_int_ge(framework_task(f, names[i])->ended, 0);
		ck_assert_ptr_null(framework_task(f, names[i])->wrong);
		ck_assert(!master_knows(names[i]));
	}
}
END_TEST

/* --- loss of power -------------------------------------------------------------------------- */

/*
 * What was not synced is lost or torn, as the seed says. The agent was admitted, "done" was
 * acknowledged, "long" runs and "young" may be anywhere on its way to its first update.
 */
START_TEST(power_is_lost)
{
	static const char *const names[] = { "done", "long", "young" };
	int known_before;

	begin((uint64_t)_i + 1);
	launch("long", "hang");
	launch("done", "run 100 0");
	ck_assert(framework_wait_state(f, "done", TP_TASK_FINISHED, 10000));
	cluster_advance(c, _i % 3 * 700);
	launch("young", "hang");
	cluster_advance(c, _i);
	known_before = framework_task_state(f, "young");
	cluster_power_loss(a1);
	if (_i % 2 == 0)
		cluster_power_loss(master);
	cluster_restart(a1);
	if (master->kernel == NULL)
		cluster_restart(master);
	cluster_advance(c, 15 * MINUTE_MS);
	ck_assert_str_eq(machine_id(a1), agent_id);
	ck_assert(registry_has("agent", agent_id));
	for (size_t i = 0; i < TP_COUNT(names); i++) {
		if (framework_task(f, names[i])->ended < 0)
			framework_reconcile(f, names[i]);
	}
	cluster_advance(c, 5000);
	ck_assert_int_eq(framework_task(f, "done")->ended, TP_TASK_FINISHED);
	ck_assert_int_ge(framework_task(f, "long")->ended, 0);
	ck_assert(known_before < 0 || framework_task(f, "young")->ended >= 0);
	for (size_t i = 0; i < TP_COUNT(names); i++)
		ck_assert_msg(framework_task(f, names[i])->wrong == NULL, "%s: %s",
			names[i], framework_task(f, names[i])->wrong);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
	ck_assert(!master_knows("done") && !master_knows("long"));
	cluster_destroy(c);
}
END_TEST

/*
 * The agent is unreachable, so only it knows what became of the task, and perhaps only by the log
 * of its updates. Whoever asks before those have come hears nothing else.
 */
START_TEST(a_task_that_is_forgotten_with_the_power_ends_once)
{
	begin((uint64_t)_i + 1);
	run_task("t", "hang");
	cluster_advance(
		c, _i * 100); /* the acknowledgement is there, and written, or not */
	cluster_power_loss(a1);
	ck_assert(framework_wait_state(f, "t", TP_TASK_UNREACHABLE, 2 * MINUTE_MS));
	framework_crash(f);
	sim_disk_slow(a1->sim_disk, _i % 2 * TP_SEC);
	cluster_restart(a1);
	cluster_advance(c, 3000);
	framework_restart(f);
	cluster_advance(c, 100);
	ck_assert(f->subscribed);
	framework_reconcile(f, "t");
	cluster_advance(c, MINUTE_MS);
	ck_assert_msg(framework_task(f, "t")->wrong == NULL, "%s",
		framework_task(f, "t")->wrong);
	ck_assert_int_ge(framework_task(f, "t")->ended, 0);
	ck_assert(!master_knows("t"));
	cluster_destroy(c);
}
END_TEST

/*
 * It ended while its first update was on the way. The framework has acknowledged both, which may
 * be lost with the power: then it hears the end again, and not that the task runs.
 */
START_TEST(a_task_whose_end_is_known_does_not_run_again)
{
	begin((uint64_t)_i + 1);
	launch("t", "run 1 0");
	ck_assert(framework_wait_state(f, "t", TP_TASK_FINISHED, 10000));
	cluster_advance(c, _i % 3 * 1000);
	cluster_power_loss(a1);
	cluster_advance(c, 2 * MINUTE_MS);
	ck_assert(registry_has("unreachable", agent_id));
	cluster_restart(a1);
	cluster_advance(c, MINUTE_MS);
	ck_assert_str_eq(machine_id(a1), agent_id);
	ck_assert_msg(framework_task(f, "t")->wrong == NULL, "%s",
		framework_task(f, "t")->wrong);
	ck_assert_int_eq(framework_task(f, "t")->ended, TP_TASK_FINISHED);
	ck_assert(!master_knows("t"));
	cluster_destroy(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("failures");
	TCase *tc = tcase_create("failures"), *power = tcase_create("power");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 150);
	tcase_add_test(tc, an_agent_that_dies_without_a_master_is_known_to_the_next);
	tcase_add_test(tc, an_unreachable_agent_returns_to_another_master);
	tcase_add_test(tc, an_agent_is_answered_when_its_admission_is_durable);
	tcase_add_test(tc, a_master_that_dies_before_admitting_has_told_nobody);
	tcase_add_test(tc, a_scheduler_learns_all_by_one_implicit_reconciliation);
	tcase_add_test(tc, an_agent_that_is_killed_finds_all_its_tasks);
	tcase_add_test(tc, an_executor_of_many_tasks_outlives_its_agent);
	tcase_add_test(tc, an_executor_does_not_wait_for_its_agent_for_ever);
	suite_add_tcase(s, tc);
	tcase_set_timeout(power, 150);
	tcase_add_loop_test(power, power_is_lost, 0, POWER_SEEDS);
	tcase_add_loop_test(
		power, a_task_that_is_forgotten_with_the_power_ends_once, 0, POWER_SEEDS);
	tcase_add_loop_test(
		power, a_task_whose_end_is_known_does_not_run_again, 0, POWER_SEEDS);
	suite_add_tcase(s, power);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
