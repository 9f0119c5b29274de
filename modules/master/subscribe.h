/* SPDX-License-Identifier: Apache-2.0 */
/* How schedulers come: SUBSCRIBE (new, back, or in place of another) and UPDATE_FRAMEWORK. */
#ifndef MASTER_SUBSCRIBE_H
#define MASTER_SUBSCRIBE_H

#include "frameworks.h"

struct agent;

void subscribe(struct master *m, struct tp_submission *submission,
	const struct tp_scheduler_call *call);
/* The agent hears of its new FrameworkInfo. */
void subscribe_tell_agent(struct framework *f, struct agent *a);
/* 200, or an error: the only scheduler call that answers when it is done. */
int subscribe_update(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

#endif
