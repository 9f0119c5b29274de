/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a daemon: one of its allocations fails. The file TEPUI_TEST_ALLOCATIONS holds a
 * counter, eight bytes in the machine's order, that whoever runs the test writes: each allocation
 * counts it down, the one that reaches zero gets no memory. Zero: all get theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own, under the names that nobody replaces. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);

/* Set by the constructor, before there is a second thread. */
static _Atomic int64_t *left;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TEPUI_TEST_ALLOCATIONS");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd >= 0) {
		map = mmap(
			NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (map != MAP_FAILED)
		left = map;
	/* What the daemon starts has memory. */
	unsetenv("TEPUI_TEST_ALLOCATIONS");
	unsetenv("LD_PRELOAD");
}

static bool fails(void)
{
	if (left == NULL || atomic_load(left) <= 0 || atomic_fetch_sub(left, 1) != 1)
		return false;
	errno = ENOMEM;
	return true;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __libc_realloc(ptr, size);
}
