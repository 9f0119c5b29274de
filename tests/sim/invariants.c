/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold, after each step and at the end. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "history.h"

#define QUIET_MS (15 * 60 * 1000)
#define QUIET_TURNS 60
#define AGENT_CPUS_MILLI 4000

/* What may be taken back is lending.c's to look at. */
static int64_t cpus(struct tp_resource *const *items, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i]->name, "cpus") == 0 && items[i]->revocable == NULL)
			sum += items[i]->scalar->value_milli;
	}
	return sum;
}

static const struct tp_master_response *ask_leader(
	struct history *h, int type, struct tp_arena *arena)
{
	const struct tp_master_call call = { .has_type = true, .type = type };
	struct machine *leader = cluster_leader(h->cluster);

	return leader == NULL ? NULL : cluster_try_ask(leader, &call, arena);
}

/* --- always ------------------------------------------------------------------------------ */

/*
 * No agent's resources are given twice, on paper and in life. An agent may say that more is in use
 * than it has, for an old task whose end its disk does not hold: then nothing more is given.
 */
static void check_books(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *response =
		ask_leader(h, TP_MASTER_CALL_GET_AGENTS, arena);

	for (size_t i = 0; response != NULL && i < response->get_agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			response->get_agents->agents[i];
		int64_t allocated =
			cpus(agent->allocated_resources, agent->n_allocated_resources);
		int64_t offered =
			cpus(agent->offered_resources, agent->n_offered_resources);

		ck_assert_msg(offered == 0 ||
				allocated + offered <= cpus(agent->total_resources,
							       agent->n_total_resources),
			"step %u: the master allocates %lld and offers %lld thousandths "
			"of cpus of agent %s",
			h->step, (long long)allocated, (long long)offered,
			agent->agent_info->id->value);
	}
	for (unsigned i = 0; i < h->plan->n_agents; i++)
		ck_assert_msg(sim_containers_cpus_milli(h->agents[i]->containers) <=
				AGENT_CPUS_MILLI,
			"step %u: agent %s runs more than it has", h->step,
			h->agents[i]->name);
}

/* One end for each task, nothing after it, and the same news under the same uuid. */
static void check_truth(struct history *h)
{
	for (unsigned i = 0; i < h->plan->n_frameworks; i++) {
		const struct framework_book *book = h->frameworks[i]->book;

		for (size_t k = 0; k < book->n_tasks; k++) {
			const struct framework_task *task = &book->tasks[k];

			ck_assert_msg(task->wrong == NULL,
				"step %u: task %s: %s (state %d, reason %d, ended as %d)",
				h->step, task->id, task->wrong, task->state, task->reason,
				task->ended);
		}
	}
}

/* Only who has a rival may be told to go. */
static void check_schedulers(struct history *h)
{
	for (unsigned i = 0; i < h->plan->n_frameworks; i++) {
		const struct framework *f = h->frameworks[i];

		ck_assert_msg(!f->failed || h->rivals[i] != NULL, "step %u: %s: %s",
			h->step, f->name, f->error);
	}
}

/* An agent has its id from a master that had it in the registry before. */
static void check_admitted(struct history *h)
{
	char name[160];

	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		struct machine *m = h->agents[i];
		const char *id = m->kernel == NULL ? "" : machine_id(m);
		bool known;

		if (id[0] == '\0')
			continue;
		snprintf(name, sizeof name, "agent/%s", id);
		known = sim_registry_has(h->cluster->registry, name);
		snprintf(name, sizeof name, "unreachable/%s", id);
		known |= sim_registry_has(h->cluster->registry, name);
		/* Its machine went down, and it did not hear of it yet. */
		snprintf(name, sizeof name, "gone/%s", id);
		ck_assert_msg(known || sim_registry_has(h->cluster->registry, name),
			"step %u: the registry does not know %s, agent %s", h->step,
			m->name, id);
	}
}

static void check_acknowledged(const struct history *h)
{
	const char *wrong = acknowledged_wrong(h->acknowledged);

	ck_assert_msg(wrong == NULL,
		"step %u: an update of task %s is sent again, though the agent wrote "
		"down "
		"that it was acknowledged",
		h->step, wrong);
}

void check_always(struct history *h)
{
	check_acknowledged(h);
	check_books(h);
	lending_check_always(h);
	check_truth(h);
	check_schedulers(h);
	check_admitted(h);
	check_maintenance(h);
}

/* --- when all is quiet -------------------------------------------------------------------- */

static bool runs(const struct history *h, const char *task_id)
{
	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		if (sim_containers_runs(h->agents[i]->containers, task_id))
			return true;
	}
	return false;
}

static size_t sum(
	const struct history *h, size_t (*of)(const struct sim_containers *containers))
{
	size_t n = 0;

	for (unsigned i = 0; i < h->plan->n_agents; i++)
		n += of(h->agents[i]->containers);
	return n;
}

/* Every scheduler asks for all that it takes for alive. */
static void reconcile(struct history *h)
{
	for (unsigned i = 0; i < h->plan->n_frameworks; i++) {
		struct framework *f = h->frameworks[i];

		ck_assert_msg(f->subscribed, "%s is not subscribed", f->name);
		for (size_t k = 0; k < f->book->n_tasks; k++) {
			if (f->book->tasks[k].ended < 0)
				framework_reconcile(f, f->book->tasks[k].id);
		}
	}
	cluster_advance(h->cluster, 5000);
}

/* The master's agents are those that run, all of their resources in use accounted for. */
static void check_master_agents(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *response =
		ask_leader(h, TP_MASTER_CALL_GET_AGENTS, arena);
	int64_t allocated = 0, offered = 0, used = 0, held = 0;
	unsigned n_active = 0;

	ck_assert_msg(response != NULL, "no master leads");
	for (size_t i = 0; i < response->get_agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			response->get_agents->agents[i];

		n_active += agent->active;
		allocated +=
			cpus(agent->allocated_resources, agent->n_allocated_resources);
		offered += cpus(agent->offered_resources, agent->n_offered_resources);
	}
	for (unsigned i = 0; i < h->plan->n_agents; i++)
		used += sim_containers_cpus_milli(h->agents[i]->containers);
	for (unsigned i = 0; i < h->plan->n_frameworks; i++) {
		for (size_t k = 0; k < h->frameworks[i]->n_offers; k++)
			held += h->frameworks[i]->offers[k].cpus_milli;
	}
	ck_assert_msg(n_active == h->plan->n_agents, "%u of %u agents are active",
		n_active, h->plan->n_agents);
	ck_assert_msg(allocated == used,
		"%lld thousandths of cpus are allocated, %lld are used",
		(long long)allocated, (long long)used);
	ck_assert_msg(offered == held,
		"%lld thousandths of cpus are offered, schedulers have offers of %lld",
		(long long)offered, (long long)held);
}

static bool has_volume(const struct tp_master_response_get_agents_agent *agent)
{
	for (size_t i = 0; i < agent->n_total_resources; i++) {
		const struct tp_resource *r = agent->total_resources[i];

		if (r->disk != NULL && r->disk->persistence != NULL)
			return true;
	}
	return false;
}

/*
 * A volume that the master knows has its folder, and no folder is left of others. An agent that
 * lost its power before anything was stored knows of no volume, and leaves what it finds.
 */
static void check_volumes(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *response =
		ask_leader(h, TP_MASTER_CALL_GET_AGENTS, arena);

	ck_assert_msg(response != NULL, "no master leads");
	for (size_t i = 0; i < response->get_agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			response->get_agents->agents[i];
		const char *name = agent->agent_info->hostname;
		const char *work_dir =
			tp_arena_printf(arena, "%s/%s", h->cluster->dir.path, name);
		bool is_there = access(tp_arena_printf(arena,
					       "%s/volumes/roles/" OPERATORS_ROLE
					       "/" OPERATORS_VOLUME,
					       work_dir),
					F_OK) == 0;
		bool stored = access(tp_arena_printf(arena,
					     "%s/meta/resources/"
					     "resources_and_operations.state",
					     work_dir),
				      F_OK) == 0;

		ck_assert_msg(is_there || !has_volume(agent),
			"%s: the master knows a volume without a folder", name);
		ck_assert_msg(!is_there || has_volume(agent) || !stored,
			"%s: the folder of a volume is left that is known to nobody",
			name);
	}
}

static void check_master_tasks(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *response =
		ask_leader(h, TP_MASTER_CALL_GET_TASKS, arena);
	const struct tp_master_response_get_tasks *tasks;

	ck_assert_msg(response != NULL, "no master leads");
	tasks = response->get_tasks;
	for (size_t i = 0; i < tasks->n_tasks; i++)
		ck_assert_msg(runs(h, tasks->tasks[i]->task_id->value),
			"the master says that %s is in state %d, but it does not run",
			tasks->tasks[i]->task_id->value, tasks->tasks[i]->state);
	ck_assert_uint_eq(tasks->n_pending_tasks, 0);
	ck_assert_msg(tasks->n_tasks == sum(h, sim_containers_tasks),
		"the master knows %zu tasks, %zu run", tasks->n_tasks,
		sum(h, sim_containers_tasks));
}

static void check_agent_tasks(struct machine *m)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_agent_call call = { .has_type = true,
		.type = TP_AGENT_CALL_GET_TASKS };
	const struct tp_agent_response *response = cluster_ask(m, &call, arena);
	const struct tp_agent_response_get_tasks *tasks = response->get_tasks;

	for (size_t i = 0; i < tasks->n_launched_tasks; i++)
		ck_assert_msg(sim_containers_runs(m->containers,
				      tasks->launched_tasks[i]->task_id->value),
			"%s says that %s is in state %d, but it does not run", m->name,
			tasks->launched_tasks[i]->task_id->value,
			tasks->launched_tasks[i]->state);
	ck_assert_msg(tasks->n_launched_tasks == sim_containers_tasks(m->containers),
		"%s knows %zu tasks, %zu run there", m->name, tasks->n_launched_tasks,
		sim_containers_tasks(m->containers));
	ck_assert_msg(tasks->n_pending_tasks + tasks->n_queued_tasks +
				tasks->n_terminated_tasks ==
			0,
		"%s has tasks that neither begin nor end", m->name);
}

/* What does not run has ended, or was never heard of. */
static void check_frameworks_know(struct history *h, const struct framework *f)
{
	for (size_t k = 0; k < f->book->n_tasks; k++) {
		const struct framework_task *task = &f->book->tasks[k];
		bool running = runs(h, task->id);

		ck_assert_msg((task->state == TP_TASK_RUNNING) == running,
			"%s: task %s in state %d, reason %d: it %s", f->name, task->id,
			task->state, task->reason, running ? "runs" : "does not run");
		ck_assert_msg(running || task->ended >= 0 ||
				task->state == TP_TASK_UNKNOWN ||
				task->state == TP_TASK_UNREACHABLE,
			"%s: the fate of task %s is not known: state %d, reason %d",
			f->name, task->id, task->state, task->reason);
	}
}

/* Each agent and scheduler has one connection to the leader, each executor one to its agent. */
static void check_peers(struct history *h)
{
	size_t wires = fake_transport_wires(h->cluster->network);
	size_t peers =
		h->plan->n_agents + h->plan->n_frameworks + sum(h, sim_containers_alive);

	ck_assert_msg(wires == 2 * peers, "%zu peers have %zu ends of connections", peers,
		wires);
}

static void check_registry(struct history *h)
{
	size_t n = sim_registry_count(h->cluster->registry, "agent/");

	ck_assert_msg(n == h->plan->n_agents, "the registry admits %zu of %u agents", n,
		h->plan->n_agents);
}

void check_quiet(struct history *h)
{
	for (int i = 0; i < QUIET_TURNS; i++) {
		cluster_advance(h->cluster, QUIET_MS / QUIET_TURNS);
		steps_supervise(h);
	}
	reconcile(h);
	check_always(h);
	check_master_agents(h);
	lending_check_quiet(h);
	check_volumes(h);
	check_master_tasks(h);
	for (unsigned i = 0; i < h->plan->n_agents; i++)
		check_agent_tasks(h->agents[i]);
	for (unsigned i = 0; i < h->plan->n_frameworks; i++)
		check_frameworks_know(h, h->frameworks[i]);
	check_peers(h);
	check_registry(h);
}
