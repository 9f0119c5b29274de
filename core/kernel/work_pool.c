/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `work` service on a few threads. Threads come with demand, up to a bound, and block every
 * signal: those belong to the loop. Finished works gather in a list; whoever finds it empty posts
 * the pool, so that a burst costs the loop one wake-up. Works start in order of submission and
 * finish in any.
 *
 * This is not for work that lasts: whoever waits for minutes belongs in a child process.
 */
#include "work_pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "loop.h"

struct queue {
	struct tp_work *first;
	struct tp_work **end;
};

struct work_pool {
	struct tp_loop *loop;
	pthread_mutex_t lock; /* over all that follows */
	pthread_cond_t changed;
	struct queue waiting;
	struct queue finished;
	struct tp_post post;
	bool posted; /* `post` is on its way */
	bool stopping;
	unsigned n_idle; /* threads that wait for work */
	unsigned n_waiting;
	unsigned n_threads, n_threads_max;
	pthread_t *threads;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_push(struct queue *queue, struct tp_work *work)
{
	work->next = NULL;
	*queue->end = work;
	queue->end = &work->next;
}

static struct tp_work *queue_pop(struct queue *queue)
{
	struct tp_work *work = queue->first;

	if (work == NULL)
		return NULL;
	queue->first = work->next;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return work;
}

/* Locked. The loop has to learn of finished works, and does so once for all that gather. */
static void finish(struct work_pool *pool, struct tp_work *work, int status)
{
	work->status = status;
	queue_push(&pool->finished, work);
	if (pool->posted)
		return;
	pool->posted = true;
	tp_loop_post(pool->loop, &pool->post);
}

static void on_finished(struct tp_post *post)
{
	struct work_pool *pool = tp_container_of(post, struct work_pool, post);
	struct tp_work *work;

	pthread_mutex_lock(&pool->lock);
	work = pool->finished.first;
	queue_init(&pool->finished);
	pool->posted = false;
	pthread_mutex_unlock(&pool->lock);
	while (work != NULL) {
		struct tp_work *next = work->next;

		work->done(work, work->status);
		work = next;
	}
}

static void *thread_main(void *arg)
{
	struct work_pool *pool = arg;
	struct tp_work *work;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		work = queue_pop(&pool->waiting);
		if (work != NULL) {
			int status;

			pool->n_waiting--;
			pthread_mutex_unlock(&pool->lock);
			status = work->run(work);
			pthread_mutex_lock(&pool->lock);
			finish(pool, work, status);
			continue;
		}
		if (pool->stopping)
			break;
		pool->n_idle++;
		pthread_cond_wait(&pool->changed, &pool->lock);
		pool->n_idle--;
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Locked. */
static void start_thread(struct work_pool *pool)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&pool->threads[pool->n_threads], NULL, thread_main, pool) == 0)
		pool->n_threads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void submit(void *impl, struct tp_work *work)
{
	struct work_pool *pool = impl;

	pthread_mutex_lock(&pool->lock);
	if (pool->stopping) {
		finish(pool, work, -ECANCELED);
		pthread_mutex_unlock(&pool->lock);
		return;
	}
	queue_push(&pool->waiting, work);
	pool->n_waiting++;
	if (pool->n_idle < pool->n_waiting && pool->n_threads < pool->n_threads_max)
		start_thread(pool);
	if (pool->n_threads > 0) {
		pthread_cond_signal(&pool->changed);
		pthread_mutex_unlock(&pool->lock);
		return;
	}
	/* No thread to be had at all: late is better than never. */
	queue_pop(&pool->waiting);
	pool->n_waiting--;
	pthread_mutex_unlock(&pool->lock);
	work->status = work->run(work);
	pthread_mutex_lock(&pool->lock);
	finish(pool, work, work->status);
	pthread_mutex_unlock(&pool->lock);
}

static const struct tp_work_ops pool_ops = { .submit = submit };

struct work_pool *work_pool_create(struct tp_loop *loop, unsigned n_threads_max)
{
	struct work_pool *pool = tp_alloc(sizeof *pool);

	tp_assert(n_threads_max > 0);
	pool->loop = loop;
	pool->post.run = on_finished;
	pool->n_threads_max = n_threads_max;
	pool->threads = tp_alloc(n_threads_max * sizeof *pool->threads);
	queue_init(&pool->waiting);
	queue_init(&pool->finished);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	return pool;
}

/* Locked. Works that have not begun never will. */
static void cancel_waiting(struct work_pool *pool)
{
	struct tp_work *work;

	while ((work = queue_pop(&pool->waiting)) != NULL) {
		pool->n_waiting--;
		finish(pool, work, -ECANCELED);
	}
}

void work_pool_destroy(struct work_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	cancel_waiting(pool);
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	/* The threads are gone: what is posted now are their last results. */
	while (pool->posted)
		loop_posts_run(pool->loop);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	tp_free(pool->threads);
	tp_free(pool);
}

struct tp_work_service work_pool_service(struct work_pool *pool)
{
	return (struct tp_work_service){ &pool_ops, pool };
}

unsigned work_pool_threads(struct work_pool *pool)
{
	return pool->n_threads;
}
