/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master and its agents, over real sockets: how many new agents it admits per second, each
 * durable before it is answered; what a master that was killed and started again costs until all
 * agents are back with their tasks; and what each of them costs in memory. The floor of the return
 * is to decode the same messages and to put every task into a map.
 *
 *	bench_master [-a AGENTS] [-t TASKS]	tasks of each agent
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/map.h"
#include "tepui/record.h"
#include "tests/bench/cpu_meter.h"
#include "tests/bench/daemons.h"
#include "tests/bench/fake_agents.h"
#include "tests/bench/latencies.h"
#include "tests/bench/memory_meter.h"

#define LIMIT_S 280
#define TIMEOUT_MS 120000
#define GOAL_AGENTS 40000 /* what the design's row is about */
#define RESOURCES "cpus:64;mem:65536;disk:100000;ports:[31000-32000]"

struct bench {
	size_t n_agents, n_tasks;
	struct daemons daemons;
	struct fake_agents *fakes;
	char text[160];
};

/* As many sockets as agents, here and in the master. */
static bool make_room(size_t n)
{
	struct rlimit limit;
	rlim_t want = n + 1024;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= want)
		return true;
	limit.rlim_cur = want;
	if (limit.rlim_max < want)
		limit.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return true;
	fprintf(stderr, "%zu agents need %zu file descriptors (ulimit -n)\n", n,
		(size_t)want);
	return false;
}

/* --- admission ------------------------------------------------------------------------- */

/* Lets them register at once; what that takes in the master. */
static bool release_all(
	struct bench *b, bool again, int64_t *ret_cpu_ns, int64_t *ret_wall_ns)
{
	int64_t cpu_ns = cpu_process_ns(b->daemons.master), begin = cpu_clock_ns();
	bool ok;

	fake_agents_hold(b->fakes, false);
	ok = again ? fake_agents_wait_back(b->fakes, TIMEOUT_MS)
		   : fake_agents_wait(b->fakes, TIMEOUT_MS);
	*ret_wall_ns = cpu_clock_ns() - begin;
	*ret_cpu_ns = cpu_process_ns(b->daemons.master) - cpu_ns;
	return ok;
}

static double per_agent_us(const struct bench *b, int64_t ns)
{
	return (double)ns / 1e3 / (double)b->n_agents;
}

static bool measure_admission(struct bench *b)
{
	int64_t cpu_ns, wall_ns;

	if (!daemons_start_master(&b->daemons))
		return false;
	b->fakes = fake_agents_start_held(b->daemons.master_url, b->n_agents, RESOURCES);
	if (b->fakes == NULL || !fake_agents_wait_up(b->fakes, TIMEOUT_MS) ||
		!release_all(b, false, &cpu_ns, &wall_ns))
		return false;
	snprintf(b->text, sizeof b->text,
		"%zu agents whose sessions stand, LevelDB with fsync", b->n_agents);
	row("master: agents admitted, durable",
		(double)b->n_agents * 1e9 / (double)wall_ns, "1/s", b->text);
	row("master: CPU per admitted agent", per_agent_us(b, cpu_ns), "us", b->text);
	return true;
}

/* --- return ---------------------------------------------------------------------------- */

struct known {
	struct tp_map_node node;
	char id[];
};

/* Decodes what an agent says and remembers its tasks by id. */
static void floor_of_one(const struct tp_strbuf *frame, struct tp_map *map)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_agent_reregister *body;
	void *record = NULL;

	if (tp_msgpack_decode(&tp_agent_reregister_desc, frame->data, frame->len, arena,
		    &record, NULL) < 0)
		abort();
	body = record;
	for (size_t i = 0; i < body->n_tasks; i++) {
		const char *id = body->tasks[i]->task_id->value;
		struct known *known = malloc(sizeof *known + strlen(id) + 1);

		strcpy(known->id, id);
		tp_map_add(map, &known->node, known->id);
	}
}

static void encode(size_t agent, size_t n_tasks, struct tp_strbuf *out)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_id id = { .value = tp_arena_printf(arena,
					  "0d2cbf5b-8ed2-4bd4-aaf4-0e1ac0a1d6c5-S%zu",
					  agent) };
	struct tp_agent_info info = { .hostname = "agent.example", .id = &id };
	struct tp_framework_id framework_id = { .value = "framework" };
	struct tp_framework_info framework = {
		.user = "nobody", .name = "bench", .id = &framework_id
	};
	struct tp_agent_reregister body = { .agent = &info };

	fake_agents_fill_tasks(&body, &framework, n_tasks, arena);
	tp_strbuf_clear(out);
	tp_msgpack_encode(&tp_agent_reregister_desc, &body, out);
}

/* Of this thread: reading /proc would cost more than what is measured. */
static int64_t thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static double floor_us(const struct bench *b)
{
	tp_cleanup(strbuf) struct tp_strbuf frame = TP_STRBUF_INIT;
	struct tp_list *node, *tmp;
	int64_t ns = 0, begin;
	struct tp_map map;

	tp_map_init(&map);
	for (size_t i = 0; i < b->n_agents; i++) {
		encode(i, b->n_tasks, &frame);
		begin = thread_ns();
		floor_of_one(&frame, &map);
		ns += thread_ns() - begin;
	}
	tp_map_foreach (node, tmp, &map)
		free(tp_map_entry(node, struct known, node));
	tp_map_fini(&map);
	return (double)ns / 1e3 / (double)b->n_agents;
}

static bool measure_return(struct bench *b)
{
	int64_t session_ns, cpu_ns, wall_ns;
	long memory;

	fake_agents_expect_restarts(b->fakes);
	fake_agents_bring_tasks(b->fakes, b->n_tasks);
	fake_agents_hold(b->fakes, true);
	daemons_kill(&b->daemons, &b->daemons.master);
	if (!daemons_restart_master(&b->daemons) ||
		!fake_agents_wait_up(b->fakes, TIMEOUT_MS))
		return false;
	session_ns = cpu_process_ns(b->daemons.master);
	if (!release_all(b, true, &cpu_ns, &wall_ns))
		return false;
	snprintf(b->text, sizeof b->text,
		"%zu agents with %zu tasks each, sessions stand", b->n_agents,
		b->n_tasks);
	row("master: CPU per agent that returns", per_agent_us(b, cpu_ns), "us", b->text);
	row("master: CPU for 40,000 agents that return",
		per_agent_us(b, cpu_ns) * GOAL_AGENTS / 1e6, "s", "the same, scaled");
	row("master: agents that return", (double)b->n_agents * 1e9 / (double)wall_ns,
		"1/s", b->text);
	row("floor: decode and remember, per agent", floor_us(b), "us", b->text);
	row("master: CPU per session", per_agent_us(b, session_ns), "us",
		"from exec on, registry read, until all sessions stand");
	cpu_sleep_ms(1500);
	memory = memory_own(b->daemons.master);
	row("master: memory", (double)memory / 1024, "KiB", b->text);
	row("master: memory per agent and its tasks",
		(double)memory / (double)b->n_agents, "bytes", b->text);
	return true;
}

int main(int argc, char **argv)
{
	struct bench b = { .n_agents = 10000, .n_tasks = 10 };
	bool ok;
	int c;

	while ((c = getopt(argc, argv, "a:t:")) != -1) {
		if (c == 'a')
			b.n_agents = strtoul(optarg, NULL, 10);
		else if (c == 't')
			b.n_tasks = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	alarm(LIMIT_S);
	ok = b.n_agents > 0 && make_room(b.n_agents) && measure_admission(&b) &&
		measure_return(&b);
	if (b.fakes != NULL)
		fake_agents_stop(b.fakes);
	daemons_stop(&b.daemons);
	return ok ? 0 : 1;
}
