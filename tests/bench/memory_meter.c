/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/memory_meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sum of the rows of smaps_rollup that are named, in bytes; -1 when it is gone. */
static long rollup(pid_t pid, const char *const *names)
{
	char path[64], line[256];
	long bytes = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return -1;
	while (fgets(line, sizeof line, file) != NULL) {
		for (size_t i = 0; names[i] != NULL; i++) {
			size_t len = strlen(names[i]);

			if (strncmp(line, names[i], len) == 0 && line[len] == ':')
				bytes += strtol(line + len + 1, NULL, 10) * 1024;
		}
	}
	fclose(file);
	return bytes;
}

long memory_pss(pid_t pid)
{
	static const char *const names[] = { "Pss", NULL };

	return rollup(pid, names);
}

static long anonymous(pid_t pid)
{
	static const char *const names[] = { "Anonymous", NULL };

	return rollup(pid, names);
}

/* Anonymous pages are private and dirty too, but for those of a fork: the larger one is both. */
long memory_own(pid_t pid)
{
	static const char *const names[] = { "Private_Dirty", NULL };
	long dirty = rollup(pid, names), anon = anonymous(pid);

	return dirty > anon ? dirty : anon;
}
