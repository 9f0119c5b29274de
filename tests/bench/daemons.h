/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A master and an agent for a bench: tepuid of the build tree with the manifests of conf/, folders
 * of their own below $TMPDIR or /tmp (what an agent keeps in /run: below /dev/shm), ports of the kernel's
 * choice, ended by pid.
 */
#ifndef TESTS_BENCH_DAEMONS_H
#define TESTS_BENCH_DAEMONS_H

#include <stdbool.h>
#include <sys/types.h>

#define DAEMONS_MORE_MAX 16

struct daemons {
	char dir[96], runtime_dir[128];
	char master_url[128];
	pid_t master, agent;          /* 0 = not running */
	pid_t more[DAEMONS_MORE_MAX]; /* agents beside or instead of `agent` */
};

/* What goes wrong is said on stderr: false. */
bool daemons_start_master(struct daemons *daemons);
/* `resources` as of the agent's key of that name. */
bool daemons_start_agent(struct daemons *daemons, const char *resources);
/*
 * Agent number i of `more`: started, or started again after daemons_kill(). What it left behind is
 * found again.
 */
bool daemons_start_more(struct daemons *daemons, size_t i, const char *resources);
/* SIGKILL, and reaped; *pid becomes 0. */
void daemons_kill(struct daemons *daemons, pid_t *pid);
/* At the same address, without waiting for it. */
bool daemons_restart_master(struct daemons *daemons);
/* Ends what runs, waits for it, removes the folder. */
void daemons_stop(struct daemons *daemons);

/* A file of the build tree, and one of the source tree. */
void daemons_built(char *ret, size_t size, const char *path);
void daemons_source(char *ret, size_t size, const char *path);

#endif
