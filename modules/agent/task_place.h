/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a task stands on its agent, as one table: what happens, which place comes next and what
 * the agent has to do. docs/TASKS.md is printed from it. Knows no task: tasks.c acts by it.
 */
#ifndef AGENT_TASK_PLACE_H
#define AGENT_TASK_PLACE_H

#include "tepui/base.h"

enum task_place {
	TASK_QUEUED,     /* waits for its container, or for its executor to subscribe */
	TASK_LAUNCHED,   /* its executor has it, or may have it */
	TASK_TERMINATED, /* it is over; its last update is not acknowledged */
	TASK_COMPLETED,  /* nothing of it is left to tell */
};
#define TASK_PLACES 4

enum task_event {
	TASK_EVENT_SENT,      /* LAUNCH went to its executor */
	TASK_EVENT_RECOVERED, /* read from the checkpoint */
	TASK_EVENT_REPORTED,  /* its executor says a state */
	TASK_EVENT_ENDED, /* the agent says the last word: no executor, no launch, a limit */
	TASK_EVENT_KILL,         /* the master wants its end */
	TASK_EVENT_ACKNOWLEDGED, /* the framework has its last update */
	TASK_EVENT_ABANDONED,    /* its framework goes: nobody will acknowledge */
};
#define TASK_EVENTS 7

/* What the agent does when a row applies. */
enum task_action {
	TASK_ACTION_UPDATE = 1 << 0,   /* an update goes to the framework */
	TASK_ACTION_NOTE = 1 << 1,     /* it is the task's state now */
	TASK_ACTION_SHRINK = 1 << 2,   /* its container may use less; it is counted */
	TASK_ACTION_END = 1 << 3,      /* the agent ends it itself: KILLED */
	TASK_ACTION_ASK = 1 << 4,      /* its executor is asked to kill it */
	TASK_ACTION_FORGET = 1 << 5,   /* it leaves the checkpoint */
	TASK_ACTION_REMEMBER = 1 << 6, /* among the executor's completed tasks */
};
#define TASK_ACTIONS 7

/* What an event brings along. */
enum task_brings { TASK_BRINGS_ANY, TASK_BRINGS_LIVE, TASK_BRINGS_TERMINAL };

struct task_transition {
	uint32_t from; /* bit n = enum task_place n */
	enum task_event event;
	enum task_brings brings; /* of REPORTED: is the state terminal? */
	int next;                /* enum task_place; TASK_STAYS */
	uint32_t actions;
	const char *why;
};
#define TASK_STAYS (-1)

/* There is exactly one row for every place and event. `terminal`: of REPORTED. */
const struct task_transition *task_transition(
	enum task_place place, enum task_event event, bool terminal);
/* The table; `from` of the last row is 0. */
const struct task_transition *task_transitions(void);
const char *task_place_name(enum task_place place);
const char *task_event_name(enum task_event event);
const char *task_action_name(enum task_action action);

#endif
