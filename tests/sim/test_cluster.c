/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster of the real modules, from the first offer to the failures it must survive. Runs on
 * virtual time and a simulated network, and with TEPUI_TEST_TRANSPORT=real on the system's clock
 * and nng; what needs a network that fails is left out there.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/framework.h"

static struct cluster *c;
static struct machine *master, *a1;
static struct framework *f;

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void setup(void)
{
	c = cluster_create(0);
	master = cluster_add_master(c, "registry-leveldb", NULL);
	a1 = cluster_add_agent(
		c, "a1", "cpus:4;mem:4096", "      registration_backoff_factor: 100ms\n");
	f = framework_subscribe(c, "f", NULL);
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

START_TEST(a_task_runs_and_finishes)
{
	const struct framework_offer *offer = framework_wait_offer(f, 10000);

	ck_assert_ptr_nonnull(offer);
	ck_assert_int_eq(offer->cpus_milli, 4000);
	ck_assert_str_eq(offer->hostname, "a1");
	run_task("good", "run 200 0");
	ck_assert(framework_wait_state(f, "good", TP_TASK_FINISHED, 10000));
	run_task("bad", "run 200 3");
	ck_assert(framework_wait_state(f, "bad", TP_TASK_FAILED, 10000));
	cluster_advance(c, 100);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
}
END_TEST

START_TEST(offers_return_after_refuse_timeout)
{
	ck_assert_ptr_nonnull(framework_wait_offer(f, 10000));
	framework_decline(f, cluster_offer(c, f), 2000);
	cluster_advance(c, c->real ? 1900 : 1999);
	ck_assert_ptr_null(cluster_offer(c, f));
	cluster_advance(c, c->real ? 300 : 1);
	ck_assert_ptr_nonnull(cluster_offer(c, f));
}
END_TEST

START_TEST(a_running_task_is_killed)
{
	run_task("t", "hang");
	framework_kill(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_KILLED, 10000));
	cluster_advance(c, 100);
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
}
END_TEST

static bool subscribed(void *arg)
{
	return ((struct framework *)arg)->subscribed;
}

START_TEST(tasks_survive_the_master)
{
	run_task("t", "hang");
	cluster_kill(master);
	cluster_advance(c, 500);
	ck_assert(!f->subscribed);
	cluster_restart(master);
	ck_assert(cluster_step_until(c, subscribed, f, 20000));
	ck_assert_ptr_nonnull(framework_wait_offer(f, 20000));
	ck_assert_int_eq(cluster_offer(c, f)->cpus_milli, 3000);
	framework_kill(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_KILLED, 10000));
	ck_assert_ptr_null(framework_task(f, "t")->wrong);
}
END_TEST

START_TEST(tasks_survive_the_agent)
{
	run_task("t", "hang");
	run_task("short", "run 800 0");
	cluster_kill(a1);
	cluster_advance(c, 1000);
	ck_assert_int_eq(framework_task_state(f, "t"), TP_TASK_RUNNING);
	cluster_restart(a1);
	ck_assert(framework_wait_state(f, "short", TP_TASK_FINISHED, 20000));
	framework_kill(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_KILLED, 20000));
}
END_TEST

START_TEST(another_scheduler_takes_over)
{
	struct framework *old = f;

	run_task("t", "run 1000 0");
	f = framework_subscribe(c, "f", old->id);
	ck_assert_str_eq(f->id, old->id);
	ck_assert(framework_wait_state(f, "t", TP_TASK_FINISHED, 10000));
	ck_assert_int_eq(framework_task_state(old, "t"), TP_TASK_RUNNING);
	ck_assert_ptr_nonnull(framework_wait_offer(f, 10000));
}
END_TEST

START_TEST(an_executor_that_stays_silent_fails_its_task)
{
	sim_containers_mute(a1->containers, true);
	launch("t", "hang");
	cluster_advance(c, 59000);
	ck_assert_int_eq(framework_task_state(f, "t"), -1);
	ck_assert(framework_wait_state(f, "t", TP_TASK_FAILED, 3000));
	ck_assert_uint_eq(sim_containers_alive(a1->containers), 0);
}
END_TEST

START_TEST(a_cut_of_ten_seconds_heals)
{
	run_task("t", "run 5000 0");
	cluster_cut(master, a1, true);
	cluster_advance(c, 10000);
	ck_assert_int_eq(framework_task_state(f, "t"), TP_TASK_RUNNING);
	cluster_cut(master, a1, false);
	ck_assert(framework_wait_state(f, "t", TP_TASK_FINISHED, 1000));
}
END_TEST

START_TEST(a_silent_agent_is_unreachable_and_returns)
{
	run_task("t", "hang");
	cluster_cut(master, a1, true);
	cluster_advance(c, 74000);
	ck_assert_int_eq(framework_task_state(f, "t"), TP_TASK_RUNNING);
	ck_assert(framework_wait_state(f, "t", TP_TASK_UNREACHABLE, 17000));
	cluster_cut(master, a1, false);
	ck_assert(framework_wait_state(f, "t", TP_TASK_RUNNING, 120000));
	framework_kill(f, "t");
	ck_assert(framework_wait_state(f, "t", TP_TASK_KILLED, 10000));
}
END_TEST

START_TEST(a_minute_of_cluster_time)
{
	int64_t begin_ms = cluster_now_ms(c);
	int64_t begin_cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	int64_t took_ms, cpu_ms;
	char task_id[16];

	for (int i = 0; i < 60; i++) {
		snprintf(task_id, sizeof task_id, "t%d", i);
		launch(task_id, "run 500 0");
		cluster_advance(c, 1000);
	}
	for (int i = 0; i < 60; i++) {
		snprintf(task_id, sizeof task_id, "t%d", i);
		ck_assert(framework_wait_state(f, task_id, TP_TASK_FINISHED, 10000));
	}
	took_ms = cluster_now_ms(c) - begin_ms;
	cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu_ms;
	printf("%lld ms of cluster time took %lld ms of the processor: %lld times as "
	       "fast\n",
		(long long)took_ms, (long long)cpu_ms,
		(long long)(took_ms / (cpu_ms + 1)));
}
END_TEST

static bool is_real(void)
{
	const char *transport = getenv("TEPUI_TEST_TRANSPORT");

	return transport != NULL && strcmp(transport, "real") == 0;
}

START_TEST(another_allocator_takes_over)
{
	const struct framework_offer *offer;
	struct tp_error err = { 0 };
	char held[96];

	run_task("t1", "run 600000 0");
	offer = framework_wait_offer(f, 15000);
	ck_assert_ptr_nonnull(offer);
	snprintf(held, sizeof held, "%s", offer->id);
	ck_assert_msg(tp_kernel_swap(master->kernel, "allocator-drf",
			      "allocator-priority", NULL, &err) >= 0,
		"%s", err.text);
	cluster_advance(c, 5000);
	/* Nothing was rescinded or offered twice; the old offer is as good as before. */
	ck_assert_uint_eq(f->n_rescinded, 0);
	ck_assert_uint_eq(f->n_offers, 1);
	ck_assert_str_eq(f->offers[0].id, held);
	ck_assert_int_eq(f->offers[0].cpus_milli, 3000);
	framework_accept(f, &f->offers[0], "t2", 1000, "run 1000 0");
	ck_assert(framework_wait_state(f, "t2", TP_TASK_FINISHED, 15000));
	ck_assert_int_eq(framework_task_state(f, "t1"), TP_TASK_RUNNING);
	/* The new one goes on: what came back is offered again. */
	ck_assert_ptr_nonnull(framework_wait_offer(f, 15000));
	ck_assert_int_lt(
		tp_kernel_swap(master->kernel, "allocator-drf", "nobody", NULL, &err), 0);
	ck_assert_int_lt(tp_kernel_swap(master->kernel, "registry-leveldb",
				 "registry-memory", NULL, &err),
		0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cluster");
	TCase *both = tcase_create("both transports");

	suite_add_tcase(s, both);
	tcase_add_checked_fixture(both, setup, teardown);
	tcase_set_timeout(both, 150);
	tcase_add_test(both, a_task_runs_and_finishes);
	tcase_add_test(both, offers_return_after_refuse_timeout);
	tcase_add_test(both, a_running_task_is_killed);
	tcase_add_test(both, tasks_survive_the_master);
	tcase_add_test(both, tasks_survive_the_agent);
	tcase_add_test(both, another_scheduler_takes_over);
	if (is_real())
		return s;
	tcase_add_test(both, a_minute_of_cluster_time);
	tcase_add_test(both, an_executor_that_stays_silent_fails_its_task);
	tcase_add_test(both, a_cut_of_ten_seconds_heals);
	tcase_add_test(both, a_silent_agent_is_unreachable_and_returns);
	tcase_add_test(both, another_allocator_takes_over);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int64_t begin_ms = clock_ms(CLOCK_MONOTONIC);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	printf("%s transport: all of it took %lld ms\n", is_real() ? "real" : "simulated",
		(long long)(clock_ms(CLOCK_MONOTONIC) - begin_ms));
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
