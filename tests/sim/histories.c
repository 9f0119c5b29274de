/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories of a cluster, each from one seed: schedulers launch and kill, daemons crash and
 * return, the network and the disks fail. After each step what must always hold is checked; at the
 * end everything heals, and after some quiet time all sides must agree.
 *
 *	histories [SEEDS [FIRST-SEED [STEPS]]]
 *
 * The same seed gives the same history. A failure names its seed.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/framework.h"

#define AGENTS_MAX 4
#define FRAMEWORKS_MAX 3
#define QUIET_MS (15 * 60 * 1000)

struct history {
	struct cluster *cluster;
	struct sim_random random;
	struct machine *master;
	struct machine *agents[AGENTS_MAX];
	bool disk_failed[AGENTS_MAX];
	unsigned n_agents;
	struct framework *frameworks[FRAMEWORKS_MAX];
	unsigned n_frameworks;
	unsigned n_launched;
	unsigned step;
};

static unsigned seeds = 20, first_seed = 1, steps = 150;

static unsigned below(struct history *h, unsigned n)
{
	return sim_random_below(&h->random, n);
}

static struct machine *any_agent(struct history *h)
{
	return h->agents[below(h, h->n_agents)];
}

static struct framework *any_framework(struct history *h)
{
	return h->frameworks[below(h, h->n_frameworks)];
}

static void narrate(const struct history *h, const char *what, const char *whom)
{
	if (getenv("TEPUI_TEST_LOG") != NULL)
		fprintf(stderr, "--- %u: %lld ms: %s %s\n", h->step,
			(long long)cluster_now_ms(h->cluster), what, whom);
}

/* --- what happens ----------------------------------------------------------------------- */

static void time_passes(struct history *h)
{
	static const unsigned spans[] = { 1, 50, 1000, 5000, 30000 };

	cluster_advance(h->cluster, 1 + below(h, spans[below(h, TP_COUNT(spans))]));
}

static void offer_is_used(struct history *h)
{
	struct framework *f = any_framework(h);
	const struct framework_offer *offer = cluster_offer(h->cluster, f);
	char task_id[64], command[32];
	int64_t cpus_milli;

	if (offer == NULL)
		return;
	if (offer->cpus_milli < 500 || below(h, 4) == 0) {
		framework_decline(f, offer, below(h, 10000));
		return;
	}
	cpus_milli = 500 * (1 + (int64_t)below(h, (unsigned)(offer->cpus_milli / 500)));
	if (f->n_tasks >= FRAMEWORK_TASKS_MAX)
		return;
	snprintf(task_id, sizeof task_id, "%s-%u", f->name, h->n_launched++);
	if (below(h, 3) == 0)
		snprintf(command, sizeof command, "hang");
	else
		snprintf(command, sizeof command, "run %u %u", below(h, 20000),
			below(h, 2));
	narrate(h, "launch", task_id);
	framework_accept(f, offer, task_id, cpus_milli, command);
}

static void task_is_killed(struct history *h)
{
	struct framework *f = any_framework(h);

	if (f->n_tasks > 0)
		framework_kill(f, f->tasks[below(h, (unsigned)f->n_tasks)].id);
}

static void machine_crashes(struct history *h)
{
	struct machine *m = below(h, 3) == 0 ? h->master : any_agent(h);

	narrate(h, m->kernel == NULL ? "start" : "kill", m->name);
	if (m->kernel == NULL)
		cluster_restart(m);
	else
		cluster_kill(m);
}

static void machine_returns(struct history *h)
{
	struct machine *m = below(h, 2) == 0 ? h->master : any_agent(h);

	if (m->kernel != NULL)
		return;
	narrate(h, "start", m->name);
	cluster_restart(m);
}

/* The ways of whoever does not run stay closed until it starts. */
static void network_changes(struct history *h)
{
	struct machine *m = any_agent(h);
	unsigned what = below(h, 6);

	if (m->kernel == NULL || h->master->kernel == NULL)
		return;
	narrate(h, "network", m->name);
	if (what == 0)
		cluster_cut(m, h->master, true);
	else if (what == 1)
		cluster_cut_one_way(m, h->master, true);
	else if (what == 2)
		cluster_cut_one_way(h->master, m, true);
	else if (what == 3)
		fake_node_cut(m->node);
	else
		cluster_cut(m, h->master, false);
}

static void node_limps(struct history *h)
{
	unsigned i = below(h, h->n_agents);
	struct machine *m = below(h, 3) == 0 ? h->master : h->agents[i];

	narrate(h, "limp", m->name);
	switch (below(h, 4)) {
	case 0:
		fake_node_slow(m->node, below(h, 2000) * TP_MSEC);
		break;
	case 1:
		fake_node_slow(m->node, 0);
		break;
	case 2:
		fake_node_fail_sends(m->node, below(h, 3));
		break;
	default:
		h->disk_failed[i] |= m == h->agents[i];
		sim_disk_fail(m->sim_disk, below(h, 2) == 0 ? ENOSPC : EIO, below(h, 3));
		break;
	}
}

static void session_breaks(struct history *h)
{
	struct framework *f = any_framework(h);

	narrate(h, "session breaks", f->name);
	tp_link_reconnect(f->link);
}

static void step(struct history *h)
{
	unsigned what = below(h, 100);

	if (what < 40)
		time_passes(h);
	else if (what < 70)
		offer_is_used(h);
	else if (what < 77)
		task_is_killed(h);
	else if (what < 81)
		machine_crashes(h);
	else if (what < 87)
		machine_returns(h);
	else if (what < 94)
		network_changes(h);
	else if (what < 97)
		node_limps(h);
	else if (what < 98)
		session_breaks(h);
	else
		framework_reconcile(any_framework(h), NULL);
}

/* An agent that asked to end is started again, as by its supervisor. */
static void supervise(struct history *h)
{
	for (unsigned i = 0; i < h->n_agents; i++) {
		struct machine *m = h->agents[i];

		if (m->kernel == NULL || m->exit_status < 0)
			continue;
		narrate(h, "exits", m->name);
		cluster_stop(m);
		cluster_restart(m);
	}
	ck_assert_int_eq(h->master->exit_status, -1);
}

/* --- what must always hold -------------------------------------------------------------- */

static int64_t cpus(struct tp_resource *const *items, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i]->name, "cpus") == 0)
			sum += items[i]->scalar->value_milli;
	}
	return sum;
}

static void check_books(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS };
	const struct tp_master_response *response;

	if (h->master->kernel == NULL)
		return;
	response = cluster_ask(h->master, &call, arena);
	for (size_t i = 0; i < response->get_agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			response->get_agents->agents[i];

		ck_assert_int_le(
			cpus(agent->allocated_resources, agent->n_allocated_resources) +
				cpus(agent->offered_resources,
					agent->n_offered_resources),
			cpus(agent->total_resources, agent->n_total_resources));
	}
}

/*
 * An agent that could not write an update down says so, and forgets it with its next crash: its
 * tasks may end twice.
 */
static bool may_forget(const struct history *h, const struct framework_task *task)
{
	for (unsigned i = 0; i < h->n_agents; i++) {
		if (strcmp(h->agents[i]->name, task->hostname) == 0)
			return h->disk_failed[i];
	}
	return false;
}

static void check_ends(const struct history *h, const struct framework *f)
{
	for (size_t i = 0; i < f->n_tasks; i++) {
		const struct framework_task *task = &f->tasks[i];

		ck_assert_msg(task->contradiction < 0 || may_forget(h, task),
			"step %u: task %s ended as %d and as %d (reason %d)", h->step,
			task->id, task->ended, task->contradiction, task->reason);
	}
}

static void check_always(struct history *h)
{
	check_books(h);
	for (unsigned i = 0; i < h->n_agents; i++)
		ck_assert_int_le(
			sim_containers_cpus_milli(h->agents[i]->containers), 4000);
	for (unsigned i = 0; i < h->n_frameworks; i++) {
		const struct framework *f = h->frameworks[i];

		ck_assert_msg(!f->failed, "%s: %s", f->name, f->error);
		check_ends(h, f);
	}
}

/* --- the end ---------------------------------------------------------------------------- */

static void heal(struct history *h)
{
	narrate(h, "everything", "heals");
	for (unsigned i = 0; i <= h->n_agents; i++) {
		struct machine *m = i == h->n_agents ? h->master : h->agents[i];

		fake_node_slow(m->node, 0);
		fake_node_fail_sends(m->node, 0);
		sim_disk_fail(m->sim_disk, EIO, 0);
		if (m->kernel == NULL)
			cluster_restart(m);
	}
	for (unsigned i = 0; i < h->n_agents; i++)
		cluster_cut(h->agents[i], h->master, false);
	for (int i = 0; i < 60; i++) {
		cluster_advance(h->cluster, QUIET_MS / 60);
		supervise(h);
	}
}

static bool runs(const struct history *h, const char *task_id)
{
	for (unsigned i = 0; i < h->n_agents; i++) {
		if (sim_containers_runs(h->agents[i]->containers, task_id))
			return true;
	}
	return false;
}

/* Every scheduler asks for all that it takes for alive. */
static void reconcile(struct history *h)
{
	for (unsigned i = 0; i < h->n_frameworks; i++) {
		struct framework *f = h->frameworks[i];

		ck_assert_msg(f->subscribed, "%s is not subscribed", f->name);
		for (size_t k = 0; k < f->n_tasks; k++) {
			if (f->tasks[k].ended < 0)
				framework_reconcile(f, f->tasks[k].id);
		}
	}
	cluster_advance(h->cluster, 5000);
}

static void check_agents_are_back(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS };
	const struct tp_master_response *response = cluster_ask(h->master, &call, arena);
	unsigned n_active = 0;

	for (size_t i = 0; i < response->get_agents->n_agents; i++)
		n_active += response->get_agents->agents[i]->active;
	ck_assert_uint_eq(n_active, h->n_agents);
}

static void check_master_tasks(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_TASKS };
	const struct tp_master_response *response = cluster_ask(h->master, &call, arena);
	const struct tp_master_response_get_tasks *tasks = response->get_tasks;
	size_t n_running = 0;

	for (size_t i = 0; i < tasks->n_tasks; i++)
		ck_assert_msg(runs(h, tasks->tasks[i]->task_id->value),
			"the master says that %s is in state %d, but it does not run",
			tasks->tasks[i]->task_id->value, tasks->tasks[i]->state);
	ck_assert_uint_eq(tasks->n_pending_tasks, 0);
	for (unsigned i = 0; i < h->n_agents; i++)
		n_running += sim_containers_alive(h->agents[i]->containers);
	ck_assert_uint_eq(tasks->n_tasks, n_running);
}

static void check_frameworks_know(struct history *h)
{
	for (unsigned i = 0; i < h->n_frameworks; i++) {
		const struct framework *f = h->frameworks[i];

		for (size_t k = 0; k < f->n_tasks; k++)
			ck_assert_msg((f->tasks[k].state == TP_TASK_RUNNING) ==
					runs(h, f->tasks[k].id),
				"%s: task %s in state %d, reason %d: it %s", f->name,
				f->tasks[k].id, f->tasks[k].state, f->tasks[k].reason,
				runs(h, f->tasks[k].id) ? "runs" : "does not run");
	}
}

static void begin(struct history *h, unsigned seed)
{
	char name[16];

	memset(h, 0, sizeof *h);
	h->random.state = seed;
	h->cluster = cluster_create(seed);
	h->master = cluster_add_master(h->cluster, "registry-leveldb", NULL);
	h->n_agents = 1 + below(h, AGENTS_MAX);
	for (unsigned i = 0; i < h->n_agents; i++) {
		snprintf(name, sizeof name, "a%u", i + 1);
		h->agents[i] =
			cluster_add_agent(h->cluster, name, "cpus:4;mem:4096", NULL);
	}
	h->n_frameworks = 1 + below(h, FRAMEWORKS_MAX);
	for (unsigned i = 0; i < h->n_frameworks; i++) {
		snprintf(name, sizeof name, "f%u", i + 1);
		h->frameworks[i] = framework_subscribe(h->cluster, name, NULL);
	}
}

START_TEST(history)
{
	struct history h;

	begin(&h, (unsigned)_i);
	for (h.step = 0; h.step < steps; h.step++) {
		step(&h);
		cluster_advance(h.cluster, 0);
		supervise(&h);
		check_always(&h);
	}
	heal(&h);
	reconcile(&h);
	check_always(&h);
	check_agents_are_back(&h);
	check_master_tasks(&h);
	check_frameworks_know(&h);
	cluster_destroy(h.cluster);
}
END_TEST

static bool run_seed(unsigned seed)
{
	Suite *s = suite_create("history");
	TCase *tc = tcase_create("history");
	SRunner *runner;
	bool failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, history, (int)seed, (int)seed + 1);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner) > 0;
	if (failed) {
		srunner_print(runner, CK_NORMAL);
		printf("seed %u failed; again: make sim SEED=%u\n", seed, seed);
	}
	srunner_free(runner);
	return !failed;
}

int main(int argc, char **argv)
{
	unsigned n_failed = 0;

	if (argc > 1)
		seeds = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		steps = (unsigned)strtoul(argv[3], NULL, 10);
	for (unsigned seed = first_seed; seed < first_seed + seeds; seed++)
		n_failed += !run_seed(seed);
	printf("%u of %u histories failed\n", n_failed, seeds);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
