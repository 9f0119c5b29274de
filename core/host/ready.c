/* SPDX-License-Identifier: Apache-2.0 */
#include "core/host/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int ready_write(const char *path, const struct tp_kernel *kernel, const char *admin_url,
	struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf draft = TP_STRBUF_INIT;
	tp_cleanup(fd) int fd = -1;
	int r = 0;

	if (path == NULL)
		return 0;
	tp_strbuf_printf(&draft, "%s.%d", path, (int)getpid());
	tp_strbuf_printf(&text, "tepuid.pid=%d\n", (int)getpid());
	if (admin_url != NULL)
		tp_strbuf_printf(&text, "tepuid.admin=%s\n", admin_url);
	tp_kernel_ready(kernel, &text);
	fd = open(draft.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return tp_fail_errno(err, errno, "open '%s'", draft.data);
	r = write_all(fd, text.data, text.len);
	if (r == 0 && rename(draft.data, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(draft.data);
		tp_fail_errno(err, -r, "write '%s'", path);
	}
	return r;
}
