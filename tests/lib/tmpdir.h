/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for one test, with all that it leaves there removed at the end. */
#ifndef TESTS_LIB_TMPDIR_H
#define TESTS_LIB_TMPDIR_H

#include <limits.h>

struct test_tmpdir {
	char path[PATH_MAX];
	char *files[4]; /* private, as is the rest */
	unsigned next_file;
};

/* Below $TMPDIR or /tmp; ends the test when it cannot be made. */
void test_tmpdir_init(struct test_tmpdir *dir);
void test_tmpdir_fini(struct test_tmpdir *dir);
/* "<path>/<name>": valid until the fourth next call, so that several fit into one expression. */
const char *test_tmpdir_file(struct test_tmpdir *dir, const char *name);

#endif
