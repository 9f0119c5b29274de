/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a task as one table: what happens to a task in a state, which state comes next and
 * what its keeper has to do. The master acts by it; docs/TASKS.md is printed from it.
 */
#ifndef TEPUI_TASK_LIFE_H
#define TEPUI_TASK_LIFE_H

#include "tepui/base.h"
#include "tepui/wire/task.h"

enum tp_task_event {
	TP_TASK_EVENT_REPORTED,           /* an update of its executor or agent */
	TP_TASK_EVENT_ACKNOWLEDGED,       /* its scheduler has seen the last update */
	TP_TASK_EVENT_AGENT_SILENT,       /* pings missed, or not back in time */
	TP_TASK_EVENT_AGENT_BACK,         /* its agent registers again and has it */
	TP_TASK_EVENT_AGENT_LEFT,         /* it unregistered, was replaced or is DOWN */
	TP_TASK_EVENT_AGENT_GONE,         /* an operator declared the agent gone */
	TP_TASK_EVENT_AGENT_DISCONNECTED, /* and the framework does not checkpoint */
	TP_TASK_EVENT_FRAMEWORK_REMOVED,
};
#define TP_TASK_EVENTS 8

/* What the keeper does when a row applies. */
enum tp_task_action {
	TP_TASK_ACTION_FORWARD = 1 << 0, /* the update goes to the scheduler as it is */
	TP_TASK_ACTION_TELL = 1 << 1, /* the scheduler gets an update of the master's */
	TP_TASK_ACTION_RELEASE = 1 << 2,   /* what the task uses is free */
	TP_TASK_ACTION_TAKE = 1 << 3,      /* it uses its resources again */
	TP_TASK_ACTION_BURY = 1 << 4,      /* into the history of its framework */
	TP_TASK_ACTION_SET_ASIDE = 1 << 5, /* with those whose agent is unreachable */
	TP_TASK_ACTION_RECALL = 1 << 6,    /* back from there */
};

#define TP_TASK_AS_REPORTED (-1) /* `next`: the state that the event brings */
#define TP_TASK_SAME (-2)        /* `next`: it stays as it is */

struct tp_task_transition {
	uint32_t from; /* of these states: bit n = enum tp_task_state n */
	enum tp_task_event event;
	uint32_t
		brings; /* applies when the event brings one of these; 0 = it brings none */
	int next;
	int reason; /* enum tp_task_status_reason of the update to TELL; -1 = none */
	uint32_t actions;
	const char *why;
};

TP_EXPORT bool tp_task_state_is_terminal(int state);
/* States that only frameworks with PARTITION_AWARE know; all others hear TASK_LOST. */
TP_EXPORT bool tp_task_state_is_for_aware(int state);
TP_EXPORT int tp_task_state_for(int state, bool aware);

/*
 * The row for a task in `state`. `brings`: the state the event brings, as REPORTED and AGENT_BACK
 * do; ignored for others. There is exactly one row for every pair.
 */
TP_EXPORT const struct tp_task_transition *tp_task_transition(
	int state, enum tp_task_event event, int brings);
/* The state after it. */
TP_EXPORT int tp_task_next(
	const struct tp_task_transition *transition, int state, int brings, bool aware);

/* The whole table, in the order of the documentation; the last row has `from` 0. */
TP_EXPORT const struct tp_task_transition *tp_task_transitions(void);
/* For people: "agent silent". */
TP_EXPORT const char *tp_task_event_name(enum tp_task_event event);
TP_EXPORT const char *tp_task_action_name(enum tp_task_action action);

#endif
