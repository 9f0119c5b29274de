/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another allocator while 1,000 tasks a second are launched: a real master, simulated agents and
 * frameworks, and an operator who swaps allocator-drf and allocator-priority forth and back. How
 * long nobody gets an offer, beside as long a watch without a swap; and what must not happen: a
 * task that is lost, something that is offered twice.
 *
 *	bench_swap [-a AGENTS] [-f FRAMEWORKS] [-r TASKS_PER_SECOND] [-n SWAPS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/cpu_meter.h"
#include "tests/bench/crowd.h"
#include "tests/bench/daemons.h"
#include "tests/bench/fake_agents.h"
#include "tests/bench/latencies.h"
#include "tools/tepui/admin.h"
#include "tools/tepui/client.h"

#define LIMIT_S 280
#define TIMEOUT_MS 60000
#define WATCH_MS 1000
#define SWAPS_MAX 200
#define N_ROLES 5
#define RESOURCES "cpus:64;mem:65536"
#define INSTANCE "allocator"

struct bench {
	size_t n_agents, n_frameworks, rate, n_swaps;
	struct daemons daemons;
	struct fake_agents *fakes;
	struct crowd *crowd;
	bool raised; /* others on the machine do not count */
	char socket[128], text[160];
	int64_t begin_ns; /* of the launches */
	int64_t quiet_ns[SWAPS_MAX], swap_ns[SWAPS_MAX], call_ns[SWAPS_MAX];
};

static bool find_socket(struct bench *b)
{
	snprintf(b->socket, sizeof b->socket, "/run/tepui/tepuid-%d.sock",
		(int)b->daemons.master);
	if (access(b->socket, F_OK) == 0)
		return true;
	snprintf(b->socket, sizeof b->socket, "/tmp/tepui-%u/tepuid-%d.sock",
		(unsigned)geteuid(), (int)b->daemons.master);
	if (access(b->socket, F_OK) == 0)
		return true;
	fprintf(stderr, "the master's admin socket is not where it should be\n");
	return false;
}

static bool swap(struct bench *b, const char *module, int64_t *ret_ns)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const char *argument = tp_arena_printf(arena, INSTANCE " %s", module);
	struct admin_answer *answer;
	struct tp_error err;
	int64_t begin = cpu_clock_ns();

	if (admin_ask(b->socket, "swap", argument, arena, &answer, &err) < 0) {
		fprintf(stderr, "swap: %s\n", err.text);
		return false;
	}
	*ret_ns = cpu_clock_ns() - begin;
	return true;
}

static bool measure(struct bench *b)
{
	for (size_t i = 0; i < b->n_swaps; i++) {
		crowd_watch_begin(b->crowd);
		cpu_sleep_ms(WATCH_MS);
		b->quiet_ns[i] = crowd_watch_end_ns(b->crowd);
		crowd_watch_begin(b->crowd);
		if (!swap(b, i % 2 == 0 ? "allocator-priority" : "allocator-drf",
			    &b->call_ns[i]))
			return false;
		cpu_sleep_ms(WATCH_MS);
		b->swap_ns[i] = crowd_watch_end_ns(b->crowd);
	}
	return true;
}

static bool begin(struct bench *b)
{
	const struct crowd_job job = {
		.master = b->daemons.master_url,
		.n_frameworks = b->n_frameworks,
		.n_roles = N_ROLES,
		.tasks_per_s = b->rate,
		.n_tasks_max = b->rate * LIMIT_S,
		.agent_cpus_milli = 64000,
		.agent_mem_milli = 65536000,
		.task_cpus_milli = 10,
		.task_mem_milli = 1000,
	};

	b->fakes = fake_agents_start(b->daemons.master_url, b->n_agents, RESOURCES);
	if (b->fakes == NULL || !fake_agents_wait(b->fakes, TIMEOUT_MS))
		return false;
	b->crowd = crowd_start(&job);
	if (b->crowd == NULL)
		return false;
	b->begin_ns = cpu_clock_ns();
	cpu_sleep_ms(WATCH_MS); /* all are under way */
	return true;
}

/* What the master knows as running. */
static double count_known(const struct bench *b)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_METRICS };
	struct tp_master_response *response = NULL;
	struct client client;
	struct tp_error err;
	double n = -1;

	if (client_open(&client, b->daemons.master_url, &err) < 0)
		return n;
	if (client_call_master(&client, &call, arena, &response, &err) >= 0 &&
		response->get_metrics != NULL) {
		for (size_t i = 0; i < response->get_metrics->n_metrics; i++) {
			const struct tp_metric_value *metric =
				response->get_metrics->metrics[i];

			if (strcmp(metric->name, "master/tasks_running") == 0)
				n = metric->value;
		}
	}
	client_close(&client);
	return n;
}

static bool report(struct bench *b)
{
	int64_t span_ns = cpu_clock_ns() - b->begin_ns;
	bool settled = crowd_settle(b->crowd, TIMEOUT_MS);
	struct crowd_count count = crowd_count(b->crowd);
	double known = count_known(b);

	snprintf(b->text, sizeof b->text,
		"%zu agents, %zu frameworks in %d roles, %zu swaps, %s", b->n_agents,
		b->n_frameworks, N_ROLES, b->n_swaps,
		b->raised ? "SCHED_FIFO 1" : "normal priority");
	row("swap: tasks launched", (double)count.launched, "tasks", b->text);
	row("swap: launched per second", (double)count.launched * 1e9 / (double)span_ns,
		"1/s", b->text);
	row("swap: tasks lost", (double)(count.launched - count.running), "tasks",
		"must be 0");
	row("swap: running tasks the master does not know", (double)count.running - known,
		"tasks", "must be 0");
	row("swap: offers double", (double)count.doubled, "offers", "must be 0");
	row("swap: offers rescinded", (double)count.rescinded, "offers", b->text);
	row("swap: launches that waited for an offer", (double)count.late, "times",
		b->text);
	row("swap: time without offers, p50", latencies_ms(b->swap_ns, b->n_swaps, 50),
		"ms", "longest in the second after each swap");
	row("swap: time without offers, max", latencies_ms(b->swap_ns, b->n_swaps, 100),
		"ms", "of all swaps");
	row("floor: time without offers, p50", latencies_ms(b->quiet_ns, b->n_swaps, 50),
		"ms", "in the second before, without a swap");
	row("floor: time without offers, max", latencies_ms(b->quiet_ns, b->n_swaps, 100),
		"ms", "of all such seconds");
	row("swap: answered, p50", latencies_ms(b->call_ns, b->n_swaps, 50), "ms",
		"from the operator's call on");
	return settled && count.lost == 0 && count.doubled == 0 &&
		known == (double)count.running;
}

int main(int argc, char **argv)
{
	struct bench b = {
		.n_agents = 400, .n_frameworks = 25, .rate = 1000, .n_swaps = 20
	};
	bool ok;
	int c;

	while ((c = getopt(argc, argv, "a:f:r:n:")) != -1) {
		size_t value = strtoul(optarg == NULL ? "" : optarg, NULL, 10);

		if (c == 'a')
			b.n_agents = value;
		else if (c == 'f')
			b.n_frameworks = value;
		else if (c == 'r')
			b.rate = value;
		else if (c == 'n')
			b.n_swaps = value;
		else
			return 2;
	}
	if (b.n_agents == 0 || b.n_frameworks == 0 || b.rate == 0 || b.n_swaps == 0 ||
		b.n_swaps > SWAPS_MAX) {
		fprintf(stderr, "-a, -f, -r and -n are numbers above 0, -n at most %d\n",
			SWAPS_MAX);
		return 2;
	}
	alarm(LIMIT_S);
	b.raised = cpu_priority_raise();
	ok = daemons_start_master(&b.daemons) && find_socket(&b);
	ok = ok && begin(&b);
	if (ok) {
		bool swapped = measure(&b);

		ok = report(&b) && swapped;
	}
	if (b.crowd != NULL)
		crowd_stop(b.crowd);
	if (b.fakes != NULL)
		fake_agents_stop(b.fakes);
	daemons_stop(&b.daemons);
	return ok ? 0 : 1;
}
