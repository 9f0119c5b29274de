/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posts and defers. A post comes from any thread: a lock-free stack takes it, and the eventfd is
 * written only by the one who found the stack empty. The loop takes the whole stack at once and
 * reverses it, which restores the order of posting. A thread that posts must have ended before
 * the loop is destroyed.
 *
 * Defers never leave the loop's thread and need neither atomics nor a wake-up: a turn that has
 * one pending does not wait.
 */
#include "loop.h"

void tp_loop_post(struct tp_loop *loop, struct tp_post *post)
{
	struct tp_post *head = atomic_load_explicit(&loop->posts, memory_order_relaxed);

	do
		post->next = head;
	while (!atomic_compare_exchange_weak_explicit(
		&loop->posts, &head, post, memory_order_release, memory_order_relaxed));
	/* From here on `post` may have run and be gone. */
	if (head == NULL)
		loop_wake(loop);
}

bool loop_posts_pending(const struct tp_loop *loop)
{
	return atomic_load_explicit(&loop->posts, memory_order_relaxed) != NULL;
}

static struct tp_post *reverse(struct tp_post *newest)
{
	struct tp_post *oldest = NULL;

	while (newest != NULL) {
		struct tp_post *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

int loop_posts_run(struct tp_loop *loop)
{
	struct tp_post **end = &loop->post_queue;
	int n_ran = 0;

	/* The queue has something left only when a post called us. */
	while (*end != NULL)
		end = &(*end)->next;
	*end = reverse(
		atomic_exchange_explicit(&loop->posts, NULL, memory_order_acquire));
	while (loop->post_queue != NULL) {
		struct tp_post *post = loop->post_queue;

		loop->post_queue = post->next;
		post->run(post);
		n_ran++;
	}
	return n_ran;
}

void tp_loop_defer(struct tp_loop *loop, struct tp_defer *defer)
{
	struct tp_defer *head = &loop->defers;

	if (defer->next != NULL)
		return;
	defer->next = head;
	defer->prev = head->prev;
	head->prev->next = defer;
	head->prev = defer;
}

void tp_loop_undefer(struct tp_loop *loop, struct tp_defer *defer)
{
	(void)loop;
	if (defer->next == NULL)
		return;
	defer->next->prev = defer->prev;
	defer->prev->next = defer->next;
	defer->next = defer->prev = NULL;
}

int loop_defers_run(struct tp_loop *loop)
{
	struct tp_defer *head = &loop->defers;
	struct tp_defer batch;
	int n_ran = 0;

	if (head->next == head)
		return 0;
	/* The ring moves to a head of its own: what is deferred from here on waits a turn. */
	batch = *head;
	batch.next->prev = batch.prev->next = &batch;
	head->next = head->prev = head;
	while (batch.next != &batch) {
		struct tp_defer *defer = batch.next;

		tp_loop_undefer(loop, defer);
		defer->run(defer);
		n_ran++;
	}
	return n_ran;
}
