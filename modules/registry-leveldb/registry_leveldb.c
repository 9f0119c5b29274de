/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry-leveldb: the embedded default. Variables live in one LevelDB below the master's
 * work_dir; LevelDB's lock keeps a second process out. LevelDB blocks, so it is touched only
 * behind `work`, by one job at a time: a job takes every store that waits and writes them as one
 * synced batch (group commit). fsync happens in leveldb_write() with sync set, and for the names of
 * the database, of its files and of all folders above it when it is opened; what done(0) reported
 * is on the disk.
 *
 * A write that fails for want of room leaves LevelDB's log in an unknown state: the database is
 * opened again before anything else, and its version says whether the write got through.
 *
 * What is set aside stays where it is until the first store of its successor is on the disk: that
 * is made in <dir>.new, and then both change places at once. So there is a whole registry in <dir>
 * whenever the process ends.
 *
 * Keys: "=version" holds the version (8 bytes, big endian), "=format" the layout's number,
 * "/<name>" a variable.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <leveldb/c.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/arena.h"
#include "tepui/disk.h"
#include "tepui/kind/registry.h"
#include "tepui/list.h"
#include "tepui/module.h"
#include "tepui/work.h"

#define KEY_VERSION "=version"
#define KEY_FORMAT "=format"
#define FORMAT "1"

struct ldb {
	struct tp_instance instance;
	struct tp_work_service work;
	const char *path; /* config; empty: <work_dir>/registry */
	char *dir;
	/* After set_aside(), until the first store: the new database, and where the old one goes. */
	char *fresh, *aside;
	int old_lock;
	leveldb_t *db;
	leveldb_options_t *options;
	leveldb_writeoptions_t *sync;
	leveldb_readoptions_t *read;
	uint64_t version;       /* of what is on the disk; the job's while it runs */
	uint64_t tried_version; /* of the last write that failed; 0 = none */
	uint64_t sure_version;  /* before it */
	struct tp_list waiting; /* struct job, in order */
	struct tp_list running;
	struct tp_work job;
	bool busy; /* the job is on its way, or its requests are being answered */
	struct tp_done *stop; /* told when nothing is under way any more */
};

/* One request, waiting for or in the job. */
struct job {
	struct tp_list node;
	struct tp_registry_request *request;
	struct tp_arena *arena;
	bool is_store;
	const struct tp_registry_entry *changes; /* of a store, in the arena */
	size_t n_changes;
	int status;
};

static void put_u64(unsigned char *out, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		out[i] = (unsigned char)value;
}

static uint64_t get_u64(const unsigned char *in)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | in[i];
	return value;
}

/* LevelDB knows only texts. */
static bool is_no_room(const char *text)
{
	static const int codes[] = { ENOSPC, EDQUOT, EFBIG };

	for (size_t i = 0; i < TP_COUNT(codes); i++) {
		if (strstr(text, strerror(codes[i])) != NULL)
			return true;
	}
	return false;
}

/* LevelDB's text becomes ours; frees it. */
static int ldb_fail(struct ldb *self, char *text, struct tp_error *err)
{
	int code = strncmp(text, "Corruption: ", 12) == 0   ? EUCLEAN
		: strncmp(text, "IO error: lock ", 15) == 0 ? EWOULDBLOCK
		: is_no_room(text)                          ? ENOSPC
							    : EIO;
	const char *remedy = code == EUCLEAN
		? "; restore it from a backup (`tepui registry restore`)"
		: code == EWOULDBLOCK ? "; is another master running on it?"
				      : "";
	int r = tp_fail(err, code, "registry '%s': %s%s", self->dir, text, remedy);

	leveldb_free(text);
	return r;
}

/* --- off the loop ---------------------------------------------------------------------- */

static void job_fetch(struct ldb *self, struct job *job)
{
	leveldb_iterator_t *it = leveldb_create_iterator(self->db, self->read);
	struct tp_registry_entry *entries = NULL;
	size_t n = 0, size = 0;
	char *text = NULL;

	for (leveldb_iter_seek(it, "/", 1); leveldb_iter_valid(it);
		leveldb_iter_next(it)) {
		size_t key_len, len;
		const char *key = leveldb_iter_key(it, &key_len);
		const char *data = leveldb_iter_value(it, &len);

		if (key_len == 0 || key[0] != '/')
			break;
		if (n == size) {
			size = size == 0 ? 64 : 2 * size;
			entries = tp_realloc(entries, size * sizeof(*entries));
		}
		entries[n].name = tp_arena_strndup(job->arena, key + 1, key_len - 1);
		entries[n].data = tp_arena_memdup(job->arena, data, len);
		entries[n++].len = len;
	}
	leveldb_iter_get_error(it, &text);
	leveldb_iter_destroy(it);
	if (text != NULL) {
		job->status = ldb_fail(self, text, &job->request->err);
	} else {
		job->request->entries = n == 0
			? NULL
			: tp_arena_memdup(job->arena, entries, n * sizeof(*entries));
		job->request->n_entries = n;
		job->request->version = self->version;
	}
	tp_free(entries);
}

/* Adds the job's changes to the batch if they fit the version. */
static void job_batch(
	struct ldb *self, leveldb_writebatch_t *batch, struct job *job, uint64_t *version)
{
	uint64_t based_on = job->request->version;

	/* It was taken for failed, and got through. */
	if (self->tried_version == self->version && based_on >= self->sure_version &&
		based_on < self->tried_version) {
		job->request->version++;
		return;
	}
	if (job->request->version != *version) {
		job->status = tp_fail(&job->request->err, ESTALE,
			"the registry is at version %" PRIu64
			", the change is based on %" PRIu64,
			*version, job->request->version);
		return;
	}
	for (size_t i = 0; i < job->n_changes; i++) {
		const struct tp_registry_entry *change = &job->changes[i];
		size_t key_len = strlen(change->name);

		if (change->data == NULL)
			leveldb_writebatch_delete(batch, change->name, key_len);
		else
			leveldb_writebatch_put(
				batch, change->name, key_len, change->data, change->len);
	}
	job->request->version = ++*version;
}

static int ldb_read_head(struct ldb *self, struct tp_error *err);

/* The names in `path`, and its own up to the mount, last; what we may not read others made. */
static int sync_names(const char *path, struct tp_error *err)
{
	tp_cleanup(ptr) char *at = tp_strdup(path);
	struct stat here, above;
	bool first = true;

	for (;; first = false) {
		tp_cleanup(fd) int fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *slash = strrchr(at, '/');

		if (fd < 0 && errno == EACCES && !first)
			return 0;
		if (fd < 0 || fsync(fd) < 0 || fstat(fd, &here) < 0)
			return tp_fail_errno(err, errno, "syncing '%s'", at);
		if (fstatat(fd, "..", &above, 0) < 0 || above.st_dev != here.st_dev ||
			slash == NULL || slash == at)
			return 0;
		*slash = '\0';
	}
}

static const char *ldb_place(const struct ldb *self)
{
	return self->fresh != NULL ? self->fresh : self->dir;
}

/* The old one keeps its place, and is free again. */
static void aside_forget(struct ldb *self)
{
	if (self->fresh != NULL)
		tp_disk_tree_remove(self->fresh, NULL);
	tp_free(self->fresh);
	tp_free(self->aside);
	self->fresh = self->aside = NULL;
	tp_fd_cleanup(&self->old_lock);
	self->old_lock = -1;
}

/* The old one and the new one are both whole, and one of them is in place at any moment. */
static int ldb_publish(struct ldb *self, struct tp_error *err)
{
	int r = 0;

	leveldb_close(self->db);
	self->db = NULL;
	if (access(self->dir, F_OK) < 0 && errno == ENOENT)
		r = rename(self->fresh, self->dir);
	else if (renameat2(AT_FDCWD, self->fresh, AT_FDCWD, self->dir, RENAME_EXCHANGE) <
		0)
		return tp_fail_errno(err, errno,
			"putting '%s' in the place of '%s' (move that away, then "
			"restore)",
			self->fresh, self->dir);
	else
		r = rename(self->fresh, self->aside); /* now the old one */
	if (r < 0)
		tp_fail_errno(err, errno, "moving '%s'", self->fresh);
	else if (sync_names(self->dir, err) < 0)
		r = tp_wrap(err, -err->code, "the new registry is in its place, but");
	tp_free(self->fresh);
	self->fresh = NULL;
	aside_forget(self);
	return r < 0 ? -err->code : 0;
}

static int ldb_open_again(struct ldb *self, struct tp_error *err)
{
	char *text = NULL;

	if (self->db != NULL)
		leveldb_close(self->db);
	self->version = 0;
	self->db = leveldb_open(self->options, ldb_place(self), &text);
	if (text != NULL) {
		self->db = NULL;
		return ldb_fail(self, text, err);
	}
	return ldb_read_head(self, err);
}

/* Writes it, durable; a failed write that turns out to be there after all is one that worked. */
static int ldb_write(struct ldb *self, leveldb_writebatch_t *batch, uint64_t version,
	struct tp_error *err)
{
	unsigned char bytes[8];
	struct tp_error why;
	char *text = NULL;
	int r;

	put_u64(bytes, version);
	leveldb_writebatch_put(
		batch, KEY_VERSION, strlen(KEY_VERSION), (char *)bytes, sizeof(bytes));
	leveldb_write(self->db, self->sync, batch, &text);
	if (text == NULL) {
		self->version = version;
		self->tried_version = 0;
		return 0;
	}
	r = ldb_fail(self, text, err);
	if (r != -ENOSPC)
		return r;
	self->sure_version = self->version;
	self->tried_version = version;
	/* There may be no room for that either; then the next attempt begins with it. */
	if (ldb_open_again(self, &why) >= 0 && self->version == version)
		return 0;
	return r;
}

static void jobs_fail(struct ldb *self, bool stores, const struct tp_error *why)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->running) {
		struct job *job = tp_container_of(node, struct job, node);

		if (job->is_store == stores && job->status == 0) {
			job->status = -why->code;
			job->request->err = *why;
		}
	}
}

/* All stores of the run in one synced batch; if it fails, none of them happened. */
static void jobs_store(struct ldb *self)
{
	leveldb_writebatch_t *batch = leveldb_writebatch_create();
	uint64_t version = self->version;
	struct tp_list *node, *tmp;
	struct tp_error why;

	tp_list_foreach (node, tmp, &self->running) {
		struct job *job = tp_container_of(node, struct job, node);

		if (job->is_store)
			job_batch(self, batch, job, &version);
	}
	if (version != self->version &&
		(ldb_write(self, batch, version, &why) < 0 ||
			(self->fresh != NULL && ldb_publish(self, &why) < 0)))
		jobs_fail(self, true, &why);
	leveldb_writebatch_destroy(batch);
}

static int ldb_run(struct tp_work *work)
{
	struct ldb *self = work->owner;
	struct tp_list *node, *tmp;
	struct tp_error why;

	if (self->db == NULL && ldb_open_again(self, &why) < 0) {
		jobs_fail(self, true, &why);
		jobs_fail(self, false, &why);
		return 0;
	}
	jobs_store(self);
	tp_list_foreach (node, tmp, &self->running) {
		struct job *job = tp_container_of(node, struct job, node);

		if (!job->is_store)
			job_fetch(self, job);
	}
	return 0;
}

/* --- on the loop ----------------------------------------------------------------------- */

static void ldb_kick(struct ldb *self)
{
	struct tp_list *node, *tmp;

	if (self->busy || tp_list_empty(&self->waiting))
		return;
	tp_list_foreach (node, tmp, &self->waiting) {
		struct job *job = tp_container_of(node, struct job, node);
		struct job *first = tp_list_first(&self->running, struct job, node);

		/* A fetch sees the stores before it and none after it. */
		if (first != NULL && first->is_store != job->is_store)
			break;
		tp_list_remove(node);
		tp_list_append(&self->running, node);
	}
	self->busy = true;
	tp_work_submit(&self->work, &self->job);
}

static void ldb_done(struct tp_work *work, int status)
{
	struct ldb *self = work->owner;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->running) {
		struct job *job = tp_container_of(node, struct job, node);

		if (status < 0) /* the job never ran */
			job->status = tp_fail(&job->request->err, -status,
				"registry '%s': the process ends", self->dir);
		tp_list_remove(node);
		job->request->done(job->request, job->status);
		tp_arena_destroy(job->arena);
		tp_free(job);
	}
	self->busy = false;
	if (status == 0)
		ldb_kick(self);
	if (!self->busy && self->stop != NULL) {
		tp_done(self->stop, 0);
		self->stop = NULL;
	}
}

static struct job *job_queue(struct ldb *self, struct tp_registry_request *request)
{
	struct job *job = tp_alloc(sizeof(*job));

	job->request = request;
	job->arena = tp_arena_create(0);
	tp_list_append(&self->waiting, &job->node);
	return job;
}

static void ldb_fetch(void *impl, struct tp_registry_request *request)
{
	struct ldb *self = impl;

	job_queue(self, request);
	ldb_kick(self);
}

static void ldb_store(void *impl, struct tp_registry_request *request,
	const struct tp_registry_entry *changes, size_t n_changes)
{
	struct ldb *self = impl;
	struct job *job = job_queue(self, request);
	struct tp_registry_entry *copy =
		tp_arena_alloc(job->arena, (n_changes + 1) * sizeof(*copy));

	for (size_t i = 0; i < n_changes; i++) {
		copy[i].name = tp_arena_printf(job->arena, "/%s", changes[i].name);
		copy[i].len = changes[i].len;
		if (changes[i].data != NULL)
			copy[i].data = tp_arena_memdup(
				job->arena, changes[i].data, changes[i].len);
	}
	job->is_store = true;
	job->changes = copy;
	job->n_changes = n_changes;
	ldb_kick(self);
}

/* Reads the version; a new store gets its format. */
static int ldb_read_head(struct ldb *self, struct tp_error *err)
{
	char *text = NULL;
	size_t len;
	char *value = leveldb_get(
		self->db, self->read, KEY_FORMAT, strlen(KEY_FORMAT), &len, &text);

	if (text != NULL)
		return ldb_fail(self, text, err);
	if (value == NULL) {
		leveldb_put(self->db, self->sync, KEY_FORMAT, strlen(KEY_FORMAT), FORMAT,
			strlen(FORMAT), &text);
		return text == NULL ? 0 : ldb_fail(self, text, err);
	}
	bool known = len == strlen(FORMAT) && memcmp(value, FORMAT, len) == 0;
	leveldb_free(value);
	if (!known)
		return tp_fail(err, EPROTONOSUPPORT,
			"registry '%s' was written by a newer Tepui; upgrade this one",
			self->dir);
	value = leveldb_get(
		self->db, self->read, KEY_VERSION, strlen(KEY_VERSION), &len, &text);
	if (text != NULL)
		return ldb_fail(self, text, err);
	if (value == NULL)
		return 0; /* nothing was ever stored */
	if (len == 8)
		self->version = get_u64((const unsigned char *)value);
	leveldb_free(value);
	if (len != 8)
		return tp_fail(err, EUCLEAN,
			"registry '%s': its version has %zu bytes; restore it from a "
			"backup",
			self->dir, len);
	return 0;
}

/* Without its file CURRENT LevelDB would take a damaged store for a new one. */
static int ldb_check_dir(struct ldb *self, struct tp_error *err)
{
	tp_cleanup(ptr) char *current = tp_asprintf("%s/CURRENT", self->dir);
	DIR *dir = opendir(self->dir);
	const struct dirent *entry;
	bool has_data = false;

	if (dir == NULL)
		return 0; /* a new one, or leveldb_open() says what is wrong */
	while ((entry = readdir(dir)) != NULL)
		has_data |= strncmp(entry->d_name, "MANIFEST-", 9) == 0;
	closedir(dir);
	if (has_data && access(current, F_OK) < 0 && errno == ENOENT)
		return tp_fail(err, EUCLEAN,
			"registry '%s': its file CURRENT is missing; restore it from a "
			"backup (`tepui registry restore`)",
			self->dir);
	return 0;
}

static void set_dir(struct ldb *self, const char *work_dir)
{
	tp_free(self->dir);
	if (self->path != NULL && self->path[0] != '\0')
		self->dir = tp_strdup(self->path);
	else
		self->dir = tp_asprintf("%s/registry", work_dir);
}

static int ldb_open(void *impl, const char *work_dir, struct tp_error *err)
{
	struct ldb *self = impl;
	char *text = NULL;
	int r;

	set_dir(self, work_dir);
	r = self->fresh == NULL ? ldb_check_dir(self, err)
				: tp_disk_tree_remove(self->fresh,
					  err); /* of a restore that was killed */
	if (r < 0)
		return r;
	self->options = leveldb_options_create();
	leveldb_options_set_create_if_missing(self->options, 1);
	leveldb_options_set_paranoid_checks(self->options, 1);
	/* A registry is small: an idle master should be, too. */
	leveldb_options_set_write_buffer_size(self->options, 512 * 1024);
	leveldb_options_set_max_open_files(self->options, 64);
	self->sync = leveldb_writeoptions_create();
	leveldb_writeoptions_set_sync(self->sync, 1);
	self->read = leveldb_readoptions_create();
	leveldb_readoptions_set_verify_checksums(self->read, 1);
	leveldb_readoptions_set_fill_cache(self->read, 0);
	self->db = leveldb_open(self->options, ldb_place(self), &text);
	if (text != NULL)
		return ldb_fail(self, text, err);
	r = ldb_read_head(self, err);
	return r < 0 ? r : sync_names(ldb_place(self), err);
}

/* LevelDB's own lock, as long as *ret_fd is open; -1 = there was no lock file. */
static int lock_dir(struct ldb *self, int *ret_fd, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/LOCK", self->dir);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CLOEXEC);

	*ret_fd = -1;
	if (fd < 0)
		return errno == ENOENT ? 0
				       : tp_fail_errno(err, errno, "opening '%s'", path);
	if (fcntl(fd, F_SETLK, &lock) < 0) {
		close(fd);
		return tp_fail(err, EWOULDBLOCK,
			"registry '%s' is in use; stop its master first", self->dir);
	}
	*ret_fd = fd;
	return 0;
}

static char *free_name(const struct ldb *self)
{
	for (int n = 1;; n++) {
		char *name = tp_asprintf("%s.old-%d", self->dir, n);

		if (access(name, F_OK) < 0)
			return name;
		tp_free(name);
	}
}

static int ldb_set_aside(
	void *impl, const char *work_dir, char **ret_where, struct tp_error *err)
{
	struct ldb *self = impl;
	int r;

	set_dir(self, work_dir);
	aside_forget(self);
	*ret_where = NULL;
	r = lock_dir(self, &self->old_lock, err);
	if (r < 0)
		return r;
	self->fresh = tp_asprintf("%s.new", self->dir);
	self->aside = free_name(self);
	if (access(self->dir, F_OK) == 0)
		*ret_where = tp_strdup(self->aside);
	return 0;
}

static int ldb_init(void *impl, struct tp_error *err)
{
	struct ldb *self = impl;

	(void)err;
	tp_list_init(&self->waiting);
	tp_list_init(&self->running);
	self->old_lock = -1;
	self->job = (struct tp_work){ .run = ldb_run, .done = ldb_done, .owner = self };
	return 0;
}

/* A job touches the database on another thread: it must be over before fini(). */
static void ldb_stop(void *impl, struct tp_done *done)
{
	struct ldb *self = impl;

	if (self->busy)
		self->stop = done;
	else
		tp_done(done, 0);
}

static void ldb_fini(void *impl)
{
	struct ldb *self = impl;

	if (self->db != NULL)
		leveldb_close(self->db);
	if (self->options != NULL) {
		leveldb_readoptions_destroy(self->read);
		leveldb_writeoptions_destroy(self->sync);
		leveldb_options_destroy(self->options);
	}
	aside_forget(self);
	tp_free(self->dir);
}

static void ldb_status(void *impl, struct tp_strbuf *out)
{
	struct ldb *self = impl;

	tp_strbuf_printf(out, "directory: %s\n", self->dir == NULL ? "" : self->dir);
	if (!self->busy)
		tp_strbuf_printf(out, "version: %" PRIu64 "\n", self->version);
}

static const struct tp_registry_ops ldb_ops = {
	.open = ldb_open,
	.fetch = ldb_fetch,
	.store = ldb_store,
	.set_aside = ldb_set_aside,
};

static const struct tp_field ldb_config[] = {
	TP_CONFIG("path", TP_STRING, struct ldb, path, "",
		"Directory of the database; empty: <work_dir>/registry."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "registry-leveldb",
	.version = "1.0",
	.summary = "Keeps the registry in an embedded LevelDB",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("registry", TP_REGISTRY_ABI, ldb_ops), { 0 } },
	.requires =
		(const struct tp_require[]){
			TP_REQUIRE("work", TP_WORK_ABI, struct ldb, work), { 0 } },
	.config = ldb_config,
	.instance_size = sizeof(struct ldb),
	.init = ldb_init,
	.stop = ldb_stop,
	.fini = ldb_fini,
	.status = ldb_status,
};
