/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `greeter`, which only the kernel's tests know. */
#ifndef TOY_H
#define TOY_H

#include "tepui/module.h"

#define TOY_GREETER_ABI 1

struct toy_greeter_ops {
	const char *(*greet)(void *impl);
	/* Came later: NULL with an older greeter. */
	int (*count)(void *impl);
};

struct toy_greeter {
	const struct toy_greeter_ops *ops;
	void *impl;
};

#endif
