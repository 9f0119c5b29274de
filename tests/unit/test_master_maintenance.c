/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance at the master: what may be scheduled, started and stopped, what agents and frameworks
 * hear of it, what the allocator is told and the next master knows; inverse offers are in
 * test_master_inverse_offers.c. Names in brackets are the tests' counterparts upstream.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules/master/maintenance_check.h"
#include "tests/unit/master_fixture.h"

#define SHUT_DOWN "26 {'message':"
#define AWARE \
	",'checkpoint':true,'failover_timeout':3600," \
	"'capabilities':[{'type':'PARTITION_AWARE'}]"
#define WINDOW(machines, start) \
	"{'machine_ids':[" machines "],'unavailability':{'start':{'nanoseconds':" start \
	"}}}"
#define HOST0 "{'hostname':'host0'}"
#define ADDRESS0 "{'ip':'127.0.0.1'}"
#define HOST9 "{'hostname':'host9'}"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler, *desk;
static char first_id[64];

static void begin(const struct tp_module *allocator)
{
	fixture_init_with(f, allocator, NULL);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, AWARE);
	desk = client_up(f, 2, "operator");
	snprintf(first_id, sizeof first_id, "%s", fixture_master_id(f));
	fixture_forget(f);
}

static void setup(void)
{
	begin(&fixture_allocator_maintaining);
}

static void teardown(void)
{
	fixture_fini(f);
}

static int schedule(const char *windows)
{
	client_forget(desk);
	return client_operator(desk,
		"{'type':'UPDATE_MAINTENANCE_SCHEDULE','update_maintenance_schedule':"
		"{'schedule':{'windows':[%s]}}}",
		windows);
}

static int start(const char *machines)
{
	return client_operator(desk,
		"{'type':'START_MAINTENANCE','start_maintenance':{'machines':[%s]}}",
		machines);
}

static int stop(const char *machines)
{
	return client_operator(desk,
		"{'type':'STOP_MAINTENANCE','stop_maintenance':{'machines':[%s]}}",
		machines);
}

static bool shows(const char *type, const char *text)
{
	client_forget(desk);
	ck_assert_int_eq(client_operator(desk, "{'type':'%s'}", type), 0);
	return client_heard(desk, text) != NULL;
}

static bool status_shows(const char *text)
{
	return shows("GET_MAINTENANCE_STATUS", text);
}

static bool schedule_shows(const char *text)
{
	return shows("GET_MAINTENANCE_SCHEDULE", text);
}

/* --- schedules ------------------------------------------------------------------------- */

/* [MasterMaintenanceTest.UpdateSchedule] */
static const struct refusal {
	const char *windows, *text;
} refusals[] = {
	{ WINDOW("", "1"), "List of machines in the maintenance window is empty" },
	{ WINDOW("{}", "1"), "Both 'hostname' and 'ip' for a machine are empty" },
	{ WINDOW("{'hostname':'','ip':''}", "1"),
		"Both 'hostname' and 'ip' for a machine are empty" },
	{ WINDOW("{'ip':'1.2.3'}", "1"),
		"Machine '{\"ip\":\"1.2.3\"}' has an 'ip' that is not an IP address" },
	{ WINDOW("{'hostname':'h','ip':'somewhere'}", "1"), "is not an IP address" },
	{ WINDOW("{'hostname':'a'},{'hostname':'A'}", "1"),
		"Machine '{\"hostname\":\"a\"}' appears more than once in the schedule" },
	{ WINDOW("{'hostname':'a','ip':'1.2.3.4'}", "1") "," WINDOW(
		  "{'hostname':'a','ip':'1.2.3.4'}", "2"),
		"appears more than once in the schedule" },
	{ "{'machine_ids':[" HOST0 "],'unavailability':{'start':{'nanoseconds':1},"
	  "'duration':{'nanoseconds':-1}}}",
		"Unavailability 'duration' is negative" },
	{ "{'machine_ids':[" HOST0 "],'unavailability':{}}", "start" },
	{ "{'machine_ids':[" HOST0 "]}", "unavailability" },
};

START_TEST(what_is_wrong_with_a_schedule_changes_nothing)
{
	const struct refusal *refusal = &refusals[_i];

	ck_assert_int_eq(schedule(refusal->windows), -EINVAL);
	ck_assert_msg(strstr(desk->text, refusal->text) != NULL, "'%s'", desk->text);
	ck_assert(!fixture_has_variable(f, "schedule"));
	ck_assert(!fixture_has_variable(f, "machine/"));
	ck_assert(schedule_shows("'schedule':{}"));
}
END_TEST

/* [MasterMaintenanceTest.UpdateSchedule, RegistrarTest.UpdateMaintenanceSchedule] */
START_TEST(a_schedule_is_stored_told_and_shown)
{
	ck_assert_int_eq(schedule(WINDOW(HOST0 "," HOST9, "5") "," WINDOW(
				 "{'hostname':'HosT8','ip':'::ffff:10.0.0.1'}", "6")),
		0);
	ck_assert(fixture_has_variable(f, "schedule"));
	ck_assert(fixture_has_variable(f, "machine/host0/"));
	ck_assert(fixture_has_variable(f, "machine/host9/"));
	ck_assert(fixture_has_variable(f, "machine/host8/10.0.0.1"));
	ck_assert(fixture_logged(f, "unavailability 0 at 5\n"));
	ck_assert(schedule_shows("{'hostname':'host8','ip':'10.0.0.1'}"));
	ck_assert(schedule_shows(
		"'machine_ids':[{'hostname':'host0'},{'hostname':'host9'}],"
		"'unavailability':{'start':{'nanoseconds':5}}"));
	ck_assert(status_shows("'draining_machines':[{'id':{'hostname':'host0'}},"
			       "{'id':{'hostname':'host9'}}"));
	ck_assert_int_eq(schedule(WINDOW(HOST9, "5")), 0);
	ck_assert(fixture_logged(f, "unavailability 0 none\n"));
	ck_assert(!fixture_has_variable(f, "machine/host0/"));
	ck_assert(!fixture_has_variable(f, "machine/host8/"));
	ck_assert(fixture_has_variable(f, "machine/host9/"));
	ck_assert_int_eq(schedule(""), 0);
	ck_assert(!fixture_has_variable(f, "schedule"));
	ck_assert(!fixture_has_variable(f, "machine/"));
	ck_assert(status_shows("'status':{}"));
}
END_TEST

/* A machine is what its name says of it. */
static const struct machine {
	const char *id;
	bool is_ours;
} machines[] = {
	{ "{'hostname':'HOST0'}", true },
	{ "{'ip':'127.0.0.1'}", true },
	{ "{'ip':'::ffff:127.0.0.1'}", true },
	{ "{'hostname':'host0','ip':'127.0.0.1'}", true },
	{ "{'hostname':'host0','ip':'127.0.0.2'}", false },
	{ "{'hostname':'host1','ip':'127.0.0.1'}", false },
	{ "{'hostname':'host'}", false },
	{ "{'ip':'::1'}", false },
};

START_TEST(a_machine_is_a_hostname_or_an_address_or_both)
{
	const struct machine *machine = &machines[_i];
	tp_cleanup(ptr) char *windows = tp_asprintf(
		"{'machine_ids':[%s],'unavailability':{'start':{'nanoseconds':7}}}",
		machine->id);

	ck_assert_int_eq(schedule(windows), 0);
	ck_assert_int_eq(fixture_logged(f, "unavailability 0 at 7\n"), machine->is_ours);
	ck_assert_int_eq(start(machine->id), 0);
	ck_assert_int_eq(client_heard(agent, SHUT_DOWN) != NULL, machine->is_ours);
}
END_TEST

START_TEST(of_several_machines_the_first_to_leave_counts)
{
	ck_assert_int_eq(
		schedule(WINDOW(HOST0, "9") "," WINDOW("{'ip':'127.0.0.1'}", "8")), 0);
	ck_assert(fixture_logged(f, "unavailability 0 at 8\n"));
	ck_assert_int_eq(start(HOST0), 0);
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN));
	ck_assert_int_eq(stop(HOST0), 0);
	ck_assert(status_shows("'draining_machines':[{'id':{'ip':'127.0.0.1'}}]"));
}
END_TEST

/* [MasterMaintenanceTest.PendingUnavailabilityTest] */
START_TEST(offers_say_when_their_agent_leaves)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_ptr_null(client_heard(scheduler, "unavailability"));
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'RESCIND'"));
	ck_assert(fixture_logged(f, "back 0 0 cpus(allocated: *):4\n"));
	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_ptr_nonnull(
		client_heard(scheduler, "'unavailability':{'start':{'nanoseconds':5}}"));
	client_forget(scheduler);
	/* What was said again is no news. */
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	ck_assert_ptr_null(client_heard(scheduler, "'type':'RESCIND'"));
	ck_assert_int_eq(schedule(WINDOW(HOST0, "6")), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'RESCIND'"));
	ck_assert_int_eq(schedule(""), 0);
	client_forget(scheduler);
	fixture_offer(f, 0, 0, "cpus:4", "*");
	ck_assert_ptr_null(client_heard(scheduler, "unavailability"));
}
END_TEST

START_TEST(an_agent_that_comes_later_is_announced)
{
	ck_assert_int_eq(schedule(WINDOW("{'hostname':'host3'}", "5")), 0);
	fixture_agent(f, 3);
	ck_assert(fixture_logged(f, "add_agent 1 cpus:4 leaves at 5\n"));
	fixture_offer(f, 0, 1, "cpus:4", "*");
	ck_assert_ptr_nonnull(client_heard(scheduler, "unavailability"));
}
END_TEST

START_TEST(an_allocator_that_asks_nobody_to_leave_is_given_no_schedule)
{
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(desk->text, "the allocator knows no maintenance"));
	ck_assert(!fixture_has_variable(f, "schedule"));
}
END_TEST

/* --- down and up ----------------------------------------------------------------------- */

/* [MasterMaintenanceTest.FailToUnscheduleDeactivatedMachines] */
START_TEST(a_machine_that_is_down_stays_in_the_schedule)
{
	ck_assert_int_eq(schedule(WINDOW(HOST0 "," HOST9, "5")), 0);
	ck_assert_int_eq(start(HOST9), 0);
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), -EINVAL);
	ck_assert_str_eq(desk->text,
		"Machine '{\"hostname\":\"host9\"}' is deactivated and cannot be removed "
		"from the schedule");
	ck_assert(schedule_shows("host9"));
	/* With the others it may go on as it likes, and it stays down. */
	ck_assert_int_eq(schedule(WINDOW(HOST9, "6")), 0);
	ck_assert(status_shows("'status':{'down_machines':[{'hostname':'host9'}]}"));
}
END_TEST

static const struct wrong {
	bool stops;
	const char *machines, *text;
} wrongs[] = {
	{ false, "", "List of machines is empty" },
	{ false, "{}", "Both 'hostname' and 'ip' for a machine are empty" },
	{ false, "{'ip':'x'}", "is not an IP address" },
	{ false, "{'hostname':'host1'}",
		"Machine '{\"hostname\":\"host1\"}' is not part of a maintenance "
		"schedule" },
	{ false, HOST0 "," HOST0, "appears more than once" },
	{ false, HOST0 "," HOST9,
		"Machine '{\"hostname\":\"host9\"}' is not in DRAINING mode and cannot "
		"be "
		"brought down" },
	{ true, "", "List of machines is empty" },
	{ true, "{'hostname':'host1'}", "is not part of a maintenance schedule" },
	{ true, HOST9 "," HOST9, "appears more than once" },
	{ true, HOST9 "," HOST0,
		"Machine '{\"hostname\":\"host0\"}' is not in DOWN mode and cannot be "
		"brought up" },
};

/* As many as are named h0, h1 ...; the caller's. */
static char *many(size_t n)
{
	struct tp_strbuf text = TP_STRBUF_INIT;

	for (size_t i = 0; i < n; i++)
		tp_strbuf_printf(&text, "%s{'hostname':'h%zu'}", i == 0 ? "" : ",", i);
	return tp_strbuf_steal(&text);
}

static int schedule_many(size_t n)
{
	tp_cleanup(ptr) char *names = many(n);
	tp_cleanup(ptr) char *windows = tp_asprintf(WINDOW("%s", "5"), names);

	return schedule(windows);
}

static int start_many(size_t n)
{
	tp_cleanup(ptr) char *names = many(n);

	return start(names);
}

START_TEST(the_number_of_machines_is_bounded)
{
	ck_assert_int_eq(schedule_many(MAINTENANCE_MACHINES_MAX + 1), -EINVAL);
	ck_assert_ptr_nonnull(strstr(desk->text, "10001 machines in the schedule are "));
	ck_assert_int_eq(schedule_many(MAINTENANCE_MACHINES_MAX), 0);
	ck_assert_int_eq(start_many(MAINTENANCE_CALL_MACHINES_MAX + 1), -EINVAL);
	ck_assert_ptr_nonnull(strstr(desk->text, "1001 machines are more than 1000 "));
	ck_assert_int_eq(start_many(MAINTENANCE_CALL_MACHINES_MAX), 0);
}
END_TEST

/* [MasterMaintenanceTest.BringDownMachines, BringUpMachines, MachineStatus] */
START_TEST(what_is_wrong_with_a_start_or_stop_changes_nothing)
{
	const struct wrong *wrong = &wrongs[_i];

	ck_assert_int_eq(schedule(WINDOW(HOST0 "," HOST9, "5")), 0);
	ck_assert_int_eq(start(HOST9), 0);
	ck_assert_int_eq(
		wrong->stops ? stop(wrong->machines) : start(wrong->machines), -EINVAL);
	ck_assert_msg(strstr(desk->text, wrong->text) != NULL, "'%s'", desk->text);
	ck_assert(status_shows("'status':{'draining_machines':[{'id':{'hostname':'host0'}"
			       "}],'down_machines':[{'hostname':'host9'}]}"));
	ck_assert_ptr_null(client_heard(agent, SHUT_DOWN));
}
END_TEST

static void register_again(void)
{
	client_down(agent);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, NULL, NULL);
}

/* [MasterMaintenanceTest.BringDownMachines, RegistrarTest.StartMaintenance] */
START_TEST(agents_of_a_machine_that_is_down_are_removed_and_refused)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	fixture_offer(f, 0, 0, "cpus:3", "*");
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	ck_assert_int_eq(start(HOST0), 0);
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Operator initiated "));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'reason':'REASON_AGENT_REMOVED'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'FAILURE'"));
	ck_assert(fixture_logged(f, "remove_agent 0\n"));
	ck_assert(!fixture_has_variable(f, "agent/"));
	ck_assert(fixture_has_variable(f, "gone/"));
	ck_assert(status_shows("'status':{'down_machines':[{'hostname':'host0'}]}"));

	register_again();
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Agent was removed when "));
	client_forget(agent);
	client_down(agent);
	agent = fixture_agent(f, 0);
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Machine is DOWN'"));
	ck_assert(shows("GET_AGENTS", "'get_agents':{}"));
}
END_TEST

/* [MasterMaintenanceTest.BringUpMachines, RegistrarTest.StopMaintenance] */
START_TEST(a_machine_that_is_up_has_its_agents_again)
{
	ck_assert_int_eq(schedule(WINDOW(HOST0 "," HOST9, "5")), 0);
	ck_assert_int_eq(start(HOST0 "," HOST9), 0);
	ck_assert_int_eq(stop(HOST0), 0);
	ck_assert(schedule_shows("'windows':[{'machine_ids':[{'hostname':'host9'}]"));
	ck_assert(status_shows("'status':{'down_machines':[{'hostname':'host9'}]}"));
	ck_assert(!fixture_has_variable(f, "machine/host0/"));
	client_down(agent);
	fixture_forget(f);
	agent = fixture_agent(f, 0);
	ck_assert(fixture_logged(f, "add_agent 0 cpus:4\n"));
	ck_assert_ptr_null(client_heard(agent, SHUT_DOWN));
	ck_assert_int_eq(stop(HOST9), 0);
	ck_assert(schedule_shows("'schedule':{}"));
	ck_assert(!fixture_has_variable(f, "schedule"));
	ck_assert(!fixture_has_variable(f, "machine/"));
}
END_TEST

/* Its frameworks were told that its tasks are gone: another master does not say otherwise. */
START_TEST(an_agent_that_did_not_hear_of_it_never_comes_back)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	client_down(agent);
	ck_assert_int_eq(start(HOST0), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
	ck_assert_int_eq(stop(HOST0), 0);
	fixture_restart(f, NULL);
	client_forget(scheduler);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Agent was removed when "));
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test'" AWARE
			",'id':{'value':'%s-0000'}}}}",
			first_id, first_id),
		0);
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
				 "'reconcile':{'tasks':[{'task_id':{'value':'t'},"
				 "'agent_id':{'value':'%s-S0'}}]}}",
				 first_id, first_id),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
	ck_assert_ptr_null(client_heard(scheduler, "'state':'TASK_RUNNING'"));
}
END_TEST

START_TEST(down_is_answered_when_the_agents_are_removed)
{
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	fixture_forget(f);
	f->store_held = true;
	ck_assert_int_eq(start(HOST0), 1);
	ck_assert_ptr_null(client_heard(agent, SHUT_DOWN));
	ck_assert(!fixture_logged(f, "agent 0"));
	fixture_release_store(f);
	ck_assert(desk->answered);
	ck_assert_int_eq(desk->status, 0);
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN));
	ck_assert(!fixture_has_variable(f, "agent/"));
}
END_TEST

START_TEST(changes_wait_for_each_other)
{
	struct client *other = client_up(f, 3, "operator");

	f->store_held = true;
	ck_assert_int_eq(schedule(WINDOW(HOST9, "5")), 1);
	ck_assert_int_eq(client_operator(other,
				 "{'type':'START_MAINTENANCE','start_maintenance':"
				 "{'machines':[" HOST9 "]}}"),
		1);
	fixture_release_store(f);
	ck_assert_int_eq(desk->status, 0);
	ck_assert(other->answered);
	ck_assert_int_eq(other->status, 0);
	ck_assert(status_shows("'down_machines':[{'hostname':'host9'}]"));
}
END_TEST

START_TEST(an_agent_that_is_being_admitted_meanwhile_is_removed)
{
	ck_assert_int_eq(schedule(WINDOW("{'hostname':'host3'}", "5")), 0);
	f->store_held = true;
	ck_assert_int_eq(start("{'hostname':'host3'}"), 1);
	fixture_agent(f, 3);
	fixture_release_store(f);
	ck_assert_ptr_nonnull(client_heard(&f->clients[3], SHUT_DOWN));
	ck_assert(!shows("GET_AGENTS", "host3"));
	ck_assert(fixture_has_variable(f, "agent/"));
	ck_assert(fixture_logged(f, "remove_agent 1\n"));
}
END_TEST

/* --- another master -------------------------------------------------------------------- */

/* [RegistrarTest.UpdateMaintenanceSchedule, StartMaintenance] */
START_TEST(the_next_master_knows_what_is_planned)
{
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5") "," WINDOW(HOST9, "6")), 0);
	ck_assert_int_eq(start(HOST9), 0);
	fixture_restart(f, NULL);
	ck_assert(schedule_shows("'start':{'nanoseconds':6}"));
	ck_assert(status_shows("'status':{'draining_machines':[{'id':{'hostname':'host0'}"
			       "}],'down_machines':[{'hostname':'host9'}]}"));
	fixture_forget(f);
	fixture_reregister(agent, first_id, NULL, NULL);
	ck_assert(fixture_logged(f, "add_agent 0 cpus:4 leaves at 5\n"));
	client_down(agent);
	agent = fixture_agent(f, 3);
	ck_assert_int_eq(stop(HOST9), 0);
	fixture_restart(f, NULL);
	ck_assert(!schedule_shows("host9"));
	ck_assert(schedule_shows("host0"));
}
END_TEST

static struct variable *variable(const char *prefix)
{
	for (size_t i = 0; i < f->n_variables; i++) {
		if (strncmp(f->variables[i].name, prefix, strlen(prefix)) == 0)
			return &f->variables[i];
	}
	return NULL;
}

/* The scheduler comes to the next master, and asks for the task that it had. */
static void check_gone_at_the_next_master(void)
{
	scheduler = client_up(f, 1, "scheduler");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test'" AWARE
			",'id':{'value':'%s-0000'}}}}",
			first_id, first_id),
		0);
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE','framework_id':{'value':'%s-0000'},"
				 "'reconcile':{'tasks':[{'task_id':{'value':'t'},"
				 "'agent_id':{'value':'%s-S0'}}]}}",
				 first_id, first_id),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
}

/* As if the master had died before the agents were removed. */
START_TEST(the_next_master_removes_agents_of_a_machine_that_is_down)
{
	struct variable admitted = *variable("agent/");

	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	ck_assert_int_eq(start(HOST0), 0);
	*variable("gone/") = admitted;
	fixture_restart(f, NULL);
	ck_assert(fixture_has_variable(f, "gone/"));
	ck_assert(!fixture_has_variable(f, "agent/"));
	check_gone_at_the_next_master();
	client_forget(agent);
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Agent was removed when "));
	ck_assert(!shows("GET_AGENTS", "'agents':[{"));
}
END_TEST

/* By its hostname it is known before it is back, by its address when it comes. */
static const struct away {
	const char *machine, *windows;
	bool found;
} aways[] = {
	{ HOST0, WINDOW(HOST0, "5"), true },
	{ ADDRESS0, WINDOW(ADDRESS0, "5"), false },
};

START_TEST(an_agent_that_is_not_back_is_removed)
{
	const struct away *away = &aways[_i];

	ck_assert_int_eq(schedule(away->windows), 0);
	client_down(agent);
	fixture_restart(f, NULL);
	ck_assert_int_eq(start(away->machine), 0);
	ck_assert_int_eq(fixture_has_variable(f, "gone/"), away->found);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN));
	ck_assert(fixture_has_variable(f, "gone/"));
	ck_assert(!fixture_has_variable(f, "agent/"));
	check_gone_at_the_next_master();
	ck_assert_int_eq(stop(away->machine), 0);
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Agent was removed when "));
}
END_TEST

/* The registry is being told that, when the machine goes DOWN. */
START_TEST(an_agent_that_becomes_unreachable_is_removed)
{
	fixture_offer(f, 0, 0, "cpus:4", "*");
	fixture_launch(f, scheduler, 0, 0, "t");
	ck_assert_int_eq(schedule(WINDOW(HOST0, "5")), 0);
	client_down(agent);
	fixture_advance(f, 595 * TP_SEC);
	f->store_held = true;
	ck_assert_int_eq(start(HOST0), 1);
	fixture_advance(f, 10 * TP_SEC);
	client_forget(scheduler);
	fixture_release_store(f);
	ck_assert_int_eq(desk->status, 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_UNREACHABLE'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'state':'TASK_GONE'"));
	ck_assert(fixture_has_variable(f, "gone/"));
	ck_assert(!fixture_has_variable(f, "unreachable/"));
	ck_assert_int_eq(stop(HOST0), 0);
	agent = client_up(f, 0, "agent");
	fixture_reregister(agent, first_id, "t", "TASK_RUNNING");
	ck_assert_ptr_nonnull(client_heard(agent, SHUT_DOWN "'Agent was removed when "));
}
END_TEST

static void setup_unknowing(void)
{
	begin(&fixture_allocator);
}

static void add_plans(TCase *tc)
{
	tcase_add_loop_test(
		tc, what_is_wrong_with_a_schedule_changes_nothing, 0, TP_COUNT(refusals));
	tcase_add_test(tc, a_schedule_is_stored_told_and_shown);
	tcase_add_loop_test(
		tc, a_machine_is_a_hostname_or_an_address_or_both, 0, TP_COUNT(machines));
	tcase_add_test(tc, of_several_machines_the_first_to_leave_counts);
	tcase_add_test(tc, offers_say_when_their_agent_leaves);
	tcase_add_test(tc, an_agent_that_comes_later_is_announced);
	tcase_add_test(tc, a_machine_that_is_down_stays_in_the_schedule);
	tcase_add_loop_test(tc, what_is_wrong_with_a_start_or_stop_changes_nothing, 0,
		TP_COUNT(wrongs));
	tcase_add_test(tc, the_number_of_machines_is_bounded);
	tcase_add_test(tc, agents_of_a_machine_that_is_down_are_removed_and_refused);
	tcase_add_test(tc, a_machine_that_is_up_has_its_agents_again);
	tcase_add_test(tc, an_agent_that_did_not_hear_of_it_never_comes_back);
	tcase_add_test(tc, down_is_answered_when_the_agents_are_removed);
	tcase_add_test(tc, changes_wait_for_each_other);
	tcase_add_test(tc, an_agent_that_is_being_admitted_meanwhile_is_removed);
	tcase_add_test(tc, the_next_master_knows_what_is_planned);
	tcase_add_test(tc, the_next_master_removes_agents_of_a_machine_that_is_down);
	tcase_add_loop_test(tc, an_agent_that_is_not_back_is_removed, 0, TP_COUNT(aways));
	tcase_add_test(tc, an_agent_that_becomes_unreachable_is_removed);
}

static TCase *add_case(Suite *suite, const char *name, void (*set_up)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("master_maintenance");
	TCase *core = add_case(suite, "core", setup);
	SRunner *runner;
	int failed;

	add_plans(core);
	tcase_add_test(add_case(suite, "unknowing", setup_unknowing),
		an_allocator_that_asks_nobody_to_leave_is_given_no_schedule);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
