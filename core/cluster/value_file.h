/* SPDX-License-Identifier: Apache-2.0 */
/* Values of config keys that may be long: the text itself, or the path of a file that holds it. */
#ifndef CLUSTER_VALUE_FILE_H
#define CLUSTER_VALUE_FILE_H

#include "tepui/arena.h"
#include "tepui/error.h"

/*
 * *ret is the text, or what is in the file when it is file:///path or /path: without the white
 * space at its end, in `arena`. `what` says in errors what is too long. Reads at once: for starting
 * only.
 */
int value_file_read(const char *text, const char *what, struct tp_arena *arena,
	const char **ret, struct tp_error *err);
/* Is it the path of a file? */
bool value_is_file(const char *text);

#endif
