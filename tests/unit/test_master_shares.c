/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quota and weights at the master: what may be set, when it is answered, what the allocator is
 * told, which offers are taken back, what the next master knows. Names in brackets are the tests'
 * counterparts upstream.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "modules/master/quota.h"
#include "modules/master/replay.h"
#include "modules/master/weights_flag.h"
#include "tests/unit/master_fixture.h"

static struct master_fixture fixture;
static struct master_fixture *const f = &fixture;
static struct client *scheduler, *who;

#define AMOUNTS(name, n) "{'" name "':{'value':" n "}}"

static void setup(void)
{
	fixture_init(f, NULL);
	fixture_agent(f, 0);
	scheduler = fixture_scheduler(
		f, 1, ",'roles':['a','b'],'capabilities':[{'type':'MULTI_ROLE'}]");
	who = client_up(f, 2, "operator");
	fixture_forget(f);
}

static void teardown(void)
{
	fixture_fini(f);
}

static int set_quota(const char *configs, const char *more)
{
	client_forget(who);
	return client_operator(who,
		"{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':[%s]%s}}",
		configs, more);
}

static int set_weights(const char *infos)
{
	client_forget(who);
	return client_operator(who,
		"{'type':'UPDATE_WEIGHTS','update_weights':{'weight_infos':[%s]}}",
		infos);
}

static const char *ask(const char *type)
{
	client_forget(who);
	ck_assert_int_eq(client_operator(who, "{'type':'%s'}", type), 0);
	return client_heard(who, type);
}

START_TEST(quota_is_stored_told_and_shown)
{
	ck_assert_int_eq(set_quota("{'role':'a','guarantees':" AMOUNTS("cpus",
					   "2") ",'limits':" AMOUNTS("cpus", "3") "}",
				 ""),
		0);
	ck_assert(fixture_logged(f, "quota a guarantees cpus:2 limits cpus:3"));
	ck_assert(fixture_has_variable(f, "quota/a"));
	ck_assert_ptr_nonnull(
		strstr(ask("GET_QUOTA"), "\"guarantees\":{\"cpus\":{\"value\":2"));
	ck_assert_ptr_nonnull(strstr(ask("GET_QUOTA"), "\"infos\":[{\"role\":\"a\""));
	ck_assert_int_eq(set_quota("{'role':'a'}", ""), 0);
	ck_assert(fixture_logged(f, "quota a guarantees limits"));
	ck_assert(!fixture_has_variable(f, "quota/a"));
}
END_TEST

START_TEST(quota_is_answered_when_it_is_durable)
{
	f->store_held = true;
	client_send(who, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc,
		"{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':[{'role':'a',"
		"'limits':" AMOUNTS("cpus", "1") "}]}}");
	ck_assert(!fixture_logged(f, "quota a"));
	fixture_release_store(f);
	ck_assert(fixture_logged(f, "quota a"));
}
END_TEST

/* What cannot be set, and why. */
static const struct {
	const char *configs, *why;
} refused[] = {
	{ "{'role':'a/b','limits':" AMOUNTS("cpus", "1") "}", "nested role" },
	{ "{'role':'-a','limits':" AMOUNTS("cpus", "1") "}", "invalid" },
	{ "{'role':'" DEEP_ROLE "','limits':" AMOUNTS("cpus", "1") "}",
		"33 parts, at most 32" },
	{ "{'role':'a','limits':" AMOUNTS("cpus", "-1") "}", "not negative" },
	{ "{'role':'a','guarantees':" AMOUNTS("cpus", "2") ",'limits':" AMOUNTS(
		  "cpus", "1") "}",
		"exceeds its limit" },
	{ "{'role':'a','guarantees':" AMOUNTS("cpus", "5") "}", "the cluster has 4" },
	{ "{'role':'a','guarantees':" AMOUNTS(
		  "cpus", "3") "},{'role':'b','guarantees':" AMOUNTS("cpus", "2") "}",
		"would be 5" },
	{ "{'role':'a'},{'role':'a'}", "there twice" },
	{ "{'role':'b'},{'role':'a','limits':" AMOUNTS("uncounted", "1") "}",
		"'uncounted' is not counted" },
};

/* [MasterQuotaTest.SetRequestWithInvalidData, InsufficientResources*] */
START_TEST(impossible_quota_changes_nothing)
{
	int stores = f->stores;

	ck_assert_int_eq(set_quota(refused[_i].configs, ""), -EINVAL);
	ck_assert_msg(strstr(who->text, refused[_i].why) != NULL, "%s", who->text);
	ck_assert_int_eq(f->stores, stores);
	ck_assert(!fixture_logged(f, "quota"));
}
END_TEST

/* Each of them is compared with each. */
START_TEST(calls_have_a_size)
{
	tp_cleanup(strbuf) struct tp_strbuf many = TP_STRBUF_INIT;

	for (int i = 0; i < 1000; i++)
		tp_strbuf_printf(
			&many, "%s{'role':'r%d','weight':2}", i > 0 ? "," : "", i);
	ck_assert_int_eq(set_weights(many.data), 0);
	ck_assert_int_eq(set_quota(many.data, ""), 0);
	tp_strbuf_puts(&many, ",{'role':'more','weight':2}");
	ck_assert_int_eq(set_weights(many.data), -EINVAL);
	ck_assert_ptr_nonnull(strstr(who->text, "1001 roles are more than 1000"));
	ck_assert_int_eq(set_quota(many.data, ""), -EINVAL);
	ck_assert_ptr_nonnull(strstr(who->text, "1001 roles are more than 1000"));
}
END_TEST

START_TEST(a_quota_is_of_so_many_resources)
{
	tp_cleanup(strbuf) struct tp_strbuf many = TP_STRBUF_INIT;

	tp_strbuf_puts(&many, "{'role':'a','limits':{");
	for (int i = 0; i <= QUOTA_KINDS_MAX; i++)
		tp_strbuf_printf(&many, "%s'r%d':{'value':1}", i > 0 ? "," : "", i);
	tp_strbuf_puts(&many, "}}");
	ck_assert_int_eq(set_quota(many.data, ""), -EINVAL);
	ck_assert_ptr_nonnull(strstr(who->text, "more than 100 kinds of resources"));
}
END_TEST

static void nothing(void *impl)
{
	(void)impl;
}

static int counts_nothing(
	void *impl, struct tp_quota_config *const *quotas, size_t n, struct tp_error *err)
{
	(void)impl;
	(void)quotas;
	return tp_fail(err, EINVAL, "%zu cannot be counted", n);
}

/* Quota of the registry that the allocator cannot keep is not told to one that comes. */
START_TEST(an_allocator_that_cannot_keep_quota_takes_no_place)
{
	struct master *m = tp_kernel_instance(f->kernel, "master");
	struct tp_allocator_ops ops = *m->allocator.ops;
	const struct tp_allocator_ops *before = m->allocator.ops;
	struct tp_error err = { 0 };

	set_quota("{'role':'a','guarantees':" AMOUNTS("cpus", "3") "}", "");
	ops.pause = ops.resume = nothing;
	ops.check_quota = counts_nothing;
	m->allocator.ops = &ops;
	fixture_forget(f);
	ck_assert_int_eq(replay(m, &err), -EINVAL);
	ck_assert_str_eq(err.text, "1 cannot be counted");
	ck_assert(!fixture_logged(f, "quota a"));
	m->allocator.ops = before;
}
END_TEST

START_TEST(whoever_has_no_role_can_have_quota)
{
	ck_assert_int_eq(
		set_quota("{'role':'*','limits':" AMOUNTS("cpus", "1") "}", ""), 0);
	ck_assert(fixture_logged(f, "quota * guarantees limits cpus:1"));
}
END_TEST

START_TEST(what_is_being_stored_is_promised_already)
{
	struct client *other = client_up(f, 3, "operator");

	f->store_held = true;
	ck_assert_int_eq(
		set_quota("{'role':'a','guarantees':" AMOUNTS("cpus", "3") "}", ""), 1);
	ck_assert_int_eq(
		client_operator(other,
			"{'type':'UPDATE_QUOTA','update_quota':{'quota_configs':"
			"[{'role':'b','guarantees':" AMOUNTS("cpus", "3") "}]}}"),
		-EINVAL);
	ck_assert_msg(strstr(other->text, "would be 6") != NULL, "%s", other->text);
	fixture_release_store(f);
	ck_assert(who->answered);
	ck_assert_int_eq(who->status, 0);
}
END_TEST

/* JSON has no names twice, msgpack does. */
START_TEST(an_amount_that_is_there_twice_is_refused)
{
	struct tp_value_scalar one = { .has_value_milli = true, .value_milli = 1000 };
	struct tp_value_scalar many = { .has_value_milli = true, .value_milli = 9000 };
	struct tp_quota_config_guarantees_entry small = { .key = "cpus", .value = &one };
	struct tp_quota_config_guarantees_entry large = { .key = "cpus", .value = &many };
	struct tp_quota_config_guarantees_entry *guarantees[] = { &small, &large };
	struct tp_quota_config config = {
		.role = "a", .guarantees = guarantees, .n_guarantees = 2
	};
	struct tp_quota_config *configs[] = { &config };
	const struct tp_master_call_update_quota wanted = { .quota_configs = configs,
		.n_quota_configs = 1 };
	struct tp_error err = { 0 };

	ck_assert_int_eq(
		quota_check(tp_kernel_instance(f->kernel, "master"), &wanted, &err),
		-EINVAL);
	ck_assert_msg(strstr(err.text, "there twice") != NULL, "%s", err.text);
}
END_TEST

/* Another allocator does not come where it would ignore what was promised. */
START_TEST(an_allocator_without_quota_takes_no_place_where_there_is_some)
{
	struct master *m = tp_kernel_instance(f->kernel, "master");
	struct tp_allocator_ops ops = *m->allocator.ops;
	const struct tp_allocator_ops *before = m->allocator.ops;
	struct tp_error err = { 0 };

	ops.pause = ops.resume = nothing;
	ops.update_quota = NULL;
	m->allocator.ops = &ops;
	ck_assert_int_eq(replay(m, &err), 0);
	m->allocator.ops = before;
	f->store_held = true;
	set_quota("{'role':'a','guarantees':" AMOUNTS("cpus", "3") "}", "");
	m->allocator.ops = &ops;
	ck_assert_int_eq(replay(m, &err), -ENOTSUP);
	ck_assert_msg(strstr(err.text, "have quota") != NULL, "%s", err.text);
	m->allocator.ops = before;
	fixture_release_store(f);
	m->allocator.ops = &ops;
	ck_assert_int_eq(replay(m, &err), -ENOTSUP);
	m->allocator.ops = before;
}
END_TEST

START_TEST(force_promises_more_than_there_is)
{
	ck_assert_int_eq(set_quota("{'role':'a','guarantees':" AMOUNTS("cpus", "5") "}",
				 ",'force':true"),
		0);
	ck_assert(fixture_logged(f, "quota a guarantees cpus:5 limits"));
}
END_TEST

/* [MasterQuotaTest.ValidateLimitAgainstConsumed] */
START_TEST(a_limit_is_not_below_what_is_used)
{
	const char *id = fixture_master_id(f);

	fixture_offer(f, 0, 0, "cpus:2", "a");
	ck_assert_int_eq(
		client_scheduler(scheduler,
			"{'type':'ACCEPT','framework_id':{'value':'%s-0000'},'accept':{"
			"'offer_ids':[{'value':'%s-O0'}],'operations':[{'type':'LAUNCH',"
			"'launch':{'task_infos':[{'name':'n','task_id':{'value':'t'},"
			"'agent_id':{'value':'%s-S0'},'resources':[" CPUS(
				2) "],"
				   "'command':{'value':'true'}}]}}]}}",
			id, id, id),
		0);
	ck_assert_int_lt(
		set_quota("{'role':'a','limits':" AMOUNTS("cpus", "1") "}", ""), 0);
	ck_assert_msg(strstr(who->text, "has 2.000 of 'cpus' already") != NULL, "%s",
		who->text);
	ck_assert_int_eq(set_quota("{'role':'a','limits':" AMOUNTS("cpus", "1") "}",
				 ",'force':true"),
		0);
}
END_TEST

/* [MasterQuotaTest.RescindOffersForUpdateQuotaGuarantees] */
START_TEST(offers_make_room_for_a_guarantee)
{
	fixture_offer(f, 0, 0, "cpus:4", "b");
	client_forget(scheduler);
	ck_assert_int_eq(
		set_quota("{'role':'a','guarantees':" AMOUNTS("cpus", "2") "}", ""), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'RESCIND'"));
	ck_assert(fixture_logged(f, "back 0 0 cpus"));
}
END_TEST

/* [MasterQuotaTest.RescindOffersEnforcingLimits] */
START_TEST(offers_beyond_a_limit_are_taken_back)
{
	fixture_offer(f, 0, 0, "cpus:2", "a");
	fixture_offer(f, 0, 0, "cpus:2", "b");
	client_forget(scheduler);
	ck_assert_int_eq(
		set_quota("{'role':'a','limits':" AMOUNTS("cpus", "1") "}", ""), 0);
	ck_assert_uint_eq(client_count(scheduler, "'RESCIND'"), 1);
}
END_TEST

START_TEST(weights_are_stored_told_and_shown)
{
	fixture_offer(f, 0, 0, "cpus:4", "b");
	client_forget(scheduler);
	ck_assert_int_eq(
		set_weights("{'role':'a','weight':2.5},{'role':'b/c','weight':3}"), 0);
	ck_assert(fixture_logged(f, "weight a 2.5"));
	ck_assert(fixture_logged(f, "weight b/c 3"));
	ck_assert(fixture_has_variable(f, "weight/b/c"));
	ck_assert_ptr_nonnull(client_heard(scheduler, "'RESCIND'"));
	ck_assert_ptr_nonnull(strstr(ask("GET_WEIGHTS"), "\"weight\":2.5"));
	ck_assert_ptr_nonnull(strstr(ask("GET_ROLES"), "\"weight\":2.5"));
}
END_TEST

/* The framework has the roles a and b. */
static const struct {
	const char *infos;
	bool rescinds;
} reweighted[] = {
	{ "{'role':'b','weight':2}", true },
	{ "{'role':'c','weight':2},{'role':'a','weight':2}", true },
	{ "{'role':'c','weight':2}", false },
	{ "{'role':'a/b','weight':2}", false },
	{ "{'role':'a','weight':1}", false },
};

START_TEST(offers_stay_when_weights_change_that_nobody_has)
{
	fixture_offer(f, 0, 0, "cpus:4", "b");
	client_forget(scheduler);
	ck_assert_int_eq(set_weights(reweighted[_i].infos), 0);
	ck_assert((client_heard(scheduler, "'RESCIND'") != NULL) ==
		reweighted[_i].rescinds);
	client_forget(scheduler);
	fixture_offer(f, 0, 0, "cpus:4", "b");
	ck_assert_int_eq(set_weights(reweighted[_i].infos), 0);
	ck_assert_ptr_null(client_heard(scheduler, "'RESCIND'"));
}
END_TEST

/* A framework in a role below. */
START_TEST(offers_below_go_by_the_weights_above)
{
	fixture_scheduler(f, 3, ",'role':'c/d'");
	fixture_offer(f, 1, 0, "cpus:4", "c/d");
	scheduler = &f->clients[3];
	ck_assert_int_eq(set_weights("{'role':'c','weight':2}"), 0);
	ck_assert_ptr_nonnull(client_heard(scheduler, "'RESCIND'"));
}
END_TEST

static const struct {
	const char *infos, *why;
} bad_weights[] = {
	{ "{'role':'a','weight':0}", "must be positive" },  /* .ZeroWeight */
	{ "{'role':'a','weight':-1}", "must be positive" }, /* .NegativeWeight */
	{ "{'weight':1}", "names no role" },                /* .MissingRole */
	{ "{'role':'a//b','weight':1}", "invalid" },
	{ "{'role':'" DEEP_ROLE "','weight':1}", "33 parts, at most 32" },
	{ "{'role':'a','weight':1},{'role':'a','weight':2}", "there twice" },
};

/* [DynamicWeightsTest, as the rows say] */
START_TEST(impossible_weights_change_nothing)
{
	ck_assert_int_eq(set_weights(bad_weights[_i].infos), -EINVAL);
	ck_assert_msg(strstr(who->text, bad_weights[_i].why) != NULL, "%s", who->text);
	ck_assert(!fixture_logged(f, "weight"));
}
END_TEST

/* [DynamicWeightsTest.UnknownRole] With a list of roles no other has a weight. */
START_TEST(a_role_that_is_not_allowed_has_no_weight)
{
	fixture_restart(f, "      roles: [a]\n");
	who = client_up(f, 2, "operator");
	ck_assert_int_eq(set_weights("{'role':'a','weight':2}"), 0);
	ck_assert_int_eq(set_weights("{'role':'b','weight':2}"), -EINVAL);
	ck_assert(!fixture_logged(f, "weight b"));
}
END_TEST

/* --- the calls of older clients ---------------------------------------------------------- */

static int old_set(const char *request)
{
	client_forget(who);
	return client_operator(
		who, "{'type':'SET_QUOTA','set_quota':{'quota_request':{%s}}}", request);
}

static int old_remove(const char *role)
{
	client_forget(who);
	return client_operator(
		who, "{'type':'REMOVE_QUOTA','remove_quota':{'role':'%s'}}", role);
}

/* [MasterQuotaTest.SetExistingQuota] */
START_TEST(an_older_call_sets_guarantee_and_limit)
{
	ck_assert_int_eq(old_set("'role':'a','guarantee':[" CPUS(2) "]"), 0);
	ck_assert_msg(fixture_logged(f, "quota a guarantees cpus:2 limits cpus:2"), "%s",
		f->log.data);
	ck_assert(fixture_has_variable(f, "quota/a"));
	ck_assert_int_eq(old_set("'role':'a','guarantee':[" CPUS(1) "]"), -EINVAL);
	ck_assert_msg(strstr(who->text, "set already") != NULL, "%s", who->text);
	ck_assert_int_eq(old_remove("a"), 0);
	ck_assert(fixture_logged(f, "quota a guarantees limits"));
	ck_assert(!fixture_has_variable(f, "quota/a"));
	ck_assert_int_eq(old_remove("a"), -EINVAL);
	ck_assert_msg(strstr(who->text, "has no quota") != NULL, "%s", who->text);
}
END_TEST

static const struct {
	const char *request, *why;
	int r;
} old_refused[] = {
	{ "'guarantee':[" CPUS(1) "]", "'role' to be present", -EINVAL },
	{ "'role':'a'", "there is no guarantee", -EINVAL },
	{ "'role':'a/b','guarantee':[" CPUS(1) "]", "nested role", -EINVAL },
	{ "'role':'a','guarantee':[" CPUS(1) "," CPUS(1) "]", "there twice", -EINVAL },
	{ "'role':'a','guarantee':[{'name':'ports','type':'RANGES','ranges':{'range':[{"
	  "'begin':1,'end':2}]}}]",
		"not a scalar", -EINVAL },
	{ "'role':'a','guarantee':[{'name':'cpus','type':'SCALAR','scalar':{'value':1},"
	  "'revocable':{}}]",
		"plain amount", -EINVAL },
	/* MasterQuotaTest.InsufficientResources* */
	{ "'role':'a','guarantee':[" CPUS(5) "]", "the cluster has 4", -EBUSY },
};

/* [MasterQuotaTest.SetRequestWithInvalidData] */
START_TEST(an_older_call_is_refused)
{
	ck_assert_int_eq(old_set(old_refused[_i].request), old_refused[_i].r);
	ck_assert_msg(strstr(who->text, old_refused[_i].why) != NULL, "%s", who->text);
	ck_assert(!fixture_logged(f, "quota"));
}
END_TEST

START_TEST(an_older_call_can_be_forced)
{
	ck_assert_int_eq(old_set("'force':true,'role':'a','guarantee':[" CPUS(5) "]"), 0);
	ck_assert(fixture_logged(f, "quota a guarantees cpus:5 limits cpus:5"));
}
END_TEST

/* [DynamicWeightsTest.RecoveredWeightsFromRegistry] */
/* [DynamicWeightsTest.RecoveredWeightsFromRegistry] */
START_TEST(weights_of_the_config_are_for_an_empty_registry)
{
	fixture_restart(f, "      weights: 'a=2.5,b/c=3'\n");
	ck_assert(fixture_logged(f, "weight a 2.5"));
	ck_assert(fixture_logged(f, "weight b/c 3"));
	ck_assert(fixture_has_variable(f, "weight/a"));
	who = client_up(f, 2, "operator");
	ck_assert_ptr_nonnull(strstr(ask("GET_WEIGHTS"), "\"weight\":2.5"));
	ck_assert_int_eq(set_weights("{'role':'a','weight':1}"), 0);
	fixture_restart(f, "      weights: 'a=7,d=8'\n");
	ck_assert(fixture_logged(f, "weight a 1"));
	ck_assert(fixture_logged(f, "weight b/c 3"));
	ck_assert(!fixture_logged(f, "weight d"));
	ck_assert(!fixture_has_variable(f, "weight/d"));
	fixture_restart(f, NULL);
	ck_assert(fixture_logged(f, "weight b/c 3"));
}
END_TEST

/* What nobody can carry out is not written down: without it the next master leads. */
START_TEST(weights_of_the_config_need_an_allocator_that_knows_them)
{
	fixture_fini(f);
	fixture_init_with(
		f, &fixture_allocator_unweighing, "      weights: 'a=2.5,b/c=3'\n");
	fixture_advance(f, TP_SEC);
	ck_assert_int_eq(f->exit_status, 1);
	ck_assert(!fixture_has_variable(f, "weight/"));
	fixture_restart(f, NULL);
	ck_assert_int_eq(f->exit_status, -1);
	who = client_up(f, 2, "operator");
	ck_assert_ptr_null(strstr(ask("GET_WEIGHTS"), "weight_infos"));
}
END_TEST

static const struct {
	const char *text, *why;
} bad_flags[] = {
	{ "a", "'a' is not like role=2.5" },
	{ "a=", "'a=' is not like role=2.5" },
	{ "a=2,,b=3", "'' is not like role=2.5" },
	{ "a=2x", "must be a number above 0" },
	{ "a=-1", "must be a number above 0" },
	{ "a=nan", "must be a number above 0" },
	{ "a=1=2", "must be a number above 0" },
	{ "a//b=1", "a//b" },
	{ "a=1,a=2", "role 'a' is there twice" },
};

START_TEST(weights_of_the_config_are_checked)
{
	struct master m = { .weights_text = bad_flags[_i].text };
	struct tp_error err = { 0 };

	ck_assert_int_eq(weights_flag_check(&m, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, bad_flags[_i].why) != NULL, "%s", err.text);
}
END_TEST

START_TEST(the_next_master_knows_both)
{
	ck_assert_int_eq(
		set_quota("{'role':'a','guarantees':" AMOUNTS("cpus", "2") "}", ""), 0);
	ck_assert_int_eq(set_weights("{'role':'a','weight':2}"), 0);
	fixture_restart(f, NULL);
	ck_assert(fixture_logged(f, "quota a guarantees cpus:2 limits"));
	ck_assert(fixture_logged(f, "weight a 2"));
	who = client_up(f, 2, "operator");
	ck_assert_ptr_nonnull(strstr(ask("GET_QUOTA"), "\"role\":\"a\""));
}
END_TEST

static bool lists_role(const char *name)
{
	tp_cleanup(ptr) char *wanted = tp_asprintf("{\"name\":\"%s\"", name);

	return strstr(ask("GET_ROLES"), wanted) != NULL;
}

/* [RoleTest.EndpointImplicitRolesReservations, ...Ancestors, and those of weights and quota] */
START_TEST(roles_are_listed_that_somebody_mentions)
{
	ck_assert(lists_role("a"));
	ck_assert(!lists_role("*"));
	ck_assert(!lists_role("w"));
	ck_assert_int_eq(
		set_weights("{'role':'w/x','weight':2},{'role':'usual','weight':1}"), 0);
	ck_assert(lists_role("w/x"));
	ck_assert(lists_role("w"));
	ck_assert(!lists_role("usual"));
	ck_assert_int_eq(
		set_quota("{'role':'q','limits':" AMOUNTS("cpus", "1") "}", ""), 0);
	ck_assert(lists_role("q"));
	ck_assert_int_eq(
		client_operator(who,
			"{'type':'RESERVE_RESOURCES','reserve_resources':{'agent_id':{"
			"'value':'%s-S0'},'resources':[{'name':'cpus','type':'SCALAR',"
			"'scalar':{'value':1},'reservations':[{'type':'DYNAMIC',"
			"'role':'r/s'}]}]}}",
			fixture_master_id(f)),
		0);
	ck_assert(lists_role("r/s"));
	ck_assert(lists_role("r"));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, quota_is_stored_told_and_shown);
	tcase_add_test(tc, quota_is_answered_when_it_is_durable);
	tcase_add_loop_test(tc, impossible_quota_changes_nothing, 0, TP_COUNT(refused));
	tcase_add_test(tc, whoever_has_no_role_can_have_quota);
	tcase_add_test(tc, what_is_being_stored_is_promised_already);
	tcase_add_test(tc, an_amount_that_is_there_twice_is_refused);
	tcase_add_test(tc, an_allocator_without_quota_takes_no_place_where_there_is_some);
	tcase_add_test(tc, force_promises_more_than_there_is);
	tcase_add_test(tc, a_limit_is_not_below_what_is_used);
	tcase_add_test(tc, offers_make_room_for_a_guarantee);
	tcase_add_test(tc, offers_beyond_a_limit_are_taken_back);
	tcase_add_test(tc, weights_are_stored_told_and_shown);
	tcase_add_loop_test(
		tc, impossible_weights_change_nothing, 0, TP_COUNT(bad_weights));
	tcase_add_test(tc, a_role_that_is_not_allowed_has_no_weight);
	tcase_add_test(tc, an_older_call_sets_guarantee_and_limit);
	tcase_add_loop_test(tc, an_older_call_is_refused, 0, TP_COUNT(old_refused));
	tcase_add_test(tc, an_older_call_can_be_forced);
	tcase_add_test(tc, roles_are_listed_that_somebody_mentions);
	tcase_add_test(tc, the_next_master_knows_both);
}

int main(void)
{
	Suite *suite = suite_create("master_shares");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	tcase_add_test(tc, calls_have_a_size);
	tcase_add_test(tc, a_quota_is_of_so_many_resources);
	tcase_add_test(tc, an_allocator_that_cannot_keep_quota_takes_no_place);
	tcase_add_test(tc, weights_of_the_config_are_for_an_empty_registry);
	tcase_add_test(tc, weights_of_the_config_need_an_allocator_that_knows_them);
	tcase_add_loop_test(
		tc, weights_of_the_config_are_checked, 0, (int)TP_COUNT(bad_flags));
	tcase_add_loop_test(tc, offers_stay_when_weights_change_that_nobody_has, 0,
		(int)TP_COUNT(reweighted));
	tcase_add_test(tc, offers_below_go_by_the_weights_above);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
