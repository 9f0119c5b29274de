/* SPDX-License-Identifier: Apache-2.0 */
/* That there are offers: of what is free, again when it comes back, to everybody in time. */
#include "allocator.h"

static void offers_by_itself(struct master *m)
{
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1, "no offer within a minute");
	check_advance(m->check, WHILE);
}

static void offers_when_run(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	master_run(m);
	expect(m->check, master_count(m, 0, 0) >= 1, "no offer from run()");
}

/* No time passes: a request does not wait for an interval. */
static void offers_when_asked(struct master *m)
{
	const uint32_t agents[] = { 0 };

	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", 0);
	m->inside = true;
	m->ops->request(m->impl, 0, agents, 1);
	m->inside = false;
	check_advance(m->check, 0);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"no offer of an agent that was asked for");
	master_answer_all(m, "", 0);
	m->inside = true;
	m->ops->request(m->impl, 0, NULL, 0);
	m->inside = false;
	check_advance(m->check, 0);
	expect(m->check, master_count(m, 0, 0) >= 1, "no offer when any was asked for");
}

/* Whatever happens, nothing is given twice. */
static void nothing_twice(struct master *m)
{
	static const char *const keep[] = { "", "cpus:1;mem:64", ALL };
	uint32_t dice = 1;

	for (uint32_t i = 0; i < 3; i++)
		master_add_framework(m, i);
	for (uint32_t i = 0; i < 5; i++)
		master_add_agent(m, i, ALL, NULL, 0);
	for (int i = 0; i < 2000 && !m->check->failed; i++) {
		uint32_t slot;

		dice = dice * 1664525 + 1013904223;
		slot = (dice >> 16) % 5;
		if (m->n_offers > 0 && (dice >> 28) < 12)
			master_answer(m, (dice >> 8) % m->n_offers,
				keep[(dice >> 24) % 3],
				(dice >> 20) % 3 == 0 ? TP_SEC : -1);
		else if ((dice >> 28) < 14)
			check_advance(m->check, TP_SEC);
		else {
			master_remove_agent(m, slot);
			master_add_agent(m, slot, ALL, NULL, 0);
		}
		if (i % 7 == 0)
			master_run(m);
	}
}

static void used_is_not_offered(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, ALL, 0);
	master_add_agent(m, 1, ALL, "cpus:3", ANY);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, ANY, 0) == 0,
		"an agent that is full is offered");
	expect(m->check, master_count(m, ANY, 1) >= 1,
		"what is left of an agent is not offered");
}

static void released_is_offered_again(struct master *m)
{
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, ALL, -1);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0, "what is in use is offered");
	master_give_back(m, 0, 0, ALL);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"what came back is not offered again");
}

static void everybody_gets_something(struct master *m)
{
	bool got[3] = { false };

	master_add_agent(m, 0, ALL, NULL, 0);
	for (uint32_t i = 0; i < 3; i++)
		master_add_framework(m, i);
	for (int i = 0; i < 300; i++) {
		check_advance(m->check, 10 * TP_SEC);
		while (m->n_offers > 0) {
			got[m->offers[0].framework % 3] = true;
			master_answer(m, 0, "", 5 * TP_SEC);
		}
	}
	for (int i = 0; i < 3; i++)
		expect(m->check, got[i], "framework %d was never offered anything", i);
}

/* What one role may not have is another's in the same while. */
static void nobody_waits_for_others(struct master *m)
{
	static const char *const roles[] = { "a", "b", "c" };

	for (uint32_t i = 0; i < 3; i++)
		master_framework(m, i, &(struct framework_spec){ .roles = roles[i] });
	master_add_agent(m, 0,
		"cpus(a):1;mem(a):64;cpus(b):1;mem(b):64;cpus(c):1;mem(c):64", NULL, 0);
	check_advance(m->check, WHILE);
	for (uint32_t i = 0; i < 3; i++)
		expect(m->check, master_count(m, i, 0) >= 1,
			"the role '%s' is not offered what is reserved for it", roles[i]);
}

/* Agents and roles come together; that there is no second call watches master.c. */
static void one_call_for_all(struct master *m)
{
	static const struct framework_spec two = { .roles = "a,b",
		.can = CAN(MULTI_ROLE) };
	static const char for_both[] = "cpus(a):2;mem(a):64;cpus(b):2;mem(b):64";

	for (uint32_t i = 0; i < 2; i++) {
		master_framework(m, i, &two);
		master_add_agent(m, i, for_both, NULL, 0);
	}
	master_run(m);
	check_advance(m->check, WHILE);
	expect(m->check,
		master_has(m, ANY, 0, for_both) && master_has(m, ANY, 1, for_both),
		"not everything is offered in two roles");
}

static void pause_holds_offers(struct master *m)
{
	m->ops->pause(m->impl);
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, m->n_offers == 0, "offers while it is paused");
	m->ops->resume(m->impl);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1, "no offer after it was resumed");
}

/* Others may stop after it: it must not use the time. */
static void silent_when_stopped(struct master *m)
{
	unsigned n_calls;

	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_agent(m, 1, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer(m, 0, "", 5 * TP_SEC);
	master_answer_all(m, "", 0);
	check_halt(m->check);
	n_calls = m->n_calls;
	check_advance(m->check, WHILE);
	expect(m->check, m->n_calls == n_calls, "it offers after it was stopped");
}

/* Who accepts first has it: what the other was offered comes back and is offered as it is then. */
static void the_first_accept_wins(struct master *m)
{
	size_t first = 0;

	if (!m->overlapping) {
		skip(m->check, "its offers do not overlap");
		return;
	}
	master_add_agent(m, 0, ALL, NULL, 0);
	for (uint32_t i = 0; i < 2; i++)
		master_add_framework(m, i);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1 && master_count(m, 1, 0) >= 1,
		"its offers may overlap, but not everybody is offered the agent");
	while (first < m->n_offers && m->offers[first].framework != 0)
		first++;
	if (first < m->n_offers)
		master_answer(m, first, "cpus:1;mem:64", -1);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1 && master_count(m, 1, 0) >= 1,
		"what is left after an accept is not offered to everybody");
	master_answer_all(m, "cpus:3;mem:4032", -1);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0, "an agent that is full is offered");
	master_give_back(m, 0, 0, "cpus:1;mem:64");
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1 && master_count(m, 1, 0) >= 1,
		"what came back is not offered to everybody");
}

const struct allocator_case allocator_offers[] = {
	{ "offers by itself", offers_by_itself, ALWAYS },
	{ "offers when it is run", offers_when_run, ALWAYS },
	{ "offers when it is asked", offers_when_asked, NEEDS(request) },
	{ "nothing is given twice", nothing_twice, ALWAYS },
	{ "where offers overlap, the first accept wins", the_first_accept_wins, ALWAYS },
	{ "what is in use is not offered", used_is_not_offered, ALWAYS },
	{ "what comes back is offered again", released_is_offered_again, ALWAYS },
	{ "everybody gets something", everybody_gets_something, ALWAYS },
	{ "nobody waits for what others may not have", nobody_waits_for_others, ALWAYS },
	{ "one call for each framework in a run", one_call_for_all, ALWAYS },
	{ "a pause holds offers", pause_holds_offers, NEEDS(pause), AND(resume) },
	{ "silent when it is stopped", silent_when_stopped, ALWAYS },
	{ 0 },
};
