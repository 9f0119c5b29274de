/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frameworks that launch tasks at a rate, together, one task per offer; what the offer had besides
 * returns at once. They keep one ledger of what every agent has left, so that whatever is offered
 * twice is seen when it arrives.
 */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd_job {
	const char *master;
	size_t n_frameworks, n_roles;
	size_t tasks_per_s, n_tasks_max;
	int64_t agent_cpus_milli, agent_mem_milli; /* all that any agent has */
	int64_t task_cpus_milli, task_mem_milli;
};

struct crowd_count {
	size_t launched, running;
	size_t lost;      /* ended in any way: no task of these does by itself */
	size_t doubled;   /* offers of what an agent had not got left */
	size_t rescinded; /* offers taken back */
	size_t late;      /* times that a task was due and nobody had an offer */
};

struct crowd;

/* Subscribes and launches from now on. NULL after a text on stderr. */
struct crowd *crowd_start(const struct crowd_job *job);
/* The longest time without an offer to anybody, from the first call on; the second ends it. */
void crowd_watch_begin(struct crowd *crowd);
int64_t crowd_watch_end_ns(struct crowd *crowd);
/* No more launches; waits until all tasks run, false after `timeout_ms`. */
bool crowd_settle(struct crowd *crowd, int timeout_ms);
struct crowd_count crowd_count(struct crowd *crowd);
void crowd_stop(struct crowd *crowd);

#endif
