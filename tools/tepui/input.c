/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what an operator gives. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int input_read(const char *path, struct tp_strbuf *text, struct tp_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (fd < 0)
		return tp_fail_errno(err, errno, "opening '%s'", path);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			tp_strbuf_add(text, buf, (size_t)n);
	}
	if (n < 0)
		tp_fail_errno(err, errno, "reading '%s'", path);
	if (!is_stdin)
		close(fd);
	return n < 0 ? -err->code : 0;
}
