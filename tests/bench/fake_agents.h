/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many peers of one master in this process, on a thread of their own: agents that register and say
 * that every task runs, or connections that only stand (kind "operator").
 */
#ifndef TESTS_BENCH_FAKE_AGENTS_H
#define TESTS_BENCH_FAKE_AGENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "tepui/arena.h"
#include "tepui/wire.h"

struct fake_agents;

/* `resources` of each agent; NULL: connections only. NULL after a text on stderr. */
struct fake_agents *fake_agents_start(
	const char *master_url, size_t n, const char *resources);
/* Until all stand and are registered; false with a text on stderr after `timeout_ms`. */
bool fake_agents_wait(struct fake_agents *self, int timeout_ms);
/* A master that goes is no mistake any more: agents come back with their ids. */
void fake_agents_expect_restarts(struct fake_agents *self);
/* Each that comes back says that it runs so many tasks of one framework. */
void fake_agents_bring_tasks(struct fake_agents *self, size_t n_tasks);
/* Until all have come back once. */
bool fake_agents_wait_back(struct fake_agents *self, int timeout_ms);
/* The same, but their sessions stand and nobody registers until fake_agents_hold(.., false). */
struct fake_agents *fake_agents_start_held(
	const char *master_url, size_t n, const char *resources);
void fake_agents_hold(struct fake_agents *self, bool hold);
/* While they are held: until all sessions stand. */
bool fake_agents_wait_up(struct fake_agents *self, int timeout_ms);
/* What one of them says: running command tasks with cpus and mem. The agent has an id. */
void fake_agents_fill_tasks(struct tp_agent_reregister *body,
	struct tp_framework_info *framework, size_t n, struct tp_arena *arena);
void fake_agents_stop(struct fake_agents *self);

#endif
