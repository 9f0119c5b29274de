/* SPDX-License-Identifier: Apache-2.0 */
/* The file that tells whoever started this process that everything runs, and where. */
#ifndef CORE_HOST_READY_H
#define CORE_HOST_READY_H

#include "core/kernel/kernel.h"

/*
 * Replaces `path` (NULL: nothing to do) by the lines "tepuid.pid=N", "tepuid.admin=URL" unless that is NULL, and what
 * instances published, at once: a reader sees all or nothing.
 */
int ready_write(const char *path, const struct tp_kernel *kernel, const char *admin_url,
	struct tp_error *err);

#endif
