/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What things cost in memory, in daemons of their own: an idle daemon, a connection, a connected
 * agent, a running task in the master, and what supervises a running task. "Memory" is anonymous
 * plus private dirty pages of the process (what it alone makes the machine hold), PSS where several
 * processes share a program. Differences of totals: what a thousand cost, divided by a thousand.
 * The kernel's socket buffers are not counted.
 *
 *	bench_memory [-c CONNECTIONS] [-a AGENTS] [-t TASKS] [-e EXECUTORS]
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/cpu_meter.h"
#include "tests/bench/daemons.h"
#include "tests/bench/fake_agents.h"
#include "tests/bench/latencies.h"
#include "tests/bench/launcher.h"
#include "tests/bench/memory_meter.h"

#define LIMIT_S 150
#define TIMEOUT_MS 30000
#define IDLE_S 4
#define LABELS 10

struct bench {
	size_t n_connections, n_agents, n_tasks, n_executors;
};

/* --- measuring ------------------------------------------------------------------------- */

/* What the allocator and the registry do later has happened. */
static void rest(void)
{
	cpu_sleep_ms(1500);
}

/* --- a connection, an agent, a task ---------------------------------------------------- */

static void per_item(
	const char *name, long before, long after, size_t n, const char *conditions)
{
	row(name, (double)(after - before) / (double)n, "bytes", conditions);
}

static bool measure_connections(const struct bench *bench)
{
	struct daemons daemons = { .master = 0 };
	struct fake_agents *fakes = NULL;
	bool ok = daemons_start_master(&daemons);
	char text[128];
	long before;

	snprintf(text, sizeof text, "%zu idle sessions over tcp, no authenticator",
		bench->n_connections);
	rest();
	before = memory_own(daemons.master);
	if (ok)
		fakes = fake_agents_start(daemons.master_url, bench->n_connections, NULL);
	ok = fakes != NULL && fake_agents_wait(fakes, TIMEOUT_MS);
	rest();
	if (ok)
		per_item("memory: master per connection", before,
			memory_own(daemons.master), bench->n_connections, text);
	if (fakes != NULL)
		fake_agents_stop(fakes);
	daemons_stop(&daemons);
	return ok;
}

static bool measure_tasks(const struct bench *bench, const struct daemons *daemons)
{
	const struct launcher_job job = {
		.master = daemons->master_url,
		.resources = "cpus:0.1;mem:16",
		.command = "sleep 1000",
		.shell = true,
		.n_labels = LABELS,
		.n = bench->n_tasks,
		.in_flight = bench->n_tasks,
		.timeout_ms = TIMEOUT_MS,
	};
	long before = memory_own(daemons->master);
	struct launcher *launcher = launcher_start(&job);
	char text[128];
	bool ok;

	if (launcher == NULL)
		return false;
	ok = launcher_wait(launcher);
	rest();
	snprintf(text, sizeof text, "%zu running tasks with %d labels on %zu agents",
		bench->n_tasks, LABELS, bench->n_agents);
	if (ok) {
		per_item("memory: master per running task", before,
			memory_own(daemons->master), bench->n_tasks, text);
		row("memory floor: a task as msgpack",
			(double)launcher_task_bytes(launcher), "bytes", text);
	}
	launcher_stop(launcher);
	return ok;
}

static bool measure_agents(const struct bench *bench)
{
	struct daemons daemons = { .master = 0 };
	struct fake_agents *fakes = NULL;
	bool ok = daemons_start_master(&daemons);
	char text[128];
	long before;

	snprintf(text, sizeof text, "%zu agents, transport and registry included",
		bench->n_agents);
	rest();
	before = memory_own(daemons.master);
	if (ok)
		fakes = fake_agents_start(daemons.master_url, bench->n_agents,
			"cpus:64;mem:65536;disk:100000;ports:[31000-32000]");
	ok = fakes != NULL && fake_agents_wait(fakes, TIMEOUT_MS);
	rest();
	if (ok)
		per_item("memory: master per agent", before, memory_own(daemons.master),
			bench->n_agents, text);
	ok = ok && measure_tasks(bench, &daemons);
	if (fakes != NULL)
		fake_agents_stop(fakes);
	daemons_stop(&daemons);
	return ok;
}

/* --- idle daemons, and executors ------------------------------------------------------- */

static void measure_idle(const char *name, pid_t pid)
{
	int64_t cpu_ns = cpu_process_ns(pid);
	char text[96];

	cpu_sleep_ms(IDLE_S * 1000);
	cpu_ns = cpu_process_ns(pid) - cpu_ns;
	snprintf(text, sizeof text, "memory: idle %s", name);
	row(text, (double)memory_own(pid) / 1024, "KiB", "manifest of conf/, registered");
	snprintf(text, sizeof text, "memory: idle %s, CPU", name);
	row(text, (double)cpu_ns / 1e6 / IDLE_S, "ms/s", "manifest of conf/, registered");
}

static bool is_executor(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	if (fgets(name, sizeof name, file) == NULL)
		name[0] = '\0';
	fclose(file);
	return strncmp(name, "tepui-executor", 14) == 0;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	const char *at;
	FILE *file;
	int parent = 0;
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = '\0';
	at = strrchr(text, ')');
	if (at != NULL && sscanf(at + 1, " %*c %d", &parent) != 1)
		parent = 0;
	return parent;
}

static void measure_executors(pid_t agent)
{
	DIR *dir = opendir("/proc");
	double pss_bytes = 0, own_bytes = 0;
	struct dirent *entry;
	size_t n = 0;
	char text[96];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid <= 0 || !is_executor(pid) || parent_of(pid) != agent)
			continue;
		pss_bytes += (double)memory_pss(pid);
		own_bytes += (double)memory_own(pid);
		n++;
	}
	if (dir != NULL)
		closedir(dir);
	snprintf(text, sizeof text, "PSS, %zu executors of `sleep` tasks", n);
	row("memory: supervisor per task", n == 0 ? 0 : pss_bytes / 1024 / (double)n,
		"KiB", text);
	snprintf(text, sizeof text, "anonymous and private dirty, %zu executors", n);
	row("memory: supervisor per task, own", n == 0 ? 0 : own_bytes / 1024 / (double)n,
		"KiB", text);
}

static bool measure_running(const struct bench *bench, const struct daemons *daemons)
{
	const struct launcher_job job = {
		.master = daemons->master_url,
		.resources = "cpus:0.1;mem:16",
		.command = "sleep 1000",
		.shell = true,
		.n = bench->n_executors,
		.in_flight = bench->n_executors,
		.timeout_ms = TIMEOUT_MS,
	};
	long before = memory_own(daemons->agent);
	struct launcher *launcher = launcher_start(&job);
	bool ok = launcher != NULL && launcher_wait(launcher);

	rest();
	if (ok) {
		measure_executors(daemons->agent);
		per_item("memory: agent per running task", before,
			memory_own(daemons->agent), bench->n_executors, "no labels");
	}
	if (launcher != NULL)
		launcher_stop(launcher);
	return ok;
}

static bool measure_daemons(const struct bench *bench)
{
	struct daemons daemons = { .master = 0 };
	bool ok = daemons_start_master(&daemons) &&
		daemons_start_agent(&daemons, "cpus:64;mem:65536;disk:10000");

	if (ok) {
		rest();
		measure_idle("master", daemons.master);
		measure_idle("agent", daemons.agent);
		ok = measure_running(bench, &daemons);
	}
	daemons_stop(&daemons);
	return ok;
}

static size_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value < 1 || value > 10000) {
		fprintf(stderr, "'%s' is not a number from 1 to 10000\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct bench bench = { 1000, 1000, 5000, 50 };
	int option;
	bool ok;

	while ((option = getopt(argc, argv, "c:a:t:e:")) != -1) {
		if (option == 'c')
			bench.n_connections = number(optarg);
		else if (option == 'a')
			bench.n_agents = number(optarg);
		else if (option == 't')
			bench.n_tasks = number(optarg);
		else if (option == 'e')
			bench.n_executors = number(optarg);
		else
			return 2;
	}
	alarm(LIMIT_S);
	ok = measure_daemons(&bench);
	ok = measure_connections(&bench) && ok;
	ok = measure_agents(&bench) && ok;
	return ok ? 0 : 1;
}
