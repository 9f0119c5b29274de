/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of the disk service: making, listing, linking; removing is in tepui/disk.h. */
#ifndef CORE_KERNEL_DISK_TREE_H
#define CORE_KERNEL_DISK_TREE_H

#include <sys/types.h>

#include "tepui/error.h"

/* Names that begin with this are ours while we work, and leftovers of a crash afterwards. */
#define DISK_PRIVATE_PREFIX ".tp-"

/* The directory that holds `path`: "." and "/" where it has to be. tp_free(). */
char *disk_parent(const char *path);
/* With its parents; makes nothing durable. */
int disk_tree_make(const char *path, mode_t mode, struct tp_error *err);
int disk_tree_list(const char *path, char ***ret, size_t *ret_n, struct tp_error *err);
int disk_tree_link(const char *target, const char *path, struct tp_error *err);

#endif
