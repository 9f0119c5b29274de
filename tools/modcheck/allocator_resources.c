/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserved, revocable and shared resources, and what operations make of them. That nobody is
 * offered what he may not have watches promises.c; here is that somebody is.
 */
#include "allocator.h"

#include <errno.h>

#define REFINED \
	"[{'name': 'cpus', 'type': 'SCALAR', 'scalar': {'value': 2}, 'reservations': " \
	"[{'type': 'DYNAMIC', 'role': 'role'}, " \
	"{'type': 'DYNAMIC', 'role': 'role/below'}]}]"
#define REVOCABLE \
	"[{'name': 'cpus', 'type': 'SCALAR', 'scalar': {'value': 2}, 'revocable': {}}]"
#define VOLUME \
	"{'name': 'disk', 'type': 'SCALAR', 'scalar': {'value': 64}, " \
	"'reservations': [{'type': 'DYNAMIC', 'role': 'role'}], 'shared': {}, " \
	"'disk': {'persistence': {'id': 'v'}, " \
	"'volume': {'container_path': 'v', 'mode': 'RW'}}}"
#define SHARED "[" VOLUME "]"
#define WITH_SHARED \
	"[{'name': 'cpus', 'type': 'SCALAR', 'scalar': {'value': 4}}, " \
	"{'name': 'mem', 'type': 'SCALAR', 'scalar': {'value': 4096}}, " VOLUME "]"

static void reservations_are_kept(struct master *m)
{
	master_add_agent(
		m, 0, "cpus:1;mem:64;cpus(other):2;mem(other):64;cpus(role):1", NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_has(m, 0, 0, "cpus:1;cpus(role):1"),
		"not everything is offered that is for the role");
	master_framework(m, 1, &(struct framework_spec){ .roles = "other" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, "cpus(other):2"),
		"what is reserved is not offered to the role it is for");
}

/* For a role and those below it; not for those above and beside. */
static void reservations_serve_below(struct master *m)
{
	master_add_agent(m, 0, "cpus(eng):2;mem(eng):64", NULL, 0);
	master_add_agent(m, 1, "cpus(eng/web):2;mem(eng/web):64", NULL, 0);
	master_framework(m, 0, &(struct framework_spec){ .roles = "eng/web" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, "cpus(eng):2"),
		"what is reserved for a role is not offered below it");
	master_remove_framework(m, 0);
	master_framework(m, 1, &(struct framework_spec){ .roles = "eng" });
	master_framework(m, 2, &(struct framework_spec){ .roles = "eng/db" });
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_count(m, ANY, 0) >= 1,
		"what is reserved for a role is not offered to it");
}

/* `able` is asked after everybody else had his chance. */
static void is_for(struct master *m, const char *total, const char *part, uint32_t can,
	const char *roles, const char *what)
{
	master_add_agent(m, 0, total, NULL, 0);
	master_framework(m, 0, &(struct framework_spec){ .roles = roles });
	check_advance(m->check, WHILE);
	master_run(m);
	while (m->n_offers > 0)
		master_answer(m, 0, "", TP_HOUR);
	master_framework(m, 1, &(struct framework_spec){ .roles = roles, .can = can });
	check_advance(m->check, WHILE);
	master_run(m);
	if (!master_has(m, 1, 0, part))
		skip(m->check, "it offers nothing that is %s", what);
}

static void refined_ones(struct master *m)
{
	is_for(m, REFINED, REFINED, CAN(RESERVATION_REFINEMENT), "role/below",
		"of a refined reservation");
}

static void revocable_ones(struct master *m)
{
	is_for(m, REVOCABLE, REVOCABLE, CAN(REVOCABLE_RESOURCES), NULL, "revocable");
}

/* Another amount of them takes the place of the former. */
static void revocable_ones_change(struct master *m)
{
	master_add_agent(m, 0, REVOCABLE, NULL, 0);
	master_framework(
		m, 0, &(struct framework_spec){ .can = CAN(REVOCABLE_RESOURCES) });
	check_advance(m->check, WHILE);
	if (m->n_offers == 0) {
		skip(m->check, "it offers nothing that is revocable");
		return;
	}
	master_answer_all(m, "", TP_SEC);
	master_agent(m, 0, &(struct agent_spec){ .total = ALL });
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, !master_has(m, 0, 0, REVOCABLE) && master_has(m, 0, 0, ALL),
		"revocable resources outlive the update that ends them");
}

static void shared_ones(struct master *m)
{
	is_for(m, WITH_SHARED, SHARED, CAN(SHARED_RESOURCES), NULL, "shared");
}

/* Somebody uses the volume: it is there for others as before. */
static void shared_ones_are_not_used_up(struct master *m)
{
	static const struct framework_spec able = { .can = CAN(SHARED_RESOURCES) };
	static const char one[] =
		"[{'name': 'cpus', 'type': 'SCALAR', 'scalar': {'value': 1}}, " VOLUME
		"]";

	master_add_agent(m, 0, WITH_SHARED, NULL, 0);
	master_framework(m, 0, &able);
	check_advance(m->check, WHILE);
	if (!master_has(m, 0, 0, SHARED)) {
		skip(m->check, "it offers nothing that is shared");
		return;
	}
	master_convert(m, 0, "", SHARED); /* a second task uses it, too */
	master_answer(m, 0, one, TP_HOUR);
	master_answer_all(m, "", TP_HOUR);
	master_framework(m, 1, &able);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, SHARED),
		"what is shared is offered to nobody while somebody uses it");
	expect(m->check, master_milli(m, 1, 0, "cpus") <= 3000, "more than there is");
	master_give_back(m, 0, 0, SHARED);
	master_answer_all(m, "", TP_SEC);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, ANY, 0, SHARED),
		"what is shared is lost when its use ends");
}

/* --- operations ------------------------------------------------------------------------ */

static void a_framework_reserves(struct master *m)
{
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	if (!master_has(m, 0, 0, ALL)) {
		skip(m->check, "it offers agents in parts");
		return;
	}
	master_convert(m, 0, "cpus:3;mem:64", "cpus(role):3;mem(role):64");
	master_answer(m, 0, "", TP_HOUR);
	check_advance(m->check, WHILE);
	master_framework(m, 1, &(struct framework_spec){ .roles = "other" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, "cpus:1"),
		"what was not converted is offered to nobody");
	master_add_framework(m, 2);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 2, 0, "cpus(role):3;mem(role):64"),
		"what a framework reserved is not offered to its role");
}

/* What the agent has is what the operation made of it: a new total is held against that. */
static void an_agent_grows_after_that(struct master *m)
{
	static const char more[] = "cpus:2;mem:4032;cpus(role):3;mem(role):64";

	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	if (!master_has(m, 0, 0, ALL)) {
		skip(m->check, "it offers agents in parts");
		return;
	}
	master_convert(m, 0, "cpus:3;mem:64", "cpus(role):3;mem(role):64");
	master_answer(m, 0, "", -1);
	check_advance(m->check, WHILE);
	master_agent(m, 0, &(struct agent_spec){ .total = more });
	check_advance(m->check, WHILE);
	master_answer_all(m, "", -1);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, more),
		"what an agent has got after an operation is not offered");
}

static void a_framework_unreserves(struct master *m)
{
	master_add_agent(m, 0, "cpus(role):4;mem(role):4096", NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	if (!master_has(m, 0, 0, "cpus(role):4;mem(role):4096")) {
		skip(m->check, "it offers agents in parts");
		return;
	}
	master_convert(m, 0, "cpus(role):3;mem(role):64", "cpus:3;mem:64");
	master_answer(m, 0, "", TP_HOUR);
	master_framework(m, 1, &(struct framework_spec){ .roles = "other" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, "cpus:3;mem:64"),
		"what a framework gave up is not offered to others");
}

static void an_operator_reserves(struct master *m)
{
	struct tp_error err = { 0 };

	master_add_agent(m, 0, ALL, "cpus:1;mem:64", ANY);
	expect(m->check, master_convert_free(m, 0, "cpus:3", "cpus(other):3", &err) >= 0,
		"an operator cannot reserve what is free: %s", err.text);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_framework(m, 1, &(struct framework_spec){ .roles = "other" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, "cpus(other):3"),
		"what an operator reserved is not offered to its role");
}

/* More than is free: an error with a reason, and all is as before. */
static void an_operator_asks_too_much(struct master *m)
{
	struct tp_error err = { 0 };
	int r;

	master_add_agent(m, 0, ALL, "cpus:3;mem:64", ANY);
	r = master_convert_free(
		m, 0, "cpus:2;mem:1024", "cpus(other):2;mem(other):1024", &err);
	expect(m->check, r == -ENOSPC,
		"converting more than is free is %d instead of -ENOSPC", r);
	expect(m->check, err.text[0] != '\0', "-ENOSPC without a reason");
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, "cpus:1;mem:4032"),
		"a conversion that was refused changed something");
	master_answer_all(m, "", TP_HOUR);
	master_give_back(m, ANY, 0, "cpus:3;mem:64");
	master_framework(m, 1, &(struct framework_spec){ .roles = "other" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, ALL),
		"a conversion that was refused changed something later");
}

const struct allocator_case allocator_resources[] = {
	{ "reservations are kept", reservations_are_kept, ALWAYS },
	{ "reservations serve the roles below", reservations_serve_below, ALWAYS },
	{ "refined reservations are for who knows them", refined_ones, ALWAYS },
	{ "revocable resources are for who wants them", revocable_ones, ALWAYS },
	{ "revocable resources change", revocable_ones_change, ALWAYS },
	{ "shared resources are for who knows them", shared_ones, ALWAYS },
	{ "shared resources are not used up", shared_ones_are_not_used_up,
		NEEDS(update_allocation) },
	{ "a framework reserves", a_framework_reserves, NEEDS(update_allocation) },
	{ "an agent grows after an operation", an_agent_grows_after_that,
		NEEDS(update_allocation) },
	{ "a framework unreserves", a_framework_unreserves, NEEDS(update_allocation) },
	{ "an operator reserves", an_operator_reserves, NEEDS(update_available) },
	{ "an operator asks for more than is free", an_operator_asks_too_much,
		NEEDS(update_available) },
	{ 0 },
};
