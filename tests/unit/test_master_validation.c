/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the master refuses of a task and its executor before either leaves for the agent
 * [TaskValidationTest.*, ExecutorValidationTest.*]: one row per rule. Each is a TASK_ERROR,
 * TASK_INVALID, with the reason, and the offer's resources go back.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define CPU "'resources':[" CPUS(1) "]"
#define COMMAND "'command':{'value':'true'}"
#define SCALAR(name, n, more) \
	"{'name':'" name "','type':'SCALAR','scalar':{'value':" n "}" more "}"
#define EXECUTOR(more) "'executor':{'executor_id':{'value':'e'}" more "}"
#define TASK(more) COMMAND "," CPU "," more
#define CONTAINER(more) TASK("'container':{" more "}")

#define VOLUME(size) \
	SCALAR("disk", size, \
		",'reservations':[{'type':'STATIC','role':'eng'}],'disk':{'persistence'" \
		":{" \
		"'id':'v'},'volume':{'container_path':'d','mode':'RW'}}")

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler;

static void begin(const char *config)
{
	fixture_init(f, config);
	agent = fixture_agent(f, 0);
	scheduler = fixture_scheduler(f, 1, "");
}

static void setup(void)
{
	begin(NULL);
}

static void teardown(void)
{
	fixture_fini(f);
}

/* Offers 4 cpus and launches a task there; `task` is the rest of its record. */
static void launch_as(
	const char *id, const char *agent_id, unsigned offer, const char *task)
{
	const char *master = fixture_master_id(f);

	fixture_offer(f, 0, 0, "cpus:4", "*");
	client_forget(scheduler);
	client_forget(agent);
	fixture_forget(f);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O%u'}],'operations':[{'type':'LAUNCH',"
			"'launch':{'task_infos':[{'name':'n','task_id':{'value':'%s'},"
			"'agent_id':{'value':'%s%s'},%s}]}}]}}",
			master, master, offer, id, agent_id[0] == '-' ? master : "",
			agent_id, task),
		0);
}

static void launch(const char *task)
{
	launch_as("t", "-S0", 0, task);
}

static void check_refused(const char *why)
{
	const char *heard = client_heard(scheduler, "'state':'TASK_ERROR'");

	ck_assert_ptr_nonnull(heard);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'REASON_TASK_INVALID'"));
	ck_assert_msg(strstr(heard, why) != NULL, "%s, not '%s'", heard, why);
	ck_assert_ptr_null(client_heard(agent, "40 {"));
	ck_assert_msg(fixture_logged(f, "back 0 0 cpus"), "%s", f->log.data);
}

static const struct {
	const char *task, *why;
} rows[] = {
	/* command or executor */
	{ CPU, "at least one (but not both) of CommandInfo or ExecutorInfo" },
	{ COMMAND "," CPU "," EXECUTOR(",'command':{'value':'e'}"),
		"at least one (but not both)" },
	{ CPU "," EXECUTOR(""), "'ExecutorInfo.command' must be set for 'CUSTOM'" },
	{ CPU "," EXECUTOR(",'type':'CUSTOM'"),
		"'ExecutorInfo.command' must be set for 'CUSTOM'" },
	{ CPU "," EXECUTOR(",'type':'DEFAULT','command':{'value':'e'}"),
		"'ExecutorInfo.command' must not be set for 'DEFAULT'" },
	{ CPU ",'executor':{'executor_id':{'value':'a/b'},'command':{'value':'e'}}",
		"ExecutorID" },
	{ CPU "," EXECUTOR(",'command':{'value':'e'},'framework_id':{'value':'other'}"),
		"ExecutorInfo has an invalid FrameworkID" },
	{ CPU "," EXECUTOR(",'command':{'value':'e'},'shutdown_grace_period':{"
			   "'nanoseconds':-1}"),
		"'shutdown_grace_period' must be non-negative" },
	{ CPU ",'command':{'value':'true','environment':{'variables':[{'name':'A'}]}}",
		"of type 'VALUE' must have a value" },
	{ CPU ",'command':{'value':'true','environment':{'variables':[{'name':'A',"
	      "'type':'SECRET','value':'v'}]}}",
		"of type 'SECRET' must have a secret" },
	{ CPU ",'command':{'value':'true','environment':{'variables':[{'name':'A',"
	      "'type':'SECRET','secret':{'type':'VALUE'}}]}}",
		"Secret must be of type VALUE or REFERENCE" },
	{ CPU ",'command':{'value':'true','uris':[{'value':'http://x/y',"
	      "'output_file':'../y'}]}",
		"must be a relative path inside the sandbox" },
	/* resources */
	{ COMMAND, "Task uses no resources" },
	{ COMMAND ",'resources':[" SCALAR("cpus", "0", "") "]",
		"Task uses no resources" },
	{ COMMAND ",'resources':[" SCALAR("cpus", "-1", "") "]",
		"Task uses invalid resources" },
	{ COMMAND ",'resources':[" SCALAR("cpus", "9", "") "]", "more than" },
	{ COMMAND ",'resources':[" SCALAR("cpus", "1", "") "," SCALAR(
		  "cpus", "1", ",'revocable':{}") "]",
		"Cannot use both revocable and non-revocable 'cpus'" },
	{ COMMAND ",'resources':[" SCALAR("gpus", "0.5", "") "]", "must be an integer" },
	{ COMMAND ",'resources':[" SCALAR(
		  "cpus", "1", ",'allocation_info':{'role':'other'}") "]",
		"allocated to role 'other'" },
	{ COMMAND ",'resources':[" CPUS(1) "," VOLUME("1") "," VOLUME("2") "]",
		"Persistence ID 'v' is not unique" },
	/* limits */
	{ TASK("'limits':{'cpus':{'value':2}}"), "TASK_RESOURCE_LIMITS" },
	/* times */
	{ TASK("'kill_policy':{'grace_period':{'nanoseconds':-1}}"),
		"'kill_policy.grace_period' must be non-negative" },
	{ TASK("'max_completion_time':{'nanoseconds':-1}"),
		"'max_completion_time' must be non-negative" },
	/* checks */
	{ TASK("'check':{}"), "CheckInfo must specify 'type'" },
	{ TASK("'check':{'type':'COMMAND'}"), "'CheckInfo.command' to be set" },
	{ TASK("'check':{'type':'COMMAND','command':{'command':{}}}"),
		"shell command has no value" },
	{ TASK("'check':{'type':'HTTP'}"), "'CheckInfo.http' to be set" },
	{ TASK("'check':{'type':'HTTP','http':{'port':80,'path':'x'}}"),
		"must start with '/'" },
	{ TASK("'check':{'type':'TCP'}"), "'CheckInfo.tcp' to be set" },
	{ TASK("'check':{'type':'TCP','tcp':{'port':70000}}"), "above 65535" },
	{ TASK("'check':{'type':'TCP','tcp':{'port':80},'delay_seconds':-1}"),
		"'CheckInfo.delay_seconds' to be non-negative" },
	{ TASK("'check':{'type':'TCP','tcp':{'port':80},'interval_seconds':-1}"),
		"'CheckInfo.interval_seconds' to be non-negative" },
	{ TASK("'check':{'type':'TCP','tcp':{'port':80},'timeout_seconds':-1}"),
		"'CheckInfo.timeout_seconds' to be non-negative" },
	{ TASK("'health_check':{}"), "HealthCheck must specify 'type'" },
	{ TASK("'health_check':{'type':'COMMAND'}"), "'HealthCheck.command' to be set" },
	{ TASK("'health_check':{'type':'HTTP','http':{'port':80,'scheme':'ftp'}}"),
		"Unsupported HTTP health check scheme" },
	{ TASK("'health_check':{'type':'TCP','tcp':{'port':80},"
	       "'grace_period_seconds':-1}"),
		"'HealthCheck.grace_period_seconds' to be non-negative" },
	/* container */
	{ CONTAINER("'type':'DOCKER'"), "'docker' is not set for DOCKER" },
	{ CONTAINER("'type':'MESOS','docker':{'image':'i'}"),
		"'docker' is set for MESOS" },
	{ CONTAINER("'type':'DOCKER','docker':{'image':'i','parameters':[{'key':'name',"
		    "'value':'v'}]}"),
		"must not be 'name'" },
	{ CONTAINER("'type':'MESOS','volumes':[{'container_path':'/p','mode':'RW'}]"),
		"exactly one of 'host_path', 'image' and 'source'" },
	{ CONTAINER("'type':'MESOS','volumes':[{'container_path':'/p','mode':'RW',"
		    "'source':{'type':'SECRET'}}]"),
		"of source type SECRET has no secret" },
	{ CONTAINER("'type':'MESOS','linux_info':{'capability_info':{},"
		    "'effective_capabilities':{}}"),
		"Only one of 'capability_info' and 'effective_capabilities'" },
};

START_TEST(a_task_that_breaks_a_rule_is_refused)
{
	launch(rows[_i].task);
	check_refused(rows[_i].why);
}
END_TEST

START_TEST(a_task_that_breaks_none_is_not)
{
	launch(TASK("'check':{'type':'HTTP','http':{'port':80,'path':'/x'}},"
		    "'health_check':{'type':'TCP','tcp':{'port':80}},"
		    "'kill_policy':{'grace_period':{'nanoseconds':5}}"));
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	ck_assert_ptr_null(client_heard(scheduler, "'TASK_ERROR'"));
}
END_TEST

START_TEST(ids_are_checked)
{
	launch_as("a/b", "-S0", 0, TASK("'labels':{}"));
	check_refused("TaskID");
	launch_as("t", "other", 1, TASK("'labels':{}"));
	check_refused("Task uses invalid agent other while agent");
	launch_as("t", "-S0", 2, TASK("'labels':{}"));
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	launch_as("t", "-S0", 3, TASK("'labels':{}"));
	check_refused("Task has duplicate ID: t");
}
END_TEST

START_TEST(a_running_executor_is_the_one_that_is_meant)
{
	static const char first[] =
		CPU "," EXECUTOR(",'command':{'value':'e'},'resources':[" CPUS(1) "]");
	static const char other_command[] =
		CPU "," EXECUTOR(",'command':{'value':'x'},'resources':[" CPUS(1) "]");
	static const char other_resources[] =
		CPU "," EXECUTOR(",'command':{'value':'e'},'resources':[" CPUS(2) "]");

	launch_as("t", "-S0", 0, first);
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	launch_as("u", "-S0", 1, other_command);
	check_refused("is not compatible with the running executor 'e'");
	launch_as("v", "-S0", 2, other_resources);
	check_refused("running executor 'e' has other resources");
}
END_TEST

START_TEST(root_may_be_refused)
{
	fixture_fini(f);
	begin("      root_submissions: false\n");
	launch(CPU ",'command':{'value':'true','user':'root'}");
	check_refused("User 'root' is not allowed to run tasks");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_validation");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_task_that_breaks_a_rule_is_refused, 0, TP_COUNT(rows));
	tcase_add_test(tc, a_task_that_breaks_none_is_not);
	tcase_add_test(tc, ids_are_checked);
	tcase_add_test(tc, a_running_executor_is_the_one_that_is_meant);
	tcase_add_test(tc, root_may_be_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
