/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary folders for tests. They are removed by nftw() and not by the disk service: a test of
 * that service must not be tidied up by what it tests.
 */
#include "tmpdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/base.h"

void test_tmpdir_init(struct test_tmpdir *dir)
{
	const char *base = getenv("TMPDIR");
	int len;

	if (base == NULL || base[0] == '\0')
		base = "/tmp";
	memset(dir, 0, sizeof *dir);
	len = snprintf(dir->path, sizeof dir->path, "%s/tepui-test-XXXXXX", base);
	tp_assert(len > 0 && (size_t)len < sizeof dir->path);
	tp_assert(mkdtemp(dir->path) != NULL);
}

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *position)
{
	(void)st;
	(void)type;
	(void)position;
	return remove(path);
}

void test_tmpdir_fini(struct test_tmpdir *dir)
{
	for (size_t i = 0; i < TP_COUNT(dir->files); i++)
		tp_free(dir->files[i]);
	nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

const char *test_tmpdir_file(struct test_tmpdir *dir, const char *name)
{
	char **file = &dir->files[dir->next_file++ % TP_COUNT(dir->files)];

	tp_free(*file);
	*file = tp_asprintf("%s/%s", dir->path, name);
	return *file;
}
