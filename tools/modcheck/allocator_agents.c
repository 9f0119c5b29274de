/* SPDX-License-Identifier: Apache-2.0 */
/* What agents are told to be: there or not, what they have, where they are. */
#include "allocator.h"

static void removed_agents_get_nothing(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_remove_agent(m, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_give_back(m, 0, 0, "cpus:1"); /* late: must be tolerated */
	check_advance(m->check, WHILE);
	master_add_agent(m, 0, "cpus:2;mem:64", NULL, 0); /* the slot is used again */
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"a slot that is used again is not offered");
}

static void inactive_from_the_start(struct master *m)
{
	master_add_framework(m, 0);
	master_agent(m, 0, &(struct agent_spec){ .inactive = true });
	check_advance(m->check, WHILE);
	master_run(m);
	master_agent(m, 0, &(struct agent_spec){ .inactive = false });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent that became active is not offered");
}

/* Who uses something of an agent may be unknown so far, or come after it. */
static void use_before_its_framework(struct master *m)
{
	master_add_agent(m, 0, ALL, "cpus:3;mem:1024", 2);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_milli(m, 0, 0, "cpus") <= 1000,
		"offers what a framework uses that is to come");
	master_answer_all(m, "", TP_SEC);
	master_add_framework(m, 2);
	check_advance(m->check, WHILE);
	master_give_back(m, 2, 0, "cpus:3;mem:1024");
	master_answer_all(m, "", -1);
	check_advance(m->check, WHILE);
	expect(m->check, master_milli(m, ANY, 0, "cpus") >= 4000,
		"use that came before its framework counts twice");
}

static void more_total(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, "cpus:1;mem:64", NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "cpus:1;mem:64", -1);
	master_agent(m, 0, &(struct agent_spec){ .total = "cpus:3;mem:128" });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, "cpus:2;mem:64"),
		"what an agent has got besides is not offered");
}

/* Less than is in use: what comes back then is not there any more. */
static void less_total_than_used(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, ALL, -1);
	master_agent(m, 0, &(struct agent_spec){ .total = "cpus:1;mem:1024" });
	check_advance(m->check, WHILE);
	master_give_back(m, 0, 0, "cpus:2;mem:1024");
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0,
		"offers more than an agent has left after it became smaller");
	master_give_back(m, 0, 0, "cpus:2;mem:3072");
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, "cpus:1;mem:1024"),
		"what is left of an agent that became smaller is not offered");
}

/* A total that is told anew, larger again, is all that is free. */
static void total_there_and_back(struct master *m)
{
	master_add_framework(m, 0);
	master_framework(m, 0, &(struct framework_spec){ .inactive = true });
	master_add_agent(m, 0, ALL, NULL, 0);
	master_agent(m, 0, &(struct agent_spec){ .total = "cpus:1;mem:64" });
	master_agent(m, 0, &(struct agent_spec){ .total = ALL });
	master_framework(m, 0, &(struct framework_spec){ .inactive = false });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 0, 0, ALL),
		"what an agent has again is not offered");
}

/* --- where ----------------------------------------------------------------------------- */

static void whitelist_holds(struct master *m)
{
	master_whitelist(m, "host1");
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	master_add_agent(m, 1, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 1) >= 1,
		"a whitelisted agent is not offered");
	master_whitelist(m, "host0,host1");
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent that was whitelisted later is not offered");
}

static void whitelist_of_nobody(struct master *m)
{
	master_add_framework(m, 0);
	master_whitelist(m, "");
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	master_whitelist(m, NULL);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"agents are not offered after the whitelist ended");
}

#define IN_REGION(name) \
	"{'domain': {'fault_domain': {'region': {'name': '" name \
	"'}, 'zone': {'name': 'z'}}}}"

static void regions_hold(struct master *m)
{
	master_region(m, "here");
	master_add_framework(m, 0);
	master_agent(m, 0, &(struct agent_spec){ .info = IN_REGION("there") });
	master_agent(m, 1, &(struct agent_spec){ .info = IN_REGION("here") });
	master_agent(m, 2, &(struct agent_spec){ .info = NULL });
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_count(m, 0, 1) >= 1 && master_count(m, 0, 2) >= 1,
		"agents of the master's region, or of none, are not offered");
	master_framework(m, 1, &(struct framework_spec){ .can = CAN(REGION_AWARE) });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 1, 0) >= 1,
		"an agent elsewhere is not offered to who is REGION_AWARE");
}

static void the_master_moves(struct master *m)
{
	master_region(m, "here");
	master_add_framework(m, 0);
	master_agent(m, 0, &(struct agent_spec){ .info = IN_REGION("there") });
	check_advance(m->check, WHILE);
	master_region(m, "there");
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent is not offered whose region has become the master's");
}

/* --- agents that know less ------------------------------------------------------------- */

static void agents_of_one_role(struct master *m)
{
	master_agent(m, 0, &(struct agent_spec){ .cannot = AGENT_CAN(MULTI_ROLE) });
	master_framework(m, 0, &(struct framework_spec){ .can = CAN(MULTI_ROLE) });
	check_advance(m->check, WHILE);
	master_run(m);
	master_add_framework(m, 1);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 1, 0) >= 1,
		"an agent without MULTI_ROLE is not offered to a framework of one role");
}

static void agents_of_flat_roles(struct master *m)
{
	master_agent(
		m, 0, &(struct agent_spec){ .cannot = AGENT_CAN(HIERARCHICAL_ROLE) });
	master_framework(m, 0, &(struct framework_spec){ .roles = "role/below" });
	check_advance(m->check, WHILE);
	master_run(m);
	master_agent(m, 0, &(struct agent_spec){ .cannot = 0 });
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"an agent that learned HIERARCHICAL_ROLE is not offered to 'role/below'");
}

/* Operators may want it otherwise, and policies: then who cannot use gpus gets them. */
static void gpus_for_who_can(struct master *m)
{
	master_add_agent(m, 0, "cpus:4;mem:4096;gpus:1", NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	if (m->n_offers > 0) {
		skip(m->check, "it offers agents with gpus to everybody");
		return;
	}
	master_framework(m, 1, &(struct framework_spec){ .can = CAN(GPU_RESOURCES) });
	check_advance(m->check, WHILE);
	expect(m->check, master_has(m, 1, 0, "gpus:1"),
		"an agent with gpus is not offered to who has GPU_RESOURCES");
	expect(m->check, master_count(m, 0, 0) == 0,
		"an agent with gpus is offered without GPU_RESOURCES");
}

const struct allocator_case allocator_agents[] = {
	{ "removed agents get nothing", removed_agents_get_nothing, ALWAYS },
	{ "an agent that comes inactive", inactive_from_the_start, ALWAYS },
	{ "use that comes before its framework", use_before_its_framework, ALWAYS },
	{ "an agent grows", more_total, ALWAYS },
	{ "an agent shrinks below what is in use", less_total_than_used, ALWAYS },
	{ "an agent shrinks and grows again", total_there_and_back, ALWAYS },
	{ "the whitelist holds", whitelist_holds, NEEDS(update_whitelist) },
	{ "a whitelist of nobody", whitelist_of_nobody, NEEDS(update_whitelist) },
	{ "regions hold", regions_hold, NEEDS(update_domain) },
	{ "the master's region changes", the_master_moves, NEEDS(update_domain) },
	{ "agents without MULTI_ROLE", agents_of_one_role, ALWAYS },
	{ "agents without HIERARCHICAL_ROLE", agents_of_flat_roles, ALWAYS },
	{ "gpus are for who can use them", gpus_for_who_can, ALWAYS },
	{ 0 },
};
