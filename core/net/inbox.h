/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door from foreign threads to the loop: a lock-free stack of events and an eventfd that is
 * written only when the stack was empty, so a busy loop is not woken for each event.
 */
#ifndef CORE_NET_INBOX_H
#define CORE_NET_INBOX_H

#include <stdatomic.h>

#include "tepui/loop.h"

/* A member of what it is about; on the stack at most once at a time. */
struct inbox_event {
	struct inbox_event *next;
	void (*run)(struct inbox_event *event); /* on the loop */
};

struct inbox {
	struct tp_loop *loop;
	struct tp_fd watch;
	int eventfd;
	_Atomic(struct inbox_event *) top;
};

int inbox_init(struct inbox *self, struct tp_loop *loop, struct tp_error *err);
void inbox_fini(struct inbox *self);
/* Any thread. */
void inbox_push(struct inbox *self, struct inbox_event *event);
/* Runs what is there, oldest first; events that come meanwhile wait for the next time. */
void inbox_drain(struct inbox *self);

#endif
