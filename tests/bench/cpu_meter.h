/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU time of this process and of all it starts from now on, whoever their parent becomes: a
 * cpuacct cgroup of our own, which the children inherit. Where that is not permitted, what wait4()
 * tells of our own and our reaped children, plus /proc/PID/stat of the processes that are named;
 * executors then count once their agent has reaped them.
 */
#ifndef TESTS_BENCH_CPU_METER_H
#define TESTS_BENCH_CPU_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CPU_METER_PIDS 4

struct cpu_meter {
	char cgroup[96]; /* "" = none */
	pid_t pids[CPU_METER_PIDS];
	size_t n_pids;
};

void cpu_meter_open(struct cpu_meter *meter);
/* Leaves the cgroup and removes it; what still runs in it is moved out too. */
void cpu_meter_close(struct cpu_meter *meter);
/* A daemon that has to be asked where there is no cgroup. */
void cpu_meter_watch(struct cpu_meter *meter, pid_t pid);
int64_t cpu_meter_ns(const struct cpu_meter *meter);
/* Waits until only `n` processes are left, at most five seconds. Sleeps where it cannot tell. */
void cpu_meter_settle(const struct cpu_meter *meter, size_t n);
/* How it was measured, for the conditions of a row. */
const char *cpu_meter_how(const struct cpu_meter *meter);

/* CPU time of the threads a process has, without its children; in ns of the scheduler. */
int64_t cpu_process_ns(pid_t pid);

/* Real-time priority for us and all we start, so that others on the machine do not count. */
bool cpu_priority_raise(void);

int64_t cpu_clock_ns(void); /* CLOCK_MONOTONIC */
void cpu_sleep_ms(int ms);

#endif
