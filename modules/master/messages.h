/* SPDX-License-Identifier: Apache-2.0 */
/* What passes between frameworks and their executors, and the end of executors. */
#ifndef MASTER_MESSAGES_H
#define MASTER_MESSAGES_H

#include "tepui/net.h"

#include "master.h"

struct framework;

/* MESSAGE and SHUTDOWN. */
int messages_call(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int messages_shutdown(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

void messages_on_executor_to_framework(struct master *m, struct tp_message *message);
void messages_on_exited_executor(struct master *m, struct tp_message *message);

/* An agent is lost (executor_id NULL), or an executor with its wait status. */
void messages_failure(
	struct framework *f, const char *agent_id, const char *executor_id, int status);
/* Every framework that listens hears of it. */
void messages_agent_lost(struct master *m, const char *agent_id);

#endif
