/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds, opens and checks modules: linked-in ones first, then files of the module directories,
 * or an absolute path. A module is opened once however many instances it has.
 */
#ifndef KERNEL_LOADER_H
#define KERNEL_LOADER_H

#include "core/kernel/sharedobject.h"
#include "tepui/arena.h"
#include "tepui/module.h"

struct loaded {
	const char *asked;  /* the name or path by which it was asked for */
	const char *file;   /* of the .so; "" for a linked-in module */
	const char *origin; /* for messages: "allocator-drf.so", or the name */
	const struct tp_module *module; /* in our shape */
	struct sharedobject *object;    /* NULL for a linked-in module */
};

struct loader {
	struct tp_arena *arena;
	const char **dirs;
	size_t n_dirs;
	const struct tp_module *const *linked; /* borrowed */
	size_t n_linked;
	struct loaded **all;
	size_t n_all;
	bool begun; /* libltdl */
};

/* `linked` are the modules of the program itself. */
void loader_init(
	struct loader *loader, const struct tp_module *const *linked, size_t n_linked);
/* Unloads everything: no code of a module may be needed any more. */
void loader_fini(struct loader *loader);

/* Directories are searched in the order in which they were added. */
void loader_add_dir(struct loader *loader, const char *dir);
/* $TEPUI_MODULE_DIR (several separated by colons), or the directory of the installation. */
void loader_add_default_dirs(struct loader *loader);

int loader_open(struct loader *loader, const char *name, const struct loaded **ret,
	struct tp_error *err);

#endif
