/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a task's life: it is total, it says one thing, and what it says of the hard cases. */
#include "tepui/task_life.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define STATES 14

static int next(int state, enum tp_task_event event, int brings, bool aware)
{
	const struct tp_task_transition *t = tp_task_transition(state, event, brings);

	return tp_task_next(t, state, brings, aware);
}

static uint32_t actions(int state, enum tp_task_event event, int brings)
{
	return tp_task_transition(state, event, brings)->actions;
}

static bool applies(const struct tp_task_transition *t, int state,
	enum tp_task_event event, int brings)
{
	return t->event == event && (t->from & (UINT32_C(1) << state)) != 0 &&
		(t->brings == 0 || (t->brings & (UINT32_C(1) << brings)) != 0);
}

START_TEST(every_pair_has_exactly_one_row)
{
	for (int state = 0; state < STATES; state++) {
		for (int event = 0; event < TP_TASK_EVENTS; event++) {
			for (int brings = 0; brings < STATES; brings++) {
				const struct tp_task_transition *t =
					tp_task_transitions();
				int n = 0;

				for (; t->from != 0; t++)
					n += applies(t, state, event, brings);
				ck_assert_msg(n == 1, "%d rows for %d, %s, %d", n, state,
					tp_task_event_name(event), brings);
				ck_assert(
					applies(tp_task_transition(state, event, brings),
						state, event, brings));
			}
		}
	}
}
END_TEST

START_TEST(what_is_over_stays_over)
{
	for (int state = 0; state < STATES; state++) {
		if (!tp_task_state_is_terminal(state))
			continue;
		for (int event = 0; event < TP_TASK_EVENTS; event++) {
			if (event == TP_TASK_EVENT_AGENT_BACK)
				continue;
			ck_assert_int_eq(
				next(state, event, TP_TASK_RUNNING, true), state);
			ck_assert_uint_eq(actions(state, event, TP_TASK_RUNNING) &
					(TP_TASK_ACTION_RELEASE | TP_TASK_ACTION_TELL),
				0);
		}
	}
}
END_TEST

/* Twice released is twice offered: whatever releases must make it terminal or unreachable. */
START_TEST(resources_are_released_once)
{
	for (const struct tp_task_transition *t = tp_task_transitions(); t->from != 0;
		t++) {
		int state = t->next == TP_TASK_AS_REPORTED ? TP_TASK_FINISHED : t->next;

		if ((t->actions & TP_TASK_ACTION_RELEASE) == 0)
			continue;
		ck_assert(
			state == TP_TASK_UNREACHABLE || tp_task_state_is_terminal(state));
		ck_assert_uint_eq(t->from & (UINT32_C(1) << TP_TASK_UNREACHABLE), 0);
	}
}
END_TEST

START_TEST(only_partition_aware_frameworks_hear_the_new_states)
{
	ck_assert_int_eq(next(TP_TASK_RUNNING, TP_TASK_EVENT_AGENT_SILENT, 0, true),
		TP_TASK_UNREACHABLE);
	ck_assert_int_eq(next(TP_TASK_RUNNING, TP_TASK_EVENT_AGENT_SILENT, 0, false),
		TP_TASK_LOST);
	ck_assert_int_eq(
		next(TP_TASK_STAGING, TP_TASK_EVENT_AGENT_GONE, 0, false), TP_TASK_LOST);
	ck_assert_int_eq(
		next(TP_TASK_STAGING, TP_TASK_EVENT_AGENT_LEFT, 0, true), TP_TASK_GONE);
	/* LOST for everybody: it cannot come back. */
	ck_assert_int_eq(next(TP_TASK_RUNNING, TP_TASK_EVENT_AGENT_DISCONNECTED, 0, true),
		TP_TASK_LOST);
	/* What an executor reports is not rewritten. */
	ck_assert_int_eq(
		next(TP_TASK_RUNNING, TP_TASK_EVENT_REPORTED, TP_TASK_GONE, false),
		TP_TASK_GONE);
	ck_assert_int_eq(tp_task_state_for(TP_TASK_FAILED, false), TP_TASK_FAILED);
	ck_assert_int_eq(tp_task_state_for(TP_TASK_UNKNOWN, false), TP_TASK_LOST);
}
END_TEST

START_TEST(an_unreachable_task_may_come_back)
{
	static const int told[] = { TP_TASK_UNREACHABLE, TP_TASK_LOST };

	for (size_t i = 0; i < TP_COUNT(told); i++) {
		ck_assert_int_eq(
			next(told[i], TP_TASK_EVENT_AGENT_BACK, TP_TASK_RUNNING, false),
			TP_TASK_RUNNING);
		ck_assert_uint_ne(
			actions(told[i], TP_TASK_EVENT_AGENT_BACK, TP_TASK_RUNNING) &
				TP_TASK_ACTION_TAKE,
			0);
		ck_assert_uint_eq(
			actions(told[i], TP_TASK_EVENT_AGENT_BACK, TP_TASK_FINISHED) &
				TP_TASK_ACTION_TAKE,
			0);
	}
}
END_TEST

START_TEST(unknown_numbers_do_no_harm)
{
	ck_assert_int_eq(next(200, TP_TASK_EVENT_REPORTED, TP_TASK_FINISHED, true),
		TP_TASK_FINISHED);
	ck_assert_int_eq(
		next(TP_TASK_RUNNING, TP_TASK_EVENT_REPORTED, TP_TASK_UNREACHABLE, true),
		TP_TASK_RUNNING);
	ck_assert_int_eq(
		next(TP_TASK_RUNNING, TP_TASK_EVENT_REPORTED, -7, true), TP_TASK_RUNNING);
	ck_assert(!tp_task_state_is_terminal(-1));
	ck_assert(!tp_task_state_is_terminal(77));
	ck_assert_str_eq(tp_task_event_name(TP_TASK_EVENTS), "unknown");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("task_life");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_pair_has_exactly_one_row);
	tcase_add_test(tc, what_is_over_stays_over);
	tcase_add_test(tc, resources_are_released_once);
	tcase_add_test(tc, only_partition_aware_frameworks_hear_the_new_states);
	tcase_add_test(tc, an_unreachable_task_may_come_back);
	tcase_add_test(tc, unknown_numbers_do_no_harm);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
