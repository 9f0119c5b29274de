/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the life of a task as Markdown, from its two tables: the generated part of docs/TASKS.md. */
#include <stdio.h>
#include <string.h>

#include "modules/agent/task_place.h"
#include "tepui/field.h"
#include "tepui/task_life.h"

#define LAST_ACTION TP_TASK_ACTION_RECALL

static void print_state(int state)
{
	printf("%s", tp_enum_name(&tp_task_state_enum, state) + strlen("TASK_"));
}

static void print_states(void)
{
	printf("\n## States\n\n| state | over | without PARTITION_AWARE "
	       "|\n|---|---|---|\n");
	for (const struct tp_enum_value *v = tp_task_state_enum.values; v->name != NULL;
		v++)
		printf("| `%s` | %s | %s |\n", v->name,
			tp_task_state_is_terminal(v->number) ? "yes" : "",
			tp_task_state_is_for_aware(v->number) ? "`TASK_LOST`" : "");
}

static void print_from(uint32_t from)
{
	const char *separator = "";

	for (int state = 0; state < 32; state++) {
		if ((from & (UINT32_C(1) << state)) == 0)
			continue;
		printf("%s", separator);
		print_state(state);
		separator = ", ";
	}
}

static void print_event(const struct tp_task_transition *t)
{
	printf("%s", tp_task_event_name(t->event));
	if (t->brings == 0 || t->brings == UINT32_MAX)
		return;
	if ((t->brings & (UINT32_C(1) << TP_TASK_RUNNING)) != 0)
		printf(", not over");
	else if ((t->brings & (UINT32_C(1) << TP_TASK_FINISHED)) != 0)
		printf(", it is over");
	else
		printf(", UNREACHABLE or UNKNOWN");
}

static void print_next(const struct tp_task_transition *t)
{
	if (t->next == TP_TASK_AS_REPORTED)
		printf("as reported");
	else if (t->next == TP_TASK_SAME)
		printf("–");
	else
		print_state(t->next);
}

static void print_actions(const struct tp_task_transition *t)
{
	const char *separator = "";

	for (uint32_t action = 1; action <= LAST_ACTION; action <<= 1) {
		if ((t->actions & action) == 0)
			continue;
		printf("%s%s", separator, tp_task_action_name(action));
		separator = ", ";
	}
	if (t->reason >= 0)
		printf(" (`%s`)", tp_enum_name(&tp_task_status_reason_enum, t->reason));
}

/* --- on the agent ---------------------------------------------------------------------- */

static void print_agent_row(const struct task_transition *t)
{
	static const char *const brings[] = { "", ", not over", ", it is over" };
	const char *separator = "";

	printf("| ");
	for (int place = 0; place < TASK_PLACES; place++) {
		if ((t->from & (UINT32_C(1) << place)) == 0)
			continue;
		printf("%s%s", separator, task_place_name((enum task_place)place));
		separator = ", ";
	}
	printf(" | %s%s | %s | ", task_event_name(t->event), brings[t->brings],
		t->next == TASK_STAYS ? "–" : task_place_name((enum task_place)t->next));
	separator = "";
	for (int i = 0; i < TASK_ACTIONS; i++) {
		if ((t->actions & (1U << i)) == 0)
			continue;
		printf("%s%s", separator, task_action_name((enum task_action)(1U << i)));
		separator = ", ";
	}
	printf(" | %s |\n", t->why);
}

static void print_agent(void)
{
	printf("\n## On the agent\n\n| where it stands | event | next | action | why |\n"
	       "|---|---|---|---|---|\n");
	for (const struct task_transition *t = task_transitions(); t->from != 0; t++)
		print_agent_row(t);
}

int main(void)
{
	print_states();
	printf("\n## On the master\n\n| in state | event | next | action | why |\n"
	       "|---|---|---|---|---|\n");
	for (const struct tp_task_transition *t = tp_task_transitions(); t->from != 0;
		t++) {
		printf("| ");
		print_from(t->from);
		printf(" | ");
		print_event(t);
		printf(" | ");
		print_next(t);
		printf(" | ");
		print_actions(t);
		printf(" | %s |\n", t->why);
	}
	print_agent();
	return 0;
}
