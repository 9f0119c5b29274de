/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of an agent: who is called when, in which order, and what becomes of the answer. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/agent_fixture.h"

#define FIRST "  - module: " TOY_DIR "/toy_hook.so\n    as: first\n"
#define SECOND "  - module: " TOY_DIR "/toy_hook.so\n    as: second\n"
#define RESOURCES(text) "    config: {resources: '" text "'}\n"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

static void setup(void)
{
	agent_fixture_init(f);
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static void expect_labels(const struct tp_labels *labels, const char *value)
{
	ck_assert_ptr_nonnull(labels);
	ck_assert_uint_eq(labels->n_labels, 2);
	ck_assert_str_eq(labels->labels[0]->key, "first");
	ck_assert_str_eq(labels->labels[1]->key, "second");
	ck_assert_str_eq(labels->labels[1]->value, value);
}

START_TEST(they_say_what_the_agent_is)
{
	const struct tp_agent_register *body;

	agent_fixture_start(f, FIRST RESOURCES("cpus:7") SECOND);
	body = agent_fixture_last(f, TP_MESSAGE_AGENT_REGISTER);
	ck_assert_uint_eq(body->agent->n_resources, 1);
	ck_assert_int_eq(body->agent->resources[0]->scalar->value_milli, 7000);
	ck_assert_uint_eq(body->agent->n_attributes, 2);
	ck_assert_str_eq(body->agent->attributes[0]->name, "first");
	ck_assert_str_eq(body->agent->attributes[1]->name, "second");
}
END_TEST

START_TEST(one_that_fails_keeps_the_agent_from_starting)
{
	struct tp_error err = { 0 };

	ck_assert_int_lt(agent_fixture_try_start(f, FIRST RESOURCES("cpus:-1"), &err), 0);
	ck_assert_msg(strstr(err.text, "resources of the hook 'first'") != NULL, "%s",
		err.text);
}
END_TEST

START_TEST(labels_environment_and_status_are_decorated_in_order)
{
	const struct tp_executor_event *event;
	struct peer *peer;

	agent_fixture_start(f, FIRST SECOND);
	agent_fixture_run(f, "t1", false);
	ck_assert_str_eq(agent_fixture_container(f)->hooked, "HOOK_second=t1");
	peer = agent_fixture_executor(f, 0, "t1", true);
	event = agent_fixture_event(peer);
	ck_assert_int_eq(event->type, TP_EXECUTOR_EVENT_LAUNCH);
	expect_labels(event->launch->task->labels, "run");
	agent_fixture_update(peer, "t1", "t1", TP_TASK_RUNNING, 1);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_RUNNING);
	expect_labels(agent_fixture_last_status(f)->labels, "F");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_hooks");
	TCase *tc = tcase_create("agent_hooks");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, they_say_what_the_agent_is);
	tcase_add_test(tc, one_that_fails_keeps_the_agent_from_starting);
	tcase_add_test(tc, labels_environment_and_status_are_decorated_in_order);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
