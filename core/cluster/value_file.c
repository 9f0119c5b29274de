/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded, since the file may be anything. */
#include "core/cluster/value_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES 65536
#define FILE_SCHEME "file://"

static int read_file(const char *path, const char *what, struct tp_arena *arena,
	const char **ret, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = tp_arena_alloc(arena, FILE_MAX_BYTES + 1);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return tp_fail_errno(err, errno, "open '%s'", path);
	while ((n = read(fd, text + len, FILE_MAX_BYTES - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return tp_fail_errno(err, errno, "read '%s'", path);
	if (len == FILE_MAX_BYTES)
		return tp_fail(err, EFBIG, "'%s' is too long for %s", path, what);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	*ret = text;
	return 0;
}

bool value_is_file(const char *text)
{
	return text[0] == '/' || strncmp(text, FILE_SCHEME, strlen(FILE_SCHEME)) == 0;
}

int value_file_read(const char *text, const char *what, struct tp_arena *arena,
	const char **ret, struct tp_error *err)
{
	if (value_is_file(text))
		return read_file(text[0] == '/' ? text : text + strlen(FILE_SCHEME), what,
			arena, ret, err);
	*ret = text;
	return 0;
}
