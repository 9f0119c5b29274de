/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_disk.h. Requests that shall succeed go to the real service behind; those that shall
 * fail are answered on a defer, as the contract of tepui/disk.h wants. Reading is never broken.
 * A killed owner's requests are answered too, so that what is left of it can be taken apart.
 */
#include "sim_disk.h"

#include <errno.h>

#include "tepui/list.h"

struct sim_disk {
	struct tp_loop *loop;
	struct tp_disk_service inner;
	int fail_code;
	unsigned fail_n;
	bool killed;
	struct tp_list failures; /* that are still to be told */
};

struct failure {
	struct tp_list node;
	struct sim_disk *disk;
	struct tp_defer defer;
	struct tp_disk_request *request;
	int code;
};

static void failure_free(struct failure *failure)
{
	tp_loop_undefer(failure->disk->loop, &failure->defer);
	tp_list_remove(&failure->node);
	tp_free(failure);
}

static void on_failure(struct tp_defer *defer)
{
	struct failure *failure = tp_container_of(defer, struct failure, defer);
	struct tp_disk_request *request = failure->request;
	int code = failure->code;

	failure_free(failure);
	request->done(request,
		tp_fail_errno(&request->err, code, "the simulated disk says no"));
}

/* True when the request is not for the real disk. */
static bool fails(struct sim_disk *self, struct tp_disk_request *request)
{
	struct failure *failure;

	if (!self->killed && self->fail_n == 0)
		return false;
	failure = tp_alloc(sizeof *failure);
	failure->disk = self;
	failure->defer.run = on_failure;
	failure->request = request;
	failure->code = self->killed ? EIO : self->fail_code;
	if (!self->killed)
		self->fail_n--;
	tp_list_append(&self->failures, &failure->node);
	tp_loop_defer(self->loop, &failure->defer);
	return true;
}

static void sim_replace(void *impl, struct tp_disk_request *request, const char *path,
	const void *data, size_t len, unsigned flags)
{
	struct sim_disk *self = impl;

	if (!fails(self, request))
		self->inner.ops->replace(
			self->inner.impl, request, path, data, len, flags);
}

static void sim_append(void *impl, struct tp_disk_request *request, const char *path,
	const void *data, size_t len, unsigned flags)
{
	struct sim_disk *self = impl;

	if (!fails(self, request))
		self->inner.ops->append(
			self->inner.impl, request, path, data, len, flags);
}

static void sim_remove(
	void *impl, struct tp_disk_request *request, const char *path, unsigned flags)
{
	struct sim_disk *self = impl;

	if (!fails(self, request))
		self->inner.ops->remove(self->inner.impl, request, path, flags);
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

struct sim_disk *sim_disk_create(struct tp_loop *loop, struct disk *inner)
{
	struct sim_disk *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->inner = disk_service(inner);
	tp_list_init(&self->failures);
	return self;
}

void sim_disk_destroy(struct sim_disk *self)
{
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_list_foreach (node, tmp, &self->failures)
		failure_free(tp_container_of(node, struct failure, node));
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

void sim_disk_kill(struct sim_disk *self, bool killed)
{
	self->killed = killed;
}
