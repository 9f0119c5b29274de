/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's turn: descriptors and their stale events, posts from other threads, defers, signals
 * and stopping.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/clock.h"

static struct test_clock test_clock;
static struct tp_loop *loop;
static struct tp_error err;

static void setup(void)
{
	test_clock_init(&test_clock);
	loop = tp_loop_create(&test_clock.clock, &err);
	ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
	tp_loop_destroy(loop);
}

/* --- descriptors ------------------------------------------------------------------------ */

struct end {
	struct tp_fd watch;
	int fds[2];
	int n_ready;
	uint32_t events;
	struct end *unwatches;
	bool reopens;        /* replaces the other's descriptor by a fresh, silent one */
	struct end *narrows; /* to what will not happen */
};

static void end_open(struct end *end)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, end->fds), 0);
}

static void end_close(struct end *end)
{
	close(end->fds[0]);
	close(end->fds[1]);
}

static void end_watch(struct end *end, uint32_t events)
{
	ck_assert_int_eq(tp_fd_watch(loop, &end->watch, end->fds[0], events, &err), 0);
}

static void on_ready(struct tp_fd *watch, uint32_t events)
{
	struct end *end = tp_container_of(watch, struct end, watch);
	struct end *other = end->unwatches;

	end->n_ready++;
	end->events |= events;
	if (end->narrows != NULL)
		end_watch(end->narrows, EPOLLRDHUP);
	if (other == NULL)
		return;
	tp_fd_unwatch(loop, &other->watch);
	if (end->reopens) {
		int old = other->fds[0];

		end_close(other);
		end_open(other);
		ck_assert_int_eq(other->fds[0], old);
		end_watch(other, EPOLLIN);
	}
}

START_TEST(a_turn_of_zero_never_waits)
{
	struct end end = { .watch.ready = on_ready };

	end_open(&end);
	end_watch(&end, EPOLLIN);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	ck_assert_int_eq(write(end.fds[1], "x", 1), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_int_eq(end.n_ready, 1);
	ck_assert_uint_eq(end.events, EPOLLIN);
	tp_fd_unwatch(loop, &end.watch);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	end_close(&end);
}
END_TEST

START_TEST(what_is_watched_for_can_change)
{
	struct end end = { .watch.ready = on_ready };

	end_open(&end);
	end_watch(&end, EPOLLIN);
	end_watch(&end, EPOLLOUT);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_uint_eq(end.events, EPOLLOUT);
	end_watch(&end, 0);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	end_close(&end);
}
END_TEST

START_TEST(two_watches_of_one_descriptor_are_refused)
{
	struct end end = { .watch.ready = on_ready };
	struct tp_fd second = { .ready = on_ready };

	end_open(&end);
	end_watch(&end, EPOLLIN);
	ck_assert_int_eq(tp_fd_watch(loop, &second, end.fds[0], EPOLLIN, &err), -EEXIST);
	ck_assert_int_eq(tp_fd_watch(loop, &second, -1, EPOLLIN, &err), -EBADF);
	tp_fd_unwatch(loop, &end.watch);
	end_close(&end);
}
END_TEST

/* Both are ready in one turn; whoever comes first takes the other away. */
START_TEST(an_event_of_an_unwatched_descriptor_is_dropped)
{
	struct end a = { .watch.ready = on_ready };
	struct end b = { .watch.ready = on_ready };

	a.unwatches = &b;
	b.unwatches = &a;
	a.reopens = b.reopens = _i == 1;
	end_open(&a);
	end_open(&b);
	end_watch(&a, EPOLLIN);
	end_watch(&b, EPOLLIN);
	ck_assert_int_eq(write(a.fds[1], "x", 1), 1);
	ck_assert_int_eq(write(b.fds[1], "x", 1), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_int_eq(a.n_ready + b.n_ready, 1);
	tp_fd_unwatch(loop, &a.watch);
	tp_fd_unwatch(loop, &b.watch);
	end_close(&a);
	end_close(&b);
}
END_TEST

START_TEST(an_event_nobody_asks_for_any_more_is_dropped)
{
	struct end a = { .watch.ready = on_ready };
	struct end b = { .watch.ready = on_ready };

	a.narrows = &b;
	b.narrows = &a;
	end_open(&a);
	end_open(&b);
	end_watch(&a, EPOLLIN);
	end_watch(&b, EPOLLIN);
	ck_assert_int_eq(write(a.fds[1], "x", 1), 1);
	ck_assert_int_eq(write(b.fds[1], "x", 1), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_int_eq(a.n_ready + b.n_ready, 1);
	tp_fd_unwatch(loop, &a.watch);
	tp_fd_unwatch(loop, &b.watch);
	end_close(&a);
	end_close(&b);
}
END_TEST

/* --- defers ----------------------------------------------------------------------------- */

struct task {
	struct tp_defer defer;
	struct tp_post post;
	struct task *other;
	bool again;
	int n_ran;
};

static void on_defer(struct tp_defer *defer)
{
	struct task *task = tp_container_of(defer, struct task, defer);

	task->n_ran++;
	if (task->other != NULL)
		tp_loop_undefer(loop, &task->other->defer);
	if (task->again)
		tp_loop_defer(loop, &task->defer);
}

START_TEST(a_defer_runs_once_and_can_be_taken_back)
{
	struct task a = { .defer.run = on_defer };
	struct task b = { .defer.run = on_defer };

	tp_loop_defer(loop, &a.defer);
	tp_loop_defer(loop, &a.defer);
	tp_loop_defer(loop, &b.defer);
	tp_loop_undefer(loop, &b.defer);
	tp_loop_undefer(loop, &b.defer);
	ck_assert_int_eq(tp_loop_turn(loop, -1), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
	ck_assert_int_eq(a.n_ran, 1);
	ck_assert_int_eq(b.n_ran, 0);
}
END_TEST

START_TEST(a_defer_takes_back_another_that_is_due)
{
	struct task b = { .defer.run = on_defer };
	struct task a = { .defer.run = on_defer, .other = &b };

	tp_loop_defer(loop, &a.defer);
	tp_loop_defer(loop, &b.defer);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_int_eq(b.n_ran, 0);
}
END_TEST

START_TEST(a_defer_that_defers_itself_waits_a_turn)
{
	struct task a = { .defer.run = on_defer, .again = true };

	tp_loop_defer(loop, &a.defer);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 1);
	tp_loop_undefer(loop, &a.defer);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
}
END_TEST

/* --- posts ------------------------------------------------------------------------------ */

#define THREADS 4
#define POSTS 5000

struct message {
	struct tp_post post;
	int thread;
	int number;
};

struct producer {
	pthread_t thread;
	int index;
	struct message messages[POSTS];
};

static struct producer producers[THREADS];
static int received[THREADS];
static int n_received;

static void on_post(struct tp_post *post)
{
	struct message *message = tp_container_of(post, struct message, post);

	ck_assert_int_eq(message->number, received[message->thread]);
	received[message->thread]++;
	n_received++;
}

static void *produce(void *arg)
{
	struct producer *producer = arg;

	for (int i = 0; i < POSTS; i++) {
		struct message *message = &producer->messages[i];

		message->post.run = on_post;
		message->thread = producer->index;
		message->number = i;
		tp_loop_post(loop, &message->post);
	}
	return NULL;
}

START_TEST(posts_of_each_thread_arrive_in_order)
{
	for (int i = 0; i < THREADS; i++) {
		producers[i].index = i;
		ck_assert_int_eq(pthread_create(&producers[i].thread, NULL, produce,
					 &producers[i]),
			0);
	}
	while (n_received < THREADS * POSTS)
		tp_loop_turn(loop, -1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(producers[i].thread, NULL);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
}
END_TEST

struct pong {
	struct tp_post post;
	sem_t go;
	int n_left;
};

static void on_pong(struct tp_post *post)
{
	struct pong *pong = tp_container_of(post, struct pong, post);

	pong->n_left--;
	sem_post(&pong->go);
}

/* Posts one at a time, each time while the loop most likely sleeps. */
static void *answer(void *arg)
{
	struct pong *pong = arg;

	for (int n = pong->n_left; n > 0; n--) {
		tp_loop_post(loop, &pong->post);
		sem_wait(&pong->go);
	}
	return NULL;
}

START_TEST(a_post_wakes_a_loop_that_sleeps)
{
	struct pong pong = { .post.run = on_pong, .n_left = 500 };
	pthread_t thread;

	sem_init(&pong.go, 0, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, answer, &pong), 0);
	while (pong.n_left > 0)
		tp_loop_turn(loop, -1);
	pthread_join(thread, NULL);
	sem_destroy(&pong.go);
}
END_TEST

static void on_task_post(struct tp_post *post)
{
	struct task *task = tp_container_of(post, struct task, post);

	task->n_ran++;
	if (task->again)
		tp_loop_post(loop, post);
}

START_TEST(a_post_that_posts_itself_waits_a_turn)
{
	struct task a = { .post.run = on_task_post, .again = true };

	tp_loop_post(loop, &a.post);
	ck_assert_int_eq(tp_loop_turn(loop, -1), 1);
	ck_assert_int_eq(a.n_ran, 1);
	a.again = false;
	ck_assert_int_eq(tp_loop_turn(loop, -1), 1);
	ck_assert_int_eq(tp_loop_turn(loop, 0), 0);
}
END_TEST

/* --- stopping --------------------------------------------------------------------------- */

static void *stop_from_outside(void *arg)
{
	tp_loop_stop(arg, 7);
	return NULL;
}

START_TEST(another_thread_stops_the_loop)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, stop_from_outside, loop), 0);
	ck_assert_int_eq(tp_loop_run(loop), 7);
	pthread_join(thread, NULL);
}
END_TEST

/* --- signals ---------------------------------------------------------------------------- */

struct listener {
	struct tp_signal watch;
	struct listener *removes;
	int n_fired;
};

static void on_signal(struct tp_signal *watch)
{
	struct listener *listener = tp_container_of(watch, struct listener, watch);

	listener->n_fired++;
	if (listener->removes != NULL)
		tp_signal_unwatch(loop, &listener->removes->watch);
}

START_TEST(a_signal_reaches_all_its_watchers)
{
	struct listener a = { .watch.fire = on_signal };
	struct listener b = { .watch.fire = on_signal };
	struct listener other = { .watch.fire = on_signal };

	ck_assert_int_eq(tp_signal_watch(loop, &a.watch, SIGUSR1, &err), 0);
	ck_assert_int_eq(tp_signal_watch(loop, &other.watch, SIGUSR2, &err), 0);
	ck_assert_int_eq(tp_signal_watch(loop, &b.watch, SIGUSR1, &err), 0);
	raise(SIGUSR1);
	test_clock_settle(&test_clock, loop);
	ck_assert_int_eq(a.n_fired, 1);
	ck_assert_int_eq(b.n_fired, 1);
	ck_assert_int_eq(other.n_fired, 0);
	tp_signal_unwatch(loop, &a.watch);
	raise(SIGUSR1);
	raise(SIGUSR2);
	test_clock_settle(&test_clock, loop);
	ck_assert_int_eq(a.n_fired, 1);
	ck_assert_int_eq(b.n_fired, 2);
	ck_assert_int_eq(other.n_fired, 1);
}
END_TEST

START_TEST(a_watcher_of_a_signal_removes_the_next_and_itself)
{
	struct listener b = { .watch.fire = on_signal };
	struct listener a = { .watch.fire = on_signal, .removes = &b };

	b.removes = &b;
	ck_assert_int_eq(tp_signal_watch(loop, &a.watch, SIGUSR1, &err), 0);
	ck_assert_int_eq(tp_signal_watch(loop, &b.watch, SIGUSR1, &err), 0);
	raise(SIGUSR1);
	test_clock_settle(&test_clock, loop);
	ck_assert_int_eq(a.n_fired, 1);
	ck_assert_int_eq(b.n_fired, 0);
}
END_TEST

START_TEST(a_signal_nobody_watches_any_more_stays_blocked)
{
	struct listener a = { .watch.fire = on_signal };

	ck_assert_int_eq(tp_signal_watch(loop, &a.watch, SIGUSR1, &err), 0);
	tp_signal_unwatch(loop, &a.watch);
	raise(SIGUSR1);
	test_clock_settle(&test_clock, loop);
	ck_assert_int_eq(a.n_fired, 0);
	ck_assert_int_eq(tp_signal_watch(loop, &a.watch, SIGKILL, &err), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = tcase_create("loop");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_turn_of_zero_never_waits);
	tcase_add_test(tcase, what_is_watched_for_can_change);
	tcase_add_test(tcase, two_watches_of_one_descriptor_are_refused);
	tcase_add_loop_test(tcase, an_event_of_an_unwatched_descriptor_is_dropped, 0, 2);
	tcase_add_test(tcase, an_event_nobody_asks_for_any_more_is_dropped);
	tcase_add_test(tcase, a_defer_runs_once_and_can_be_taken_back);
	tcase_add_test(tcase, a_defer_takes_back_another_that_is_due);
	tcase_add_test(tcase, a_defer_that_defers_itself_waits_a_turn);
	tcase_add_test(tcase, posts_of_each_thread_arrive_in_order);
	tcase_add_test(tcase, a_post_wakes_a_loop_that_sleeps);
	tcase_add_test(tcase, a_post_that_posts_itself_waits_a_turn);
	tcase_add_test(tcase, another_thread_stops_the_loop);
	tcase_add_test(tcase, a_signal_reaches_all_its_watchers);
	tcase_add_test(tcase, a_watcher_of_a_signal_removes_the_next_and_itself);
	tcase_add_test(tcase, a_signal_nobody_watches_any_more_stays_blocked);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
