/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many peers of one master in this process, on a thread of their own: agents that register and say
 * that every task runs, or connections that only stand (kind "operator").
 */
#ifndef TESTS_BENCH_FAKE_AGENTS_H
#define TESTS_BENCH_FAKE_AGENTS_H

#include <stdbool.h>
#include <stddef.h>

struct fake_agents;

/* `resources` of each agent; NULL: connections only. NULL after a text on stderr. */
struct fake_agents *fake_agents_start(
	const char *master_url, size_t n, const char *resources);
/* Until all stand and are registered; false with a text on stderr after `timeout_ms`. */
bool fake_agents_wait(struct fake_agents *self, int timeout_ms);
/* A master that goes is no mistake any more: agents come back with their ids. */
void fake_agents_expect_restarts(struct fake_agents *self);
void fake_agents_stop(struct fake_agents *self);

#endif
