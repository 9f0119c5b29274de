/* SPDX-License-Identifier: Apache-2.0 */
/* Agents that will be unavailable: who holds something of one is asked to leave it. */
#include "allocator.h"

/* Framework 0 uses something of agent 0, framework 1 is there and does not. */
static void one_holds(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, ALL, -1);
	master_add_framework(m, 1);
	check_advance(m->check, WHILE);
}

static void asked(struct master *m, size_t n, const char *when)
{
	expect(m->check, m->n_inverse == n, "%zu inverse offers instead of %zu %s",
		m->n_inverse, n, when);
}

/* Who holds nothing, or was asked, and is asked again: see inverse_offer_is_right(). */
static void holders_are_asked_once(struct master *m)
{
	one_holds(m);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	asked(m, 1, "when an agent will be unavailable");
	master_run(m);
	check_advance(m->check, WHILE);
	asked(m, 1, "after another run");
}

static void it_comes_with_an_agent(struct master *m)
{
	master_add_framework(m, 0);
	master_agent(m, 0,
		&(struct agent_spec){
			.used = ALL, .by = 0, .unavailability = master_when(m, 1) });
	check_advance(m->check, WHILE);
	asked(m, 1, "for an agent that comes with its maintenance");
}

static void refusals_are_filters(struct master *m)
{
	one_holds(m);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	master_answer_inverse(m, true, TP_HOUR);
	for (int i = 0; i < 5; i++) {
		check_advance(m->check, 11 * TP_MIN);
		master_run(m);
		asked(m, 0, "before the refusal's hour is over");
	}
	check_advance(m->check, 6 * TP_MIN);
	master_run(m);
	check_advance(m->check, WHILE);
	asked(m, 1, "after the refusal's hour");
}

static void revival_asks_again(struct master *m)
{
	one_holds(m);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	master_answer_inverse(m, true, TP_HOUR);
	check_advance(m->check, WHILE);
	master_suppress(m, 0, NULL, false);
	check_advance(m->check, WHILE);
	asked(m, 1, "after revive");
}

/* Another time is another question, whatever was answered before. */
static void another_time_asks_again(struct master *m)
{
	one_holds(m);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	master_answer_inverse(m, true, TP_HOUR);
	master_unavailability(m, 0, 2);
	check_advance(m->check, WHILE);
	asked(m, 1, "for another time");
	master_unavailability(m, 0, 3);
	check_advance(m->check, WHILE);
	asked(m, 1, "for a third time, the second unanswered");
}

/* That nobody is asked then: see inverse_offer_is_right(). */
static void maintenance_ends(struct master *m)
{
	one_holds(m);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	master_answer_inverse(m, true, -1);
	master_unavailability(m, 0, -1);
	check_advance(m->check, WHILE);
	master_run(m);
	check_advance(m->check, WHILE);
	asked(m, 0, "when maintenance was called off");
}

static void inactive_ones_are_not_asked(struct master *m)
{
	one_holds(m);
	master_activate_framework(m, 0, false);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	master_run(m);
	asked(m, 0, "for an inactive framework");
	master_activate_framework(m, 0, true);
	check_advance(m->check, WHILE);
	asked(m, 1, "for a framework that became active");
}

/* The slot is used again, by one that holds something of the agent and refused nothing. */
static void a_removed_framework_is_forgotten(struct master *m)
{
	one_holds(m);
	master_activate_framework(m, 1, false);
	master_unavailability(m, 0, 1);
	check_advance(m->check, WHILE);
	master_answer_inverse(m, true, TP_HOUR);
	master_remove_framework(m, 0);
	master_give_back(m, 0, 0, ALL);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent with maintenance is not offered");
	master_run(m);
	check_advance(m->check, WHILE);
	asked(m, 1, "for a framework in the slot of one that refused");
}

#define MAINTENANCE NEEDS(update_unavailability), AND(update_inverse_offer)

const struct allocator_case allocator_maintenance[] = {
	{ "holders are asked for an agent once", holders_are_asked_once, MAINTENANCE },
	{ "maintenance comes with an agent", it_comes_with_an_agent, MAINTENANCE },
	{ "a refused inverse offer waits its time", refusals_are_filters, MAINTENANCE },
	{ "revive asks for an agent again", revival_asks_again, MAINTENANCE },
	{ "another time asks again", another_time_asks_again, MAINTENANCE },
	{ "maintenance is called off", maintenance_ends, MAINTENANCE },
	{ "inactive frameworks are not asked", inactive_ones_are_not_asked, MAINTENANCE },
	{ "a removed framework's refusal is forgotten", a_removed_framework_is_forgotten,
		MAINTENANCE },
	{ 0 },
};
