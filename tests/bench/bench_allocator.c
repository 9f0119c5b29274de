/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an allocation costs: CPU time of a run over all agents, of an event, of one agent's
 * resources that come back and are offered again; and memory. Beside it the floor: a loop that
 * does nothing but give each agent to the lowest share, one role, no filters.
 *
 * run_cpu is that of a full run: everything is free, and all of it is offered; run_offers says
 * how many offers that were. They are declined, in the scenarios with filters for an hour, and
 * the next run offers all of it to others: with each of the eight runs every agent has one
 * filter more. run_again_cpu is that of a run over all agents right after a full one, with what
 * quotas hold back and everybody refuses; run_all_filtered_cpu one in which everybody refuses
 * everything.
 *
 * `--quick`: the corners of the grid. `--cell AGENTS FRAMEWORKS SCENARIO [all-filtered]`: one of
 * it. What the receiver of offers does (it keeps them, to decline them) is not counted; its
 * copies are in the peak of the heap.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tepui/allotment.h"
#include "tepui/resources.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"

#define ROUNDS 7
#define ROLES_MAX 64
#define CAN_MAX 8

extern const struct tp_module tp_module;

enum scenario { PLAIN, TREE, QUOTA, RESERVED, DECLINED, ALL, N_SCENARIOS };
static const char *const scenario_names[N_SCENARIOS] = { "plain",
	"3-level roles, weights", "quota on half the roles", "30 % reserved",
	"every framework declines", "roles, quota, filters, reservations" };

struct offer {
	uint32_t framework, agent;
	struct tp_resources resources;
};

struct bench {
	struct test_host host;
	const struct tp_allocator_ops *ops;
	void *impl;
	uint32_t n_agents, n_frameworks, n_roles;
	enum scenario scenario;
	char roles[ROLES_MAX][32];
	char total[ROLES_MAX + 1][256]; /* the first without reservations */
	struct offer *offers;
	size_t n_offers;
	int64_t user_ns; /* spent in the receiver */
	size_t memory[3], peak;
};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * TP_SEC + now.tv_nsec;
}

static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void peak_note(struct bench *b)
{
	size_t now = heap_bytes();

	b->peak = now > b->peak ? now : b->peak;
}

static void row(const struct bench *b, const char *name, double value, const char *unit)
{
	printf("allocator_%s\t%.3f\t%s\t%u agents, %u frameworks, %s\n", name, value,
		unit, b->n_agents, b->n_frameworks, scenario_names[b->scenario]);
	fflush(stdout);
}

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	struct bench *b = user;
	int64_t start_ns = cpu_ns();

	for (size_t i = 0; i < n; i++) {
		struct offer *offer = &b->offers[b->n_offers++];

		tp_assert(b->n_offers <= 2 * (size_t)b->n_agents);
		*offer = (struct offer){ framework, items[i].agent, TP_RESOURCES_INIT };
		tp_resources_copy(&offer->resources, items[i].resources);
	}
	b->user_ns += cpu_ns() - start_ns;
}

/* --- the cluster ----------------------------------------------------------------------- */

static bool has_roles(const struct bench *b)
{
	return b->scenario == TREE || b->scenario == QUOTA || b->scenario == RESERVED ||
		b->scenario == ALL;
}

/* 4 × 4 × 4 leaves for trees, 16 flat roles else. */
static void roles_make(struct bench *b)
{
	bool tree = b->scenario == TREE || b->scenario == ALL;

	b->n_roles = !has_roles(b) ? 1 : tree ? 64 : 16;
	for (uint32_t i = 0; i < b->n_roles; i++) {
		if (b->n_roles == 1)
			snprintf(b->roles[i], sizeof b->roles[i], "*");
		else if (tree)
			snprintf(b->roles[i], sizeof b->roles[i], "org%u/team%u/app%u",
				i / 16, i / 4 % 4, i % 4);
		else
			snprintf(b->roles[i], sizeof b->roles[i], "role%02u", i);
	}
}

static void weights_set(struct bench *b)
{
	for (uint32_t i = 0; i < b->n_roles; i++) {
		struct tp_weight_info weight = { .role = b->roles[i],
			.weight = 1 + i % 3 };
		struct tp_weight_info *const weights[] = { &weight };

		b->ops->update_weights(b->impl, weights, 1);
	}
}

/* Guarantees of a tenth of the cluster together, limits of all of it. */
static void quotas_set(struct bench *b)
{
	uint32_t n_top = b->scenario == ALL ? 4 : b->n_roles;

	for (uint32_t i = 0; i < n_top; i += 2) {
		char name[16];
		struct tp_value_scalar cpus = { .value_milli = (int64_t)b->n_agents *
				16000 / (5 * n_top) };
		struct tp_value_scalar most = { .value_milli =
							(int64_t)b->n_agents * 16000 };
		struct tp_quota_config_guarantees_entry guarantee = { "cpus", &cpus };
		struct tp_quota_config_guarantees_entry *guarantees[] = { &guarantee };
		struct tp_quota_config_limits_entry limit = { "cpus", &most };
		struct tp_quota_config_limits_entry *limits[] = { &limit };
		struct tp_quota_config quota = {
			.role = name,
			.guarantees = guarantees,
			.n_guarantees = 1,
			.limits = limits,
			.n_limits = 1,
		};

		snprintf(name, sizeof name, b->scenario == ALL ? "org%u" : "role%02u", i);
		b->ops->update_quota(b->impl, name, &quota);
	}
}

static void totals_make(struct bench *b)
{
	snprintf(b->total[0], sizeof b->total[0],
		"cpus:16;mem:65536;disk:500000;ports:[31000-32000]");
	for (uint32_t i = 0; i < b->n_roles && b->n_roles > 1; i++) {
		char role[sizeof b->roles[i]];

		memcpy(role, b->roles[i], sizeof role);
		snprintf(b->total[1 + i], sizeof b->total[1 + i],
			"cpus:8;cpus(%s):8;mem:32768;mem(%s):32768;disk:500000;"
			"ports:[31000-32000]",
			role, role);
	}
}

static void parse(struct tp_resources *ret, const char *text)
{
	struct tp_error err;

	if (tp_resources_parse(ret, text, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

/* Each brings what it has itself, as agents that register do. */
static void agents_add(struct bench *b)
{
	bool reserved = b->scenario == RESERVED || b->scenario == ALL;

	for (uint32_t i = 0; i < b->n_agents; i++) {
		char hostname[32];
		struct tp_agent_info info = { .hostname = hostname };
		struct tp_resources total = TP_RESOURCES_INIT;
		const struct tp_allocator_agent spec = {
			.info = &info,
			.capabilities = 0xff,
			.total = &total,
			.active = true,
		};

		parse(&total, b->total[reserved && i % 10 < 3 ? 1 + i % b->n_roles : 0]);
		snprintf(hostname, sizeof hostname, "host%u.example.com", i);
		b->ops->add_agent(b->impl, i, &spec, NULL, 0);
		tp_resources_fini(&total);
	}
}

static void frameworks_add(struct bench *b)
{
	for (uint32_t i = 0; i < b->n_frameworks; i++) {
		char text[48];
		struct tp_framework_id id = { .value = text };
		const char *roles[] = { b->roles[i % b->n_roles] };
		struct tp_framework_info_capability type = { .has_type = true,
			.type = TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE };
		struct tp_framework_info_capability *types[] = { &type };
		struct tp_framework_info info = { .id = &id,
			.roles = roles,
			.n_roles = 1,
			.capabilities = types,
			.n_capabilities = 1 };
		const struct tp_allocator_framework spec = { .info = &info,
			.active = true };

		snprintf(text, sizeof text, "8d3c1f7e-2c1a-4a53-9f3e-000000000000-%04u",
			i);
		b->ops->add_framework(b->impl, i, &spec, NULL, 0);
	}
}

static void bench_open(struct bench *b)
{
	const struct tp_allocator_user user = { .user = b, .offer = on_offer };

	test_host_start(&b->host, &tp_module, NULL);
	b->ops = &tp_allotment_ops;
	b->impl = test_host_impl(&b->host);
	b->ops->open(b->impl, &user);
	b->ops->pause(b->impl); /* runs come when we say so */
	b->offers = tp_alloc(2 * (size_t)b->n_agents * sizeof *b->offers);
	roles_make(b);
	totals_make(b);
	b->memory[0] = heap_bytes();
	agents_add(b);
	b->memory[1] = heap_bytes();
	if (b->scenario == TREE || b->scenario == ALL)
		weights_set(b);
	if (b->scenario == QUOTA || b->scenario == ALL)
		quotas_set(b);
	frameworks_add(b);
	b->memory[2] = heap_bytes();
	test_clock_settle(&b->host.clock, b->host.loop);
}

static void bench_close(struct bench *b)
{
	while (b->n_offers > 0)
		tp_resources_fini(&b->offers[--b->n_offers].resources);
	test_host_stop(&b->host);
	tp_free(b->offers);
}

/* --- what is measured ------------------------------------------------------------------ */

/* One run over everything; returns its CPU time. */
static int64_t run(struct bench *b)
{
	int64_t start_ns, ns;

	b->ops->resume(b->impl);
	b->user_ns = 0;
	start_ns = cpu_ns();
	b->ops->run(b->impl);
	ns = cpu_ns() - start_ns - b->user_ns;
	b->ops->pause(b->impl);
	peak_note(b);
	return ns;
}

/* All offers back; returns the CPU time. */
static int64_t decline_all(struct bench *b, int64_t refuse_ns)
{
	const struct tp_allocator_filter filter = { refuse_ns };
	int64_t start_ns = cpu_ns();
	size_t n = b->n_offers;

	for (size_t i = 0; i < n; i++)
		b->ops->recover_resources(b->impl, b->offers[i].framework,
			b->offers[i].agent, &b->offers[i].resources,
			refuse_ns < 0 ? NULL : &filter);
	start_ns = cpu_ns() - start_ns;
	while (b->n_offers > 0)
		tp_resources_fini(&b->offers[--b->n_offers].resources);
	return start_ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static double median_ms(int64_t *times, size_t n)
{
	qsort(times, n, sizeof *times, compare);
	return (double)times[n / 2] / 1e6;
}

/* Everything free, everything offered, everything declined. */
static void measure_runs(struct bench *b)
{
	bool filters = b->scenario == DECLINED || b->scenario == ALL;
	int64_t runs[ROUNDS], events_ns = 0;
	size_t n_events = 0, n_offers = 0;

	run(b);
	decline_all(b, filters ? TP_HOUR : -1);
	for (int i = 0; i < ROUNDS; i++) {
		runs[i] = run(b);
		n_offers = b->n_offers;
		n_events += n_offers;
		events_ns += decline_all(b, filters ? TP_HOUR : -1);
	}
	row(b, "run_cpu", median_ms(runs, ROUNDS), "ms");
	row(b, "run_offers", (double)n_offers, "offers");
	if (n_events > 0)
		row(b, filters ? "decline_event" : "recover_event",
			(double)events_ns / (double)n_events / 1000, "us");
}

/* All is offered but what quotas hold back: next to nothing to share out. */
static void measure_again(struct bench *b)
{
	int64_t runs[ROUNDS];

	run(b);
	for (int i = 0; i < ROUNDS; i++)
		runs[i] = run(b);
	row(b, "run_again_cpu", median_ms(runs, ROUNDS), "ms");
	decline_all(b, -1);
}

/* Some resources come back and are offered again, all else being offered. */
static void measure_reoffer(struct bench *b)
{
	int64_t spent_ns = 0;
	size_t n = 0;

	run(b);
	b->ops->resume(b->impl);
	test_clock_settle(&b->host.clock, b->host.loop);
	for (int i = 0; i < 2000 && b->n_offers > 0; i++, n++) {
		struct offer offer = b->offers[0];
		int64_t start_ns;

		b->offers[0] = b->offers[--b->n_offers];
		b->user_ns = 0;
		start_ns = cpu_ns();
		b->ops->recover_resources(
			b->impl, offer.framework, offer.agent, &offer.resources, NULL);
		test_clock_settle(&b->host.clock, b->host.loop);
		spent_ns += cpu_ns() - start_ns - b->user_ns;
		tp_resources_fini(&offer.resources);
	}
	if (n > 0)
		row(b, "reoffer_one", (double)spent_ns / (double)n / 1000, "us");
	b->ops->pause(b->impl);
	decline_all(b, -1);
}

static void print_memory(struct bench *b)
{
	row(b, "memory_per_agent", (double)(b->memory[1] - b->memory[0]) / b->n_agents,
		"bytes");
	row(b, "memory_per_framework",
		(double)(b->memory[2] - b->memory[1]) / b->n_frameworks, "bytes");
	row(b, "heap_peak", (double)b->peak / 1048576, "MiB");
}

/* Every framework refuses every agent, for long: nothing may be offered, all is looked at. */
static void measure_all_filtered(struct bench *b)
{
	size_t before, n_filters = 0;
	int64_t runs[ROUNDS];

	before = heap_bytes();
	for (uint32_t i = 0; i < 4 * b->n_frameworks; i++) {
		run(b);
		if (b->n_offers == 0)
			break;
		n_filters += b->n_offers;
		decline_all(b, TP_HOUR);
	}
	if (n_filters > 0)
		row(b, "memory_per_filter",
			(double)(heap_bytes() - before) / (double)n_filters, "bytes");
	for (int i = 0; i < ROUNDS; i++) {
		runs[i] = run(b);
		tp_assert(b->n_offers == 0);
	}
	row(b, "run_all_filtered_cpu", median_ms(runs, ROUNDS), "ms");
}

/* --- the floor ------------------------------------------------------------------------- */

struct floor_framework {
	int64_t held[4];
	double share;
};

/* Each agent to the framework with the lowest share, out of a heap; nothing else. */
static void measure_floor(const struct bench *b)
{
	int64_t(*free)[4] = tp_alloc(b->n_agents * sizeof *free);
	struct floor_framework *heap = tp_alloc(b->n_frameworks * sizeof *heap);
	uint32_t *given = tp_alloc(b->n_agents * sizeof *given);
	static const int64_t amount[4] = { 16000, 65536000, 500000000, 1001 };
	int64_t times[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		int64_t start_ns;

		memset(heap, 0, b->n_frameworks * sizeof *heap);
		for (uint32_t i = 0; i < b->n_agents; i++)
			memcpy(free[i], amount, sizeof amount);
		start_ns = cpu_ns();
		for (uint32_t i = 0; i < b->n_agents; i++) {
			struct floor_framework first = heap[0];
			uint32_t at = 0, child;

			for (int j = 0; j < 4; j++) {
				double share;

				first.held[j] += free[i][j];
				free[i][j] = 0;
				share = (double)first.held[j] /
					((double)amount[j] * b->n_agents);
				if (j == 0 || share > first.share)
					first.share = share;
			}
			given[i] = at;
			for (; (child = 2 * at + 1) < b->n_frameworks; at = child) {
				if (child + 1 < b->n_frameworks &&
					heap[child + 1].share < heap[child].share)
					child++;
				if (heap[child].share >= first.share)
					break;
				heap[at] = heap[child];
			}
			heap[at] = first;
		}
		times[round] = cpu_ns() - start_ns;
	}
	row(b, "floor_run_cpu", median_ms(times, ROUNDS), "ms");
	tp_free(free);
	tp_free(heap);
	tp_free(given);
}

/* --- the grid -------------------------------------------------------------------------- */

static void cell(uint32_t n_agents, uint32_t n_frameworks, enum scenario scenario,
	bool all_filtered)
{
	struct bench *b = tp_alloc(sizeof *b);

	b->n_agents = n_agents;
	b->n_frameworks = n_frameworks;
	b->scenario = scenario;
	bench_open(b);
	if (all_filtered) {
		measure_all_filtered(b);
	} else {
		measure_runs(b);
		measure_again(b);
		measure_reoffer(b);
		if (scenario == PLAIN)
			measure_floor(b);
	}
	print_memory(b);
	bench_close(b);
	tp_free(b);
}

/* In a process of its own: the heap that one leaves behind is none of the next one's. */
static void cell_apart(uint32_t n_agents, uint32_t n_frameworks, enum scenario scenario,
	bool all_filtered)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		cell(n_agents, n_frameworks, scenario, all_filtered);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "the cell of %u agents and %u frameworks failed\n",
			n_agents, n_frameworks);
		exit(1);
	}
}

static void quick(void)
{
	for (int s = 0; s < N_SCENARIOS; s++) {
		cell_apart(20000, 2000, (enum scenario)s, false);
		cell_apart(50000, 200, (enum scenario)s, false);
	}
	cell_apart(1000, 200, DECLINED, true);
	cell_apart(1000, 200, ALL, true);
}

static void grid(void)
{
	static const uint32_t agents[] = { 1000, 5000, 10000, 20000, 50000 };
	static const uint32_t frameworks[] = { 1, 50, 200, 2000 };

	for (size_t a = 0; a < TP_COUNT(agents); a++)
		for (size_t f = 0; f < TP_COUNT(frameworks); f++)
			for (int s = 0; s < N_SCENARIOS; s++)
				cell_apart(agents[a], frameworks[f], (enum scenario)s,
					false);
	cell_apart(1000, 200, DECLINED, true);
	cell_apart(1000, 200, ALL, true);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--quick") == 0)
		quick();
	else if (argc >= 5 && strcmp(argv[1], "--cell") == 0)
		cell((uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]),
			(enum scenario)(atoi(argv[4]) % N_SCENARIOS), argc > 5);
	else
		grid();
	return 0;
}
