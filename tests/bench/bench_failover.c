/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a cluster is without its master, and an agent without its tasks. Real agents run real
 * tasks, further peers speak the protocol over real sockets. The master is killed with -9 and
 * started again, some times: it serves when it answers an operator's call, everybody is back when
 * it lists all agents as active. Then an agent is killed and started again: its tasks are adopted
 * when the master lists it as active. No task may change its state by it or be another process.
 *
 *	bench_failover [-a AGENTS] [-t TASKS] [-p PEERS] [-n TIMES]
 *
 * A parent of the bench outlives it and ends what its agents left running.
 */
#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/process.h"
#include "tepui/record.h"
#include "tests/bench/cpu_meter.h"
#include "tests/bench/daemons.h"
#include "tests/bench/fake_agents.h"
#include "tests/bench/latencies.h"
#include "tests/bench/launcher.h"
#include "tools/tepui/client.h"

#define LIMIT_S 280
#define TIMEOUT_MS 60000
#define TIMES_MAX 50
#define POLL_MS 2

struct bench {
	char dir[64], runtime_dir[64]; /* the parent's, to be removed by it */
	size_t n_agents, n_tasks, n_peers, n_times;
	struct daemons daemons;
	struct fake_agents *fakes;
	struct launcher *launcher;
	char conditions[160], mark[32]; /* an argument that only our tasks have */
	struct client client;
	int64_t begun_ns;
};

/* For people, on stderr. */
static void progress(const struct bench *bench, const char *what)
{
	fprintf(stderr, "%6.1f s: %s\n", (double)(cpu_clock_ns() - bench->begun_ns) / 1e9,
		what);
}

/* --- the tasks' processes -------------------------------------------------------------- */

struct process {
	pid_t pid;
	uint64_t start_ticks;
};

static bool has_mark(pid_t pid, const char *mark)
{
	char path[64], text[256] = "";
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	return n > 6 && strcmp(text, "sleep") == 0 && strcmp(text + 6, mark) == 0;
}

/* By pid, as /proc lists them; `items` has room for all there may be. */
static size_t find_tasks(const struct bench *bench, struct process *items)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct tp_error err;
	size_t n = 0;

	while (dir != NULL && n < bench->n_tasks && (entry = readdir(dir)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid > 0 && has_mark(pid, bench->mark) &&
			tp_process_start_time(pid, &items[n].start_ticks, &err) >= 0)
			items[n++].pid = pid;
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* How many of `before` are gone or others. */
static size_t count_replaced(const struct process *before, size_t n)
{
	struct tp_error err;
	uint64_t ticks;
	size_t replaced = 0;

	for (size_t i = 0; i < n; i++) {
		if (tp_process_start_time(before[i].pid, &ticks, &err) < 0 ||
			ticks != before[i].start_ticks)
			replaced++;
	}
	return replaced;
}

/* --- the master's word ----------------------------------------------------------------- */

/* The loop is in the kernel's hands between two attempts, so that we do not take the CPU away. */
static bool dial(struct bench *bench)
{
	struct tp_error err;

	for (int ms = 0; ms < TIMEOUT_MS; ms += POLL_MS) {
		if (client_open(&bench->client, bench->daemons.master_url, &err) == 0)
			return true;
		client_close(&bench->client);
		cpu_sleep_ms(POLL_MS);
	}
	fprintf(stderr, "no master: %s\n", err.text);
	return false;
}

static struct tp_master_response *ask(
	struct bench *bench, int type, struct tp_arena *arena)
{
	const struct tp_master_call call = { .has_type = true, .type = type };
	struct tp_master_response *response = NULL;
	struct tp_error err;

	if (client_call_master(&bench->client, &call, arena, &response, &err) < 0)
		return NULL;
	return response;
}

/* Is the agent active; with id NULL: how many are? */
static size_t count_active(struct bench *bench, const char *id)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_master_response *response =
		ask(bench, TP_MASTER_CALL_GET_AGENTS, arena);
	size_t n = 0;

	if (response == NULL || response->get_agents == NULL)
		return 0;
	for (size_t i = 0; i < response->get_agents->n_agents; i++) {
		const struct tp_master_response_get_agents_agent *agent =
			response->get_agents->agents[i];

		n += agent->active &&
			(id == NULL || strcmp(agent->agent_info->id->value, id) == 0);
	}
	return n;
}

static bool wait_active(struct bench *bench, const char *id, size_t wanted)
{
	size_t n = 0;

	for (int ms = 0; ms < TIMEOUT_MS; ms += POLL_MS) {
		n = count_active(bench, id);
		if (n == wanted)
			return true;
		cpu_sleep_ms(POLL_MS);
	}
	fprintf(stderr, "only %zu of %zu agents are active\n", n, wanted);
	return false;
}

static size_t count_running(struct bench *bench)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_master_response *response = ask(bench, TP_MASTER_CALL_GET_TASKS, arena);
	size_t n = 0;

	if (response == NULL || response->get_tasks == NULL)
		return 0;
	for (size_t i = 0; i < response->get_tasks->n_tasks; i++)
		n += response->get_tasks->tasks[i]->state == TP_TASK_RUNNING;
	return n;
}

/* Resent updates may say STARTING again for a moment. */
static bool wait_running(struct bench *bench)
{
	size_t n = 0;

	for (int ms = 0; ms < TIMEOUT_MS; ms += 50) {
		n = count_running(bench);
		if (n == bench->n_tasks)
			return true;
		cpu_sleep_ms(50);
	}
	fprintf(stderr, "only %zu of %zu tasks run\n", n, bench->n_tasks);
	return false;
}

/* --- what is measured ------------------------------------------------------------------ */

struct outage {
	int64_t serves_ns, all_ns, cpu_ns; /* since the new master was started */
};

static bool kill_master(struct bench *bench, struct outage *ret)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	int64_t begin_ns;
	bool ok;

	client_close(&bench->client);
	daemons_kill(&bench->daemons, &bench->daemons.master);
	begin_ns = cpu_clock_ns();
	ok = daemons_restart_master(&bench->daemons) && dial(bench) &&
		ask(bench, TP_MASTER_CALL_GET_HEALTH, arena) != NULL;
	ret->serves_ns = cpu_clock_ns() - begin_ns;
	ok = ok && wait_active(bench, NULL, bench->n_agents + bench->n_peers);
	ret->all_ns = cpu_clock_ns() - begin_ns;
	ret->cpu_ns = cpu_process_ns(bench->daemons.master);
	return ok && wait_running(bench);
}

static bool measure_masters(struct bench *bench)
{
	int64_t serves[TIMES_MAX], all[TIMES_MAX], cpu[TIMES_MAX];
	const char *text = bench->conditions;
	size_t n = bench->n_times;
	struct outage outage;

	for (size_t i = 0; i < n; i++) {
		if (!kill_master(bench, &outage))
			return false;
		serves[i] = outage.serves_ns;
		all[i] = outage.all_ns;
		cpu[i] = outage.cpu_ns;
		progress(bench, "a master was replaced");
	}
	row("failover: master serves again, p50", latencies_ms(serves, n, 50), "ms",
		text);
	row("failover: master serves again, worst", latencies_ms(serves, n, 100), "ms",
		text);
	row("failover: all registered again, p50", latencies_ms(all, n, 50), "ms", text);
	row("failover: all registered again, worst", latencies_ms(all, n, 100), "ms",
		text);
	row("failover: CPU of the master until then, p50", latencies_ms(cpu, n, 50), "ms",
		text);
	return true;
}

/* The id of the agent whose number is `i`, from its checkpoint. */
static bool agent_id(const struct bench *bench, size_t i, char *ret, size_t size)
{
	char path[256];
	ssize_t n;

	snprintf(path, sizeof path, "%s/agent%zu/meta/slaves/latest", bench->daemons.dir,
		i);
	n = readlink(path, ret, size - 1);
	if (n < 0) {
		perror(path);
		return false;
	}
	ret[n] = '\0';
	return true;
}

static bool measure_agents(struct bench *bench, const char *resources)
{
	size_t n = bench->n_times < bench->n_agents ? bench->n_times : bench->n_agents;
	int64_t adopted[TIMES_MAX];
	char id[160], text[160];

	for (size_t i = 0; i < n; i++) {
		int64_t begin_ns;

		if (!agent_id(bench, i, id, sizeof id))
			return false;
		daemons_kill(&bench->daemons, &bench->daemons.more[i]);
		if (!wait_active(bench, id, 0))
			return false;
		begin_ns = cpu_clock_ns();
		if (!daemons_start_more(&bench->daemons, i, resources) ||
			!wait_active(bench, id, 1))
			return false;
		adopted[i] = cpu_clock_ns() - begin_ns;
		if (!wait_running(bench))
			return false;
		progress(bench, "an agent was replaced");
	}
	snprintf(text, sizeof text,
		"one of %zu agents killed with -9 and started again, %zu tasks on it, "
		"%zu times",
		bench->n_agents, bench->n_tasks / bench->n_agents, n);
	row("failover: agent's tasks adopted, p50", latencies_ms(adopted, n, 50), "ms",
		text);
	row("failover: agent's tasks adopted, worst", latencies_ms(adopted, n, 100), "ms",
		text);
	return true;
}

/* --- what is left ---------------------------------------------------------------------- */

/* Kills what runs in a folder below `dir`: executors and what they started. */
static size_t sweep(const char *dir)
{
	DIR *proc = opendir("/proc");
	size_t len = strlen(dir), n = 0;
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		char path[64], cwd[512];
		ssize_t got;

		if (pid <= 0 || pid == getpid())
			continue;
		snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
		got = readlink(path, cwd, sizeof cwd - 1);
		if (got < (ssize_t)len || strncmp(cwd, dir, len) != 0)
			continue;
		kill(pid, SIGKILL);
		n++;
	}
	if (proc != NULL)
		closedir(proc);
	return n;
}

static void sweep_all(const char *dir)
{
	while (sweep(dir) > 0)
		cpu_sleep_ms(20);
}

/* --- the cluster ----------------------------------------------------------------------- */

static bool start(struct bench *bench, const char *resources, const char *command)
{
	const struct launcher_job job = {
		.master = bench->daemons.master_url,
		.resources = "cpus:0.01;mem:1",
		.command = command,
		.shell = true,
		.checkpoint = true,
		.n = bench->n_tasks,
		.in_flight = 64,
		.timeout_ms = TIMEOUT_MS * 2,
	};

	if (!daemons_start_master(&bench->daemons))
		return false;
	snprintf(bench->daemons.runtime_dir, sizeof bench->daemons.runtime_dir, "%s",
		bench->runtime_dir);
	for (size_t i = 0; i < bench->n_agents; i++) {
		if (!daemons_start_more(&bench->daemons, i, resources))
			return false;
	}
	bench->launcher = launcher_start(&job);
	if (bench->launcher == NULL || !launcher_wait(bench->launcher))
		return false;
	progress(bench, "all tasks run");
	bench->fakes = fake_agents_start(
		bench->daemons.master_url, bench->n_peers, "cpus:64;mem:65536");
	if (bench->fakes == NULL || !fake_agents_wait(bench->fakes, TIMEOUT_MS))
		return false;
	fake_agents_expect_restarts(bench->fakes);
	progress(bench, "all peers are there");
	return dial(bench) && wait_running(bench);
}

static bool measure(struct bench *bench, const char *resources)
{
	struct process *before = tp_alloc(bench->n_tasks * sizeof *before);
	size_t n = find_tasks(bench, before), changed, replaced;
	bool ok = n == bench->n_tasks;

	if (!ok)
		fprintf(stderr, "%zu processes for %zu tasks\n", n, bench->n_tasks);
	ok = ok && measure_masters(bench) && measure_agents(bench, resources);
	if (ok) {
		changed = launcher_changes(bench->launcher);
		replaced = count_replaced(before, n);
		row("failover: tasks that changed their state", (double)changed, "tasks",
			bench->conditions);
		row("failover: tasks that are another process", (double)replaced, "tasks",
			bench->conditions);
		ok = changed == 0 && replaced == 0;
	}
	tp_free(before);
	return ok;
}

/*
 * Agents first and then, at one go, all they ran: thousands of kills in turn would take longer than
 * the bench.
 */
static void stop(struct bench *bench)
{
	client_close(&bench->client);
	for (size_t i = 0; i < bench->n_agents; i++) {
		if (bench->daemons.more[i] != 0)
			daemons_kill(&bench->daemons, &bench->daemons.more[i]);
	}
	sweep_all(bench->daemons.dir);
	progress(bench, "agents and tasks ended");
	if (bench->launcher != NULL)
		launcher_stop(bench->launcher);
	if (bench->fakes != NULL)
		fake_agents_stop(bench->fakes);
	progress(bench, "framework and peers ended");
	daemons_stop(&bench->daemons);
	progress(bench, "the master ended");
}

static int run(struct bench *bench)
{
	char resources[96], command[64];
	size_t per_agent = bench->n_tasks / bench->n_agents;
	bool ok;

	bench->begun_ns = cpu_clock_ns();
	alarm(LIMIT_S);
	snprintf(bench->mark, sizeof bench->mark, "86399.%d", (int)getpid());
	snprintf(command, sizeof command, "exec sleep %s", bench->mark);
	snprintf(resources, sizeof resources, "cpus:%zu.%02zu;mem:%zu;disk:0;ports:[]",
		per_agent / 100, per_agent % 100, per_agent);
	snprintf(bench->conditions, sizeof bench->conditions,
		"%zu agents with %zu real tasks, %zu peers over tcp, %zu times kill -9",
		bench->n_agents, bench->n_tasks, bench->n_peers, bench->n_times);
	ok = start(bench, resources, command) && measure(bench, resources);
	stop(bench);
	return ok ? 0 : 1;
}

/* --- the parent ------------------------------------------------------------------------ */

static int delete (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static bool make_dirs(struct bench *bench)
{
	const char *base = getenv("TMPDIR");

	snprintf(bench->dir, sizeof bench->dir, "%s/bench-failover.XXXXXX",
		base == NULL || strlen(base) > 32 ? "/tmp" : base);
	if (mkdtemp(bench->dir) == NULL) {
		perror(bench->dir);
		return false;
	}
	/* On machines that run agents this is a tmpfs. */
	strcpy(bench->runtime_dir, "/dev/shm/bench-failover.XXXXXX");
	if (mkdtemp(bench->runtime_dir) == NULL)
		strcpy(bench->runtime_dir, bench->dir);
	return true;
}

/* Before there is a thread: the child is the bench, in folders of its own. */
static int supervise(struct bench *bench)
{
	int status = 1;
	pid_t pid;

	if (!make_dirs(bench))
		return 1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setenv("TMPDIR", bench->dir, 1);
		_exit(run(bench));
	}
	signal(SIGINT, SIG_IGN); /* the child hears it too */
	signal(SIGTERM, SIG_IGN);
	if (pid > 0)
		waitpid(pid, &status, 0);
	sweep_all(bench->dir);
	nftw(bench->dir, delete, 16, FTW_DEPTH | FTW_PHYS);
	nftw(bench->runtime_dir, delete, 16, FTW_DEPTH | FTW_PHYS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static size_t number(const char *text, size_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value < 1 || value > max) {
		fprintf(stderr, "'%s' is not a number from 1 to %zu\n", text, max);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct bench bench = {
		.n_agents = 10, .n_tasks = 2000, .n_peers = 90, .n_times = 5
	};
	int option;

	while ((option = getopt(argc, argv, "a:t:p:n:")) != -1) {
		if (option == 'a')
			bench.n_agents = number(optarg, DAEMONS_MORE_MAX);
		else if (option == 't')
			bench.n_tasks = number(optarg, 4000);
		else if (option == 'p')
			bench.n_peers = number(optarg, 1000);
		else if (option == 'n')
			bench.n_times = number(optarg, TIMES_MAX);
		else
			return 2;
	}
	bench.n_tasks -= bench.n_tasks % bench.n_agents;
	if (bench.n_tasks == 0) {
		fprintf(stderr, "each agent needs a task\n");
		return 2;
	}
	return supervise(&bench);
}
