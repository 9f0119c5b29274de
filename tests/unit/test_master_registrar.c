/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master and its registry: what each operation means and writes, full disks, failed reads,
 * what a master must be able to, and when a master serves.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules/master/registrar_operation.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tests/unit/master_fixture.h"

#define REGISTERED "22 {'agent_id'"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;

static void setup(void)
{
	fixture_init(f, NULL);
}

static void teardown(void)
{
	fixture_fini(f);
}

/* --- operations ---------------------------------------------------------------------------- */

static struct registrar_members members;
static struct registrar_batch batch;

/* Applies to agent `id` in a batch of its own, which stays for a look. */
static int apply(enum registrar_kind kind, const char *id)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_info *info = tp_record_new(&tp_agent_info_desc, arena);
	struct registrar_operation operation = { .kind = kind,
		.arguments = { .agent_id = id,
			.agent = info,
			.at_ns = 7,
			.agent_ids = &id,
			.n_agent_ids = 1 } };
	struct tp_error err = { 0 };
	int r;

	info->hostname = "h";
	info->id = tp_record_new(&tp_agent_id_desc, arena);
	info->id->value = id;
	registrar_batch_end(&batch);
	registrar_batch_begin(&batch);
	r = registrar_operation_apply(&members, &operation, &batch, &err);
	ck_assert(r >= 0 || err.text[0] != '\0');
	ck_assert(r >= 0 || batch.n == 0);
	return r;
}

/* Does the batch write this variable (or remove it, with `data` false), and so many in all? */
static bool writes(const char *name, bool data, size_t n)
{
	for (size_t i = 0; i < batch.n; i++) {
		if (strcmp(batch.entries[i].name, name) == 0 &&
			(batch.entries[i].data != NULL) == data)
			return batch.n == n;
	}
	return false;
}

static void members_setup(void)
{
	registrar_members_init(&members);
	batch = (struct registrar_batch){ 0 };
}

static void members_teardown(void)
{
	registrar_batch_end(&batch);
	registrar_members_fini(&members);
}

START_TEST(an_agent_is_admitted_once)
{
	ck_assert_int_eq(apply(REGISTRAR_ADMIT_AGENT, "a"), 0);
	ck_assert(writes("agent/a", true, 1));
	ck_assert_int_eq(apply(REGISTRAR_ADMIT_AGENT, "a"), -EEXIST);
	ck_assert_int_eq(apply(REGISTRAR_UPDATE_AGENT, "a"), 0);
	ck_assert(writes("agent/a", true, 1));
	ck_assert_int_eq(apply(REGISTRAR_UPDATE_AGENT, "b"), -ENOENT);
}
END_TEST

START_TEST(an_agent_moves_to_the_unreachable_and_back)
{
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_UNREACHABLE, "a"), -ENOENT);
	apply(REGISTRAR_ADMIT_AGENT, "a");
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_UNREACHABLE, "a"), 0);
	ck_assert(writes("unreachable/a", true, 2));
	ck_assert(writes("agent/a", false, 2));
	/* Its work is done already: nothing is written. */
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_UNREACHABLE, "a"), 0);
	ck_assert_uint_eq(batch.n, 0);
	ck_assert_int_eq(apply(REGISTRAR_UPDATE_AGENT, "a"), -ENOENT);
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_REACHABLE, "a"), 0);
	ck_assert(writes("agent/a", true, 2));
	ck_assert(writes("unreachable/a", false, 2));
	/* One that was pruned, or never known. */
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_REACHABLE, "b"), 0);
	ck_assert(writes("agent/b", true, 1));
}
END_TEST

START_TEST(an_agent_that_is_gone_stays_gone)
{
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_GONE, "a"), -ENOENT);
	apply(REGISTRAR_ADMIT_AGENT, "a");
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_GONE, "a"), 0);
	ck_assert(writes("gone/a", true, 2));
	ck_assert(writes("agent/a", false, 2));
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_GONE, "a"), 0);
	ck_assert_uint_eq(batch.n, 0);
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_REACHABLE, "a"), -EPERM);
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_UNREACHABLE, "a"), -ENOENT);
	ck_assert_int_eq(apply(REGISTRAR_ADMIT_AGENT, "a"), -EEXIST);
	apply(REGISTRAR_ADMIT_AGENT, "b");
	apply(REGISTRAR_MARK_AGENT_UNREACHABLE, "b");
	ck_assert_int_eq(apply(REGISTRAR_MARK_AGENT_GONE, "b"), 0);
	ck_assert(writes("unreachable/b", false, 2));
}
END_TEST

START_TEST(only_absent_agents_are_pruned)
{
	apply(REGISTRAR_ADMIT_AGENT, "a");
	ck_assert_int_eq(apply(REGISTRAR_PRUNE, "a"), 0);
	ck_assert_uint_eq(batch.n, 0);
	apply(REGISTRAR_MARK_AGENT_UNREACHABLE, "a");
	ck_assert_int_eq(apply(REGISTRAR_PRUNE, "a"), 0);
	ck_assert(writes("unreachable/a", false, 1));
	ck_assert_int_eq(apply(REGISTRAR_PRUNE, "a"), 0);
	ck_assert_uint_eq(batch.n, 0);
	ck_assert_int_eq(apply(REGISTRAR_REMOVE_AGENT, "a"), 0);
	ck_assert_uint_eq(batch.n, 0);
	ck_assert_uint_eq(members.size_bytes, 0);
}
END_TEST

START_TEST(the_size_is_that_of_what_is_written)
{
	uint64_t size;

	apply(REGISTRAR_ADMIT_AGENT, "a");
	size = strlen("agent/a") + batch.entries[0].len;
	ck_assert_uint_eq(members.size_bytes, size);
	apply(REGISTRAR_ADMIT_AGENT, "b");
	ck_assert_uint_eq(members.size_bytes, 2 * size);
	apply(REGISTRAR_UPDATE_AGENT, "b");
	ck_assert_uint_eq(members.size_bytes, 2 * size);
	apply(REGISTRAR_REMOVE_AGENT, "a");
	ck_assert_uint_eq(members.size_bytes, size);
}
END_TEST

/* Machines come with ever new names. */
START_TEST(a_setting_that_is_removed_leaves_nothing)
{
	struct tp_quota_config quota = { .role = "a" };
	struct registrar_setting setting = { TP_REGISTRY_QUOTA, "a", &quota };
	const struct registrar_operation operation = { .kind = REGISTRAR_SET,
		.arguments = { .settings = &setting, .n_settings = 1 } };
	struct tp_error err = { 0 };

	registrar_batch_begin(&batch);
	ck_assert_int_eq(
		registrar_operation_apply(&members, &operation, &batch, &err), 0);
	ck_assert_uint_eq(members.settings.n, 1);
	ck_assert(writes("quota/a", true, 1));
	setting.record = NULL;
	registrar_operation_apply(&members, &operation, &batch, &err);
	ck_assert(writes("quota/a", false, 2));
	ck_assert_uint_eq(members.settings.n, 0);
	ck_assert_uint_eq(members.size_bytes, 0);
	registrar_operation_apply(&members, &operation, &batch, &err);
	ck_assert_uint_eq(batch.n, 2);
}
END_TEST

/* --- reading --------------------------------------------------------------------------------- */

static void add_variable(const char *name, const struct tp_desc *desc, const void *record)
{
	struct variable *v = &f->variables[f->n_variables++];
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;

	snprintf(v->name, sizeof v->name, "%s", name);
	if (desc != NULL)
		tp_msgpack_encode(desc, record, &buf);
	else
		tp_strbuf_puts(&buf, "nonsense");
	memcpy(v->data, buf.data, buf.len);
	v->len = buf.len;
}

START_TEST(a_master_writes_down_that_it_leads)
{
	ck_assert(fixture_has_variable(f, "master"));
	ck_assert_double_gt(fixture_metric(f, "registrar/registry_size_bytes"), 0);
	ck_assert_double_eq(fixture_metric(f, "registrar/queued_operations"), 0);
	ck_assert_double_eq(fixture_metric(f, "registrar/state_store_ms/count"), 1);
	ck_assert_double_eq(fixture_metric(f, "registrar/state_fetch_ms/count"), 1);
}
END_TEST

START_TEST(nobody_is_served_before_that_is_durable)
{
	struct client *agent;

	f->store_held = true;
	fixture_restart(f, NULL);
	agent = fixture_agent(f, 0);
	ck_assert_ptr_null(client_heard(agent, REGISTERED));
	fixture_release_store(f);
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
}
END_TEST

START_TEST(a_damaged_variable_ends_the_master)
{
	add_variable("agent/x", NULL, NULL);
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, 1);
}
END_TEST

START_TEST(a_variable_about_another_agent_ends_the_master)
{
	struct tp_agent_id id = { .value = "y" };
	struct tp_agent_info info = { .hostname = "h", .id = &id };
	const struct tp_registry_state_agent record = { .info = &info };

	add_variable("agent/x", &tp_registry_state_agent_desc, &record);
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, 1);
}
END_TEST

START_TEST(an_agent_in_two_places_ends_the_master)
{
	struct tp_agent_id id = { .value = "x" };
	struct tp_agent_info info = { .hostname = "h", .id = &id };
	struct tp_time_info when = { .has_nanoseconds = true, .nanoseconds = 1 };
	const struct tp_registry_state_agent agent = { .info = &info };
	const struct tp_registry_state_gone_agent gone = { .id = &id,
		.timestamp = &when };

	add_variable("agent/x", &tp_registry_state_agent_desc, &agent);
	add_variable("gone/x", &tp_registry_state_gone_agent_desc, &gone);
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, 1);
}
END_TEST

START_TEST(variables_of_others_are_left_alone)
{
	add_variable("plugin/x", NULL, NULL);
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, -1);
	ck_assert_ptr_nonnull(client_heard(fixture_agent(f, 0), REGISTERED));
	ck_assert(fixture_has_variable(f, "plugin/x"));
}
END_TEST

START_TEST(a_master_that_lacks_a_capability_does_not_serve)
{
	const struct tp_registry_state_minimum_capability can = {
		.capability = "AGENT_UPDATE"
	};
	const struct tp_registry_state_minimum_capability cannot = {
		.capability = "TIME_TRAVEL"
	};

	add_variable("capability/AGENT_UPDATE",
		&tp_registry_state_minimum_capability_desc, &can);
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, -1);
	add_variable("capability/TIME_TRAVEL", &tp_registry_state_minimum_capability_desc,
		&cannot);
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, 1);
}
END_TEST

/* --- full disks ------------------------------------------------------------------------------ */

START_TEST(a_full_disk_is_waited_for)
{
	struct client *agent;

	f->store_status = -ENOSPC;
	agent = fixture_agent(f, 0);
	fixture_advance(f, 10 * TP_SEC);
	ck_assert_ptr_null(client_heard(agent, REGISTERED));
	ck_assert_int_eq(f->exit_status, -1);
	f->store_status = 0;
	fixture_advance(f, TP_SEC);
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
	ck_assert(fixture_has_variable(f, "agent/"));
	/* The next one has all its time again. */
	f->store_status = -ENOSPC;
	fixture_agent(f, 1);
	fixture_advance(f, 15 * TP_SEC);
	ck_assert_int_eq(f->exit_status, -1);
}
END_TEST

START_TEST(a_disk_that_stays_full_ends_the_master)
{
	f->store_status = -ENOSPC;
	fixture_agent(f, 0);
	fixture_advance(f, 19 * TP_SEC);
	ck_assert_int_eq(f->exit_status, -1);
	fixture_advance(f, 2 * TP_SEC);
	ck_assert_int_eq(f->exit_status, 1);
	ck_assert(!fixture_has_variable(f, "agent/"));
}
END_TEST

START_TEST(a_master_may_stop_while_the_disk_is_full)
{
	f->store_status = -ENOSPC;
	fixture_agent(f, 0);
	fixture_restart(f, NULL); /* stops the one that waits */
	f->store_status = 0;
	fixture_advance(f, TP_SEC);
	ck_assert_ptr_nonnull(client_heard(fixture_agent(f, 1), REGISTERED));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_master_writes_down_that_it_leads);
	tcase_add_test(tc, nobody_is_served_before_that_is_durable);
	tcase_add_test(tc, a_damaged_variable_ends_the_master);
	tcase_add_test(tc, a_variable_about_another_agent_ends_the_master);
	tcase_add_test(tc, an_agent_in_two_places_ends_the_master);
	tcase_add_test(tc, variables_of_others_are_left_alone);
	tcase_add_test(tc, a_master_that_lacks_a_capability_does_not_serve);
	tcase_add_test(tc, a_full_disk_is_waited_for);
	tcase_add_test(tc, a_disk_that_stays_full_ends_the_master);
	tcase_add_test(tc, a_master_may_stop_while_the_disk_is_full);
}

int main(void)
{
	Suite *suite = suite_create("master_registrar");
	TCase *tc = tcase_create("master"), *operations = tcase_create("operations");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	tcase_add_checked_fixture(operations, members_setup, members_teardown);
	tcase_add_test(operations, an_agent_is_admitted_once);
	tcase_add_test(operations, an_agent_moves_to_the_unreachable_and_back);
	tcase_add_test(operations, an_agent_that_is_gone_stays_gone);
	tcase_add_test(operations, only_absent_agents_are_pruned);
	tcase_add_test(operations, a_setting_that_is_removed_leaves_nothing);
	tcase_add_test(operations, the_size_is_that_of_what_is_written);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, operations);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
