/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a framework asks of its offers: constraints and minimums. Each rule is a row; SUBSCRIBE and
 * UPDATE_FRAMEWORK keep them alike.
 */
#include <check.h>
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
	tcase_add_test(tc, the_size_of_regexes_is_configured);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
