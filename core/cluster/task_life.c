/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a task. A terminal state is never overwritten; the one way back is an agent that
 * was unreachable and returns with the task, whatever its framework was told meanwhile. The table
 * is total: a unit test finds exactly one row for every state, event and state brought.
 */
#include "tepui/task_life.h"

#define BIT(state) (UINT32_C(1) << TP_TASK_##state)
#define TERMINAL \
	(BIT(FINISHED) | BIT(FAILED) | BIT(KILLED) | BIT(ERROR) | BIT(LOST) | \
		BIT(DROPPED) | BIT(GONE) | BIT(GONE_BY_OPERATOR))
#define LIVE (BIT(STAGING) | BIT(STARTING) | BIT(RUNNING) | BIT(KILLING) | BIT(UNKNOWN))
#define AWARE \
	(BIT(DROPPED) | BIT(UNREACHABLE) | BIT(GONE) | BIT(GONE_BY_OPERATOR) | \
		BIT(UNKNOWN))
#define MASTERS (BIT(UNREACHABLE) | BIT(UNKNOWN))
#define ANY UINT32_MAX
#define NONE (-1)

#define FORWARD TP_TASK_ACTION_FORWARD
#define TELL TP_TASK_ACTION_TELL
#define RELEASE TP_TASK_ACTION_RELEASE
#define TAKE TP_TASK_ACTION_TAKE
#define BURY TP_TASK_ACTION_BURY
#define SET_ASIDE TP_TASK_ACTION_SET_ASIDE
#define RECALL TP_TASK_ACTION_RECALL

static const struct tp_task_transition transitions[] = {
	{ LIVE, TP_TASK_EVENT_REPORTED, ~(TERMINAL | MASTERS), TP_TASK_AS_REPORTED, NONE,
		FORWARD, "An executor may report states in any order." },
	{ LIVE, TP_TASK_EVENT_REPORTED, MASTERS, TP_TASK_SAME, NONE, FORWARD,
		"UNREACHABLE and UNKNOWN are the master's words; from below they mean "
		"nothing." },
	{ LIVE, TP_TASK_EVENT_REPORTED, TERMINAL, TP_TASK_AS_REPORTED, NONE,
		FORWARD | RELEASE,
		"It is over; it stays until its scheduler has acknowledged that." },
	{ BIT(UNREACHABLE), TP_TASK_EVENT_REPORTED, ANY, TP_TASK_SAME, NONE, FORWARD,
		"The agent is about to return and says the same again." },
	{ TERMINAL, TP_TASK_EVENT_REPORTED, ANY, TP_TASK_SAME, NONE, FORWARD,
		"A terminal state is never overwritten; the update still wants its "
		"acknowledgement." },
	{ LIVE | BIT(UNREACHABLE), TP_TASK_EVENT_ACKNOWLEDGED, 0, TP_TASK_SAME, NONE, 0,
		"The agent goes on with the next update." },
	{ TERMINAL, TP_TASK_EVENT_ACKNOWLEDGED, 0, TP_TASK_SAME, NONE, BURY,
		"Everybody knows that it is over." },
	{ LIVE, TP_TASK_EVENT_AGENT_SILENT, 0, TP_TASK_UNREACHABLE,
		TP_REASON_AGENT_REMOVED, RELEASE | TELL | SET_ASIDE,
		"It may run on, and its agent may return with it." },
	{ BIT(UNREACHABLE), TP_TASK_EVENT_AGENT_SILENT, 0, TP_TASK_SAME, NONE, 0,
		"It was told before." },
	{ TERMINAL, TP_TASK_EVENT_AGENT_SILENT, 0, TP_TASK_SAME, NONE, BURY,
		"Its end is known; the acknowledgement cannot come any more." },
	{ LIVE, TP_TASK_EVENT_AGENT_BACK, ANY, TP_TASK_SAME, NONE, 0,
		"Its state comes with its updates." },
	{ BIT(UNREACHABLE) | BIT(LOST), TP_TASK_EVENT_AGENT_BACK, ~TERMINAL,
		TP_TASK_AS_REPORTED, TP_REASON_AGENT_REREGISTERED, RECALL | TAKE | TELL,
		"It ran on while its agent was unreachable." },
	{ BIT(UNREACHABLE) | BIT(LOST), TP_TASK_EVENT_AGENT_BACK, TERMINAL,
		TP_TASK_AS_REPORTED, TP_REASON_AGENT_REREGISTERED, RECALL | TELL,
		"It ended while its agent was unreachable." },
	{ TERMINAL & ~BIT(LOST), TP_TASK_EVENT_AGENT_BACK, ANY, TP_TASK_SAME, NONE, 0,
		"Its end is known." },
	{ LIVE, TP_TASK_EVENT_AGENT_LEFT, 0, TP_TASK_GONE, TP_REASON_AGENT_REMOVED,
		RELEASE | TELL | BURY, "The agent ended, and with it all it ran." },
	{ BIT(UNREACHABLE), TP_TASK_EVENT_AGENT_LEFT, 0, TP_TASK_GONE,
		TP_REASON_AGENT_REMOVED, TELL | BURY,
		"The agent ended, and with it all it ran." },
	{ TERMINAL, TP_TASK_EVENT_AGENT_LEFT, 0, TP_TASK_SAME, NONE, BURY,
		"Its end is known; the acknowledgement cannot come any more." },
	{ LIVE, TP_TASK_EVENT_AGENT_GONE, 0, TP_TASK_GONE_BY_OPERATOR,
		TP_REASON_AGENT_REMOVED_BY_OPERATOR, RELEASE | TELL | BURY,
		"The operator vouches that it does not run." },
	{ BIT(UNREACHABLE), TP_TASK_EVENT_AGENT_GONE, 0, TP_TASK_GONE_BY_OPERATOR,
		TP_REASON_AGENT_REMOVED_BY_OPERATOR, TELL | BURY,
		"The operator vouches that it does not run." },
	{ TERMINAL, TP_TASK_EVENT_AGENT_GONE, 0, TP_TASK_SAME, NONE, BURY,
		"Its end is known; the acknowledgement cannot come any more." },
	{ LIVE, TP_TASK_EVENT_AGENT_DISCONNECTED, 0, TP_TASK_LOST,
		TP_REASON_AGENT_DISCONNECTED, RELEASE | TELL | BURY,
		"Without a checkpoint the agent cannot find it again; TASK_LOST even for "
		"PARTITION_AWARE." },
	{ BIT(UNREACHABLE), TP_TASK_EVENT_AGENT_DISCONNECTED, 0, TP_TASK_SAME, NONE, 0,
		"It was told before." },
	{ TERMINAL, TP_TASK_EVENT_AGENT_DISCONNECTED, 0, TP_TASK_SAME, NONE, BURY,
		"Its end is known; the acknowledgement cannot come any more." },
	{ LIVE, TP_TASK_EVENT_FRAMEWORK_REMOVED, 0, TP_TASK_KILLED,
		TP_REASON_FRAMEWORK_REMOVED, RELEASE | BURY,
		"The agents are told to end it; there is nobody to tell." },
	{ BIT(UNREACHABLE), TP_TASK_EVENT_FRAMEWORK_REMOVED, 0, TP_TASK_SAME, NONE, 0,
		"Its agent is told when it returns." },
	{ TERMINAL, TP_TASK_EVENT_FRAMEWORK_REMOVED, 0, TP_TASK_SAME, NONE, BURY,
		"There is nobody to acknowledge it." },
	{ 0 },
};

static bool has(uint32_t states, int state)
{
	return state >= 0 && state < 32 && (states & (UINT32_C(1) << state)) != 0;
}

bool tp_task_state_is_terminal(int state)
{
	return has(TERMINAL, state);
}

bool tp_task_state_is_for_aware(int state)
{
	return has(AWARE, state);
}

int tp_task_state_for(int state, bool aware)
{
	return !aware && tp_task_state_is_for_aware(state) ? TP_TASK_LOST : state;
}

const struct tp_task_transition *tp_task_transition(
	int state, enum tp_task_event event, int brings)
{
	/* A state that a newer peer invented is one of a task that is not over. */
	if (!has(LIVE | TERMINAL | BIT(UNREACHABLE), state))
		state = TP_TASK_UNKNOWN;
	if (brings < 0 || brings >= 32)
		brings = TP_TASK_UNKNOWN;
	for (const struct tp_task_transition *t = transitions; t->from != 0; t++) {
		if (t->event == event && has(t->from, state) &&
			(t->brings == 0 || has(t->brings, brings)))
			return t;
	}
	tp_assert(false); /* the table is total */
	return NULL;
}

int tp_task_next(
	const struct tp_task_transition *transition, int state, int brings, bool aware)
{
	if (transition->next == TP_TASK_SAME)
		return state;
	if (transition->next == TP_TASK_AS_REPORTED)
		return brings;
	return tp_task_state_for(transition->next, aware);
}

const struct tp_task_transition *tp_task_transitions(void)
{
	return transitions;
}

const char *tp_task_event_name(enum tp_task_event event)
{
	static const char *const names[] = {
		[TP_TASK_EVENT_REPORTED] = "update",
		[TP_TASK_EVENT_ACKNOWLEDGED] = "acknowledgement",
		[TP_TASK_EVENT_AGENT_SILENT] = "agent silent",
		[TP_TASK_EVENT_AGENT_BACK] = "agent back with it",
		[TP_TASK_EVENT_AGENT_LEFT] = "agent left",
		[TP_TASK_EVENT_AGENT_GONE] = "agent declared gone",
		[TP_TASK_EVENT_AGENT_DISCONNECTED] = "agent disconnected, no checkpoint",
		[TP_TASK_EVENT_FRAMEWORK_REMOVED] = "framework removed",
	};

	return (size_t)event < TP_COUNT(names) ? names[event] : "unknown";
}

const char *tp_task_action_name(enum tp_task_action action)
{
	switch (action) {
	case TP_TASK_ACTION_FORWARD:
		return "forward";
	case TP_TASK_ACTION_TELL:
		return "tell";
	case TP_TASK_ACTION_RELEASE:
		return "release";
	case TP_TASK_ACTION_TAKE:
		return "take";
	case TP_TASK_ACTION_BURY:
		return "bury";
	case TP_TASK_ACTION_SET_ASIDE:
		return "set aside";
	case TP_TASK_ACTION_RECALL:
		return "recall";
	default:
		return "unknown";
	}
}
