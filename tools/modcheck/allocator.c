/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every allocator promises, whatever its policy: tepui/kind/allocator.h. Every offer of
 * every case is also held to the books of master.c.
 */
#include "master.h"

#include <string.h>

#include "tepui/wire.h"

#define ANY UINT32_MAX
#define ALL "cpus:4;mem:4096"
/* Long enough for any allocation interval that makes sense. */
#define WHILE TP_MIN

static void offers_by_itself(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_agent(&m, 0, ALL, NULL, 0);
	master_add_framework(&m, 0);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1, "no offer within a minute");
	check_advance(c, WHILE);
	master_fini(&m);
}

static void offers_when_run(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_add_agent(&m, 0, ALL, NULL, 0);
	master_run(&m);
	expect(c, master_count(&m, 0, 0) >= 1, "no offer from run()");
	master_fini(&m);
}

/* Whatever happens, nothing is given twice: is_right() of master.c watches. */
static void nothing_twice(struct check *c)
{
	static const char *const keep[] = { "", "cpus:1;mem:64", "cpus:4;mem:4096" };
	struct master m;
	uint32_t dice = 1;

	if (!master_init(&m, c))
		return;
	for (uint32_t i = 0; i < 3; i++)
		master_add_framework(&m, i);
	for (uint32_t i = 0; i < 5; i++)
		master_add_agent(&m, i, ALL, NULL, 0);
	for (int i = 0; i < 2000 && !c->failed; i++) {
		uint32_t slot;

		dice = dice * 1664525 + 1013904223;
		slot = (dice >> 16) % 5;
		if (m.n_offers > 0 && (dice >> 28) < 12)
			master_answer(&m, (dice >> 8) % m.n_offers,
				keep[(dice >> 24) % 3],
				(dice >> 20) % 3 == 0 ? TP_SEC : -1);
		else if ((dice >> 28) < 14)
			check_advance(c, TP_SEC);
		else {
			master_remove_agent(&m, slot);
			master_add_agent(&m, slot, ALL, NULL, 0);
		}
		if (i % 7 == 0)
			master_run(&m);
	}
	master_fini(&m);
}

static void used_is_not_offered(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_add_agent(&m, 0, ALL, ALL, 0);
	master_add_agent(&m, 1, ALL, "cpus:3", ANY);
	check_advance(c, WHILE);
	expect(c, master_count(&m, ANY, 0) == 0, "an agent that is full is offered");
	expect(c, master_count(&m, ANY, 1) >= 1,
		"what is left of an agent is not offered");
	master_fini(&m);
}

static void released_is_offered_again(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_agent(&m, 0, ALL, NULL, 0);
	master_add_framework(&m, 0);
	check_advance(c, WHILE);
	while (m.n_offers > 0)
		master_answer(&m, 0, ALL, -1);
	check_advance(c, WHILE);
	expect(c, m.n_offers == 0, "what is in use is offered");
	master_give_back(&m, 0, 0, ALL);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1, "what came back is not offered again");
	master_fini(&m);
}

static void filters_hold(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_agent(&m, 0, ALL, NULL, 0);
	master_add_framework(&m, 0);
	check_advance(c, WHILE);
	while (m.n_offers > 0)
		master_answer(&m, 0, "", TP_HOUR);
	for (int i = 0; i < 5; i++) {
		check_advance(c, 11 * TP_MIN);
		master_run(&m);
		expect(c, m.n_offers == 0,
			"offered again before the filter's hour is over");
	}
	check_advance(c, 6 * TP_MIN);
	master_run(&m);
	expect(c, master_count(&m, 0, 0) >= 1, "not offered after the filter's hour");
	master_fini(&m);
}

static void filters_are_of_one(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_agent(&m, 0, ALL, NULL, 0);
	master_add_framework(&m, 0);
	check_advance(c, WHILE);
	while (m.n_offers > 0)
		master_answer(&m, 0, "", TP_HOUR);
	master_add_framework(&m, 1);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 1, 0) >= 1,
		"what one refused is offered to nobody else");
	master_fini(&m);
}

static void suppress_and_revive(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_suppress(&m, 0, true);
	master_add_agent(&m, 0, ALL, NULL, 0);
	check_advance(c, WHILE);
	master_run(&m);
	master_suppress(&m, 0, false);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1, "no offer after revive");
	while (m.n_offers > 0)
		master_answer(&m, 0, "", TP_HOUR);
	master_suppress(&m, 0, false);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1, "revive does not clear filters");
	master_fini(&m);
}

static void removed_agents_get_nothing(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_add_agent(&m, 0, ALL, NULL, 0);
	check_advance(c, WHILE);
	master_remove_agent(&m, 0);
	check_advance(c, WHILE);
	master_run(&m);
	master_give_back(&m, 0, 0, "cpus:1"); /* late: must be tolerated */
	check_advance(c, WHILE);
	expect(c, m.n_offers == 0, "a removed agent is offered");
	master_add_agent(&m, 0, "cpus:2", NULL, 0); /* the slot is used again */
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1,
		"a slot that is used again is not offered");
	master_fini(&m);
}

static void removed_frameworks_get_nothing(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_add_agent(&m, 0, ALL, NULL, 0);
	check_advance(c, WHILE);
	master_remove_framework(&m, 0);
	check_advance(c, WHILE);
	master_run(&m);
	expect(c, m.n_offers == 0, "a removed framework is offered something");
	master_add_framework(&m, 1);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 1, 0) >= 1, "what it had is lost for the others");
	master_fini(&m);
}

static void deactivated_get_nothing(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_activate_framework(&m, 0, false);
	master_add_agent(&m, 0, ALL, NULL, 0);
	check_advance(c, WHILE);
	master_run(&m);
	master_activate_agent(&m, 0, false);
	master_activate_framework(&m, 0, true);
	check_advance(c, WHILE);
	master_run(&m);
	expect(c, m.n_offers == 0, "a deactivated agent is offered");
	master_activate_agent(&m, 0, true);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1, "no offer when both are active again");
	master_fini(&m);
}

static void everybody_gets_something(struct check *c)
{
	struct master m;
	bool got[3] = { false };

	if (!master_init(&m, c))
		return;
	master_add_agent(&m, 0, ALL, NULL, 0);
	for (uint32_t i = 0; i < 3; i++)
		master_add_framework(&m, i);
	for (int i = 0; i < 300; i++) {
		check_advance(c, 10 * TP_SEC);
		while (m.n_offers > 0) {
			got[m.offers[0].framework % 3] = true;
			master_answer(&m, 0, "", 5 * TP_SEC);
		}
	}
	for (int i = 0; i < 3; i++)
		expect(c, got[i], "framework %d was never offered anything", i);
	master_fini(&m);
}

/* Optional members: what is there keeps its promise. */
static void pause_holds_offers(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	if (m.ops->pause == NULL || m.ops->resume == NULL) {
		skip(c, "it cannot be paused");
		master_fini(&m);
		return;
	}
	m.ops->pause(m.impl);
	master_add_framework(&m, 0);
	master_add_agent(&m, 0, ALL, NULL, 0);
	check_advance(c, WHILE);
	master_run(&m);
	expect(c, m.n_offers == 0, "offers while it is paused");
	m.ops->resume(m.impl);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1, "no offer after it was resumed");
	master_fini(&m);
}

static void reservations_are_kept(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	master_add_framework(&m, 0);
	master_add_agent(&m, 0, "cpus:1;mem:64;cpus(other):2;cpus(role):1", NULL, 0);
	check_advance(c, WHILE);
	for (size_t i = 0; i < m.n_offers; i++)
		for (uint32_t j = 0; j < m.offers[i].resources.n; j++)
			expect(c,
				strcmp(m.offers[i].resources.items[j].key->role,
					"other") != 0,
				"offers what is reserved for another role");
	master_fini(&m);
}

static void limits_are_kept(struct check *c)
{
	struct tp_value_scalar most = { .value_milli = 2000 };
	struct tp_quota_config_limits_entry limit = { "cpus", &most };
	struct tp_quota_config_limits_entry *limits[] = { &limit };
	const struct tp_quota_config quota = {
		.role = "role", .limits = limits, .n_limits = 1
	};
	struct master m;
	int64_t sum = 0;

	if (!master_init(&m, c))
		return;
	if (m.ops->update_quota == NULL) {
		skip(c, "it knows no quota");
		master_fini(&m);
		return;
	}
	m.ops->update_quota(m.impl, "role", &quota);
	master_add_framework(&m, 0);
	master_add_framework(&m, 1);
	for (uint32_t i = 0; i < 5; i++)
		master_add_agent(&m, i, ALL, NULL, 0);
	check_advance(c, WHILE);
	master_run(&m);
	for (size_t i = 0; i < m.n_offers; i++)
		sum += tp_resources_milli(&m.offers[i].resources, "cpus");
	expect(c, sum <= 2000, "offers %lld thousandths of a cpu over a limit of 2000",
		(long long)sum);
	master_fini(&m);
}

/* What an owner does that replaces an allocator: what is offered already is used to the new one. */
static void replay_gives_nothing_twice(struct check *c)
{
	struct master m;

	if (!master_init(&m, c))
		return;
	if (m.ops->pause != NULL)
		m.ops->pause(m.impl);
	for (uint32_t i = 0; i < 4; i++)
		master_add_agent(&m, i, ALL, i % 2 == 0 ? ALL : "cpus:1;mem:64", i % 3);
	for (uint32_t i = 0; i < 3; i++)
		master_add_framework(&m, i);
	if (m.ops->resume != NULL)
		m.ops->resume(m.impl);
	check_advance(c, WHILE);
	expect(c, master_count(&m, ANY, 0) == 0, "offers what the old one had offered");
	expect(c, master_count(&m, ANY, 1) >= 1, "does not offer what was left");
	master_give_back(&m, 0, 0, ALL);
	check_advance(c, WHILE);
	expect(c, master_count(&m, ANY, 0) >= 1,
		"what comes back to the new one is not offered again");
	master_fini(&m);
}

/* Who accepts first has it: what the other was offered comes back and is offered as it is then. */
static void the_first_accept_wins(struct check *c)
{
	struct master m;
	size_t first = 0;

	if (!master_init(&m, c))
		return;
	if (!m.overlapping) {
		skip(c, "its offers do not overlap");
		master_fini(&m);
		return;
	}
	master_add_agent(&m, 0, ALL, NULL, 0);
	for (uint32_t i = 0; i < 2; i++)
		master_add_framework(&m, i);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1 && master_count(&m, 1, 0) >= 1,
		"its offers may overlap, but not everybody is offered the agent");
	while (first < m.n_offers && m.offers[first].framework != 0)
		first++;
	if (first < m.n_offers)
		master_answer(&m, first, "cpus:1;mem:64", -1);
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1 && master_count(&m, 1, 0) >= 1,
		"what is left after an accept is not offered to everybody");
	while (m.n_offers > 0)
		master_answer(&m, 0, "cpus:3;mem:4032", -1);
	check_advance(c, WHILE);
	expect(c, m.n_offers == 0, "an agent that is full is offered");
	master_give_back(&m, 0, 0, "cpus:1;mem:64");
	check_advance(c, WHILE);
	expect(c, master_count(&m, 0, 0) >= 1 && master_count(&m, 1, 0) >= 1,
		"what came back is not offered to everybody");
	master_fini(&m);
}

const struct check_case allocator_cases[] = {
	{ "offers by itself", offers_by_itself, 1 },
	{ "offers when it is run", offers_when_run, 1 },
	{ "nothing is given twice", nothing_twice, 1 },
	{ "where offers overlap, the first accept wins", the_first_accept_wins, 1 },
	{ "what is in use is not offered", used_is_not_offered, 1 },
	{ "what comes back is offered again", released_is_offered_again, 1 },
	{ "filters hold, and end", filters_hold, 1 },
	{ "a filter is of one framework", filters_are_of_one, 1 },
	{ "suppress and revive", suppress_and_revive, 1 },
	{ "removed agents get nothing", removed_agents_get_nothing, 1 },
	{ "removed frameworks get nothing", removed_frameworks_get_nothing, 1 },
	{ "deactivated ones get nothing", deactivated_get_nothing, 1 },
	{ "everybody gets something", everybody_gets_something, 1 },
	{ "a pause holds offers", pause_holds_offers, 1 },
	{ "reservations are kept", reservations_are_kept, 1 },
	{ "limits are kept", limits_are_kept, 1 },
	{ "a replay gives nothing twice", replay_gives_nothing_twice, 1 },
	{ 0 },
};
