/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents that lend: how much changes, their estimators fail, and who uses it has to go. What must
 * hold is that nobody is given more than was announced, and that who cannot bear to be ended is
 * given nothing of it.
 */
#include <check.h>
#include <string.h>

#include "history.h"

static unsigned below(struct history *h, unsigned n)
{
	return sim_random_below(&h->random, n);
}

static struct machine *any_agent(struct history *h)
{
	return h->agents[below(h, h->plan->n_agents)];
}

/* --- steps -------------------------------------------------------------------------------- */

void lending_begin(struct history *h)
{
	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		if (h->agents[i]->lender != NULL)
			sim_lender_lend(h->agents[i]->lender, 1000 + 500 * (int64_t)i);
	}
}

void lending_changes(struct history *h)
{
	struct machine *m = any_agent(h);

	if (m->lender == NULL)
		return;
	steps_narrate(h, "another amount is lent by", m->name);
	sim_lender_lend(m->lender, 500 * (int64_t)below(h, 7));
}

void lending_fails(struct history *h)
{
	struct machine *m = any_agent(h);

	if (m->lender == NULL)
		return;
	steps_narrate(h, "estimator", m->name);
	sim_lender_trouble(
		m->lender, (enum sim_lender_trouble)below(h, SIM_LENDER_NONSENSE + 1));
}

void lending_takes_back(struct history *h)
{
	struct machine *m = any_agent(h);

	if (m->lender == NULL || m->frozen)
		return;
	if (sim_lender_preempt(m->lender, below(h, 100)))
		steps_narrate(h, "an executor has to go on", m->name);
}

void lending_heal(struct history *h)
{
	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		if (h->agents[i]->lender != NULL)
			sim_lender_trouble(h->agents[i]->lender, SIM_LENDER_WELL);
	}
}

/* --- what must hold ----------------------------------------------------------------------- */

static int64_t lent(struct tp_resource *const *items, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (items[i]->revocable != NULL) {
			ck_assert_str_eq(items[i]->name, "cpus");
			sum += items[i]->scalar->value_milli;
		}
	}
	return sum;
}

static const struct tp_master_response_get_agents *ask_agents(
	struct history *h, struct tp_arena *arena)
{
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS };
	struct machine *leader = cluster_leader(h->cluster);
	const struct tp_master_response *response =
		leader == NULL ? NULL : cluster_try_ask(leader, &call, arena);

	return response == NULL ? NULL : response->get_agents;
}

/* What is lent may shrink below what is in use of it: then nothing more is offered. */
static void check_books(
	struct history *h, const struct tp_master_response_get_agents_agent *agent)
{
	int64_t total = lent(agent->total_resources, agent->n_total_resources);
	int64_t used = lent(agent->allocated_resources, agent->n_allocated_resources);
	int64_t offered = lent(agent->offered_resources, agent->n_offered_resources);

	ck_assert_msg(offered == 0 || used + offered <= total,
		"step %u: of %lld thousandths of cpus that agent %s lends %lld are in "
		"use and "
		"%lld offered",
		h->step, (long long)total, agent->agent_info->id->value, (long long)used,
		(long long)offered);
	ck_assert_msg(h->plan->lends || total + used + offered == 0,
		"step %u: agent %s lends nothing, the master believes it does", h->step,
		agent->agent_info->id->value);
}

static void check_life(struct history *h, const struct machine *m)
{
	int64_t most = m->lender == NULL ? 0 : sim_lender_most_milli(m->lender);
	int64_t used = sim_containers_lent_milli(m->containers);

	ck_assert_msg(used <= most,
		"step %u: agent %s runs %lld thousandths of cpus on what it lends, and "
		"lent %lld at most",
		h->step, m->name, (long long)used, (long long)most);
}

static void check_borrower(struct history *h, const struct framework *f)
{
	for (size_t i = 0; i < f->n_offers; i++)
		ck_assert_msg(f->borrows || f->offers[i].lent_milli == 0,
			"step %u: %s cannot bear to be ended for others, and is offered "
			"what is lent",
			h->step, f->name);
}

void lending_check_always(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response_get_agents *agents = ask_agents(h, arena);

	for (size_t i = 0; agents != NULL && i < agents->n_agents; i++)
		check_books(h, agents->agents[i]);
	for (unsigned i = 0; i < h->plan->n_agents; i++)
		check_life(h, h->agents[i]);
	for (unsigned i = 0; i < h->plan->n_frameworks; i++)
		check_borrower(h, h->frameworks[i]);
}

static struct machine *machine_of(struct history *h, const char *hostname)
{
	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		if (strcmp(h->agents[i]->name, hostname) == 0)
			return h->agents[i];
	}
	ck_abort_msg("who is %s?", hostname);
}

/* The master knows what each agent lends, and what runs on it. */
void lending_check_quiet(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response_get_agents *agents = ask_agents(h, arena);

	ck_assert_msg(agents != NULL, "no master leads");
	for (size_t i = 0; i < agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			agents->agents[i];
		const struct machine *m = machine_of(h, agent->agent_info->hostname);
		int64_t runs = sim_containers_lent_milli(m->containers);
		int64_t lends = m->lender == NULL ? 0 : sim_lender_cpus_milli(m->lender);
		int64_t total = lent(agent->total_resources, agent->n_total_resources);
		int64_t used =
			lent(agent->allocated_resources, agent->n_allocated_resources);

		ck_assert_msg(used == runs,
			"%s: %lld thousandths of lent cpus are in use, %lld run", m->name,
			(long long)used, (long long)runs);
		ck_assert_msg(total == (lends > runs ? lends : runs),
			"%s: the master knows of %lld thousandths of lent cpus, it lends "
			"%lld, %lld run",
			m->name, (long long)total, (long long)lends, (long long)runs);
	}
}
