/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another allocator in a running master: it is told the truth, whatever is under way at that
 * moment, and what comes afterwards fits to that. The allocator of the fixture takes its own place.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "modules/master/replay.h"
#include "tests/unit/master_fixture.h"

#define SCALAR(name, n) "{'name':'" name "','type':'SCALAR','scalar':{'value':" n "}"
#define RESERVED ",'reservations':[{'type':'DYNAMIC','role':'a'}]"
#define VOLUME \
	SCALAR("disk", "64") \
	RESERVED ",'disk':{'persistence':{'id':'v'},'volume':{'container_path':'data'," \
		 "'mode':'RW'}},'shared':{}}"
#define RESERVE \
	"{'type':'RESERVE','reserve':{'resources':[" SCALAR("disk", "64") RESERVED "}]}" \
										   "}"
#define CREATE "{'type':'CREATE','create':{'volumes':[" VOLUME "]}}"
#define DISK "disk(allocated: a)(reservations: [(DYNAMIC,a)])[v:data]<SHARED x1>:64"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler, *who;
static struct master *m;
static const struct tp_allocator_ops *before;
static struct tp_allocator_ops ops;
static char first_id[64];

static void nothing(void *impl)
{
	(void)impl;
}

static void update_unavailability(
	void *impl, uint32_t slot, const struct tp_unavailability *when)
{
	(void)impl, (void)slot, (void)when;
}

static void setup(void)
{
	fixture_init(f, NULL);
	agent = client_up(f, 0, "agent");
	client_send(agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'host0','resources':[" SCALAR(
			"cpus", "4") "}," SCALAR("disk", "1000") "}]},"
								 "'address':'tcp://"
								 "host:5061','version':"
								 "'1.0'}");
	scheduler = fixture_scheduler(f, 1,
		",'roles':['a','b'],'failover_timeout':3600,'capabilities':[{'type':"
		"'MULTI_ROLE'},{'type':'SHARED_RESOURCES'}]");
	who = client_up(f, 2, "operator");
	strcpy(first_id, fixture_master_id(f));
	m = tp_kernel_instance(f->kernel, "master");
	before = m->allocator.ops;
	ops = *before;
	ops.pause = ops.resume = nothing;
	m->allocator.ops = &ops;
}

static void teardown(void)
{
	m->allocator.ops = before;
	fixture_fini(f);
}

static void swap(void)
{
	struct tp_error err = { 0 };

	fixture_forget(f);
	ck_assert_msg(replay(m, &err) == 0, "%s", err.text);
}

static void call(const char *text)
{
	client_send(who, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc, "%s", text);
}

static void accept(unsigned offer, const char *operations)
{
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O%u'}],'operations':[%s]}}",
			first_id, first_id, offer, operations),
		0);
}

static void check_logged(const char *text)
{
	ck_assert_msg(fixture_logged(f, text), "no '%s' in\n%s", text, f->log.data);
}

/* A task on a shared volume, an operation that the agent has not answered, and an offer. */
START_TEST(what_is_used_offered_and_converted_is_told)
{
	tp_cleanup(ptr) char *task = tp_asprintf(
		"{'type':'LAUNCH','launch':{'task_infos':[{'name':'n',"
		"'task_id':{'value':'t'},'agent_id':{'value':'%s-S0'},"
		"'resources':[" SCALAR("cpus", "1") "}," VOLUME
						    "],'command':{'value':'true'}}]}}",
		first_id);
	tp_cleanup(ptr) char *operations = tp_asprintf("%s,%s,%s", RESERVE, CREATE, task);

	fixture_offer(f, 0, 0, "cpus:1;disk:100", "a"); /* O0 */
	accept(0, operations);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'CREATE'"));
	fixture_offer(f, 0, 0, "cpus:2", "b"); /* O1 */
	client_forget(scheduler);
	swap();
	check_logged("add_agent 0 cpus:4; disk:936; "
		     "disk(reservations: [(DYNAMIC,a)])[v:data]<SHARED x1>:64"
		     " used 0 0 cpus(allocated: a):1; " DISK
		     " used 0 0 cpus(allocated: b):2\n");
	check_logged("add_framework 0 a active used 0 0 cpus(allocated: a):1; " DISK
		     " used 0 0 cpus(allocated: b):2\n");
	ck_assert_ptr_null(client_heard(scheduler, "'RESCIND'"));
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	check_logged("back 0 0 cpus(allocated: a):1; " DISK "\n");
	accept(1, "");
	check_logged("back 0 0 cpus(allocated: b):2 filter 5000\n");
}
END_TEST

START_TEST(what_is_suppressed_is_told)
{
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'SUPPRESS','framework_id':{'value':'%s-0000'},"
				 "'suppress':{'roles':['b']}}",
				 first_id),
		0);
	swap();
	check_logged("add_framework 0 a active suppressed b\n");
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'REVIVE','framework_id':{'value':'%s-0000'},"
				 "'revive':{'roles':['b']}}",
				 first_id),
		0);
	swap();
	check_logged("add_framework 0 a active\n");
}
END_TEST

/* It hears of them when they hold, once, as the old one would have. */
START_TEST(quota_and_weights_that_are_being_stored_are_told_when_they_are)
{
	f->store_held = true;
	client_send(who, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc,
		"{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':[{'role':'a',"
		"'limits':{'cpus':{'value':3}}}]}}");
	client_send(who, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc,
		"{'type':'UPDATE_WEIGHTS','update_weights':{'weight_infos':[{'role':'a',"
		"'weight':2}]}}");
	swap();
	ck_assert(!fixture_logged(f, "quota"));
	ck_assert(!fixture_logged(f, "weight"));
	fixture_release_store(f);
	check_logged("quota a guarantees limits cpus:3\n");
	check_logged("weight a 2\n");
	swap();
	check_logged("weight a 2\nquota a guarantees limits cpus:3\nadd_agent 0");
}
END_TEST

START_TEST(an_agent_that_is_away_is_told_as_such)
{
	client_down(agent);
	swap();
	check_logged("add_agent 0 cpus:4; disk:1000\ndeactivate_agent 0\n");
	fixture_forget(f);
	agent = client_up(f, 0, "agent");
	client_send(agent, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'agent':{'hostname':'host0','id':{'value':'%s-S0'},'resources':"
		"[" SCALAR("cpus", "4") "}," SCALAR("disk", "1000") "}]},"
								    "'address':'tcp:"
								    "//host:5061',"
								    "'version':'1.0'"
								    "}",
		first_id);
	check_logged("activate_agent 0\n");
	ck_assert(!fixture_logged(f, "add_agent"));
}
END_TEST

/* The registry is being told that its machine is DOWN. */
START_TEST(an_agent_that_is_leaving_is_told_as_such)
{
	ops.update_unavailability = update_unavailability;
	call("{'type':'UPDATE_MAINTENANCE_SCHEDULE','update_maintenance_schedule':{"
	     "'schedule':{'windows':[{'machine_ids':[{'hostname':'host0'}],"
	     "'unavailability':{'start':{'nanoseconds':5}}}]}}}");
	f->store_held = true;
	call("{'type':'START_MAINTENANCE','start_maintenance':{'machines':[{'hostname':"
	     "'host0'}]}}");
	fixture_answer_store(f);
	swap();
	check_logged("add_agent 0 cpus:4; disk:1000 leaves at 5 inactive\n");
	fixture_release_store(f);
	check_logged("remove_agent 0\n");
}
END_TEST

START_TEST(a_framework_that_is_away_is_told_as_such)
{
	client_down(scheduler);
	swap();
	check_logged("add_framework 0 a\n");
	scheduler = client_up(f, 1, "scheduler");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'roles':['a','b'],'failover_timeout':3600,'capabilities':[{"
			"'type':'MULTI_ROLE'}],'id':{'value':'%s-0000'}}}}",
			first_id, first_id),
		0);
	check_logged("activate_framework 0\n");
}
END_TEST

/* Where roles have weights an allocator without them has no place. */
START_TEST(weights_keep_out_who_knows_none)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(
		client_operator(who,
			"{'type':'UPDATE_WEIGHTS','update_weights':{'weight_infos':[{"
			"'role':'a','weight':2}]}}"),
		0);
	ops.update_weights = NULL;
	ck_assert_int_eq(replay(m, &err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "roles have weights"));
}
END_TEST

/* --- while it is being stored ---------------------------------------------------------- */

static void check_refused(const char *text)
{
	struct tp_error err = { 0 };

	ck_assert_int_eq(replay(m, &err), -ENOTSUP);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(weights_that_are_being_stored_keep_out_who_knows_none)
{
	f->store_held = true;
	call("{'type':'UPDATE_WEIGHTS','update_weights':{'weight_infos':[{'role':'a',"
	     "'weight':2}]}}");
	ops.update_weights = NULL;
	check_refused("roles have weights");
	ops.update_weights = before->update_weights;
	fixture_release_store(f);
	check_logged("weight a 2\n");
}
END_TEST

/* Even when there is none before it and none after it. */
START_TEST(quota_that_is_being_stored_keeps_out_who_knows_none)
{
	f->store_held = true;
	call("{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':[{'role':'a',"
	     "'limits':{'cpus':{'value':3}}}]}}");
	call("{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':[{'role':'a'}]}}");
	ops.update_quota = NULL;
	check_refused("roles have quota");
	ops.update_quota = before->update_quota;
	fixture_release_store(f);
	check_logged("quota a guarantees limits cpus:3\nquota a guarantees limits\n");
	ops.update_quota = NULL;
	swap();
}
END_TEST

static int keeps_none(
	void *impl, struct tp_quota_config *const *quotas, size_t n, struct tp_error *err)
{
	(void)impl, (void)quotas;
	return n == 0 ? 0 : tp_fail(err, ENOTSUP, "it counts nothing");
}

START_TEST(quota_that_is_being_stored_keeps_out_who_cannot_keep_it)
{
	f->store_held = true;
	call("{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':[{'role':'a',"
	     "'limits':{'cpus':{'value':3}}}]}}");
	ops.check_quota = keeps_none;
	check_refused("it counts nothing");
	ops.check_quota = before->check_quota;
	fixture_release_store(f);
}
END_TEST

START_TEST(a_schedule_that_is_being_stored_keeps_out_who_asks_nobody_to_leave)
{
	ops.update_unavailability = update_unavailability;
	f->store_held = true;
	call("{'type':'UPDATE_MAINTENANCE_SCHEDULE','update_maintenance_schedule':{"
	     "'schedule':{'windows':[{'machine_ids':[{'hostname':'host9'}],"
	     "'unavailability':{'start':{'nanoseconds':5}}}]}}}");
	ops.update_unavailability = NULL;
	check_refused("the allocator knows no maintenance");
	ops.update_unavailability = update_unavailability;
	fixture_release_store(f);
	ck_assert(fixture_has_variable(f, "machine/host9/"));
}
END_TEST

/* It would lose count of the copies. */
START_TEST(shared_volumes_keep_out_who_knows_none)
{
	struct tp_error err = { 0 };
	static const char volume[] =
		"[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":64},"
		"\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"a\"}],\"disk\":{"
		"\"persistence\":{\"id\":\"v\"},\"volume\":{\"container_path\":\"data\","
		"\"mode\":\"RW\"}},\"shared\":{}}]";
	tp_cleanup(ptr) char *task = tp_asprintf(
		"{'type':'LAUNCH','launch':{'task_infos':[{'name':'n',"
		"'task_id':{'value':'t'},'agent_id':{'value':'%s-S0'},"
		"'resources':[" SCALAR("cpus", "1") "}," VOLUME
						    "],'command':{'value':'true'}}]}}",
		first_id);

	ops.update_allocation = NULL;
	swap();
	ops.update_allocation = before->update_allocation;
	fixture_offer(f, 0, 0, "disk:100", "a"); /* O0 */
	accept(0, RESERVE "," CREATE);
	ops.update_allocation = NULL;
	ck_assert_int_eq(replay(m, &err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "there are shared volumes"));
	/* One that was there from the start, and agents brought theirs. */
	fixture_offer(f, 0, 0, "cpus:1", "a");
	fixture_offer(f, 0, 0, volume, "a");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O1'},{'value':'%s-O2'}],"
			"'operations':[%s]}}",
			first_id, first_id, first_id, task),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'TASK_ERROR'"));
	ck_assert_ptr_nonnull(strstr(client_heard(scheduler, "'TASK_ERROR'"),
		"The allocator knows no shared volumes"));
	ck_assert_ptr_null(client_heard(agent, "40 {"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_replay");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_used_offered_and_converted_is_told);
	tcase_add_test(tc, what_is_suppressed_is_told);
	tcase_add_test(
		tc, quota_and_weights_that_are_being_stored_are_told_when_they_are);
	tcase_add_test(tc, an_agent_that_is_away_is_told_as_such);
	tcase_add_test(tc, a_framework_that_is_away_is_told_as_such);
	tcase_add_test(tc, weights_keep_out_who_knows_none);
	tcase_add_test(tc, weights_that_are_being_stored_keep_out_who_knows_none);
	tcase_add_test(tc, quota_that_is_being_stored_keeps_out_who_knows_none);
	tcase_add_test(tc, quota_that_is_being_stored_keeps_out_who_cannot_keep_it);
	tcase_add_test(
		tc, a_schedule_that_is_being_stored_keeps_out_who_asks_nobody_to_leave);
	tcase_add_test(tc, an_agent_that_is_leaving_is_told_as_such);
	tcase_add_test(tc, shared_volumes_keep_out_who_knows_none);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
