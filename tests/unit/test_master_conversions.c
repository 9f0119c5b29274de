/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of conversions that need an agent or a framework of their own, and what a framework is told of
 * operations whose agent is away. The rest of operations is in test_master_operations.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define SCALAR(name, n) "{'name':'" name "','type':'SCALAR','scalar':{'value':" n "}"
#define BY(role) "{'type':'DYNAMIC','role':'" role "','principal':'p'}"
#define RESERVED ",'reservations':[" BY("eng") "]"
#define REFINED ",'reservations':[" BY("eng") "," BY("eng/web") "]"
#define VOLUME(place, more) \
	SCALAR("disk", "64") \
	RESERVED ",'disk':{'persistence':{'id':'v','principal':'p'},'volume':{" place \
		 "'mode':'RW'}}" more "}"
#define PLACE "'container_path':'data',"
#define DATA VOLUME(PLACE, "")
#define SHARED VOLUME(PLACE, ",'shared':{}")
#define RESERVE_DISK \
	"{'type':'RESERVE','reserve':{'resources':[" SCALAR("disk", "64") RESERVED "}]}" \
										   "}"
#define CREATE(volume) "{'type':'CREATE','create':{'volumes':[" volume "]}}"
#define EVENT "'type':'UPDATE_OPERATION_STATUS'"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler;
static char first_id[64];
static unsigned n_offers;

static void setup(void)
{
	fixture_init(f, NULL);
	n_offers = 0;
}

static void teardown(void)
{
	fixture_fini(f);
}

/* What agent and framework can, like "{'type':'RESIZE_VOLUME'}". */
static void begin(const char *agent_can, const char *framework_can)
{
	agent = client_up(f, 0, "agent");
	client_send(agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'host0','resources':[" SCALAR(
			"cpus", "4") "}," SCALAR("disk", "1000") "}]},"
								 "'address':'tcp://"
								 "host:5061','version':"
								 "'1.0','capabilities':["
								 "%s]}",
		agent_can);
	scheduler = client_up(f, 1, "scheduler");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','subscribe':{'framework_info':{'user':'u',"
			"'name':'test','roles':['eng','eng/web'],'principal':'p',"
			"'failover_timeout':3600,'capabilities':[{'type':'MULTI_ROLE'}"
			"%s]}}}",
			framework_can),
		0);
	snprintf(first_id, sizeof first_id, "%s", fixture_master_id(f));
	fixture_forget(f);
}

#define FEEDBACK "{'type':'AGENT_OPERATION_FEEDBACK'}"
#define REFINE "{'type':'RESERVATION_REFINEMENT'}"

static void accept_as(const char *role, const char *offered, const char *operations)
{
	fixture_offer(f, 0, 0, offered, role);
	client_forget(agent);
	client_forget(scheduler);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O%u'}],'operations':[%s]}}",
			first_id, first_id, n_offers++, operations),
		0);
}

static void check_refused(const char *why)
{
	const char *heard = client_heard(scheduler, "OPERATION_ERROR");

	ck_assert_ptr_nonnull(heard);
	ck_assert_msg(strstr(heard, why) != NULL, "%s", heard);
	ck_assert(!fixture_logged(f, "convert"));
}

static const struct {
	const char *place, *why;
} places[] = {
	{ "'container_path':'d','host_path':'/d',",
		"Expecting 'host_path' to be unset for persistent volume" },
	{ "'container_path':'',", "must be relative and stay inside" },
	{ "'container_path':'/d',", "must be relative and stay inside" },
	{ "'container_path':'..',", "must be relative and stay inside" },
	{ "'container_path':'d/../../e',", "must be relative and stay inside" },
};

/* [CreateOperationValidationTest.*] */
START_TEST(a_volume_has_its_place_inside_the_sandbox)
{
	tp_cleanup(ptr) char *operation = tp_asprintf(
		"{'id':{'value':'op'},'type':'CREATE','create':{'volumes':[" VOLUME(
			"%s", "") "]}}",
		places[_i].place);
	begin(FEEDBACK, "");
	accept_as("eng", "cpus:1;disk:100", operation);
	check_refused(places[_i].why);
}
END_TEST

/* [GrowVolumeValidationTest.*, ShrinkVolumeValidationTest.*] */
START_TEST(only_some_agents_resize_volumes)
{
	begin(FEEDBACK, "");
	accept_as("eng", "disk:200", RESERVE_DISK "," CREATE(DATA));
	fixture_forget(f);
	accept_as("eng", "disk:100",
		"{'id':{'value':'op'},'type':'SHRINK_VOLUME','shrink_volume':{"
		"'volume':" DATA ",'subtract':{'value':4}}}");
	check_refused("The agent does not have the RESIZE_VOLUME capability");
	accept_as("eng", "disk:100",
		"{'id':{'value':'op'},'type':'GROW_VOLUME','grow_volume':{"
		"'volume':" DATA ",'addition':" SCALAR("disk", "4") RESERVED "}}}");
	check_refused("The agent does not have the RESIZE_VOLUME capability");
}
END_TEST

static const struct {
	const char *agent_can, *framework_can;
	bool refines;
} refiners[] = {
	{ FEEDBACK "," REFINE, "," REFINE, true },
	{ FEEDBACK, "," REFINE, false },
	{ FEEDBACK "," REFINE, "", false },
};

/* [ReserveOperationValidationTest.*] Both must know of refined reservations. */
START_TEST(a_reservation_is_refined)
{
	static const char refine[] =
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"cpus", "1") REFINED "}]}}";
	static const char reserved[] =
		"[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},"
		"\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"eng\","
		"\"principal\":\"p\"}]}]";

	begin(refiners[_i].agent_can, refiners[_i].framework_can);
	accept_as("eng", "cpus:1",
		"{'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus", "1") RESERVED
		"}]}}");
	fixture_forget(f);
	accept_as("eng/web", reserved, refine);
	if (!refiners[_i].refines) {
		check_refused("refining a reservation needs the "
			      "RESERVATION_REFINEMENT capability");
		return;
	}
	ck_assert_ptr_null(client_heard(scheduler, "OPERATION_ERROR"));
	ck_assert_ptr_nonnull(client_heard(agent, "'role':'eng/web'"));
	ck_assert_msg(fixture_logged(f, "convert 0 0 "), "%s", f->log.data);
}
END_TEST

START_TEST(only_some_agents_give_feedback)
{
	begin("", "");
	accept_as("eng", "disk:100",
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"disk", "64") RESERVED "}]}}");
	check_refused("does not have the AGENT_OPERATION_FEEDBACK capability");
	accept_as("eng", "disk:100", RESERVE_DISK);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'RESERVE'"));
}
END_TEST

static char *launch(const char *before, const char *task)
{
	return tp_asprintf(
		"{%s'type':'LAUNCH','launch':{'task_infos':[{'name':'n','task_id':{"
		"'value':'t'},'agent_id':{'value':'%s-S0'},'resources':[" SCALAR(
			"cpus", "1") "}],%s}]}}",
		before, first_id, task);
}

START_TEST(a_launch_has_no_operation_id)
{
	tp_cleanup(ptr) char *operation = NULL;

	begin(FEEDBACK, "");
	operation = launch("'id':{'value':'op'},", "'command':{'value':'true'}");
	accept_as("eng", "cpus:4", operation);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'TASK_ERROR'"));
	ck_assert_ptr_nonnull(strstr(client_heard(scheduler, "'TASK_ERROR'"),
		"The 'id' field was set in an operation of type LAUNCH"));
	ck_assert_ptr_null(client_heard(agent, "40 {"));
}
END_TEST

/* Its task is over; the executor has the volume still. */
START_TEST(a_volume_of_an_executor_is_not_destroyed)
{
	static const char destroy[] = "{'id':{'value':'op'},'type':'DESTROY','destroy':{"
				      "'volumes':[" DATA "]}}";
	tp_cleanup(ptr) char *task = NULL, *operations = NULL;

	begin(FEEDBACK, "");
	task = launch("",
		"'executor':{'executor_id':{'value':'e'},'command':{'value':'x'},"
		"'resources':[" DATA "]}");
	operations = tp_asprintf("%s,%s,%s", RESERVE_DISK, CREATE(DATA), task);
	accept_as("eng", "cpus:4;disk:100", operations);
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	fixture_acknowledge(f, scheduler, 0, "t", 1);
	fixture_forget(f);
	accept_as("eng", "disk:1", destroy);
	check_refused("is in use by framework");
	client_send(agent, TP_MESSAGE_EXITED_EXECUTOR, &tp_exited_executor_desc,
		"{'agent_id':{'value':'%s-S0'},'framework_id':{'value':'%s-0000'},"
		"'executor_id':{'value':'e'},'status':0}",
		first_id, first_id);
	ck_assert_msg(fixture_logged(f, "[v:data]"), "%s", f->log.data);
}
END_TEST

static struct client *desk(void)
{
	return f->clients[2].link == NULL ? client_up(f, 2, "operator") : &f->clients[2];
}

/* [PersistentVolumeTest.SharedPersistentVolumeRescindOnDestroy] by an operator. */
START_TEST(a_volume_in_several_offers_is_destroyed)
{
	static const char shared[] =
		"[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":64},"
		"\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"eng\","
		"\"principal\":\"p\"}],\"disk\":{\"persistence\":{\"id\":\"v\","
		"\"principal\":\"p\"},\"volume\":{\"container_path\":\"data\","
		"\"mode\":\"RW\"}},\"shared\":{}}]";

	begin(FEEDBACK, ",{'type':'SHARED_RESOURCES'}");
	accept_as("eng", "disk:100", RESERVE_DISK "," CREATE(SHARED)); /* O0 */
	for (int i = 0; i < 2; i++)
		fixture_offer(f, 0, 0, shared, "eng"); /* O1, O2 */
	fixture_offer(f, 0, 0, "cpus:1", "eng");
	client_forget(scheduler);
	fixture_forget(f);
	ck_assert_int_eq(client_operator(desk(),
				 "{'type':'DESTROY_VOLUMES','destroy_volumes':{"
				 "'volumes':[" SHARED "],'agent_id':{'value':'%s-S0'}}}",
				 first_id),
		0);
	ck_assert_uint_eq(client_count(scheduler, "'RESCIND'"), 2);
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O1'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O2'"));
	ck_assert_msg(fixture_logged(f, "available 0 "), "%s", f->log.data);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'DESTROY'"));
}
END_TEST

/* --- away ------------------------------------------------------------------------------ */

static void agent_returns(const char *more)
{
	client_send(agent, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'agent':{'hostname':'host0','id':{'value':'%s-S0'},'resources':"
		"[" SCALAR("cpus", "4") "}," SCALAR("disk", "1000") "}]},"
								    "'address':'tcp:"
								    "//host:5061',"
								    "'version':'1.0'"
								    "%s}",
		first_id, more);
}

static bool reconciles_to(const char *id, const char *where, const char *state)
{
	char text[64];

	client_forget(scheduler);
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE_OPERATIONS','framework_id':{"
				 "'value':'%s-0000'},'reconcile_operations':{"
				 "'operations':[{'operation_id':{'value':'%s'}%s}]}}",
				 first_id, id, where),
		0);
	ck_assert_uint_eq(client_count(scheduler, EVENT), 1);
	snprintf(text, sizeof text, "'state':'%s'", state);
	return client_heard(scheduler, text) != NULL;
}

START_TEST(operations_of_agents_that_are_away_are_reconciled)
{
	tp_cleanup(ptr) char *here = NULL;

	begin(FEEDBACK, "");
	here = tp_asprintf(",'agent_id':{'value':'%s-S0'}", first_id);
	ck_assert(reconciles_to("op", here, "OPERATION_UNKNOWN"));
	ck_assert(reconciles_to("op", "", "OPERATION_UNKNOWN"));
	fixture_restart(f, NULL);
	scheduler = client_up(f, 1, "scheduler");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'SUBSCRIBE','framework_id':{'value':'%s-0000'},"
			"'subscribe':{'framework_info':{'user':'u','name':'test',"
			"'roles':['eng'],'capabilities':[{'type':'MULTI_ROLE'}],"
			"'principal':'p','failover_timeout':3600,'id':{'value':'%s-0000'"
			"}}}}",
			first_id, first_id),
		0);
	ck_assert(reconciles_to("op", here, "OPERATION_RECOVERING"));
	ck_assert(reconciles_to("op", "", "OPERATION_RECOVERING"));
	fixture_advance(f, 11 * TP_MIN);
	ck_assert(fixture_has_variable(f, "unreachable/"));
	ck_assert(reconciles_to("op", here, "OPERATION_UNREACHABLE"));
	ck_assert(reconciles_to("op", "", "OPERATION_UNKNOWN"));
	ck_assert_int_eq(client_operator(desk(),
				 "{'type':'MARK_AGENT_GONE','mark_agent_gone':{"
				 "'agent_id':{'value':'%s-S0'}}}",
				 first_id),
		0);
	ck_assert(reconciles_to("op", here, "OPERATION_GONE_BY_OPERATOR"));
}
END_TEST

#define UUID "AQEBAQEBAQEBAQEBAQEBAQ=="

/* Another master knew of it, say, and its framework is not here any more. */
START_TEST(an_operation_that_only_the_agent_knows_is_taken_over)
{
	begin(FEEDBACK, "");
	client_forget(scheduler);
	agent_returns(",'capabilities':[" FEEDBACK
		      "],'checkpointed_resources':[" SCALAR("disk", "64") RESERVED
		"}],'operations':[{'framework_id':{'value':'nobody'},'info':"
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"disk", "64") RESERVED
		"}]}},'latest_status':{'state':'OPERATION_PENDING'},"
		"'uuid':{'value':'" UUID "'}}]");
	ck_assert_int_eq(client_operator(desk(), "{'type':'GET_OPERATIONS'}"), 0);
	ck_assert_ptr_nonnull(client_heard(desk(), "'uuid':{'value':'" UUID "'}"));
	ck_assert(reconciles_to("op", "", "OPERATION_UNKNOWN")); /* not its own */
	client_send(agent, TP_MESSAGE_UPDATE_OPERATION_STATUS,
		&tp_update_operation_status_desc,
		"{'operation_uuid':{'value':'" UUID
		"'},'status':{'state':'OPERATION_FINISHED'}}");
	client_forget(desk());
	ck_assert_int_eq(client_operator(desk(), "{'type':'GET_OPERATIONS'}"), 0);
	ck_assert_ptr_null(client_heard(desk(), "'uuid':{'value':'" UUID "'}"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_conversions");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
		tc, a_volume_has_its_place_inside_the_sandbox, 0, (int)TP_COUNT(places));
	tcase_add_test(tc, only_some_agents_resize_volumes);
	tcase_add_loop_test(tc, a_reservation_is_refined, 0, (int)TP_COUNT(refiners));
	tcase_add_test(tc, only_some_agents_give_feedback);
	tcase_add_test(tc, a_launch_has_no_operation_id);
	tcase_add_test(tc, a_volume_of_an_executor_is_not_destroyed);
	tcase_add_test(tc, a_volume_in_several_offers_is_destroyed);
	tcase_add_test(tc, operations_of_agents_that_are_away_are_reconciled);
	tcase_add_test(tc, an_operation_that_only_the_agent_knows_is_taken_over);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
