/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `work` service without threads: one work per turn of the loop, run and done on a defer.
 * A seed shuffles the order, as a pool would, but the same way each time: what depends on the
 * order of completions breaks in a test and can be replayed.
 */
#include "tests/lib/work_inline.h"

#include <errno.h>

struct work_inline {
	struct tp_loop *loop;
	struct tp_defer defer;
	struct tp_work *first;
	size_t n;
	uint64_t random; /* 0: first come, first served */
	bool stopping;
};

/* xorshift64: never 0 once it is not. */
static uint64_t next_random(struct work_inline *self)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 7;
	self->random ^= self->random << 17;
	return self->random;
}

static struct tp_work *take(struct work_inline *self)
{
	size_t skip = self->random == 0 ? 0 : (size_t)(next_random(self) % self->n);
	struct tp_work **at = &self->first;
	struct tp_work *work;

	while (skip-- > 0)
		at = &(*at)->next;
	work = *at;
	*at = work->next;
	self->n--;
	return work;
}

static void run_one(struct tp_defer *defer)
{
	struct work_inline *self = tp_container_of(defer, struct work_inline, defer);
	struct tp_work *work = take(self);

	if (self->n > 0)
		tp_loop_defer(self->loop, &self->defer);
	work->done(work, work->run(work));
}

static void submit(void *impl, struct tp_work *work)
{
	struct work_inline *self = impl;
	struct tp_work **end = &self->first;

	while (*end != NULL)
		end = &(*end)->next;
	work->next = NULL;
	*end = work;
	self->n++;
	if (!self->stopping)
		tp_loop_defer(self->loop, &self->defer);
}

static const struct tp_work_ops inline_ops = { .submit = submit };

struct work_inline *work_inline_create(struct tp_loop *loop, uint64_t seed)
{
	struct work_inline *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->defer.run = run_one;
	self->random = seed;
	return self;
}

void work_inline_destroy(struct work_inline *self)
{
	if (self == NULL)
		return;
	self->stopping = true;
	tp_loop_undefer(self->loop, &self->defer);
	while (self->n > 0) {
		struct tp_work *work = take(self);

		work->done(work, -ECANCELED);
	}
	tp_free(self);
}

struct tp_work_service work_inline_service(struct work_inline *self)
{
	return (struct tp_work_service){ &inline_ops, self };
}
