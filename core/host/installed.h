/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that a tepuid started here would find, opened by the same code and so refused for
 * the same reasons. For tools that look at modules and run none.
 */
#ifndef CORE_HOST_INSTALLED_H
#define CORE_HOST_INSTALLED_H

#include "tepui/arena.h"
#include "tepui/module.h"

struct tp_installed;

TP_EXPORT struct tp_installed *tp_installed_create(void);
/* Everything that was opened is gone; NULL is fine. */
TP_EXPORT void tp_installed_destroy(struct tp_installed *installed);
/*
 * The names of all files *.so in the module directories, sorted, each once. In `arena`. Fails
 * when none of the directories can be read.
 */
TP_EXPORT int tp_installed_names(struct tp_installed *installed, struct tp_arena *arena,
	const char ***ret, size_t *ret_n, struct tp_error *err);
/*
 * A name, or a path with a slash in it. *ret has the shape of this build, whatever the module was
 * compiled with; both it and *ret_file live as long as `installed`.
 */
TP_EXPORT int tp_installed_open(struct tp_installed *installed, const char *name,
	const struct tp_module **ret, const char **ret_file, struct tp_error *err);

#endif
