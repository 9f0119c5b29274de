/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: which modules make up this daemon, under which names, bound to whom and with
 * which configuration.
 *
 *	log: { level: info, format: text }
 *	modules:
 *	  - module: registry-leveldb	# a name in the module directories, or /path/to/it.so
 *	    as: registry		# name of the instance; default: the module's name
 *	    use: { work: work }		# kind -> instance (or a list of them), where not obvious
 *	    config: { path: /var/lib/tepui/registry }
 */
#ifndef KERNEL_MANIFEST_H
#define KERNEL_MANIFEST_H

#include "core/kernel/node.h"
#include "tepui/log.h"

struct manifest_entry {
	const char *module;  /* name, or absolute path */
	const char *name;    /* of the instance */
	struct mark mark;    /* of the module's name */
	struct node *use;    /* map of texts or lists of texts; NULL = none */
	struct node *config; /* map; NULL = none */
};

struct manifest {
	struct tp_arena *arena;
	enum tp_log_level level;   /* info unless the manifest says so */
	enum tp_log_format format; /* text likewise */
	struct manifest_entry **entries;
	size_t n_entries;
};

void manifest_init(struct manifest *manifest);
void manifest_fini(struct manifest *manifest);

/* All that is wrong goes to `issues`; the manifest is usable when nothing was added. */
void manifest_load(struct manifest *manifest, const char *path, struct issues *issues);
void manifest_parse(struct manifest *manifest, const char *file, const char *text,
	size_t len, struct issues *issues);
/* Applies one "instance.key=value"; the value is a YAML scalar or flow collection. */
void manifest_set(struct manifest *manifest, const char *setting, struct issues *issues);

/* NULL when there is none. */
struct manifest_entry *manifest_find(const struct manifest *manifest, const char *name);

#endif
