/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of one instance; the module's own struct is `self`. Not public. */
#ifndef KERNEL_INSTANCE_H
#define KERNEL_INSTANCE_H

#include "core/kernel/loader.h"
#include "core/kernel/manifest.h"

/* One provide row of one instance. */
struct provider {
	struct instance *instance;
	const struct tp_provide *row;
};

/* The providers chosen for one require row; n is 0 or 1 unless the row is MANY. */
struct binding {
	struct provider **providers;
	size_t n;
};

struct instance {
	struct tp_kernel *kernel;
	const char *name;
	const struct manifest_entry *entry; /* NULL for a service of the kernel itself */
	const struct loaded *loaded;        /* NULL likewise */
	const struct tp_module *module;
	void *self; /* struct tp_instance first; of a kernel service its impl */
	struct tp_arena *arena;   /* config */
	void *running;            /* as self was when only its config was filled */
	struct issues *issues;    /* where its check() complains */
	struct binding *bindings; /* one per require row */
	int visited;              /* private to graph.c */
	bool begun, started;      /* init() was called; start() was fine */
	bool left_out;            /* on-failure: ignore, and it did fail */
	struct tp_done done;
};

#endif
