/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See cpu_meter.h. A cgroup of the cpuacct hierarchy counts in nanoseconds, the fallback in clock
 * ticks. Not for threads: a thread belongs to the cgroup its process was in when it started.
 */
#include "tests/bench/cpu_meter.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HIERARCHY "/sys/fs/cgroup/cpuacct"
#define SETTLE_MS 5000

static bool move(const char *cgroup, pid_t pid)
{
	char path[160];
	FILE *file;
	bool ok;

	snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
	file = fopen(path, "w");
	if (file == NULL)
		return false;
	ok = fprintf(file, "%d\n", (int)pid) > 0;
	return fclose(file) == 0 && ok;
}

void cpu_meter_open(struct cpu_meter *meter)
{
	*meter = (struct cpu_meter){ .n_pids = 0 };
	snprintf(meter->cgroup, sizeof meter->cgroup, HIERARCHY "/tepui-bench-%d",
		(int)getpid());
	if (mkdir(meter->cgroup, 0755) == 0 && move(meter->cgroup, getpid()))
		return;
	rmdir(meter->cgroup);
	meter->cgroup[0] = '\0';
}

/* How many processes are in it; moves them to the root if asked to. */
static size_t members(const struct cpu_meter *meter, bool evict)
{
	char path[160], line[32];
	size_t n = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/cgroup.procs", meter->cgroup);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL) {
		n++;
		if (evict)
			move(HIERARCHY, (pid_t)atoi(line));
	}
	fclose(file);
	return n;
}

void cpu_meter_close(struct cpu_meter *meter)
{
	if (meter->cgroup[0] == '\0')
		return;
	members(meter, true);
	rmdir(meter->cgroup);
	meter->cgroup[0] = '\0';
}

void cpu_meter_watch(struct cpu_meter *meter, pid_t pid)
{
	if (meter->n_pids < CPU_METER_PIDS)
		meter->pids[meter->n_pids++] = pid;
}

static int64_t usage_ns(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
		(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* utime, stime, cutime and cstime: fields 14 to 17, after a name in parentheses. */
static int64_t process_ns(pid_t pid)
{
	long ticks[4] = { 0 };
	char path[64], text[1024];
	const char *at;
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = '\0';
	at = strrchr(text, ')');
	if (at == NULL ||
		sscanf(at + 1,
			" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %ld %ld %ld",
			&ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 4)
		return 0;
	return (ticks[0] + ticks[1] + ticks[2] + ticks[3]) *
		(1000000000 / sysconf(_SC_CLK_TCK));
}

int64_t cpu_meter_ns(const struct cpu_meter *meter)
{
	char path[160];
	long long ns = 0;
	FILE *file;

	if (meter->cgroup[0] == '\0') {
		ns = usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN);
		for (size_t i = 0; i < meter->n_pids; i++)
			ns += process_ns(meter->pids[i]);
		return ns;
	}
	snprintf(path, sizeof path, "%s/cpuacct.usage", meter->cgroup);
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%lld", &ns) != 1)
		fprintf(stderr, "cannot read %s\n", path);
	if (file != NULL)
		fclose(file);
	return ns;
}

void cpu_meter_settle(const struct cpu_meter *meter, size_t n)
{
	if (meter->cgroup[0] == '\0') {
		cpu_sleep_ms(500);
		return;
	}
	for (int ms = 0; ms < SETTLE_MS && members(meter, false) > n; ms += 5)
		cpu_sleep_ms(5);
}

const char *cpu_meter_how(const struct cpu_meter *meter)
{
	return meter->cgroup[0] == '\0' ? "rusage" : "cpuacct";
}

int64_t cpu_process_ns(pid_t pid)
{
	char path[128];
	int64_t sum = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		long long ns = 0;
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", (int)pid,
			entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		if (file == NULL)
			continue;
		if (fscanf(file, "%lld", &ns) == 1)
			sum += ns;
		fclose(file);
	}
	if (dir != NULL)
		closedir(dir);
	return sum;
}

bool cpu_priority_raise(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

int64_t cpu_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void cpu_sleep_ms(int ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}
