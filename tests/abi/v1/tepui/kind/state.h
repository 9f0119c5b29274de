/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `state`: a daemon's entities for readers (APIs, web UI, CLI), as cursors, so that an
 * answer about a million tasks is streamed piece by piece without holding the loop.
 *
 * A cursor starts at 0. Each call fills at most `max` records, allocated in `arena` or borrowed
 * until the loop turns, and moves the cursor; 0 records = the end. What is added or removed
 * between two calls may or may not be seen; nothing else is lost or doubled.
 *
 * Changelog of TP_STATE_ABI:  1 first
 */
#ifndef TEPUI_KIND_STATE_H
#define TEPUI_KIND_STATE_H

#include "tepui/arena.h"

#define TP_STATE_ABI 1

enum tp_state_what {
	TP_STATE_AGENTS = 1, /* master: struct tp_master_response_get_agents_agent */
	TP_STATE_FRAMEWORKS, /* struct tp_{master,agent}_response_get_frameworks_framework */
	TP_STATE_COMPLETED_FRAMEWORKS,
	TP_STATE_TASKS, /* struct tp_task, not terminal or not acknowledged */
	TP_STATE_COMPLETED_TASKS,
	TP_STATE_UNREACHABLE_TASKS,
	TP_STATE_EXECUTORS, /* struct tp_{master,agent}_response_get_executors_executor */
	TP_STATE_OPERATIONS, /* struct tp_operation */
};

struct tp_state_ops {
	size_t (*next)(void *impl, enum tp_state_what what, uint64_t *cursor,
		struct tp_arena *arena, const void **records, size_t max);
	/* "master" or "agent". */
	const char *(*daemon)(void *impl);
};

struct tp_state {
	const struct tp_state_ops *ops;
	void *impl;
};

#endif
