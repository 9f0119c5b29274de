/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a manifest's texts come from: the file that was named, then what lies in the folder
 * FILE.d beside it. Packages and configuration tools add a file there instead of editing one
 * that is not theirs. What the texts mean is manifest.c's business.
 */
#include "core/kernel/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (1024 * 1024)
#define MAX_DROP_INS 256

/* Reads a regular file of bounded size; *ret is the caller's. */
static int read_file(const char *path, char **ret, size_t *ret_len, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	tp_cleanup(ptr) char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return tp_fail_errno(err, errno, "cannot read the manifest");
	if (!S_ISREG(st.st_mode))
		return tp_fail(err, EINVAL, "the manifest is not a file");
	if (st.st_size > MAX_FILE_BYTES)
		return tp_fail(err, EFBIG, "a manifest is at most %d bytes long",
			MAX_FILE_BYTES);
	text = tp_alloc((size_t)st.st_size + 1);
	*ret_len = 0;
	while (*ret_len < (size_t)st.st_size) {
		n = read(fd, text + *ret_len, (size_t)st.st_size - *ret_len);
		if (n < 0)
			return tp_fail_errno(err, errno, "cannot read the manifest");
		if (n == 0)
			break;
		*ret_len += (size_t)n;
	}
	*ret = text;
	text = NULL;
	return 0;
}

static void load_one(struct manifest *manifest, const char *path, struct issues *issues)
{
	tp_cleanup(ptr) char *text = NULL;
	struct tp_error err = { 0 };
	size_t len = 0;

	if (read_file(path, &text, &len, &err) < 0)
		issues_add(issues,
			&(struct mark){ .file = tp_arena_strdup(manifest->arena, path) },
			"%s", err.text);
	else
		manifest_parse(manifest, path, text, len, issues);
}

static bool is_drop_in(const char *name)
{
	const char *end = strrchr(name, '.');

	return tp_streq(end, ".yaml") || tp_streq(end, ".yml") || tp_streq(end, ".json");
}

/* What is hidden, and what editors and package managers leave beside a file. */
static bool is_left_over(const char *name)
{
	return name[0] == '.' || name[strlen(name) - 1] == '~' ||
		strstr(name, ".dpkg-") != NULL || strstr(name, ".rpm") != NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The paths of all drop-ins, sorted; none is fine. */
static const char **list_drop_ins(
	struct manifest *manifest, const char *dir, size_t *ret_n, struct issues *issues)
{
	DIR *stream = opendir(dir);
	struct mark mark = { .file = dir };
	const struct dirent *entry;
	const char **paths = NULL;

	*ret_n = 0;
	if (stream == NULL) {
		if (errno != ENOENT)
			issues_add(issues, &mark, "cannot read the drop-ins: %s",
				strerror(errno));
		return NULL;
	}
	while (*ret_n <= MAX_DROP_INS && (entry = readdir(stream)) != NULL) {
		if (is_left_over(entry->d_name))
			continue;
		if (is_drop_in(entry->d_name))
			tp_arena_push(manifest->arena, &paths, ret_n,
				tp_arena_printf(
					manifest->arena, "%s/%s", dir, entry->d_name));
		else
			issues_add(issues, &mark,
				"'%s' is not read: name it *.yaml, *.yml or *.json",
				entry->d_name);
	}
	closedir(stream);
	if (*ret_n > MAX_DROP_INS)
		issues_add(issues, &mark, "at most %d drop-ins", MAX_DROP_INS);
	if (*ret_n > 0)
		qsort(paths, *ret_n, sizeof(*paths), by_name);
	return paths;
}

void manifest_load(struct manifest *manifest, const char *path, struct issues *issues)
{
	const char *dir = tp_arena_printf(manifest->arena, "%s.d", path);
	const char **drop_ins;
	size_t n = 0;

	load_one(manifest, path, issues);
	/* What drop-ins add to is not known then: they would only seem wrong. */
	if (manifest->n_entries == 0 && issues->n > 0)
		return;
	drop_ins = list_drop_ins(manifest, dir, &n, issues);
	for (size_t i = 0; i < n && i < MAX_DROP_INS; i++)
		load_one(manifest, drop_ins[i], issues);
}
