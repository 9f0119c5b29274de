/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a framework says of itself and asks of its offers: constraints, minimums, roles. Each rule is
 * a row; SUBSCRIBE and UPDATE_FRAMEWORK keep them alike. Names in brackets are the tests'
 * counterparts upstream.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/master_fixture.h"

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

#define SUBSCRIBE \
	"{'type':'SUBSCRIBE','subscribe':{'framework_info':{'user':'u','name':'n'," \
	"'roles':['r'],'capabilities':[{'type':'MULTI_ROLE'}]%s}%s}}"
#define UPDATE \
	"{'type':'UPDATE_FRAMEWORK','framework_id':{'value':'%s-0000'}," \
	"'update_framework':{'framework_info':{'user':'u','name':'n','roles':['r']," \
	"'capabilities':[{'type':'MULTI_ROLE'}],'id':{'value':'%s-0000'}%s}%s}}"

/* A group with one constraint. */
#define GROUP(selector, predicate) \
	"{'attribute_constraints':[{'selector':{" selector "},'predicate':{" predicate \
	"}}]}"
#define CONSTRAIN(role, groups) \
	",'offer_constraints':{'role_constraints':{'" role "':{'groups':[" groups "]}}}"
#define RACK "'attribute_name':'rack'"
#define HOSTNAME "'pseudoattribute_type':'HOSTNAME'"
#define EXISTS "'exists':{}"
#define MATCHES(regex) "'text_matches':{'regex':'" regex "'}"
#define MINIMUM(role, quantities) \
	",'offer_filters':{'" role \
	"':{'min_allocatable_resources':{'quantities':[" quantities "]}}}"
#define QUANTITY(name, value) "{'quantities':{'" name "':{'value':" value "}}}"

#define EIGHT_TIMES(text) text text text text text text text text
/* Alternatives and quantities of one alternative, sixteen of each. */
#define ALTERNATIVES \
	EIGHT_TIMES(QUANTITY("x", "1") ",") \
	EIGHT_TIMES(QUANTITY("cpus", "1") ",")
#define QUANTITIES \
	"'a':{'value':1},'b':{'value':1},'c':{'value':1},'d':{'value':1}," \
	"'e':{'value':1},'f':{'value':1},'g':{'value':1},'h':{'value':1}," \
	"'i':{'value':1},'j':{'value':1},'k':{'value':1},'l':{'value':1}," \
	"'m':{'value':1},'n':{'value':1},'o':{'value':1},'p':{'value':1}"

static const struct {
	const char *info;  /* more of FrameworkInfo */
	const char *terms; /* more beside it */
	const char *why;   /* NULL: it is fine */
} rows[] = {
	{ "", "", NULL },
	{ "", CONSTRAIN("r", GROUP(RACK, EXISTS)), NULL },
	{ "", CONSTRAIN("r", GROUP(HOSTNAME, MATCHES("host-[0-9]+"))), NULL },
	{ "", ",'offer_constraints':{}", NULL },
	/* [UpdateFrameworkTest.OfferConstraintsForUnsubscribedRole] */
	{ "", CONSTRAIN("other", GROUP(RACK, EXISTS)),
		"Offer constraints specify `role_constraints` for a role 'other' not "
		"contained in the set of roles" },
	{ "", CONSTRAIN("r", ""),
		"'OfferConstraints::role_constraints' has an empty "
		"'RoleConstraints::groups' for role 'r'" },
	{ "", CONSTRAIN("r", GROUP(RACK, EXISTS) ",{}"),
		"'OfferConstraints::RoleConstraints::groups' for role 'r' contains an "
		"empty RoleConstraints::Group" },
	{ "", CONSTRAIN("r", GROUP("'pseudoattribute_type':'UNKNOWN'", EXISTS)),
		"Role 'r' has an invalid 'AttributeConstraint': Unknown pseudoattribute "
		"type" },
	{ "", CONSTRAIN("r", GROUP("", EXISTS)),
		"Role 'r' has an invalid 'AttributeConstraint': Exactly one of "
		"'AttributeConstraint::Selector::name' or "
		"'AttributeConstraint::Selector::pseudoattribute_type' must be set" },
	{ "", CONSTRAIN("r", GROUP(RACK, "")),
		"Role 'r' has an invalid 'AttributeConstraint': Unknown predicate "
		"type" },
	{ "", CONSTRAIN("r", GROUP(RACK, MATCHES("rack-("))),
		"Role 'r' has an invalid 'AttributeConstraint': Failed to construct "
		"regex from pattern 'rack-('" },
	{ "",
		CONSTRAIN("r",
			GROUP(RACK, EXISTS) "," GROUP(
				RACK, "'text_not_matches':{'regex':'[a'}")),
		"Failed to construct regex from pattern '[a'" },
	{ "", CONSTRAIN("r", GROUP(RACK, MATCHES("a{98}b"))), NULL },
	{ "", CONSTRAIN("r", GROUP(RACK, MATCHES("a{99}b"))),
		"Regex 'a{99}b' is too complex: its program is larger than the maximum "
		"of "
		"100 allowed" },
	{ MINIMUM("r", QUANTITY("cpus", "0.5")), "", NULL },
	{ MINIMUM("r", ""), "", NULL },
	{ MINIMUM("other", QUANTITY("cpus", "0.5")), "", NULL },
	{ MINIMUM("r", QUANTITY("cpus", "1") ",{}"), "",
		"Resource quantities must contain at least one quantity" },
	{ MINIMUM("r", QUANTITY("mem", "1") "," QUANTITY("cpus", "-0.5")), "",
		"Invalid resource quantity for 'cpus': it must be a number that is not "
		"negative" },
	{ MINIMUM("r", ALTERNATIVES QUANTITY("mem", "1")), "",
		"of one role are 17, at most 16 are allowed" },
	{ MINIMUM("r", "{'quantities':{" QUANTITIES "}}"), "", NULL },
	{ MINIMUM("r", "{'quantities':{" QUANTITIES ",'q':{'value':1}}}"), "",
		"of one alternative of 'min_allocatable_resources' are 17, at most 16" },
};

/* The ERROR event, of which the stream ends, says why. */
static void check_error(struct client *c, const char *why)
{
	const char *heard = client_heard(c, "'type':'ERROR'");

	ck_assert_ptr_nonnull(heard);
	ck_assert_msg(strstr(heard, why) != NULL, "%s", heard);
	ck_assert(!fixture_logged(f, "add_framework"));
}

START_TEST(subscribe_refuses)
{
	struct client *c = client_up(f, 0, "scheduler");

	ck_assert_int_eq(
		client_scheduler(c, SUBSCRIBE, rows[_i].info, rows[_i].terms), 0);
	if (rows[_i].why != NULL) {
		check_error(c, rows[_i].why);
		return;
	}
	ck_assert_ptr_nonnull(client_heard(c, "'type':'SUBSCRIBED'"));
	ck_assert(fixture_logged(f, "add_framework 0"));
}
END_TEST

/* [UpdateFrameworkTest.*] */
START_TEST(update_framework_refuses)
{
	struct client *c = client_up(f, 0, "scheduler");
	const char *id = fixture_master_id(f);
	int r;

	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, "", ""), 0);
	fixture_forget(f);
	r = client_scheduler(c, UPDATE, id, id, rows[_i].info, rows[_i].terms);
	if (rows[_i].why == NULL) {
		ck_assert_int_eq(r, 0);
		ck_assert(fixture_logged(f, "update_framework 0"));
		return;
	}
	ck_assert_int_lt(r, 0);
	ck_assert_msg(strstr(c->text, rows[_i].why) != NULL, "%s", c->text);
	ck_assert(!fixture_logged(f, "update_framework"));
}
END_TEST

/* In two roles, one of them maybe with one more. */
static void subscribe_with_many(struct client *c, bool one_more)
{
	static const char constraint[] =
		"{'selector':{" RACK "},'predicate':{" EXISTS "}},";
	tp_cleanup(strbuf) struct tp_strbuf many = TP_STRBUF_INIT;

	for (int i = 0; i < 500; i++)
		tp_strbuf_puts(&many, constraint);
	many.data[many.len - 1] = '\0';
	ck_assert_int_eq(
		client_scheduler(c,
			"{'type':'SUBSCRIBE','subscribe':{'framework_info':{'user':'u',"
			"'name':'n','roles':['a','b'],"
			"'capabilities':[{'type':'MULTI_ROLE'}]},"
			"'offer_constraints':{'role_constraints':{'a':{'groups':["
			"{'attribute_constraints':[%s]}]},'b':{'groups':["
			"{'attribute_constraints':[%s%s]}]}}}}}",
			many.data, one_more ? constraint : "", many.data),
		0);
}

START_TEST(constraints_are_counted)
{
	struct client *c = client_up(f, 0, "scheduler");

	subscribe_with_many(c, true);
	check_error(c, "hold 1001 attribute constraints, more than 1000");
	c = client_up(f, 1, "scheduler");
	subscribe_with_many(c, false);
	ck_assert_ptr_nonnull(client_heard(c, "'type':'SUBSCRIBED'"));
}
END_TEST

/* What a framework says for each of so many roles, "r0" and so on. */
static void repeat(struct tp_strbuf *ret, const char *format, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		tp_strbuf_printf(ret, "%s'r%u'%s", i > 0 ? "," : "", i, format);
}

static struct client *subscribe_in(unsigned n_roles, unsigned n_suppressed,
	unsigned n_filters, unsigned n_constrained)
{
	static const char minimum[] =
		":{'min_allocatable_resources':{'quantities':[" EIGHT_TIMES(
			QUANTITY("x", "1") ",") QUANTITY("cpus", "1") "]}}";
	tp_cleanup(strbuf) struct tp_strbuf roles = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf suppressed = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf filters = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf constraints = TP_STRBUF_INIT;
	struct client *c = client_up(f, 0, "scheduler");

	repeat(&roles, "", n_roles);
	repeat(&suppressed, "", n_suppressed);
	repeat(&filters, minimum, n_filters);
	repeat(&constraints, ":{'groups':[" GROUP(RACK, EXISTS) "]}", n_constrained);
	ck_assert_int_eq(
		client_scheduler(c,
			"{'type':'SUBSCRIBE','subscribe':{'framework_info':{'user':'u',"
			"'name':'n','roles':[%s],'offer_filters':{%s},"
			"'capabilities':[{'type':'MULTI_ROLE'}]},"
			"'suppressed_roles':[%s],"
			"'offer_constraints':{'role_constraints':{%s}}}}",
			tp_strbuf_text(&roles), tp_strbuf_text(&filters),
			tp_strbuf_text(&suppressed), tp_strbuf_text(&constraints)),
		0);
	return c;
}

static const struct {
	unsigned n_roles, n_suppressed, n_filters, n_constrained;
	const char *why;
} sizes[] = {
	{ 1000, 1000, 111, 1000, NULL },
	{ 1001, 0, 0, 0, "'FrameworkInfo.roles' are 1001, at most 1000" },
	{ 1, 1001, 0, 0, "suppressed roles are 1001, at most 1000" },
	{ 1, 0, 1001, 0, "'FrameworkInfo.offer_filters' are 1001, at most 1000" },
	{ 1, 0, 0, 1001, "role_constraints' are 1001, at most 1000" },
	{ 1, 0, 112, 0, "'min_allocatable_resources' are 1008, at most 1000" },
};

/* Roles are compared with each other; nothing of that begins with too many. */
START_TEST(a_framework_has_a_size)
{
	struct client *c = subscribe_in(sizes[_i].n_roles, sizes[_i].n_suppressed,
		sizes[_i].n_filters, sizes[_i].n_constrained);

	if (sizes[_i].why != NULL)
		check_error(c, sizes[_i].why);
	else
		ck_assert_ptr_nonnull(client_heard(c, "'type':'SUBSCRIBED'"));
}
END_TEST

/* Each of them is looked for among the framework's. */
START_TEST(a_call_names_so_many_roles)
{
	static const char *const types[] = { "SUPPRESS", "suppress", "REVIVE", "revive" };
	tp_cleanup(strbuf) struct tp_strbuf roles = TP_STRBUF_INIT;
	struct client *c = client_up(f, 0, "scheduler");
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, "", ""), 0);
	for (unsigned i = 0; i <= 1000; i++)
		tp_strbuf_puts(&roles, i > 0 ? ",'r'" : "'r'");
	for (size_t i = 0; i < TP_COUNT(types); i += 2) {
		ck_assert_int_eq(
			client_scheduler(c,
				"{'type':'%s','framework_id':{'value':'%s-0000'},"
				"'%s':{'roles':[%s]}}",
				types[i], id, types[i + 1], tp_strbuf_text(&roles)),
			-EINVAL);
		ck_assert_ptr_nonnull(strstr(c->text, "1001 roles, at most 1000"));
	}
}
END_TEST

/* Each constraint has a program of 100; the last one of as much as is left. */
static struct client *subscribe_with_programs(unsigned last)
{
	tp_cleanup(strbuf) struct tp_strbuf groups = TP_STRBUF_INIT;
	struct client *c = client_up(f, last % 2, "scheduler");

	for (int i = 0; i < 199; i++)
		tp_strbuf_puts(&groups, GROUP(RACK, MATCHES("a{99}")) ",");
	tp_strbuf_printf(&groups, GROUP(RACK, MATCHES("a{%u}")), last);
	ck_assert_int_eq(
		client_scheduler(c,
			"{'type':'SUBSCRIBE','subscribe':{'framework_info':{'user':'u',"
			"'name':'n','role':'r'},'offer_constraints':"
			"{'role_constraints':{'r':{'groups':[%s,%s]}}}}}",
			groups.data, GROUP(RACK, MATCHES(""))),
		0);
	return c;
}

START_TEST(programs_are_counted_together)
{
	check_error(subscribe_with_programs(99), "larger than 20000 together");
	ck_assert_ptr_nonnull(
		client_heard(subscribe_with_programs(98), "'type':'SUBSCRIBED'"));
}
END_TEST

START_TEST(the_size_of_regexes_is_configured)
{
	struct client *c;

	fixture_fini(f);
	fixture_init(f,
		"      offer_constraints_re2_max_program_size: 5\n"
		"      offer_constraints_re2_max_mem: 1MB\n");
	c = client_up(f, 0, "scheduler");
	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, "",
				 CONSTRAIN("r", GROUP(RACK, MATCHES("abcde")))),
		0);
	check_error(c, "the maximum of 5 allowed");
	c = client_up(f, 1, "scheduler");
	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, "",
				 CONSTRAIN("r", GROUP(RACK, MATCHES("abcd")))),
		0);
	ck_assert_ptr_nonnull(client_heard(c, "'type':'SUBSCRIBED'"));
	c = client_up(f, 2, "operator");
	ck_assert_int_eq(client_operator(c, "{'type':'GET_FLAGS'}"), 0);
	ck_assert_ptr_nonnull(client_heard(
		c, "{'name':'offer_constraints_re2_max_mem','value':'1MB'}"));
}
END_TEST

/* --- who it is ------------------------------------------------------------------------- */

static int update(struct client *c, const char *info)
{
	const char *id = fixture_master_id(f);

	fixture_forget(f);
	return client_scheduler(c,
		"{'type':'UPDATE_FRAMEWORK','framework_id':{'value':'%s-0000'},"
		"'update_framework':{'framework_info':{'id':{'value':'%s-0000'},%s}}}",
		id, id, info);
}

#define MULTI "'capabilities':[{'type':'MULTI_ROLE'}]"

static const struct {
	const char *info, *why; /* why NULL: it may */
} changes[] = {
	{ "'user':'u','name':'n','roles':['r']," MULTI, NULL },
	{ "'user':'u','name':'m','roles':['s']," MULTI
	  ",'failover_timeout':7,'labels':{'labels':[{'key':'k'}]}",
		NULL },
	{ "'user':'v','name':'n','roles':['r']," MULTI,
		"Updating 'FrameworkInfo.user' is unsupported" },
	{ "'user':'u','name':'n','roles':['r'],'checkpoint':true," MULTI,
		"Updating 'FrameworkInfo.checkpoint' is unsupported" },
	{ "'user':'u','name':'n','roles':['r'],'principal':'p'," MULTI,
		"Changing framework's principal is not allowed" },
	{ "'user':'u','name':'n','roles':['r'],'failover_timeout':-1," MULTI,
		"failover_timeout is invalid" },
};

/* [FrameworkInfoValidationTest.ValidateUpdate] */
START_TEST(some_of_a_framework_may_change)
{
	struct client *c = client_up(f, 0, "scheduler");
	int r;

	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, "", ""), 0);
	r = update(c, changes[_i].info);
	if (changes[_i].why == NULL) {
		ck_assert_int_eq(r, 0);
		ck_assert(fixture_logged(f, "update_framework 0"));
		return;
	}
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_msg(strstr(c->text, changes[_i].why) != NULL, "%s", c->text);
	ck_assert(!fixture_logged(f, "update_framework"));
}
END_TEST

/*
 * [FrameworkInfoValidationTest.DowngradeFromMultipleRoles] Roles may change, so it may go back to
 * one; what it was offered in the other is taken back.
 */
START_TEST(a_framework_may_go_back_to_one_role)
{
	struct client *c;

	fixture_agent(f, 1);
	c = fixture_scheduler(f, 0, ",'roles':['a','b']," MULTI);
	fixture_offer(f, 0, 0, "cpus:1", "a"); /* O0 */
	fixture_offer(f, 0, 0, "cpus:1", "b"); /* O1 */
	ck_assert_int_eq(update(c, "'user':'u','name':'test','roles':['a']"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(c->text, "'FrameworkInfo.roles' must not be set"));
	ck_assert_int_eq(update(c, "'user':'u','name':'test','role':'a'"), 0);
	ck_assert_uint_eq(client_count(c, "'type':'RESCIND'"), 1);
	ck_assert_ptr_nonnull(client_heard(c, "-O1'"));
	ck_assert(fixture_logged(f, "back 0 0 cpus(allocated: b):1\n"));
	ck_assert(fixture_logged(f, "update_framework 0\n"));
}
END_TEST

/* [MasterTest.MultiRoleSchedulerUnsubscribeFromRole] */
START_TEST(tasks_in_a_role_that_was_left_go_on)
{
	struct client *agent = fixture_agent(f, 1);
	struct client *c = fixture_scheduler(f, 0, ",'roles':['a','b']," MULTI);

	fixture_offer(f, 0, 0, "cpus:1", "b");
	fixture_launch(f, c, 0, 0, "t");
	ck_assert_ptr_nonnull(client_heard(agent, "40 {"));
	client_forget(agent);
	client_forget(c);
	ck_assert_int_eq(update(c, "'user':'u','name':'test','roles':['a']," MULTI), 0);
	ck_assert(fixture_logged(f, "update_framework 0\n"));
	ck_assert(!fixture_logged(f, "back"));
	ck_assert_uint_eq(client_count(agent, "'task_id'"), 0); /* no kill */
	ck_assert_ptr_null(client_heard(c, "'state':'TASK_"));
	fixture_update(f, agent, 0, "t", "TASK_FINISHED", "TASK_FINISHED", 1);
	ck_assert(fixture_logged(f, "back 0 0 cpus(allocated: b):1\n"));
}
END_TEST

/* [MasterTest.FrameworkSubscribeEmptyId] An empty id is none. */
START_TEST(an_empty_id_is_none)
{
	struct client *c = client_up(f, 0, "scheduler");

	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, ",'id':{'value':''}", ""), 0);
	ck_assert_ptr_nonnull(client_heard(c, "-0000'"));
	ck_assert_ptr_nonnull(client_heard(c, "'type':'SUBSCRIBED'"));
}
END_TEST

static const char *const timeouts[] = { "-1", "9.1e9" };

/* [MasterTest.RejectFrameworkWithInvalidFailoverTimeout] */
START_TEST(a_failover_timeout_has_its_range)
{
	struct client *c = client_up(f, 0, "scheduler");
	tp_cleanup(ptr) char *more = tp_asprintf(",'failover_timeout':%s", timeouts[_i]);

	ck_assert_int_eq(client_scheduler(c, SUBSCRIBE, more, ""), 0);
	check_error(c, "failover_timeout is invalid");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master_terms");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, subscribe_refuses, 0, (int)TP_COUNT(rows));
	tcase_add_loop_test(tc, update_framework_refuses, 0, (int)TP_COUNT(rows));
	tcase_add_test(tc, constraints_are_counted);
	tcase_add_loop_test(tc, a_framework_has_a_size, 0, (int)TP_COUNT(sizes));
	tcase_add_test(tc, a_call_names_so_many_roles);
	tcase_add_test(tc, programs_are_counted_together);
	tcase_add_test(tc, the_size_of_regexes_is_configured);
	tcase_add_loop_test(
		tc, some_of_a_framework_may_change, 0, (int)TP_COUNT(changes));
	tcase_add_test(tc, a_framework_may_go_back_to_one_role);
	tcase_add_test(tc, tasks_in_a_role_that_was_left_go_on);
	tcase_add_test(tc, an_empty_id_is_none);
	tcase_add_loop_test(
		tc, a_failover_timeout_has_its_range, 0, (int)TP_COUNT(timeouts));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
