/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main() of a fuzz target where there is no libFuzzer: feeds it the seeds of the tree, or
 * the files given, so that what a fuzzer once found stays fixed in every build. Each input is
 * copied to memory of exactly its size, for ASan to see reads beyond its end.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (file && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0)
		data = malloc(size > 0 ? (size_t)size : 1);
	if (data) {
		rewind(file);
		if (fread(data, 1, (size_t)size, file) != (size_t)size)
			size = -1;
	}
	if (data && size >= 0)
		LLVMFuzzerTestOneInput(data, (size_t)size);
	else
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	free(data);
	if (file)
		fclose(file);
	return data && size >= 0 ? 0 : -1;
}

static int replay_seeds(const char *folder)
{
	struct dirent *entry;
	char path[4096];
	int n = 0;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >=
				(int)sizeof path ||
			replay(path) < 0) {
			n = -1;
			break;
		}
		n++;
	}
	if (dir)
		closedir(dir);
	printf("%d seeds of %s\n", n, folder);
	return n > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	const char *name = strstr(program_invocation_short_name, "fuzz_");
	char folder[4096];

	for (int i = 1; i < argc; i++) {
		if (replay(argv[i]) < 0)
			return 1;
	}
	if (argc > 1)
		return 0;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		name ? name + strlen("fuzz_") : "");
	return replay_seeds(folder);
}
