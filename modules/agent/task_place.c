/* SPDX-License-Identifier: Apache-2.0 */
/* The table is total: a unit test finds one row for every place, event and kind of state. */
#include "task_place.h"

#define QUEUED (UINT32_C(1) << TASK_QUEUED)
#define LAUNCHED (UINT32_C(1) << TASK_LAUNCHED)
#define TERMINATED (UINT32_C(1) << TASK_TERMINATED)
#define COMPLETED (UINT32_C(1) << TASK_COMPLETED)
#define ALIVE (QUEUED | LAUNCHED)

#define UPDATE TASK_ACTION_UPDATE
#define NOTE TASK_ACTION_NOTE
#define SHRINK TASK_ACTION_SHRINK
#define END TASK_ACTION_END
#define ASK TASK_ACTION_ASK
#define FORGET TASK_ACTION_FORGET
#define REMEMBER TASK_ACTION_REMEMBER

#define ANY TASK_BRINGS_ANY
#define LIVE TASK_BRINGS_LIVE
#define TERMINAL TASK_BRINGS_TERMINAL

static const struct task_transition transitions[] = {
	{ QUEUED, TASK_EVENT_SENT, ANY, TASK_LAUNCHED, 0,
		"From here on its executor decides." },
	{ LAUNCHED | TERMINATED | COMPLETED, TASK_EVENT_SENT, ANY, TASK_STAYS, 0,
		"It is sent once." },
	{ QUEUED, TASK_EVENT_RECOVERED, ANY, TASK_LAUNCHED, 0,
		"It may have been sent; what its executor never got is dropped when that "
		"subscribes." },
	{ LAUNCHED | TERMINATED | COMPLETED, TASK_EVENT_RECOVERED, ANY, TASK_STAYS, 0,
		"It is read once." },
	{ ALIVE, TASK_EVENT_REPORTED, LIVE, TASK_STAYS, UPDATE | NOTE,
		"An executor may report states in any order." },
	{ ALIVE, TASK_EVENT_REPORTED, TERMINAL, TASK_TERMINATED, UPDATE | NOTE | SHRINK,
		"It is over; it stays until its framework has acknowledged that." },
	{ TERMINATED | COMPLETED, TASK_EVENT_REPORTED, ANY, TASK_STAYS, UPDATE,
		"A terminal state is never overwritten; the update still wants its "
		"acknowledgement." },
	{ ALIVE, TASK_EVENT_ENDED, ANY, TASK_TERMINATED, UPDATE | NOTE | SHRINK,
		"Nobody else is left to say it." },
	{ TERMINATED | COMPLETED, TASK_EVENT_ENDED, ANY, TASK_STAYS, 0,
		"Its end was said before." },
	{ QUEUED, TASK_EVENT_KILL, ANY, TASK_STAYS, END,
		"Its executor does not know it: it is over at once, "
		"TASK_KILLED_DURING_LAUNCH." },
	{ LAUNCHED, TASK_EVENT_KILL, ANY, TASK_STAYS, ASK,
		"Now, or as soon as it is connected again; it decides." },
	{ TERMINATED | COMPLETED, TASK_EVENT_KILL, ANY, TASK_STAYS, 0,
		"Its last update is on its way." },
	{ ALIVE, TASK_EVENT_ACKNOWLEDGED, ANY, TASK_STAYS, 0, "It was not the last." },
	{ TERMINATED, TASK_EVENT_ACKNOWLEDGED, ANY, TASK_COMPLETED, FORGET | REMEMBER,
		"Everybody knows that it is over." },
	{ COMPLETED, TASK_EVENT_ACKNOWLEDGED, ANY, TASK_STAYS, 0, "That was known." },
	{ ALIVE | TERMINATED, TASK_EVENT_ABANDONED, ANY, TASK_COMPLETED, REMEMBER,
		"There is nobody to tell; the checkpoint goes with the framework." },
	{ COMPLETED, TASK_EVENT_ABANDONED, ANY, TASK_STAYS, 0, "That was known." },
	{ 0 },
};

const struct task_transition *task_transition(
	enum task_place place, enum task_event event, bool terminal)
{
	const enum task_brings brings = terminal ? TERMINAL : LIVE;

	for (const struct task_transition *t = transitions; t->from != 0; t++) {
		if (t->event == event && (t->from & (UINT32_C(1) << place)) != 0 &&
			(t->brings == ANY || t->brings == brings))
			return t;
	}
	tp_assert(false); /* the table is total */
	return NULL;
}

const struct task_transition *task_transitions(void)
{
	return transitions;
}

const char *task_place_name(enum task_place place)
{
	static const char *const names[] = {
		[TASK_QUEUED] = "queued",
		[TASK_LAUNCHED] = "launched",
		[TASK_TERMINATED] = "terminated",
		[TASK_COMPLETED] = "completed",
	};

	return names[place];
}

const char *task_event_name(enum task_event event)
{
	static const char *const names[] = {
		[TASK_EVENT_SENT] = "sent to its executor",
		[TASK_EVENT_RECOVERED] = "read from the checkpoint",
		[TASK_EVENT_REPORTED] = "its executor reports",
		[TASK_EVENT_ENDED] = "the agent ends it",
		[TASK_EVENT_KILL] = "kill",
		[TASK_EVENT_ACKNOWLEDGED] = "last update acknowledged",
		[TASK_EVENT_ABANDONED] = "its framework goes",
	};

	return names[event];
}

const char *task_action_name(enum task_action action)
{
	switch (action) {
	case TASK_ACTION_UPDATE:
		return "update";
	case TASK_ACTION_NOTE:
		return "note";
	case TASK_ACTION_SHRINK:
		return "shrink";
	case TASK_ACTION_END:
		return "end";
	case TASK_ACTION_ASK:
		return "ask";
	case TASK_ACTION_FORGET:
		return "forget";
	case TASK_ACTION_REMEMBER:
		return "remember";
	}
	return "unknown";
}
