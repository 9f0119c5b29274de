/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's metrics, under the names operators know: slave/... */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include "tepui/metrics.h"

#include "agent.h"

struct agent_gauge {
	struct tp_metric metric;
	struct agent *agent;
	int what; /* a state, or which resource */
};

#define METRICS_GAUGES_MAX 48

struct metrics {
	struct tp_metric tasks_finished, tasks_failed, tasks_killed, tasks_lost,
		tasks_gone;
	struct tp_metric executors_terminated, executors_preempted;
	struct tp_metric container_launch_errors;
	struct tp_metric valid_status_updates, invalid_status_updates;
	struct tp_metric valid_framework_messages, invalid_framework_messages;
	struct tp_metric recovery_errors, recovery_time_secs;
	struct tp_metric gc_succeeded, gc_failed;
	struct agent_gauge gauges[METRICS_GAUGES_MAX];
	size_t n_gauges;
};

void metrics_init(struct agent *agent);
void metrics_fini(struct agent *agent);
/* A task became terminal. */
void metrics_task_ended(struct agent *agent, int state);

#endif
