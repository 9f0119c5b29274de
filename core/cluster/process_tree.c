/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over /proc finds who descends from a process or sits in its session. The init of a
 * container is a child subreaper, so descendants stay below it whatever they do; the session
 * catches what was left behind by an init that died first. A pass can miss what is born while it
 * reads: callers repeat until a pass finds nobody.
 */
#include "tepui/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
	pid_t pid, parent, session;
	int root; /* which of the roots it belongs to; -1: none */
};

/* Fields 4 and 6 of /proc/PID/stat; the name before them may hold anything. */
static bool process_read(int proc_fd, pid_t pid, struct process *ret)
{
	char path[32], text[512];
	int parent, group, session;
	char state;

	snprintf(path, sizeof(path), "%d/stat", (int)pid);
	tp_cleanup(fd) int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return false;
	text[len] = '\0';
	const char *rest = strrchr(text, ')');
	if (rest == NULL ||
		sscanf(rest + 1, " %c %d %d %d", &state, &parent, &group, &session) != 4)
		return false;
	if (state == 'Z' || state == 'X')
		return false; /* dead, and nobody is below it any more */
	*ret = (struct process){ .pid = pid, .parent = parent, .session = session };
	return true;
}

static struct process *processes_read(size_t *ret_n)
{
	struct process *all = NULL;
	size_t n = 0, size = 0;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*ret_n = 0;
	if (proc == NULL)
		return NULL;
	while ((entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0)
			continue;
		if (n == size) {
			size = size == 0 ? 256 : 2 * size;
			all = tp_realloc(all, size * sizeof(*all));
		}
		if (process_read(dirfd(proc), pid, &all[n]))
			n++;
	}
	closedir(proc);
	*ret_n = n;
	return all;
}

static int process_compare(const void *a, const void *b)
{
	pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;

	return x < y ? -1 : x > y;
}

static int root_index(const pid_t *roots, size_t n_roots, pid_t pid)
{
	for (size_t i = 0; i < n_roots; i++) {
		if (roots[i] == pid)
			return (int)i;
	}
	return -1;
}

/* Whom it inherits from its parent, as far as that is known by now. */
static int inherited(const struct process *all, size_t n, const pid_t *roots,
	size_t n_roots, const struct process *process)
{
	const struct process key = { .pid = process->parent }, *parent;
	int root = root_index(roots, n_roots, process->parent);

	if (root >= 0)
		return root;
	parent = bsearch(&key, all, n, sizeof(key), process_compare);
	return parent == NULL ? -1 : parent->root;
}

/* All processes by one pass, each with its root. */
static struct process *trees_read(const pid_t *roots, size_t n_roots, size_t *ret_n)
{
	struct process *all = processes_read(ret_n);
	size_t n = *ret_n;
	bool grew = n > 0;

	if (n > 1)
		qsort(all, n, sizeof(*all), process_compare);
	for (size_t i = 0; i < n; i++)
		all[i].root = root_index(roots, n_roots, all[i].session);
	while (grew) {
		grew = false;
		for (size_t i = 0; i < n; i++) {
			if (all[i].root >= 0)
				continue;
			all[i].root = inherited(all, n, roots, n_roots, &all[i]);
			grew |= all[i].root >= 0;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (root_index(roots, n_roots, all[i].pid) >= 0)
			all[i].root = -1; /* roots themselves are left out */
	}
	return all;
}

size_t tp_process_below(pid_t root, pid_t **ret)
{
	struct process *all;
	size_t n, found = 0;

	tp_assert(root > 1); /* everybody descends from 0 and 1 */
	all = trees_read(&root, 1, &n);
	*ret = tp_alloc((n + 1) * sizeof(**ret));
	for (size_t i = 0; i < n; i++) {
		if (all[i].root >= 0)
			(*ret)[found++] = all[i].pid;
	}
	tp_free(all);
	return found;
}

void tp_process_signal_trees(const pid_t *roots, size_t n, int signo, size_t *counts)
{
	size_t n_all;
	struct process *all = trees_read(roots, n, &n_all);

	for (size_t i = 0; i < n; i++)
		counts[i] = 0;
	for (size_t i = 0; i < n_all; i++) {
		if (all[i].root >= 0 && kill(all[i].pid, signo) == 0)
			counts[all[i].root]++;
	}
	tp_free(all);
}

size_t tp_process_signal_below(pid_t root, int signo)
{
	size_t found;

	tp_assert(root > 1);
	tp_process_signal_trees(&root, 1, signo, &found);
	return found;
}
