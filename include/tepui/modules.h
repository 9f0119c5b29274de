/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kind `modules`: what is loaded, for daemons that answer `tepui module ...`. The kernel itself
 * provides it, as it does `work` (work.h) and `disk` (disk.h). All texts are borrowed and live as
 * long as the instance. Loop thread only.
 */
#ifndef TEPUI_MODULES_H
#define TEPUI_MODULES_H

#include "tepui/strbuf.h"

struct tp_module;

#define TP_MODULES_ABI 1
struct tp_modules_ops {
	size_t (*count)(void *impl);
	const struct tp_module *(*module)(void *impl, size_t i);
	const char *(*instance_name)(void *impl, size_t i);
	const char *(*file)(void *impl, size_t i); /* the .so it came from */
	/* The graph as text lines, as `tepuid --graph` prints it. */
	void (*graph)(void *impl, struct tp_strbuf *out);
	/* What the instance says about its state: nothing without a status() of its own. */
	void (*status)(void *impl, size_t i, struct tp_strbuf *out);
};
struct tp_modules {
	const struct tp_modules_ops *ops;
	void *impl;
};

#endif
