/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch of disk requests: all in the order they were given, then one fsync for each file that
 * was appended to and each directory whose entries changed. The fsyncs, all of them here:
 *
 *   replace  the temporary file before it is renamed
 *   append   the file at the end of the batch, or when it leaves the small cache of open files
 *   all      the directory at the end of the batch, if an entry of it changed
 *   all      once per process, the directories above (disk_path.h)
 *
 * and only for requests with TP_DISK_SYNC.
 *
 * A failed fsync is final: the kernel drops what it could not write and would report success the
 * next time. All appends of the batch to that file fail, and so does every later one, until the
 * file is replaced or removed. The same holds when half a record could not be taken back.
 */
#include "disk_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_tree.h"

#define FILES_MAX 16
#define FILE_MODE 0600
#define DIR_MODE 0755

struct open_file {
	const char *path; /* of the op that opened it; NULL: free */
	int fd;
	bool sync;
	uint64_t used; /* for the choice whom to close */
};

/* A member of a set of paths. */
struct member {
	struct tp_map_node node;
	char *path;
};

struct batch {
	struct disk_store *store;
	struct disk_op *ops;
	struct disk_op *current;
	struct open_file files[FILES_MAX];
	uint64_t clock;
	struct tp_map dirs;
};

static int sync_data(void *arg, int fd, const char *path)
{
	(void)arg;
	(void)path;
	return fsync(fd) < 0 ? -errno : 0;
}

void disk_store_init(struct disk_store *store)
{
	store->sync = sync_data;
	store->sync_arg = NULL;
	tp_map_init(&store->failed);
	disk_paths_init(&store->paths);
}

static void set_add(struct tp_map *set, const char *path)
{
	struct member *member;

	if (tp_map_find(set, path) != NULL)
		return;
	member = tp_alloc(sizeof *member);
	member->path = tp_strdup(path);
	tp_map_add(set, &member->node, member->path);
}

static void set_remove(struct tp_map *set, struct member *member)
{
	tp_map_remove(set, &member->node);
	tp_free(member->path);
	tp_free(member);
}

void disk_store_fini(struct disk_store *store)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &store->failed)
		set_remove(&store->failed, tp_map_entry(node, struct member, node));
	tp_map_fini(&store->failed);
	disk_paths_fini(&store->paths);
}

/* `path` is `dir` or lies below it. */
static bool is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* The file, or what lies below it, begins anew. */
static void forget_failed_within(struct disk_store *store, const char *path)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &store->failed) {
		struct member *file = tp_map_entry(node, struct member, node);

		if (is_within(file->path, path))
			set_remove(&store->failed, file);
	}
}

/* --- directories that have to be synced ------------------------------------------------- */

static void mark(void *batch, const char *dir)
{
	set_add(&((struct batch *)batch)->dirs, dir);
}

/* Without SYNC the next one that is synced has to see to it. */
static void mark_parent(struct batch *batch, const struct disk_op *op)
{
	tp_cleanup(ptr) char *dir = disk_parent(op->path);

	if (op->flags & TP_DISK_SYNC)
		mark(batch, dir);
	else
		disk_paths_forget(&batch->store->paths, dir);
}

static void mark_above(struct batch *batch, const struct disk_op *op)
{
	tp_cleanup(ptr) char *dir = disk_parent(op->path);

	if (op->kind != DISK_REMOVE && (op->flags & TP_DISK_SYNC) != 0)
		disk_paths_secure(&batch->store->paths, dir, mark, batch);
}

static int make_parents(struct disk_op *op)
{
	tp_cleanup(ptr) char *dir = disk_parent(op->path);

	return op->flags & TP_DISK_MKDIRS ? disk_tree_make(dir, DIR_MODE, op->err) : 0;
}

static int sync_dir(struct disk_store *store, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	/* A later request removed it: nothing in it has to last. */
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = store->sync(store->sync_arg, fd, path);
	close(fd);
	return r;
}

/* More may fail than have to: each of them is told that it is not sure to last. */
static void sync_dirs(struct batch *batch)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &batch->dirs) {
		struct member *dir = tp_map_entry(node, struct member, node);
		bool all = strcmp(dir->path, ".") == 0 || strcmp(dir->path, "/") == 0;
		int r = sync_dir(batch->store, dir->path);

		if (r < 0)
			disk_paths_forget(&batch->store->paths, NULL);
		for (struct disk_op *op = batch->ops; op != NULL && r < 0; op = op->next)
			if (op->status == 0 && (op->flags & TP_DISK_SYNC) != 0 &&
				(all || is_within(op->path, dir->path)))
				op->status = tp_fail_errno(op->err, -r,
					"write '%s': sync directory '%s'", op->path,
					dir->path);
		set_remove(&batch->dirs, dir);
	}
	tp_map_fini(&batch->dirs);
}

/* --- files that are open for appending -------------------------------------------------- */

/* Syncs if anybody asked for it. A failure hits all who appended in this batch. */
static void close_file(struct batch *batch, struct open_file *file)
{
	struct disk_store *store = batch->store;
	int r = file->sync ? store->sync(store->sync_arg, file->fd, file->path) : 0;

	close(file->fd);
	if (r < 0) {
		set_add(&store->failed, file->path);
		for (struct disk_op *op = batch->ops; op != NULL; op = op->next) {
			if (op->kind == DISK_APPEND && op->status == 0 &&
				strcmp(op->path, file->path) == 0)
				op->status = tp_fail_errno(
					op->err, -r, "append to '%s': sync", op->path);
			if (op == batch->current)
				break;
		}
	}
	file->path = NULL;
}

/* path NULL: all of them. */
static void close_files(struct batch *batch, const char *path)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct open_file *file = &batch->files[i];

		if (file->path != NULL && (path == NULL || strcmp(file->path, path) == 0))
			close_file(batch, file);
	}
}

/* A free place, if need be that of the file that was not used for the longest time. */
static struct open_file *free_place(struct batch *batch)
{
	struct open_file *oldest = &batch->files[0];

	for (size_t i = 0; i < FILES_MAX; i++) {
		if (batch->files[i].path == NULL)
			return &batch->files[i];
		if (batch->files[i].used < oldest->used)
			oldest = &batch->files[i];
	}
	close_file(batch, oldest);
	return oldest;
}

/* Neither a planted link is followed nor does a planted pipe stop us. */
static int open_for_append(struct batch *batch, struct disk_op *op)
{
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = open(op->path, flags);
	int r;

	if (fd < 0 && errno == ENOENT) {
		r = make_parents(op);
		if (r < 0)
			return r;
		fd = open(op->path, flags | O_CREAT | O_EXCL, FILE_MODE);
		if (fd >= 0)
			mark_parent(batch, op);
	}
	if (fd < 0)
		return tp_fail_errno(op->err, errno, "append to '%s'", op->path);
	return fd;
}

static int find_file(struct batch *batch, struct disk_op *op, struct open_file **ret)
{
	struct open_file *file;
	int fd;

	for (size_t i = 0; i < FILES_MAX; i++) {
		file = &batch->files[i];
		if (file->path != NULL && strcmp(file->path, op->path) == 0) {
			*ret = file;
			return 0;
		}
	}
	fd = open_for_append(batch, op);
	if (fd < 0)
		return fd;
	file = free_place(batch);
	*file = (struct open_file){ .path = op->path, .fd = fd };
	*ret = file;
	return 0;
}

/* --- the requests ----------------------------------------------------------------------- */

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int append(struct batch *batch, struct disk_op *op)
{
	struct open_file *file;
	struct stat st;
	int r;

	if (tp_map_find(&batch->store->failed, op->path) != NULL)
		return tp_fail(op->err, EIO,
			"append to '%s': an earlier write was lost, replace the file",
			op->path);
	r = find_file(batch, op, &file);
	if (r < 0)
		return r;
	file->used = ++batch->clock;
	file->sync |= (op->flags & TP_DISK_SYNC) != 0;
	if (fstat(file->fd, &st) < 0)
		return tp_fail_errno(op->err, errno, "append to '%s'", op->path);
	r = write_all(file->fd, op->data, op->len);
	if (r == 0)
		return 0;
	/* Half a record would spoil all that follow. */
	if (S_ISREG(st.st_mode) && ftruncate(file->fd, st.st_size) < 0)
		set_add(&batch->store->failed, op->path);
	return tp_fail_errno(op->err, -r, "append to '%s'", op->path);
}

static int open_temporary(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, FILE_MODE);

	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, FILE_MODE);
	return fd < 0 ? -errno : fd;
}

/* Writes and, if asked to, syncs the temporary file. */
static int fill_temporary(struct disk_store *store, struct disk_op *op, const char *path)
{
	int fd = open_temporary(path);
	int r;

	if (fd < 0)
		return fd;
	r = write_all(fd, op->data, op->len);
	if (r == 0 && (op->flags & TP_DISK_SYNC) != 0)
		r = store->sync(store->sync_arg, fd, path);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* One batch runs at a time: one name per directory is enough and leftovers do not gather. */
static int replace(struct batch *batch, struct disk_op *op)
{
	tp_cleanup(ptr) char *dir = disk_parent(op->path);
	tp_cleanup(ptr) char *aside = tp_asprintf("%s/" DISK_PRIVATE_PREFIX "new", dir);
	int r = make_parents(op);

	if (r < 0)
		return r;
	close_files(batch, op->path);
	r = fill_temporary(batch->store, op, aside);
	if (r == 0 && rename(aside, op->path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(aside);
		return tp_fail_errno(op->err, -r, "write '%s'", op->path);
	}
	forget_failed_within(batch->store, op->path);
	mark_parent(batch, op);
	return 0;
}

static int remove_path(struct batch *batch, struct disk_op *op)
{
	int r;

	close_files(batch, NULL);
	r = tp_disk_tree_remove(op->path, op->err);
	if (r < 0)
		return r;
	forget_failed_within(batch->store, op->path);
	if (op->flags & TP_DISK_SYNC)
		mark_parent(batch, op);
	return 0;
}

void disk_batch_run(struct disk_store *store, struct disk_op *ops)
{
	static int (*const execute[])(struct batch *, struct disk_op *) = {
		[DISK_REPLACE] = replace,
		[DISK_APPEND] = append,
		[DISK_REMOVE] = remove_path,
	};
	struct batch batch = { .store = store, .ops = ops };

	tp_map_init(&batch.dirs);
	for (struct disk_op *op = ops; op != NULL; op = op->next) {
		batch.current = op;
		if (op->status == 0)
			op->status = execute[op->kind](&batch, op);
		if (op->status == 0)
			mark_above(&batch, op);
	}
	batch.current = NULL;
	close_files(&batch, NULL);
	sync_dirs(&batch);
}
