/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads PEM files, so that what is wrong with them is said by name; what is in them is the TLS
 * library's business. Errors never quote a file: it may be a key.
 */
#include "core/net/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PEM_MAX_BYTES (1 << 20)

static int read_all(int fd, char *text, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, PEM_MAX_BYTES - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	*ret_len = len;
	return n < 0 ? -errno : 0;
}

int pem_read(const char *path, const char *what, char **ret, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text;
	size_t len;
	int r;

	if (fd < 0)
		return tp_fail_errno(err, errno, "tls: %s '%s'", what, path);
	text = tp_alloc(PEM_MAX_BYTES + 1);
	r = read_all(fd, text, &len);
	if (r < 0)
		r = tp_fail_errno(err, -r, "tls: %s '%s'", what, path);
	else if (len == PEM_MAX_BYTES || strstr(text, "-----BEGIN ") == NULL)
		r = tp_fail(err, EINVAL, "tls: %s '%s' is no PEM file", what, path);
	if (r < 0) {
		explicit_bzero(text, len);
		tp_free(text);
		return r;
	}
	*ret = text;
	return 0;
}
