/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that cannot fail, and the assertion that ends the process. Nobody recovers usefully
 * from exhausted memory in the middle of a state change: a daemon that dies at once with one
 * line is restarted and recovers from what is durable. Not an allocator of its own: malloc is.
 */
#include "tepui/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void exhausted(size_t size) TP_NORETURN;
static void exhausted(size_t size)
{
	fprintf(stderr, "tepui: out of memory while asking for %zu bytes\n", size);
	abort();
}

void tp_assert_failed(const char *cond, const char *file, int line, const char *func)
{
	fprintf(stderr, "tepui: assertion failed: %s (%s:%d, %s)\n", cond, file, line,
		func);
	abort();
}

void *tp_alloc(size_t size)
{
	void *ptr = calloc(1, size == 0 ? 1 : size);

	if (ptr == NULL)
		exhausted(size);
	return ptr;
}

void *tp_realloc(void *ptr, size_t size)
{
	void *grown = realloc(ptr, size == 0 ? 1 : size);

	if (grown == NULL)
		exhausted(size);
	return grown;
}

char *tp_strdup(const char *text)
{
	return text == NULL ? NULL : tp_strndup(text, strlen(text));
}

char *tp_strndup(const char *text, size_t len)
{
	char *copy;

	len = strnlen(text, len);
	copy = tp_realloc(NULL, len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *tp_asprintf(const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		exhausted(strlen(fmt));
	return text;
}

void tp_free(void *ptr)
{
	free(ptr);
}

void tp_ptr_cleanup(void *pointer_to_pointer)
{
	void *ptr;

	memcpy(&ptr, pointer_to_pointer, sizeof ptr);
	free(ptr);
}

void tp_fd_cleanup(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

bool tp_streq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}
