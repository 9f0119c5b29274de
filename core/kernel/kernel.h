/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel: turns a manifest into running instances and back. For tepuid, tools and tests that
 * host a kernel in their own process, with their own clock, services and linked-in modules;
 * several kernels may share one loop. Not for modules, which see tepui/module.h only.
 *
 *	create -> load -> start -> (the loop runs) -> stop -> destroy
 *
 * Loop thread only.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "tepui/module.h"

struct node; /* core/kernel/node.h */
struct tp_kernel;

/* A service that the program brings along; its instance name is its kind. */
struct tp_kernel_service {
	const char *kind;
	uint32_t abi;
	uint32_t ops_size;
	const void *ops;
	void *impl;
};

#define TP_KERNEL_SERVICE(kind_name, kind_abi, service) \
	{ \
		.kind = (kind_name), .abi = (kind_abi), \
		.ops_size = sizeof(*(service).ops), .ops = (service).ops, \
		.impl = (service).impl \
	}

/* Everything but module_dirs is borrowed: the services until the stop, the rest to the end. */
struct tp_kernel_options {
	struct tp_loop *loop;
	const struct tp_kernel_service *services;
	size_t n_services;
	/* Modules that are part of the program: found by name before any file. */
	const struct tp_module *const *modules;
	size_t n_modules;
	/* Searched before $TEPUI_MODULE_DIR or the directory of the installation. */
	const char *const *module_dirs;
	size_t n_module_dirs;
	int64_t stop_timeout_ns; /* for each instance; 0 = 30 s */
	/* What tp_instance_exit() does; NULL ends the loop with the status. */
	void (*exit)(void *user, int status);
	void *user;
};

TP_EXPORT struct tp_kernel *tp_kernel_create(const struct tp_kernel_options *options);
/* Before load, after a failed load, or when stop reported. NULL is fine. */
TP_EXPORT void tp_kernel_destroy(struct tp_kernel *kernel);

/*
 * Reads the manifest, applies "instance.key=value" settings, opens, checks, binds and configures
 * everything and calls no module yet. Once per kernel. On failure err has the first issue;
 * tp_kernel_issues() has all of them, one line each.
 */
TP_EXPORT int tp_kernel_load(struct tp_kernel *kernel, const char *path,
	const char *const *settings, size_t n_settings, struct tp_error *err);
/* The same with the manifest's text; `name` stands for the file in messages. */
TP_EXPORT int tp_kernel_load_text(struct tp_kernel *kernel, const char *name,
	const char *text, const char *const *settings, size_t n_settings,
	struct tp_error *err);
TP_EXPORT const char *tp_kernel_issues(const struct tp_kernel *kernel);

/* What the manifest says about the log; info and text when it says nothing. */
TP_EXPORT enum tp_log_level tp_kernel_log_level(const struct tp_kernel *kernel);
TP_EXPORT enum tp_log_format tp_kernel_log_format(const struct tp_kernel *kernel);
/* And about the admin socket: its path, "" for none; NULL when it says nothing. Borrowed. */
TP_EXPORT const char *tp_kernel_admin_socket(const struct tp_kernel *kernel);

/*
 * init, start and recover of every instance. When one fails, err names it and its place, and
 * the caller goes on with tp_kernel_stop(), which undoes what was done.
 */
TP_EXPORT int tp_kernel_start(struct tp_kernel *kernel, struct tp_error *err);
/*
 * Stops everything in reverse order, each instance within its time, then fini()s in reverse
 * order. done comes exactly once, from the loop. Once per kernel.
 */
TP_EXPORT void tp_kernel_stop(struct tp_kernel *kernel, struct tp_done *done);

/* What a reload did, one line each: "instance.key", or a sentence. */
struct tp_kernel_changes {
	struct tp_strbuf applied;
	struct tp_strbuf pending; /* changed in the manifest, needs a restart */
	struct tp_strbuf refused; /* with the place, and why */
};
/*
 * Reads the manifest of tp_kernel_load() again. With any mistake in it nothing changes: all of
 * them are in `refused`, the first in err. Otherwise the keys that may change while running do;
 * an instance that does not like its new values keeps the old ones and says so in `refused`.
 */
TP_EXPORT int tp_kernel_reload(struct tp_kernel *kernel,
	struct tp_kernel_changes *changes, struct tp_error *err);
/*
 * Puts another module in the place of the named instance, with this config (NULL: its defaults),
 * when the instance's user can take that (tp_module.rebind): -ENOTSUP if not. Whatever fails, the
 * old module goes on. `config` is borrowed.
 */
TP_EXPORT int tp_kernel_swap(struct tp_kernel *kernel, const char *name,
	const char *module, const struct node *config, struct tp_error *err);
TP_EXPORT void tp_kernel_changes_fini(struct tp_kernel_changes *changes);

/* The graph as text, after load. */
TP_EXPORT void tp_kernel_graph(const struct tp_kernel *kernel, struct tp_strbuf *out);
/* The lines "instance.key=value" that instances published so far. */
TP_EXPORT void tp_kernel_ready(const struct tp_kernel *kernel, struct tp_strbuf *out);
/* The instance's own struct; NULL when there is none of that name. */
TP_EXPORT void *tp_kernel_instance(const struct tp_kernel *kernel, const char *name);
/* The service that modules know as `modules`. */
TP_EXPORT struct tp_modules tp_kernel_modules(struct tp_kernel *kernel);

#endif
