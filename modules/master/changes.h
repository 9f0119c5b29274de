/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every change that operators can see, told at one point: watchers inside the process (the
 * `changes` service) and subscribers of the operator API.
 */
#ifndef MASTER_CHANGES_H
#define MASTER_CHANGES_H

#include "tepui/kind/calls.h"
#include "tepui/kind/changes.h"

#include "master.h"

struct agent;
struct framework;
struct task;

extern const struct tp_changes_ops changes_ops;

int changes_create(struct master *m);
void changes_destroy(struct master *m);

/* SUBSCRIBE of the operator API: all that is, then all that changes. */
void changes_subscribe(struct master *m, struct tp_submission *submission);
size_t changes_n_subscribers(const struct master *m);

void changes_task_added(struct master *m, const struct task *task);
void changes_task_updated(
	struct master *m, const struct task *task, const struct tp_task_status *status);
void changes_agent_added(struct master *m, const struct agent *a);
void changes_agent_removed(struct master *m, const struct agent *a);
/* Added, or known before and changed. */
void changes_framework(struct master *m, const struct framework *f, bool known);
void changes_framework_removed(struct master *m, const struct framework *f);

#endif
