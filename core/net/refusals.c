/* SPDX-License-Identifier: Apache-2.0 */
/* The first lines of each stretch of time are written, the rest is counted. */
#include "tepui/refusals.h"

#define STRETCH_NS (10 * TP_SEC)
#define LINES_MAX 20 /* in a stretch */

static void sum_up(struct tp_refusals *self)
{
	if (self->n > LINES_MAX)
		tp_warn(self->instance, "refused more connections than are logged",
			"count=%zu", self->n - LINES_MAX);
	self->n = 0;
}

static void on_timer(struct tp_timer *timer)
{
	sum_up(tp_container_of(timer, struct tp_refusals, timer));
}

void tp_refusals_init(struct tp_refusals *self, struct tp_instance *instance)
{
	self->instance = instance;
	self->timer.fire = on_timer;
}

void tp_refusals_fini(struct tp_refusals *self)
{
	tp_timer_disarm(self->instance->loop, &self->timer);
	sum_up(self);
}

bool tp_refusals_add(struct tp_refusals *self)
{
	if (self->n++ == 0)
		tp_timer_arm(self->instance->loop, &self->timer, STRETCH_NS);
	return self->n <= LINES_MAX;
}
