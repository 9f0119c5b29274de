/* SPDX-License-Identifier: Apache-2.0 */
/* Who is refused is logged, but a flood of strangers must not become a flood of lines. */
#ifndef CORE_NET_REFUSALS_H
#define CORE_NET_REFUSALS_H

#include "tepui/loop.h"
#include "tepui/module.h"

struct refusals {
	struct tp_instance *instance; /* who logs */
	struct tp_timer timer;        /* until the present stretch of time is over */
	size_t n;                     /* refused in it */
};

void refusals_init(struct refusals *self, struct tp_instance *instance);
void refusals_fini(struct refusals *self);
/*
 * One more: is it worth a line of its own? Those that are not are summed up in one line when ten
 * seconds are over.
 */
bool refusals_add(struct refusals *self);

#endif
