/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else could put code into our process? Whoever owns the file or may write to it, and
 * whoever may replace it or a folder above it. The group that we run as is taken for our own:
 * where every user has a group of his own, what is built is group-writable. Not a defence
 * against root, nor against a folder's owner who is another user on purpose.
 */
#include "core/kernel/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_file(const char *path, struct tp_error *err)
{
	struct stat st;
	unsigned mode;

	if (stat(path, &st) < 0)
		return tp_fail_errno(err, errno, "%s", path);
	mode = st.st_mode & 07777;
	if (!S_ISREG(st.st_mode))
		return tp_fail(err, EPERM, "%s is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return tp_fail(err, EPERM,
			"%s belongs to user %u, who could change it; modules belong to "
			"root or to "
			"the user that runs them (%u): chown it",
			path, st.st_uid, geteuid());
	if ((mode & S_IWOTH) != 0)
		return tp_fail(err, EPERM,
			"%s may be written by everybody (mode %04o): chmod go-w it", path,
			mode);
	if ((mode & S_IWGRP) != 0 && st.st_gid != 0 && st.st_gid != getegid())
		return tp_fail(err, EPERM,
			"%s may be written by group %u (mode %04o): chmod g-w it", path,
			st.st_gid, mode);
	return 0;
}

/* Every folder above the file, up to the root. */
static int check_folders(const char *path, struct tp_error *err)
{
	tp_cleanup(ptr) char *folder = tp_strdup(path);
	char *slash;

	while ((slash = strrchr(folder, '/')) != NULL) {
		struct stat st;
		bool top = slash == folder;

		slash[top ? 1 : 0] = '\0';
		if (stat(folder, &st) < 0)
			return tp_fail_errno(err, errno, "%s", folder);
		if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
			return tp_fail(err, EPERM,
				"%s is in %s, where everybody may replace it (mode "
				"%04o): "
				"chmod o-w that folder",
				path, folder, (unsigned)st.st_mode & 07777);
		if (top)
			break;
	}
	return 0;
}

int trust_check(const char *path, struct tp_error *err)
{
	char *real = realpath(path, NULL);
	int r;

	if (real == NULL)
		return tp_fail_errno(err, errno, "%s", path);
	r = check_folders(path, err);
	if (r == 0)
		r = check_folders(real, err);
	if (r == 0)
		r = check_file(real, err);
	free(real);
	return r;
}
