/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `work` service: runs a function off the loop and completes on the loop. In production a
 * small pool of threads; in the simulation seeded and on the same thread. Nothing that can block
 * (leveldb, du, unpacking) runs on the loop itself. Modules own no threads of their own.
 */
#ifndef TEPUI_WORK_H
#define TEPUI_WORK_H

#include "tepui/base.h"

#define TP_WORK_ABI 1

struct tp_work {
	/* Off the loop, on any thread; touches only what it owns; its result is passed to done. */
	int (*run)(struct tp_work *work);
	/* On the loop, exactly once, never from inside tp_work_submit(). */
	void (*done)(struct tp_work *work, int status);
	struct tp_work *next; /* private, as is the rest */
	int status;
	void *owner;
};

struct tp_work_ops {
	/* The caller owns `work` until done() was called. Works of one submitter may overlap. */
	void (*submit)(void *impl, struct tp_work *work);
};

struct tp_work_service {
	const struct tp_work_ops *ops;
	void *impl;
};

static inline void tp_work_submit(
	const struct tp_work_service *service, struct tp_work *work)
{
	service->ops->submit(service->impl, work);
}

#endif
