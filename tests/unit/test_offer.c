/* SPDX-License-Identifier: Apache-2.0 */
/* What schedulers do with an offer. */
#include "tepui/offer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/record.h"

static struct tp_arena *arena;
static struct tp_offer *offer;

static void setup(void)
{
	static struct tp_offer_id id = { .value = "o1" };
	static struct tp_agent_id agent_id = { .value = "a1" };
	static struct tp_resource_allocation_info role = { .role = "web" };
	struct tp_resources has = TP_RESOURCES_INIT;

	arena = tp_arena_create(0);
	offer = tp_record_new(&tp_offer_desc, arena);
	offer->id = &id;
	offer->agent_id = &agent_id;
	offer->allocation_info = &role;
	ck_assert_int_eq(tp_resources_parse(&has, "cpus:2;mem:64", "*", NULL), 0);
	tp_resources_allocate(&has, "web");
	tp_resources_to_records(
		&has, TP_RESOURCE_POST, arena, &offer->resources, &offer->n_resources);
	tp_resources_fini(&has);
}

static void teardown(void)
{
	tp_arena_destroy(arena);
}

START_TEST(its_resources_can_be_subtracted_from)
{
	struct tp_resources left = TP_RESOURCES_INIT, need = TP_RESOURCES_INIT;

	ck_assert_int_eq(tp_resources_parse(&need, "cpus:1;mem:32", "*", NULL), 0);
	tp_offer_resources(offer, &left);
	for (int i = 0; i < 2; i++) {
		ck_assert(tp_resources_contains(&left, &need));
		tp_resources_subtract(&left, &need);
	}
	ck_assert(tp_resources_empty(&left));
	/* An offer that cannot be understood has nothing in it. */
	tp_resources_add(&left, &need);
	offer->resources[0]->scalar->value_milli = -1;
	tp_offer_resources(offer, &left);
	ck_assert(tp_resources_empty(&left));
	tp_resources_fini(&left);
	tp_resources_fini(&need);
}
END_TEST

START_TEST(a_task_is_made_for_it)
{
	struct tp_resources need = TP_RESOURCES_INIT;
	char id[] = "t1", command[] = "true";
	struct tp_task_info *task;

	ck_assert_int_eq(tp_resources_parse(&need, "cpus:1;mem:32", "*", NULL), 0);
	task = tp_offer_task(offer, id, command, &need, arena);
	memset(id, 'x', 2);
	memset(command, 'x', 4);
	ck_assert_int_eq(tp_record_check(&tp_task_info_desc, task, NULL), 0);
	ck_assert_str_eq(task->task_id->value, "t1");
	ck_assert_str_eq(task->name, "t1");
	ck_assert_str_eq(task->agent_id->value, "a1");
	ck_assert_str_eq(task->command->value, "true");
	ck_assert_uint_eq(task->n_resources, 2);
	for (size_t i = 0; i < 2; i++)
		ck_assert_str_eq(task->resources[i]->allocation_info->role, "web");
	/* What it was made of is as it was. */
	ck_assert_int_eq(tp_resources_milli(&need, "cpus"), 1000);
	offer->allocation_info = NULL;
	task = tp_offer_task(offer, "t2", "true", &need, arena);
	ck_assert_ptr_null(task->resources[0]->allocation_info);
	tp_resources_fini(&need);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("offer");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, its_resources_can_be_subtracted_from);
	tcase_add_test(tc, a_task_is_made_for_it);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
