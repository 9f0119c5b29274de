/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of a master: who is called when, in which order, and what becomes of the answer. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler;

static void setup(void)
{
	fixture_init(f,
		"  - module: " TOY_DIR "/toy_hook.so\n    as: first\n"
		"  - module: " TOY_DIR "/toy_hook.so\n    as: second\n");
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, "");
	fixture_offer(f, 0, 0, "cpus:4", "*");
}

static void teardown(void)
{
	fixture_fini(f);
}

#define BOTH \
	"'labels':{'labels':[{'key':'first','value':'launched'}," \
	"{'key':'second','value':'launched'}]}"

START_TEST(labels_are_decorated_in_order_and_seen_by_everybody)
{
	struct client *desk = client_up(f, 2, "operator");

	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_ptr_nonnull(client_heard(agent, BOTH));
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_TASKS'}"), 0);
	ck_assert_ptr_nonnull(client_heard(desk, BOTH));
}
END_TEST

START_TEST(they_hear_of_an_agent_that_is_gone)
{
	tp_cleanup(strbuf) struct tp_strbuf ready = TP_STRBUF_INIT;

	client_down(agent);
	tp_kernel_ready(f->kernel, &ready);
	ck_assert_ptr_null(strstr(tp_strbuf_text(&ready), "lost="));
	fixture_advance(f, 11 * TP_MIN);
	tp_kernel_ready(f->kernel, &ready);
	ck_assert_ptr_nonnull(strstr(tp_strbuf_text(&ready), "first.lost=host0\n"));
	ck_assert_ptr_nonnull(strstr(tp_strbuf_text(&ready), "second.lost=host0\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_hooks");
	TCase *tc = tcase_create("master_hooks");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, labels_are_decorated_in_order_and_seen_by_everybody);
	tcase_add_test(tc, they_hear_of_an_agent_that_is_gone);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
