/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's changes, told at one point: tasks that come and what becomes of them. */
#ifndef AGENT_CHANGES_H
#define AGENT_CHANGES_H

#include "tepui/kind/changes.h"

#include "agent.h"

struct task;
struct tp_task_status;

extern const struct tp_changes_ops changes_ops;

void changes_init(struct agent *agent);
void changes_fini(struct agent *agent);

void changes_task_added(const struct task *task);
void changes_task_updated(const struct task *task, const struct tp_task_status *status);

#endif
