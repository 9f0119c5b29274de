/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_disk.h. Writes wait in one queue, each until its time; then they go to the real service
 * behind, which answers on a later defer.
 *
 *	QUEUED ─► WRITING ─► done		QUEUED ─► REFUSED ─► done, with an error
 *
 * Reading is never broken. A killed owner's requests are answered too, so that what is left of it
 * can be taken apart.
 */
#include "sim_disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sim_platter.h"
#include "sim_random.h"
#include "tepui/list.h"

/* How long a write takes on a healthy disk. */
#define WRITE_NS_MAX (2 * TP_MSEC)
#define REFUSAL "the simulated disk says no"

enum op_kind { OP_REPLACE, OP_APPEND, OP_REMOVE };

struct sim_disk {
	struct tp_loop *loop;
	struct tp_disk_service inner;
	struct sim_platter *platter;
	struct sim_random random;
	bool instant;
	struct sim_disk_spy spy;
	struct sim_disk_watcher watcher;
	int64_t slow_ns, last_due_ns;
	int fail_code;
	unsigned fail_n;
	bool killed;
	struct tp_list queued, writing, refused;
	struct tp_timer timer;
	struct tp_defer answer; /* to those that are refused */
};

struct op {
	struct tp_list node;
	struct sim_disk *disk;
	struct tp_disk_request request; /* to the service behind */
	struct tp_disk_request *outer;
	enum op_kind kind;
	unsigned flags;
	int64_t due_ns;
	int code; /* it fails with this, written or not */
	size_t len;
	const char *data;
	char path[]; /* and the data behind it */
};

static void op_free(struct op *op)
{
	tp_list_remove(&op->node);
	tp_free(op);
}

static void on_answer(struct tp_defer *defer)
{
	struct sim_disk *self = tp_container_of(defer, struct sim_disk, answer);
	struct op *op = tp_list_first(&self->refused, struct op, node);
	struct tp_disk_request *outer;
	int code;

	if (op == NULL)
		return;
	outer = op->outer;
	code = op->code;
	op_free(op);
	if (!tp_list_empty(&self->refused))
		tp_loop_defer(self->loop, &self->answer);
	outer->done(outer, code == 0 ? 0 : tp_fail_errno(&outer->err, code, REFUSAL));
}

/* code 0: it is only said to be done. */
static void op_refuse(struct op *op, int code)
{
	struct sim_disk *self = op->disk;

	tp_list_remove(&op->node);
	op->code = code;
	tp_list_append(&self->refused, &op->node);
	tp_loop_defer(self->loop, &self->answer);
}

static void op_done(struct tp_disk_request *request, int status)
{
	struct op *op = tp_container_of(request, struct op, request);
	struct tp_disk_request *outer = op->outer;

	if (status >= 0 && (op->flags & TP_DISK_SYNC) != 0)
		sim_platter_synced(
			op->disk->platter, op->kind == OP_REMOVE ? NULL : op->path);
	if (status >= 0 && op->kind != OP_REMOVE && op->disk->watcher.written != NULL)
		op->disk->watcher.written(op->disk->watcher.user, op->path, op->data,
			op->len, (op->flags & TP_DISK_SYNC) != 0);
	outer->err = request->err;
	if (status >= 0 && op->code != 0)
		status = tp_fail_errno(&outer->err, op->code, REFUSAL);
	op_free(op);
	outer->done(outer, status);
}

static void op_write(struct op *op)
{
	struct sim_disk *self = op->disk;
	const struct tp_disk_service *inner = &self->inner;

	tp_list_remove(&op->node);
	tp_list_append(&self->writing, &op->node);
	op->request.done = op_done;
	if (op->kind == OP_APPEND) {
		inner->ops->append(inner->impl, &op->request, op->path, op->data, op->len,
			op->flags);
	} else if (op->kind == OP_REPLACE) {
		if ((op->flags & TP_DISK_SYNC) == 0)
			sim_platter_before_replace(self->platter, op->path);
		inner->ops->replace(inner->impl, &op->request, op->path, op->data,
			op->len, op->flags);
	} else {
		sim_platter_before_remove(self->platter, op->path);
		inner->ops->remove(inner->impl, &op->request, op->path, op->flags);
	}
}

static void on_timer(struct tp_timer *timer)
{
	struct sim_disk *self = tp_container_of(timer, struct sim_disk, timer);
	int64_t now_ns = tp_loop_now_ns(self->loop);
	struct op *op;

	while ((op = tp_list_first(&self->queued, struct op, node)) != NULL) {
		if (op->due_ns > now_ns) {
			tp_timer_arm(self->loop, timer, op->due_ns - now_ns);
			return;
		}
		op_write(op);
	}
}

static int64_t draw_due_ns(struct sim_disk *self)
{
	int64_t due_ns = tp_loop_now_ns(self->loop) + self->slow_ns;

	if (!self->instant)
		due_ns += sim_random_below(&self->random, (unsigned)WRITE_NS_MAX);
	if (due_ns > self->last_due_ns)
		self->last_due_ns = due_ns;
	return self->last_due_ns;
}

static void enqueue(struct sim_disk *self, enum op_kind kind,
	struct tp_disk_request *request, const char *path, const void *data, size_t len,
	unsigned flags)
{
	size_t path_size = strlen(path) + 1;
	struct op *op = tp_alloc(sizeof *op + path_size + len);

	op->disk = self;
	op->outer = request;
	op->kind = kind;
	op->flags = flags;
	op->len = len;
	op->data = op->path + path_size;
	memcpy(op->path, path, path_size);
	if (len > 0)
		memcpy(op->path + path_size, data, len);
	tp_list_append(&self->queued, &op->node);
	if (self->killed) {
		op_refuse(op, EIO);
	} else if (self->fail_n > 0) {
		self->fail_n--;
		op_refuse(op, self->fail_code);
	} else if (self->spy.forgets != NULL &&
		self->spy.forgets(self->spy.user, path, data, len)) {
		op_refuse(op, 0);
	} else {
		op->due_ns = draw_due_ns(self);
		if (!tp_timer_armed(&self->timer))
			tp_timer_arm(self->loop, &self->timer,
				op->due_ns - tp_loop_now_ns(self->loop));
	}
}

/* --- the service ------------------------------------------------------------------------ */

static void sim_replace(void *impl, struct tp_disk_request *request, const char *path,
	const void *data, size_t len, unsigned flags)
{
	enqueue(impl, OP_REPLACE, request, path, data, len, flags);
}

static void sim_append(void *impl, struct tp_disk_request *request, const char *path,
	const void *data, size_t len, unsigned flags)
{
	enqueue(impl, OP_APPEND, request, path, data, len, flags);
}

static void sim_remove(
	void *impl, struct tp_disk_request *request, const char *path, unsigned flags)
{
	enqueue(impl, OP_REMOVE, request, path, NULL, 0, flags);
}

static int sim_read(void *impl, const char *path, size_t max_len, char **ret,
	size_t *ret_len, struct tp_error *err)
{
	struct sim_disk *self = impl;

	return self->inner.ops->read(self->inner.impl, path, max_len, ret, ret_len, err);
}

static int sim_list(
	void *impl, const char *path, char ***ret, size_t *ret_n, struct tp_error *err)
{
	struct sim_disk *self = impl;

	return self->inner.ops->list(self->inner.impl, path, ret, ret_n, err);
}

static int sim_mkdirs(void *impl, const char *path, unsigned mode, struct tp_error *err)
{
	struct sim_disk *self = impl;

	return self->inner.ops->mkdirs(self->inner.impl, path, mode, err);
}

static int sim_symlink(
	void *impl, const char *target, const char *path, struct tp_error *err)
{
	struct sim_disk *self = impl;

	if (self->killed)
		return tp_fail_errno(err, EIO, REFUSAL);
	sim_platter_before_link(self->platter, path);
	return self->inner.ops->symlink(self->inner.impl, target, path, err);
}

static const struct tp_disk_ops sim_ops = {
	.replace = sim_replace,
	.append = sim_append,
	.remove = sim_remove,
	.read = sim_read,
	.list = sim_list,
	.mkdirs = sim_mkdirs,
	.symlink = sim_symlink,
};

/* --- life ------------------------------------------------------------------------------- */

/* fsync() of real files: the simulation decides what lasts. */
static int watch_sync(void *arg, int fd, const char *path)
{
	struct sim_disk *self = arg;
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		sim_platter_synced_dir(self->platter, path);
	return 0;
}

struct sim_disk *sim_disk_create(
	struct tp_loop *loop, struct disk *inner, const char *root, uint64_t seed)
{
	struct sim_disk *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->inner = disk_service(inner);
	disk_set_sync(inner, watch_sync, self);
	self->platter = sim_platter_create(root);
	self->random.state = seed;
	self->instant = seed == 0;
	self->timer.fire = on_timer;
	self->answer.run = on_answer;
	tp_list_init(&self->queued);
	tp_list_init(&self->writing);
	tp_list_init(&self->refused);
	return self;
}

static void free_all(struct tp_list *list)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, list)
		op_free(tp_container_of(node, struct op, node));
}

void sim_disk_destroy(struct sim_disk *self)
{
	if (self == NULL)
		return;
	tp_timer_disarm(self->loop, &self->timer);
	tp_loop_undefer(self->loop, &self->answer);
	free_all(&self->queued);
	free_all(&self->writing);
	free_all(&self->refused);
	sim_platter_destroy(self->platter);
	tp_free(self);
}

struct tp_disk_service sim_disk_service(struct sim_disk *self)
{
	return (struct tp_disk_service){ &sim_ops, self };
}

void sim_disk_fail(struct sim_disk *self, int code, unsigned n)
{
	self->fail_code = code;
	self->fail_n = n;
}

void sim_disk_slow(struct sim_disk *self, int64_t delay_ns)
{
	self->slow_ns = delay_ns;
}

/* Half an append, never synced: nobody may be told that it was done. */
static bool write_half(struct op *op)
{
	if (op->kind != OP_APPEND || op->len == 0)
		return false;
	op->flags &= ~(unsigned)TP_DISK_SYNC;
	op->len = sim_random_below(&op->disk->random, (unsigned)op->len);
	op->code = EIO;
	op_write(op);
	return true;
}

void sim_disk_kill(struct sim_disk *self, bool power_loss)
{
	struct tp_list *node, *tmp;
	unsigned n = 0, n_written;

	tp_list_foreach (node, tmp, &self->queued)
		n++;
	self->killed = true;
	tp_timer_disarm(self->loop, &self->timer);
	n_written = sim_random_below(&self->random, n + 1);
	tp_list_foreach (node, tmp, &self->queued) {
		struct op *op = tp_container_of(node, struct op, node);

		if (n_written > 0) {
			n_written--;
			op_write(op);
			continue;
		}
		if (!power_loss || !write_half(op))
			op_refuse(op, EIO);
		power_loss = false;
	}
}

void sim_disk_revive(struct sim_disk *self)
{
	self->killed = false;
	self->last_due_ns = 0;
}

void sim_disk_power_loss(struct sim_disk *self)
{
	tp_assert(tp_list_empty(&self->queued) && tp_list_empty(&self->writing));
	sim_platter_power_loss(self->platter, &self->random);
	if (self->watcher.power_loss != NULL)
		self->watcher.power_loss(self->watcher.user);
}

void sim_disk_watch(struct sim_disk *self, const struct sim_disk_watcher *watcher)
{
	self->watcher = *watcher;
}

void sim_disk_set_spy(struct sim_disk *self, const struct sim_disk_spy *spy)
{
	self->spy = spy == NULL ? (struct sim_disk_spy){ 0 } : *spy;
}
