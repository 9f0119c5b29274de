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
	bool below;
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

static bool process_is_below(const struct process *all, size_t n, pid_t pid, pid_t root)
{
	if (pid == root)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (all[i].pid == pid)
			return all[i].below;
	}
	return false;
}

size_t tp_process_below(pid_t root, pid_t **ret)
{
	struct process *all;
	size_t n, found = 0;
	bool grew = true;

	tp_assert(root > 1); /* everybody descends from 0 and 1 */
	all = processes_read(&n);
	for (size_t i = 0; i < n; i++)
		all[i].below = all[i].pid != root && all[i].session == root;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < n; i++) {
			if (all[i].below || all[i].pid == root ||
				!process_is_below(all, n, all[i].parent, root))
				continue;
			all[i].below = grew = true;
		}
	}
	*ret = tp_alloc((n + 1) * sizeof(**ret));
	for (size_t i = 0; i < n; i++) {
		if (all[i].below)
			(*ret)[found++] = all[i].pid;
	}
	tp_free(all);
	return found;
}

size_t tp_process_signal_below(pid_t root, int signo)
{
	pid_t *pids;
	size_t n = tp_process_below(root, &pids), found = 0;

	for (size_t i = 0; i < n; i++)
		found += kill(pids[i], signo) == 0;
	tp_free(pids);
	return found;
}
