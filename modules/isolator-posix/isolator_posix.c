/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolator-posix: no isolation, only measurement. What a container uses is the sum over its init
 * and all that is below it in /proc, read when somebody asks. Needs no privileges and works
 * everywhere.
 *
 * CPU time of processes that ended and were reaped is contained in their parents' cutime and
 * cstime; so the sum of utime + stime + cutime + cstime over the live processes counts
 * everything once.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tepui/kind/isolator.h"
#include "tepui/module.h"
#include "tepui/process.h"
#include "tepui/wire.h"

struct posix {
	struct tp_instance instance;
};

struct usage {
	uint64_t user_ticks, system_ticks, rss_pages;
	uint32_t processes, threads;
};

static void usage_add(struct usage *usage, pid_t pid)
{
	char path[32], text[1024];
	unsigned long long utime, stime, cutime, cstime;
	int threads;
	long rss;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return;
	text[len] = '\0';
	const char *rest = strrchr(text, ')');
	/* state ppid pgrp session tty tpgid flags 4 faults UTIME STIME CUTIME CSTIME prio nice
	 * THREADS itreal start vsize RSS */
	if (rest == NULL ||
		sscanf(rest + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu "
			"%llu "
			"%*d %*d "
			"%d %*d %*u %*u %ld",
			&utime, &stime, &cutime, &cstime, &threads, &rss) != 6)
		return;
	usage->user_ticks += utime + cutime;
	usage->system_ticks += stime + cstime;
	usage->rss_pages += rss > 0 ? (uint64_t)rss : 0;
	usage->threads += (uint32_t)threads;
	usage->processes++;
}

static int posix_usage(void *impl, const char *container_id, pid_t pid,
	struct tp_resource_statistics *statistics, struct tp_arena *arena,
	struct tp_error *err)
{
	struct usage usage = { 0 };
	int64_t tick_ns = TP_SEC / sysconf(_SC_CLK_TCK);
	pid_t *pids;
	size_t n = tp_process_below(pid, &pids);

	(void)impl;
	(void)container_id;
	(void)arena;
	(void)err;
	usage_add(&usage, pid);
	for (size_t i = 0; i < n; i++)
		usage_add(&usage, pids[i]);
	tp_free(pids);
	statistics->has_cpus_user_time_ns = statistics->has_cpus_system_time_ns = true;
	statistics->cpus_user_time_ns = (int64_t)usage.user_ticks * tick_ns;
	statistics->cpus_system_time_ns = (int64_t)usage.system_ticks * tick_ns;
	statistics->has_mem_rss_bytes = true;
	statistics->mem_rss_bytes = usage.rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	statistics->has_processes = statistics->has_threads = true;
	statistics->processes = usage.processes;
	statistics->threads = usage.threads;
	return 0;
}

static const struct tp_isolator_ops posix_ops = {
	.usage = posix_usage,
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "isolator-posix",
	.version = "1.0",
	.summary = "Measures what containers use, from /proc; isolates nothing",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("isolator", TP_ISOLATOR_ABI, posix_ops), { 0 } },
	.instance_size = sizeof(struct posix),
};
