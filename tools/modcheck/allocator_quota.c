/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, guarantees and weights, and the wait for agents after a failover. */
#include "allocator.h"

/* What the role's frameworks hold or are offered never exceeds the limit. */
static void limits_are_kept(struct master *m)
{
	master_quota(m, "role", NULL, "cpus:2");
	master_add_framework(m, 0);
	master_add_framework(m, 1);
	for (uint32_t i = 0; i < 5; i++)
		master_add_agent(m, i, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_milli(m, ANY, ANY, "cpus") <= 2000,
		"offers %lld thousandths of a cpu over a limit of 2000",
		(long long)master_milli(m, ANY, ANY, "cpus"));
}

static void limits_end(struct master *m)
{
	master_quota(m, "role", NULL, "cpus:1");
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_quota(m, "role", NULL, NULL);
	master_answer_all(m, "", -1);
	check_advance(m->check, WHILE);
	expect(m->check, master_milli(m, 0, 0, "cpus") > 1000,
		"a limit outlives the quota that had it");
}

/* A limit of a role is one of all those below it together. */
static void limits_hold_below(struct master *m)
{
	master_quota(m, "eng", NULL, "cpus:2");
	master_framework(m, 0, &(struct framework_spec){ .roles = "eng/web" });
	master_framework(m, 1, &(struct framework_spec){ .roles = "eng/db" });
	for (uint32_t i = 0; i < 4; i++)
		master_add_agent(m, i, "cpus:1;mem:64", NULL, 0);
	for (int i = 0; i < 4; i++) {
		check_advance(m->check, WHILE);
		master_answer_all(m, "cpus:1;mem:64", TP_SEC);
	}
	expect(m->check, m->n_uses <= 2, "roles below a limit of 2 cpus got %zu",
		m->n_uses);
}

/* What is used already counts, also of a framework that is not there yet. */
static void limits_count_use(struct master *m)
{
	master_quota(m, "role", NULL, "cpus:4");
	master_add_agent(m, 0, ALL, "cpus:3;mem:64", 2);
	master_add_agent(m, 1, ALL, NULL, 0);
	master_add_framework(m, 0);
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_milli(m, 0, ANY, "cpus") <= 1000,
		"use before its framework is back does not count for the limit");
}

/* Frameworks of another role take all they can get: what is guaranteed stays. */
static void guarantees_are_held_back(struct master *m)
{
	master_quota(m, "owed", "cpus:4", NULL);
	master_framework(m, 0, &(struct framework_spec){ .roles = "other" });
	for (uint32_t i = 0; i < 3; i++)
		master_add_agent(m, i, ALL, NULL, 0);
	for (int i = 0; i < 5; i++) {
		check_advance(m->check, WHILE);
		master_answer_all(m, ALL, TP_SEC);
	}
	expect(m->check, m->n_uses >= 1, "nobody gets anything because of a guarantee");
	master_framework(m, 1, &(struct framework_spec){ .roles = "owed" });
	check_advance(m->check, WHILE);
	master_run(m);
	expect(m->check, master_milli(m, 1, ANY, "cpus") >= 4000,
		"others got what is guaranteed to a role");
}

static void guarantees_end(struct master *m)
{
	master_quota(m, "owed", "cpus:4", NULL);
	master_framework(m, 0, &(struct framework_spec){ .roles = "other" });
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", TP_SEC);
	master_quota(m, "owed", NULL, NULL);
	check_advance(m->check, WHILE);
	expect(m->check, master_milli(m, 0, 0, "cpus") >= 4000,
		"a guarantee outlives the quota that had it");
}

/* What a weight means is policy; that of a role nobody has, and another one, must do no harm. */
static void weights_do_no_harm(struct master *m)
{
	master_weight(m, "heavy", 100);
	master_weight(m, "role", 0.5);
	master_framework(m, 0, &(struct framework_spec){ .roles = "heavy" });
	master_add_framework(m, 1);
	master_weight(m, "role", 1);
	master_weight(m, "nobody/has/it", 3);
	for (uint32_t i = 0; i < 4; i++)
		master_add_agent(m, i, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers >= 4, "weights keep agents from being offered");
	for (size_t i = m->n_offers; i-- > 0;) {
		if (m->offers[i].framework == 0)
			master_answer(m, i, "", TP_HOUR);
	}
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 1, ANY) >= 4,
		"what the heavier role refuses is not offered to the lighter");
}

/* --- after a failover ------------------------------------------------------------------ */

static void failover_without_quotas(struct master *m)
{
	m->ops->recover(m->impl, 8);
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"offers wait after a failover though there are no quotas");
}

static void failover_with_quotas(struct master *m)
{
	master_quota(m, "role", "cpus:1", NULL);
	m->ops->recover(m->impl, 8);
	master_add_framework(m, 0);
	for (uint32_t i = 0; i < 8; i++)
		master_add_agent(m, i, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers >= 1,
		"offers wait though all agents are back after a failover");
}

/* Nobody else comes back: it is not for ever. */
static void failover_ends(struct master *m)
{
	master_quota(m, "role", "cpus:1", NULL);
	m->ops->recover(m->impl, 8);
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	for (int i = 0; i < 24 && m->n_offers == 0; i++)
		check_advance(m->check, TP_HOUR);
	expect(m->check, master_count(m, 0, 0) >= 1,
		"no offers a day after a failover, because agents did not come back");
}

/* Who waits at all must not take one agent that comes again and again for many. */
static void failover_counts_once(struct master *m)
{
	master_quota(m, "role", "cpus:1", NULL);
	m->ops->recover(m->impl, 8);
	master_add_framework(m, 0);
	check_advance(m->check, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, 2 * TP_SEC);
	if (m->n_offers > 0) {
		skip(m->check, "it does not wait for anybody after a failover");
		return;
	}
	for (int i = 0; i < 9; i++) {
		master_remove_agent(m, 0);
		master_add_agent(m, 0, ALL, NULL, 0);
	}
	check_advance(m->check, 2 * TP_SEC);
	expect(m->check, m->n_offers == 0,
		"an agent that comes again and again counts as many");
}

const struct allocator_case allocator_quota[] = {
	{ "limits are kept", limits_are_kept, NEEDS(update_quota) },
	{ "limits end", limits_end, NEEDS(update_quota) },
	{ "limits hold for all below", limits_hold_below, NEEDS(update_quota) },
	{ "limits count what is in use", limits_count_use, NEEDS(update_quota) },
	{ "guarantees are held back for who is to come", guarantees_are_held_back,
		NEEDS(update_quota) },
	{ "guarantees end", guarantees_end, NEEDS(update_quota) },
	{ "weights do no harm", weights_do_no_harm, NEEDS(update_weights) },
	{ "a failover without quotas", failover_without_quotas, NEEDS(recover) },
	{ "a failover with quotas", failover_with_quotas, NEEDS(recover),
		AND(update_quota) },
	{ "a failover ends", failover_ends, NEEDS(recover), AND(update_quota) },
	{ "a failover counts an agent once", failover_counts_once, NEEDS(recover),
		AND(update_quota) },
	{ 0 },
};
