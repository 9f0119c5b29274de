/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever well-formed nonsense agents, schedulers and operators send, the master answers or
 * ignores it and goes on serving. Records are random, ids among them are often real ones.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/lib/random_record.h"
#include "tests/unit/master_fixture.h"

#define ROUNDS 300

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;

static void setup(void)
{
	fixture_init(f, NULL);
	fixture_agent(f, 0);
	fixture_scheduler(f, 1, ",'failover_timeout':3600,'checkpoint':true");
	for (int i = 0; i < 3; i++)
		fixture_offer(f, 0, 0, "cpus:1", "*");
	fixture_launch(f, &f->clients[1], 0, 2, "t");
	client_up(f, 2, "operator");
}

static void teardown(void)
{
	fixture_fini(f);
}

static void call_done(struct tp_call *call, const struct tp_reply *reply)
{
	if (!reply->more)
		tp_free(call);
}

/* The id of something that is there, for an id record; NULL for all other records. */
static const char *real_id(const struct tp_desc *desc, struct tp_arena *arena)
{
	const char *id = fixture_master_id(f);

	if (desc == &tp_framework_id_desc)
		return tp_arena_printf(arena, "%s-0000", id);
	if (desc == &tp_agent_id_desc)
		return tp_arena_printf(arena, "%s-S0", id);
	if (desc == &tp_offer_id_desc)
		return tp_arena_printf(arena, "%s-O%u", id, f->clock.wall_ns % 2 == 0);
	if (desc == &tp_task_id_desc)
		return "t";
	if (desc == &tp_executor_id_desc)
		return "e";
	return NULL;
}

static void use_real_ids(
	const struct tp_desc *desc, void *record, struct tp_arena *arena);

static void use_real_id(const struct tp_desc *desc, void *record, struct tp_arena *arena)
{
	const char *id = record == NULL ? NULL : real_id(desc, arena);

	if (id != NULL)
		*(const char **)record = id; /* an id's only member */
	else if (record != NULL)
		use_real_ids(desc, record, arena);
}

static void use_real_ids(const struct tp_desc *desc, void *record, struct tp_arena *arena)
{
	for (uint32_t i = 0; i < desc->n_fields; i++) {
		const struct tp_field *field = tp_desc_field(desc, i);
		void *at = (char *)record + field->offset;
		bool many = field->label == TP_MANY || field->label == TP_MAP;
		size_t n = many ? *(size_t *)(void *)((char *)record + field->extra) : 0;

		if (field->type != TP_RECORD)
			continue;
		for (size_t k = 0; k < n; k++)
			use_real_id(field->sub, (*(void ***)at)[k], arena);
		if (!many)
			use_real_id(field->sub, *(void **)at, arena);
	}
}

/* Sends random records of a type, as messages and as calls. */
static void bombard(int client, uint16_t type, const struct tp_desc *desc)
{
	static const char *const kinds[] = { "agent", "scheduler", "operator" };

	for (unsigned i = 0; i < ROUNDS; i++) {
		tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
		struct client *c = &f->clients[client];
		void *body = random_record(desc, type * 1000u + i, arena);
		struct tp_call *call = tp_alloc(sizeof *call);
		struct tp_error err = { 0 };

		if (!c->up) {
			client_down(c);
			c = client_up(f, client, kinds[client]);
		}
		if (i % 4 != 3)
			use_real_ids(desc, body, arena);
		if (desc == &tp_scheduler_call_desc)
			((struct tp_scheduler_call *)body)->type = 1 + (int)(i % 18);
		if (desc == &tp_master_call_desc)
			((struct tp_master_call *)body)->type = 1 + (int)(i % 38);
		call->done = call_done;
		if (i % 2 == 0 ||
			tp_link_call(c->link, call, type, desc, body, TP_SEC, &err) < 0) {
			tp_free(call);
			tp_link_send(c->link, type, desc, body);
		}
		fixture_settle(f);
		client_forget(c);
		fixture_forget(f);
	}
	ck_assert_int_eq(f->exit_status, -1);
}

START_TEST(schedulers_may_say_anything)
{
	bombard(1, TP_MESSAGE_SCHEDULER_CALL, &tp_scheduler_call_desc);
}
END_TEST

START_TEST(operators_may_say_anything)
{
	bombard(2, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc);
}
END_TEST

START_TEST(agents_may_say_anything)
{
	bombard(0, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc);
	bombard(0, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc);
	bombard(0, TP_MESSAGE_STATUS_UPDATE, &tp_status_update_desc);
	bombard(0, TP_MESSAGE_EXITED_EXECUTOR, &tp_exited_executor_desc);
	bombard(0, TP_MESSAGE_EXECUTOR_TO_FRAMEWORK, &tp_executor_to_framework_desc);
	bombard(0, TP_MESSAGE_UPDATE_AGENT, &tp_update_agent_desc);
	bombard(0, TP_MESSAGE_AGENT_UNREGISTER, &tp_agent_unregister_desc);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_hostile");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, schedulers_may_say_anything);
	tcase_add_test(tc, operators_may_say_anything);
	tcase_add_test(tc, agents_may_say_anything);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
