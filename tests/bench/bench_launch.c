/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What launching a task costs: real daemons over nng tcp with LevelDB, this process is the
 * scheduler. Latency is wall time from the launch call, with an offer in hand, to the callback with
 * TASK_FINISHED; CPU is that of master, agent, scheduler, all executors and tasks, until the last
 * executor is gone. launch_floor runs beside it: bare processes, the same hops, spawns and files.
 *
 *	bench_launch [-n TASKS] [-m TASKS] [-i IN-FLIGHT]
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/cpu_meter.h"
#include "tests/bench/daemons.h"
#include "tests/bench/latencies.h"
#include "tests/bench/launcher.h"

#define WARM_UP 20
#define TIMEOUT_MS 60000
#define LIMIT_S 150

struct bench {
	struct daemons daemons;
	struct cpu_meter meter;
	bool real_time;
	size_t n_single, n_many, in_flight;
	double rate[2]; /* tasks/s with many in flight: without a shell, with one */
};

static void conditions(
	const struct bench *bench, const struct launcher_job *job, char *ret, size_t size)
{
	snprintf(ret, size, "%zu tasks, %zu in flight, %s, checkpoint %s, %s, CPU by %s",
		job->n, job->in_flight, job->shell ? "sh -c true" : "true, no shell",
		job->checkpoint ? "on" : "off",
		bench->real_time ? "SCHED_FIFO 1" : "ordinary priority",
		cpu_meter_how(&bench->meter));
}

static void named(
	char *ret, size_t size, const struct launcher_job *job, const char *what)
{
	snprintf(ret, size, "launch %s%s: %s", job->shell ? "shell" : "direct",
		job->checkpoint ? " checkpoint" : "", what);
}

/* CPU time so far: of everything, and of the three that stay. */
struct cpu {
	int64_t all_ns, master_ns, agent_ns, scheduler_ns;
};

static struct cpu cpu_now(const struct bench *bench)
{
	return (struct cpu){
		.all_ns = cpu_meter_ns(&bench->meter),
		.master_ns = cpu_process_ns(bench->daemons.master),
		.agent_ns = cpu_process_ns(bench->daemons.agent),
		.scheduler_ns = cpu_process_ns(getpid()),
	};
}

static void report_cpu(const struct launcher_job *job, const struct cpu *before,
	const struct cpu *after, const char *text)
{
	const double per_task = 1e6 * (double)job->n;
	const double all = (double)(after->all_ns - before->all_ns) / per_task;
	const double parts[] = {
		(double)(after->scheduler_ns - before->scheduler_ns) / per_task,
		(double)(after->master_ns - before->master_ns) / per_task,
		(double)(after->agent_ns - before->agent_ns) / per_task,
	};
	static const char *const names[] = { "CPU per task, scheduler",
		"CPU per task, master", "CPU per task, agent",
		"CPU per task, executor and task" };
	double rest = all;
	char name[96];

	named(name, sizeof name, job, "CPU per task");
	row(name, all, "ms", text);
	for (size_t i = 0; i < 4; i++) {
		named(name, sizeof name, job, names[i]);
		row(name, i < 3 ? parts[i] : rest, "ms", text);
		rest -= i < 3 ? parts[i] : 0;
	}
}

static void report(struct bench *bench, const struct launcher_job *job,
	struct launcher *launcher, const struct cpu *before, const struct cpu *after)
{
	double rate = (double)job->n * 1e9 / (double)launcher_span_ns(launcher);
	char text[160], name[96];

	conditions(bench, job, text, sizeof text);
	report_cpu(job, before, after, text);
	if (job->in_flight > 1) {
		named(name, sizeof name, job, "rate");
		row(name, rate, "tasks/s", text);
		bench->rate[job->shell] = rate;
		return;
	}
	named(name, sizeof name, job, "p50");
	row(name, latencies_ms(launcher_latencies(launcher), job->n, 50), "ms", text);
	named(name, sizeof name, job, "p99");
	row(name, latencies_ms(launcher_latencies(launcher), job->n, 99), "ms", text);
	named(name, sizeof name, job, "launch to next launch p50");
	row(name, latencies_ms(launcher_cycles(launcher), job->n - 1, 50), "ms", text);
}

static bool measure(struct bench *bench, struct launcher_job job, bool report_it)
{
	struct launcher *launcher;
	struct cpu before, after;
	bool ok;

	job.master = bench->daemons.master_url;
	job.resources = "cpus:0.1;mem:16";
	job.command = job.shell ? "true" : "/bin/true";
	job.until_ended = true;
	job.timeout_ms = TIMEOUT_MS;
	cpu_meter_settle(&bench->meter, 3);
	before = cpu_now(bench);
	launcher = launcher_start(&job);
	if (launcher == NULL)
		return false;
	ok = launcher_wait(launcher);
	cpu_meter_settle(&bench->meter, 3);
	after = cpu_now(bench);
	if (ok && report_it)
		report(bench, &job, launcher, &before, &after);
	launcher_stop(launcher);
	return ok;
}

static bool measure_all(struct bench *bench)
{
	for (int shell = 1; shell >= 0; shell--) {
		struct launcher_job job = {
			.shell = shell != 0, .n = WARM_UP, .in_flight = 1
		};

		if (!measure(bench, job, false))
			return false;
		job.n = bench->n_single;
		if (!measure(bench, job, true))
			return false;
		job.checkpoint = true;
		if (!measure(bench, job, true))
			return false;
		job.checkpoint = false;
		job.n = bench->n_many;
		job.in_flight = bench->in_flight;
		if (!measure(bench, job, true))
			return false;
	}
	return true;
}

/* Passes the floor's rows on and sets our rates against its rates. */
static bool floor_run(const struct bench *bench)
{
	static const char *const rates[] = { "launch floor direct: rate",
		"launch floor shell: rate" };
	char program[256], command[400], line[512], text[64];
	double share[2] = { 0, 0 };
	FILE *rows;

	daemons_built(program, sizeof program, "tests/bench/launch_floor");
	snprintf(command, sizeof command, "exec '%s' %zu %zu %zu '%s'", program,
		bench->n_single, bench->n_many, bench->in_flight,
		bench->real_time ? "SCHED_FIFO 1" : "ordinary priority");
	rows = popen(command, "r");
	if (rows == NULL)
		return false;
	while (fgets(line, sizeof line, rows) != NULL) {
		fputs(line, stdout);
		for (size_t i = 0; i < 2; i++) {
			if (strncmp(line, rates[i], strlen(rates[i])) == 0)
				share[i] = bench->rate[i] /
					strtod(line + strlen(rates[i]), NULL);
		}
	}
	snprintf(text, sizeof text, "%zu in flight, target 70", bench->in_flight);
	row("launch shell: rate to floor", share[1] * 100, "%", text);
	row("launch direct: rate to floor", share[0] * 100, "%", text);
	if (pclose(rows) == 0)
		return true;
	fprintf(stderr, "launch_floor failed: its rows are not complete\n");
	return false;
}

static size_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value < 1 || value > 1000000) {
		fprintf(stderr, "'%s' is not a number from 1 to 1000000\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct bench bench = { .n_single = 300, .n_many = 1500, .in_flight = 64 };
	int option;
	bool ok;

	while ((option = getopt(argc, argv, "n:m:i:")) != -1) {
		if (option == 'n')
			bench.n_single = number(optarg);
		else if (option == 'm')
			bench.n_many = number(optarg);
		else if (option == 'i')
			bench.in_flight = number(optarg);
		else
			return 2;
	}
	alarm(LIMIT_S);
	bench.real_time = cpu_priority_raise();
	cpu_meter_open(&bench.meter);
	ok = daemons_start_master(&bench.daemons);
	cpu_meter_watch(&bench.meter, bench.daemons.master);
	ok = ok && daemons_start_agent(&bench.daemons, "cpus:64;mem:65536;disk:10000");
	cpu_meter_watch(&bench.meter, bench.daemons.agent);
	ok = ok && measure_all(&bench);
	/* First the floor: a file system still chews on what was deleted a moment ago. */
	ok = ok && floor_run(&bench);
	daemons_stop(&bench.daemons);
	cpu_meter_close(&bench.meter);
	return ok ? 0 : 1;
}
