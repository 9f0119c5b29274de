/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents and frameworks of one master on virtual time: how they come, break, come back and go;
 * what the registry holds; what a restarted master knows; what operators are told.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define REGISTERED "22 {'agent_id'"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler, *desk;

static void setup(void)
{
	fixture_init(f, NULL);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, ",'checkpoint':true,'failover_timeout':3600");
	desk = client_up(f, 2, "operator");
}

static void teardown(void)
{
	fixture_fini(f);
}

static bool tells(const char *call, const char *text)
{
	client_forget(desk);
	ck_assert_int_eq(client_operator(desk, "{'type':'%s'}", call), 0);
	return client_heard(desk, text) != NULL;
}

static void reregister(const char *master_id, const char *task, const char *state)
{
	fixture_reregister(agent, master_id, task, state);
}

START_TEST(an_agent_is_answered_when_the_registry_knows_it)
{
	struct client *late;

	f->store_held = true;
	late = client_up(f, 3, "agent");
	client_send(late, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'h','resources':[" CPUS(1) "]},'version':'1.0'}");
	ck_assert_ptr_null(client_heard(late, REGISTERED));
	ck_assert(!fixture_logged(f, "add_agent 1"));
	fixture_release_store(f);
	ck_assert_ptr_nonnull(client_heard(late, REGISTERED));
	ck_assert_ptr_nonnull(client_heard(late, "'total_ping_timeout_seconds':75"));
	ck_assert(fixture_logged(f, "add_agent 1"));
}
END_TEST

START_TEST(a_second_registration_by_one_session_gets_the_same_id)
{
	client_forget(agent);
	client_send(agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'host0','resources':[" CPUS(4) "]}}");
	ck_assert_ptr_nonnull(client_heard(agent, "-S0'"));
	ck_assert(!fixture_logged(f, "add_agent 1"));
}
END_TEST

START_TEST(a_second_subscription_by_one_session_gets_the_same_id)
{
	client_forget(scheduler);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','subscribe':{'framework_info':{'user':'u',"
			"'name':'test','checkpoint':true,'failover_timeout':3600}}}"),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'SUBSCRIBED'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "-0000'"));
	ck_assert_ptr_null(client_heard(scheduler, "'type':'ERROR'"));
	ck_assert(!tells("GET_FRAMEWORKS", "-0001'"));
}
END_TEST

START_TEST(a_failed_store_ends_the_process)
{
	struct client *late = client_up(f, 3, "agent");

	f->store_status = -EIO;
	client_send(late, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'h','resources':[" CPUS(1) "]},'version':'1.0'}");
	ck_assert_int_eq(f->exit_status, 1);
	ck_assert_ptr_null(client_heard(late, REGISTERED));
}
END_TEST

START_TEST(a_store_that_takes_too_long_ends_the_process)
{
	struct client *late = client_up(f, 3, "agent");

	f->store_held = true;
	client_send(late, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'h','resources':[" CPUS(1) "]},'version':'1.0'}");
	fixture_advance(f, 19 * TP_SEC);
	ck_assert_int_eq(f->exit_status, -1);
	fixture_advance(f, 2 * TP_SEC);
	ck_assert_int_eq(f->exit_status, 1);
	fixture_release_store(f);
}
END_TEST

START_TEST(a_disconnected_agent_comes_back_with_its_tasks)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	client_down(agent);
	ck_assert(tells("GET_AGENTS", "'active':false"));
	agent = client_up(f, 0, "agent");
	fixture_forget(f);
	reregister(id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
	ck_assert_ptr_null(client_heard(agent, "reconciliations"));
	ck_assert(fixture_logged(f, "activate_agent 0"));
	ck_assert(tells("GET_AGENTS", "'active':true"));
}
END_TEST

/* The framework became PARTITION_AWARE, say, while the agent was away. */
START_TEST(an_agent_that_returns_hears_what_changed_of_its_frameworks)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	client_down(agent);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'UPDATE_FRAMEWORK','framework_id':{'value':'%s-0000'},"
			"'update_framework':{'framework_info':{'user':'u','name':'new',"
			"'checkpoint':true,'failover_timeout':3600,"
			"'capabilities':[{'type':'PARTITION_AWARE'}],"
			"'id':{'value':'%s-0000'}}}}",
			id, id),
		0);
	agent = client_up(f, 0, "agent");
	reregister(id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, "51 {'framework_id'"));
	ck_assert_ptr_nonnull(client_heard(agent, "'PARTITION_AWARE'"));
}
END_TEST

START_TEST(an_agent_that_knows_it_hears_nothing_of_a_framework)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	client_down(agent);
	agent = client_up(f, 0, "agent");
	reregister(id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
	ck_assert_ptr_null(client_heard(agent, "51 {'framework_id'"));
}
END_TEST

START_TEST(a_launch_that_was_lost_is_asked_for)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	client_down(agent);
	agent = client_up(f, 0, "agent");
	reregister(id, NULL, NULL);
	ck_assert_ptr_nonnull(client_heard(agent, "'reconciliations':[{'framework_id'"));
	ck_assert(tells("GET_TASKS", "'tasks':[{'name':'n'"));
}
END_TEST

START_TEST(an_agent_that_stays_away_is_unreachable_and_may_return)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	client_down(agent);
	fixture_advance(f, 11 * TP_MIN);
	ck_assert(fixture_has_variable(f, "unreachable/"));
	ck_assert(!fixture_has_variable(f, "agent/"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_LOST'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'reason':'REASON_AGENT_REMOVED'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
	ck_assert(fixture_logged(f, "remove_agent 0"));
	agent = client_up(f, 0, "agent");
	reregister(id, "t", "TASK_RUNNING");
	ck_assert(fixture_has_variable(f, "agent/"));
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'reason':'REASON_AGENT_REREGISTERED'"));
}
END_TEST

/* The allocator hears of it as of something in use, not only when it is released. */
START_TEST(a_task_that_was_forgotten_here_returns)
{
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_forget(f);
	reregister(fixture_master_id(f), "old", "TASK_RUNNING");
	ck_assert(fixture_logged(f, "remove_agent 0"));
	ck_assert(fixture_logged(f, "add_agent 0"));
	ck_assert(fixture_logged(f, "used 0 0"));
}
END_TEST

/* What another master bases on the version before is refused from then on. */
START_TEST(a_leader_writes_who_it_is_before_it_serves)
{
	ck_assert(fixture_has_variable(f, "master"));
	f->store_held = true;
	fixture_restart(f, NULL);
	fixture_settle(f);
	/* No answer yet. */
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_AGENTS'}"), 1);
	f->store_held = false;
	fixture_release_store(f);
	fixture_settle(f);
	ck_assert_int_eq(client_operator(desk, "{'type':'GET_AGENTS'}"), 0);
}
END_TEST

START_TEST(a_silent_agent_is_unreachable_after_its_ping_timeouts)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	/* The first ping was answered; the next comes after 15 s and is missed 5 times. */
	fake_transport_stall(f->transport, NULL, true);
	fixture_advance(f, 89 * TP_SEC);
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	fixture_advance(f, 2 * TP_SEC);
	ck_assert(fixture_has_variable(f, "unreachable/"));
}
END_TEST

START_TEST(a_restarted_master_knows_its_agents_and_their_frameworks)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	fixture_restart(f, NULL);
	ck_assert_str_ne(id, fixture_master_id(f));
	ck_assert(tells("GET_AGENTS", "'recovered_agents':[{'hostname':'host0'"));
	reregister(id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, REGISTERED));
	ck_assert(fixture_logged(f, "add_agent 0"));
	ck_assert(fixture_logged(f, "used 0 0"));
	ck_assert(tells("GET_FRAMEWORKS", "'recovered':true"));
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'checkpoint':true,'id':{'value':'%s-0000'}}}}",
			id, id),
		0);
	ck_assert(tells("GET_FRAMEWORKS", "'recovered':false"));
	fixture_advance(f, 2 * TP_HOUR);
	ck_assert(tells("GET_FRAMEWORKS", "'frameworks':[{"));
}
END_TEST

START_TEST(there_is_no_answer_about_agents_that_may_come_back)
{
	tp_cleanup(ptr) char *id = tp_strdup(fixture_master_id(f));

	fixture_restart(f, NULL);
	scheduler = fixture_scheduler(f, 3, "");
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
				 "'reconcile':{'tasks':[{'task_id':{'value':'t'},"
				 "'agent_id':{'value':'%s-S0'}}]}}",
				 fixture_master_id(f), id),
		0);
	ck_assert_ptr_null(client_heard(scheduler, "'type':'UPDATE'"));
	fixture_advance(f, 11 * TP_MIN);
	ck_assert(fixture_has_variable(f, "unreachable/"));
}
END_TEST

START_TEST(a_second_scheduler_takes_over)
{
	struct client *other = client_up(f, 3, "scheduler");
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'checkpoint':true,'id':{'value':'%s-0000'}}}}",
			id, id),
		0);
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'message':'Framework failed over'"));
	ck_assert_ptr_nonnull(client_heard(other, "'type':'SUBSCRIBED'"));
	ck_assert(tells("GET_FRAMEWORKS", "'connected':true"));
}
END_TEST

static int subscribe_as(struct client *c, const char *name, bool returns)
{
	const char *id = fixture_master_id(f);

	return client_scheduler(c,
		"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
		"'subscribe':{'framework_info':{'user':'u','name':'test',"
		"'failover_timeout':3600,'checkpoint':true,'id':{'value':'%s-0000'}},'"
		"scheduler':'%s',"
		"'returns':%s}}",
		id, id, name, returns ? "true" : "false");
}

/* Cut off, replaced, and back without having heard of it. */
START_TEST(a_scheduler_that_was_replaced_may_not_return)
{
	struct client *second = client_up(f, 3, "scheduler");
	struct client *first, *successor;

	ck_assert_int_eq(subscribe_as(second, "s2", false), 0);
	ck_assert_ptr_nonnull(client_heard(second, "'type':'SUBSCRIBED'"));
	first = client_up(f, 4, "scheduler");
	ck_assert_int_eq(subscribe_as(first, "s1", true), 0);
	ck_assert_ptr_nonnull(client_heard(first, "'message':'Framework failed over'"));
	ck_assert_ptr_null(client_heard(second, "'type':'ERROR'"));
	/* Also when the second is away just now; but it may return itself. */
	client_down(second);
	first = client_up(f, 4, "scheduler");
	ck_assert_int_eq(subscribe_as(first, "s1", true), 0);
	ck_assert_ptr_nonnull(client_heard(first, "'message':'Framework failed over'"));
	second = client_up(f, 3, "scheduler");
	ck_assert_int_eq(subscribe_as(second, "s2", true), 0);
	ck_assert_ptr_nonnull(client_heard(second, "'type':'SUBSCRIBED'"));
	/* Who takes over on purpose always may. */
	successor = client_up(f, 5, "scheduler");
	ck_assert_int_eq(subscribe_as(successor, "s3", false), 0);
	ck_assert_ptr_nonnull(client_heard(successor, "'type':'SUBSCRIBED'"));
	ck_assert_ptr_nonnull(client_heard(second, "'message':'Framework failed over'"));
}
END_TEST

START_TEST(a_framework_without_failover_timeout_ends_with_its_session)
{
	struct client *other = fixture_scheduler(f, 3, "");

	fixture_offer(f, 1, 0, "cpus:4", "*");
	fixture_launch(f, other, 1, 0, "t");
	client_down(other);
	ck_assert(fixture_logged(f, "remove_framework 1"));
	ck_assert_ptr_nonnull(client_heard(agent, "49 {'framework_id'"));
	ck_assert(tells("GET_TASKS", "'state':'TASK_KILLED'"));
	ck_assert(tells("GET_FRAMEWORKS", "'completed_frameworks':[{"));
}
END_TEST

START_TEST(a_framework_that_was_removed_may_not_come_back)
{
	const char *id = fixture_master_id(f);
	struct client *other = client_up(f, 3, "scheduler");

	ck_assert_int_eq(client_operator(desk,
				 "{'type':'TEARDOWN','teardown':{'framework_id':"
				 "{'value':'%s-0000'}}}",
				 id),
		0);
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'id':{'value':'%s-0000'}}}}",
			id, id),
		0);
	ck_assert_ptr_nonnull(
		client_heard(other, "'message':'Framework has been removed'"));
}
END_TEST

/* [FrameworkInfoValidationTest.ValidateRoles, MasterTest.RejectFrameworkWithInvalidRole] */
static const char *const bad_roles[] = { "a//b", DEEP_ROLE };

START_TEST(a_bad_role_is_an_error_event)
{
	tp_cleanup(ptr) char *info = tp_asprintf(",'role':'%s'", bad_roles[_i]);
	struct client *other = fixture_scheduler(f, 3, info);

	ck_assert_ptr_nonnull(client_heard(other, "'type':'ERROR'"));
	ck_assert_ptr_null(client_heard(other, "'type':'SUBSCRIBED'"));
}
END_TEST

/* The agent lends so many cpus. */
static void lend(const char *cpus)
{
	client_send(agent, TP_MESSAGE_UPDATE_AGENT, &tp_update_agent_desc,
		"{'agent_id':{'value':'%s-S0'},'update_oversubscribed_resources':true,"
		"'oversubscribed_resources':[{'name':'cpus','type':'SCALAR',"
		"'scalar':{'value':%s},'revocable':{}}]}",
		fixture_master_id(f), cpus);
}

/* What of an agent may be taken back at any time is counted apart. */
START_TEST(revocable_resources_are_counted_apart)
{
	lend("2");
	ck_assert_double_eq(fixture_metric(f, "master/cpus_total"), 4);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_total"), 2);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_percent"), 0);
	ck_assert_double_eq(fixture_metric(f, "master/mem_revocable_total"), 0);
}
END_TEST

/* Registered again, the agent says with its next word only what it lends; its tasks have it now. */
START_TEST(revocable_resources_in_use_are_counted_apart)
{
	const char *id = fixture_master_id(f);

	client_send(agent, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'tasks':[{'name':'n','task_id':{'value':'t'},"
		"'framework_id':{'value':'%s-0000'},'agent_id':{'value':'%s-S0'},"
		"'state':'TASK_RUNNING','resources':["
		"{'name':'cpus','type':'SCALAR','scalar':{'value':1.5},'revocable':{},"
		"'allocation_info':{'role':'*'}},"
		"{'name':'mem','type':'SCALAR','scalar':{'value':64},"
		"'allocation_info':{'role':'*'}}]}],"
		"'frameworks':[{'user':'u','name':'test','id':{'value':'%s-0000'}}],"
		"'agent':{'hostname':'host0','id':{'value':'%s-S0'},'resources':[" CPUS(
			4) "]},"
			   "'version':'1.0'}",
		id, id, id, id);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_used"), 0);
	ck_assert_double_eq(fixture_metric(f, "master/mem_used"), 64);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_used"), 1.5);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_percent"), 0);
	lend("3");
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_total"), 3);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_percent"), 0.5);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_total"), 4);
}
END_TEST

static const char *const not_lent[] = {
	"'scalar':{'value':2}",
	"'scalar':{'value':2},'revocable':{},'allocation_info':{'role':'r'}",
	"'scalar':{'value':-2},'revocable':{}",
};

/* One that is not, or is given to somebody, or is less than nothing, spoils the list. */
START_TEST(oversubscribed_resources_are_revocable)
{
	client_send(agent, TP_MESSAGE_UPDATE_AGENT, &tp_update_agent_desc,
		"{'agent_id':{'value':'%s-S0'},"
		"'update_oversubscribed_resources':true,"
		"'oversubscribed_resources':[{'name':'cpus','type':'SCALAR',"
		"'scalar':{'value':2},'revocable':{}},"
		"{'name':'cpus','type':'SCALAR',%s}]}",
		fixture_master_id(f), not_lent[_i]);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_total"), 4);
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_total"), 0);
	lend("3");
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_total"), 3);
}
END_TEST

/*
 * [OversubscriptionTest.RescindRevocableOfferWithIncreasedRevocable and ...DecreasedRevocable]
 * Offers without them stay.
 */
START_TEST(revocable_resources_that_change_are_taken_back)
{
	static const char *const changed[] = { "3", "0.5", "0" };
	static const char revocable[] =
		"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},"
		"\"revocable\":{}}]";

	lend("2");
	fixture_offer(f, 0, 0, "cpus:1", "*");  /* O0 */
	fixture_offer(f, 0, 0, revocable, "*"); /* O1 */
	client_forget(scheduler);
	lend(changed[_i]);
	ck_assert_uint_eq(client_count(scheduler, "'RESCIND'"), 1);
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O1'"));
	ck_assert_double_eq(fixture_metric(f, "master/cpus_revocable_total"),
		strtod(changed[_i], NULL));
}
END_TEST

/* As after a message that came twice: no framework loses an offer by it. */
START_TEST(revocable_resources_that_are_as_before_stay_offered)
{
	static const char revocable[] =
		"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},"
		"\"revocable\":{}}]";

	lend("2");
	fixture_offer(f, 0, 0, revocable, "*");
	client_forget(scheduler);
	fixture_forget(f);
	lend("2");
	ck_assert_uint_eq(client_count(scheduler, "'RESCIND'"), 0);
	ck_assert(!fixture_logged(f, "update_agent"));
}
END_TEST

/* More than the master could add up, or a reservation of a role that is none. */
START_TEST(an_agent_with_too_much_is_refused)
{
	static const char *const resources[] = {
		"{'name':'mem','type':'SCALAR','scalar':{'value':9e15}}",
		"{'name':'mem','type':'SCALAR','scalar':{'value':9e10}},"
		"{'name':'disk','type':'SCALAR','scalar':{'value':9e10}}",
		"{'name':'ids','type':'RANGES','ranges':{'range':["
		"{'begin':1,'end':9000000000000000000}]}}",
		"{'name':'cpus','type':'SCALAR','scalar':{'value':1},"
		"'reservations':[{'type':'STATIC','role':'" DEEP_ROLE "'}]}",
	};

	for (size_t i = 0; i < TP_COUNT(resources); i++) {
		struct client *other = client_up(f, 3, "agent");

		client_send(other, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
			"{'agent':{'hostname':'large','resources':[%s]},"
			"'address':'tcp://large:5061','version':'1.0'}",
			resources[i]);
		ck_assert_msg(fixture_logged(f, "add_agent 0"), "%s", f->log.data);
		ck_assert_msg(!fixture_logged(f, "add_agent 1"), "%s", f->log.data);
		client_down(other);
	}
}
END_TEST

/* [FrameworkInfoValidationTest.UpgradeToMultiRole] */
START_TEST(a_framework_that_becomes_multi_role_keeps_its_role)
{
	struct client *other =
		fixture_scheduler(f, 3, ",'role':'a','failover_timeout':60");
	static const char call[] =
		"{'type':'UPDATE_FRAMEWORK','framework_id':{'value':'%s-0001'},"
		"'update_framework':{'framework_info':{'user':'u','name':'test',"
		"'id':{'value':'%s-0001'},'capabilities':[{'type':'MULTI_ROLE'}],"
		"'roles':[%s]}}}";
	const char *id = fixture_master_id(f);

	ck_assert_int_lt(client_scheduler(other, call, id, id, "'b'"), 0);
	ck_assert_ptr_nonnull(strstr(other->text, "must keep its role 'a'"));
	ck_assert_int_eq(client_scheduler(other, call, id, id, "'a','b'"), 0);
}
END_TEST

START_TEST(ids_from_outside_may_look_like_ours)
{
	const char *id = fixture_master_id(f);
	struct client *other = client_up(f, 3, "scheduler");
	struct client *stranger = client_up(f, 4, "agent");

	client_send(stranger, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'agent':{'hostname':'h','id':{'value':'%s-S1'},"
		"'resources':[" CPUS(1) "]},'version':'1.0'}",
		id);
	ck_assert_ptr_nonnull(client_heard(stranger, REGISTERED));
	ck_assert_ptr_nonnull(client_heard(fixture_agent(f, 5), "-S2'"));
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0001'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'id':{'value':'%s-0001'}}}}",
			id, id),
		0);
	ck_assert_ptr_nonnull(client_heard(fixture_scheduler(f, 6, ""), "-0002'"));
}
END_TEST

START_TEST(a_stream_belongs_to_one_framework)
{
	ck_assert_int_lt(client_scheduler(scheduler,
				 "{'type':'SUBSCRIBE','subscribe':{'framework_info':"
				 "{'user':'u','name':'intruder'}}}"),
		0);
	ck_assert_ptr_null(client_heard(scheduler, "'type':'ERROR'"));
	ck_assert(tells("GET_FRAMEWORKS", "'connected':true"));
	ck_assert_ptr_null(client_heard(desk, "intruder"));
}
END_TEST

START_TEST(a_call_for_somebody_else_is_refused)
{
	struct client *other = client_up(f, 3, "scheduler");

	ck_assert_int_lt(client_scheduler(other,
				 "{'type':'REVIVE','framework_id':{'value':'%s-0000'}}",
				 fixture_master_id(f)),
		0);
	ck_assert_int_lt(client_scheduler(scheduler, "{'type':'REVIVE'}"), 0);
	ck_assert_int_lt(client_scheduler(scheduler,
				 "{'type':'KILL','framework_id':"
				 "{'value':'x'}}"),
		0);
	ck_assert_int_lt(client_operator(desk, "{'type':'DRAIN_AGENT'}"), 0);
	ck_assert_int_lt(client_operator(desk, "{}"), 0);
}
END_TEST

START_TEST(subscribers_hear_what_changes)
{
	ck_assert_int_eq(client_operator(desk, "{'type':'SUBSCRIBE'}"), 1);
	ck_assert_ptr_nonnull(client_heard(desk, "'type':'SUBSCRIBED'"));
	ck_assert_ptr_nonnull(client_heard(desk, "'get_agents':{'agents':[{"));
	fixture_agent(f, 3);
	ck_assert_ptr_nonnull(client_heard(desk, "'type':'AGENT_ADDED'"));
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_ptr_nonnull(client_heard(desk, "'type':'TASK_ADDED'"));
	fixture_update(f, agent, 0, "t", "TASK_RUNNING", "TASK_RUNNING", 1);
	ck_assert_ptr_nonnull(client_heard(desk, "'type':'TASK_UPDATED'"));
	fixture_advance(f, 16 * TP_SEC);
	ck_assert_uint_eq(client_count(desk, "'type':'HEARTBEAT'"), 2);
}
END_TEST

START_TEST(operators_see_the_master)
{
	ck_assert(tells("GET_HEALTH", "'healthy':true"));
	ck_assert(tells("GET_MASTER", "'port':5060"));
	ck_assert(tells("GET_FLAGS", "{'name':'agent_ping_timeout','value':'15secs'}"));
	ck_assert(tells("GET_METRICS", "{'name':'master/slaves_connected','value':1"));
	ck_assert(tells("GET_ROLES", "{'name':'*'"));
	ck_assert(tells("GET_VERSION", "'version'"));
	ck_assert(tells("GET_STATE", "'get_frameworks'"));
	ck_assert(tells("GET_EXECUTORS", "get_executors"));
	ck_assert(tells("GET_LOGGING_LEVEL", "'level':0"));
}
END_TEST

static void add_agent_tests(TCase *tc)
{
	tcase_add_test(tc, an_agent_is_answered_when_the_registry_knows_it);
	tcase_add_test(tc, a_second_registration_by_one_session_gets_the_same_id);
	tcase_add_test(tc, a_second_subscription_by_one_session_gets_the_same_id);
	tcase_add_test(tc, a_failed_store_ends_the_process);
	tcase_add_test(tc, a_store_that_takes_too_long_ends_the_process);
	tcase_add_test(tc, a_disconnected_agent_comes_back_with_its_tasks);
	tcase_add_test(tc, an_agent_that_returns_hears_what_changed_of_its_frameworks);
	tcase_add_test(tc, an_agent_that_knows_it_hears_nothing_of_a_framework);
	tcase_add_test(tc, a_launch_that_was_lost_is_asked_for);
	tcase_add_test(tc, an_agent_that_stays_away_is_unreachable_and_may_return);
	tcase_add_test(tc, a_task_that_was_forgotten_here_returns);
	tcase_add_test(tc, a_leader_writes_who_it_is_before_it_serves);
	tcase_add_test(tc, a_silent_agent_is_unreachable_after_its_ping_timeouts);
	tcase_add_test(tc, a_restarted_master_knows_its_agents_and_their_frameworks);
	tcase_add_test(tc, there_is_no_answer_about_agents_that_may_come_back);
}

static void add_framework_tests(TCase *tc)
{
	tcase_add_test(tc, a_second_scheduler_takes_over);
	tcase_add_test(tc, a_scheduler_that_was_replaced_may_not_return);
	tcase_add_test(tc, a_framework_without_failover_timeout_ends_with_its_session);
	tcase_add_test(tc, a_framework_that_was_removed_may_not_come_back);
	tcase_add_loop_test(tc, a_bad_role_is_an_error_event, 0, TP_COUNT(bad_roles));
	tcase_add_test(tc, revocable_resources_are_counted_apart);
	tcase_add_test(tc, revocable_resources_in_use_are_counted_apart);
	tcase_add_loop_test(tc, revocable_resources_that_change_are_taken_back, 0, 3);
	tcase_add_test(tc, revocable_resources_that_are_as_before_stay_offered);
	tcase_add_test(tc, an_agent_with_too_much_is_refused);
	tcase_add_loop_test(
		tc, oversubscribed_resources_are_revocable, 0, TP_COUNT(not_lent));
	tcase_add_test(tc, a_framework_that_becomes_multi_role_keeps_its_role);
	tcase_add_test(tc, ids_from_outside_may_look_like_ours);
	tcase_add_test(tc, a_stream_belongs_to_one_framework);
	tcase_add_test(tc, a_call_for_somebody_else_is_refused);
	tcase_add_test(tc, subscribers_hear_what_changes);
	tcase_add_test(tc, operators_see_the_master);
}

int main(void)
{
	Suite *suite = suite_create("master_members");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_agent_tests(tc);
	add_framework_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
