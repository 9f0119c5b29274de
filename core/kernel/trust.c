/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else could put code into our process? Whoever owns the file or may write to it, and
 * whoever may replace it, a folder above it or a link on the way to it. The group that we run as
 * and one of an owner's number are taken for their own: where every user has a group of his own,
 * what is built is group-writable.
 * Not a defence against root.
 */
#include "core/kernel/trust.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40

/* Who can replace the running program, the owner of the tree it was built in say, needs no module. */
static bool is_trusted(uid_t uid)
{
	tp_cleanup(ptr) char *at = tp_alloc(PATH_MAX);
	bool trusted = uid == 0 || uid == geteuid();
	ssize_t n = readlink("/proc/self/exe", at, PATH_MAX - 1);
	struct stat st;

	for (; n > 0 && !trusted; *strrchr(at, '/') = '\0') {
		trusted = lstat(at, &st) == 0 && st.st_uid == uid;
		n = strrchr(at, '/') - at;
	}
	return trusted;
}

/* One file, folder or link. In a sticky folder, as /tmp, only an owner replaces what is his. */
static int judge(const char *path, struct tp_error *err)
{
	struct stat st;
	unsigned mode;

	if (lstat(path, &st) < 0)
		return tp_fail_errno(err, errno, "%s", path);
	mode = st.st_mode & 07777;
	if (!is_trusted(st.st_uid))
		return tp_fail(err, EPERM,
			"%s belongs to user %u, who could change a module: it must be "
			"that of root or of user %u, who runs it",
			path, st.st_uid, geteuid());
	if (S_ISLNK(st.st_mode) || (S_ISDIR(st.st_mode) && (mode & S_ISVTX) != 0))
		return 0;
	if ((mode & S_IWOTH) != 0 ||
		((mode & S_IWGRP) != 0 && st.st_gid != 0 && st.st_gid != getegid() &&
			st.st_gid != st.st_uid))
		return tp_fail(err, EPERM,
			"%s may be written by %s (mode %04o): chmod go-w it", path,
			(mode & S_IWOTH) != 0 ? "everybody" : "its group", mode);
	return 0;
}

/* From the file up to the root, and where each link on the way leads. */
static int walk(const char *path, int *n_links, struct tp_error *err)
{
	tp_cleanup(ptr) char *at = tp_strdup(path);
	char *slash = at;
	int r = 0;

	while (r == 0 && slash != NULL) {
		tp_cleanup(ptr) char *next = NULL;
		char target[PATH_MAX];
		ssize_t n = readlink(at, target, sizeof(target));

		r = judge(at, err);
		slash = strcmp(at, "/") == 0 ? NULL : strrchr(at, '/');
		if (slash != NULL)
			slash[slash == at ? 1 : 0] = '\0';
		if (r < 0 || n <= 0)
			continue;
		if (++*n_links > MAX_LINKS)
			return tp_fail_errno(err, ELOOP, "%s", path);
		next = target[0] == '/' ? tp_strndup(target, (size_t)n)
					: tp_asprintf("%s/%.*s", at, (int)n, target);
		r = walk(next, n_links, err);
	}
	return r;
}

int trust_check(const char *path, struct tp_error *err)
{
	struct stat st;
	int n_links = 0;
	int r = walk(path, &n_links, err);

	if (r == 0 && (stat(path, &st) < 0 || !S_ISREG(st.st_mode)))
		return tp_fail(err, EPERM, "%s is not a regular file", path);
	return r;
}
