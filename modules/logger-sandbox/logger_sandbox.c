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

/* Neither a pipe, on which we would wait, nor another name of somebody's file. */
static int log_check(
	int fd, const char *directory, const char *name, struct tp_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return tp_fail_errno(err, errno, "'%s/%s'", directory, name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return tp_fail(err, EPERM, "'%s/%s' is not a file of its own: remove it",
			directory, name);
	/* It was opened without waiting; its writers may wait. */
	if (fcntl(fd, F_SETFL, O_APPEND) < 0)
		return tp_fail_errno(err, errno, "'%s/%s'", directory, name);
	return 0;
}

/* A sandbox belongs to the task: a link in place of the file must not lead us elsewhere. */
static int log_open(const char *directory, const char *name, uid_t uid, gid_t gid,
	int *ret, struct tp_error *err)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, r;

	if (dir < 0)
		return tp_fail_errno(err, errno, "opening sandbox '%s'", directory);
	fd = openat(dir, name,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		0644);
	int code = errno;
	close(dir);
	if (fd < 0)
		return tp_fail_errno(err, code, "opening '%s/%s'", directory, name);
	r = log_check(fd, directory, name, err);
	if (r < 0) {
		close(fd);
		return r;
	}
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
