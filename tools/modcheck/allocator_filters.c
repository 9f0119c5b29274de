/* SPDX-License-Identifier: Apache-2.0 */
/* What was refused: not again for its time, by this framework, in this role, of this agent. */
#include "allocator.h"

/* Framework 0 has refused all of agent 0 for an hour. */
static void refuse_all(struct master *m)
{
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1, "no offer within a minute");
	master_answer_all(m, "", TP_HOUR);
}

static void filters_hold(struct master *m)
{
	refuse_all(m);
	for (int i = 0; i < 5; i++) {
		check_advance(m->check, 11 * TP_MIN);
		master_run(m);
		expect(m->check, m->n_offers == 0,
			"offered again before the filter's hour is over");
	}
	check_advance(m->check, 6 * TP_MIN);
	master_run(m);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"not offered after the filter's hour");
}

/* Nothing else happens: it wakes up by itself. */
static void filters_end(struct master *m)
{
	refuse_all(m);
	check_advance(m->check, TP_HOUR + WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"not offered by itself after the filter's hour");
}

/* The longest there is must not wrap around. */
static void filters_last_a_year(struct master *m)
{
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", 365 * 24 * TP_HOUR);
	for (int i = 0; i < 364; i++) {
		check_advance(m->check, 24 * TP_HOUR);
		master_run(m);
	}
	expect(m->check, m->n_offers == 0, "offered again before a year is over");
	check_advance(m->check, 25 * TP_HOUR);
	master_run(m);
	expect(m->check, master_count(m, 0, 0) >= 1, "not offered after a year");
}

static void filters_are_of_one(struct master *m)
{
	refuse_all(m);
	master_add_framework(m, 1);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 1, 0) >= 1,
		"what one refused is offered to nobody else");
}

static void filters_are_of_an_agent(struct master *m)
{
	refuse_all(m);
	master_add_agent(m, 1, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 1) >= 1,
		"what was refused of one agent is not offered of another");
	expect(m->check, master_count(m, 0, 0) == 0, "offered again within the hour");
}

static void filters_are_of_a_role(struct master *m)
{
	master_framework(
		m, 0, &(struct framework_spec){ .roles = "a,b", .can = CAN(MULTI_ROLE) });
	master_add_agent(m, 0, "cpus(a):2;mem(a):64;cpus(b):2;mem(b):64", NULL, 0);
	check_advance(m->check, WHILE);
	for (size_t i = m->n_offers; i-- > 0;) {
		if (tp_streq(tp_resource_allocation(&m->offers[i].resources.items[0]),
			    "a"))
			master_answer(m, i, "", TP_HOUR);
		else
			master_answer(m, i, "", -1);
	}
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, "cpus(b):2"),
		"what was refused in one role is not offered in another");
	expect(m->check, !master_has(m, 0, 0, "cpus(a):1"),
		"offered again within the hour");
}

/* Refused were 2 cpus; 4 are more. */
static void more_than_was_refused(struct master *m)
{
	master_add_agent(m, 0, ALL, "cpus:2;mem:2048", ANY);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", TP_HOUR);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0, "offered again within the hour");
	master_give_back(m, ANY, 0, "cpus:2;mem:2048");
	check_advance(m->check, WHILE);
	expect(m->check, master_milli(m, 0, 0, "cpus") > 2000,
		"more than what was refused is not offered");
}

/* No time passes. A refusal that asks for no time must not be answered with the same at once. */
static void refusals_do_not_spin(struct master *m)
{
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", 0);
	check_advance(m->check, 0);
	expect(m->check, m->n_offers == 0,
		"a refusal without time is answered with the same offer at once");
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"not offered again after a refusal without time");
}

static void revival_ends_filters(struct master *m)
{
	refuse_all(m);
	master_suppress(m, 0, NULL, false);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1, "revive does not clear filters");
}

static void revival_is_of_a_role(struct master *m)
{
	master_framework(
		m, 0, &(struct framework_spec){ .roles = "a,b", .can = CAN(MULTI_ROLE) });
	master_add_agent(m, 0, "cpus(a):2;mem(a):64;cpus(b):2;mem(b):64", NULL, 0);
	for (int i = 0; i < 4; i++) {
		check_advance(m->check, WHILE);
		master_answer_all(m, "", TP_HOUR);
	}
	master_suppress(m, 0, "b", false);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, "cpus(b):2"),
		"revive of a role does not clear its filters");
	expect(m->check, !master_has(m, 0, 0, "cpus(a):1"),
		"revive of one role clears the filters of another");
}

static void deactivation_ends_filters(struct master *m)
{
	refuse_all(m);
	master_activate_framework(m, 0, false);
	master_activate_framework(m, 0, true);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"a framework that was deactivated has its old filters");
}

static void attributes_end_filters(struct master *m)
{
	refuse_all(m);
	master_agent(m, 0,
		&(struct agent_spec){
			.info = "{'attributes': [{'name': 'rack', 'type': 'TEXT', "
				"'text': {'value': 'a'}}]}" });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"new attributes of an agent do not end its filters");
}

static void agents_take_filters_along(struct master *m)
{
	refuse_all(m);
	master_remove_agent(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"filters outlive the agent of their slot");
}

static void frameworks_take_filters_along(struct master *m)
{
	refuse_all(m);
	master_remove_framework(m, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"filters outlive the framework of their slot");
}

static void requests_leave_filters(struct master *m)
{
	const uint32_t agents[] = { 0 };

	refuse_all(m);
	m->ops->request(m->impl, 0, agents, 1);
	m->ops->request(m->impl, 0, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0, "a request clears filters");
}

const struct allocator_case allocator_filters[] = {
	{ "filters hold, and end", filters_hold, ALWAYS },
	{ "filters end by themselves", filters_end, ALWAYS },
	{ "filters last a year", filters_last_a_year, ALWAYS },
	{ "a filter is of one framework", filters_are_of_one, ALWAYS },
	{ "a filter is of one agent", filters_are_of_an_agent, ALWAYS },
	{ "a filter is of one role", filters_are_of_a_role, ALWAYS },
	{ "a filter lets more pass than was refused", more_than_was_refused, ALWAYS },
	{ "a refusal without time does not spin", refusals_do_not_spin, ALWAYS },
	{ "revive clears filters", revival_ends_filters, ALWAYS },
	{ "revive of one role leaves the others", revival_is_of_a_role, ALWAYS },
	{ "a deactivated framework loses its filters", deactivation_ends_filters,
		ALWAYS },
	{ "new attributes end filters", attributes_end_filters, ALWAYS },
	{ "a removed agent takes its filters along", agents_take_filters_along, ALWAYS },
	{ "a removed framework takes its filters along", frameworks_take_filters_along,
		ALWAYS },
	{ "a request leaves filters", requests_leave_filters, NEEDS(request) },
	{ 0 },
};
