/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is refused is logged, but a flood of strangers must not become a flood of lines. Loop thread
 * only. Zero it and call init() before, fini() after use.
 */
#ifndef TEPUI_REFUSALS_H
#define TEPUI_REFUSALS_H

#include "tepui/loop.h"
#include "tepui/module.h"

struct tp_refusals {
	struct tp_instance *instance; /* who logs */
	struct tp_timer timer;        /* until the present stretch of time is over */
	size_t n;                     /* refused in it */
};

TP_EXPORT void tp_refusals_init(struct tp_refusals *self, struct tp_instance *instance);
TP_EXPORT void tp_refusals_fini(struct tp_refusals *self);
/*
 * One more: is it worth a line of its own? Those that are not are summed up in one line when ten
 * seconds are over.
 */
TP_EXPORT bool tp_refusals_add(struct tp_refusals *self);

#endif
