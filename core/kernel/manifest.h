/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: which modules make up this daemon, under which names, bound to whom and with
 * which configuration.
 *
 *	log: { level: info, format: text }
 *	admin: { socket: /run/tepui/master.sock }	# of the process; "" = none
 *	modules:
 *	  - module: registry-leveldb	# a name in the module directories, or /path/to/it.so
 *	    as: registry		# name of the instance; default: the module's name
 *	    use: { work: work }		# kind -> instance (or a list of them), where not obvious
 *	    config: { path: /var/lib/tepui/registry }
 *	    if: exists			# leave it out when there is no such module
 *	    on-failure: ignore		# leave it out when it cannot be opened or started
 *
 * Values may refer to the environment (expand.h). `libraries` is an older form of the list
 * (libraries.h). Files in FILE.d are read after FILE, in the order of their names: an entry with
 * the name of an instance changes single keys of it, others are added.
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
	bool if_exists;      /* if: exists */
	bool may_fail;       /* on-failure: ignore */
	size_t file;         /* which of the manifest's files wrote it last */
};

struct manifest {
	struct tp_arena *arena;
	enum tp_log_level level;   /* info unless the manifest says so */
	enum tp_log_format format; /* text likewise */
	const char *admin_socket;  /* NULL unless the manifest says so */
	struct manifest_entry **entries;
	size_t n_entries;
	size_t n_files; /* read so far: the first is the manifest, others are drop-ins */
};

void manifest_init(struct manifest *manifest);
void manifest_fini(struct manifest *manifest);

/*
 * All that is wrong goes to `issues`; the manifest is usable when nothing was added. load()
 * reads the file and its drop-ins, parse() one text: the first is the manifest itself, any
 * further one a drop-in.
 */
void manifest_load(struct manifest *manifest, const char *path, struct issues *issues);
void manifest_parse(struct manifest *manifest, const char *file, const char *text,
	size_t len, struct issues *issues);
/* Applies one "instance.key=value"; the value is a YAML scalar or flow collection. */
void manifest_set(struct manifest *manifest, const char *setting, struct issues *issues);

/* NULL when there is none. */
struct manifest_entry *manifest_find(const struct manifest *manifest, const char *name);

#endif
