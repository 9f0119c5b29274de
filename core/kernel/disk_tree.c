/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directory trees. Removal meets what tasks leave behind: symbolic links to anywhere, mounts
 * that outlived their task, trees deeper than any path or descriptor table. So it works on
 * descriptors only, never follows a link, stops at mounts, and lifts what is too deep up to the
 * top of the tree, where the next pass finds it.
 */
#include "disk_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/disk.h"
#include "tepui/strbuf.h"

#define DEPTH_MAX 32
#define PASSES_MAX 100000
#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

char *disk_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return tp_strdup(".");
	return slash == path ? tp_strdup("/") : tp_strndup(path, (size_t)(slash - path));
}

static int make_one(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* From the last part up to the first that can be made. */
static int make_upwards(const char *path, mode_t mode)
{
	tp_cleanup(ptr) char *parent = disk_parent(path);
	int r = make_one(path, mode);

	if (r != -ENOENT || strcmp(parent, ".") == 0 || path[0] == '\0')
		return r;
	r = make_upwards(parent, mode);
	return r < 0 ? r : make_one(path, mode);
}

int disk_tree_make(const char *path, mode_t mode, struct tp_error *err)
{
	int r = make_upwards(path, mode);

	return r < 0 ? tp_fail_errno(err, -r, "make directory '%s'", path) : 0;
}

/* --- removal ---------------------------------------------------------------------------- */

struct removal {
	const char *path;
	int top_fd;
	bool lifted; /* something went to the top: another pass is due */
	unsigned n_lifted;
	int status; /* the first error */
	struct tp_error *err;
};

static void failed(struct removal *self, int code, const char *what, const char *name)
{
	if (self->status == 0)
		self->status = tp_fail_errno(
			self->err, code, "remove '%s': %s '%s'", self->path, what, name);
}

static bool is_mount(int fd)
{
	struct statx stx;

	return statx(fd, "", AT_EMPTY_PATH, 0, &stx) == 0 &&
		(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* A name that a task happened to choose is skipped. */
static void lift(struct removal *self, int dir_fd, const char *name)
{
	char aside[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(aside, sizeof aside, DISK_PRIVATE_PREFIX "deep-%u",
			self->n_lifted++);
		if (renameat2(dir_fd, name, self->top_fd, aside, RENAME_NOREPLACE) == 0) {
			self->lifted = true;
			return;
		}
		if (errno != EEXIST)
			break;
	}
	failed(self, errno, "moving", name);
}

static void empty(struct removal *self, int fd, const char *name, int depth);

static void remove_entry(struct removal *self, int dir_fd, const char *name, int depth)
{
	int fd;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return;
	if (errno != EISDIR) {
		failed(self, errno, "unlinking", name);
		return;
	}
	if (depth == DEPTH_MAX) {
		lift(self, dir_fd, name);
		return;
	}
	fd = openat(dir_fd, name, OPEN_DIR);
	if (fd < 0) {
		failed(self, errno, "opening", name);
		return;
	}
	empty(self, fd, name, depth + 1);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		failed(self, errno, "removing", name);
}

/* Takes fd over. Recursion ends at DEPTH_MAX. */
static void empty(struct removal *self, int fd, const char *name, int depth)
{
	struct dirent *entry;
	DIR *dir;

	if (is_mount(fd)) {
		failed(self, EBUSY, "something is mounted on", name);
		close(fd);
		return;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		failed(self, errno, "listing", name);
		close(fd);
		return;
	}
	while ((errno = 0, entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_entry(self, dirfd(dir), entry->d_name, depth);
	if (errno != 0)
		failed(self, errno, "listing", name);
	closedir(dir);
}

int tp_disk_tree_remove(const char *path, struct tp_error *err)
{
	struct removal self = { .path = path, .err = err };

	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return tp_fail_errno(err, errno, "remove '%s'", path);
	self.top_fd = open(path, OPEN_DIR);
	if (self.top_fd < 0)
		return tp_fail_errno(err, errno, "remove '%s'", path);
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		int fd = openat(self.top_fd, ".", OPEN_DIR);

		self.lifted = false;
		if (fd < 0)
			failed(&self, errno, "opening", ".");
		else
			empty(&self, fd, path, 0);
		if (!self.lifted || self.status < 0)
			break;
	}
	close(self.top_fd);
	if (self.status == 0 && rmdir(path) < 0 && errno != ENOENT)
		failed(&self, errno, "removing", path);
	return self.status;
}

/* --- listing and linking ---------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The pointers and what they point to in one block. */
static char **index_names(const struct tp_strbuf *names, size_t n)
{
	size_t head = (n + 1) * sizeof(char *);
	char **index = tp_alloc(head + names->len);
	char *at = (char *)index + head;

	if (names->len > 0)
		memcpy(at, names->data, names->len);
	for (size_t i = 0; i < n; i++) {
		index[i] = at;
		at += strlen(at) + 1;
	}
	qsort(index, n, sizeof *index, by_text);
	return index;
}

static bool is_listed(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		strncmp(name, DISK_PRIVATE_PREFIX, strlen(DISK_PRIVATE_PREFIX)) != 0;
}

int disk_tree_list(const char *path, char ***ret, size_t *ret_n, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf names = TP_STRBUF_INIT;
	struct dirent *entry;
	size_t n = 0;
	int code;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return tp_fail_errno(err, errno, "list '%s'", path);
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (!is_listed(entry->d_name))
			continue;
		tp_strbuf_add(&names, entry->d_name, strlen(entry->d_name) + 1);
		n++;
	}
	code = errno;
	closedir(dir);
	if (code != 0)
		return tp_fail_errno(err, code, "list '%s'", path);
	*ret = index_names(&names, n);
	if (ret_n != NULL)
		*ret_n = n;
	return 0;
}

int disk_tree_link(const char *target, const char *path, struct tp_error *err)
{
	tp_cleanup(ptr) char *dir = disk_parent(path);
	tp_cleanup(ptr) char *aside = tp_asprintf("%s/" DISK_PRIVATE_PREFIX "link", dir);
	int r = 0;

	unlink(aside);
	if (symlink(target, aside) < 0 || rename(aside, path) < 0) {
		r = tp_fail_errno(err, errno, "link '%s' to '%s'", path, target);
		unlink(aside);
	}
	return r;
}
