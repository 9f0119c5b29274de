/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's table of a task's places is total, and nothing leads back. */
#include <check.h>
#include <stdlib.h>

#include "modules/agent/task_place.h"

static bool applies(const struct task_transition *t, int place, int event, bool terminal)
{
	return (int)t->event == event && (t->from & (UINT32_C(1) << place)) != 0 &&
		(t->brings == TASK_BRINGS_ANY ||
			(t->brings == TASK_BRINGS_TERMINAL) == terminal);
}

START_TEST(there_is_one_row_for_everything)
{
	for (int place = 0; place < TASK_PLACES; place++) {
		for (int event = 0; event < TASK_EVENTS; event++) {
			for (int terminal = 0; terminal < 2; terminal++) {
				int n = 0;

				for (const struct task_transition *t = task_transitions();
					t->from != 0; t++)
					n += applies(t, place, event, terminal != 0);
				ck_assert_msg(n == 1, "%d rows for %s, %s", n,
					task_place_name((enum task_place)place),
					task_event_name((enum task_event)event));
			}
		}
	}
}
END_TEST

START_TEST(nothing_leads_back)
{
	for (const struct task_transition *t = task_transitions(); t->from != 0; t++) {
		if (t->next == TASK_STAYS)
			continue;
		ck_assert_uint_lt(t->from, UINT32_C(1) << t->next);
	}
}
END_TEST

START_TEST(what_is_over_was_told_and_is_told_once)
{
	for (const struct task_transition *t = task_transitions(); t->from != 0; t++) {
		bool ends = t->next == TASK_TERMINATED;

		if (ends)
			ck_assert_uint_ne(t->actions & TASK_ACTION_UPDATE, 0);
		ck_assert_int_eq(ends, (t->actions & TASK_ACTION_SHRINK) != 0);
		ck_assert_int_eq(t->next == TASK_COMPLETED,
			(t->actions & TASK_ACTION_REMEMBER) != 0);
	}
	ck_assert_uint_eq(
		task_transition(TASK_TERMINATED, TASK_EVENT_ENDED, true)->actions, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_task_place");
	TCase *tc = tcase_create("places");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, there_is_one_row_for_everything);
	tcase_add_test(tc, nothing_leads_back);
	tcase_add_test(tc, what_is_over_was_told_and_is_told_once);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
