/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own state, shared by its files. */
#ifndef KERNEL_KERNEL_PRIVATE_H
#define KERNEL_KERNEL_PRIVATE_H

#include "core/kernel/graph.h"
#include "core/kernel/kernel.h"

/* A value that an instance published with tp_instance_ready(). */
struct ready_value {
	const struct instance *instance;
	const char *key, *value;
};

/* An entry of the manifest that has no instance, and why. */
struct left_out {
	const struct manifest_entry *entry;
	const char *why; /* NULL: its module is not there, which is fine */
};

/* A key that has another name by now. */
struct old_key {
	const struct instance *instance;
	const struct tp_field *field;
};

struct tp_kernel {
	struct tp_kernel_options options;
	struct tp_arena *arena;
	struct tp_metrics *metrics;
	struct issues issues;
	struct manifest manifest;
	const char *path; /* of the manifest */
	const char **settings;
	size_t n_settings;
	struct loader loader;
	struct graph graph;
	struct left_out **left_out; /* told when the kernel starts */
	size_t n_left_out;
	struct old_key **old_keys; /* likewise */
	size_t n_old_keys;
	struct ready_value **ready;
	size_t n_ready;
	/* life.c */
	struct tp_defer stop_step;
	struct tp_timer stop_timer;
	struct instance *stopping; /* whose stop() is awaited */
	size_t n_to_stop;          /* of graph.order, from its end */
	struct tp_done *stop_done;
};

/* kernel.c: an instance, not yet configured or in the graph; its config from its entry. */
struct instance *kernel_instance_create(struct tp_kernel *kernel,
	const struct manifest_entry *entry, const struct loaded *loaded);
void kernel_configure(struct instance *instance, struct issues *issues);
/* life.c: one instance beside those that run: begins, or ends and is freed. */
int life_begin(struct instance *instance, struct tp_error *err);
void life_end(struct instance *instance);

/* The service `modules`. */
extern const struct tp_modules_ops kernel_modules_ops;

#endif
