/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on resources at the master: what an ACCEPT or an operator may convert, what the agent
 * and the allocator are told, and what becomes of an operation. Names in brackets are the tests'
 * counterparts upstream; what these do besides is elsewhere:
 *
 *	Reserve...ValidationTest to ShrinkVolume...	test_operation, and `refused` here
 *	ReservationTest.ResourcesCheckpointing		test_agent_operations, system/reservations.sh
 *	ReservationTest.IncompatibleCheckpointedResources	test_agent_operations
 *	ReservationTest.MasterFailover			system/reservations.sh
 *	PersistentVolumeTest.AccessPersistentVolume	test_agent_operations, system/reservations.sh
 *	DynamicWeightsTest, MasterQuotaTest		test_master_shares
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

#define ROLE ",'roles':['eng'],'capabilities':[{'type':'MULTI_ROLE'}],'principal':'p'"
#define RESERVED(more) \
	",'reservations':[{'type':'DYNAMIC','role':'eng','principal':'p'}]" more "}"
#define SCALAR(name, n) "{'name':'" name "','type':'SCALAR','scalar':{'value':" n "}"
#define VOLUME(id, more) \
	SCALAR("disk", "64") \
	RESERVED(",'disk':{'persistence':{'id':'" id "','principal':'p'},'volume':{" \
		 "'container_path':'data','mode':'RW'}}" more)
#define RAW_VOLUME(type) \
	SCALAR("disk", "64") \
	RESERVED(",'disk':{'persistence':{'id':'v','principal':'p'},'volume':{" \
		 "'container_path':'data','mode':'RW'},'source':{'type':'" type "'}}")
#define RESERVE(resource) "{'type':'RESERVE','reserve':{'resources':[" resource "]}}"
#define CREATE(volume) "{'type':'CREATE','create':{'volumes':[" volume "]}}"
#define EVENT "'type':'UPDATE_OPERATION_STATUS'"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *agent, *scheduler;
static unsigned n_offers;

static void setup(void)
{
	fixture_init(f, NULL);
	agent = client_up(f, 0, "agent");
	client_send(agent, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'host0','resources':[" SCALAR(
			"cpus", "4") "}," SCALAR("disk", "1000") "}]},"
								 "'address':'tcp://"
								 "host:5061','version':"
								 "'1.0','capabilities':["
								 "{'type':'AGENT_"
								 "OPERATION_FEEDBACK'},"
								 "{'type':'RESIZE_"
								 "VOLUME'}]}");
	scheduler = fixture_scheduler(f, 1, ROLE);
	fixture_forget(f);
	n_offers = 0;
}

static void teardown(void)
{
	fixture_fini(f);
}

/* Offers these resources and accepts them with the operations, all JSON with ' for ". */
static void accept(const char *offered, const char *operations)
{
	const char *id = fixture_master_id(f);

	fixture_offer(f, 0, 0, offered, "eng");
	client_forget(agent);
	client_forget(scheduler);
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O%u'}],'operations':[%s]}}",
			id, id, n_offers++, operations),
		0);
}

/* Says the state of the operation that the agent heard of last. */
static void agent_says(const char *state, const char *more)
{
	const char *heard = client_heard(agent, "'operation_uuid'");
	char uuid[32];

	ck_assert_ptr_nonnull(heard);
	heard = strstr(heard, "\"operation_uuid\":{\"value\":\"");
	ck_assert_int_eq(
		sscanf(heard, "\"operation_uuid\":{\"value\":\"%24[^\"]", uuid), 1);
	client_send(agent, TP_MESSAGE_UPDATE_OPERATION_STATUS,
		&tp_update_operation_status_desc,
		"{'operation_uuid':{'value':'%s'},'status':{'state':'%s'%s}}", uuid,
		state, more);
}

static struct client *the_operator(void)
{
	return f->clients[2].link == NULL ? client_up(f, 2, "operator") : &f->clients[2];
}

static const char *agents(void)
{
	struct client *who = the_operator();

	client_forget(who);
	ck_assert_int_eq(client_operator(who, "{'type':'GET_AGENTS'}"), 0);
	return client_heard(who, "'agents'");
}

static size_t n_operations(void)
{
	struct client *who = the_operator();
	const char *at;
	size_t n = 0;

	client_forget(who);
	ck_assert_int_eq(client_operator(who, "{'type':'GET_OPERATIONS'}"), 0);
	at = client_heard(who, "'GET_OPERATIONS'");
	while (at != NULL && (at = strstr(at, "\"latest_status\"")) != NULL) {
		n++;
		at++;
	}
	return n;
}

/* [ReservationTest.ReserveThenUnreserve] */
START_TEST(a_reservation_reaches_agent_and_allocator)
{
	accept("cpus:4", RESERVE(SCALAR("cpus", "1") RESERVED("")));
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'RESERVE'"));
	ck_assert_msg(fixture_logged(f, "convert 0 0 cpus"), "%s", f->log.data);
	/* What was reserved is offered again at once, what is left was refused. */
	ck_assert_msg(
		fixture_logged(f,
			"back 0 0 cpus(allocated: eng)(reservations: [(DYNAMIC,eng,p)])"),
		"%s", f->log.data);
	ck_assert_msg(fixture_logged(f, ":1\nback 0 0 cpus"), "%s", f->log.data);
	ck_assert_msg(fixture_logged(f, ":3 filter 5000\n"), "%s", f->log.data);
	ck_assert_ptr_nonnull(strstr(agents(), "\"role\":\"eng\""));
	ck_assert_uint_eq(n_operations(), 1);
	agent_says("OPERATION_FINISHED", "");
	ck_assert_uint_eq(n_operations(), 0);
}
END_TEST

/* [PersistentVolumeTest.CreateAndDestroyPersistentVolumes] */
START_TEST(operations_build_on_each_other)
{
	accept("cpus:4;disk:100",
		RESERVE(SCALAR("disk", "64") RESERVED("")) "," CREATE(VOLUME("v", "")));
	ck_assert_uint_eq(client_count(agent, "'operation_uuid'"), 2);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'CREATE'"));
	ck_assert_ptr_nonnull(strstr(agents(), "\"persistence\":{\"id\":\"v\""));
}
END_TEST

/* An operation that is refused, and why. */
static const struct {
	const char *operation, *why;
} refused[] = {
	{ "'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus", "9")
			RESERVED("") "]}}",
		"The offered resources" },
	{ "'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus",
		  "1") ",'reservations':[{'type':'DYNAMIC','role':'ops','principal':'p'}]"
		       "}]}}",
		"cannot be reserved for role 'ops'" },
	{ "'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus",
		  "1") ",'reservations':[{'type':'DYNAMIC','role':'eng','principal':'q'}]"
		       "}]}}",
		"names principal 'q', but 'p' is asking" },
	{ "'type':'RESERVE','reserve':{'resources':[" SCALAR(
		  "cpus", "1") ",'reservations':[{'type':'DYNAMIC','role':'eng'}]}]}}",
		"names no principal" },
	{ "'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus", "1") "}]}}",
		"is not dynamically reserved" },
	{ "'type':'RESERVE','reserve':{}}", "No resources specified" },
	{ "'type':'RESERVE','reserve':{'source':[" SCALAR(
		  "cpus", "1") "}],'resources':[" SCALAR("cpus", "1") RESERVED("") "]}}",
		"'source' may be set by operators only" },
	{ "'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus",
		  "1") ",'revocable':{},'reservations':[{'type':'DYNAMIC','role':'eng',"
		       "'principal':'p'}]}]}}",
		"evocable" },
	{ "'type':'UNRESERVE','unreserve':{'resources':[" SCALAR("cpus", "1") "}]}}",
		"is not dynamically reserved" },
	{ "'type':'CREATE','create':{'volumes':[" SCALAR(
		  "disk", "1") ",'disk':{'persistence':{'id':'v','principal':'p'},"
			       "'volume':{'container_path':'d','mode':'RW'}}}]}}",
		"reserve" },
	{ "'type':'CREATE','create':{'volumes':[" RAW_VOLUME("RAW") "]}}",
		"a RAW disk has none" },
	{ "'type':'CREATE','create':{'volumes':[" RAW_VOLUME("BLOCK") "]}}",
		"a BLOCK disk has none" },
	{ "'type':'CREATE','create':{'volumes':[" VOLUME("a/b", "") "]}}",
		"Persistence ID" },
	{ "'type':'CREATE','create':{'volumes':[" VOLUME("v", ",'shared':{}") "]}}",
		"SHARED_RESOURCES" },
	{ "'type':'DESTROY','destroy':{'volumes':[" VOLUME("v", "") "]}}",
		"There is no volume 'v' of role 'eng'" },
	{ "'type':'GROW_VOLUME','grow_volume':{'volume':" VOLUME(
		  "v", "") ",'addition':" SCALAR("disk", "1") RESERVED("") "}}",
		"The offered resources" },
	{ "'type':'CREATE_DISK'}", "not supported yet" },
	{ "'type':'RESERVE'}", "lacks what its type promises" },
};

START_TEST(a_refused_operation_says_why_and_changes_nothing)
{
	char operation[2048];
	const char *heard;

	snprintf(operation, sizeof operation, "{'id':{'value':'op'},%s",
		refused[_i].operation);
	accept("cpus:4;disk:100", operation);
	heard = client_heard(scheduler, EVENT);
	ck_assert_ptr_nonnull(heard);
	ck_assert_msg(strstr(heard, refused[_i].why) != NULL, "%s, not '%s'", heard,
		refused[_i].why);
	ck_assert_ptr_nonnull(strstr(heard, "\"state\":\"OPERATION_ERROR\""));
	ck_assert_ptr_null(client_heard(agent, "'operation_uuid'"));
	ck_assert_msg(fixture_logged(f, "back 0 0 cpus"), "%s", f->log.data);
	ck_assert(!fixture_logged(f, "convert"));
	ck_assert_uint_eq(n_operations(), 0);
}
END_TEST

#define UUID "AQEBAQEBAQEBAQEBAQEBAQ=="

START_TEST(feedback_is_kept_until_it_is_acknowledged)
{
	const char *id = fixture_master_id(f);

	accept("cpus:4",
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"cpus", "1") RESERVED("") "]}}");
	agent_says("OPERATION_FINISHED",
		",'operation_id':{'value':'op'},'uuid':{'value':'" UUID "'}");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'OPERATION_FINISHED'"));
	ck_assert_uint_eq(n_operations(), 1);
	client_forget(agent);
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'ACKNOWLEDGE_OPERATION_STATUS','framework_id':{"
				 "'value':'%s-0000'},'acknowledge_operation_status':{"
				 "'agent_id':{'value':'%s-S0'},'uuid':'" UUID "',"
				 "'operation_id':{'value':'op'}}}",
				 id, id),
		0);
	ck_assert_ptr_nonnull(client_heard(agent, "'status_uuid':{'value':'" UUID "'}"));
	ck_assert_uint_eq(n_operations(), 0);
}
END_TEST

START_TEST(an_id_is_used_once_at_a_time)
{
	static const char operation[] =
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"cpus", "1") RESERVED("") "]}}";

	accept("cpus:2", operation);
	accept("cpus:2", operation);
	ck_assert_ptr_nonnull(client_heard(scheduler, "is in use"));
	ck_assert_uint_eq(n_operations(), 1);
}
END_TEST

static void reconcile(const char *operations)
{
	client_forget(scheduler);
	ck_assert_int_eq(client_scheduler(scheduler,
				 "{'type':'RECONCILE_OPERATIONS','framework_id':{"
				 "'value':'%s-0000'},'reconcile_operations':{"
				 "'operations':[%s]}}",
				 fixture_master_id(f), operations),
		0);
}

START_TEST(operations_are_reconciled)
{
	accept("cpus:2",
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"cpus", "1") RESERVED("") "]}}");
	reconcile("");
	ck_assert_uint_eq(client_count(scheduler, EVENT), 1);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'OPERATION_PENDING'"));
	reconcile("{'operation_id':{'value':'op'}},{'operation_id':{'value':'no'}}");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'OPERATION_PENDING'"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'OPERATION_UNKNOWN'"));
}
END_TEST

/* The agent registers again with what it has: reservations, operations. */
static void agent_returns(const char *more)
{
	const char *id = fixture_master_id(f);

	client_send(agent, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{'agent':{'hostname':'host0','id':{'value':'%s-S0'},'resources':"
		"[" SCALAR("cpus", "4") "}," SCALAR(
			"disk", "1000") "}]},"
					"'address':'tcp://host:5061','version':'1.0'%s}",
		id, more);
}

START_TEST(an_operation_that_got_lost_is_dropped)
{
	accept("cpus:2",
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"cpus", "1") RESERVED("") "]}}");
	client_forget(scheduler);
	agent_returns("");
	ck_assert_ptr_nonnull(client_heard(scheduler, "'OPERATION_DROPPED'"));
	ck_assert_uint_eq(n_operations(), 0);
	/* And what it reserved is not reserved. */
	ck_assert_ptr_null(strstr(agents(), "\"role\":\"eng\""));
}
END_TEST

START_TEST(the_agents_word_on_its_reservations_holds)
{
	agent_returns(",'checkpointed_resources':[" SCALAR("cpus", "1") RESERVED("") "]");
	ck_assert_ptr_nonnull(strstr(agents(), "\"role\":\"eng\""));
	agent_returns(",'checkpointed_resources':[" SCALAR("cpus", "9") RESERVED("") "]");
	/* More than it is configured with: refused, and the former stays. */
	ck_assert_ptr_nonnull(strstr(agents(), "\"role\":\"eng\""));
}
END_TEST

START_TEST(a_failed_operation_asks_the_agent_for_the_truth)
{
	accept("cpus:2", RESERVE(SCALAR("cpus", "1") RESERVED("")));
	client_forget(agent);
	accept("cpus:2", RESERVE(SCALAR("cpus", "1") RESERVED("")));
	agent_says("OPERATION_DROPPED", "");
	ck_assert_ptr_nonnull(client_heard(agent, "'connected':false"));
}
END_TEST

START_TEST(a_volume_in_use_is_not_destroyed)
{
	const char *id = fixture_master_id(f);
	tp_cleanup(ptr) char *operations = tp_asprintf(
		RESERVE(SCALAR("disk", "64") RESERVED("")) "," CREATE(VOLUME(
			"v", "")) ",{'type':'LAUNCH','launch':{'task_infos':[{'name':'n',"
				  "'task_id':{"
				  "'value':'t'},'agent_id':{'value':'%s-S0'},'resources':"
				  "[" SCALAR("cpus", "1") "}," VOLUME(
					  "v", "") "],"
						   "'command':{'value':'true'}}]}}",
		id);

	accept("cpus:4;disk:100", operations);
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	accept("cpus:1",
		"{'id':{'value':'op'},'type':'DESTROY','destroy':{'volumes':[" VOLUME(
			"v", "") "]}}");
	ck_assert_ptr_nonnull(client_heard(scheduler, "is in use by framework"));
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	fixture_acknowledge(f, scheduler, 0, "t", 1);
	ck_assert_msg(fixture_logged(f, "[v:data]"), "%s", f->log.data);
}
END_TEST

static int operator_call(const char *type, const char *body)
{
	struct client *who = the_operator();

	client_forget(who);
	return client_operator(who, "{'type':'%s',%s,'agent_id':{'value':'%s-S0'}}}",
		type, body, fixture_master_id(f));
}

/* [ReservationEndpointsTest.ReserveOfferedResources] */
START_TEST(an_operator_takes_offers_back)
{
	fixture_offer(f, 0, 0, "cpus:4", "eng");
	fixture_forget(f);
	ck_assert_int_eq(operator_call("RESERVE_RESOURCES",
				 "'reserve_resources':{'resources':[" SCALAR("cpus", "4")
					 RESERVED("") "]"),
		0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'type':'RESCIND'"));
	ck_assert_msg(fixture_logged(f, "available 0 cpus:4"), "%s", f->log.data);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'RESERVE'"));
}
END_TEST

/* [ReservationEndpointsTest.InsufficientResources] */
START_TEST(an_operator_cannot_take_what_is_used)
{
	const char *id = fixture_master_id(f);
	tp_cleanup(ptr) char *launch = tp_asprintf(
		"{'type':'LAUNCH','launch':{'task_infos':[{'name':'n','task_id':{"
		"'value':'t'},'agent_id':{'value':'%s-S0'},'resources':[" SCALAR(
			"cpus", "4") "}],'command':{'value':'true'}}]}}",
		id);

	accept("cpus:4", launch);
	fixture_forget(f);
	ck_assert_int_eq(operator_call("RESERVE_RESOURCES",
				 "'reserve_resources':{'resources':[" SCALAR("cpus", "4")
					 RESERVED("") "]"),
		-EBUSY);
	ck_assert(!fixture_logged(f, "available"));
	ck_assert_uint_eq(n_operations(), 0);
}
END_TEST

/* What an operator is refused: a conflict with what there is, or a call that is wrong. */
static const struct {
	const char *type, *body, *why;
	int r;
} operator_refused[] = {
	/* ReservationEndpointsTest.InsufficientResources */
	{ "RESERVE_RESOURCES",
		"'reserve_resources':{'resources':[" SCALAR("cpus", "9") RESERVED("") "]",
		"that nobody uses", -EBUSY },
	{ "UNRESERVE_RESOURCES",
		"'unreserve_resources':{'resources':[" SCALAR("cpus", "1")
			RESERVED("") "]",
		"that nobody uses", -EBUSY },
	/* PersistentVolumeEndpointsTest.VolumeExceedsReservedSize: 32 are reserved */
	{ "CREATE_VOLUMES", "'create_volumes':{'volumes':[" VOLUME("w", "") "]",
		"that nobody uses", -EBUSY },
	{ "CREATE_VOLUMES",
		"'create_volumes':{'volumes':[" SCALAR("disk", "1") RESERVED("") "]",
		"not a persistent volume", -EINVAL },
	{ "DESTROY_VOLUMES", "'destroy_volumes':{'volumes':[" VOLUME("w", "") "]",
		"There is no volume 'w'", -EINVAL },
	{ "RESERVE_RESOURCES",
		"'reserve_resources':{'resources':[" SCALAR("cpus", "1") "}]",
		"not dynamically reserved", -EINVAL },
};

START_TEST(an_operator_is_refused)
{
	accept("cpus:1;disk:100",
		RESERVE(SCALAR("disk", "32") RESERVED(""))); /* of 1000 */
	agent_says("OPERATION_FINISHED", "");
	fixture_forget(f);
	ck_assert_int_eq(
		operator_call(operator_refused[_i].type, operator_refused[_i].body),
		operator_refused[_i].r);
	ck_assert_msg(strstr(the_operator()->text, operator_refused[_i].why) != NULL,
		"%s", the_operator()->text);
	ck_assert(!fixture_logged(f, "available"));
	ck_assert_uint_eq(n_operations(), 0);
}
END_TEST

/* [ReservationEndpointsTest.NoSlaveId] */
START_TEST(an_operation_names_its_agent)
{
	struct client *who = the_operator();

	client_forget(who);
	ck_assert_int_eq(
		client_operator(who,
			"{'type':'GROW_VOLUME','grow_volume':{'volume':" VOLUME("v",
				"") ",'addition':" SCALAR("disk", "1") RESERVED("") "}}"),
		-EINVAL);
	ck_assert_msg(
		strstr(who->text, "'agent_id' to be present") != NULL, "%s", who->text);
	ck_assert_int_eq(
		client_operator(who,
			"{'type':'RESERVE_RESOURCES','reserve_resources':{'agent_id':{"
			"'value':'nobody'},'resources':[" SCALAR("cpus", "1")
				RESERVED("") "]}}"),
		-EINVAL);
	ck_assert_msg(strstr(who->text, "No agent found with ID 'nobody'") != NULL, "%s",
		who->text);
}
END_TEST

static char *launch(const char *resources)
{
	return tp_asprintf(
		"{'type':'LAUNCH','launch':{'task_infos':[{'name':'n','task_id':{"
		"'value':'t'},'agent_id':{'value':'%s-S0'},'resources':[%s],'command':{"
		"'value':'true'}}]}}",
		fixture_master_id(f), resources);
}

/* [ReservationTest.ReserveAndLaunchThenUnreserve] */
START_TEST(what_was_reserved_is_launched_with_and_unreserved_later)
{
	static const char unreserve[] = "'unreserve_resources':{'resources':[" SCALAR(
		"cpus", "1") RESERVED("") "]";
	tp_cleanup(ptr) char *task = launch(SCALAR("cpus", "1") RESERVED(""));
	tp_cleanup(ptr) char *both =
		tp_asprintf("%s,%s", RESERVE(SCALAR("cpus", "1") RESERVED("")), task);

	accept("cpus:4", both);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'RESERVE'"));
	agent_says("OPERATION_FINISHED", "");
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	ck_assert_int_eq(operator_call("UNRESERVE_RESOURCES", unreserve), -EBUSY);
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	fixture_acknowledge(f, scheduler, 0, "t", 1);
	client_forget(agent);
	ck_assert_int_eq(operator_call("UNRESERVE_RESOURCES", unreserve), 0);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'UNRESERVE'"));
	ck_assert_ptr_null(strstr(agents(), "\"role\":\"eng\""));
}
END_TEST

/* [ReservationTest.BadACLDropReserve] */
START_TEST(what_follows_a_refused_operation_is_carried_out)
{
	tp_cleanup(ptr) char *task = launch(SCALAR("cpus", "1") "}");
	tp_cleanup(ptr) char *both = tp_asprintf(
		"{'id':{'value':'op'},'type':'RESERVE','reserve':{'resources':[" SCALAR(
			"cpus", "1") ",'reservations':[{'type':'DYNAMIC','role':'eng',"
				     "'principal':'q'}]}]}},%s",
		task);

	accept("cpus:4", both);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'OPERATION_ERROR'"));
	ck_assert_ptr_null(client_heard(agent, "'operation_uuid'"));
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
}
END_TEST

/* [PersistentVolumeTest.GrowVolume, .ShrinkVolume] */
START_TEST(a_volume_grows_and_shrinks)
{
	accept("cpus:4;disk:200",
		RESERVE(SCALAR("disk", "128") RESERVED("")) "," CREATE(VOLUME(
			"v", "")) ",{'type':'GROW_VOLUME','grow_volume':{"
				  "'volume':" VOLUME("v", "") ",'addition':" SCALAR(
					  "disk", "36") RESERVED("") "}}");
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'GROW_VOLUME'"));
	ck_assert_msg(fixture_logged(f, "[v:data]:100"), "%s", f->log.data);
	agent_says("OPERATION_FINISHED", "");
	client_forget(agent);
	ck_assert_int_eq(
		operator_call("SHRINK_VOLUME",
			"'shrink_volume':{'volume':{'name':'disk','type':'SCALAR','"
			"scalar':{"
			"'value':100}" RESERVED(",'disk':{'persistence':{'id':'v','"
						"principal':'p'},"
						"'volume':{'container_path':'data','mode'"
						":'RW'}}") ","
							   "'subtract':{'value':40}"),
		0);
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'SHRINK_VOLUME'"));
	ck_assert_msg(fixture_logged(f, "[v:data]:60"), "%s", f->log.data);
}
END_TEST

/* JSON in double quotes. */
static char *quoted(const char *json)
{
	char *text = tp_strdup(json);

	for (char *c = text; *c != '\0'; c++) {
		if (*c == '\'')
			*c = '"';
	}
	return text;
}

/* [PersistentVolumeTest.SharedPersistentVolumeRescindOnDestroy] */
START_TEST(a_shared_volume_that_is_destroyed_is_in_no_offer)
{
	static const char role[] =
		",'roles':['eng'],'capabilities':[{'type':'MULTI_ROLE'}"
		",{'type':'SHARED_RESOURCES'}],'principal':'p'";
	tp_cleanup(ptr) char *volume = quoted("[" VOLUME("v", ",'shared':{}") "]");
	const char *id = fixture_master_id(f);
	struct client *other = fixture_scheduler(f, 3, role);

	fixture_offer(f, 1, 0, "disk:100", "eng"); /* O0 */
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0001'},"
			"'accept':{'offer_ids':[{'value':'%s-O0'}],'operations':["
			"%s,%s]}}",
			id, id, RESERVE(SCALAR("disk", "64") RESERVED("")),
			CREATE(VOLUME("v", ",'shared':{}"))),
		0);
	fixture_offer(f, 0, 0, volume, "eng");   /* O1 */
	fixture_offer(f, 0, 0, "cpus:1", "eng"); /* O2 */
	fixture_offer(f, 1, 0, volume, "eng");   /* O3 */
	client_forget(scheduler);
	client_forget(other);
	fixture_forget(f);
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0001'},"
			"'accept':{'offer_ids':[{'value':'%s-O3'}],'operations':["
			"{'type':'DESTROY','destroy':{'volumes':[%s]}}]}}",
			id, id, VOLUME("v", ",'shared':{}")),
		0);
	ck_assert_uint_eq(client_count(scheduler, "'RESCIND'"), 1);
	ck_assert_ptr_nonnull(client_heard(scheduler, "-O1'"));
	ck_assert_ptr_null(client_heard(other, "'RESCIND'"));
	/* Before the allocator hears of the volume's end. */
	ck_assert_ptr_nonnull(strstr(f->log.data, "back 0 0 "));
	ck_assert_ptr_nonnull(strstr(strstr(f->log.data, "back 0 0 "), "convert 1 0 "));
	ck_assert_ptr_nonnull(client_heard(agent, "'type':'DESTROY'"));
}
END_TEST

START_TEST(no_copy_of_a_destroyed_volume_is_left)
{
	static const char role[] =
		",'roles':['eng'],'capabilities':[{'type':'MULTI_ROLE'}"
		",{'type':'SHARED_RESOURCES'}],'principal':'p'";
	tp_cleanup(ptr) char *volume = quoted("[" VOLUME("v", ",'shared':{}") "]");
	const char *id = fixture_master_id(f);
	struct client *other = fixture_scheduler(f, 3, role);
	const char *back;

	fixture_offer(f, 1, 0, "disk:100", "eng"); /* O0 */
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0001'},"
			"'accept':{'offer_ids':[{'value':'%s-O0'}],'operations':["
			"%s,%s]}}",
			id, id, RESERVE(SCALAR("disk", "64") RESERVED("")),
			CREATE(VOLUME("v", ",'shared':{}"))),
		0);
	fixture_offer(f, 1, 0, volume, "eng"); /* O1 */
	fixture_offer(f, 1, 0, volume, "eng"); /* O2 */
	fixture_forget(f);
	ck_assert_int_eq(
		client_scheduler(other,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0001'},"
			"'accept':{'offer_ids':[{'value':'%s-O1'},{'value':'%s-O2'}],"
			"'operations':[{'type':'DESTROY','destroy':{'volumes':[%s]}}]}}",
			id, id, id, VOLUME("v", ",'shared':{}")),
		0);
	/* The one copy before the volume's end, the other one as plain disk after it. */
	back = strstr(f->log.data, "back 1 0 ");
	ck_assert_ptr_nonnull(back);
	ck_assert_ptr_nonnull(strstr(back, "<SHARED x1>"));
	back = strstr(back, "convert 1 0 ");
	ck_assert_ptr_nonnull(back);
	back = strstr(back, "back 1 0 ");
	ck_assert_ptr_nonnull(back);
	ck_assert_msg(strstr(back, "SHARED") == NULL, "%s", f->log.data);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_reservation_reaches_agent_and_allocator);
	tcase_add_test(tc, operations_build_on_each_other);
	tcase_add_loop_test(tc, a_refused_operation_says_why_and_changes_nothing, 0,
		TP_COUNT(refused));
	tcase_add_test(tc, feedback_is_kept_until_it_is_acknowledged);
	tcase_add_test(tc, an_id_is_used_once_at_a_time);
	tcase_add_test(tc, operations_are_reconciled);
	tcase_add_test(tc, an_operation_that_got_lost_is_dropped);
	tcase_add_test(tc, the_agents_word_on_its_reservations_holds);
	tcase_add_test(tc, a_failed_operation_asks_the_agent_for_the_truth);
	tcase_add_test(tc, a_volume_in_use_is_not_destroyed);
	tcase_add_test(tc, an_operator_takes_offers_back);
	tcase_add_test(tc, an_operator_cannot_take_what_is_used);
	tcase_add_loop_test(tc, an_operator_is_refused, 0, TP_COUNT(operator_refused));
	tcase_add_test(tc, an_operation_names_its_agent);
	tcase_add_test(tc, what_was_reserved_is_launched_with_and_unreserved_later);
	tcase_add_test(tc, what_follows_a_refused_operation_is_carried_out);
	tcase_add_test(tc, a_volume_grows_and_shrinks);
	tcase_add_test(tc, a_shared_volume_that_is_destroyed_is_in_no_offer);
	tcase_add_test(tc, no_copy_of_a_destroyed_volume_is_left);
}

int main(void)
{
	Suite *suite = suite_create("master_operations");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
