/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which directories have to be synced so that a name outlives a loss of power: a file that was
 * synced is gone all the same with a directory above it whose own name was not.
 */
#ifndef CORE_KERNEL_DISK_PATH_H
#define CORE_KERNEL_DISK_PATH_H

#include "tepui/disk.h"
#include "tepui/map.h"

/* Directories whose names were synced, with all above them. A cache: at its limit it starts anew. */
struct disk_paths {
	struct tp_map known;
};

void disk_paths_init(struct disk_paths *paths);
void disk_paths_fini(struct disk_paths *paths);
/*
 * Calls need(arg, directory) for each that must be synced before the names in `dir` are sure to
 * last, and takes them for synced from now on: if one of them fails, disk_paths_forget(NULL).
 */
void disk_paths_secure(struct disk_paths *paths, const char *dir,
	void (*need)(void *arg, const char *path), void *arg);
/* The directory, NULL for all, has to be synced when it is needed next. */
void disk_paths_forget(struct disk_paths *paths, const char *dir);

#endif
