/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk service: requests gather until the end of the turn or until the batch that runs is
 * done; then all of them are the next batch, executed off the loop by one work. So requests that
 * come together share their fsyncs, at any load, and complete in the order they were given. What
 * is fsynced when is said in disk_batch.c; reading, listing, mkdirs() and symlink() are system
 * calls at once and make nothing durable: a synced write below or beside them does.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_batch.h"
#include "disk_tree.h"
#include "tepui/strbuf.h"

/* What may wait; whoever writes more is told so and has to wait for what is on its way. */
#define QUEUED_BYTES_MAX ((size_t)256 << 20)

struct disk {
	struct tp_loop *loop;
	struct tp_work_service service;
	struct tp_work work;
	struct tp_defer defer;
	struct disk_op *queue; /* oldest first */
	struct disk_op **queue_end;
	size_t queued_bytes;
	struct disk_op *running;
	struct disk_store store; /* the work's, while one runs */
};

static void queue_clear(struct disk *disk)
{
	disk->queue = NULL;
	disk->queue_end = &disk->queue;
	disk->queued_bytes = 0;
}

static void complete(struct disk_op *op)
{
	struct tp_disk_request *request = op->request;
	int status = op->status;

	tp_free(op);
	request->priv = NULL;
	request->done(request, status);
}

static int run_batch(struct tp_work *work)
{
	struct disk *disk = tp_container_of(work, struct disk, work);

	disk_batch_run(&disk->store, disk->running);
	return 0;
}

static void start_batch(struct disk *disk)
{
	disk->running = disk->queue;
	queue_clear(disk);
	if (disk->service.ops != NULL)
		tp_work_submit(&disk->service, &disk->work);
	else
		disk->work.done(&disk->work, run_batch(&disk->work));
}

static void batch_done(struct tp_work *work, int status)
{
	struct disk *disk = tp_container_of(work, struct disk, work);
	struct disk_op *op = disk->running;

	/* The work service stops: what was accepted is written all the same. */
	if (status == -ECANCELED)
		disk_batch_run(&disk->store, op);
	disk->running = NULL;
	/* The disk goes on while the callbacks run. */
	if (disk->queue != NULL && disk->service.ops != NULL)
		start_batch(disk);
	while (op != NULL) {
		struct disk_op *next = op->next;

		complete(op);
		op = next;
	}
}

static void on_defer(struct tp_defer *defer)
{
	struct disk *disk = tp_container_of(defer, struct disk, defer);

	if (disk->running == NULL && disk->queue != NULL)
		start_batch(disk);
}

static void enqueue(struct disk *disk, enum disk_kind kind,
	struct tp_disk_request *request, const char *path, const void *data, size_t len,
	unsigned flags)
{
	size_t path_size = strlen(path) + 1;
	bool full = len > QUEUED_BYTES_MAX - disk->queued_bytes;
	struct disk_op *op;

	if (full)
		len = 0;
	op = tp_alloc(sizeof *op + path_size + len);
	op->kind = kind;
	op->flags = flags;
	op->request = request;
	op->err = &request->err;
	op->len = len;
	memcpy(op->path, path, path_size);
	op->data = (const uint8_t *)op->path + path_size;
	if (len > 0)
		memcpy(op->path + path_size, data, len);
	if (full)
		op->status = tp_fail(op->err, ENOBUFS,
			"write '%s': too much waits for the disk, try again later", path);
	request->priv = op;
	disk->queued_bytes += len;
	*disk->queue_end = op;
	disk->queue_end = &op->next;
	tp_loop_defer(disk->loop, &disk->defer);
}

static void disk_replace(void *impl, struct tp_disk_request *request, const char *path,
	const void *data, size_t len, unsigned flags)
{
	enqueue(impl, DISK_REPLACE, request, path, data, len, flags);
}

static void disk_append(void *impl, struct tp_disk_request *request, const char *path,
	const void *data, size_t len, unsigned flags)
{
	enqueue(impl, DISK_APPEND, request, path, data, len, flags);
}

static void disk_remove(
	void *impl, struct tp_disk_request *request, const char *path, unsigned flags)
{
	enqueue(impl, DISK_REMOVE, request, path, NULL, 0, flags);
}

/* Reads to the end: the size that fstat() tells may be 0 (proc) or grow meanwhile. */
static int read_fd(int fd, const char *path, size_t max_len, struct tp_strbuf *buf,
	struct tp_error *err)
{
	struct stat st;
	size_t step = 4096;

	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		if ((uintmax_t)st.st_size > max_len)
			return tp_fail(err, EFBIG, "read '%s': more than %zu bytes", path,
				max_len);
		step = (size_t)st.st_size + 1;
	}
	for (;;) {
		char *room = tp_strbuf_reserve(buf, step);
		ssize_t n = read(fd, room, step);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tp_fail_errno(err, errno, "read '%s'", path);
		if (n == 0)
			return 0;
		buf->len += (size_t)n;
		if (buf->len > max_len)
			return tp_fail(err, EFBIG, "read '%s': more than %zu bytes", path,
				max_len);
	}
}

static int disk_read(void *impl, const char *path, size_t max_len, char **ret,
	size_t *ret_len, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	(void)impl;
	if (fd < 0)
		return tp_fail_errno(err, errno, "read '%s'", path);
	r = read_fd(fd, path, max_len, &buf, err);
	if (r < 0)
		return r;
	if (ret_len != NULL)
		*ret_len = buf.len;
	*ret = tp_strbuf_steal(&buf);
	return 0;
}

static int disk_list(
	void *impl, const char *path, char ***ret, size_t *ret_n, struct tp_error *err)
{
	(void)impl;
	return disk_tree_list(path, ret, ret_n, err);
}

static int disk_mkdirs(void *impl, const char *path, unsigned mode, struct tp_error *err)
{
	(void)impl;
	return disk_tree_make(path, mode, err);
}

static int disk_symlink(
	void *impl, const char *target, const char *path, struct tp_error *err)
{
	(void)impl;
	return disk_tree_link(target, path, err);
}

static const struct tp_disk_ops disk_ops = {
	.replace = disk_replace,
	.append = disk_append,
	.remove = disk_remove,
	.read = disk_read,
	.list = disk_list,
	.mkdirs = disk_mkdirs,
	.symlink = disk_symlink,
};

struct disk *disk_create(struct tp_loop *loop, struct tp_work_service work)
{
	struct disk *disk = tp_alloc(sizeof *disk);

	disk->loop = loop;
	disk->service = work;
	disk->work.run = run_batch;
	disk->work.done = batch_done;
	disk->defer.run = on_defer;
	queue_clear(disk);
	disk_store_init(&disk->store);
	return disk;
}

void disk_destroy(struct disk *disk)
{
	struct disk_op *op, *next;
	struct tp_error unread;

	if (disk == NULL)
		return;
	tp_assert(disk->running == NULL);
	tp_loop_undefer(disk->loop, &disk->defer);
	/* Their owners may be gone: nothing of the requests is touched. */
	for (op = disk->queue; op != NULL; op = op->next)
		op->err = &unread;
	disk_batch_run(&disk->store, disk->queue);
	for (op = disk->queue; op != NULL; op = next) {
		next = op->next;
		tp_free(op);
	}
	disk_store_fini(&disk->store);
	tp_free(disk);
}

struct tp_disk_service disk_service(struct disk *disk)
{
	return (struct tp_disk_service){ &disk_ops, disk };
}

bool disk_idle(const struct disk *disk)
{
	return disk->running == NULL && disk->queue == NULL;
}

void disk_set_sync(
	struct disk *disk, int (*sync)(void *arg, int fd, const char *path), void *arg)
{
	disk->store.sync = sync;
	disk->store.sync_arg = arg;
}
