/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciliation that knows when it is over. The master answers a question about all tasks with
 * those that it knows, at once and without an end; one about a task that never was it answers
 * only when no agent is missing since its restart, for any might have that task. It answers in
 * the order of questions, so the second, asked right after the first, is its end.
 *
 *	LIST  both questions ──answered──► over
 *	  │ no answer for a while                   ▲
 *	  └─► PROBE  the second alone, less and less often ──answered──► LIST
 */
#include <stdio.h>
#include <string.h>

#include "core/sdk/scheduler.h"

#define RETRY_MIN_NS TP_SEC
#define RETRY_MAX_NS (30 * TP_SEC)

/* A name of its own for every question: an answer to an earlier one says nothing. */
static void ask_last(struct tp_scheduler_driver *self)
{
	struct reconciliation *r = &self->reconciliation;
	struct tp_task_id id = { .value = r->marker };
	struct tp_scheduler_call_reconcile_task task = { .task_id = &id }, *tasks = &task;
	struct tp_scheduler_call_reconcile reconcile = { .tasks = &tasks, .n_tasks = 1 };
	struct tp_scheduler_call call = { .reconcile = &reconcile };

	snprintf(r->marker, sizeof(r->marker), "tepui-reconcile-%llx-%u",
		(unsigned long long)self->random, ++r->n_asked);
	scheduler_send(self, &call, TP_SCHEDULER_CALL_RECONCILE);
}

static void list(struct tp_scheduler_driver *self)
{
	struct tp_scheduler_call_reconcile all = { .n_tasks = 0 };
	struct tp_scheduler_call call = { .reconcile = &all };

	self->reconciliation.lists = true;
	scheduler_send(self, &call, TP_SCHEDULER_CALL_RECONCILE);
	ask_last(self);
}

static void on_retry(struct tp_timer *timer)
{
	struct reconciliation *r = tp_container_of(timer, struct reconciliation, retry);
	struct tp_scheduler_driver *self =
		tp_container_of(r, struct tp_scheduler_driver, reconciliation);

	r->lists = false;
	ask_last(self);
	r->retry_ns = r->retry_ns * 2 < RETRY_MAX_NS ? r->retry_ns * 2 : RETRY_MAX_NS;
	tp_timer_arm(self->instance.loop, timer, r->retry_ns);
}

void scheduler_reconcile_begin(
	struct tp_scheduler_driver *self, tp_scheduler_reconciled_f *done)
{
	struct reconciliation *r = &self->reconciliation;

	scheduler_reconcile_end(self);
	if (!self->subscribed)
		return;
	r->runs = true;
	r->done = done;
	r->retry.fire = on_retry;
	r->retry_ns = RETRY_MIN_NS;
	tp_timer_arm(self->instance.loop, &r->retry, r->retry_ns);
	list(self);
}

void scheduler_reconcile_end(struct tp_scheduler_driver *self)
{
	struct reconciliation *r = &self->reconciliation;

	tp_timer_disarm(self->instance.loop, &r->retry);
	r->runs = false;
	atomic_store(&r->over, false);
}

bool scheduler_reconcile_hears(
	struct tp_scheduler_driver *self, const struct tp_task_status *status)
{
	static const char prefix[] = "tepui-reconcile-";
	struct reconciliation *r = &self->reconciliation;

	if (strncmp(status->task_id->value, prefix, strlen(prefix)) != 0)
		return false;
	if (!r->runs || strcmp(status->task_id->value, r->marker) != 0)
		return true; /* an old one */
	if (!r->lists) {
		list(self);
		return true;
	}
	tp_timer_disarm(self->instance.loop, &r->retry);
	r->runs = false;
	atomic_store(&r->over, true);
	if (r->done != NULL)
		r->done(self, self->user);
	return true;
}
