/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in a history. A step chooses by its own numbers among what is there when it runs;
 * one that finds nothing to do does nothing.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

#define ANSWER_SECONDS 180 /* in which a healed cluster answers everybody */

static unsigned below(struct history *h, unsigned n)
{
	return sim_random_below(&h->random, n);
}

static struct machine *any_master(struct history *h)
{
	return h->masters[below(h, h->plan->n_masters)];
}

static struct machine *any_agent(struct history *h)
{
	return h->agents[below(h, h->plan->n_agents)];
}

static struct machine *any_machine(struct history *h)
{
	return below(h, 3) == 0 ? any_master(h) : any_agent(h);
}

static struct framework *any_framework(struct history *h)
{
	return h->frameworks[below(h, h->plan->n_frameworks)];
}

void steps_narrate(const struct history *h, const char *what, const char *whom)
{
	if (getenv("TEPUI_TEST_LOG") != NULL || getenv("TEPUI_TEST_STORY") != NULL)
		fprintf(stderr, "--- %3u: %8lld ms: %s %s\n", h->step,
			(long long)cluster_now_ms(h->cluster), what, whom);
}

/* --- time and tasks ---------------------------------------------------------------------- */

static void time_passes(struct history *h)
{
	static const unsigned spans[] = { 1, 50, 1000, 5000, 30000 };

	cluster_advance(h->cluster, 1 + below(h, spans[below(h, TP_COUNT(spans))]));
}

static void draw_text(struct history *h, char *out, size_t size)
{
	switch (below(h, 6)) {
	case 0:
		snprintf(out, size, "hang");
		break;
	case 1:
		snprintf(out, size, "stubborn");
		break;
	default:
		snprintf(out, size, "run %u %u", below(h, 20000), below(h, 2));
	}
}

static void launch_on_lent(struct history *h, struct framework *f,
	const struct framework_offer *offer, int64_t cpus_milli)
{
	char task_id[64], text[32];

	snprintf(task_id, sizeof task_id, "%s-%u", f->name, h->n_launched++);
	draw_text(h, text, sizeof text);
	steps_narrate(h, "launch on what is lent", task_id);
	framework_accept_lent(f, offer, task_id, cpus_milli, text);
}

/* In an executor of its own, or in one of the framework's, which runs many. */
static void launch(struct history *h, struct framework *f,
	const struct framework_offer *offer, int64_t cpus_milli)
{
	char task_id[64], executor_id[16], text[32];

	snprintf(task_id, sizeof task_id, "%s-%u", f->name, h->n_launched++);
	draw_text(h, text, sizeof text);
	steps_narrate(h, "launch", task_id);
	if (below(h, 3) > 0) {
		framework_accept(f, offer, task_id, cpus_milli, text);
		return;
	}
	snprintf(executor_id, sizeof executor_id, "x%u", below(h, 2));
	framework_accept_in(
		f, offer, executor_id, task_id, cpus_milli - EXECUTOR_CPUS_MILLI, text);
}

/* The oldest one, or one of what is lent, which comes in offers of its own. */
static const struct framework_offer *any_offer(struct history *h, struct framework *f)
{
	bool lent = below(h, 2) == 0;

	for (size_t i = 0; lent && i < f->n_offers; i++) {
		if (f->offers[i].lent_milli > 0)
			return &f->offers[i];
	}
	return cluster_offer(h->cluster, f);
}

static void offer_is_used(struct history *h)
{
	struct framework *f = any_framework(h);
	const struct framework_offer *offer = any_offer(h, f);
	int64_t cpus_milli;

	if (offer == NULL)
		return;
	if (offer->lent_milli >= 500 && f->book->n_tasks < FRAMEWORK_TASKS_MAX &&
		below(h, 3) > 0) {
		launch_on_lent(h, f, offer, 500 * (1 + below(h, 2)));
		return;
	}
	if (offer->cpus_milli < 500 || below(h, 4) == 0) {
		framework_decline(f, offer, below(h, 10000));
		return;
	}
	cpus_milli = 500 * (1 + (int64_t)below(h, 3));
	if (cpus_milli > offer->cpus_milli)
		cpus_milli = 500;
	if (f->book->n_tasks >= FRAMEWORK_TASKS_MAX)
		return;
	launch(h, f, offer, cpus_milli);
}

static void task_is_killed(struct history *h)
{
	struct framework *f = any_framework(h);
	const struct framework_book *book = f->book;
	const char *task_id;

	if (book->n_tasks == 0)
		return;
	task_id = book->tasks[below(h, (unsigned)book->n_tasks)].id;
	if (below(h, 2) == 0)
		framework_kill(f, task_id);
	else
		framework_kill_within(f, task_id, below(h, 10000));
}

static void executor_crashes(struct history *h)
{
	struct machine *m = any_agent(h);

	if (sim_containers_crash(m->containers, below(h, 100)))
		steps_narrate(h, "an executor crashes on", m->name);
}

static void task_crashes(struct history *h)
{
	struct machine *m = any_agent(h);

	if (sim_containers_fail_task(m->containers, below(h, 100)))
		steps_narrate(h, "a task fails on", m->name);
}

static void executors_stay_silent(struct history *h)
{
	struct machine *m = any_agent(h);

	sim_containers_mute(m->containers, below(h, 2) == 0);
}

/* --- machines ---------------------------------------------------------------------------- */

static void machine_crashes(struct history *h)
{
	struct machine *m = any_machine(h);

	if (m->kernel == NULL)
		return;
	steps_narrate(h, "kill", m->name);
	cluster_kill(m);
}

static void machine_returns(struct history *h)
{
	struct machine *m = below(h, 2) == 0 ? any_master(h) : any_agent(h);

	if (m->kernel != NULL)
		return;
	steps_narrate(h, "start", m->name);
	cluster_restart(m);
}

static void power_fails(struct history *h)
{
	struct machine *m = any_machine(h);

	steps_narrate(h, "power loss", m->name);
	cluster_power_loss(m);
}

static void machine_stands_still(struct history *h)
{
	struct machine *m = any_machine(h);

	if (m->kernel == NULL)
		return;
	steps_narrate(h, m->frozen ? "continue" : "freeze", m->name);
	/* When it goes on, an answer of the registry is late for it. */
	h->registry_failed |= m->is_master;
	cluster_freeze(m, !m->frozen);
}

static void clock_jumps(struct history *h)
{
	static const int64_t jumps_ms[] = { 1000, 3600000, -1000, -3600000, 86400000 };
	struct machine *m = any_machine(h);

	steps_narrate(h, "the wall clock jumps on", m->name);
	cluster_jump_wall(m, jumps_ms[below(h, TP_COUNT(jumps_ms))]);
}

/* --- the network and the disks ------------------------------------------------------------ */

static struct fake_node *any_node(struct history *h, const char **ret_name)
{
	struct framework *f;
	struct machine *m;

	if (below(h, 4) == 0) {
		f = any_framework(h);
		*ret_name = f->name;
		return f->node;
	}
	m = any_machine(h);
	*ret_name = m->name;
	return m->node;
}

static void network_changes(struct history *h)
{
	const char *name, *other_name;
	struct fake_node *node = any_node(h, &name), *other = any_node(h, &other_name);
	unsigned what = below(h, 6);

	if (node == other)
		return;
	steps_narrate(h, "network between", name);
	steps_narrate(h, "              and", other_name);
	if (what == 3) {
		fake_node_cut(node);
		return;
	}
	fake_node_block(node, other, what < 2);
	fake_node_block(other, node, what == 0 || what == 2);
}

static void node_limps(struct history *h)
{
	const char *name;
	struct fake_node *node = any_node(h, &name);

	steps_narrate(h, "limp", name);
	switch (below(h, 5)) {
	case 0:
		fake_node_slow(node, below(h, 2000) * TP_MSEC);
		break;
	case 1:
		fake_node_slow(node, 0);
		break;
	case 2:
		fake_node_fail_sends(node, below(h, 3));
		break;
	case 3:
		fake_node_narrow(node, 200 + below(h, 4000));
		break;
	default:
		fake_node_narrow(node, 0);
	}
}

static void disk_fails(struct history *h)
{
	struct machine *m = any_agent(h);

	steps_narrate(h, "disk", m->name);
	switch (below(h, 3)) {
	case 0:
		sim_disk_slow(m->sim_disk, below(h, 20000) * TP_MSEC);
		break;
	case 1:
		sim_disk_slow(m->sim_disk, 0);
		break;
	default:
		sim_disk_fail(m->sim_disk, below(h, 2) == 0 ? ENOSPC : EIO, below(h, 3));
	}
}

/* Beyond registry_store_timeout (20 s) and registry_fetch_timeout (1 min), too. */
static void registry_fails(struct history *h)
{
	steps_narrate(h, "registry", "");
	h->registry_failed = true;
	switch (below(h, 4)) {
	case 0:
		sim_registry_slow(h->cluster->registry, below(h, 30000) * TP_MSEC);
		break;
	case 1:
		sim_registry_fail(h->cluster->registry, 1);
		break;
	default:
		sim_registry_slow(h->cluster->registry, 0);
	}
}

/* --- the election ------------------------------------------------------------------------- */

static void election_is_cut(struct history *h)
{
	struct machine *m = any_machine(h);
	struct framework *f = any_framework(h);
	bool is_framework = below(h, 3) == 0, cut = below(h, 2) == 0;
	struct sim_party *party = is_framework ? f->party : m->party;

	if (party == NULL || (!is_framework && m->frozen))
		return;
	steps_narrate(h, cut ? "no election for" : "election again for",
		is_framework ? f->name : m->name);
	sim_party_skew(party, ((int64_t)below(h, 4000) - 2000) * TP_MSEC);
	sim_party_cut(party, cut);
}

/* --- schedulers --------------------------------------------------------------------------- */

static void session_breaks(struct history *h)
{
	struct framework *f = any_framework(h);

	steps_narrate(h, "session breaks", f->name);
	fake_node_cut(f->node);
}

static void scheduler_crashes(struct history *h)
{
	struct framework *f = any_framework(h);

	steps_narrate(h, f->running ? "scheduler crashes" : "scheduler returns", f->name);
	if (f->running)
		framework_crash(f);
	else
		framework_restart(f);
}

/* Another one with the same id: two of them for a while, and the older is told so. */
static void scheduler_is_doubled(struct history *h)
{
	unsigned i = below(h, h->plan->n_frameworks);
	struct framework *old = h->frameworks[i];

	if (old->id[0] == '\0' || h->cluster->n_frameworks >= 24)
		return;
	steps_narrate(h, "a second scheduler of", old->name);
	if (h->rivals[i] != NULL && h->rivals[i]->running)
		framework_crash(h->rivals[i]);
	h->rivals[i] = old;
	h->frameworks[i] = framework_take_over(old);
}

/*
 * A framework ends; another begins in its place. The word may get lost: at the end of the history
 * whoever said it says it again.
 */
static void framework_ends(struct history *h)
{
	unsigned i = below(h, h->plan->n_frameworks);
	struct framework *old = h->frameworks[i];

	if (!old->subscribed || h->n_ended == HISTORY_ENDED_MAX ||
		h->cluster->n_frameworks >= 24)
		return;
	steps_narrate(h, "the end of framework", old->name);
	framework_teardown(old);
	cluster_advance(h->cluster, 50);
	framework_crash(old);
	if (h->rivals[i] != NULL && h->rivals[i]->running)
		framework_crash(h->rivals[i]);
	h->rivals[i] = NULL;
	h->ended[h->n_ended++] = old;
	framework_drive(h->cluster, old->driven);
	framework_borrow(h->cluster, old->borrows);
	h->frameworks[i] = framework_add(h->cluster, old->name, NULL);
}

static void scheduler_asks(struct history *h)
{
	framework_reconcile(any_framework(h), NULL);
}

const struct step_kind step_kinds[] = {
	{ "time", 36, time_passes },
	{ "offer", 26, offer_is_used },
	{ "kill-task", 6, task_is_killed },
	{ "executor-crash", 1, executor_crashes },
	{ "task-crash", 1, task_crashes },
	{ "silent-executors", 1, executors_stay_silent },
	{ "kill", 4, machine_crashes },
	{ "start", 7, machine_returns },
	{ "power-loss", 2, power_fails },
	{ "freeze", 3, machine_stands_still },
	{ "clock", 1, clock_jumps },
	{ "network", 5, network_changes },
	{ "limp", 3, node_limps },
	{ "disk", 2, disk_fails },
	{ "registry", 1, registry_fails },
	{ "election", 2, election_is_cut },
	{ "session", 1, session_breaks },
	{ "scheduler", 3, scheduler_crashes },
	{ "double", 1, scheduler_is_doubled },
	{ "teardown", 1, framework_ends },
	{ "reconcile", 2, scheduler_asks },
	{ "swap-allocator", 1, operators_swap_allocator },
	{ "weights", 1, operators_change_weights },
	{ "quota", 1, operators_change_quota },
	{ "operate", 10, operators_operate },
	{ "lend", 4, lending_changes },
	{ "estimator", 1, lending_fails },
	{ "preempt", 4, lending_takes_back },
	{ "plan-maintenance", 4, maintenance_plan },
	{ "start-maintenance", 2, maintenance_start },
	{ "stop-maintenance", 4, maintenance_stop },
	{ "inverse-offer", 6, maintenance_answer },
};
const unsigned n_step_kinds = TP_COUNT(step_kinds);

/* --- order again -------------------------------------------------------------------------- */

/* A master ends itself for the registry, or because it does not lead any more. */
static bool may_exit(const struct history *h, const struct machine *m)
{
	return !m->is_master || h->registry_failed || h->plan->elects;
}

static void supervise_machine(struct history *h, struct machine *m)
{
	if (m->kernel == NULL || m->frozen || m->exit_status < 0)
		return;
	steps_narrate(h, "exits", m->name);
	ck_assert_msg(may_exit(h, m), "%s ended with status %d", m->name, m->exit_status);
	cluster_stop(m);
	cluster_restart(m);
}

/*
 * The newest scheduler lost to the one before: that one is the newest now. If it does not live
 * either, its last words came late, and somebody starts the newest again.
 */
static void supervise_scheduler(struct history *h, unsigned i)
{
	struct framework *f = h->frameworks[i], *rival = h->rivals[i];

	if (rival == NULL || !f->failed)
		return;
	if (rival->running && !rival->failed) {
		h->frameworks[i] = rival;
		h->rivals[i] = f;
		return;
	}
	framework_crash(f);
	framework_restart(f);
}

void steps_supervise(struct history *h)
{
	for (unsigned i = 0; i < h->plan->n_masters; i++)
		supervise_machine(h, h->masters[i]);
	for (unsigned i = 0; i < h->plan->n_agents; i++)
		supervise_machine(h, h->agents[i]);
	for (unsigned i = 0; i < h->plan->n_frameworks; i++)
		supervise_scheduler(h, i);
}

static void heal_node(struct cluster *c, struct fake_node *node)
{
	fake_node_slow(node, 0);
	fake_node_fail_sends(node, 0);
	fake_node_narrow(node, 0);
	for (size_t i = 0; i < c->n_machines; i++) {
		fake_node_block(node, c->machines[i].node, false);
		fake_node_block(c->machines[i].node, node, false);
	}
	for (size_t i = 0; i < c->n_frameworks; i++) {
		fake_node_block(node, c->frameworks[i]->node, false);
		fake_node_block(c->frameworks[i]->node, node, false);
	}
}

static void heal_machine(struct history *h, struct machine *m)
{
	cluster_freeze(m, false);
	heal_node(h->cluster, m->node);
	sim_disk_fail(m->sim_disk, EIO, 0);
	sim_disk_slow(m->sim_disk, 0);
	if (m->party != NULL)
		sim_party_cut(m->party, false);
	if (m->containers != NULL)
		sim_containers_mute(m->containers, false);
	if (m->kernel == NULL)
		cluster_restart(m);
}

/* Refused: it was heard the first time. */
static void end_again(struct history *h, struct framework *f)
{
	heal_node(h->cluster, f->node);
	if (f->party != NULL)
		sim_party_cut(f->party, false);
	framework_restart(f);
	for (int i = 0; i < ANSWER_SECONDS && !f->subscribed && !f->failed; i++) {
		cluster_advance(h->cluster, 1000);
		steps_supervise(h);
	}
	ck_assert_msg(f->subscribed || f->failed, "%s cannot say that it ends", f->name);
	framework_teardown(f);
	cluster_advance(h->cluster, 1000);
	framework_crash(f);
}

void steps_heal(struct history *h)
{
	struct cluster *c = h->cluster;

	steps_narrate(h, "everything", "heals");
	sim_registry_slow(c->registry, 0);
	sim_registry_fail(c->registry, 0);
	lending_heal(h);
	for (unsigned i = 0; i < h->plan->n_frameworks; i++) {
		struct framework *f = h->frameworks[i], *rival = h->rivals[i];

		heal_node(c, f->node);
		if (f->party != NULL)
			sim_party_cut(f->party, false);
		if (!f->running)
			framework_restart(f);
		if (rival != NULL && rival->running)
			framework_crash(rival);
	}
	for (size_t i = 0; i < c->n_machines; i++)
		heal_machine(h, &c->machines[i]);
	for (unsigned i = 0; i < h->n_ended; i++)
		end_again(h, h->ended[i]);
	maintenance_end(h);
}
