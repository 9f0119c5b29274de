/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logger-sandbox: a container's output goes to the files `stdout` and `stderr` in its sandbox,
 * where operators and `tepui logs` look for it. The files are the task's own; nothing rotates.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/kind/logger.h"
#include "tepui/module.h"
#include "tepui/wire.h"

struct sandbox_logger {
	struct tp_instance instance;
};

/* A sandbox belongs to the task: a link in place of the file must not lead us elsewhere. */
static int log_open(const char *directory, const char *name, uid_t uid, gid_t gid,
	int *ret, struct tp_error *err)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir < 0)
		return tp_fail_errno(err, errno, "opening sandbox '%s'", directory);
	fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	int code = errno;
	close(dir);
	if (fd < 0)
		return tp_fail_errno(err, code, "opening '%s/%s'", directory, name);
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0) {
		code = errno;
		close(fd);
		return tp_fail_errno(err, code, "giving '%s/%s' to user %d", directory,
			name, (int)uid);
	}
	*ret = fd;
	return 0;
}

static int sandbox_prepare(void *impl, const char *container_id,
	const struct tp_container_config *config, uid_t uid, gid_t gid, int *ret_out_fd,
	int *ret_err_fd, struct tp_error *err)
{
	int out_fd, err_fd, r;

	(void)impl;
	(void)container_id;
	r = log_open(config->directory, "stdout", uid, gid, &out_fd, err);
	if (r < 0)
		return r;
	r = log_open(config->directory, "stderr", uid, gid, &err_fd, err);
	if (r < 0) {
		close(out_fd);
		return r;
	}
	*ret_out_fd = out_fd;
	*ret_err_fd = err_fd;
	return 0;
}

static const struct tp_logger_ops sandbox_ops = {
	.prepare = sandbox_prepare,
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "logger-sandbox",
	.version = "1.0",
	.summary = "Container output goes to stdout and stderr in the sandbox",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("logger", TP_LOGGER_ABI, sandbox_ops), { 0 } },
	.instance_size = sizeof(struct sandbox_logger),
};
