/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of a master that does not run, through the module that keeps it. Waits for every
 * answer.
 */
#ifndef TOOLS_TEPUI_REGISTRY_STORE_H
#define TOOLS_TEPUI_REGISTRY_STORE_H

#include "tepui/arena.h"
#include "tepui/kind/registry.h"

struct registry_store;

/*
 * `module` is a name or an absolute path, `settings` are "key=value". The store is not opened
 * yet.
 */
int registry_store_create(const char *module, const char *const *settings,
	size_t n_settings, struct registry_store **ret, struct tp_error *err);
void registry_store_destroy(struct registry_store *self);

int registry_store_open(
	struct registry_store *self, const char *work_dir, struct tp_error *err);
/* Instead: see tp_registry_ops. *ret_where is the caller's, NULL when there was nothing. */
int registry_store_set_aside(struct registry_store *self, const char *work_dir,
	char **ret_where, struct tp_error *err);
/* The entries are copied into the arena. */
int registry_store_fetch(struct registry_store *self, struct tp_arena *arena,
	struct tp_registry_entry **ret_entries, size_t *ret_n, uint64_t *ret_version,
	struct tp_error *err);
/* Into one that is empty. */
int registry_store_fill(struct registry_store *self,
	const struct tp_registry_entry *entries, size_t n, struct tp_error *err);

#endif
