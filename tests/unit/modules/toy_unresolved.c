/* SPDX-License-Identifier: Apache-2.0 */
/* A module that needs a symbol which nobody has: it must not be opened lazily. */
#include "tepui/module.h"

void toy_nobody_defines_this(void);

static void unresolved_fini(void *impl)
{
	(void)impl;
	toy_nobody_defines_this();
}

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_unresolved",
	.instance_size = sizeof(struct tp_instance),
	.fini = unresolved_fini,
};
