/* SPDX-License-Identifier: Apache-2.0 */
/* Ending executors: SHUTDOWN, a grace period, then the container. */
#ifndef AGENT_SHUTDOWN_H
#define AGENT_SHUTDOWN_H

#include "agent.h"

struct executor;
struct framework;

struct handler_rows shutdown_rows(void);

/* Asks it to end; after its grace period the container is destroyed. */
void shutdown_executor(struct executor *executor);
/* SHUTDOWN to an executor that subscribed although it is to end. */
void shutdown_tell(struct executor *executor);
/* All its executors, and no updates any more. The framework may be completed afterwards. */
void shutdown_framework(struct framework *framework);

#endif
