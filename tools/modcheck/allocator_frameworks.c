/* SPDX-License-Identifier: Apache-2.0 */
/* What frameworks are told to be: roles, activity, wishes, capabilities. */
#include "allocator.h"

#define IN_A "cpus(a):2;mem(a):64"
#define IN_B "cpus(b):2;mem(b):64"

static void suppress_and_revive(struct master *m)
{
	master_add_framework(m, 0);
	master_suppress(m, 0, NULL, true);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_suppress(m, 0, NULL, false);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1, "no offer after revive");
}

/* What is offered for the suppressed one fails at once, see promises.c. */
static void suppress_one_role(struct master *m)
{
	master_framework(
		m, 0, &(struct framework_spec){ .roles = "a,b", .can = CAN(MULTI_ROLE) });
	master_suppress(m, 0, "a", true);
	master_add_agent(m, 0, IN_A ";" IN_B, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_has(m, 0, 0, IN_B),
		"who suppresses one role gets no offers for another");
	master_suppress(m, 0, "a", false);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, IN_A), "no offer for a role that revived");
}

static void suppressed_from_the_start(struct master *m)
{
	master_framework(m, 0,
		&(struct framework_spec){
			.roles = "a,b", .suppressed = "a", .can = CAN(MULTI_ROLE) });
	master_add_agent(m, 0, IN_A ";" IN_B, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_has(m, 0, 0, IN_B),
		"who comes with one role suppressed gets no offers for another");
}

static void suppressed_by_an_update(struct master *m)
{
	struct framework_spec spec = { .roles = "a,b", .can = CAN(MULTI_ROLE) };

	spec.suppressed = "a";
	master_framework(m, 0, &spec);
	spec.suppressed = "b";
	master_framework(m, 0, &spec);
	master_add_agent(m, 0, IN_A ";" IN_B, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_has(m, 0, 0, IN_A),
		"an update does not end the suppression of a role");
}

static void inactive_from_the_start(struct master *m)
{
	master_framework(m, 0, &(struct framework_spec){ .inactive = true });
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_activate_framework(m, 0, true);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"no offer to a framework that became active");
}

static void a_role_joins(struct master *m)
{
	master_framework(m, 0, &(struct framework_spec){ .roles = "a" });
	master_add_agent(m, 0, IN_B, NULL, 0);
	check_advance(m->check, WHILE);
	master_framework(
		m, 0, &(struct framework_spec){ .roles = "a,b", .can = CAN(MULTI_ROLE) });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, IN_B), "no offer for a role that joined");
}

/* What it has in a role that left stays taken until it comes back. */
static void a_role_leaves(struct master *m)
{
	master_framework(
		m, 0, &(struct framework_spec){ .roles = "a,b", .can = CAN(MULTI_ROLE) });
	master_add_agent(m, 0, IN_A, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "cpus(a):1;mem(a):32", -1);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", TP_SEC);
	master_framework(m, 0, &(struct framework_spec){ .roles = "b" });
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, m->n_offers == 0, "offers for a role that left");
	master_framework(m, 1, &(struct framework_spec){ .roles = "a" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, "cpus(a):1"),
		"what a role left is offered to nobody");
	master_give_back(m, 0, 0, "cpus(a):1;mem(a):32");
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, IN_A),
		"what came back in a role that left is not offered again");
}

static void removed_frameworks_get_nothing(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_remove_framework(m, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_add_framework(m, 1);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 1, 0) >= 1,
		"what it had is lost for the others");
}

/* Its tasks may run on: what they use comes back one by one. */
static void removed_frameworks_keep_what_runs(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, ALL, -1);
	master_remove_framework(m, 0);
	master_add_framework(m, 1);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0, "offers what a removed framework still uses");
	master_give_back(m, 0, 0, ALL);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 1, 0) >= 1,
		"what a removed framework gave back is not offered");
}

static void deactivated_get_nothing(struct master *m)
{
	master_add_framework(m, 0);
	master_activate_framework(m, 0, false);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_activate_agent(m, 0, false);
	master_activate_framework(m, 0, true);
	check_advance(m->check, WHILE);
	master_run(m);
	master_activate_agent(m, 0, true);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"no offer when both are active again");
}

/* --- wishes: an allocator may not know them, but then none of them ---------------------- */

/* For "role": agents that this selector and this predicate choose. */
#define WHERE(selector, predicate) \
	"{'role_constraints': {'role': {'groups': [{'attribute_constraints': " \
	"[{'selector': {" selector "}, 'predicate': {" predicate "}}]}]}}}"
#define HOST0 \
	WHERE("'pseudoattribute_type': 'HOSTNAME'", "'text_equals': {'value': 'host0'}")
#define RACK WHERE("'attribute_name': 'rack'", "'exists': {}")
#define IN_A_RACK \
	"{'attributes': [{'name': 'rack', 'type': 'TEXT', 'text': {'value': 'a'}}]}"

static void constraints_hold(struct master *m)
{
	master_framework(m, 0, &(struct framework_spec){ .constraints = HOST0 });
	master_add_agent(m, 1, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	if (m->n_offers > 0) {
		skip(m->check, "it does not look at offer constraints");
		return;
	}
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent that constraints allow is not offered");
	expect(m->check, master_count(m, 0, 1) == 0,
		"an agent that constraints exclude is offered");
	master_framework(m, 0, &(struct framework_spec){ .constraints = NULL });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 1) >= 1,
		"constraints outlive the update that ends them");
	master_answer_all(m, "", TP_SEC);
	master_framework(m, 0, &(struct framework_spec){ .constraints = HOST0 });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 1) == 0,
		"an agent is offered that constraints of an update exclude");
}

static void constraints_follow_agents(struct master *m)
{
	master_framework(m, 0, &(struct framework_spec){ .constraints = RACK });
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	if (m->n_offers > 0) {
		skip(m->check, "it does not look at offer constraints");
		return;
	}
	master_agent(m, 0, &(struct agent_spec){ .info = IN_A_RACK });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent is not offered whose new attributes constraints allow");
	master_answer_all(m, "", TP_SEC);
	master_agent(m, 0, &(struct agent_spec){ .info = NULL });
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0,
		"an agent is offered that lost the attributes which constraints want");
}

static void minimum_of_a_framework(struct master *m)
{
	static const char least[] =
		"{'role': {'min_allocatable_resources': {'quantities': "
		"[{'quantities': {'cpus': {'value': 3}}}]}}}";

	master_framework(m, 0, &(struct framework_spec){ .filters = least });
	master_add_agent(m, 0, "cpus:2;mem:4096", NULL, 0);
	check_advance(m->check, WHILE);
	if (m->n_offers > 0) {
		skip(m->check, "it does not look at min_allocatable_resources");
		return;
	}
	master_add_agent(m, 1, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 1) >= 1,
		"what is more than the framework's minimum is not offered");
	expect(m->check, master_count(m, 0, 0) == 0,
		"what is less than the framework's minimum is offered");
	master_framework(m, 0, &(struct framework_spec){ .filters = NULL });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"a minimum outlives the update that ends it");
}

const struct allocator_case allocator_frameworks[] = {
	{ "suppress and revive", suppress_and_revive, ALWAYS },
	{ "one role is suppressed, and revived", suppress_one_role, ALWAYS },
	{ "a role that comes suppressed", suppressed_from_the_start, ALWAYS },
	{ "an update says which roles are suppressed", suppressed_by_an_update, ALWAYS },
	{ "a framework that comes inactive", inactive_from_the_start, ALWAYS },
	{ "a role joins", a_role_joins, ALWAYS },
	{ "a role leaves", a_role_leaves, ALWAYS },
	{ "removed frameworks get nothing", removed_frameworks_get_nothing, ALWAYS },
	{ "removed frameworks keep what runs", removed_frameworks_keep_what_runs,
		ALWAYS },
	{ "deactivated ones get nothing", deactivated_get_nothing, ALWAYS },
	{ "offer constraints hold", constraints_hold, ALWAYS },
	{ "offer constraints follow an agent's attributes", constraints_follow_agents,
		ALWAYS },
	{ "a framework's minimum holds", minimum_of_a_framework, ALWAYS },
	{ 0 },
};
