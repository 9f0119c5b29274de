/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an owner does that replaces an allocator: a fresh instance is told the state, what is offered
 * with it, and goes on. It must come to what the old one would have come to, filters aside.
 */
#include "allocator.h"

static void replay_gives_nothing_twice(struct master *m)
{
	m->ops->pause(m->impl);
	for (uint32_t i = 0; i < 4; i++)
		master_add_agent(m, i, ALL, i % 2 == 0 ? ALL : "cpus:1;mem:64", i % 3);
	for (uint32_t i = 0; i < 3; i++)
		master_add_framework(m, i);
	m->ops->resume(m->impl);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, ANY, 0) == 0,
		"offers what the old one had offered");
	expect(m->check, master_count(m, ANY, 1) >= 1, "does not offer what was left");
	master_give_back(m, 0, 0, ALL);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, ANY, 0) >= 1,
		"what comes back to the new one is not offered again");
}

/*
 * A history with all kinds of ends, in which all that may be offered has one framework that may have
 * it: so there is no room for policy.
 */
static void live(struct master *m)
{
	master_framework(m, 0, &(struct framework_spec){ .roles = "a" });
	master_framework(
		m, 1, &(struct framework_spec){ .roles = "b,c", .can = CAN(MULTI_ROLE) });
	master_framework(m, 2, &(struct framework_spec){ .roles = "d" });
	for (uint32_t i = 0; i < 4; i++)
		master_add_agent(m, i,
			"cpus(a):4;mem(a):64;cpus(b):4;mem(b):64;cpus(c):4;mem(c):64;"
			"cpus(d):4;mem(d):64",
			NULL, 0);
	for (int i = 0; i < 4; i++) {
		check_advance(m->check, WHILE);
		for (size_t j = m->n_offers; j-- > 0;)
			master_answer(m, j,
				m->offers[j].framework == 0 ? "cpus(a):1;mem(a):16" : "",
				TP_SEC);
	}
	master_suppress(m, 1, "c", true);
	master_activate_framework(m, 2, false);
	master_activate_agent(m, 1, false);
	master_remove_agent(m, 2);
	master_agent(m, 3,
		&(struct agent_spec){
			.total = "cpus(a):3;mem(a):128;cpus(b):1;mem(b):32" });
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers >= 1, "nothing is offered");
}

/* Everything that is outstanding comes back, and time passes. */
static void go_on(struct master *m)
{
	master_answer_all(m, "", -1);
	check_advance(m->check, WHILE);
	master_run(m);
}

static void same_offers(struct master *old, struct master *fresh)
{
	for (uint32_t framework = 0; framework < FRAMEWORKS_MAX; framework++) {
		for (uint32_t agent = 0; agent < AGENTS_MAX; agent++) {
			int64_t was = master_milli(old, framework, agent, "cpus");
			int64_t is = master_milli(fresh, framework, agent, "cpus");

			expect(old->check, was == is,
				"framework %u is offered %lld thousandths of agent %u's "
				"cpus, and after a replay %lld",
				framework, (long long)was, agent, (long long)is);
		}
	}
}

/* Old and new have masters of their own, so that each is held to its books. */
static void a_replay_goes_on(struct master *m)
{
	struct master fresh;

	live(m);
	if (m->overlapping) /* its owner takes all offers back before */
		master_answer_all(m, "", -1);
	if (!master_init_at(&fresh, m->check, 1))
		return;
	master_replay(&fresh, m);
	check_advance(m->check, WHILE);
	go_on(m);
	go_on(&fresh);
	same_offers(m, &fresh);
	master_give_back(m, 0, 0, "cpus(a):1;mem(a):16");
	master_give_back(&fresh, 0, 0, "cpus(a):1;mem(a):16");
	master_suppress(m, 1, NULL, false);
	master_suppress(&fresh, 1, NULL, false);
	master_activate_agent(m, 1, true);
	master_activate_agent(&fresh, 1, true);
	master_activate_framework(m, 2, true);
	master_activate_framework(&fresh, 2, true);
	go_on(m);
	go_on(&fresh);
	same_offers(m, &fresh);
	master_fini(&fresh);
}

/* Quotas come before agents and frameworks. */
static void quotas_are_replayed_first(struct master *m)
{
	m->ops->pause(m->impl);
	master_quota(m, "role", NULL, "cpus:5");
	master_add_agent(m, 0, ALL, ALL, 0);
	master_add_agent(m, 1, ALL, NULL, 0);
	master_add_framework(m, 0);
	m->ops->resume(m->impl);
	check_advance(m->check, WHILE);
	expect(m->check, master_milli(m, 0, 1, "cpus") == 1000,
		"a limit of 5 cpus, 4 of them in use before, leaves %lld thousandths",
		(long long)master_milli(m, 0, 1, "cpus"));
}

const struct allocator_case allocator_replay[] = {
	{ "a replay gives nothing twice", replay_gives_nothing_twice, NEEDS(pause),
		AND(resume) },
	{ "a replay goes on as the old one", a_replay_goes_on, NEEDS(pause), AND(resume),
		.n_instances = 2 },
	{ "quotas in a replay", quotas_are_replayed_first, NEEDS(pause),
		AND(update_quota) },
	{ 0 },
};
