/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work service: off the loop, done on the loop, once, in the pool and in its same-thread
 * stand-in. Works wait for each other on barriers, never for time.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/kernel/work_pool.h"
#include "tests/lib/clock.h"
#include "tests/lib/work_inline.h"

#define WORKS 200

struct job {
	struct tp_work work;
	int id;
	pthread_barrier_t *meet;
	struct tp_work_service *again; /* done() submits once more */
	pthread_t ran_on;
	bool usr1_blocked;
	int n_ran, n_done, status;
};

static struct tp_loop *loop;
static struct job jobs[WORKS];
static int order[WORKS];
static int n_done;

static int run(struct tp_work *work)
{
	struct job *job = tp_container_of(work, struct job, work);
	sigset_t blocked;

	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	job->usr1_blocked = sigismember(&blocked, SIGUSR1) == 1;
	job->ran_on = pthread_self();
	job->n_ran++;
	if (job->meet != NULL)
		pthread_barrier_wait(job->meet);
	return job->id;
}

static void done(struct tp_work *work, int status)
{
	struct job *job = tp_container_of(work, struct job, work);
	struct tp_work_service *again = job->again;

	job->n_done++;
	job->status = status;
	if (n_done < WORKS)
		order[n_done] = job->id;
	n_done++;
	job->again = NULL;
	if (again != NULL)
		tp_work_submit(again, work);
}

static void setup(void)
{
	loop = tp_loop_create(NULL, NULL);
	ck_assert_ptr_nonnull(loop);
	n_done = 0;
	for (int i = 0; i < WORKS; i++)
		jobs[i] = (struct job){ .work = { .run = run, .done = done }, .id = i };
}

static void teardown(void)
{
	tp_loop_destroy(loop);
}

static void turn_until_done(int n)
{
	int64_t end_ns = tp_loop_now_ns(loop) + 30 * TP_SEC;

	while (n_done < n && tp_loop_now_ns(loop) < end_ns)
		tp_loop_turn(loop, TP_SEC);
	ck_assert_int_eq(n_done, n);
}

START_TEST(works_run_elsewhere_and_are_done_here)
{
	struct work_pool *pool = work_pool_create(loop, 2);
	struct tp_work_service service = work_pool_service(pool);

	ck_assert_uint_eq(work_pool_threads(pool), 0);
	for (int i = 0; i < WORKS; i++)
		tp_work_submit(&service, &jobs[i].work);
	ck_assert_int_eq(n_done, 0);
	turn_until_done(WORKS);
	for (int i = 0; i < WORKS; i++) {
		ck_assert_int_eq(jobs[i].n_ran, 1);
		ck_assert_int_eq(jobs[i].n_done, 1);
		ck_assert_int_eq(jobs[i].status, i);
		ck_assert(!pthread_equal(jobs[i].ran_on, pthread_self()));
		ck_assert(jobs[i].usr1_blocked);
	}
	ck_assert_uint_le(work_pool_threads(pool), 2);
	work_pool_destroy(pool);
}
END_TEST

/* Each needs the other to go on: this hangs unless both run at once. */
START_TEST(two_threads_work_at_once)
{
	struct work_pool *pool = work_pool_create(loop, 2);
	struct tp_work_service service = work_pool_service(pool);
	pthread_barrier_t meet;

	pthread_barrier_init(&meet, NULL, 2);
	jobs[0].meet = jobs[1].meet = &meet;
	tp_work_submit(&service, &jobs[0].work);
	tp_work_submit(&service, &jobs[1].work);
	turn_until_done(2);
	ck_assert_uint_eq(work_pool_threads(pool), 2);
	pthread_barrier_destroy(&meet);
	work_pool_destroy(pool);
}
END_TEST

START_TEST(a_work_that_is_done_can_be_submitted_again)
{
	struct work_pool *pool = work_pool_create(loop, 1);
	struct tp_work_service service = work_pool_service(pool);

	jobs[3].again = &service;
	tp_work_submit(&service, &jobs[3].work);
	turn_until_done(2);
	ck_assert_int_eq(jobs[3].n_ran, 2);
	work_pool_destroy(pool);
}
END_TEST

/* The one thread is held at a barrier, so that the others have not begun. */
START_TEST(destruction_ends_what_runs_and_cancels_the_rest)
{
	struct work_pool *pool = work_pool_create(loop, 1);
	struct tp_work_service service = work_pool_service(pool);
	pthread_barrier_t meet;

	pthread_barrier_init(&meet, NULL, 2);
	jobs[7].meet = &meet;
	jobs[1].again = &service;
	tp_work_submit(&service, &jobs[7].work);
	tp_work_submit(&service, &jobs[1].work);
	tp_work_submit(&service, &jobs[2].work);
	pthread_barrier_wait(&meet);
	work_pool_destroy(pool);
	ck_assert_int_eq(jobs[7].status, 7);
	ck_assert_int_eq(jobs[7].n_done, 1);
	for (int i = 1; i <= 2; i++)
		ck_assert_int_eq(
			jobs[i].n_ran > 0 ? -ECANCELED : jobs[i].status, -ECANCELED);
	ck_assert_int_eq(n_done, 4);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	pthread_barrier_destroy(&meet);
	work_pool_destroy(NULL);
}
END_TEST

static void run_inline(uint64_t seed)
{
	struct work_inline *self = work_inline_create(loop, seed);
	struct tp_work_service service = work_inline_service(self);

	n_done = 0;
	for (int i = 0; i < WORKS; i++)
		tp_work_submit(&service, &jobs[i].work);
	ck_assert_int_eq(n_done, 0);
	for (int i = 1; i <= WORKS; i++) {
		ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
		ck_assert_int_eq(n_done, i);
	}
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	work_inline_destroy(self);
}

START_TEST(without_a_seed_inline_keeps_the_order)
{
	run_inline(0);
	for (int i = 0; i < WORKS; i++)
		ck_assert_int_eq(order[i], i);
	ck_assert(pthread_equal(jobs[0].ran_on, pthread_self()));
}
END_TEST

START_TEST(a_seed_shuffles_and_repeats)
{
	int first[WORKS];
	int n_moved = 0;
	int n_differ = 0;

	run_inline(42);
	for (int i = 0; i < WORKS; i++) {
		first[i] = order[i];
		n_moved += order[i] != i;
	}
	ck_assert_int_gt(n_moved, WORKS / 2);
	run_inline(42);
	for (int i = 0; i < WORKS; i++)
		ck_assert_int_eq(order[i], first[i]);
	run_inline(43);
	for (int i = 0; i < WORKS; i++)
		n_differ += order[i] != first[i];
	ck_assert_int_gt(n_differ, WORKS / 2);
}
END_TEST

START_TEST(inline_works_are_cancelled_at_the_end)
{
	struct work_inline *self = work_inline_create(loop, 0);
	struct tp_work_service service = work_inline_service(self);

	tp_work_submit(&service, &jobs[5].work);
	work_inline_destroy(self);
	ck_assert_int_eq(jobs[5].n_ran, 0);
	ck_assert_int_eq(jobs[5].status, -ECANCELED);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("work");
	TCase *tcase = tcase_create("work");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, works_run_elsewhere_and_are_done_here);
	tcase_add_test(tcase, two_threads_work_at_once);
	tcase_add_test(tcase, a_work_that_is_done_can_be_submitted_again);
	tcase_add_test(tcase, destruction_ends_what_runs_and_cancels_the_rest);
	tcase_add_test(tcase, without_a_seed_inline_keeps_the_order);
	tcase_add_test(tcase, a_seed_shuffles_and_repeats);
	tcase_add_test(tcase, inline_works_are_cancelled_at_the_end);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
