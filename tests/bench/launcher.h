/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A framework that launches equal tasks, so many at a time, and notes how long each took from the
 * launch call to the update it waits for. It keeps what it is offered in hand and answers none of
 * it before it needs it; what a launch leaves over returns at once (refuse 0). So a task is never
 * kept waiting for an offer while one is in hand, and `cycle` shows what offers cost.
 */
#ifndef TESTS_BENCH_LAUNCHER_H
#define TESTS_BENCH_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct launcher_job {
	const char *master;
	const char *resources; /* of one task */
	const char *command;
	bool shell;       /* else `command` is a program that takes no arguments */
	bool checkpoint;  /* of the framework, which then also outlives a lost session */
	bool until_ended; /* else a task counts when it runs */
	size_t n_labels;
	size_t n, in_flight;
	int timeout_ms;
};

struct launcher;

/* Subscribes; the first task is launched when an offer is there. NULL after a text on stderr. */
struct launcher *launcher_start(const struct launcher_job *job);
/* Until all tasks counted; false when one failed or time is up, with a text on stderr. */
bool launcher_wait(struct launcher *launcher);
/* Ends the framework and with it what still runs. */
void launcher_stop(struct launcher *launcher);

/* Of each task, in order of launch, in ns: from its launch to its end; to the next launch. */
int64_t *launcher_latencies(struct launcher *launcher);
int64_t *launcher_cycles(struct launcher *launcher); /* n - 1 of them */
/* From the first launch to the last end. */
int64_t launcher_span_ns(const struct launcher *launcher);
/* Updates of tasks that counted before, to a state that is not RUNNING or before it. */
size_t launcher_changes(const struct launcher *launcher);
/* What one task is on the wire. */
size_t launcher_task_bytes(const struct launcher *launcher);

#endif
