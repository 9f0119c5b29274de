/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the descriptor of a module and brings it into the shape of this build. */
#ifndef KERNEL_DESCRIPTOR_H
#define KERNEL_DESCRIPTOR_H

#include "tepui/arena.h"
#include "tepui/module.h"

/*
 * *ret is a copy in `arena` whose struct and rows have our sizes: what an older module does not
 * know is zero, what a newer one knows more is left out. `file` begins every message.
 */
int descriptor_read(const struct tp_module *module, const char *file,
	struct tp_arena *arena, const struct tp_module **ret, struct tp_error *err);

#endif
